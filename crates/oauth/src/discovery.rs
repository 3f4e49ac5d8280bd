//! What clients read first: where everything is and what is supported (RFC 8414, section 2; OpenID
//! Connect Discovery, section 3). One document serves both, and comes from configuration alone.

use serde_json::{Value, json};

use crate::authorize::AuthorizeSettings;
use crate::client_auth::{ASSERTION_ALGORITHMS, AUTH_METHODS};
use crate::paths;

/// The document. `registers` tells whether clients may register themselves.
pub(crate) fn document(settings: &AuthorizeSettings, registers: bool) -> Value {
    let issuer = &settings.issuer;
    let at = |path: &str| format!("{issuer}{path}");
    let scopes: Vec<_> = settings.scopes.iter().map(|scope| scope.as_str()).collect();
    let mut document = json!({
        "issuer": issuer,
        "authorization_endpoint": at(paths::AUTHORIZE),
        "token_endpoint": at(paths::TOKEN),
        "revocation_endpoint": at(paths::REVOKE),
        "userinfo_endpoint": at(paths::USERINFO),
        "jwks_uri": at(paths::JWKS),
        "scopes_supported": scopes,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": AUTH_METHODS,
        "token_endpoint_auth_signing_alg_values_supported": ASSERTION_ALGORITHMS,
        "revocation_endpoint_auth_methods_supported": AUTH_METHODS,
        "revocation_endpoint_auth_signing_alg_values_supported": ASSERTION_ALGORITHMS,
        "authorization_response_iss_parameter_supported": true,
        "client_id_metadata_document_supported": true,
        "protected_resources": [settings.resource],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        "claims_supported": ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce"],
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
    });
    if registers && let Some(members) = document.as_object_mut() {
        members.insert("registration_endpoint".to_owned(), at(paths::REGISTER).into());
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorize::tests::settings;

    #[test]
    fn it_names_every_endpoint_and_what_is_supported() {
        let document = document(&settings(), true);
        insta::assert_json_snapshot!(document);
        // Clients refuse another issuer than the one whose URL they asked (RFC 8414, section 3.3).
        assert_eq!(document["issuer"], settings().issuer);
    }

    #[test]
    fn where_nobody_may_register_no_place_for_it_is_named() {
        assert_eq!(document(&settings(), false).get("registration_endpoint"), None);
    }
}
