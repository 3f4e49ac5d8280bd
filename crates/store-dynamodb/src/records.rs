//! Every record as an item, and back.

use aws_sdk_dynamodb::types::AttributeValue;
use oauth::{
    AuthMethod, AuthorizationRequest, CODE_KEPT, Client, ClientId, ClientOrigin, Code, CodeState,
    Consent, ConsentKey, Grant, GrantId, GrantStatus, GrantType, RefreshState, RefreshToken,
    SecretHash, Secrets, Session, Time, Transaction, TransactionState,
};

use crate::Error;
use crate::item::{Attributes, Item, attributes, number, text, texts};

/// The partition keys.
pub(crate) const CLIENT_ID: &str = "clientId";
pub(crate) const CODE: &str = "code";
pub(crate) const REFRESH_TOKEN: &str = "refreshToken";

/// Values of `status`.
pub(crate) const ACTIVE: &str = "active";
pub(crate) const DELETED: &str = "deleted";
pub(crate) const REVOKED: &str = "revoked";
/// Values of a code's `state`.
pub(crate) const NEW: &str = "new";
pub(crate) const USED: &str = "used";

/// Of a code, and of a refresh token, each in its table.
pub(crate) fn hash_key(hash: SecretHash) -> String {
    format!("H#{}", hash.to_text())
}

pub(crate) fn transaction_key(hash: SecretHash) -> String {
    format!("TX#{}", hash.to_text())
}

pub(crate) fn session_key(hash: SecretHash) -> String {
    format!("S#{}", hash.to_text())
}

pub(crate) fn grant_key(id: &GrantId) -> String {
    format!("G#{}", id.0)
}

/// Hashed as a key has 2048 bytes at most; with lengths, so that no two are the same text.
pub(crate) fn consent_key(key: &ConsentKey) -> String {
    let ConsentKey { subject, client, redirect_uri } = key;
    let client = client.as_str();
    let whole = format!("{}:{subject}{}:{client}{redirect_uri}", subject.len(), client.len());
    format!("C#{}", SecretHash::of(&whole).to_text())
}

/// Hashed as what is counted may be long, and an address is nobody's business.
pub(crate) fn count_key(key: &str, window: Time) -> String {
    format!("N#{}#{}", SecretHash::of(key).to_text(), window.0)
}

fn time(time: Time) -> AttributeValue {
    number(time.0)
}

fn hash(hash: SecretHash) -> AttributeValue {
    text(hash.to_text())
}

pub(crate) fn client_item(client: &Client) -> Attributes {
    let (method, secrets, keys) = match &client.auth_method {
        AuthMethod::None => ("none", None, None),
        AuthMethod::Basic(secrets) => ("client_secret_basic", Some(secrets), None),
        AuthMethod::Post(secrets) => ("client_secret_post", Some(secrets), None),
        AuthMethod::PrivateKeyJwt(keys) => ("private_key_jwt", None, Some(keys)),
    };
    let origin = match client.origin {
        ClientOrigin::Configured => "configured",
        ClientOrigin::Registered => "registered",
        ClientOrigin::MetadataDocument => "metadata_document",
    };
    attributes([
        (CLIENT_ID, Some(text(client.id.as_str()))),
        ("status", Some(text(ACTIVE))),
        ("origin", Some(text(origin))),
        ("name", client.name.clone().map(text)),
        ("redirectUris", Some(texts(client.redirect_uris.iter().map(|uri| uri.as_str())))),
        ("grantTypes", Some(texts(client.grant_types.iter().map(|grant| grant.as_str())))),
        ("authMethod", Some(text(method))),
        ("secretHash", secrets.map(|secrets| hash(secrets.current))),
        ("secretHash2", secrets.and_then(|secrets| secrets.other).map(hash)),
        ("jwks", keys.map(|keys| text(keys.to_string()))),
        ("scope", Some(text(client.scopes.to_string()))),
        ("tenant", client.tenant.as_ref().map(|tenant| text(tenant.as_str()))),
        ("createdAt", Some(time(client.created_at))),
        ("expiresAt", client.expires_at.map(time)),
        ("ratHash", client.registration_token.map(hash)),
        ("ttl", client.expires_at.map(time)),
    ])
}

