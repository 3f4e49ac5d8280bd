//! An API with an authorizer, an issuer, and requests to it.

use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use local_aws::LocalAws;
use local_aws::cognito::{Client, Cognito, CognitoConfig, Mint};
use local_aws::gateway::Authorization;
use serde_json::{Value, json};
use tests::binary;
use tests::emulator::{AuthorizerSettings, Emulator, Front, Mode, Settings};

use crate::lambda::send;

const RESOURCE: &str = "https://mcp.example.com/mcp";
/// What a deployment sets as the challenge of its gateway responses.
pub(crate) const CHALLENGE: &str = "Bearer \
     resource_metadata=\"https://mcp.example.com/.well-known/oauth-protected-resource/mcp\", \
     scope=\"prometheus-mcp-server/read\"";

/// A user pool with an app client for each of two tenants, who have the client's name.
pub(crate) struct Issuer(LocalAws);

impl Issuer {
    pub(crate) async fn start() -> Self {
        let client = |id: &str| Client {
            id: id.to_owned(),
            tenant: Some(id.to_owned()),
            ..Client::default()
        };
        let cognito = CognitoConfig {
            clients: vec![client("acme"), client("blue")],
            ..CognitoConfig::default()
        };
        let config = local_aws::Config { cognito, ..local_aws::Config::default() };
        Self(LocalAws::start(config).await.unwrap())
    }

    pub(crate) fn pool(&self) -> &Cognito {
        self.0.cognito()
    }

    pub(crate) async fn token(&self, mint: &Mint) -> String {
        self.pool().mint(mint).await.unwrap()
    }

    /// The MCP function behind the authorizer, both of which take this issuer's tokens.
    pub(crate) fn server(&self, front: Front, mode: Mode) -> Settings {
        static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
        let program = PROGRAM.get_or_init(|| binary::build("fn-mcp").unwrap());
        self.before(Settings::new(program, front, mode))
            .with_env("AUTH_MODE", "jwt")
            .with_env("MCP_RESOURCE", RESOURCE)
            .with_env("AUTH_ISSUERS", self.entry())
    }

    /// The authorizer before any function, whose routes are those of a deployment and a few that are
    /// for nobody.
    pub(crate) fn before(&self, settings: Settings) -> Settings {
        static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
        let program = PROGRAM.get_or_init(|| binary::build("fn-authorizer").unwrap());
        let authorizer = AuthorizerSettings::new(program)
            .with_env("MCP_RESOURCE", RESOURCE)
            .with_env("AUTH_ISSUERS", self.entry());
        let mut settings = settings.with_authorizer(authorizer).with_routes(&[
            ("POST /mcp", Authorization::Custom),
            ("GET /mcp", Authorization::Custom),
            ("DELETE /mcp", Authorization::Custom),
            ("GET /tools", Authorization::Custom),
            ("POST /tools", Authorization::Custom),
            ("POST /tools/{name}", Authorization::Custom),
            ("DELETE /tools/{name}", Authorization::Custom),
            ("GET /openapi.json", Authorization::Custom),
            ("DELETE /clients/{id}", Authorization::Custom),
            ("ANY /admin", Authorization::Custom),
        ]);
        let unauthorized = &mut settings.gateway_responses.unauthorized;
        unauthorized.insert(header::WWW_AUTHENTICATE, CHALLENGE.parse().unwrap());
        settings
    }

    fn entry(&self) -> String {
        let entry = json!([{
            "issuer": self.pool().issuer(),
            "profile": "cognito",
            "clients": ["acme", "blue"],
            "tenant_claim": "tenant_id",
        }]);
        entry.to_string()
    }
}

/// A token of this client that may read.
pub(crate) fn reading(client: &str) -> Mint {
    granted(client, "prometheus-mcp-server/read")
}

/// A token of this client with this scope.
pub(crate) fn granted(client: &str, scope: &str) -> Mint {
    Mint::access(client).with_scopes([scope])
}

/// The API at work. No line of its log has any part of a token that it was sent.
pub(crate) struct Site {
    emulator: Emulator,
    sent: Mutex<Vec<String>>,
}

/// What a client sees.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) json: Value,
}

impl Site {
    pub(crate) async fn start(settings: Settings) -> Self {
        Self { emulator: Emulator::start(settings).await.unwrap(), sent: Mutex::default() }
    }

    /// The answer to `tools/list` with this token.
    pub(crate) async fn list(&self, token: &str) -> Reply {
        self.post("/mcp", Some(token)).await
    }

    /// The answer to `tools/list` at this path.
    pub(crate) async fn post(&self, path: &str, token: Option<&str>) -> Reply {
        self.ask("POST", path, token).await
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, token: Option<&str>) -> Reply {
        let message = json!({"jsonrpc": "2.0", "id": 7, "method": "tools/list"});
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "mcp.example.com")
            .header("content-type", "application/json");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
            let parts = token.split('.').filter(|part| part.len() >= 20).map(str::to_owned);
            self.sent.lock().unwrap_or_else(PoisonError::into_inner).extend(parts);
        }
        let request = request.body(Full::from(message.to_string())).unwrap();
        let (head, body) = send(&self.emulator, request).await.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let json = serde_json::from_slice(&body).unwrap_or_default();
        Reply { status: head.status, headers: head.headers, json }
    }

    pub(crate) fn log(&self) -> String {
        self.emulator.log()
    }

    /// Fails unless the log comes to have this text so many times.
    pub(crate) async fn assert_logged(&self, text: &str, times: usize) {
        // What a process has written comes by a pipe, and may come after its answer.
        for _ in 0..200 {
            if self.log().matches(text).count() >= times {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let log = self.log();
        assert_eq!(log.matches(text).count(), times, "{text} in {log}");
    }
}

/// In the log where the authorizer let somebody pass.
pub(crate) const ALLOWED: &str = "\"decision\":\"allow\"";
/// In the log where the function turned somebody away whom the authorizer had let pass.
pub(crate) const REFUSED: &str = "refused at the door";

impl Drop for Site {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let log = self.log();
        for part in self.sent.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            assert!(!log.contains(part), "{part} is in {log}");
        }
    }
}
