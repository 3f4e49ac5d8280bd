//! Logins and consents under way, and the sessions of people who are logged in.

use auth::TenantId;

use crate::authorize::AuthorizationRequest;
use crate::secret::{Secret, SecretHash};
use crate::time::Time;

/// An authorization request that waits for its person, with everything that was checked about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// The hash of its id, which only the browser that began it knows.
    pub hash: SecretHash,
    /// What is asked.
    pub request: AuthorizationRequest,
    /// How far it has come.
    pub step: TransactionState,
    /// When it is too late.
    pub expires_at: Time,
}

/// How far an authorization request has come; each step is taken once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransactionState {
    /// The person is logging in, perhaps elsewhere: what must come back from there.
    Login {
        /// The hash of the `state` that was sent along.
        state: SecretHash,
        /// The `nonce` that was sent along.
        nonce: String,
        /// The verifier of our own proof key.
        verifier: String,
    },
    /// The person is asked to agree.
    Consent {
        /// The session of who is asked: nobody else may answer.
        session: SecretHash,
    },
    /// It is answered.
    Done,
}

impl TransactionState {
    /// For a person who logs in at a page of ours: nothing comes back from elsewhere.
    pub(crate) fn of_login_here(state: &Secret) -> Self {
        Self::Login { state: state.hash(), nonce: String::new(), verifier: String::new() }
    }
}

/// Somebody who is logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The hash of its cookie.
    pub hash: SecretHash,
    /// The person: `sub`.
    pub subject: String,
    /// What the person is called, to be shown.
    pub name: Option<String>,
    /// The person's tenant, by who vouched for the login.
    pub tenant: Option<TenantId>,
    /// When the person logged in.
    pub authenticated_at: Time,
    /// When it was last used.
    pub used_at: Time,
    /// When it ends, however often it is used.
    pub expires_at: Time,
}
