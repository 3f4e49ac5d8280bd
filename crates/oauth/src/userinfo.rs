//! `GET /oauth/userinfo` (OpenID Connect Core, section 5.3): who a token is about.

use auth::{Bearer, CallerKind, Challenge, CredentialsError, Issuer, KeySet, Registry, Scopes};
use http::HeaderMap;
use serde::Serialize;

use crate::access_token::Verified;
use crate::form::Form;
use crate::id_token::OPENID;
use crate::store::{Store, StoreError};
use crate::time::Time;

/// A successful answer: JSON, with `Cache-Control: no-store`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UserInfo {
    /// The person.
    pub sub: String,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum NoUserInfo {
    /// The caller is told by a challenge; [`Challenge::response`] is the whole answer.
    #[error("the token is missing, not valid or not enough")]
    Challenge(Challenge),
    /// The store does not answer: the caller may try again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Answers who the token of a request is about, while its grant holds. `keys` are those that are
/// published, `issuer` is what resource servers are told of us.
///
/// # Errors
/// [`NoUserInfo`]
pub async fn userinfo<S: Store>(
    store: &S,
    keys: &KeySet,
    issuer: &Issuer,
    headers: &HeaderMap,
    query: Option<&str>,
    now: Time,
) -> Result<UserInfo, NoUserInfo> {
    let token = bearer(headers, query).map_err(NoUserInfo::Challenge)?;
    let invalid = || NoUserInfo::Challenge(Challenge::InvalidToken);
    let Verified { claims, grant } =
        Verified::of(token.token(), keys, issuer, now).map_err(|_| invalid())?;
    let caller = claims.into_caller(Registry::PROJECT);
    // A machine is nobody, whatever its token allows.
    let Some(grant) =
        grant.filter(|_| caller.kind == CallerKind::Person && caller.scopes.contains(OPENID))
    else {
        return Err(NoUserInfo::Challenge(Challenge::InsufficientScope { scope: openid() }));
    };
    let client = caller.client_id.and_then(|client| client.parse().ok()).ok_or_else(invalid)?;
    let holds = store.holds(Some(&grant), &client, now).await?;
    if holds { Ok(UserInfo { sub: caller.subject }) } else { Err(invalid()) }
}

fn openid() -> Scopes {
    OPENID.parse().unwrap_or_default()
}

/// The token, which is in the header and nowhere else.
fn bearer<'a>(headers: &'a HeaderMap, query: Option<&str>) -> Result<Bearer<'a>, Challenge> {
    let in_query = query.is_some_and(|query| {
        Form::parse(query).is_ok_and(|form| form.get("access_token").is_some())
    });
    if in_query {
        return Err(Challenge::InvalidRequest);
    }
    match Bearer::of(headers, query) {
        Ok(Some(token)) => Ok(token),
        Ok(None) => Err(Challenge::Missing { scope: openid() }),
        Err(CredentialsError::Several) => Err(Challenge::InvalidRequest),
        Err(CredentialsError::Malformed) => Err(Challenge::InvalidToken),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access_token::tests::{NOW, issuer};
    use crate::token::tests::{SCOPES, World, machine};
    use http::header;

    const MISSING: &str = "401 -";
    const INVALID_TOKEN: &str = "401 invalid_token";

    impl World {
        async fn userinfo(&self, bearer: Option<&str>, query: Option<&str>) -> String {
            let mut headers = HeaderMap::new();
            if let Some(token) = bearer {
                headers.insert(header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
            }
            let keys = self.keys.key_set().unwrap();
            match userinfo(&*self.store, &keys, &issuer(), &headers, query, NOW).await {
                Ok(info) => serde_json::to_string(&info).unwrap(),
                Err(NoUserInfo::Challenge(challenge)) => {
                    let response = challenge.response("https://mcp.example.com/metadata");
                    let header = response.headers()[header::WWW_AUTHENTICATE].to_str().unwrap();
                    let error =
                        header.split("error=\"").nth(1).and_then(|rest| rest.split('"').next());
                    format!("{} {}", response.status().as_u16(), error.unwrap_or("-"))
                }
                Err(NoUserInfo::Store(error)) => panic!("{error}"),
            }
        }
    }

    #[tokio::test]
    async fn u01_only_the_token_of_a_person_with_openid_tells_who_it_is() {
        let world = World::new().await;
        let answer = world.ask(&world.code_form()).await.unwrap();
        let token = &*answer.access_token;
        assert_eq!(world.userinfo(Some(token), None).await, r#"{"sub":"ada"}"#);

        let in_query = format!("access_token={token}");
        assert_eq!(world.userinfo(None, None).await, MISSING);
        assert_eq!(world.userinfo(Some("garbage"), None).await, INVALID_TOKEN);
        assert_eq!(world.userinfo(Some(""), None).await, INVALID_TOKEN);
        assert_eq!(world.userinfo(None, Some(&in_query)).await, "400 invalid_request");
        assert_eq!(world.userinfo(Some(token), Some(&in_query)).await, "400 invalid_request");

        let insufficient = "403 insufficient_scope";
        let form = "grant_type=client_credentials";
        let of_machine = world.ask_at(NOW, &machine(), form).await.unwrap().access_token;
        assert_eq!(world.userinfo(Some(&of_machine), None).await, insufficient);

        let scope = SCOPES.replace("openid ", "").replace(' ', "+");
        let refresh_token = answer.refresh_token.unwrap();
        let form = format!("grant_type=refresh_token&refresh_token={refresh_token}&scope={scope}");
        let narrow = world.ask(&form).await.unwrap().access_token;
        assert_eq!(world.userinfo(Some(&narrow), None).await, insufficient);
    }

    #[tokio::test]
    async fn u02_nothing_is_said_of_a_grant_that_is_gone_or_by_a_token_of_others() {
        let (world, other) = (World::new().await, World::new().await);
        let token = world.ask(&world.code_form()).await.unwrap().access_token;
        assert_eq!(other.userinfo(Some(&token), None).await, INVALID_TOKEN);
        world.store.revoke_grant(&world.grant).await.unwrap();
        assert_eq!(world.userinfo(Some(&token), None).await, INVALID_TOKEN);
    }
}
