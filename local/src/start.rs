//! Puts the server together and runs it.

use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use api_gateway::Mode;
use auth::{AuthMode, Challenge};
use fn_oauth::Host;
use local_aws::LocalAws;
use local_aws::gateway::Signers;
use local_aws::sigv4::Verifier;
use service_kit::clock::{Clock, SystemClock};
use service_kit::env::{Env, Process, Reader};
use service_kit::telemetry::Filter;

use crate::args::{Front, Serve};
use crate::aws::{self, Environment};
use crate::banner::{Access, Banner, Signing};
use crate::client_config::{Authorization, ClientConfig};
use crate::gateway::{self, Deployment, Functions};
use crate::own_issuer::{self, OwnIssuer};
use crate::serve;
use crate::sources::Sources;

/// Lambda sets these, behind an adapter for web servers too: there loopback is no protection.
const ON_LAMBDA: [&str; 2] = ["AWS_LAMBDA_RUNTIME_API", "AWS_LAMBDA_FUNCTION_NAME"];

/// What clients may call the server.
const NAME: &str = "lambda-mcp";

/// Serves as `args` say, until it is told to stop.
///
/// # Errors
/// On Lambda, and when the port, the configuration or a file stands against it.
pub(crate) async fn serve(args: &Serve) -> anyhow::Result<()> {
    if let Some(name) = ON_LAMBDA.into_iter().find(|name| Process.get(name).is_some()) {
        bail!("{name} is set: this server is for a machine of one's own, never for AWS Lambda");
    }
    // Before anything else: a second copy must not start what it cannot use.
    let listener = serve::bind(args.host, args.port).await?;
    let address = listener.local_addr()?;
    let endpoint = endpoint(address, args.stage.as_deref());
    let sources = Sources::choose(&Process);
    let data = own_issuer::tables_file(args.data.as_deref())?;
    let llm = args.llm.clone().map(|llm| llm.with_model(args.llm_model.clone()));
    let reader = llm.as_ref().map(|llm| llm.url().to_owned());
    let aws = aws::start(known_secret(args, &endpoint), data, llm).await?;
    let own = OwnIssuer::at(address, args, &Process)?;
    let resource = endpoint.clone();
    let env = Environment::new(&Process, &sources, &aws, resource, args.no_auth);
    let env = match &own {
        Some(own) => env.with_issuer(own),
        None => env,
    };

    let (log, config) = configuration(&env)?;
    config.check_bind(address.ip())?;
    service_kit::telemetry::init_human(log)?;

    let own = own.filter(|_| takes_our_tokens(&config, &env));
    let access = access(&config, &env, &aws, own.as_ref(), args);
    if let Access::LocalTokens { .. } = access {
        client_config(&endpoint, &aws).context("there is no client")?.write(&args.config)?;
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let issuer = match &own {
        Some(own) => Some(issuer(&env.of_issuer(&aws, own), address.ip(), Arc::clone(&clock))?),
        None => None,
    };
    let deployment = deployment(&config, &env, &aws, issuer, args, clock)?;
    let either = config.door.as_ref().is_some_and(|door| door.mode == AuthMode::JwtOrIam);
    let signing = either.then(|| signing(&aws));
    let banner = Banner { address, endpoint, sources, reader, access, signing };
    write!(io::stdout(), "{banner}")?;
    let answer = move |request, source| deployment.clone().answer(request, source);
    serve::run(listener, serve::MAX_CONNECTIONS, answer, serve::stop_signal()?).await;
    aws.stop().await?;
    Ok(())
}

/// What to log, and what the function needs to know.
fn configuration(env: &dyn Env) -> anyhow::Result<(Filter, fn_mcp::Config)> {
    let mut reader = Reader::new(env, fn_mcp::VARS);
    let log = reader.or_default("LOG_LEVEL");
    let mode: Option<Mode> = reader.optional("RESPONSE_MODE");
    let config = fn_mcp::Config::read(&mut reader);
    let (log, mut config) = reader.finish(|| log.zip(config)).context("cannot be configured so")?;
    // Pages of this machine may call, and a reply is sent while it is written.
    config.http.origins.loopback = true;
    config.http.streaming = mode != Some(Mode::Buffered);
    Ok((log, config))
}

/// Where clients of this machine find the server.
fn endpoint(address: SocketAddr, stage: Option<&str>) -> String {
    let host = match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        ip => ip,
    };
    let stage = stage.map_or(String::new(), |stage| format!("/{stage}"));
    format!("http://{}{stage}/mcp", SocketAddr::new(host, address.port()))
}

