//! The command line.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use local_aws::bedrock::Llm;

/// Serves MCP on this machine, over sample data or a Prometheus and support cases of yours.
///
/// Without PROMETHEUS_URL (or PROMETHEUS_WORKSPACE_ID) in the environment the metrics are sample
/// data, without ATHENA_DATABASE the support cases are; without AUTH_ISSUERS tokens come from an issuer on this machine. All variables are
/// described in docs/configuration.md.
#[derive(Debug, Clone, PartialEq, Eq, Parser)]
#[command(name = "mcp-local", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    #[command(flatten)]
    pub(crate) serve: Serve,
}

/// What there is to do beside serving.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub(crate) enum Command {
    /// Prints an access token for the server that is running
    Token {
        /// Where that server wrote its configuration
        #[arg(long, default_value = CLIENT_CONFIG)]
        config: PathBuf,

        #[command(flatten)]
        wanted: Wanted,
    },
    /// Has the issuer on this machine sign with a new key from now on
    Rotate {
        /// Where the server that is running wrote its configuration
        #[arg(long, default_value = CLIENT_CONFIG)]
        config: PathBuf,
    },
}

/// Which token. Others than good ones show what a wrong one gets.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args)]
pub(crate) struct Wanted {
    /// With these scopes, separated by spaces, and not with all that there are
    #[arg(long, value_name = "SCOPES")]
    pub(crate) scope: Option<String>,

    /// One that has expired
    #[arg(long)]
    pub(crate) expired: bool,

    /// An ID token
    #[arg(long)]
    pub(crate) id_token: bool,

    /// One of another client
    #[arg(long, value_name = "ID")]
    pub(crate) client: Option<String>,
}

/// How to serve.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub(crate) struct Serve {
    /// The address to listen on; others than this machine's own are for callers who authenticate
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub(crate) host: IpAddr,

    /// The port; 0 for any free one
    #[arg(long, default_value_t = 8787)]
    pub(crate) port: u16,

    /// Lets every program on this machine call
    #[arg(long)]
    pub(crate) no_auth: bool,

    /// What stands before the functions
    #[arg(long, value_enum, default_value_t = Front::Rest)]
    pub(crate) gateway: Front,

    /// Serves under /STAGE, as API Gateway's own host does; clients then find no metadata
    #[arg(long, value_name = "STAGE", value_parser = stage)]
    pub(crate) stage: Option<String>,

    /// Keeps registered clients, what people allowed them and the key of tokens there, for the next
    /// start; without, they are forgotten at the end
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,

    /// A server that speaks the API of OpenAI, such as Ollama's, whose model reads the sample cases;
    /// without, sentences are picked
    #[arg(long, value_name = "URL", env = "LOCAL_LLM_URL")]
    pub(crate) llm: Option<Llm>,

    /// Which of its models; by default its first
    #[arg(long, value_name = "MODEL", env = "LOCAL_LLM_MODEL")]
    pub(crate) llm_model: Option<String>,

    /// Where the configuration for clients is written; it holds a secret
    #[arg(long, value_name = "FILE", default_value = CLIENT_CONFIG)]
    pub(crate) config: PathBuf,
}

const CLIENT_CONFIG: &str = "mcp-server-config.json";

/// What stands before the functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Front {
    /// A REST API of API Gateway, as it is on this machine
    Rest,
    /// Nothing: each request goes to its function as it is
    None,
}

fn stage(text: &str) -> Result<String, &'static str> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if (1..=128).contains(&text.len()) && text.bytes().all(legal) {
        Ok(text.to_owned())
    } else {
        Err("must be 1 to 128 letters, digits, underscores and hyphens")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_understood() {
        let defaults = Serve {
            llm: None,
            llm_model: None,
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 8787,
            no_auth: false,
            gateway: Front::Rest,
            stage: None,
            data: None,
            config: CLIENT_CONFIG.into(),
        };
        let parse = |args: &[&str]| {
            let args = Args::try_parse_from([&["mcp-local"], args].concat()).ok()?;
            assert_eq!(args.command, None);
            Some(args.serve)
        };
        let is = |change: fn(&mut Serve)| {
            let mut serve = defaults.clone();
            change(&mut serve);
            Some(serve)
        };
        for (args, expected) in [
            (&[][..], is(|_| {})),
            (&["--port", "0", "--no-auth"], is(|it| (it.port, it.no_auth) = (0, true))),
            (&["--host", "::"], is(|it| it.host = "::".parse().unwrap())),
            (&["--gateway", "none"], is(|it| it.gateway = Front::None)),
            (&["--stage", "prod"], is(|it| it.stage = Some("prod".to_owned()))),
            (&["--stage", "a/b"], None),
            (&["--host", "example.com"], None),
            (&["--port", "65536"], None),
            (&["--port"], None),
            (&["9000"], None),
        ] {
            assert_eq!(parse(args), expected, "{args:?}");
        }
    }

    #[test]
    fn a_token_is_asked_for_by_name() {
        let args = Args::try_parse_from(["mcp-local", "token"]).unwrap();
        let wanted = Wanted::default();
        assert_eq!(args.command, Some(Command::Token { config: CLIENT_CONFIG.into(), wanted }));
        assert!(Args::try_parse_from(["mcp-local", "--port", "1", "token"]).is_err());
    }
}
