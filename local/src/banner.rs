//! What is printed when the server is ready: where it is, and what to paste into a shell or a client.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use local_aws::sigv4::Credentials;

use crate::own_issuer::USER;
use crate::sources::{Cases, Sources};

/// What is printed when the server is ready.
#[derive(Debug, Clone)]
pub(crate) struct Banner {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Where clients reach it.
    pub(crate) endpoint: String,
    /// Where metrics and cases come from.
    pub(crate) sources: Sources,
    /// The server of the model that reads sample cases.
    pub(crate) reader: Option<String>,
    /// Who may call.
    pub(crate) access: Access,
    /// Where a signature will do as well.
    pub(crate) signing: Option<Signing>,
}

/// What to sign with, and for which region.
#[derive(Debug, Clone)]
pub(crate) struct Signing {
    pub(crate) region: String,
    pub(crate) credentials: Credentials,
}

impl Signing {
    /// For curl.
    fn options(&self) -> String {
        let Self { region, credentials: Credentials { access_key_id, secret_access_key, .. } } =
            self;
        format!(
            " \\\n  --aws-sigv4 aws:amz:{region}:execute-api --user '{access_key_id}:{secret_access_key}'"
        )
    }
}

/// Who may call, and how.
#[derive(Debug, Clone)]
pub(crate) enum Access {
    /// Every program on this machine.
    Open,
    /// Who has a token of this machine's issuers: by logging in with `password`, or by the client
    /// that `config` describes.
    LocalTokens { config: PathBuf, password: Option<String> },
    /// Who has a token of another issuer.
    Tokens { issuers: Vec<String> },
    /// Who signs with the credentials of this machine.
    Signed(Signing),
}

const LIST: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
/// A question that sample data and every real Prometheus have an answer to.
const QUESTION: &str = r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"ExecuteQuery","arguments":{"query":"sum by (job) (up)"}}}"#;

impl fmt::Display for Banner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, endpoint, sources, reader, access, signing } = self;
        let version = env!("CARGO_PKG_VERSION");
        writeln!(f, "lambda-mcp {version}: {endpoint}")?;
        writeln!(f)?;
        writeln!(f, "  metrics  {}", sources.metrics)?;
        match (reader, &sources.cases) {
            (Some(url), Cases::Sample) => writeln!(f, "  cases    sample data, read by {url}")?,
            (_, cases) => writeln!(f, "  cases    {cases}")?,
        }
        writeln!(f, "  access   {access}")?;
        writeln!(f, "  health   http://{address}/health")?;
        let signed =
            signing.iter().map(|by| ("Tools, signed", curl(endpoint, &by.options(), LIST)));
        let commands = access.commands(endpoint).into_iter().chain(signed);
        for (title, text) in commands.chain(access.clients(endpoint)) {
            writeln!(f, "\n{title}\n")?;
            for line in text.lines() {
                writeln!(f, "  {line}")?;
            }
        }
        writeln!(f, "\nCtrl-C stops it.")
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("every program on this machine, without authentication"),
            Self::LocalTokens { config, password: None } => {
                write!(f, "with a token; {} has what a client needs", config.display())
            }
            Self::LocalTokens { password: Some(password), .. } => {
                write!(f, "clients open your browser: log in as {USER} with {password}")
            }
            Self::Tokens { issuers } => write!(f, "with a token of {}", issuers.join(" or ")),
            Self::Signed(Signing { region, .. }) => {
                write!(f, "signed with AWS Signature Version 4 for execute-api in {region}")
            }
        }
    }
}

/// A command that posts `message`.
fn curl(url: &str, proof: &str, message: &str) -> String {
    format!(
        "curl -s {url}{proof} \\\n  -H 'Content-Type: application/json' -H 'Accept: \
         application/json, text/event-stream' \\\n  -d '{message}'"
    )
}