/// What stays of a deleted client until `ttl`.
pub(crate) fn deleted_item(id: &ClientId, ttl: Time) -> Attributes {
    attributes([
        (CLIENT_ID, Some(text(id.as_str()))),
        ("status", Some(text(DELETED))),
        ("ttl", Some(time(ttl))),
    ])
}

/// Whether an item is what is left of a deleted client.
pub(crate) fn is_deleted(item: Attributes) -> Result<bool, Error> {
    status(&mut Item::new("client", item)).map(|status| status == DELETED)
}

fn status(client: &mut Item) -> Result<&'static str, Error> {
    match client.text("status")?.as_str() {
        ACTIVE => Ok(ACTIVE),
        DELETED => Ok(DELETED),
        _ => Err(client.malformed("status")),
    }
}

/// `None` for what is left of a deleted client.
pub(crate) fn client(item: Attributes) -> Result<Option<Client>, Error> {
    let mut item = Item::new("client", item);
    if status(&mut item)? == DELETED {
        return Ok(None);
    }
    let secrets = |item: &mut Item| {
        let current = item.hash("secretHash")?;
        Ok::<_, Error>(Secrets { current, other: item.maybe_hash("secretHash2")? })
    };
    Ok(Some(Client {
        id: item.parsed(CLIENT_ID)?,
        origin: match item.text("origin")?.as_str() {
            "configured" => ClientOrigin::Configured,
            "registered" => ClientOrigin::Registered,
            "metadata_document" => ClientOrigin::MetadataDocument,
            _ => return Err(item.malformed("origin")),
        },
        name: item.maybe_text("name")?,
        redirect_uris: item.list("redirectUris", |uri| uri.parse().ok())?,
        grant_types: item.list("grantTypes", grant_type)?,
        auth_method: match item.text("authMethod")?.as_str() {
            "none" => AuthMethod::None,
            "client_secret_basic" => AuthMethod::Basic(secrets(&mut item)?),
            "client_secret_post" => AuthMethod::Post(secrets(&mut item)?),
            "private_key_jwt" => AuthMethod::PrivateKeyJwt(item.parsed("jwks")?),
            _ => return Err(item.malformed("authMethod")),
        },
        scopes: item.parsed("scope")?,
        tenant: item.maybe_parsed("tenant")?,
        created_at: item.time("createdAt")?,
        expires_at: item.maybe_number("expiresAt")?.map(Time),
        registration_token: item.maybe_hash("ratHash")?,
    }))
}

fn grant_type(name: &str) -> Option<GrantType> {
    let all = [GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::ClientCredentials];
    all.into_iter().find(|grant| grant.as_str() == name)
}

pub(crate) fn transaction_item(transaction: &Transaction) -> Attributes {
    let request = &transaction.request;
    attributes([
        (CODE, Some(text(transaction_key(transaction.hash)))),
        ("clientId", Some(text(request.client.as_str()))),
        ("redirectUri", Some(text(&request.redirect_uri))),
        ("clientState", request.state.clone().map(text)),
        ("codeChallenge", Some(text(request.challenge.to_text()))),
        ("scope", Some(text(request.scopes.to_string()))),
        ("resource", Some(text(&request.resource))),
        ("nonce", request.nonce.clone().map(text)),
        ("prompt", Some(text(request.prompt.to_string()))),
        ("step", Some(step_value(&transaction.step))),
        ("expiresAt", Some(time(transaction.expires_at))),
        ("ttl", Some(time(transaction.expires_at))),
    ])
}

pub(crate) fn transaction(hash: SecretHash, item: Attributes) -> Result<Transaction, Error> {
    let mut item = Item::new("TX#", item);
    Ok(Transaction {
        hash,
        request: AuthorizationRequest {
            client: item.parsed("clientId")?,
            redirect_uri: item.text("redirectUri")?,
            state: item.maybe_text("clientState")?,
            challenge: item.parsed("codeChallenge")?,
            scopes: item.parsed("scope")?,
            resource: item.text("resource")?,
            nonce: item.maybe_text("nonce")?,
            prompt: item.parsed("prompt")?,
        },
        step: step(item.map("step")?)?,
        expires_at: item.time("expiresAt")?,
    })
}

