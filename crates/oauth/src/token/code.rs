//! `grant_type=authorization_code` (OAuth 2.1, section 4.1.3).

use super::{FreshToken, TokenEndpoint, TokenResponse, check_resource, invalid_grant, required};
use crate::client::{Client, GrantType};
use crate::error::{ErrorCode, Failure, OauthError};
use crate::form::Form;
use crate::grant::{Code, CodeState, RefreshState, RefreshToken};
use crate::id_token::{IdToken, OPENID};
use crate::pkce::CodeVerifier;
use crate::secret::SecretHash;
use crate::store::{Redeemed, Store};
use crate::time::Time;

impl<S: Store> TokenEndpoint<'_, S> {
    pub(super) async fn redeem(
        &self,
        client: &Client,
        form: &Form,
        fresh: FreshToken,
        now: Time,
    ) -> Result<TokenResponse, Failure> {
        let hash = SecretHash::of(required(form, "code")?);
        let verifier = form.get("code_verifier").map(str::parse).transpose().map_err(|_| {
            OauthError::new(ErrorCode::InvalidRequest, "the code_verifier is malformed")
        })?;
        // To any other client the code is unknown, and stays good for its own.
        let code = self.store.code(hash).await?.filter(|code| code.client == client.id);
        let code = code.ok_or_else(invalid_grant)?;
        if code.state == CodeState::Used {
            return self.take_back(&code).await;
        }
        check(&code, form, verifier.as_ref(), now)?;
        let grant = self.grant(&code.grant, client, now).await?;
        let mut answer = self.answer_for(&grant, &code.scopes, &fresh, now).await?;
        if code.scopes.contains(OPENID) {
            let token = IdToken {
                issuer: self.issuer,
                subject: &grant.subject,
                client: &client.id,
                nonce: code.nonce.as_deref(),
                authenticated_at: grant.authenticated_at,
                issued_at: now,
                expires_at: now.after(self.lifetimes.access_token),
            };
            answer.id_token = Some(token.sign(self.keys).await?);
        }
        let refresh_token = client.may(GrantType::RefreshToken).then(|| RefreshToken {
            hash: fresh.refresh_token.hash(),
            grant: grant.id,
            client: client.id.clone(),
            scopes: code.scopes.clone(),
            resource: code.resource.clone(),
            state: RefreshState::Active,
            expires_at: now.after(self.lifetimes.refresh_token).min(grant.expires_at),
        });
        self.keep(client, now).await?;
        match self.store.redeem_code(&code, refresh_token.as_ref(), now).await? {
            Redeemed::Now => {
                answer.refresh_token = refresh_token.map(|_| fresh.refresh_token.expose().into());
                Ok(answer)
            }
            Redeemed::Not => self.take_back(&code).await,
        }
    }

    /// A code that comes twice was stolen once: what was given out for it is worth nothing any more
    /// (OAuth 2.1, section 4.1.3).
    async fn take_back(&self, code: &Code) -> Result<TokenResponse, Failure> {
        tracing::warn!(grant.id = code.grant.0, client.id = %code.client, "code used again");
        self.store.revoke_grant(&code.grant).await?;
        Err(invalid_grant().into())
    }
}

/// Whether a new code is good for this request.
fn check(
    code: &Code,
    form: &Form,
    verifier: Option<&CodeVerifier>,
    now: Time,
) -> Result<(), OauthError> {
    // OAuth 2.1 does without the redirect URI; OAuth 2.0 clients still send it.
    let redirect_uri = form.get("redirect_uri").is_none_or(|sent| sent == code.redirect_uri);
    let verified = verifier.is_some_and(|verifier| code.challenge.is_of(verifier));
    if code.expires_at.has_come(now) || !redirect_uri || !verified {
        return Err(invalid_grant());
    }
    check_resource(form, &code.resource)
}