/// A client that was configured once goes on with the secret it has.
fn known_secret(args: &Serve, endpoint: &str) -> Option<String> {
    let known = ClientConfig::read(&args.config).ok()?;
    (known.endpoint == endpoint).then_some(known.authorization_configuration.client_secret)
}

/// Whether the issuers of this machine are those whose tokens are taken.
fn takes_our_tokens(config: &fn_mcp::Config, env: &Environment<'_>) -> bool {
    let tokens = config.door.as_ref().and_then(|door| door.tokens.as_ref());
    tokens.is_some() && env.issues_its_own_tokens()
}

/// The authorization server, listening at `address`.
fn issuer(
    env: &dyn Env,
    address: IpAddr,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<fn_oauth::Function> {
    let mut reader = Reader::new(env, fn_oauth::VARS);
    let config = fn_oauth::Config::read(&mut reader);
    let config = reader.finish(|| config).context("cannot be configured so")?;
    Ok(fn_oauth::service(&config, Host::Listens(address), clock)?)
}

fn access(
    config: &fn_mcp::Config,
    env: &Environment<'_>,
    aws: &LocalAws,
    own: Option<&OwnIssuer>,
    args: &Serve,
) -> Access {
    let Some(door) = &config.door else { return Access::Open };
    match (door.mode, &door.tokens) {
        (AuthMode::Iam, _) | (_, None) => Access::Signed(signing(aws)),
        (_, Some(_)) if env.issues_its_own_tokens() => {
            let login = own.map(|own| own.password.clone());
            Access::LocalTokens { config: args.config.clone(), password: login }
        }
        (_, Some(tokens)) => Access::Tokens {
            issuers: tokens.issuers.iter().map(|issuer| issuer.url.clone()).collect(),
        },
    }
}

fn signing(aws: &LocalAws) -> Signing {
    Signing { region: aws.region().to_owned(), credentials: aws.credentials().clone() }
}

/// For the first of the machine clients.
fn client_config(endpoint: &str, aws: &LocalAws) -> Option<ClientConfig> {
    let cognito = aws.cognito();
    let client = cognito.clients().first()?;
    Some(ClientConfig {
        name: NAME.to_owned(),
        endpoint: endpoint.to_owned(),
        authorization_configuration: Authorization {
            client_id: client.id.clone(),
            client_secret: client.secret.as_ref()?.expose().to_owned(),
            exchange_url: cognito.token_endpoint(),
            scopes: client.scopes.clone(),
        },
    })
}

fn deployment(
    config: &fn_mcp::Config,
    env: &dyn Env,
    aws: &LocalAws,
    oauth: Option<fn_oauth::Function>,
    args: &Serve,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<Deployment> {
    let mcp = fn_mcp::service(config, Arc::clone(&clock))?;
    let health = fn_health::Config { name: NAME.to_owned() };
    let functions = Functions { mcp, oauth, health };
    if args.gateway == Front::None {
        return Ok(Deployment::bare(functions, clock));
    }
    let tokens = config.door.as_ref().and_then(|door| door.tokens.as_ref());
    let server = fn_mcp::server(config, Arc::clone(&clock))?;
    let scopes = server.scopes();
    let authorizer = match tokens {
        None => None,
        Some(_) => {
            let mut reader = Reader::new(env, fn_authorizer::VARS);
            let settings = fn_authorizer::Config::read(&mut reader);
            let settings = reader.finish(|| settings).context("cannot be configured so")?;
            Some(fn_authorizer::service(&settings, Arc::clone(&clock)))
        }
    };
    let settings = gateway::Settings {
        mode: config.door.as_ref().map_or(AuthMode::None, |door| door.mode),
        stage: args.stage.clone(),
        streaming: config.http.streaming,
        signers: Signers::Verified(Verifier {
            keys: aws.keys().clone(),
            region: aws.region().to_owned(),
            service: "execute-api",
        }),
        authorizer,
        challenge: tokens.map(|tokens| {
            // mcp-core holds a server's scopes to what `auth::Scope` takes: each parses.
            let scope = scopes.iter().filter_map(|scope| scope.parse().ok()).collect();
            Challenge::Missing { scope }.header(&tokens.resource.metadata_url())
        }),
    };
    Ok(Deployment::behind_gateway(functions, clock, settings)?)
}

#[cfg(test)]
mod tests;
