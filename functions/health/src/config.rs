use api_gateway::{Mode, RuntimeApi};
use service_kit::env::{ConfigError, Env, Reader, Var};
use service_kit::telemetry::Filter;

/// Every variable this function reads.
pub const VARS: &[Var] = &[
    Var {
        name: "AWS_LAMBDA_RUNTIME_API",
        default: None,
        doc: "Address of the Runtime API, `host:port`. AWS Lambda sets it.",
        secret: false,
    },
    Var {
        name: "LOG_LEVEL",
        default: Some("info"),
        doc: "What is logged: a level, or levels for targets (`warn,api_gateway=debug`).",
        secret: false,
    },
    Var {
        name: "RESPONSE_MODE",
        default: Some("buffered"),
        doc: "How answers travel, `buffered` or `streaming`; what the API Gateway integration is set to.",
        secret: false,
    },
    Var {
        name: "SERVICE_NAME",
        default: Some("lambda-mcp"),
        doc: "The name this deployment goes by in `/health`.",
        secret: false,
    },
];

/// What the service needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The name this deployment goes by.
    pub name: String,
}

/// What the function needs to know on Lambda.
#[derive(Debug, Clone)]
pub struct Lambda {
    /// For the service.
    pub config: Config,
    /// What is logged.
    pub log: Filter,
    /// How answers travel.
    pub mode: Mode,
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
        let mode = env.or_default("RESPONSE_MODE");
        let name = env.or_default("SERVICE_NAME");
        env.finish(|| {
            Some(Self {
                config: Config { name: name? },
                log: log?,
                mode: mode?,
                runtime_api: runtime_api?,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn lambda_alone_sets_all_that_is_required() {
        let env = BTreeMap::from([("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001")]);
        let lambda = Lambda::from_env(&env).unwrap();
        assert_eq!((lambda.mode, lambda.config.name.as_str()), (Mode::Buffered, "lambda-mcp"));
    }

    #[test]
    fn all_faults_are_reported_together() {
        let env = BTreeMap::from([("RESPONSE_MODE", "fast"), ("LOG_LEVEL", "a=b=c")]);
        let err = Lambda::from_env(&env).unwrap_err().to_string();
        for name in ["AWS_LAMBDA_RUNTIME_API", "LOG_LEVEL", "RESPONSE_MODE"] {
            assert!(err.contains(name), "{err}");
        }
    }
}
