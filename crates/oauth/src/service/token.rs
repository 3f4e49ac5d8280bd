//! The token endpoint and its neighbours: tokens out, tokens back, who a token is about.

use bytes::Bytes;
use http::{Response, StatusCode};

use super::exchange::Exchange;
use super::{Server, respond};
use crate::client::{Client, GrantType};
use crate::client_auth::{AssertionAudience, ClientProof};
use crate::error::{ErrorCode, Failure, OauthError};
use crate::form::Form;
use crate::keys::SigningError;
use crate::limits::Counted;
use crate::paths;
use crate::store::Store;
use crate::token::{FreshToken, TokenEndpoint};
use crate::userinfo::{NoUserInfo, userinfo};

impl<S: Store> Server<S> {
    pub(super) async fn token(
        &self,
        exchange: &mut Exchange<'_>,
    ) -> Result<Response<Bytes>, Failure> {
        let (client, form) = self.proven(exchange).await?;
        let grant = form.get("grant_type").and_then(GrantType::parse);
        exchange.said.grant_type = grant.map(GrantType::as_str);
        if grant == Some(GrantType::ClientCredentials) {
            let what = Counted::MachineToken(&client.id);
            self.limits.count(&self.store, what, exchange.now).await?;
        }
        let endpoint = TokenEndpoint {
            store: &self.store,
            keys: self.keys.ring().await?,
            issuer: &self.settings.issuer,
            resource: &self.resource,
            registry: self.settings.registry,
            lifetimes: &self.settings.lifetimes,
        };
        let fresh = FreshToken::random()?;
        exchange.said.token_id = Some(fresh.token_id.clone());
        let answered = endpoint.answer(&client, &form, fresh, exchange.now).await;
        let answer = answered.inspect_err(|_| exchange.said.token_id = None)?;
        Ok(respond::json(StatusCode::OK, &answer))
    }

    pub(super) async fn revoke(
        &self,
        exchange: &mut Exchange<'_>,
    ) -> Result<Response<Bytes>, Failure> {
        let (client, form) = self.proven(exchange).await?;
        let keys = self.keys.ring().await?.key_set().map_err(SigningError::because)?;
        crate::revoke::revoke(&self.store, &keys, &self.issuer, &client, &form, exchange.now)
            .await?;
        Ok(respond::empty(StatusCode::OK))
    }

    pub(super) async fn userinfo(
        &self,
        exchange: &mut Exchange<'_>,
    ) -> Result<Response<Bytes>, Failure> {
        let keys = self.keys.ring().await?.key_set().map_err(SigningError::because)?;
        let (headers, query) = (&exchange.head.headers, exchange.query());
        match userinfo(&self.store, &keys, &self.issuer, headers, query, exchange.now).await {
            Ok(info) => Ok(respond::json(StatusCode::OK, &info)),
            Err(NoUserInfo::Challenge(challenge)) => {
                exchange.said.error = Some(challenge.code().unwrap_or("unauthorized").into());
                let response = challenge.response(&self.resource.metadata_url());
                Ok(response.map(|body| Bytes::from_static(body.as_bytes())))
            }
            Err(NoUserInfo::Store(err)) => Err(err.into()),
        }
    }

    /// The client that a form is from, once it has proven who it is, and the form.
    async fn proven(&self, exchange: &mut Exchange<'_>) -> Result<(Client, Form), Failure> {
        let headers = &exchange.head.headers;
        let form = Form::of_request(headers, exchange.query(), exchange.body)?;
        let proof = ClientProof::of(headers, &form)?;
        let id = proof.client_id().clone();
        exchange.said.client = Some(id.clone());
        let client = self.client(&id, exchange).await?;
        let audience = AssertionAudience {
            issuer: &self.settings.issuer,
            token_endpoint: &format!("{}{}", self.settings.issuer, paths::TOKEN),
        };
        match proof.prove(client, audience, &self.store, exchange.now).await {
            Ok(client) => Ok((client, form)),
            Err(failure) => {
                if let Failure::Refused(OauthError { code: ErrorCode::InvalidClient, .. }) = failure
                {
                    let what = Counted::WrongProof(&id, exchange.source);
                    self.limits.count(&self.store, what, exchange.now).await?;
                }
                Err(failure)
            }
        }
    }
}
