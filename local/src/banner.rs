//! What is printed when the server is ready: where it is, and what to paste into a client.

use std::fmt;
use std::net::SocketAddr;

/// What is printed when the server is ready.
#[derive(Debug, Clone)]
pub(crate) struct Banner {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Where the metrics come from.
    pub(crate) metrics: String,
}

/// A question that sample data and every real Prometheus have an answer to.
const QUESTION: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ExecuteQuery","arguments":{"query":"sum by (job) (up)"}}}"#;

impl fmt::Display for Banner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, metrics } = self;
        let version = env!("CARGO_PKG_VERSION");
        let url = format!("http://{address}/mcp");
        writeln!(f, "lambda-mcp {version}: {url}")?;
        writeln!(f)?;
        writeln!(f, "  metrics  {metrics}")?;
        writeln!(f, "  access   every program on this machine, without authentication")?;
        writeln!(f, "  health   http://{address}/health")?;
        for (client, text) in clients(&url) {
            writeln!(f, "\n{client}\n")?;
            for line in text.lines() {
                writeln!(f, "  {line}")?;
            }
        }
        writeln!(f, "\nCtrl-C stops it.")
    }
}

/// What to paste, for each client; the README has the same.
fn clients(url: &str) -> [(&'static str, String); 6] {
    [
        ("Claude Code", format!("claude mcp add --transport http lambda-mcp {url}")),
        (
            "Claude Desktop (claude_desktop_config.json)",
            format!(
                r#"{{"mcpServers": {{"lambda-mcp": {{"command": "npx", "args": ["-y", "mcp-remote", "{url}", "--allow-http"]}}}}}}"#
            ),
        ),
        (
            "Cursor (.cursor/mcp.json)",
            format!(r#"{{"mcpServers": {{"lambda-mcp": {{"url": "{url}"}}}}}}"#),
        ),
        (
            "VS Code (.vscode/mcp.json)",
            format!(r#"{{"servers": {{"lambda-mcp": {{"type": "http", "url": "{url}"}}}}}}"#),
        ),
        (
            "Inspector",
            format!(
                "npx @modelcontextprotocol/inspector --cli {url} --transport http --method tools/list"
            ),
        ),
        (
            "curl",
            format!(
                "curl -s {url} \\\n  -H 'Content-Type: application/json' -H 'Accept: \
                 application/json, text/event-stream' \\\n  -d '{QUESTION}'"
            ),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_says_the_same() {
        let readme = include_str!("../../README.md");
        for (client, text) in clients("http://127.0.0.1:8787/mcp") {
            assert!(readme.contains(&text), "{client}: {text}");
        }
    }

    #[test]
    fn what_is_to_be_pasted_as_json_is_json() {
        for (client, text) in clients("http://127.0.0.1:8787/mcp") {
            if text.starts_with('{') {
                let json: serde_json::Value = serde_json::from_str(&text).unwrap();
                assert!(json.to_string().contains("http://127.0.0.1:8787/mcp"), "{client}");
            }
        }
    }

    #[test]
    fn it_says_where_it_is_and_what_the_metrics_are() {
        let banner =
            Banner { address: "127.0.0.1:9000".parse().unwrap(), metrics: "sample data".into() };
        let text = banner.to_string().replace(env!("CARGO_PKG_VERSION"), "VERSION");
        let head: Vec<_> = text.lines().take(5).collect();
        insta::assert_snapshot!(head.join("\n"), @"
        lambda-mcp VERSION: http://127.0.0.1:9000/mcp

          metrics  sample data
          access   every program on this machine, without authentication
          health   http://127.0.0.1:9000/health
        ");
        assert!(!text.contains("8787"));
    }
}
