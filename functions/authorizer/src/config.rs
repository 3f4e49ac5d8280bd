//! What the function reads from its environment.

use api_gateway::RuntimeApi;
use auth::ResponseFormat;
use auth::env::{TOKEN_VARS, Tokens};
use service_kit::env::{ConfigError, Env, Reader, Var, join};
use service_kit::telemetry::Filter;

const OWN_VARS: &[Var] = &[
    Var::new(
        "AWS_LAMBDA_RUNTIME_API",
        None,
        "Address of the Runtime API, `host:port`. AWS Lambda sets it.",
    ),
    Var::new(
        "LOG_LEVEL",
        Some("info"),
        "What is logged: a level, or levels for targets (`warn,auth=debug`).",
    ),
    Var::new(
        "AUTHORIZER_RESPONSE",
        Some("iam"),
        "How an HTTP API with payload format 2.0 wants its answer, `iam` (a policy) or `simple`. A REST \
         API always gets a policy.",
    ),
];

/// Every variable this function reads.
pub const VARS: &[Var] = &join::<{ OWN_VARS.len() + TOKEN_VARS.len() }>(&[OWN_VARS, TOKEN_VARS]);

/// What the service needs to know.
#[derive(Clone, Debug)]
pub struct Config {
    /// Whose tokens are accepted, and what for.
    pub tokens: Tokens,
    /// How an HTTP API wants its answer.
    pub format: ResponseFormat,
}

/// What the function needs to know on Lambda.
#[derive(Clone, Debug)]
pub struct Lambda {
    /// For the service.
    pub config: Config,
    /// What is logged.
    pub log: Filter,
    /// Where events come from.
    pub runtime_api: RuntimeApi,
}

impl Lambda {
    /// Reads [`VARS`].
    ///
    /// # Errors
    /// All faults together.
    pub fn from_env(env: &dyn Env) -> Result<Self, ConfigError> {
        let mut env = Reader::new(env, VARS);
        let runtime_api = env.required("AWS_LAMBDA_RUNTIME_API");
        let log = env.or_default("LOG_LEVEL");
        let config = Config::read(&mut env);
        if let Some(config) = &config {
            config.tokens.reject_http(&mut env);
        }
        env.finish(|| Some(Self { config: config?, log: log?, runtime_api: runtime_api? }))
    }
}

impl Config {
    /// Reads what does not depend on the host. `None` means that a fault was remembered.
    pub fn read(env: &mut Reader<'_>) -> Option<Self> {
        let format = env.or_default("AUTHORIZER_RESPONSE");
        let tokens = Tokens::read(env);
        Some(Self { tokens: tokens?, format: format? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    const LAMBDA: (&str, &str) = ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001");
    const RESOURCE: (&str, &str) = ("MCP_RESOURCE", "https://mcp.example.com/mcp");
    const ISSUERS: (&str, &str) =
        ("AUTH_ISSUERS", r#"[{"issuer":"https://as.example.com","profile":"at+jwt"}]"#);

    #[test]
    fn a_resource_and_an_issuer_are_enough() {
        let lambda = Lambda::from_env(&BTreeMap::from([LAMBDA, RESOURCE, ISSUERS])).unwrap();
        assert_eq!(lambda.config.format, ResponseFormat::Iam);
        assert_eq!(lambda.config.tokens.issuers.len(), 1);
        let simple = ("AUTHORIZER_RESPONSE", "simple");
        let lambda = Lambda::from_env(&BTreeMap::from([LAMBDA, RESOURCE, ISSUERS, simple]));
        assert_eq!(lambda.unwrap().config.format, ResponseFormat::Simple);
    }

    #[test]
    fn x10_a_resource_of_http_is_refused_on_lambda_and_nowhere_else() {
        let resource = ("MCP_RESOURCE", "http://127.0.0.1:8787/mcp");
        let env = BTreeMap::from([LAMBDA, resource, ISSUERS]);
        let err = Lambda::from_env(&env).unwrap_err();
        let [fault] = &err.faults[..] else { panic!("{err:?}") };
        assert_eq!(fault.name, "MCP_RESOURCE");
        let mut reader = Reader::new(&env, VARS);
        let config = Config::read(&mut reader);
        assert!(reader.finish(|| config).is_ok());
    }

    #[test]
    fn all_faults_are_told_together() {
        let env = [("LOG_LEVEL", "a=b=c"), ("AUTHORIZER_RESPONSE", "yes"), ("AUTH_ISSUERS", "x")];
        let err = Lambda::from_env(&BTreeMap::from(env)).unwrap_err();
        let names: Vec<_> = err.faults.iter().map(|fault| fault.name.as_str()).collect();
        let all = VARS.iter().map(|var| var.name).collect::<Vec<_>>();
        assert_eq!(
            names,
            [
                "AWS_LAMBDA_RUNTIME_API",
                "LOG_LEVEL",
                "AUTHORIZER_RESPONSE",
                "MCP_RESOURCE",
                "AUTH_ISSUERS"
            ]
        );
        assert_eq!(names, all);
    }
}
