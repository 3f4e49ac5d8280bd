//! Registration, and registered clients that look after themselves.

use auth::{Bearer, CredentialsError, TenantId};
use bytes::Bytes;
use http::{Method, Response, StatusCode};

use super::exchange::Exchange;
use super::{Server, respond};
use crate::clients::{ManageError, delete_client, not_its_own, read_client};
use crate::error::{ErrorCode, Failure, OauthError};
use crate::limits::Counted;
use crate::metadata::ClientMetadata;
use crate::paths;
use crate::register::{MAX_REGISTRATION, Minted, Registrant, RegistrationPolicy, register};
use crate::store::{Store, StoreError};

impl<S: Store> Server<S> {
    pub(super) async fn register(
        &self,
        exchange: &mut Exchange<'_>,
    ) -> Result<Response<Bytes>, Failure> {
        let registrant = self.registrant(exchange)?;
        if registrant == Registrant::Anybody {
            for what in [Counted::Registration(exchange.source), Counted::AnyRegistration] {
                self.limits.count(&self.store, what, exchange.now).await?;
            }
        }
        if exchange.body.len() > MAX_REGISTRATION {
            let text = "the client metadata is longer than 16 KiB";
            let error = OauthError::new(ErrorCode::InvalidClientMetadata, text);
            return Ok(respond::json(StatusCode::PAYLOAD_TOO_LARGE, &error));
        }
        let request = ClientMetadata::parse(exchange.body)?;
        let policy = RegistrationPolicy {
            registrant,
            scopes: self.settings.scopes.clone(),
            unused: self.settings.lifetimes.unused_client,
            clients_url: self.clients_url(),
        };
        let (client, information) = register(&request, &policy, exchange.now, Minted::random()?)?;
        exchange.said.client = Some(client.id.clone());
        // A random id is nobody's yet.
        if !self.store.add_client(&client).await? {
            return Err(StoreError("the random id of a client is taken".into()).into());
        }
        Ok(respond::json(StatusCode::CREATED, &information))
    }

    /// Who registers a client, by the initial access token that is shown.
    fn registrant(&self, exchange: &Exchange<'_>) -> Result<Registrant, OauthError> {
        let refused = || {
            let text = "registration needs an initial access token that is valid";
            OauthError::new(ErrorCode::InvalidToken, text)
        };
        let Some(token) = bearer(exchange, refused)? else {
            let anybody = Some(Registrant::Anybody).filter(|_| self.registration.open);
            return anybody.ok_or_else(refused);
        };
        let known = self.registration.initial_access.iter();
        // All are looked at, whichever it is.
        let found = known.fold(None, |found, (hash, tenant)| match hash.is_of(token.token()) {
            true => Some(tenant),
            false => found,
        });
        let trusted = |tenant: &Option<TenantId>| Registrant::Trusted { tenant: tenant.clone() };
        found.map(trusted).ok_or_else(refused)
    }

    pub(super) async fn client_of_itself(
        &self,
        id: &str,
        exchange: &mut Exchange<'_>,
    ) -> Result<Response<Bytes>, Failure> {
        let (store, now) = (&self.store, exchange.now);
        let token = bearer(exchange, not_its_own)?.map(Bearer::token);
        let refused = |err| match err {
            ManageError::Refused(error) => Failure::from(error),
            ManageError::Store(err) => err.into(),
        };
        if exchange.head.method == Method::DELETE {
            delete_client(store, id, token, now).await.map_err(refused)?;
            exchange.said.client = id.parse().ok();
            return Ok(respond::empty(StatusCode::NO_CONTENT));
        }
        let information = read_client(store, id, token, &self.clients_url(), now).await;
        let information = information.map_err(refused)?;
        exchange.said.client = id.parse().ok();
        Ok(respond::json(StatusCode::OK, &information))
    }

    fn clients_url(&self) -> String {
        format!("{}{}", self.settings.issuer, paths::CLIENTS)
    }
}

/// The bearer token of a request, if it has one; `refused` is what is said of one that is none.
fn bearer<'a>(
    exchange: &Exchange<'a>,
    refused: impl FnOnce() -> OauthError,
) -> Result<Option<Bearer<'a>>, OauthError> {
    Bearer::of(&exchange.head.headers, exchange.query()).map_err(|err| match err {
        CredentialsError::Several => OauthError::new(
            ErrorCode::InvalidRequest,
            "send one token, in the Authorization header",
        ),
        CredentialsError::Malformed => refused(),
    })
}
