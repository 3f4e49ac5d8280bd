//! What the function reads from its environment.

mod clients;
mod people;
mod provider;
mod vars;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use api_gateway::RuntimeApi;
use auth::env::Table;
use auth::{NotAUrl, Resource, Scopes, TenantId};
use backend_kms::KeyId;
use oauth::{Client, DevUser, Provider, SecretHash};
use service_kit::env::{ConfigError, Env, Reader};
use service_kit::telemetry::Filter;
use store_dynamodb::Tables;

use clients::Clients;
use people::People;
use provider::LoginProvider;

pub use vars::VARS;

/// What the service needs to know.
#[derive(Clone, Debug)]
pub struct Config {
    /// `iss`: an origin.
    pub issuer: String,
    /// What tokens are for.
    pub resource: Resource,
    /// The scopes there are.
    pub scopes: Scopes,
    /// What a client gets that asks for none.
    pub default_scopes: Scopes,
    /// How long an access token is good.
    pub access_token: Duration,
    /// How people prove who they are.
    pub login: LoginSettings,
    /// Who may register clients.
    pub registration: oauth::Registration,
    /// The clients that an operator knows.
    pub clients: Vec<Client>,
    /// What tokens are signed with.
    pub keys: KeySettings,
    /// Where the tables are.
    pub tables: store_dynamodb::Settings,
    /// What requests to AWS are signed with.
    pub credentials: Credentials,
}

/// How people prove who they are.
#[derive(Clone, Debug)]
pub enum LoginSettings {
    /// By a list, on one's own machine.
    Development(Vec<DevUser>),
    /// At an identity provider.
    Provider(Provider),
}

/// What tokens are signed with.
#[derive(Clone, Debug)]
pub enum KeySettings {
    /// A fresh key for this run, on one's own machine.
    Generated,
    /// A key in a file, in PKCS#8.
    File(PathBuf),
    /// Keys of AWS KMS.
    Kms {
        /// Where it is.
        settings: backend_kms::Settings,
        /// The one that signs.
        active: KeyId,
        /// Those that will sign, or have signed.
        published: Vec<KeyId>,
    },
}

/// An AWS key pair, with the session token of a temporary one. Never shown.
#[derive(Clone)]
pub struct Credentials {
    /// The access key's id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: String,
    /// The session token, for temporary keys.
    pub session_token: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials")
    }
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
            config.reject_what_is_for_ones_own_machine(&mut env);
        }
        env.finish(|| Some(Self { config: config?, log: log?, runtime_api: runtime_api? }))
    }
}

/// `open` or `closed`.
struct Openness(bool);

impl FromStr for Openness {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "open" => Ok(Self(true)),
            "closed" => Ok(Self(false)),
            _ => Err("must be open or closed"),
        }
    }
}

/// An issuer: scheme, host and port.
struct Origin(String);

#[derive(Debug, thiserror::Error)]
enum NotAnOrigin {
    #[error(transparent)]
    Url(#[from] NotAUrl),
    #[error("must not have a path: clients look for the metadata at the root of the host")]
    Path,
}

impl FromStr for Origin {
    type Err = NotAnOrigin;

    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        let url: Resource = text.parse()?;
        // Compared to the letter by clients: it must be what everybody would write.
        if url.path().is_empty() && url.as_str() == text {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAnOrigin::Path)
        }
    }
}

/// Seconds that an access token may be good.
struct TokenSeconds(u64);

impl FromStr for TokenSeconds {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let seconds = text.parse().ok().filter(|seconds| (60..=3600).contains(seconds));
        seconds.map(Self).ok_or("must be 60 to 3600")
    }
}

/// A tenant, or none.
struct MaybeTenant(Option<TenantId>);

impl FromStr for MaybeTenant {
    type Err = auth::NotATenantId;

    fn from_str(text: &str) -> Result<Self, auth::NotATenantId> {
        if text.is_empty() { Ok(Self(None)) } else { text.parse().map(|id| Self(Some(id))) }
    }
}

/// The SHA-256 of a token, as text.
struct TokenHash(String);