/// The whole step, to be compared with what is kept.
pub(crate) fn step_value(step: &TransactionState) -> AttributeValue {
    AttributeValue::M(match step {
        TransactionState::Login { state, nonce, verifier } => attributes([
            ("is", Some(text("login"))),
            ("stateHash", Some(hash(*state))),
            ("nonce", Some(text(nonce))),
            ("verifier", Some(text(verifier))),
        ]),
        TransactionState::Consent { session } => {
            attributes([("is", Some(text("consent"))), ("sessionHash", Some(hash(*session)))])
        }
        TransactionState::Done => attributes([("is", Some(text("done")))]),
    })
}

fn step(mut step: Item) -> Result<TransactionState, Error> {
    match step.text("is")?.as_str() {
        "login" => Ok(TransactionState::Login {
            state: step.hash("stateHash")?,
            nonce: step.text("nonce")?,
            verifier: step.text("verifier")?,
        }),
        "consent" => Ok(TransactionState::Consent { session: step.hash("sessionHash")? }),
        "done" => Ok(TransactionState::Done),
        _ => Err(step.malformed("step")),
    }
}

pub(crate) fn session_item(session: &Session) -> Attributes {
    attributes([
        (CODE, Some(text(session_key(session.hash)))),
        ("sub", Some(text(&session.subject))),
        ("name", session.name.clone().map(text)),
        ("tenant", session.tenant.as_ref().map(|tenant| text(tenant.as_str()))),
        ("authTime", Some(time(session.authenticated_at))),
        ("usedAt", Some(time(session.used_at))),
        ("expiresAt", Some(time(session.expires_at))),
        ("ttl", Some(time(session.expires_at))),
    ])
}

pub(crate) fn session(hash: SecretHash, item: Attributes) -> Result<Session, Error> {
    let mut item = Item::new("S#", item);
    Ok(Session {
        hash,
        subject: item.text("sub")?,
        name: item.maybe_text("name")?,
        tenant: item.maybe_parsed("tenant")?,
        authenticated_at: item.time("authTime")?,
        used_at: item.time("usedAt")?,
        expires_at: item.time("expiresAt")?,
    })
}

pub(crate) fn grant_item(grant: &Grant) -> Attributes {
    let status = match grant.status {
        GrantStatus::Active => ACTIVE,
        GrantStatus::Revoked => REVOKED,
    };
    attributes([
        (REFRESH_TOKEN, Some(text(grant_key(&grant.id)))),
        ("clientId", Some(text(grant.client.as_str()))),
        ("sub", Some(text(&grant.subject))),
        ("tenant", grant.tenant.as_ref().map(|tenant| text(tenant.as_str()))),
        ("scope", Some(text(grant.scopes.to_string()))),
        ("resource", Some(text(&grant.resource))),
        ("authTime", Some(time(grant.authenticated_at))),
        ("status", Some(text(status))),
        ("expiresAt", Some(time(grant.expires_at))),
        ("ttl", Some(time(grant.expires_at))),
    ])
}

pub(crate) fn grant(id: &GrantId, item: Attributes) -> Result<Grant, Error> {
    let mut item = Item::new("G#", item);
    Ok(Grant {
        id: id.clone(),
        client: item.parsed("clientId")?,
        subject: item.text("sub")?,
        tenant: item.maybe_parsed("tenant")?,
        scopes: item.parsed("scope")?,
        resource: item.text("resource")?,
        authenticated_at: item.time("authTime")?,
        status: match item.text("status")?.as_str() {
            ACTIVE => GrantStatus::Active,
            REVOKED => GrantStatus::Revoked,
            _ => return Err(item.malformed("status")),
        },
        expires_at: item.time("expiresAt")?,
    })
}

