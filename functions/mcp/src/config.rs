//! What the function reads from its environment.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use api_gateway::{Mode, RuntimeApi};
use backend_amp::{MaxSamples, Settings};
use mcp_http::{NotAnOrigin, Origin, Origins};
use service_kit::env::{ConfigError, Env, Reader, Var};
use service_kit::telemetry::Filter;

const fn var(name: &'static str, default: Option<&'static str>, doc: &'static str) -> Var {
    Var { name, default, doc, secret: false }
}

const fn secret(name: &'static str, doc: &'static str) -> Var {
    Var { name, default: None, doc, secret: true }
}

/// Every variable this function reads.
pub const VARS: &[Var] = &[
    var(
        "AWS_LAMBDA_RUNTIME_API",
        None,
        "Address of the Runtime API, `host:port`. AWS Lambda sets it.",
    ),
    var(
        "LOG_LEVEL",
        Some("info"),
        "What is logged: a level, or levels for targets (`warn,backend_amp=debug`).",
    ),
    var(
        "RESPONSE_MODE",
        Some("buffered"),
        "How answers travel, `buffered` or `streaming`; what the API Gateway integration is set to.",
    ),
    var(
        "ALLOWED_ORIGINS",
        None,
        "Origins of web pages that may call, separated by commas, such as `https://app.example.com`. \
         Requests without `Origin` are not from a web page and are not concerned.",
    ),
    var("MAX_REQUEST_BYTES", Some("1048576"), "The biggest request body that is read, in bytes."),
    secret(
        "MCP_STATE_KEY",
        "64 hexadecimal digits that seal cursors and request state. Instances that share it understand \
         each other's; without it each draws its own, and a client whose next request meets another \
         instance is told to begin again.",
    ),
    var(
        "PROMETHEUS_URL",
        None,
        "The server to ask when a call names no workspace: any that speaks Prometheus' HTTP API, or a \
         workspace of Amazon Managed Prometheus (`https://aps-workspaces.REGION.amazonaws.com/workspaces/ID`).",
    ),
    var("PROMETHEUS_WORKSPACE_ID", None, "The workspace to ask when a call names none, `ws-…`."),
    var(
        "PROMETHEUS_SIGV4",
        None,
        "Whether requests to `PROMETHEUS_URL` are signed, `true` or `false`; by default those to Amazon \
         Managed Prometheus are.",
    ),
    var(
        "PROMETHEUS_CA_FILE",
        None,
        "A file of certificates in PEM: authorities to trust beside the public ones, such as that of a \
         private Prometheus server.",
    ),
    var(
        "PROMETHEUS_MAX_SAMPLES",
        None,
        "The most samples a query to Amazon Managed Prometheus may process; one that needs more is \
         refused, and not billed.",
    ),
    var(
        "PROMETHEUS_WARN_SAMPLES",
        None,
        "From how many samples on a query to Amazon Managed Prometheus answers with a warning.",
    ),
    var(
        "PROMETHEUS_TIMEOUT_MS",
        Some("60000"),
        "The longest any question to a server may take, in milliseconds.",
    ),
    var("AWS_REGION", None, "The region of workspaces when a call names none. AWS Lambda sets it."),
    var(
        "AWS_ENDPOINT_URL_AMP",
        None,
        "Where the control plane of Amazon Managed Prometheus is, when not at AWS.",
    ),
    var("AWS_ENDPOINT_URL", None, "The same for all of AWS; `AWS_ENDPOINT_URL_AMP` goes before."),
    secret("AWS_ACCESS_KEY_ID", "Credentials for Amazon Managed Prometheus. AWS Lambda sets them."),
    secret("AWS_SECRET_ACCESS_KEY", "See `AWS_ACCESS_KEY_ID`."),
    secret("AWS_SESSION_TOKEN", "See `AWS_ACCESS_KEY_ID`; not needed for long-term keys."),
];

/// What the service needs to know.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Which Prometheus servers there are.
    pub prometheus: Settings,
    /// What requests to AWS are signed with; without, AWS cannot be asked.
    pub credentials: Option<Credentials>,
    /// Seals cursors and request state.
    pub state_key: Option<StateKey>,
    /// How requests are received.
    pub http: mcp_http::Settings,
}

/// An AWS key pair, with the session token of a temporary one.
#[derive(Clone)]
pub struct Credentials {
    /// The access key's id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: String,
    /// The session token, for temporary keys.
    pub session_token: Option<String>,
}

// Neither is ever shown, not even in a debug line.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials")
    }
}

/// A key of 32 bytes, from 64 hexadecimal digits.
#[derive(Clone)]
pub struct StateKey(pub(crate) [u8; 32]);

