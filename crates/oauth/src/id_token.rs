//! ID tokens, as our clients take them (OpenID Connect Core, section 2). They open nothing: no
//! resource server takes one, by its `typ`.

use serde::Serialize;

use crate::client::ClientId;
use crate::keys::{KeyRing, SigningError};
use crate::time::Time;

/// The scope that asks for one.
pub(crate) const OPENID: &str = "openid";

/// What an ID token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IdToken<'a> {
    /// `iss`
    pub(crate) issuer: &'a str,
    /// `sub`: the person.
    pub(crate) subject: &'a str,
    /// `aud`: the client that it is for.
    pub(crate) client: &'a ClientId,
    /// `nonce`, as the client sent it.
    pub(crate) nonce: Option<&'a str>,
    /// `auth_time`: when the person logged in.
    pub(crate) authenticated_at: Time,
    /// `iat`
    pub(crate) issued_at: Time,
    /// `exp`
    pub(crate) expires_at: Time,
}

impl IdToken<'_> {
    /// The token in compact form.
    pub(crate) async fn sign(&self, keys: &KeyRing) -> Result<String, SigningError> {
        #[derive(Serialize)]
        struct Payload<'a> {
            iss: &'a str,
            sub: &'a str,
            aud: &'a str,
            iat: i64,
            exp: i64,
            auth_time: i64,
            #[serde(skip_serializing_if = "Option::is_none")]
            nonce: Option<&'a str>,
        }
        let payload = Payload {
            iss: self.issuer,
            sub: self.subject,
            aud: self.client.as_str(),
            iat: self.issued_at.0,
            exp: self.expires_at.0,
            auth_time: self.authenticated_at.0,
            nonce: self.nonce,
        };
        keys.sign_token("JWT", &payload).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access_token::Verified;
    use crate::access_token::tests::{ISSUER, NOW, issuer, look_into};
    use crate::keys::SigningKey;
    use auth::Rejection;

    #[tokio::test]
    async fn j19_an_id_token_tells_its_client_who_the_person_is_and_opens_nothing() {
        let keys = KeyRing::new(SigningKey::generate().unwrap());
        let (client, resource) = ("c_1".parse().unwrap(), "https://mcp.example.com/mcp");
        let token = IdToken {
            issuer: ISSUER,
            subject: "ada",
            client: &client,
            nonce: Some("n"),
            authenticated_at: Time(NOW.0 - 5),
            issued_at: NOW,
            expires_at: Time(NOW.0 + 900),
        };
        let signed = token.sign(&keys).await.unwrap();
        let [header, claims] = look_into(&signed);
        assert_eq!((&header["typ"], &header["kid"]), (&"JWT".into(), &keys.active().into()));
        insta::assert_snapshot!(claims, @r#"{"iss":"https://mcp.example.com","sub":"ada","aud":"c_1","iat":1750000000,"exp":1750000900,"auth_time":1749999995,"nonce":"n"}"#);
        // Even for a client that is called like the resource.
        let client = resource.parse().unwrap();
        let signed = IdToken { client: &client, ..token }.sign(&keys).await.unwrap();
        let verified = Verified::of(&signed, &keys.key_set().unwrap(), &issuer(), NOW);
        assert_eq!(verified.unwrap_err(), Rejection::NotAnAccessToken);
    }
}
