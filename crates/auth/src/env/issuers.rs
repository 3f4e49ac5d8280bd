//! `AUTH_ISSUERS`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::str::FromStr;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::table::Table;
use crate::jwks_uri::JwksUri;
use crate::key_set::KeySet;
use crate::profile::{Issuer, Profile};
use crate::resource::Resource;
use crate::scope::{Registry, Scopes};
use crate::tenant::TenantId;
use crate::url::Url;

/// One issuer as it is configured.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    issuer: String,
    profile: Kind,
    #[serde(default)]
    clients: Vec<String>,
    audience: Option<String>,
    jwks_uri: Option<String>,
    jwks: Option<Box<RawValue>>,
    jwks_file: Option<PathBuf>,
    tenant_claim: Option<String>,
    #[serde(default)]
    tenants: Table<String, TenantId>,
    tenant: Option<String>,
    scopes: Option<String>,
    #[serde(default)]
    check_grants: bool,
}

#[derive(Clone, Copy, Deserialize)]
enum Kind {
    #[serde(rename = "cognito")]
    Cognito,
    #[serde(rename = "at+jwt")]
    AccessToken,
    #[serde(rename = "oidc")]
    Oidc,
}

/// What is wrong with the list: all of it in one line.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotIssuers {
    #[error("must be a JSON array of issuers: {0}")]
    Json(#[from] serde_json::Error),
    #[error("must name an issuer")]
    None,
    #[error("{0}")]
    Faults(String),
}

/// The issuers, less what the resource says of them: an audience that is not configured.
#[derive(Debug)]
pub(super) struct Issuers(Vec<(Issuer, Option<String>)>);

impl Issuers {
    /// The issuers of tokens for `resource`.
    pub(super) fn of(self, resource: &Resource) -> Vec<Issuer> {
        let issuers = self.0.into_iter();
        let with_audience = |(issuer, audience): (Issuer, Option<String>)| Issuer {
            audience: audience.unwrap_or_else(|| resource.as_str().to_owned()),
            ..issuer
        };
        issuers.map(with_audience).collect()
    }
}

impl FromStr for Issuers {
    type Err = NotIssuers;

    fn from_str(json: &str) -> Result<Self, NotIssuers> {
        let entries: Vec<Entry> = serde_json::from_str(json)?;
        if entries.is_empty() {
            return Err(NotIssuers::None);
        }
        let mut faults = Faults::default();
        let mut issuers: Vec<(Issuer, Option<String>)> = Vec::with_capacity(entries.len());
        for entry in entries {
            faults.issuer.clone_from(&entry.issuer);
            if issuers.iter().any(|(issuer, _)| issuer.url == entry.issuer) {
                faults.add("is there twice");
            }
            issuers.extend(issuer(entry, &mut faults));
        }
        if faults.text.is_empty() {
            Ok(Self(issuers))
        } else {
            Err(NotIssuers::Faults(faults.text))
        }
    }
}

/// What is wrong, issuer by issuer.
#[derive(Default)]
struct Faults {
    issuer: String,
    text: String,
}

impl Faults {
    fn add(&mut self, what: &str) {
        let separator = if self.text.is_empty() { "" } else { "; " };
        // Writing to a String cannot fail.
        let _ = write!(self.text, "{separator}{:?}: {what}", self.issuer);
    }
}

fn issuer(entry: Entry, faults: &mut Faults) -> Option<(Issuer, Option<String>)> {
    // Compared as text with what tokens say, so it stays as it is written.
    let named = Url::parse(&entry.issuer);
    if let Err(err) = named {
        faults.add(&format!("the issuer {err}"));
    }
    let (profile, published_at) = match entry.profile {
        Kind::Cognito => (Profile::Cognito, Some("/.well-known/jwks.json")),
        Kind::AccessToken => (Profile::AccessToken, Some("/oauth/jwks")),
        Kind::Oidc => (Profile::Oidc, None),
    };
    if profile == Profile::Cognito && entry.clients.is_empty() {
        faults.add("the profile cognito needs clients");
    }
    let empty = |text: &Option<String>| text.as_ref().is_some_and(String::is_empty);
    if empty(&entry.audience)
        || empty(&entry.tenant_claim)
        || entry.clients.contains(&String::new())
    {
        faults.add("an audience, a client or a tenant claim is empty");
    }
    let jwks_uri = match (entry.jwks_uri, published_at) {
        (Some(uri), _) => Some(uri),
        (None, Some(path)) => {
            named.ok().map(|_| format!("{}{path}", entry.issuer.trim_end_matches('/')))
        }
        (None, None) => {
            faults.add("the profile oidc needs jwks_uri");
            None
        }
    };
    let jwks_uri = jwks_uri.and_then(|uri| {
        uri.parse::<JwksUri>().inspect_err(|err| faults.add(&format!("jwks_uri {err}"))).ok()
    });
    let known_keys = known_keys(entry.jwks, entry.jwks_file, faults);
    let tenant = entry.tenant.and_then(|text| {
        text.parse::<TenantId>().inspect_err(|err| faults.add(&format!("tenant {err}"))).ok()
    });
    let tenants = entry.tenants.into_map();
    if tenant.as_ref().is_some_and(|one| tenants.values().any(|other| other != one)) {
        faults.add("tenants has another than tenant, to which all of its callers belong");
    }
    if entry.check_grants && profile != Profile::AccessToken {
        faults.add("check_grants is for the profile at+jwt");
    }
    let scopes = entry.scopes.and_then(|text| {
        text.parse::<Scopes>().inspect_err(|err| faults.add(&format!("scopes {err}"))).ok()
    });
    let issuer = Issuer {
        url: entry.issuer,
        profile,
        audience: String::new(),
        clients: entry.clients,
        jwks_uri: jwks_uri?,
        known_keys,
        tenant_claim: entry.tenant_claim,
        tenants,
        tenant,
        scopes: scopes.map(|scopes| Registry::PROJECT.expand(scopes)),
        check_grants: entry.check_grants,
    };
    Some((issuer, entry.audience))
}