impl FromStr for TokenHash {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hash = SecretHash::from_text(text).ok_or("is not the base64url of 32 bytes")?;
        Ok(Self(hash.to_text()))
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Config {
    /// Reads what does not depend on the host. `None` means that a fault was remembered.
    pub fn read(env: &mut Reader<'_>) -> Option<Self> {
        let issuer: Option<Origin> = env.required("OAUTH_ISSUER");
        let resource = env.required("MCP_RESOURCE");
        let scopes: Option<Scopes> = env.or_default("OAUTH_SCOPES");
        let default_scopes: Option<Scopes> = env.or_default("OAUTH_DEFAULT_SCOPES");
        let seconds: Option<TokenSeconds> = env.or_default("OAUTH_ACCESS_TOKEN_SECONDS");
        let open: Option<Openness> = env.or_default("OAUTH_REGISTRATION");
        let initial: Option<Table<TokenHash, MaybeTenant>> = env.optional("OAUTH_INITIAL_ACCESS");
        let clients: Clients = env.optional("OAUTH_CLIENTS").unwrap_or_default();
        let login = login(env, issuer.as_ref());
        let keys = keys(env);
        let tables = tables(env);
        let credentials = credentials(env);
        if let (Some(all), Some(default)) = (&scopes, &default_scopes)
            && !all.contain_all(default)
        {
            env.reject("OAUTH_DEFAULT_SCOPES", "must be among OAUTH_SCOPES");
        }
        let initial = initial.unwrap_or_default().into_map().into_iter();
        Some(Self {
            issuer: issuer?.0,
            resource: resource?,
            scopes: scopes?,
            default_scopes: default_scopes?,
            access_token: Duration::from_secs(seconds?.0),
            login: login?,
            registration: oauth::Registration {
                open: open?.0,
                initial_access: initial
                    .filter_map(|(hash, tenant)| Some((SecretHash::from_text(&hash)?, tenant.0)))
                    .collect(),
            },
            clients: clients.0,
            keys: keys?,
            tables: tables?,
            credentials: credentials?,
        })
    }

    fn reject_what_is_for_ones_own_machine(&self, env: &mut Reader<'_>) {
        let https =
            "must begin with https://: http is for a machine of one's own, never for AWS Lambda";
        if !self.issuer.starts_with("https://") {
            env.reject("OAUTH_ISSUER", https);
        }
        if !self.resource.as_str().starts_with("https://") {
            env.reject("MCP_RESOURCE", https);
        }
        if let LoginSettings::Development(_) = self.login {
            let reason = "is for a machine of one's own, never for AWS Lambda";
            env.reject("OAUTH_DEVELOPMENT_USERS", reason);
        }
        if let KeySettings::Generated = self.keys {
            let reason =
                "generated is for a machine of one's own: no two instances would have one key";
            env.reject("OAUTH_SIGNING_KEY", reason);
        }
    }
}

/// Who is known elsewhere goes before those who are listed.
fn login(env: &mut Reader<'_>, issuer: Option<&Origin>) -> Option<LoginSettings> {
    let people: Option<People> = env.optional("OAUTH_DEVELOPMENT_USERS");
    let provider: Option<LoginProvider> = env.optional("OAUTH_LOGIN");
    let client_secret: Option<String> = env.optional("OAUTH_LOGIN_CLIENT_SECRET");
    match (provider, people) {
        (Some(LoginProvider { upstream, scope }), _) => {
            let redirect_uri = format!("{}{}", issuer?.0, oauth::CALLBACK_PATH);
            let provider = Provider { upstream, client_secret, scope, redirect_uri };
            Some(LoginSettings::Provider(provider))
        }
        (None, Some(people)) => Some(LoginSettings::Development(people.0)),
        (None, None) => {
            env.reject("OAUTH_LOGIN", "is required: nobody could log in");
            None
        }
    }
}

/// `generated`, or the name of a key.
enum SigningKeyName {
    Generated,
    Kms(KeyId),
}

impl FromStr for SigningKeyName {
    type Err = <KeyId as FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "generated" { Ok(Self::Generated) } else { text.parse().map(Self::Kms) }
    }
}

/// Names with commas between.
#[derive(Default)]
struct KeyIds(Vec<KeyId>);

impl FromStr for KeyIds {
    type Err = <KeyId as FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split(',').map(|name| name.trim().parse()).collect::<Result<_, _>>().map(Self)
    }
}

fn keys(env: &mut Reader<'_>) -> Option<KeySettings> {
    let name: Option<SigningKeyName> = env.optional("OAUTH_SIGNING_KEY");
    let file: Option<PathBuf> = env.optional("OAUTH_SIGNING_KEY_FILE");
    let published: KeyIds = env.optional("OAUTH_PUBLISHED_KEYS").unwrap_or_default();
    let region: Option<String> = env.optional("AWS_REGION");
    let endpoint: Option<String> = env.optional("AWS_ENDPOINT_URL_KMS");
    match (name, file) {
        (Some(SigningKeyName::Kms(active)), None) => {
            let endpoint = endpoint.or_else(|| env.optional("AWS_ENDPOINT_URL"));
            let settings = backend_kms::Settings { region: region?, endpoint };
            Some(KeySettings::Kms { settings, active, published: published.0 })
        }
        (Some(SigningKeyName::Generated), None) => Some(KeySettings::Generated),
        (None, Some(file)) => Some(KeySettings::File(file)),
        (Some(_), Some(_)) => {
            env.reject(
                "OAUTH_SIGNING_KEY_FILE",
                "is there beside OAUTH_SIGNING_KEY: set one of the two",
            );
            None
        }
        (None, None) => {
            env.reject("OAUTH_SIGNING_KEY", "is required, or else OAUTH_SIGNING_KEY_FILE");
            None
        }
    }
}

fn tables(env: &mut Reader<'_>) -> Option<store_dynamodb::Settings> {
    let clients = env.or_default("OAUTH_CLIENTS_TABLE");
    let codes = env.or_default("OAUTH_CODES_TABLE");
    let refresh_tokens = env.or_default("OAUTH_REFRESH_TOKENS_TABLE");
    let region = env.required("AWS_REGION");
    let endpoint: Option<String> = env.optional("AWS_ENDPOINT_URL_DYNAMODB");
    Some(store_dynamodb::Settings {
        region: region?,
        endpoint: endpoint.or_else(|| env.optional("AWS_ENDPOINT_URL")),
        tables: Tables { clients: clients?, codes: codes?, refresh_tokens: refresh_tokens? },
    })
}

fn credentials(env: &mut Reader<'_>) -> Option<Credentials> {
    let access_key_id = env.required("AWS_ACCESS_KEY_ID");
    let secret_access_key = env.required("AWS_SECRET_ACCESS_KEY");
    let session_token = env.optional("AWS_SESSION_TOKEN");
    Some(Credentials {
        access_key_id: access_key_id?,
        secret_access_key: secret_access_key?,
        session_token,
    })
}

#[cfg(test)]
mod tests;
