//! Registration: a client makes itself known (RFC 7591).

use std::fmt;
use std::time::Duration;

use auth::{Scope, Scopes, TenantId};
use serde::Serialize;
use service_kit::random::RandomError;

use crate::client::{AuthMethod, Client, ClientId, ClientOrigin, GrantType, Secrets};
use crate::client_keys::ClientKeys;
use crate::error::{ErrorCode, OauthError};
use crate::form;
use crate::metadata::{ClientMetadata, Method, refuse};
use crate::secret::Secret;
use crate::time::Time;

/// The longest registration, in bytes.
pub const MAX_REGISTRATION: usize = 16 * 1024;
/// What is about people, and nothing for a client on its own behalf.
const OF_PEOPLE: [&str; 2] = ["offline_access", "openid"];

/// What may be registered.
#[derive(Clone, Debug)]
pub struct RegistrationPolicy {
    /// Who registers the client.
    pub registrant: Registrant,
    /// The most that the client may ask for later.
    pub scopes: Scopes,
    /// How long a client of anybody's is kept until somebody allows it something.
    pub unused: Duration,
    /// The URL before a client's id, where it is managed: `https://host/clients/`.
    pub clients_url: String,
}

/// Who registers a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registrant {
    /// Anybody: for people to log in with, and forgotten soon if none does.
    Anybody,
    /// Who has shown an initial access token (RFC 7591, section 3) or is an operator: the client
    /// may act on its own behalf, and stays.
    Trusted {
        /// The tenant of what the client does on its own behalf.
        tenant: Option<TenantId>,
    },
}

/// What is random about a new client.
#[derive(Clone, Debug)]
pub struct Minted {
    /// Its id.
    pub id: ClientId,
    /// Its secret, if it is to have one.
    pub secret: Secret,
    /// The token it is managed with.
    pub registration_token: Secret,
}

impl Minted {
    /// A fresh id, `c_` and 128 random bits, and fresh secrets.
    ///
    /// # Errors
    /// When the operating system has no randomness.
    pub fn random() -> Result<Self, RandomError> {
        Ok(Self {
            id: ClientId::random()?,
            secret: Secret::random()?,
            registration_token: Secret::random()?,
        })
    }
}

/// The client information response (RFC 7591, section 3.2.1; RFC 7592, section 3): what was
/// registered, which may be less than what was asked for.
#[derive(Clone, Debug, Serialize)]
pub struct ClientInformation {
    client_id: String,
    client_id_issued_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<Revealed>,
    /// 0: it lives as long as its client.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret_expires_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_name: Option<String>,
    redirect_uris: Vec<String>,
    grant_types: Vec<&'static str>,
    response_types: Vec<&'static str>,
    token_endpoint_auth_method: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    jwks: Option<ClientKeys>,
    /// What was taken of what was asked for: a restriction only of what a client does on its own
    /// behalf. What people allow is theirs to say, and clients ask for more as they go.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    registration_access_token: Revealed,
    registration_client_uri: String,
}

/// A secret on its way to whom it is for.
#[derive(Clone, Serialize)]
struct Revealed(String);

impl fmt::Debug for Revealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Revealed")
    }
}

impl ClientInformation {
    /// What `client` is; `token` is the one that it is managed with.
    pub(crate) fn of(client: &Client, clients_url: &str, token: &str) -> Self {
        let code = client.may(GrantType::AuthorizationCode);
        let machine = client.may(GrantType::ClientCredentials);
        Self {
            client_id: client.id.to_string(),
            client_id_issued_at: client.created_at.0,
            client_secret: None,
            client_secret_expires_at: client.has_secret().then_some(0),
            client_name: client.name.clone(),
            redirect_uris: client.redirect_uris.iter().map(ToString::to_string).collect(),
            grant_types: client.grant_types.iter().map(|grant| grant.as_str()).collect(),
            response_types: if code { vec!["code"] } else { Vec::new() },
            token_endpoint_auth_method: match client.auth_method {
                AuthMethod::None => Method::None,
                AuthMethod::Basic(_) => Method::Basic,
                AuthMethod::Post(_) => Method::Post,
                AuthMethod::PrivateKeyJwt(_) => Method::PrivateKeyJwt,
            }
            .as_str(),
            jwks: match &client.auth_method {
                AuthMethod::PrivateKeyJwt(keys) => Some(keys.clone()),
                _ => None,
            },
            scope: machine.then(|| client.scopes.to_string()),
            registration_access_token: Revealed(token.to_owned()),
            registration_client_uri: format!("{clients_url}{}", client.id),
        }
    }
}

