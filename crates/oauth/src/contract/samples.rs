//! Records to keep; every name and hash is random.

use auth::Scopes;

use super::{HOUR, MINUTE, NOW};
use crate::authorize::{AuthorizationRequest, Prompt};
use crate::client::{AuthMethod, Client, ClientId, ClientOrigin, GrantType, Secrets};
use crate::grant::{Code, CodeState, Grant, GrantId, GrantStatus, RefreshState, RefreshToken};
use crate::pkce::CodeChallenge;
use crate::secret::{Secret, SecretHash};
use crate::store::StoreError;
use crate::transaction::{Transaction, TransactionState};

/// Of RFC 7515, appendices A.2 and A.3.
const KEYS: &str = concat!(
    r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"ec","#,
    r#""x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","#,
    r#""y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},"#,
    r#"{"kty":"RSA","kid":"rsa","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8"#,
    "W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47",
    "soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQ",
    "Y4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb",
    r#"54h4FRWyuXpoQ"}]}"#,
);

/// One with nothing that may be missing, one with everything, one that signs.
pub(super) fn clients() -> Result<[Client; 3], StoreError> {
    let bare = Client {
        id: client_id()?,
        origin: ClientOrigin::Registered,
        name: None,
        redirect_uris: Vec::new(),
        grant_types: Vec::new(),
        auth_method: AuthMethod::None,
        scopes: Scopes::default(),
        tenant: None,
        created_at: NOW,
        expires_at: None,
        registration_token: None,
    };
    let full = Client {
        id: client_id()?,
        origin: ClientOrigin::Configured,
        name: Some("<b>Ünï</b> \u{202e}".to_owned()),
        redirect_uris: vec!["https://app.example/callback?a=b".parse().map_err(failed)?],
        grant_types: vec![
            GrantType::AuthorizationCode,
            GrantType::RefreshToken,
            GrantType::ClientCredentials,
        ],
        auth_method: AuthMethod::Basic(Secrets { current: hash()?, other: Some(hash()?) }),
        scopes: scopes("a/read b/write")?,
        tenant: Some("tenant-1".parse().map_err(failed)?),
        created_at: NOW,
        expires_at: Some(NOW.after(HOUR)),
        registration_token: Some(hash()?),
    };
    let signs = Client {
        id: client_id()?,
        auth_method: AuthMethod::PrivateKeyJwt(KEYS.parse().map_err(failed)?),
        ..bare.clone()
    };
    Ok([bare, full, signs])
}

pub(super) fn steps() -> Result<Vec<TransactionState>, StoreError> {
    let login = |state| TransactionState::Login {
        state,
        nonce: "a nonce".to_owned(),
        verifier: "a verifier".to_owned(),
    };
    let consent = |session| TransactionState::Consent { session };
    Ok(vec![
        login(hash()?),
        login(hash()?),
        consent(hash()?),
        consent(hash()?),
        TransactionState::Done,
    ])
}

pub(super) fn transaction(step: TransactionState) -> Result<Transaction, StoreError> {
    let full = matches!(step, TransactionState::Consent { .. });
    Ok(Transaction {
        hash: hash()?,
        request: AuthorizationRequest {
            client: client_id()?,
            redirect_uri: "http://127.0.0.1:1/callback".to_owned(),
            state: full.then(|| "a state, \"to\" the byte ".to_owned()),
            challenge: challenge()?,
            scopes: scopes("a b")?,
            resource: "https://mcp.example/mcp".to_owned(),
            nonce: full.then(String::new),
            prompt: Prompt::AsNeeded { login: false, consent: full },
        },
        step,
        expires_at: NOW.after(MINUTE),
    })
}

/// A grant that holds, and a new code of it; both end after [`NOW`].
///
/// # Errors
/// When there is no randomness.
pub fn grant_and_code(client: ClientId) -> Result<(Grant, Code), StoreError> {
    let grant = Grant {
        id: GrantId(random()?),
        client: client.clone(),
        subject: "a person".to_owned(),
        tenant: Some("tenant-1".parse().map_err(failed)?),
        scopes: scopes("a b")?,
        resource: "https://mcp.example/mcp".to_owned(),
        authenticated_at: NOW,
        status: GrantStatus::Active,
        expires_at: NOW.after(HOUR),
    };
    let code = Code {
        hash: hash()?,
        grant: grant.id.clone(),
        client,
        redirect_uri: "http://127.0.0.1:1/callback".to_owned(),
        challenge: challenge()?,
        scopes: grant.scopes.clone(),
        resource: grant.resource.clone(),
        nonce: Some("a nonce".to_owned()),
        state: CodeState::New,
        expires_at: NOW.after(MINUTE),
    };
    Ok((grant, code))
}

/// A new refresh token.
///
/// # Errors
/// When there is no randomness.
pub fn refresh_token(grant: &Grant) -> Result<RefreshToken, StoreError> {
    Ok(RefreshToken {
        hash: hash()?,
        grant: grant.id.clone(),
        client: grant.client.clone(),
        scopes: grant.scopes.clone(),
        resource: grant.resource.clone(),
        state: RefreshState::Active,
        expires_at: NOW.after(HOUR),
    })
}

pub(super) fn random() -> Result<String, StoreError> {
    Ok(Secret::random().map_err(failed)?.expose().to_owned())
}

pub(super) fn hash() -> Result<SecretHash, StoreError> {
    Ok(Secret::random().map_err(failed)?.hash())
}

pub(super) fn challenge() -> Result<CodeChallenge, StoreError> {
    random()?.parse().map_err(failed)
}

/// An id that no client has.
///
/// # Errors
/// When there is no randomness.
pub fn client_id() -> Result<ClientId, StoreError> {
    random()?.parse().map_err(failed)
}

pub(super) fn scopes(text: &str) -> Result<Scopes, StoreError> {
    text.parse().map_err(failed)
}

pub(super) fn failed(err: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError(err.into())
}
