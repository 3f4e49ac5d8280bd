//! What the function reads from its environment.

mod cases;
mod grants;
mod secrets;
mod tenants;
mod vars;

use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use api_gateway::{Mode, RuntimeApi};
use auth::AuthMode;
use auth::env::DoorSettings;
use backend_amp::{MaxSamples, Settings};
use mcp_http::{NotAnOrigin, Origin, Origins};
use service_kit::env::{ConfigError, Env, Reader};
use service_kit::telemetry::Filter;

pub use cases::CaseSettings;
pub use secrets::{Credentials, NotAStateKey, StateKey};
pub use tenants::TenantSettings;
pub use vars::VARS;

/// What the service needs to know.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Which Prometheus servers there are.
    pub prometheus: Settings,
    /// What requests to AWS are signed with; without, AWS cannot be asked.
    pub credentials: Option<Credentials>,
    /// What tenants may ask; `None` when all callers may ask the same.
    pub tenants: Option<TenantSettings>,
    /// Seals cursors and request state.
    pub state_key: Option<StateKey>,
    /// How requests are received.
    pub http: mcp_http::Settings,
    /// Who is let in; `None` lets in everyone, and is for a machine of one's own only
    /// ([`Config::check_bind`]).
    pub door: Option<DoorSettings>,
    /// Where the support cases are; `None` for a server without tools for them.
    pub cases: Option<CaseSettings>,
    /// Where it is asked whether grants hold; `Some` when the grants of any issuer are checked.
    pub grants: Option<grants_dynamodb::Settings>,
    /// Whether callers are shown only the tools that they may call.
    pub list_only_callable: bool,
}

/// Other machines can reach an address where everyone would be let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "AUTH_MODE=none lets everyone in, and other machines can reach {0}: listen on 127.0.0.1, or set AUTH_MODE"
)]
pub struct Unguarded(pub IpAddr);

/// Origins, separated by commas.
struct OriginList(Vec<Origin>);

impl FromStr for OriginList {
    type Err = NotAnOrigin;

    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        text.split(',').map(|origin| origin.trim().parse()).collect::<Result<_, _>>().map(Self)
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
        let door = DoorSettings::read(&mut env);
        if door.as_ref().is_some_and(|door| door.mode == AuthMode::None) {
            env.reject("AUTH_MODE", "none is for a machine of one's own, never for AWS Lambda");
        }
        if let Some(tokens) = door.as_ref().and_then(|door| door.tokens.as_ref()) {
            tokens.reject_http(&mut env);
        }
        let config = Config::with_door(door, &mut env);
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
        let door = DoorSettings::read(env);
        Self::with_door(door, env)
    }

    /// To be asked before listening on `address`.
    ///
    /// # Errors
    /// When everyone would be let in, from other machines too.
    pub fn check_bind(&self, address: IpAddr) -> Result<(), Unguarded> {
        let guarded = self.door.as_ref().is_some_and(|door| door.mode != AuthMode::None);
        // `::ffff:127.0.0.1` is this machine too.
        if guarded || address.to_canonical().is_loopback() {
            Ok(())
        } else {
            Err(Unguarded(address))
        }
    }

    fn with_door(door: Option<DoorSettings>, env: &mut Reader<'_>) -> Option<Self> {
        let list_only_callable = env.or_default("LIST_ONLY_CALLABLE_TOOLS");
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
        let credentials = Credentials::read(env);
        let knows_callers = door.as_ref().is_none_or(|door| door.mode != AuthMode::None);
        let tenants = TenantSettings::read(env, &prometheus, credentials.is_some(), knows_callers);
        let tokens = door.as_ref().and_then(|door| door.tokens.as_ref());
        let region = prometheus.region.as_ref();
        let cases = CaseSettings::read(env, region, credentials.is_some());
        let grants = grants::read(env, tokens, &prometheus, credentials.is_some());
        Some(Self {
            prometheus,
            credentials,
            tenants,
            cases,
            grants,
            state_key,
            door: Some(door?).filter(|door| door.mode != AuthMode::None),
            list_only_callable: list_only_callable?,
            http: mcp_http::Settings {
                origins: Origins { exact: origins.0, ..Origins::default() },
                body_limit: body_limit?,
                ..mcp_http::Settings::default()
            },
        })
    }
}

#[cfg(test)]
mod tests;
