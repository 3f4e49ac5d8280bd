//! `OAUTH_LOGIN`: the identity provider that knows the people.

use std::str::FromStr;

use auth::JwksUri;
use oauth::Upstream;
use serde::Deserialize;

/// What is asked for when nothing is said: who somebody is, and what they are called.
const SCOPE: &str = "openid profile email";

/// What an operator writes of a provider.
#[derive(Clone, Debug)]
pub(super) struct LoginProvider {
    pub(super) upstream: Upstream,
    pub(super) scope: String,
}

/// What is wrong with it.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotAProvider {
    #[error("must be a JSON object: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the issuer {0}")]
    Issuer(#[from] auth::NotAUrl),
    #[error("{0}")]
    Fault(&'static str),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    issuer: String,
    profile: Kind,
    client_id: String,
    scope: Option<String>,
    tenant_claim: Option<String>,
    #[serde(default)]
    mfa: bool,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Cognito,
    Oidc,
}

impl FromStr for LoginProvider {
    type Err = NotAProvider;

    fn from_str(json: &str) -> Result<Self, NotAProvider> {
        let Entry { issuer, profile, client_id, scope, tenant_claim, mfa } =
            serde_json::from_str(json)?;
        // Where it describes itself is below it: held to what such a place must be.
        let _: JwksUri = issuer.parse()?;
        let scope = scope.unwrap_or_else(|| SCOPE.to_owned());
        if !scope.split(' ').any(|scope| scope == "openid") {
            return Err(NotAProvider::Fault(
                "scope must have openid: without it nobody is told of",
            ));
        }
        if client_id.is_empty() || tenant_claim.as_ref().is_some_and(String::is_empty) {
            return Err(NotAProvider::Fault("client_id or tenant_claim is empty"));
        }
        let upstream = Upstream {
            issuer,
            client_id,
            is_cognito: profile == Kind::Cognito,
            tenant_claim,
            needs_mfa: mfa,
        };
        Ok(Self { upstream, scope })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_named_by_its_issuer_and_our_client_there() {
        let provider: LoginProvider =
            r#"{"issuer":"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_X",
            "profile":"cognito","client_id":"us","tenant_claim":"custom:tenant","mfa":true}"#
                .parse()
                .unwrap();
        assert!(provider.upstream.is_cognito && provider.upstream.needs_mfa);
        assert_eq!(provider.scope, SCOPE);
    }

    #[test]
    fn what_is_wrong_with_it_is_told() {
        for (json, expected) in [
            ("", "JSON object"),
            (r#"{"issuer":"https://a","profile":"saml","client_id":"x"}"#, "unknown variant"),
            (r#"{"issuer":"http://a","profile":"oidc","client_id":"x"}"#, "https"),
            (r#"{"issuer":"https://a","profile":"oidc","client_id":""}"#, "empty"),
            (
                r#"{"issuer":"https://a","profile":"oidc","client_id":"x","scope":"email"}"#,
                "openid",
            ),
            (
                r#"{"issuer":"https://a","profile":"oidc","client_id":"x","secret":"y"}"#,
                "unknown field",
            ),
        ] {
            let told = json.parse::<LoginProvider>().unwrap_err().to_string();
            assert!(told.contains(expected), "{told}");
        }
    }
}