impl Access {
    /// The header that a client must send, as text for a shell.
    fn header(&self) -> Option<&'static str> {
        match self {
            Self::LocalTokens { .. } | Self::Tokens { .. } => Some("Authorization: Bearer $TOKEN"),
            Self::Open | Self::Signed(_) => None,
        }
    }

    /// What to type into a shell: a token where there is one to be had, a list, a question.
    fn commands(&self, url: &str) -> Vec<(&'static str, String)> {
        let proof = match self {
            Self::Open => String::new(),
            Self::LocalTokens { .. } | Self::Tokens { .. } => {
                " -H \"Authorization: Bearer $TOKEN\"".to_owned()
            }
            Self::Signed(signing) => signing.options(),
        };
        let mut commands = Vec::new();
        if let Self::LocalTokens { config, .. } = self {
            let config = match config.to_str() {
                Some("mcp-server-config.json") => String::new(),
                _ => format!(" --config '{}'", config.display()),
            };
            commands.push(("Token", format!("TOKEN=$(cargo run --quiet -- token{config})")));
        }
        commands.push(("Tools", curl(url, &proof, LIST)));
        commands.push(("A question", curl(url, &proof, QUESTION)));
        commands
    }

    /// What to paste, for each client; the README has the same. A client that cannot sign is not
    /// named where that is wanted.
    fn clients(&self, url: &str) -> Vec<(&'static str, String)> {
        if let Self::Signed(_) = self {
            return Vec::new();
        }
        let token = self.header();
        // A client that can open a browser needs no token.
        let logs_in = matches!(self, Self::LocalTokens { password: Some(_), .. });
        let header = token.filter(|_| !logs_in);
        let flag = header.map_or(String::new(), |header| format!(" --header \"{header}\""));
        let argument =
            header.map_or(String::new(), |header| format!(r#", "--header", "{header}""#));
        let member = match header {
            Some(_) => r#", "headers": {"Authorization": "Bearer $TOKEN"}"#,
            None => "",
        };
        vec![
            ("Claude Code", format!("claude mcp add --transport http lambda-mcp {url}{flag}")),
            (
                "Claude Desktop (claude_desktop_config.json)",
                format!(
                    r#"{{"mcpServers": {{"lambda-mcp": {{"command": "npx", "args": ["-y", "mcp-remote", "{url}", "--allow-http"{argument}]}}}}}}"#
                ),
            ),
            (
                "Cursor (.cursor/mcp.json)",
                format!(r#"{{"mcpServers": {{"lambda-mcp": {{"url": "{url}"{member}}}}}}}"#),
            ),
            (
                "VS Code (.vscode/mcp.json)",
                format!(
                    r#"{{"servers": {{"lambda-mcp": {{"type": "http", "url": "{url}"{member}}}}}}}"#
                ),
            ),
            (
                "Inspector",
                format!(
                    "npx @modelcontextprotocol/inspector --cli {url} --transport http{} --method tools/list",
                    token.map_or(String::new(), |header| format!(" --header \"{header}\""))
                ),
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "http://127.0.0.1:8787/mcp";

    fn signing() -> Signing {
        Signing { region: "us-east-1".to_owned(), credentials: Credentials::default() }
    }

    fn local_tokens() -> Access {
        let password = Some("a-password".to_owned());
        Access::LocalTokens { config: "mcp-server-config.json".into(), password }
    }

    #[test]
    fn the_readme_says_the_same() {
        let readme = include_str!("../../README.md");
        let access = local_tokens();
        for (title, text) in access.commands(URL).into_iter().chain(access.clients(URL)) {
            assert!(readme.contains(&text), "{title}: {text}");
        }
    }

    #[test]
    fn what_is_to_be_pasted_as_json_is_json() {
        for access in [Access::Open, local_tokens()] {
            for (client, text) in access.clients(URL) {
                if text.starts_with('{') {
                    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
                    assert!(json.to_string().contains(URL), "{client}");
                    assert!(!json.to_string().contains("$TOKEN"), "its user logs in");
                }
            }
        }
    }

    #[test]
    fn it_says_where_it_is_and_who_may_call() {
        let heads = [
            Access::Open,
            local_tokens(),
            Access::Tokens { issuers: vec!["https://as.example.com".to_owned()] },
            Access::Signed(signing()),
        ]
        .map(|access| {
            let banner = Banner {
                address: "127.0.0.1:9000".parse().unwrap(),
                endpoint: "http://127.0.0.1:9000/mcp".to_owned(),
                sources: Sources::choose(&std::collections::BTreeMap::<&str, &str>::new()),
                reader: None,
                signing: matches!(access, Access::Tokens { .. }).then(signing),
                access,
            };
            let text = banner.to_string().replace(env!("CARGO_PKG_VERSION"), "VERSION");
            assert!(!text.contains("8787"));
            text.lines().take(14).collect::<Vec<_>>().join("\n")
        });
        insta::assert_snapshot!(heads.join("\n----\n"));
    }
}
