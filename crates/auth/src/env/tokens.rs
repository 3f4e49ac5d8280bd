//! Whose tokens are taken, and what deserves a word at the start.

use service_kit::env::Reader;

use super::issuers::Issuers;
use crate::profile::{Issuer, Profile};
use crate::resource::Resource;
use crate::url::Url;

/// Whose tokens are taken, and what for.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// What the tokens are for.
    pub resource: Resource,
    /// Who issues them; never empty.
    pub issuers: Vec<Issuer>,
}

impl Tokens {
    /// Reads [`TOKEN_VARS`](super::TOKEN_VARS). `None` means that a fault was remembered.
    pub fn read(env: &mut Reader<'_>) -> Option<Self> {
        let resource: Option<Resource> = env.required("MCP_RESOURCE");
        let issuers: Option<Issuers> = env.required("AUTH_ISSUERS");
        let (resource, issuers) = (resource?, issuers?);
        Some(Self { issuers: issuers.of(&resource), resource })
    }

    /// Remembers a fault when the resource is one of `http`: for a program on AWS Lambda, which no
    /// client reaches at a URL of its own machine. Issuers may be there, as an extension is.
    pub fn reject_http(&self, env: &mut Reader<'_>) {
        if !self.resource.as_str().starts_with("https://") {
            let reason = "must begin with https://: http is for a machine of one's own, never for AWS Lambda";
            env.reject("MCP_RESOURCE", reason);
        }
    }

    /// Warns, in the log, of a resource or an issuer of ours that is behind a stage on API Gateway's
    /// own host: clients look for its metadata at the root of the host, which is API Gateway's.
    pub fn warn_of_stages(&self) {
        if self.resource.hides_its_metadata() {
            warn_of_stage("MCP_RESOURCE", self.resource.as_str());
        }
        let ours = self.issuers.iter().filter(|issuer| issuer.profile == Profile::AccessToken);
        for issuer in ours.filter(|issuer| is_behind_stage(&issuer.url)) {
            warn_of_stage("AUTH_ISSUERS", &issuer.url);
        }
    }
}

fn warn_of_stage(variable: &str, url: &str) {
    tracing::warn!(
        variable,
        url,
        "clients cannot log in: they look for the metadata at the root of this host, where the stage \
         of API Gateway does not reach; give the API a domain name of its own (docs/security/doors.md, \
         \"The stage trap\")"
    );
}

/// Whether an issuer, which has no path but that of its stage, has one there.
fn is_behind_stage(issuer: &str) -> bool {
    Url::parse(issuer)
        .is_ok_and(|url| url.host.contains(".execute-api.") && !matches!(url.path, "" | "/"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use service_kit::env::{ConfigError, Reader};

    use super::super::TOKEN_VARS;
    use super::*;
    use crate::log::Log;

    fn read(resource: &str, issuer: &str, profile: &str) -> Result<Tokens, ConfigError> {
        let issuers = format!(
            r#"[{{"issuer":"{issuer}","profile":"{profile}","jwks_uri":"http://127.0.0.1:1/"}}]"#
        );
        let env = BTreeMap::from([("MCP_RESOURCE", resource), ("AUTH_ISSUERS", &issuers)]);
        let mut env = Reader::new(&env, TOKEN_VARS);
        let tokens = Tokens::read(&mut env);
        if let Some(tokens) = &tokens {
            tokens.reject_http(&mut env);
        }
        env.finish(move || tokens)
    }

    #[test]
    fn x10_a_resource_of_http_is_refused_where_nobody_can_reach_it() {
        let issuer = "http://127.0.0.1:9000";
        assert!(read("https://mcp.example.com/mcp", issuer, "at+jwt").is_ok());
        let err = read("http://localhost:8787/mcp", issuer, "at+jwt").unwrap_err();
        let [fault] = &err.faults[..] else { panic!("{err:?}") };
        assert_eq!(fault.name, "MCP_RESOURCE");
        assert!(err.to_string().contains("AWS Lambda"), "{err}");
    }

    #[test]
    fn each_stage_that_hides_metadata_is_warned_of() {
        let (good, stage) =
            ("https://mcp.example.com/mcp", "https://a1.execute-api.eu-west-1.amazonaws.com");
        for (resource, issuer, profile, warned) in [
            (good, "https://as.example.com", "at+jwt", &[][..]),
            (good, "https://as.example.com/prod", "at+jwt", &[]),
            (good, stage, "at+jwt", &[]),
            (good, &format!("{stage}/"), "at+jwt", &[]),
            (good, &format!("{stage}/prod"), "at+jwt", &["AUTH_ISSUERS"]),
            (good, &format!("{stage}/prod"), "oidc", &[]),
            (&format!("{stage}/prod/mcp"), stage, "at+jwt", &["MCP_RESOURCE"]),
            (
                &format!("{stage}/prod/mcp"),
                &format!("{stage}/prod"),
                "at+jwt",
                &["MCP_RESOURCE", "AUTH_ISSUERS"],
            ),
        ] {
            let tokens = read(resource, issuer, profile).unwrap();
            let log = Log::default();
            let guard = log.start();
            tokens.warn_of_stages();
            drop(guard);
            let lines = log.lines();
            assert_eq!(lines.len(), warned.len(), "{resource} {issuer}: {lines:?}");
            for (line, variable) in lines.iter().zip(warned) {
                let part = format!("variable=\"{variable}\"");
                assert!(line.starts_with("WARN") && line.contains(&part), "{line}");
                assert!(line.contains("The stage trap"), "{line}");
            }
        }
    }
}
