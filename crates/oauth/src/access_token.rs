//! Access tokens as our own resource servers take them (RFC 9068).

use std::time::{Duration, UNIX_EPOCH};

use auth::{Claims, Issuer, KeySet, Rejection, Scopes, TenantId};
use serde::Serialize;

use crate::client::ClientId;
use crate::grant::GrantId;
use crate::keys::{KeyRing, SigningError};
use crate::time::Time;

/// What an access token says (RFC 9068, section 2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessToken<'a> {
    /// `iss`
    pub issuer: &'a str,
    /// `aud`: the one resource that it is for.
    pub resource: &'a str,
    /// `sub`: the person; the client's id when a client acts on its own behalf.
    pub subject: &'a str,
    /// `client_id`
    pub client: &'a ClientId,
    /// `scope`
    pub scopes: &'a Scopes,
    /// `gid`: the grant it was made of; a client on its own behalf has none.
    pub grant: Option<&'a GrantId>,
    /// `auth_time`: when the person logged in.
    pub authenticated_at: Option<Time>,
    /// `tenant_id`
    pub tenant: Option<&'a TenantId>,
    /// `jti`
    pub id: &'a str,
    /// `iat`
    pub issued_at: Time,
    /// `exp`
    pub expires_at: Time,
}

impl AccessToken<'_> {
    /// The token in compact form.
    ///
    /// # Errors
    /// When the signature cannot be made.
    pub async fn sign(&self, keys: &KeyRing) -> Result<String, SigningError> {
        #[derive(Serialize)]
        struct Payload<'a> {
            iss: &'a str,
            sub: &'a str,
            aud: &'a str,
            client_id: &'a str,
            scope: String,
            iat: i64,
            exp: i64,
            jti: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            gid: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            auth_time: Option<i64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            tenant_id: Option<&'a str>,
        }
        let payload = Payload {
            iss: self.issuer,
            sub: self.subject,
            aud: self.resource,
            client_id: self.client.as_str(),
            scope: self.scopes.to_string(),
            iat: self.issued_at.0,
            exp: self.expires_at.0,
            jti: self.id,
            gid: self.grant.map(|grant| &*grant.0),
            auth_time: self.authenticated_at.map(|time| time.0),
            tenant_id: self.tenant.map(TenantId::as_str),
        };
        keys.sign_token("at+jwt", &payload).await
    }
}

/// An access token of ours that was brought back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// What it says.
    pub claims: Claims,
    /// The grant it was made of.
    pub grant: Option<GrantId>,
}