impl fmt::Debug for StateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StateKey")
    }
}

/// Origins, separated by commas.
struct OriginList(Vec<Origin>);

impl FromStr for OriginList {
    type Err = NotAnOrigin;

    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        text.split(',').map(|origin| origin.trim().parse()).collect::<Result<_, _>>().map(Self)
    }
}

/// The text is not 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 64 hexadecimal digits")]
pub struct NotAStateKey;

impl FromStr for StateKey {
    type Err = NotAStateKey;

    fn from_str(text: &str) -> Result<Self, NotAStateKey> {
        let digits = text.as_bytes();
        let mut key = [0; 32];
        if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(NotAStateKey);
        }
        for (byte, pair) in key.iter_mut().zip(text.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| NotAStateKey)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| NotAStateKey)?;
        }
        Ok(Self(key))
    }
}

/// What the function needs to know on Lambda.
#[derive(Clone, Debug)]
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
        let config = Config::read(&mut env);
        env.finish(|| {
            let (mode, mut config): (_, Config) = (mode?, config?);
            config.http.streaming = mode == Mode::Streaming;
            // Pages of somebody's own machine have no business with a server that is not on it.
            config.http.origins.loopback = false;
            Some(Self { config, log: log?, mode, runtime_api: runtime_api? })
        })
    }
}

impl Config {
    /// Reads what does not depend on the host. `None` means that a fault was remembered.
    pub fn read(env: &mut Reader<'_>) -> Option<Self> {
        let origins = env.optional("ALLOWED_ORIGINS").unwrap_or(OriginList(Vec::new()));
        let body_limit = env.or_default("MAX_REQUEST_BYTES");
        let state_key = env.optional("MCP_STATE_KEY");
        let timeout_ms = env.or_default("PROMETHEUS_TIMEOUT_MS");
        let endpoint: Option<String> = env.optional("AWS_ENDPOINT_URL_AMP");
        let prometheus = Settings {
            url: env.optional("PROMETHEUS_URL"),
            workspace: env.optional("PROMETHEUS_WORKSPACE_ID"),
            region: env.optional("AWS_REGION"),
            sigv4: env.optional("PROMETHEUS_SIGV4"),
            control_plane_endpoint: endpoint.or_else(|| env.optional("AWS_ENDPOINT_URL")),
            ca_file: env.optional("PROMETHEUS_CA_FILE"),
            max_samples: MaxSamples {
                warning: env.optional("PROMETHEUS_WARN_SAMPLES"),
                error: env.optional("PROMETHEUS_MAX_SAMPLES"),
            },
            request_timeout: Duration::from_millis(timeout_ms?),
            ..Settings::default()
        };
        if let (Some(url), Some(_)) = (&prometheus.url, &prometheus.workspace)
            && !url.is_amp()
        {
            let reason = "is a workspace of AWS, and PROMETHEUS_URL is not: set one of the two";
            env.reject("PROMETHEUS_WORKSPACE_ID", reason);
        }
        Some(Self {
            prometheus,
            credentials: Credentials::read(env),
            state_key,
            http: mcp_http::Settings {
                origins: Origins { exact: origins.0, ..Origins::default() },
                body_limit: body_limit?,
                ..mcp_http::Settings::default()
            },
        })
    }
}

