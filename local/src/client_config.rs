//! `mcp-server-config.json`: what a program needs to reach the server and to get tokens for it. A
//! deployment writes the same form.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

/// The whole of it. There is a secret in it, so it is never shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClientConfig {
    /// What clients may call the server.
    pub(crate) name: String,
    /// The URL of the MCP endpoint.
    pub(crate) endpoint: String,
    /// How to get a token.
    pub(crate) authorization_configuration: Authorization,
}

/// How to get a token: by client credentials (RFC 6749, section 4.4).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Authorization {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    /// The token endpoint.
    pub(crate) exchange_url: String,
    pub(crate) scopes: Vec<String>,
}

impl ClientConfig {
    /// What is in the file at `path`.
    ///
    /// # Errors
    /// When there is none, or it is something else.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let json = fs::read(path).with_context(|| format!("{shown} cannot be read"))?;
        serde_json::from_slice(&json).with_context(|| format!("{shown} is no client configuration"))
    }

    /// Writes it so that nobody else on this machine can read it.
    ///
    /// # Errors
    /// When it cannot be written there, or something else is in the place.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let shown = path.display();
        if path.exists() && Self::read(path).is_err() {
            anyhow::bail!("{shown} is something else, and is not written over: use --config");
        }
        let json = serde_json::to_vec_pretty(self)?;
        // Put in the place of the old one as a whole: a reader sees the one or the other.
        let new = path.with_extension(format!("{}.new", std::process::id()));
        private(&new)
            .and_then(|mut file| file.write_all(&json))
            .and_then(|()| fs::rename(&new, path))
            .with_context(|| format!("{shown} cannot be written"))
    }
}

fn private(path: &Path) -> io::Result<fs::File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(secret: &str) -> ClientConfig {
        ClientConfig {
            name: "lambda-mcp".to_owned(),
            endpoint: "http://127.0.0.1:8787/mcp".to_owned(),
            authorization_configuration: Authorization {
                client_id: "local-client".to_owned(),
                client_secret: secret.to_owned(),
                exchange_url: "http://127.0.0.1:4566/oauth2/token".to_owned(),
                scopes: vec!["prometheus-mcp-server/read".to_owned()],
            },
        }
    }

    #[test]
    fn its_form_is_the_documented_one() {
        let json = serde_json::to_string_pretty(&config("…")).unwrap();
        insta::assert_snapshot!(json, @r#"
        {
          "name": "lambda-mcp",
          "endpoint": "http://127.0.0.1:8787/mcp",
          "authorization_configuration": {
            "client_id": "local-client",
            "client_secret": "…",
            "exchange_url": "http://127.0.0.1:4566/oauth2/token",
            "scopes": [
              "prometheus-mcp-server/read"
            ]
          }
        }
        "#);
    }

    #[test]
    fn it_is_written_for_its_owner_alone_and_over_an_older_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mcp-server-config.json");
        config("first").write(&path).unwrap();
        config("second").write(&path).unwrap();
        assert!(ClientConfig::read(&path).unwrap() == config("second"));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn what_is_not_ours_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.json");
        fs::write(&path, "{}").unwrap();
        let message = config("x").write(&path).unwrap_err().to_string();
        assert!(message.contains("is something else"), "{message}");
        assert_eq!(fs::read(&path).unwrap(), b"{}");
    }
}
