//! The local server as people and programs log in to it: its authorization server on the same origin, perhaps a front
//! before both, and the browser that programs open.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use service_kit::random;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::build::{Target, executable};
use crate::install::Npm;
use crate::process::{Server, free_port};

/// Who logs in.
const USER: &str = "dev";
/// The client of an operator's for machines.
const MACHINE: &str = "machine";
/// The client of an operator's for people; its redirect URI is on this machine, at any port.
pub(crate) const PUBLIC: &str = "public";

/// The programs that a site is made of.
pub(crate) struct Programs<'a> {
    npm: &'a Npm,
    server: PathBuf,
}

impl<'a> Programs<'a> {
    /// Builds the local server.
    pub(crate) fn build(npm: &'a Npm) -> Result<Self> {
        Ok(Self { npm, server: executable("mcp-local", Target::Bin("mcp-local"))? })
    }
}

/// What nobody knows but this run.
struct Secrets {
    password: String,
    machine: String,
    initial_access: String,
}

/// A running site; stopped when this is dropped.
pub(crate) struct Site {
    /// Where clients find it.
    pub(crate) origin: String,
    secrets: Secrets,
    server: Server,
    _front: Option<Server>,
    /// What the browser keeps, and what the server writes.
    folder: TempDir,
}

impl Site {
    /// The server, on a port of its own or behind the front in a situation of `clients/npm/front.mjs`.
    pub(crate) fn start(
        name: &str,
        programs: &Programs<'_>,
        situation: Option<&str>,
    ) -> Result<Self> {
        // Not below the checkout: what opens a browser splits its command at spaces.
        let folder = tempfile::tempdir().context("there is no folder for temporary files")?;
        let port = free_port()?;
        let front_port = situation.map(|_| free_port()).transpose()?;
        let origin = format!("http://127.0.0.1:{}", front_port.unwrap_or(port));
        let secrets = Secrets::random()?;
        let mut command = Command::new(&programs.server);
        command.args(["--port", &port.to_string(), "--config"]).arg(folder.path().join("config"));
        command.env("OAUTH_ISSUER", &origin).env("MCP_RESOURCE", format!("{origin}/mcp"));
        command.envs(secrets.for_server());
        let server = Server::start(name, &mut command, port)?;
        let front = match (situation, front_port) {
            (Some(situation), Some(front_port)) => {
                let mut command = programs.npm.node("front.mjs");
                command.args([&front_port.to_string(), &format!("http://127.0.0.1:{port}")]);
                command.arg(situation);
                Some(Server::start(&format!("{name}-front"), &mut command, front_port)?)
            }
            _ => None,
        };
        let site = Self { origin, secrets, server, _front: front, folder };
        site.write_browser(programs.npm)?;
        Ok(site)
    }

    /// Where tools are.
    pub(crate) fn url(&self) -> String {
        format!("{}/mcp", self.origin)
    }

    /// Puts into the environment of a program what it needs to log in.
    pub(crate) fn equip(&self, command: &mut Command) {
        command.env("BROWSER", self.browser()).env("BROWSER_JAR", self.jar());
        command.env("LOGIN_USER", USER).env("LOGIN_PASSWORD", &self.secrets.password);
        command.env("CLIENT_ID", MACHINE).env("CLIENT_SECRET", &self.secrets.machine);
        command.env("INITIAL_ACCESS_TOKEN", &self.secrets.initial_access);
    }

    /// Another browser than before: one that nobody is logged in with.
    pub(crate) fn change_browser(&self) -> Result<()> {
        fs::write(self.jar(), "{}").context("the browser cannot be made new")?;
        fs::write(self.browsed(), "").context("the browser cannot be made new")
    }

    /// A certificate that nobody vouches for, and its key: the files.
    pub(crate) fn certificate(&self, host: &str) -> Result<(PathBuf, PathBuf)> {
        let made = rcgen::generate_simple_self_signed([host.to_owned()])?;
        let (certificate, key) =
            (self.folder.path().join("tls.crt"), self.folder.path().join("tls.key"));
        fs::write(&certificate, made.cert.pem())?;
        fs::write(&key, made.signing_key.serialize_pem())?;
        Ok((certificate, key))
    }

    /// What the server and the browser said last.
    pub(crate) fn said(&self) -> String {
        let browsed = fs::read_to_string(self.browsed()).unwrap_or_default();
        format!("the browser said:\n{browsed}\nthe server's log ends with:\n{}", self.server.said())
    }

    fn browser(&self) -> PathBuf {
        self.folder.path().join("browser")
    }

    fn browsed(&self) -> PathBuf {
        self.folder.path().join("browser.log")
    }

    fn jar(&self) -> PathBuf {
        self.folder.path().join("cookies.json")
    }

    /// A program that opens a page and does not wait for the person.
    fn write_browser(&self, npm: &Npm) -> Result<()> {
        let node = npm.node("browser.mjs");
        let quoted =
            |path: &Path| format!("'{}'", path.display().to_string().replace('\'', r"'\''"));
        let script = format!(
            "#!/bin/sh\ncd {}\n{} browser.mjs \"$1\" >>{} 2>&1 &\n",
            quoted(&npm.folder),
            quoted(Path::new(node.get_program())),
            quoted(&self.browsed()),
        );
        fs::write(self.browser(), script).context("the browser cannot be written")?;
        fs::set_permissions(self.browser(), fs::Permissions::from_mode(0o755))?;
        self.change_browser()
    }
}

impl Secrets {
    fn random() -> Result<Self> {
        let secret = || -> Result<String> {
            let mut bytes = [0; 32];
            random::fill(&mut bytes)?;
            Ok(URL_SAFE_NO_PAD.encode(bytes))
        };
        Ok(Self { password: secret()?, machine: secret()?, initial_access: secret()? })
    }

    fn for_server(&self) -> [(&'static str, String); 3] {
        let clients = json!([
            {
                "client_id": MACHINE,
                "client_secret_sha256": sha256(&self.machine),
                "grant_types": ["client_credentials"],
                "scope": "mcp/invoke prometheus-mcp-server/read",
            },
            {
                "client_id": PUBLIC,
                "redirect_uris": ["http://127.0.0.1/callback"],
                "scope": "mcp/invoke offline_access openid prometheus-mcp-server/read",
            },
        ]);
        [
            ("OAUTH_DEVELOPMENT_USERS", json!({ USER: self.password }).to_string()),
            ("OAUTH_CLIENTS", clients.to_string()),
            ("OAUTH_INITIAL_ACCESS", json!({ sha256(&self.initial_access): "" }).to_string()),
        ]
    }
}

fn sha256(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(secret))
}