pub(crate) fn code_item(code: &Code) -> Attributes {
    let state = match code.state {
        CodeState::New => NEW,
        CodeState::Used => USED,
    };
    attributes([
        (CODE, Some(text(hash_key(code.hash)))),
        ("gid", Some(text(&code.grant.0))),
        ("clientId", Some(text(code.client.as_str()))),
        ("redirectUri", Some(text(&code.redirect_uri))),
        ("codeChallenge", Some(text(code.challenge.to_text()))),
        ("scope", Some(text(code.scopes.to_string()))),
        ("resource", Some(text(&code.resource))),
        ("nonce", code.nonce.clone().map(text)),
        ("state", Some(text(state))),
        ("expiresAt", Some(time(code.expires_at))),
        ("ttl", Some(time(code.expires_at.after(CODE_KEPT)))),
    ])
}

pub(crate) fn code(hash: SecretHash, item: Attributes) -> Result<Code, Error> {
    let mut item = Item::new("H# (code)", item);
    Ok(Code {
        hash,
        grant: GrantId(item.text("gid")?),
        client: item.parsed("clientId")?,
        redirect_uri: item.text("redirectUri")?,
        challenge: item.parsed("codeChallenge")?,
        scopes: item.parsed("scope")?,
        resource: item.text("resource")?,
        nonce: item.maybe_text("nonce")?,
        state: match item.text("state")?.as_str() {
            NEW => CodeState::New,
            USED => CodeState::Used,
            _ => return Err(item.malformed("state")),
        },
        expires_at: item.time("expiresAt")?,
    })
}

pub(crate) fn refresh_token_item(token: &RefreshToken) -> Attributes {
    attributes([
        (REFRESH_TOKEN, Some(text(hash_key(token.hash)))),
        ("gid", Some(text(&token.grant.0))),
        ("clientId", Some(text(token.client.as_str()))),
        ("scope", Some(text(token.scopes.to_string()))),
        ("resource", Some(text(&token.resource))),
        ("state", Some(refresh_state_value(token.state))),
        ("expiresAt", Some(time(token.expires_at))),
        ("ttl", Some(time(token.expires_at))),
    ])
}

pub(crate) fn refresh_token(hash: SecretHash, item: Attributes) -> Result<RefreshToken, Error> {
    let mut item = Item::new("H# (refresh token)", item);
    Ok(RefreshToken {
        hash,
        grant: GrantId(item.text("gid")?),
        client: item.parsed("clientId")?,
        scopes: item.parsed("scope")?,
        resource: item.text("resource")?,
        state: refresh_state(item.map("state")?)?,
        expires_at: item.time("expiresAt")?,
    })
}

/// The whole state, to be compared with what is kept.
pub(crate) fn refresh_state_value(state: RefreshState) -> AttributeValue {
    AttributeValue::M(match state {
        RefreshState::Active => attributes([("is", Some(text("active")))]),
        RefreshState::Rotated { at, graces } => attributes([
            ("is", Some(text("rotated"))),
            ("rotatedAt", Some(time(at))),
            ("graceUses", Some(number(graces))),
        ]),
    })
}

fn refresh_state(mut state: Item) -> Result<RefreshState, Error> {
    match state.text("is")?.as_str() {
        "active" => Ok(RefreshState::Active),
        "rotated" => Ok(RefreshState::Rotated {
            at: state.time("rotatedAt")?,
            graces: state.number("graceUses")?,
        }),
        _ => Err(state.malformed("state")),
    }
}

pub(crate) fn consent_item(key: &ConsentKey, consent: &Consent) -> Attributes {
    attributes([
        (REFRESH_TOKEN, Some(text(consent_key(key)))),
        ("sub", Some(text(&key.subject))),
        ("clientId", Some(text(key.client.as_str()))),
        ("scope", Some(text(consent.scopes.to_string()))),
        ("resource", Some(text(&consent.resource))),
        ("expiresAt", Some(time(consent.expires_at))),
        ("ttl", Some(time(consent.expires_at))),
    ])
}

pub(crate) fn consent(item: Attributes) -> Result<Consent, Error> {
    let mut item = Item::new("C#", item);
    Ok(Consent {
        scopes: item.parsed("scope")?,
        resource: item.text("resource")?,
        expires_at: item.time("expiresAt")?,
    })
}