impl Credentials {
    fn read(env: &mut Reader<'_>) -> Option<Self> {
        let access_key_id = env.optional("AWS_ACCESS_KEY_ID");
        let secret_access_key = env.optional("AWS_SECRET_ACCESS_KEY");
        let session_token = env.optional("AWS_SESSION_TOKEN");
        match (access_key_id, secret_access_key) {
            (Some(access_key_id), Some(secret_access_key)) => {
                Some(Self { access_key_id, secret_access_key, session_token })
            }
            (None, None) => None,
            _ => {
                env.reject(
                    "AWS_ACCESS_KEY_ID",
                    "goes with AWS_SECRET_ACCESS_KEY, and one is missing",
                );
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const LAMBDA: (&str, &str) = ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001");

    #[test]
    fn what_lambda_sets_is_enough() {
        let lambda = Lambda::from_env(&BTreeMap::from([LAMBDA])).unwrap();
        assert_eq!(lambda.mode, Mode::Buffered);
        assert!(!lambda.config.http.streaming && !lambda.config.http.origins.loopback);
        assert_eq!(lambda.config.http.body_limit, 1 << 20);
    }

    #[test]
    fn everything_set_is_understood() {
        let key = "0123456789abcdef".repeat(4);
        let env = BTreeMap::from([
            LAMBDA,
            ("RESPONSE_MODE", "streaming"),
            ("ALLOWED_ORIGINS", "https://a.example, https://b.example"),
            ("MCP_STATE_KEY", key.as_str()),
            ("PROMETHEUS_URL", "http://localhost:9090"),
            ("PROMETHEUS_MAX_SAMPLES", "1000"),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ENDPOINT_URL", "http://localhost:4566"),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
        ]);
        let config = Lambda::from_env(&env).unwrap().config;
        assert!(config.http.streaming);
        let origins: Vec<_> = config.http.origins.exact.iter().map(Origin::as_str).collect();
        assert_eq!(origins, ["https://a.example", "https://b.example"]);
        assert_eq!(config.state_key.as_ref().unwrap().0[..2], [0x01, 0x23]);
        assert_eq!(
            config.prometheus.control_plane_endpoint.as_deref(),
            Some("http://localhost:4566")
        );
        assert!(config.credentials.is_some());
    }

    #[test]
    fn a_workspace_beside_a_server_that_has_none_is_refused() {
        let url = |url| {
            let env = [LAMBDA, ("PROMETHEUS_URL", url), ("PROMETHEUS_WORKSPACE_ID", "ws-1a2b3c4d")];
            Lambda::from_env(&BTreeMap::from(env)).map(|_| ())
        };
        assert!(url("http://localhost:9090").is_err());
        assert_eq!(url("https://aps-workspaces.us-east-1.amazonaws.com"), Ok(()));
    }

    #[test]
    fn all_faults_are_told_together_and_no_secret_is() {
        let env = BTreeMap::from([
            LAMBDA,
            ("MCP_STATE_KEY", "tooshort-and-private"),
            ("PROMETHEUS_URL", "not a url"),
            ("PROMETHEUS_WORKSPACE_ID", "prod"),
            ("ALLOWED_ORIGINS", "https://a.example/path"),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ]);
        let err = Lambda::from_env(&env).unwrap_err().to_string();
        for name in [
            "MCP_STATE_KEY",
            "PROMETHEUS_URL",
            "PROMETHEUS_WORKSPACE_ID",
            "ALLOWED_ORIGINS",
            "AWS_ACCESS_KEY_ID",
        ] {
            assert!(err.contains(name), "{name}: {err}");
        }
        assert!(!err.contains("private") && !err.contains("AKIDEXAMPLE"), "{err}");
    }

    proptest! {
        #[test]
        fn a_state_key_is_read_back_and_no_text_panics(
            key in any::<[u8; 32]>(),
            text in ".*|.{64}|[0-9a-fA-F]{63,65}",
        ) {
            let digits: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
            prop_assert_eq!(digits.parse::<StateKey>().unwrap().0, key);
            prop_assert_eq!(digits.to_uppercase().parse::<StateKey>().unwrap().0, key);
            let legal = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
            prop_assert_eq!(text.parse::<StateKey>().is_ok(), legal);
        }

        #[test]
        fn a_list_of_origins_renders_back(
            origins in proptest::collection::vec("https?://[a-z]{1,8}(:[0-9]{1,4})?", 1..5),
        ) {
            let list: OriginList = origins.join(" , ").parse().unwrap();
            let read: Vec<_> = list.0.iter().map(Origin::as_str).collect();
            prop_assert_eq!(read, origins);
        }

        #[test]
        fn no_value_panics_and_no_secret_is_told(
            origins in "[^\0]*|(https?://[ -~]{0,9},?){1,3}",
            url in "[^\0]*",
            (key, id, secret, token) in
                ("hunter2[ -~]{0,60}", "hunter2[ -~]*", "hunter2[ -~]*", "hunter2[ -~]*"),
            lone in any::<bool>(),
        ) {
            let mut env = BTreeMap::from([
                LAMBDA,
                ("ALLOWED_ORIGINS", origins.as_str()),
                ("PROMETHEUS_URL", url.as_str()),
                ("MCP_STATE_KEY", key.as_str()),
                ("AWS_ACCESS_KEY_ID", id.as_str()),
                ("AWS_SESSION_TOKEN", token.as_str()),
            ]);
            if !lone {
                env.insert("AWS_SECRET_ACCESS_KEY", secret.as_str());
            }
            // `u` is no hexadecimal digit, so the key is a fault.
            let err = Lambda::from_env(&env).unwrap_err();
            let told = format!("{err} {err:?}");
            prop_assert!(told.contains("MCP_STATE_KEY"), "{}", told);
            prop_assert!(!told.contains("hunter2"), "{}", told);
        }
    }
}
