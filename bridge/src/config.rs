//! `mcp-server-config.json`, as a deployment writes it (`npm run config`) and as the local server
//! does.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What is known of a server.
#[derive(Default)]
pub(crate) struct Server {
    pub(crate) url: String,
    /// Where a token is got, and for whom.
    pub(crate) client: Option<Client>,
    /// What a signature is for.
    pub(crate) signing: Option<Signing>,
}

/// A client of an authorization server. It has a secret, so it is never shown.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) token_endpoint: String,
    pub(crate) scope: String,
}

/// What a signature is for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Signing {
    pub(crate) url: String,
    pub(crate) service: String,
    pub(crate) region: String,
}

/// Either form.
#[derive(Deserialize)]
#[serde(untagged)]
enum File {
    Local(Local),
    Deployed(Deployed),
}

#[derive(Deserialize)]
struct Local {
    endpoint: String,
    authorization_configuration: Authorization,
}

#[derive(Deserialize)]
struct Authorization {
    client_id: String,
    client_secret: String,
    exchange_url: String,
    #[serde(default)]
    scopes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Deployed {
    mcp_servers: BTreeMap<String, Entry>,
    #[serde(default)]
    oauth: Option<Oauth>,
    #[serde(default)]
    iam: Option<Signing>,
}

#[derive(Deserialize)]
struct Entry {
    url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Oauth {
    token_endpoint: String,
    scope: String,
    clients: Vec<Credentials>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credentials {
    client_id: String,
    client_secret: String,
}

/// What the file at `path` says.
///
/// # Errors
/// When there is none, or it is something else.
pub(crate) fn read(path: &Path) -> anyhow::Result<Server> {
    let shown = path.display();
    let text = fs::read_to_string(path).with_context(|| format!("{shown} cannot be read"))?;
    // The parser's complaint could repeat a secret.
    let Ok(file) = serde_json::from_str(&text) else {
        bail!("{shown} is no configuration of an MCP server: write it anew by npm run config");
    };
    Ok(match file {
        File::Local(Local { endpoint, authorization_configuration: of }) => Server {
            url: endpoint,
            client: Some(Client {
                id: of.client_id,
                secret: of.client_secret,
                token_endpoint: of.exchange_url,
                scope: of.scopes.join(" "),
            }),
            signing: None,
        },
        File::Deployed(Deployed { mcp_servers, oauth, iam }) => {
            let first = mcp_servers.into_values().next();
            let client = oauth.and_then(|oauth| {
                let first = oauth.clients.into_iter().next()?;
                Some(Client {
                    id: first.client_id,
                    secret: first.client_secret,
                    token_endpoint: oauth.token_endpoint,
                    scope: oauth.scope,
                })
            });
            let url = first.with_context(|| format!("{shown} names no server"))?.url;
            Server { url, client, signing: iam }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> anyhow::Result<Server> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mcp-server-config.json");
        fs::write(&path, text).unwrap();
        read(&path)
    }

    #[test]
    fn both_forms_are_read() {
        let local = written(
            r#"{"name":"lambda-mcp","endpoint":"http://127.0.0.1:8787/mcp","authorization_configuration":
            {"client_id":"c","client_secret":"s","exchange_url":"http://127.0.0.1:1/t","scopes":["a","b"]}}"#,
        )
        .unwrap();
        let client = local.client.unwrap();
        assert_eq!(
            (local.url.as_str(), client.scope.as_str()),
            ("http://127.0.0.1:8787/mcp", "a b")
        );
        let deployed = written(
            r#"{"mcpServers":{"x":{"type":"http","url":"https://x/mcp"}},
            "oauth":{"issuer":"i","tokenEndpoint":"https://t","scope":"a","clients":[{"clientId":"c","clientSecret":"s"}]},
            "iam":{"url":"https://y/mcp","service":"execute-api","region":"eu-west-1"}}"#,
        )
        .unwrap();
        assert_eq!(deployed.url, "https://x/mcp");
        assert_eq!(deployed.client.unwrap().token_endpoint, "https://t");
        assert_eq!(deployed.signing.unwrap().region, "eu-west-1");
    }

    #[test]
    fn what_is_no_configuration_is_said_without_repeating_it() {
        let told = written(r#"{"client_secret":"hunter2"}"#).err().unwrap().to_string();
        assert!(told.contains("no configuration") && !told.contains("hunter2"), "{told}");
        assert!(read(Path::new("/nowhere")).is_err());
    }
}
