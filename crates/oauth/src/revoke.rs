//! `POST /oauth/revoke` (RFC 7009): a client is done with its tokens.

use auth::{Issuer, KeySet};

use crate::access_token::Verified;
use crate::client::Client;
use crate::error::{ErrorCode, Failure, OauthError};
use crate::form::Form;
use crate::grant::GrantId;
use crate::secret::SecretHash;
use crate::store::Store;
use crate::time::Time;

/// Takes back the grant of the token that the form brings, with all tokens of it, whichever of them
/// it is: a person who logs out means all of it. `client` has proven who it is.
///
/// A token that is unknown, has ended, or is another client's is passed over: the answer is the same,
/// an empty one of 200 (RFC 7009, section 2.2). `keys` are those that are published, `issuer` is what
/// resource servers are told of us.
///
/// # Errors
/// `invalid_request` without a token, or when the store does not answer.
pub async fn revoke<S: Store>(
    store: &S,
    keys: &KeySet,
    issuer: &Issuer,
    client: &Client,
    form: &Form,
    now: Time,
) -> Result<(), Failure> {
    let token = form.get("token").ok_or_else(|| {
        OauthError::new(ErrorCode::InvalidRequest, "the parameter token is missing")
    })?;
    // `token_type_hint` saves nothing: what is no refresh token is a JWT.
    let refresh_token = store.refresh_token(SecretHash::of(token)).await?;
    let grant = match refresh_token {
        Some(refresh_token) => Some(refresh_token.grant),
        None => of_access_token(token, keys, issuer, now),
    };
    let Some(grant) = grant else { return Ok(()) };
    let is_its_own = store.grant(&grant).await?.is_some_and(|grant| grant.client == client.id);
    if is_its_own {
        store.revoke_grant(&grant).await?;
    }
    Ok(())
}

/// The grant of an access token that is still good.
fn of_access_token(token: &str, keys: &KeySet, issuer: &Issuer, now: Time) -> Option<GrantId> {
    Verified::of(token, keys, issuer, now).ok()?.grant
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access_token::tests::{NOW, issuer};
    use crate::token::tests::{World, client, refresh_form, refusal};

    impl World {
        async fn revoke(&self, client: &Client, token: &str) -> Result<(), Failure> {
            let form = Form::parse(&format!("token_type_hint=x&token={token}")).unwrap();
            revoke(&*self.store, &self.keys.key_set().unwrap(), &issuer(), client, &form, NOW).await
        }
    }

    #[tokio::test]
    async fn either_token_takes_back_the_grant() {
        for which in ["refresh token", "rotated refresh token", "access token"] {
            let world = World::new().await;
            let answer = world.ask(&world.code_form()).await.unwrap();
            let refresh_token = answer.refresh_token.unwrap();
            let token = match which {
                "access token" => &answer.access_token,
                _ => &refresh_token,
            };
            if which == "rotated refresh token" {
                assert!(world.ask(&refresh_form(&refresh_token)).await.is_ok());
            }
            world.revoke(&world.client, token).await.unwrap();
            assert!(!world.grant_holds().await, "{which}");
            let refreshed = world.ask(&refresh_form(&refresh_token)).await;
            assert_eq!(refusal(refreshed), "invalid_grant", "{which}");
            world.revoke(&world.client, token).await.unwrap();
        }
    }

    #[tokio::test]
    async fn t35_the_token_of_another_client_and_an_unknown_one_do_nothing() {
        let world = World::new().await;
        let other = client("c_other", &[]);
        let answer = world.ask(&world.code_form()).await.unwrap();
        let cut = &answer.access_token[..answer.access_token.len() - 1];
        for token in [&answer.access_token, &answer.refresh_token.unwrap()] {
            world.revoke(&other, token).await.unwrap();
            assert!(world.grant_holds().await);
        }
        for token in ["unknown", "a.b.c", cut, world.code.expose()] {
            world.revoke(&world.client, token).await.unwrap();
            assert!(world.grant_holds().await, "{token}");
        }
    }

    #[tokio::test]
    async fn a_request_names_a_token() {
        let world = World::new().await;
        match world.revoke(&world.client, "").await {
            Err(Failure::Refused(error)) => assert_eq!(error.code, ErrorCode::InvalidRequest),
            other => panic!("not refused: {other:?}"),
        }
    }
}
