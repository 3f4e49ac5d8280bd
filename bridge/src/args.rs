//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use service_kit::telemetry::Filter;
use tracing::Level;

/// Connects a client that speaks over stdin and stdout to a remote MCP server.
///
/// What a client writes to stdin is sent to the server, and what comes back is written to stdout.
/// Logs go to stderr.
#[derive(Debug, Clone, PartialEq, Eq, Parser)]
#[command(name = "mcp-bridge", version)]
pub(crate) struct Args {
    /// The server's endpoint, such as https://mcp.example.com/mcp
    #[arg(env = "MCP_SERVER_URL")]
    pub(crate) url: Option<String>,

    /// What a deployment or the local server wrote for its clients
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// How to prove who calls; `auto` takes a client of the configuration, else a signature where
    /// the host is one of AWS
    #[arg(long, value_enum, default_value_t = Auth::Auto)]
    pub(crate) auth: Auth,

    /// The service that a signature is for; by default the one that the host names
    #[arg(long, value_name = "NAME")]
    pub(crate) service: Option<String>,

    /// The region that a signature is for; by default the one that the host names
    #[arg(long, env = "AWS_REGION")]
    pub(crate) region: Option<String>,

    /// The profile whose credentials sign
    #[arg(long, env = "AWS_PROFILE")]
    pub(crate) profile: Option<String>,

    /// A header for each request, `Name: value`; may be given more than once
    #[arg(long = "header", value_name = "HEADER")]
    pub(crate) headers: Vec<String>,

    /// Seconds without a byte after which a call is given up
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub(crate) timeout: u64,

    /// Tells on stderr what is sent where
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

/// How to prove who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Auth {
    /// What fits
    Auto,
    /// AWS Signature Version 4
    Sigv4,
    /// A token for the client of the configuration
    ClientCredentials,
    /// Nothing
    None,
}

impl Args {
    pub(crate) fn log(&self) -> Filter {
        let level = if self.verbose { Level::DEBUG } else { Level::WARN };
        Filter::new().with_default(Level::WARN).with_target("mcp_bridge", level)
    }

    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(self.timeout.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_understood() {
        let parse = |args: &[&str]| Args::try_parse_from([&["mcp-bridge"], args].concat());
        let args = parse(&["https://x/mcp", "--auth", "sigv4", "--header", "X-A: b"]).unwrap();
        assert_eq!((args.url.as_deref(), args.auth), (Some("https://x/mcp"), Auth::Sigv4));
        assert_eq!(args.headers, ["X-A: b"]);
        assert!(parse(&["https://x/mcp", "--auth", "magic"]).is_err());
    }
}