fn known_keys(
    inline: Option<Box<RawValue>>,
    file: Option<PathBuf>,
    faults: &mut Faults,
) -> Option<KeySet> {
    let json = match (inline, file) {
        (None, None) => return None,
        (Some(_), Some(_)) => {
            faults.add("jwks and jwks_file are both there");
            return None;
        }
        (Some(json), None) => json.get().as_bytes().to_vec(),
        // The one file that configuration may name; it is read here so that a fault is one of start.
        (None, Some(path)) => match std::fs::read(&path) {
            Ok(json) => json,
            Err(err) => {
                faults.add(&format!("jwks_file cannot be read: {err}"));
                return None;
            }
        },
    };
    match KeySet::parse(&json) {
        Ok(keys) => Some(keys),
        Err(err) => {
            faults.add(&format!("the keys known beforehand: {err}"));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JWKS: &str = r#"{"keys":[{"kid":"k1","kty":"EC","crv":"P-256","alg":"ES256","use":"sig",
        "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;

    fn read(json: &str) -> Result<Vec<Issuer>, NotIssuers> {
        let resource: Resource = "https://mcp.example.com/mcp".parse().unwrap();
        json.parse::<Issuers>().map(|issuers| issuers.of(&resource))
    }

    #[test]
    fn what_is_not_said_follows_from_the_profile_and_the_resource() {
        let issuers = read(
            r#"[{"issuer":"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a","profile":"cognito",
                 "clients":["c1"]},
                {"issuer":"https://as.example.com","profile":"at+jwt"},
                {"issuer":"https://t.example.com/","profile":"oidc",
                 "jwks_uri":"https://t.example.com/keys","audience":"api://mcp"}]"#,
        )
        .unwrap();
        let said: Vec<_> =
            issuers.iter().map(|i| (i.profile, i.jwks_uri.as_str(), i.audience.as_str())).collect();
        assert_eq!(
            said,
            [
                (
                    Profile::Cognito,
                    "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a/.well-known/jwks.json",
                    "https://mcp.example.com/mcp"
                ),
                (
                    Profile::AccessToken,
                    "https://as.example.com/oauth/jwks",
                    "https://mcp.example.com/mcp"
                ),
                (Profile::Oidc, "https://t.example.com/keys", "api://mcp"),
            ]
        );
        assert_eq!(issuers[2].url, "https://t.example.com/", "an issuer stays as it is written");
    }

    #[test]
    fn clients_belong_to_tenants() {
        let issuers = read(
            r#"[{"issuer":"http://localhost:9000","profile":"at+jwt","tenant_claim":"tenant",
                 "tenants":{"c1":"acme","c2":"blue"}}]"#,
        )
        .unwrap();
        assert_eq!(issuers[0].tenant_claim.as_deref(), Some("tenant"));
        assert_eq!(issuers[0].tenants["c2"].as_str(), "blue");
    }

    #[test]
    fn an_issuer_may_be_one_tenants_and_give_no_more_than_it_may() {
        let issuers = read(
            r#"[{"issuer":"https://idp.example.com","profile":"at+jwt","tenant":"acme",
                 "tenant_claim":"tenant","tenants":{"c1":"acme"},"scopes":"prometheus-mcp-server/read"},
                {"issuer":"https://as.example.com","profile":"at+jwt"},
                {"issuer":"https://none.example.com","profile":"at+jwt","scopes":""}]"#,
        )
        .unwrap();
        let said: Vec<_> = issuers
            .iter()
            .map(|it| {
                (
                    it.tenant.as_ref().map(TenantId::as_str),
                    it.scopes.as_ref().map(|it| it.to_string()),
                )
            })
            .collect();
        assert_eq!(
            said,
            [
                (Some("acme"), Some("mcp/invoke prometheus-mcp-server/read".to_owned())),
                (None, None),
                (None, Some(String::new())),
            ]
        );
    }

    #[test]
    fn grants_are_checked_where_that_is_said() {
        let issuers = read(
            r#"[{"issuer":"https://a","profile":"at+jwt","check_grants":true},
                {"issuer":"https://b","profile":"at+jwt","check_grants":false},
                {"issuer":"https://c","profile":"at+jwt"}]"#,
        );
        let checked: Vec<_> = issuers.unwrap().iter().map(|issuer| issuer.check_grants).collect();
        assert_eq!(checked, [true, false, false]);
    }

    #[test]
    fn keys_may_be_known_beforehand_from_the_text_or_from_a_file() {
        let with = |keys: &str| {
            let issuer = r#""issuer":"https://as.example.com","profile":"at+jwt""#;
            read(&format!("[{{{issuer},{keys}}}]"))
        };
        let inline = with(&format!("\"jwks\":{JWKS}")).unwrap();
        assert!(inline[0].known_keys.as_ref().unwrap().get("k1").is_some());

        let path = std::env::temp_dir().join(format!("auth-jwks-{}.json", std::process::id()));
        std::fs::write(&path, JWKS).unwrap();
        let file = serde_json::to_string(&path).unwrap();
        let from_file = with(&format!("\"jwks_file\":{file}")).unwrap();
        assert_eq!(from_file[0].known_keys, inline[0].known_keys);
        let both = with(&format!("\"jwks_file\":{file},\"jwks\":{JWKS}")).unwrap_err();
        assert!(both.to_string().contains("both"), "{both}");
        std::fs::remove_file(&path).unwrap();

        let gone = with(&format!("\"jwks_file\":{file}")).unwrap_err();
        assert!(gone.to_string().contains("cannot be read"), "{gone}");
        assert!(with(r#""jwks":{"keys":[]}"#).is_err());
        assert!(with(r#""jwks":"text""#).is_err());
    }

    #[test]
    fn every_fault_of_every_issuer_is_told() {
        for (json, told) in [
            ("", "JSON array"),
            ("{}", "JSON array"),
            ("[]", "must name an issuer"),
            (r#"[{"issuer":"https://a","profile":"saml"}]"#, "saml"),
            (r#"[{"profile":"oidc"}]"#, "issuer"),
            (r#"[{"issuer":"https://a","profile":"at+jwt","jwks_url":"https://a"}]"#, "jwks_url"),
            (r#"[{"issuer":"https://a","profile":"cognito"}]"#, "needs clients"),
            (r#"[{"issuer":"https://a","profile":"cognito","clients":[""]}]"#, "is empty"),
            (r#"[{"issuer":"https://a","profile":"at+jwt","audience":""}]"#, "is empty"),
            (r#"[{"issuer":"https://a","profile":"oidc"}]"#, "needs jwks_uri"),
            (r#"[{"issuer":"https://a?b","profile":"at+jwt"}]"#, "neither query"),
            (r#"[{"issuer":"http://a","profile":"at+jwt"}]"#, "must begin with https"),
            (
                r#"[{"issuer":"https://a","profile":"at+jwt"},{"issuer":"https://a","profile":"at+jwt"}]"#,
                "is there twice",
            ),
            (
                r#"[{"issuer":"https://a","profile":"at+jwt","tenants":{"c":"a","c":"b"}}]"#,
                "is there twice",
            ),
            (r#"[{"issuer":"https://a","profile":"at+jwt","tenants":{"c":"no good"}}]"#, "must be"),
            (r#"[{"issuer":"https://a","profile":"at+jwt","tenant":"no good"}]"#, "tenant must be"),
            (r#"[{"issuer":"https://a","profile":"at+jwt","scopes":"a  b"}]"#, "scopes must be"),
            (
                r#"[{"issuer":"https://a","profile":"at+jwt","tenant":"a","tenants":{"c":"b"}}]"#,
                "another than tenant",
            ),
            (
                r#"[{"issuer":"https://a","profile":"cognito","clients":["c"],"check_grants":true}]"#,
                "check_grants is for",
            ),
            (r#"[{"issuer":"https://a","profile":"at+jwt","check_grants":"yes"}]"#, "boolean"),
        ] {
            let err = read(json).unwrap_err().to_string();
            assert!(err.contains(told), "{json}: {err}");
        }
        let two =
            r#"[{"issuer":"http://a","profile":"at+jwt"},{"issuer":"https://b","profile":"oidc"}]"#;
        let err = read(two).unwrap_err().to_string();
        assert!(err.contains(r#""http://a""#) && err.contains(r#""https://b""#), "{err}");
    }
}
