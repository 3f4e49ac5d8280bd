//! `grant_type=client_credentials` (OAuth 2.1, section 4.2): a client on its own behalf. It has its
//! credentials, and needs no refresh token.

use super::{FreshToken, TokenEndpoint, TokenResponse, asked_scopes, check_resource, refused};
use crate::access_token::AccessToken;
use crate::client::Client;
use crate::error::{ErrorCode, Failure};
use crate::form::Form;
use crate::store::Store;
use crate::time::Time;
use auth::Scopes;

impl<S: Store> TokenEndpoint<'_, S> {
    pub(super) async fn for_itself(
        &self,
        client: &Client,
        form: &Form,
        fresh: &FreshToken,
        now: Time,
    ) -> Result<TokenResponse, Failure> {
        check_resource(form, self.resource.as_str())?;
        // `openid`, `offline_access` and what else is about a person is not in the registry.
        let of_machines = self.registry.all();
        let most = client.scopes.iter().filter(|scope| of_machines.contains(scope.as_str()));
        let most: Scopes = most.cloned().collect();
        let scopes = asked_scopes(form, &most, self.registry)?;
        if scopes.is_empty() {
            return Err(refused(ErrorCode::InvalidScope, "the client may do nothing by itself"));
        }
        let token = AccessToken {
            issuer: self.issuer,
            resource: self.resource.as_str(),
            subject: client.id.as_str(),
            client: &client.id,
            scopes: &scopes,
            grant: None,
            authenticated_at: None,
            tenant: client.tenant.as_ref(),
            id: &fresh.token_id,
            issued_at: now,
            expires_at: now.after(self.lifetimes.access_token),
        };
        let answer = self.sign(&token).await?;
        self.keep(client, now).await?;
        Ok(answer)
    }
}