impl Verified {
    /// Verifies `token` as a resource server would, and finds its grant.
    ///
    /// # Errors
    /// Why it is refused, for the log.
    pub fn of(token: &str, keys: &KeySet, issuer: &Issuer, now: Time) -> Result<Self, Rejection> {
        let now = UNIX_EPOCH + Duration::from_secs(now.0.max(0).unsigned_abs());
        let claims = auth::verify(token, keys, issuer, now)?;
        let grant = claims.grant.clone().map(GrantId);
        Ok(Self { claims, grant })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::keys::{KeyRing, SigningKey};
    use auth::Profile;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::Value;
    use std::collections::BTreeMap;

    pub(crate) const NOW: Time = Time(1_750_000_000);
    pub(crate) const ISSUER: &str = "https://mcp.example.com";
    pub(crate) const RESOURCE: &str = "https://mcp.example.com/mcp";

    /// What a resource server is told of us.
    pub(crate) fn issuer() -> Issuer {
        Issuer {
            url: ISSUER.to_owned(),
            profile: Profile::AccessToken,
            audience: RESOURCE.to_owned(),
            clients: Vec::new(),
            jwks_uri: format!("{ISSUER}/oauth/jwks").parse().unwrap(),
            known_keys: None,
            tenant_claim: Some("tenant_id".to_owned()),
            tenants: BTreeMap::new(),
            tenant: None,
            scopes: None,
            check_grants: false,
        }
    }

    /// Header and claims, with nothing verified.
    pub(crate) fn look_into(token: &str) -> [Value; 2] {
        let mut parts = token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
        [(); 2].map(|()| serde_json::from_slice(&parts.next().unwrap()).unwrap())
    }

    fn keys() -> [KeyRing; 2] {
        let rsa = SigningKey::from_pkcs8(crate::keys::tests::rsa_pkcs8()).unwrap();
        [SigningKey::generate().unwrap(), rsa].map(KeyRing::new)
    }

    /// A person's token, and a machine's.
    async fn tokens(check: impl AsyncFn(AccessToken<'_>)) {
        let (client, gid) = ("c_2yjU0sUuC3".parse().unwrap(), GrantId("g-1".to_owned()));
        let (scopes, tenant) = ("openid mcp/invoke".parse().unwrap(), "acme".parse().unwrap());
        let person = AccessToken {
            issuer: ISSUER,
            resource: RESOURCE,
            subject: "ada",
            client: &client,
            scopes: &scopes,
            grant: Some(&gid),
            authenticated_at: Some(Time(NOW.0 - 30)),
            tenant: Some(&tenant),
            id: "t-1",
            issued_at: NOW,
            expires_at: Time(NOW.0 + 900),
        };
        let machine = AccessToken {
            subject: client.as_str(),
            grant: None,
            authenticated_at: None,
            tenant: None,
            ..person.clone()
        };
        check(person).await;
        check(machine).await;
    }

    #[tokio::test]
    async fn a_token_says_what_the_rfc_asks_for() {
        let [keys, _] = keys();
        let told = std::cell::RefCell::new(Vec::new());
        tokens(async |token| {
            let [mut header, claims] = look_into(&token.sign(&keys).await.unwrap());
            assert_eq!(header["kid"], keys.active());
            header["kid"] = "(kid)".into();
            told.borrow_mut().push(format!("{header}\n{claims}"));
        })
        .await;
        insta::assert_snapshot!(told.into_inner().join("\n"), @r#"
        {"typ":"at+jwt","alg":"ES256","kid":"(kid)"}
        {"iss":"https://mcp.example.com","sub":"ada","aud":"https://mcp.example.com/mcp","client_id":"c_2yjU0sUuC3","scope":"mcp/invoke openid","iat":1750000000,"exp":1750000900,"jti":"t-1","gid":"g-1","auth_time":1749999970,"tenant_id":"acme"}
        {"typ":"at+jwt","alg":"ES256","kid":"(kid)"}
        {"iss":"https://mcp.example.com","sub":"c_2yjU0sUuC3","aud":"https://mcp.example.com/mcp","client_id":"c_2yjU0sUuC3","scope":"mcp/invoke openid","iat":1750000000,"exp":1750000900,"jti":"t-1"}
        "#);
    }

    #[tokio::test]
    async fn our_own_resource_server_takes_it() {
        for keys in keys() {
            tokens(async |token| {
                let signed = token.sign(&keys).await.unwrap();
                let verified =
                    Verified::of(&signed, &keys.key_set().unwrap(), &issuer(), NOW).unwrap();
                assert_eq!(verified.grant.as_ref(), token.grant);
                assert_eq!(verified.claims.subject, token.subject);
                assert_eq!(verified.claims.client_id.as_deref(), Some(token.client.as_str()));
                assert_eq!(verified.claims.scopes, *token.scopes);
                assert_eq!(verified.claims.tenant.as_ref(), token.tenant);
                assert_eq!(verified.claims.token_id.as_deref(), Some(token.id));
                assert_eq!(verified.claims.expires_at, token.expires_at.0);
                let late = Time(NOW.0 + 1000);
                let error =
                    Verified::of(&signed, &keys.key_set().unwrap(), &issuer(), late).unwrap_err();
                assert_eq!(error, Rejection::Expired);
            })
            .await;
        }
    }

    #[tokio::test]
    #[expect(clippy::disallowed_methods, reason = "here jsonwebtoken is what we are compared with")]
    async fn a_foreign_library_takes_it() {
        use jsonwebtoken::jwk::JwkSet;
        use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};

        for keys in keys() {
            let published = serde_json::to_string(keys.published()).unwrap();
            let published: JwkSet = serde_json::from_str(&published).unwrap();
            tokens(async |token| {
                let signed = token.sign(&keys).await.unwrap();
                let kid = decode_header(&signed).unwrap().kid.unwrap();
                let jwk = published.find(&kid).unwrap();
                let algorithm = jwk.common.key_algorithm.unwrap().to_string().parse().unwrap();
                let mut rules = Validation::new(algorithm);
                // Its clock is the system's.
                rules.validate_exp = false;
                rules.set_issuer(&[ISSUER]);
                rules.set_audience(&[RESOURCE]);
                rules.set_required_spec_claims(&["exp", "iss", "sub", "aud"]);
                let key = DecodingKey::from_jwk(jwk).unwrap();
                let claims = decode::<Value>(&signed, &key, &rules).unwrap().claims;
                assert_eq!(claims["sub"], token.subject);
            })
            .await;
        }
    }

    #[tokio::test]
    async fn a_token_of_a_key_that_is_retiring_is_still_good() {
        let [old, new] = keys();
        tokens(async |token| {
            let signed = token.sign(&old).await.unwrap();
            let ring = KeyRing::new(SigningKey::generate().unwrap())
                .with_published(new.published().keys[0].clone());
            let gone = Verified::of(&signed, &ring.key_set().unwrap(), &issuer(), NOW);
            assert_eq!(gone, Err(Rejection::UnknownKey));
            let ring = ring.with_published(old.published().keys[0].clone());
            assert!(Verified::of(&signed, &ring.key_set().unwrap(), &issuer(), NOW).is_ok());
        })
        .await;
    }
}
