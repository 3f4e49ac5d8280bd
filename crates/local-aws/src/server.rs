//! The server: a port of this machine, and what to tell a client about it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::post;
use dynoxide::DynoxideError;
use service_kit::clock::{Clock, SystemClock};
use service_kit::random::RandomError;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::amp::{self, Amp, Status, Workspace};
use crate::athena::{self, Athena, Lake};
use crate::bedrock::{self, Bedrock, Llm};
use crate::cases::CasesConfig;
use crate::cognito::{self, Cognito, CognitoConfig};
use crate::dynamodb::{self, DynamoDb, Table};
use crate::glue::{self, Glue};
use crate::sample::SampleMetrics;
use crate::sigv4::{Credentials, Keyring, Verifier};
use crate::sts::Sts;

/// How often what has ended is taken out of the tables.
const SWEEP: Duration = Duration::from_secs(60);

/// What to serve, and to whom.
#[derive(Debug, Clone)]
pub struct Config {
    /// The port on 127.0.0.1; 0 for any free one.
    pub port: u16,
    /// The region it is in.
    pub region: String,
    /// Whose signatures it accepts, beside those of the credentials that its STS gives out.
    pub credentials: Credentials,
    /// The workspaces of AMP.
    pub workspaces: Vec<Workspace>,
    /// The user pool of Cognito.
    pub cognito: CognitoConfig,
    /// The tables of DynamoDB that are there from the start.
    pub tables: Vec<Table>,
    /// The file that DynamoDB keeps them in; `None`: in memory, until the end.
    pub data: Option<PathBuf>,
    /// What the support cases are called.
    pub cases: CasesConfig,
    /// The model that reads them; `None`: sentences are picked.
    pub llm: Option<Llm>,
    /// What it takes for the present.
    pub clock: Arc<dyn Clock>,
}

impl Default for Config {
    /// Any free port, and one workspace with the alias `sample`.
    fn default() -> Self {
        Self {
            port: 0,
            region: "us-east-1".to_owned(),
            credentials: Credentials::default(),
            workspaces: vec![Workspace {
                id: "ws-5a3b1e00-0000-4000-8000-000000000001".to_owned(),
                alias: Some("sample".to_owned()),
                status: Status::Active,
                tenant: None,
            }],
            cognito: CognitoConfig::default(),
            tables: Vec::new(),
            data: None,
            cases: CasesConfig::default(),
            llm: None,
            clock: Arc::new(SystemClock),
        }
    }
}

