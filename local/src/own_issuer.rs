//! The authorization server of this machine: who may log in, and where it keeps what it must know
//! again.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use local_aws::dynamodb::Table;
use oauth::SigningKey;
use serde_json::json;
use service_kit::env::Env;
use service_kit::random;

use crate::args::Serve;
use crate::aws::SCOPES;

/// The name of the one who may log in.
pub(crate) const USER: &str = "dev";
/// What is in the folder of `--data`.
const TABLES: &str = "dynamodb.sqlite";
const KEY: &str = "signing-key.der";

/// The tables of the authorization server, by their defaults.
pub(crate) fn tables() -> Vec<Table> {
    [
        ("mcp-clients", "clientId"),
        ("mcp-auth-codes", "code"),
        ("mcp-refresh-tokens", "refreshToken"),
    ]
    .map(|(name, key)| Table { name: name.to_owned(), key: key.to_owned() })
    .into()
}

/// Where the tables are kept; the folder is made when it is not there.
///
/// # Errors
/// When it cannot be.
pub(crate) fn tables_file(data: Option<&Path>) -> anyhow::Result<Option<PathBuf>> {
    let Some(folder) = data else { return Ok(None) };
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be used", folder.display()))?;
    Ok(Some(folder.join(TABLES)))
}

/// What the authorization server is told.
#[derive(Debug)]
pub(crate) struct OwnIssuer {
    /// `iss`
    pub(crate) origin: String,
    /// Of [`USER`], for this run.
    pub(crate) password: String,
    key: Option<PathBuf>,
}

impl OwnIssuer {
    /// For a server at `address`, which clients reach there or where `env` says; `None` where people
    /// could not log in: others than those of this machine could, or clients would look for it at
    /// another place.
    ///
    /// # Errors
    /// When there is no randomness, or the key cannot be kept.
    pub(crate) fn at(
        address: SocketAddr,
        args: &Serve,
        env: &dyn Env,
    ) -> anyhow::Result<Option<Self>> {
        if !address.ip().to_canonical().is_loopback() || args.stage.is_some() || args.no_auth {
            return Ok(None);
        }
        let mut bits = [0; 8];
        random::fill(&mut bits)?;
        let named = env.get("OAUTH_ISSUER").and_then(|origin| origin.into_string().ok());
        let named = named.filter(|origin| !origin.is_empty());
        Ok(Some(Self {
            origin: named.unwrap_or_else(|| format!("http://{address}")),
            password: format!("{:016x}", u64::from_ne_bytes(bits)),
            key: args.data.as_deref().map(key_file).transpose()?,
        }))
    }

    /// What holds where the environment says nothing else.
    pub(crate) fn defaults(&self) -> Vec<(&'static str, String)> {
        let key = match &self.key {
            Some(path) => ("OAUTH_SIGNING_KEY_FILE", path.display().to_string()),
            None => ("OAUTH_SIGNING_KEY", "generated".to_owned()),
        };
        let people = json!({ USER: self.password });
        vec![
            ("OAUTH_ISSUER", self.origin.clone()),
            ("OAUTH_DEVELOPMENT_USERS", people.to_string()),
            ("OAUTH_DEFAULT_SCOPES", SCOPES.join(" ")),
            key,
        ]
    }
}

/// The key of the runs before, or a new one that only its owner can read.
fn key_file(folder: &Path) -> anyhow::Result<PathBuf> {
    let path = folder.join(KEY);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(&path) {
        Ok(mut file) => file.write_all(&SigningKey::generate_pkcs8()?)?,
        Err(err) if err.kind() == io::ErrorKind::AlreadyExists => {}
        Err(err) => {
            return Err(err).with_context(|| format!("{} cannot be written", path.display()));
        }
    }
    // Where the program is started from may change; where the key is may not.
    path.canonicalize().context("the signing key is gone")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Args;
    use clap::Parser as _;
    use std::collections::BTreeMap;

    #[test]
    fn behind_something_else_it_is_where_the_environment_says() {
        let address = "127.0.0.1:8787".parse().unwrap();
        let args = Args::try_parse_from(["mcp-local"]).unwrap().serve;
        let origin = |env: &BTreeMap<&str, &str>| {
            OwnIssuer::at(address, &args, env).unwrap().unwrap().origin
        };
        assert_eq!(origin(&BTreeMap::new()), "http://127.0.0.1:8787");
        assert_eq!(origin(&[("OAUTH_ISSUER", "")].into()), "http://127.0.0.1:8787");
        assert_eq!(origin(&[("OAUTH_ISSUER", "http://localhost:1")].into()), "http://localhost:1");
    }
}
