//! The command line.

use clap::Parser;

/// Serves MCP on this machine, over sample metrics or a Prometheus of yours.
///
/// Without PROMETHEUS_URL (or PROMETHEUS_WORKSPACE_ID) in the environment the metrics are sample
/// data. All variables are described in docs/configuration.md.
#[derive(Debug, Clone, PartialEq, Eq, Parser)]
#[command(name = "mcp-local", version)]
pub(crate) struct Args {
    /// The port on 127.0.0.1; 0 for any free one.
    #[arg(long, default_value_t = 8787)]
    pub(crate) port: u16,

    /// Lets every program on this machine call. There is no other mode yet, so this is accepted
    /// and changes nothing.
    #[arg(long)]
    pub(crate) no_auth: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_understood() {
        let parse = |args: &[&str]| Args::try_parse_from([&["mcp-local"], args].concat()).ok();
        for (args, expected) in [
            (&[][..], Some(Args { port: 8787, no_auth: false })),
            (&["--port", "0", "--no-auth"], Some(Args { port: 0, no_auth: true })),
            (&["--port=9000"], Some(Args { port: 9000, no_auth: false })),
            (&["--port", "65536"], None),
            (&["--port"], None),
            (&["9000"], None),
        ] {
            assert_eq!(parse(args), expected, "{args:?}");
        }
    }
}
