//! Where requests go, and how they prove who calls: the command line and the configuration together.

use anyhow::{Context as _, bail};
use http::uri::Scheme;
use http::{HeaderName, HeaderValue, Uri};

use crate::args::{Args, Auth};
use crate::auth::{self, Proof};
use crate::config::{self, Server};
use crate::service;

/// Where requests go.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) url: Uri,
    pub(crate) proof: Proof,
    /// For each request.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) profile: Option<String>,
}

impl Target {
    /// Does no I/O but for reading the configuration.
    ///
    /// # Errors
    /// When the two do not say enough, or what cannot be.
    pub(crate) fn of(args: &Args, https: &https::Client) -> anyhow::Result<Self> {
        let mut server = match &args.config {
            Some(path) => config::read(path)?,
            None => Server::default(),
        };
        let signs = match args.auth {
            Auth::Sigv4 => true,
            Auth::Auto => server.client.is_none(),
            Auth::ClientCredentials | Auth::None => false,
        };
        if let Some(url) = &args.url {
            server.url.clone_from(url);
        } else if let (true, Some(signing)) = (signs, &server.signing) {
            server.url.clone_from(&signing.url);
        }
        if server.url.is_empty() {
            bail!("no server: give its URL, --config FILE, or set MCP_SERVER_URL");
        }
        let url = url(&server.url)?;
        let proof = match args.auth {
            Auth::None => Proof::None,
            Auth::ClientCredentials => {
                let client = server
                    .client
                    .context("--auth client-credentials wants a --config with a client")?;
                Proof::Token(auth::Token::new(client, https.clone()))
            }
            Auth::Sigv4 => signing(args, &server, &url)?
                .context("--auth sigv4 does not know what to sign for: --service and --region")?,
            Auth::Auto => match server.client.take() {
                Some(client) => Proof::Token(auth::Token::new(client, https.clone())),
                None => signing(args, &server, &url)?.unwrap_or(Proof::None),
            },
        };
        let headers = args.headers.iter().map(|text| header(text)).collect::<Result<_, _>>()?;
        Ok(Self { url, proof, headers, profile: args.profile.clone() })
    }
}

fn url(text: &str) -> anyhow::Result<Uri> {
    let url: Uri = text.parse().with_context(|| format!("{text} is no URL"))?;
    let host = url.host().filter(|host| !host.is_empty());
    let host = host.with_context(|| format!("{text} is no URL: https://HOST/mcp is one"))?;
    let local = ["localhost", "127.0.0.1", "[::1]"].contains(&host);
    match url.scheme() {
        Some(scheme) if *scheme == Scheme::HTTPS => Ok(url),
        Some(scheme) if *scheme == Scheme::HTTP && local => Ok(url),
        Some(scheme) if *scheme == Scheme::HTTP => {
            bail!(
                "{text} is not encrypted, and who calls must prove it: use https, but for this machine"
            )
        }
        _ => bail!("{text} is no URL of https"),
    }
}

/// A proof by signature, where it is known what for.
fn signing(args: &Args, server: &Server, url: &Uri) -> anyhow::Result<Option<Proof>> {
    let host = url.host().unwrap_or_default();
    let known = service::of_host(host);
    let of_config = server.signing.as_ref();
    let service = args
        .service
        .clone()
        .or_else(|| of_config.map(|signing| signing.service.clone()))
        .or_else(|| known.as_ref().map(|(service, _)| (*service).to_owned()));
    let region = of_config
        .map(|signing| signing.region.clone())
        .filter(|_| args.service.is_none())
        .or_else(|| known.as_ref().map(|(_, region)| region.clone()))
        .or_else(|| args.region.clone());
    // A host that names nothing is asked for no signature, unless somebody says so.
    let wanted = args.auth == Auth::Sigv4 || args.service.is_some() || of_config.is_some();
    match (service, region) {
        (Some(service), Some(region)) if wanted || known.is_some() => {
            let signature = auth::Signature::new(service, region, args.profile.clone());
            Ok(Some(Proof::Signature(signature)))
        }
        (Some(_), None) => bail!("no region to sign for: --region, or AWS_REGION"),
        _ => Ok(None),
    }
}

fn header(text: &str) -> anyhow::Result<(HeaderName, HeaderValue)> {
    // What comes after the colon may be a secret.
    let (name, value) = text.split_once(':').context("a --header is `Name: value`")?;
    let name: HeaderName = name.trim().parse().context("a --header has no good name")?;
    let mut value: HeaderValue = value
        .trim()
        .parse()
        .with_context(|| format!("the value of the header {name} cannot be sent"))?;
    value.set_sensitive(true);
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    fn target(args: &[&str]) -> Result<String, String> {
        let args = Args::try_parse_from([&["mcp-bridge"], args].concat()).unwrap();
        let args = Args { region: args.region.filter(|_| false), profile: None, ..args };
        let target = Target::of(&args, &https::Client::new(https::Settings::default()));
        target
            .map(|target| format!("{} {:?}", target.url, target.proof))
            .map_err(|err| err.to_string())
    }

    #[test]
    fn the_host_says_how_to_prove_who_calls_unless_somebody_else_does() {
        let api = "https://a.execute-api.eu-west-1.amazonaws.com/prod/mcp";
        for (args, expected) in [
            (&[api][..], "Signature(execute-api in eu-west-1)"),
            (&[api, "--auth", "none"], "None"),
            (&["https://mcp.example.com/mcp"], "None"),
            (&["https://x.lambda-url.us-east-1.on.aws/"], "Signature(lambda in us-east-1)"),
            (&[api, "--service", "other"], "Signature(other in eu-west-1)"),
        ] {
            let told = target(args).unwrap();
            assert!(told.ends_with(expected), "{args:?}: {told}");
        }
    }

    #[test]
    fn what_cannot_be_is_told() {
        for (args, words) in [
            (&[][..], "no server"),
            (&["mcp.example.com"], "no URL"),
            (&["http://mcp.example.com/mcp"], "not encrypted"),
            (&["ftp://mcp.example.com/mcp"], "no URL of https"),
            (&["https://mcp.example.com/mcp", "--auth", "sigv4"], "--service"),
            (&["https://mcp.example.com/mcp", "--auth", "client-credentials"], "--config"),
            (&["https://mcp.example.com/mcp", "--header", "nonsense"], "Name: value"),
        ] {
            let told = target(args).unwrap_err();
            assert!(told.contains(words), "{args:?}: {told}");
        }
    }
}
