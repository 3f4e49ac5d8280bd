//! Who may sign: the key pairs that are known, and whose they are.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// The account that all local credentials and resources belong to.
pub const ACCOUNT: &str = "000000000000";

/// The key pair that a caller signs with.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// `AWS_ACCESS_KEY_ID`
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`
    pub secret_access_key: String,
    /// `AWS_SESSION_TOKEN`, of temporary credentials.
    pub session_token: Option<String>,
}

impl Default for Credentials {
    /// The pair of the local server. It opens nothing else.
    fn default() -> Self {
        Self {
            access_key_id: "LOCALAWSACCESSKEY".to_owned(),
            secret_access_key: "local/secret/that/opens/nothing/else/000".to_owned(),
            session_token: None,
        }
    }
}

impl fmt::Debug for Credentials {
    /// Tells the id of the key and nothing secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

/// Who signed a request, as IAM names the caller.
///
/// The fields are those of `requestContext.identity` in an event of an API with IAM authorization
/// (`accessKey`, `accountId`, `userArn`, `user` and `caller`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The key it signed with.
    pub access_key_id: String,
    /// Its account, twelve digits.
    pub account: String,
    /// Such as `arn:aws:iam::000000000000:user/local`, or
    /// `arn:aws:sts::000000000000:assumed-role/ROLE/SESSION`.
    pub arn: String,
    /// The unique id: `AIDA…` of a user, `AROA…:SESSION` of an assumed role.
    pub user_id: String,
    /// The tags of the session, when it is one: what `aws:PrincipalTag/…` is in a policy.
    pub session_tags: BTreeMap<String, String>,
}

impl Principal {
    /// The user of the [account](ACCOUNT) whom the server's own credentials belong to.
    fn local_user(access_key_id: &str) -> Self {
        Self {
            access_key_id: access_key_id.to_owned(),
            account: ACCOUNT.to_owned(),
            arn: format!("arn:aws:iam::{ACCOUNT}:user/local"),
            user_id: "AIDALOCALAWSUSER00000".to_owned(),
            session_tags: BTreeMap::new(),
        }
    }
}

/// A key pair that is known.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) credentials: Credentials,
    pub(super) principal: Principal,
    /// When it ends, Unix milliseconds.
    pub(super) expires_ms: Option<i64>,
}

/// The key pairs that are known. Clones share them, so that what STS gives out, every service
/// accepts.
#[derive(Clone, Default)]
pub struct Keyring(Arc<RwLock<HashMap<String, Entry>>>);

impl From<Credentials> for Keyring {
    /// One pair, of the local user.
    fn from(credentials: Credentials) -> Self {
        let keys = Self::default();
        let principal = Principal::local_user(&credentials.access_key_id);
        keys.insert(credentials, principal, None);
        keys
    }
}

impl Keyring {
    /// Makes a pair known, until `expires_ms` (Unix milliseconds) if it is temporary. Another pair
    /// with the same id is forgotten.
    pub fn insert(&self, credentials: Credentials, principal: Principal, expires_ms: Option<i64>) {
        let id = credentials.access_key_id.clone();
        let entry = Entry { credentials, principal, expires_ms };
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(id, entry);
    }

    pub(super) fn find(&self, access_key_id: &str) -> Option<Entry> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(access_key_id).cloned()
    }
}

impl fmt::Debug for Keyring {
    /// Tells how many there are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner);
        write!(f, "Keyring({})", keys.len())
    }
}
