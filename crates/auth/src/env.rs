//! The variables of every program that has a door, read once at its start.
//!
//! A program adds [`TOKEN_VARS`] (it takes tokens) or [`DOOR_VARS`] (it takes what `AUTH_MODE` says)
//! to its own list with [`service_kit::env::join`], and reads [`Tokens`] or [`DoorSettings`].

mod issuers;
mod table;
mod tokens;

use service_kit::env::{Reader, Var, join};

use crate::door::AuthMode;
use crate::iam::{self, IamAccess};
use crate::scope::{Registry, Scopes};
use crate::tenant::TenantId;

pub use table::Table;
pub use tokens::Tokens;

/// The variables that say whose tokens are taken: those of [`Tokens`].
pub const TOKEN_VARS: &[Var] = &[
    Var::new(
        "MCP_RESOURCE",
        None,
        "The URL that clients reach the server at, `https://host/mcp`: the identifier of the \
         protected resource, and the audience of its tokens. Required where tokens are taken.",
    ),
    Var::new(
        "AUTH_ISSUERS",
        None,
        "Whose tokens are accepted: a JSON array of `{\"issuer\", \"profile\", …}`. `profile` is \
         `cognito` (needs `clients`, the app clients that may call), `at+jwt` (RFC 9068) or `oidc` \
         (needs `jwks_uri`). What else there may be: `audience` (by default `MCP_RESOURCE`), \
         `clients`, `jwks_uri`, `jwks` or `jwks_file` (keys for as long as the issuer cannot be \
         reached), `tenant_claim`, `tenants`, `{\"client\": \"tenant\"}`, `tenant` (of all its callers), \
         `scopes` (all that its tokens may allow) and, with `at+jwt`, `check_grants`, `true` for our own \
         authorization server: a token is good only while its grant holds. Required where tokens are \
         taken.",
    ),
];

const MODE_VARS: &[Var] = &[Var::new(
    "AUTH_MODE",
    Some("jwt"),
    "How callers prove who they are: `jwt` (a bearer token), `iam` (AWS Signature Version 4, which API \
     Gateway verifies), `jwt+iam` (either), or `none`, on a machine of one's own only.",
)];

const IAM_VARS: &[Var] = &[
    Var::new(
        "IAM_SCOPES",
        Some("mcp/invoke prometheus-mcp-server/read"),
        "What IAM principals may do, all of them: scopes with single spaces between, such as \
         `prometheus-mcp-server/write`. What is not named, a scope of a later version too, is not \
         allowed.",
    ),
    Var::new(
        "IAM_TENANTS",
        None,
        "The tenants of IAM principals: a JSON object of ARNs (of a role or a user) or account ids \
         to tenants, `{\"arn:aws:iam::123456789012:role/agent\": \"acme\"}`.",
    ),
];

/// The variables of a program whose door `AUTH_MODE` chooses: those of [`DoorSettings`].
pub const DOOR_VARS: &[Var] = &join::<{ MODE_VARS.len() + TOKEN_VARS.len() + IAM_VARS.len() }>(&[
    MODE_VARS, TOKEN_VARS, IAM_VARS,
]);

/// Who is let in by the door of a program.
#[derive(Clone, Debug)]
pub struct DoorSettings {
    /// How callers prove who they are.
    pub mode: AuthMode,
    /// Whose tokens are taken; `Some` in the modes that take any.
    pub tokens: Option<Tokens>,
    /// What principals of AWS may do; `Some` in the modes that let any in.
    pub principals: Option<IamAccess>,
}

impl DoorSettings {
    /// Reads [`DOOR_VARS`], of which the mode needs some. `None` means that a fault was remembered.
    pub fn read(env: &mut Reader<'_>) -> Option<Self> {
        let mode: AuthMode = env.or_default("AUTH_MODE")?;
        let (by_token, by_signature) = match mode {
            AuthMode::Jwt => (true, false),
            AuthMode::Iam => (false, true),
            AuthMode::JwtOrIam => (true, true),
            AuthMode::None => (false, false),
        };
        // Both before either is found missing, so that all faults are told together.
        let tokens = by_token.then(|| Tokens::read(env));
        let principals = by_signature.then(|| read_principals(env));
        let tokens = match tokens {
            Some(read) => Some(read?),
            None => None,
        };
        Some(Self { mode, tokens, principals })
    }
}