/// The server could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The port is taken or not allowed.
    #[error("port {port} of 127.0.0.1 cannot be used")]
    Port {
        /// The port that was asked for.
        port: u16,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// DynamoDB cannot keep its tables there.
    #[error("the tables cannot be kept")]
    Data(#[from] DynoxideError),
    /// There is no randomness for secrets.
    #[error(transparent)]
    Random(#[from] RandomError),
}

/// AWS, served on a port of this machine until it is stopped or dropped.
#[derive(Debug)]
pub struct LocalAws {
    /// Where it is served.
    pub address: SocketAddr,
    region: String,
    credentials: Credentials,
    keys: Keyring,
    cognito: Arc<Cognito>,
    cases: Vec<(&'static str, String)>,
    athena: Arc<athena::Control>,
    bedrock: Arc<bedrock::Control>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<io::Result<()>>,
}

impl LocalAws {
    /// Starts to serve.
    ///
    /// # Errors
    /// When the port is taken, or there is no randomness for a client's secret.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let Config {
            port,
            region,
            credentials,
            workspaces,
            cognito,
            tables,
            data,
            cases,
            llm,
            clock,
        } = config;
        let unusable = |source| StartError::Port { port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(unusable)?;
        let address = listener.local_addr().map_err(unusable)?;
        let base_url = format!("http://{address}");
        let keys = Keyring::from(credentials.clone());
        let verifier = |service| Verifier { keys: keys.clone(), region: region.clone(), service };
        let cognito = Arc::new(Cognito::new(cognito, base_url.clone(), clock.clone())?);
        let database = dynamodb::open(data.as_deref(), &tables)?;
        let lake = Arc::new(Lake::new(cases));
        let environment = cases_environment(&lake.config, llm.as_ref());
        let athena = Arc::<athena::Control>::default();
        let bedrock = Arc::new(Bedrock {
            verifier: verifier("bedrock"),
            clock: clock.clone(),
            llm,
            https: https::Client::new(https::Settings::default()),
            control: Arc::default(),
        });
        let bedrock_control = Arc::clone(&bedrock.control);
        let root = Arc::new(Root {
            athena: Athena::new(
                verifier("athena"),
                clock.clone(),
                Arc::clone(&lake),
                Arc::clone(&athena),
            ),
            glue: Glue { verifier: verifier("glue"), clock: clock.clone(), lake },
            sts: Sts { verifier: verifier("sts"), clock: clock.clone() },
            dynamodb: DynamoDb {
                verifier: verifier("dynamodb"),
                clock: clock.clone(),
                database: database.clone(),
            },
        });
        let amp = Amp {
            base_url,
            verifier: verifier("aps"),
            workspaces,
            metrics: SampleMetrics::new(),
            clock,
        };
        let router = amp::router(Arc::new(amp))
            .merge(cognito::router(Arc::clone(&cognito)))
            .merge(bedrock::router(bedrock))
            .route("/", post(at_root).with_state(root));
        let (stop, stopped) = oneshot::channel();
        let serve = axum::serve(listener, router).with_graceful_shutdown(async move {
            let mut stopped = stopped;
            // An error means that the sender is gone, which is a stop too.
            while timeout(SWEEP, &mut stopped).await.is_err() {
                if let Err(error) = database.sweep_ttl() {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, "what has ended is still in the tables");
                }
            }
        });
        let served = tokio::spawn(serve.into_future());
        Ok(Self {
            address,
            region,
            credentials,
            keys,
            cognito,
            cases: environment,
            athena,
            bedrock: bedrock_control,
            stop,
            served,
        })
    }

    /// Its user pool.
    pub fn cognito(&self) -> &Arc<Cognito> {
        &self.cognito
    }

    /// Its Athena, to be made slow, and to be asked what it was asked.
    pub fn athena(&self) -> &athena::Control {
        &self.athena
    }

    /// Its Bedrock, in the same way.
    pub fn bedrock(&self) -> &bedrock::Control {
        &self.bedrock
    }

    /// The variables that point the support-case tools here, beside those of
    /// [`environment`](Self::environment).
    pub fn cases_environment(&self) -> &[(&'static str, String)] {
        &self.cases
    }

    /// Whose signatures it accepts, for a service beside it: what its STS gives out is in there.
    pub fn keys(&self) -> &Keyring {
        &self.keys
    }

    /// The region it is in.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The key pair that is accepted from the start.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Where it is served: the value for `AWS_ENDPOINT_URL`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The variables that point a client of AWS here.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let Credentials { access_key_id, secret_access_key, session_token } = &self.credentials;
        let mut variables = vec![
            ("AWS_ENDPOINT_URL", self.base_url()),
            ("AWS_REGION", self.region.clone()),
            ("AWS_ACCESS_KEY_ID", access_key_id.clone()),
            ("AWS_SECRET_ACCESS_KEY", secret_access_key.clone()),
        ];
        variables.extend(session_token.clone().map(|token| ("AWS_SESSION_TOKEN", token)));
        variables
    }

    /// Stops: no new connections, and those there are end with the answer they are at.
    ///
    /// # Errors
    /// When serving had failed.
    pub async fn stop(self) -> io::Result<()> {
        drop(self.stop);
        self.served.await.unwrap_or_else(|err| Err(io::Error::other(err)))
    }
}

/// The services whose one endpoint is the root.
struct Root {
    athena: Athena,
    glue: Glue,
    sts: Sts,
    dynamodb: DynamoDb,
}

/// Those that speak JSON say which they are in a header.
async fn at_root(State(root): State<Arc<Root>>, request: Request) -> Response {
    let target = request.headers().get("x-amz-target").map(|target| target.as_bytes());
    match target {
        Some(target) if target.starts_with(dynamodb::TARGET.as_bytes()) => {
            root.dynamodb.answer(request).await
        }
        Some(target) if target.starts_with(athena::TARGET.as_bytes()) => {
            root.athena.answer(request).await
        }
        Some(target) if target.starts_with(glue::TARGET.as_bytes()) => {
            root.glue.answer(request).await
        }
        _ => root.sts.answer(request).await,
    }
}

fn cases_environment(cases: &CasesConfig, llm: Option<&Llm>) -> Vec<(&'static str, String)> {
    let model = llm.map_or(bedrock::EXTRACTIVE, Llm::id);
    vec![
        ("ATHENA_DATABASE", cases.database.clone()),
        ("ATHENA_WORKGROUP", cases.work_group.clone()),
        ("ATHENA_TABLE", cases.table.clone()),
        ("BEDROCK_MODEL_IDS", model.to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    async fn ask(address: SocketAddr) -> io::Result<String> {
        send(address, "GET /workspaces").await
    }

    /// What comes for this method and path, without a signature and a body.
    async fn send(address: SocketAddr, what: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect(address).await?;
        let request = format!("{what} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer)
    }

    #[tokio::test]
    async fn it_serves_until_it_is_stopped() {
        let server = LocalAws::start(Config::default()).await.unwrap();
        let address = server.address;
        assert!(address.ip().is_loopback());
        assert!(ask(address).await.unwrap().starts_with("HTTP/1.1 403 "));
        server.stop().await.unwrap();
        assert!(ask(address).await.is_err());
    }

    #[tokio::test]
    async fn each_service_answers_for_itself_at_one_address() {
        let server = LocalAws::start(Config::default()).await.unwrap();
        for (what, status, text) in [
            ("GET /workspaces", 403, r#"{"message":"Missing Authentication Token"}"#),
            ("GET /nothing", 403, r#"{"message":"Missing Authentication Token"}"#),
            ("POST /", 403, "<Code>MissingAuthenticationToken</Code>"),
            ("GET /us-east-1_LocalPool1/.well-known/jwks.json", 200, r#"{"keys":[{"alg":"RS256""#),
            ("POST /oauth2/token", 400, r#"{"error":"invalid_request"}"#),
        ] {
            let answer = send(server.address, what).await.unwrap();
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{what}: {answer}");
            assert!(answer.contains(text), "{what}: {answer}");
        }
        let cognito = server.cognito();
        assert_eq!(cognito.issuer(), format!("{}/us-east-1_LocalPool1", server.base_url()));
        assert_eq!(cognito.token_endpoint(), format!("{}/oauth2/token", server.base_url()));
        assert_eq!(cognito.jwks_requests(), 1);
    }

    #[tokio::test]
    async fn a_port_that_is_taken_is_named() {
        let first = LocalAws::start(Config::default()).await.unwrap();
        let port = first.address.port();
        let second = LocalAws::start(Config { port, ..Config::default() }).await;
        let message = second.unwrap_err().to_string();
        assert_eq!(message, format!("port {port} of 127.0.0.1 cannot be used"));
    }

    #[tokio::test]
    async fn a_client_is_told_all_it_needs() {
        let server = LocalAws::start(Config::default()).await.unwrap();
        let environment = server.environment();
        let names: Vec<_> = environment.iter().map(|(name, _)| *name).collect();
        assert_eq!(
            names,
            ["AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
        );
        assert_eq!(environment[0].1, server.base_url());
    }
}