/// Registers a client: what to keep, and what to answer with 201 and `no-store`.
///
/// # Errors
/// `invalid_token` (401) when the client is to act on its own behalf and the registrant is anybody;
/// `invalid_redirect_uri` or `invalid_client_metadata` (400).
pub fn register(
    request: &ClientMetadata,
    policy: &RegistrationPolicy,
    now: Time,
    minted: Minted,
) -> Result<(Client, ClientInformation), OauthError> {
    let grants = request.grants()?;
    let machine = grants.contains(&GrantType::ClientCredentials);
    let (tenant, expires_at) = match &policy.registrant {
        Registrant::Anybody if machine => {
            let text = "client_credentials needs an initial access token";
            return Err(OauthError::new(ErrorCode::InvalidToken, text));
        }
        Registrant::Anybody => (None, Some(now.after(policy.unused))),
        Registrant::Trusted { tenant } => (tenant.clone(), None),
    };
    let method = request.method()?;
    if machine && method == Method::None {
        return Err(refuse("client_credentials needs a client that can prove who it is"));
    }
    request.check_links()?;
    let scopes = allowed_scopes(request, &policy.scopes, &grants)?;
    let secrets = Secrets { current: minted.secret.hash(), other: None };
    let client = Client {
        id: minted.id,
        origin: ClientOrigin::Registered,
        name: request.name(),
        redirect_uris: request.redirect_uris(&grants)?,
        auth_method: match method {
            Method::None => AuthMethod::None,
            Method::Basic => AuthMethod::Basic(secrets),
            Method::Post => AuthMethod::Post(secrets),
            Method::PrivateKeyJwt => AuthMethod::PrivateKeyJwt(request.keys()?),
        },
        scopes: if machine { scopes.clone() } else { policy.scopes.clone() },
        grant_types: grants,
        tenant,
        created_at: now,
        expires_at,
        registration_token: Some(minted.registration_token.hash()),
    };
    let token = minted.registration_token.expose();
    let mut information = ClientInformation::of(&client, &policy.clients_url, token);
    if request.scope.is_some() {
        information.scope = Some(scopes.to_string());
    }
    if client.has_secret() {
        information.client_secret = Some(Revealed(minted.secret.expose().to_owned()));
    }
    Ok((client, information))
}

/// Of what was asked for, what may be had; all of that if nothing was asked for.
fn allowed_scopes(
    request: &ClientMetadata,
    most: &Scopes,
    grants: &[GrantType],
) -> Result<Scopes, OauthError> {
    let asked = request.scope.as_deref().filter(|text| !text.is_empty());
    let asked: Option<Scopes> = asked
        .map(|text| form::scopes(text).ok_or_else(|| refuse("scope is malformed or too long")))
        .transpose()?;
    let people = grants.contains(&GrantType::AuthorizationCode);
    let may = |scope: &&Scope| {
        let name = scope.as_str();
        (people || !OF_PEOPLE.contains(&name))
            && asked.as_ref().is_none_or(|asked| asked.contains(name))
    };
    let allowed: Scopes = most.iter().filter(may).cloned().collect();
    if allowed.is_empty() {
        Err(refuse("none of the scopes may be registered"))
    } else {
        Ok(allowed)
    }
}

#[cfg(test)]
mod tests;