fn read_principals(env: &mut Reader<'_>) -> IamAccess {
    let scopes: Option<Scopes> = env.or_default("IAM_SCOPES");
    let tenants: Option<Table<iam::Principal, TenantId>> = env.optional("IAM_TENANTS");
    IamAccess {
        // None of them when a fault was remembered.
        scopes: Registry::PROJECT.expand(scopes.unwrap_or_default()),
        tenants: tenants.unwrap_or_default().into_map(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;
    use proptest::prelude::*;
    use service_kit::env::ConfigError;
    use std::collections::BTreeMap;

    const RESOURCE: (&str, &str) = ("MCP_RESOURCE", "https://mcp.example.com/mcp");
    const ISSUERS: (&str, &str) =
        ("AUTH_ISSUERS", r#"[{"issuer":"https://as.example.com","profile":"at+jwt"}]"#);

    fn read(env: &[(&str, &str)]) -> Result<DoorSettings, ConfigError> {
        let env: BTreeMap<_, _> = env.iter().copied().collect();
        let mut env = Reader::new(&env, DOOR_VARS);
        let settings = DoorSettings::read(&mut env);
        env.finish(move || settings)
    }

    fn faults(env: &[(&str, &str)]) -> Vec<String> {
        read(env).unwrap_err().faults.into_iter().map(|fault| fault.name).collect()
    }

    #[test]
    fn a_door_takes_tokens_unless_it_is_told_otherwise() {
        let settings = read(&[RESOURCE, ISSUERS]).unwrap();
        assert_eq!(settings.mode, AuthMode::Jwt);
        assert!(settings.principals.is_none());
        let tokens = settings.tokens.unwrap();
        assert_eq!(tokens.resource.as_str(), "https://mcp.example.com/mcp");
        let [issuer] = &tokens.issuers[..] else { panic!("{tokens:?}") };
        assert_eq!(issuer.profile, Profile::AccessToken);
        assert_eq!(issuer.audience, "https://mcp.example.com/mcp");
    }

    #[test]
    fn each_mode_needs_what_it_uses_and_no_more() {
        assert_eq!(faults(&[]), ["MCP_RESOURCE", "AUTH_ISSUERS"]);
        assert_eq!(faults(&[("AUTH_MODE", "jwt+iam")]), ["MCP_RESOURCE", "AUTH_ISSUERS"]);
        assert_eq!(faults(&[("AUTH_MODE", "off")]), ["AUTH_MODE"]);
        for (mode, by_token, by_signature) in [
            ("jwt", true, false),
            ("iam", false, true),
            ("jwt+iam", true, true),
            ("none", false, false),
        ] {
            let settings = read(&[("AUTH_MODE", mode), RESOURCE, ISSUERS]).unwrap();
            assert_eq!(settings.tokens.is_some(), by_token, "{mode}");
            assert_eq!(settings.principals.is_some(), by_signature, "{mode}");
        }
        assert!(read(&[("AUTH_MODE", "iam")]).is_ok());
        assert!(read(&[("AUTH_MODE", "none")]).is_ok());
    }

    #[test]
    fn principals_may_read_metrics_unless_it_is_said_what() {
        let scopes = |text: &str| {
            let settings = read(&[("AUTH_MODE", "iam"), ("IAM_SCOPES", text)]).unwrap();
            settings.principals.unwrap().scopes.to_string()
        };
        assert_eq!(scopes(""), "mcp/invoke prometheus-mcp-server/read");
        assert_eq!(scopes("cases/read"), "cases/read mcp/invoke");
    }

    #[test]
    fn principals_belong_to_the_tenants_of_their_roles_and_accounts() {
        let tenants = |text: &str| {
            let settings = read(&[("AUTH_MODE", "iam"), ("IAM_TENANTS", text)]);
            settings.map(|settings| settings.principals.unwrap().tenants)
        };
        let two = r#"{"arn:aws:iam::123456789012:role/path/agent":"acme","123456789012":"blue"}"#;
        let two = tenants(two).unwrap();
        let two: Vec<_> = two.iter().map(|(who, what)| (who.as_str(), what.as_str())).collect();
        assert_eq!(
            two,
            [("123456789012", "blue"), ("arn:aws:iam::123456789012:role/agent", "acme")]
        );
        for wrong in [
            "[]",
            "acme",
            r#"{"12345":"acme"}"#,
            r#"{"arn:aws:s3:::bucket":"acme"}"#,
            r#"{"123456789012":"no tenant"}"#,
            r#"{"123456789012":7}"#,
            r#"{"123456789012":"a","123456789012":"b"}"#,
            r#"{"arn:aws:iam::123456789012:role/x/a":"a","arn:aws:iam::123456789012:role/a":"b"}"#,
        ] {
            let err = tenants(wrong).unwrap_err();
            assert_eq!(err.faults[0].name, "IAM_TENANTS", "{wrong}");
        }
    }

    #[test]
    fn all_faults_are_told_together() {
        let env = [
            ("AUTH_MODE", "jwt+iam"),
            ("MCP_RESOURCE", "http://mcp.example.com/mcp"),
            ("AUTH_ISSUERS", "[]"),
            ("IAM_SCOPES", "a  b"),
            ("IAM_TENANTS", "{"),
        ];
        assert_eq!(faults(&env), ["MCP_RESOURCE", "AUTH_ISSUERS", "IAM_SCOPES", "IAM_TENANTS"]);
    }

    #[test]
    fn x10_a_resource_or_an_issuer_without_tls_refuses_to_start() {
        let http = [("MCP_RESOURCE", "http://mcp.example.com/mcp"), ISSUERS];
        assert_eq!(faults(&http), ["MCP_RESOURCE"]);
        let http = r#"[{"issuer":"http://as.example.com","profile":"at+jwt"}]"#;
        assert_eq!(faults(&[RESOURCE, ("AUTH_ISSUERS", http)]), ["AUTH_ISSUERS"]);
        let http = r#"[{"issuer":"https://as.example.com","profile":"oidc",
            "jwks_uri":"http://as.example.com/jwks"}]"#;
        assert_eq!(faults(&[RESOURCE, ("AUTH_ISSUERS", http)]), ["AUTH_ISSUERS"]);
    }

    proptest! {
        #[test]
        fn no_value_panics(
            mode in "jwt|iam|jwt\\+iam|none|\\PC*",
            resource in "\\PC*|https://[a-z./:]*",
            issuers in "\\PC*|\\[\\{\"issuer\":\"[^\"\\\\]*\",\"profile\":\"(oidc|at\\+jwt|cognito)\"\\}\\]",
            tenants in "\\PC*|\\{\"[a-z0-9:/-]*\":\"[a-z]*\"\\}",
            scopes in "\\PC*",
        ) {
            let _ = read(&[
                ("AUTH_MODE", &mode),
                ("MCP_RESOURCE", &resource),
                ("AUTH_ISSUERS", &issuers),
                ("IAM_TENANTS", &tenants),
                ("IAM_SCOPES", &scopes),
            ]);
        }
    }
}
