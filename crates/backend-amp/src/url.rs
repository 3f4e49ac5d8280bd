//! The address of a Prometheus server.

use std::fmt;
use std::str::FromStr;

use http::Uri;
use http::uri::Scheme;

use crate::{Error, Region, WorkspaceId};

/// The base of a Prometheus HTTP API: scheme, host and a path that `/api/v1/…` is appended to.
///
/// Parsing takes what people copy from the AMP console or a browser: a closing `/`, `/api/v1` and
/// `/api/v1/query` are dropped. User names, queries, fragments and dot segments are refused.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PrometheusUrl {
    uri: Uri,
    /// Without a slash at the end.
    text: String,
}

impl PrometheusUrl {
    /// The URL as text, without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host, without the port.
    pub fn host(&self) -> &str {
        self.uri.host().unwrap_or_default()
    }

    /// The workspace that the path names at its end: `…/workspaces/ws-1`.
    pub fn workspace(&self) -> Option<WorkspaceId> {
        let (rest, id) = self.text.rsplit_once('/')?;
        rest.ends_with("/workspaces").then_some(())?;
        id.parse().ok()
    }

    /// Whether the host is one of AMP's: public, dual-stack, FIPS or a VPC endpoint.
    pub fn is_amp(&self) -> bool {
        self.amp_host().is_some()
    }

    /// The region that an AMP host names.
    pub fn region(&self) -> Option<Region> {
        self.amp_host()?.parse().ok()
    }

    /// The region's label of `aps-workspaces[-fips].REGION.…`, in one of AWS' own domains.
    fn amp_host(&self) -> Option<&str> {
        const DOMAINS: [&str; 6] = [
            ".amazonaws.com",
            ".amazonaws.com.cn",
            ".amazonaws.eu",
            ".api.aws",
            ".api.amazonwebservices.com.cn",
            ".api.amazonwebservices.eu",
        ];
        let host = self.host();
        let labels = DOMAINS.iter().find_map(|domain| host.strip_suffix(domain))?;
        let mut labels = labels.split('.');
        labels.find(|label| matches!(*label, "aps-workspaces" | "aps-workspaces-fips"))?;
        labels.next()
    }
}

impl FromStr for PrometheusUrl {
    type Err = Error;

    fn from_str(given: &str) -> Result<Self, Error> {
        let refuse = |reason| Error::InvalidUrl { given: given.to_owned(), reason };
        // `Uri` would drop a fragment without a word.
        if given.contains(['#', '?']) {
            return Err(refuse("it has a query or a fragment"));
        }
        let mut base = given.trim_end_matches('/');
        for ending in ["/query", "/api/v1"] {
            base = match base.strip_suffix(ending) {
                Some(rest) if ending == "/api/v1" || rest.ends_with("/api/v1") => rest,
                _ => base,
            };
        }
        let uri: Uri = base.parse().map_err(|_| refuse("it is not a URL"))?;
        if ![Some(&Scheme::HTTP), Some(&Scheme::HTTPS)].contains(&uri.scheme()) {
            return Err(refuse("it does not begin with http:// or https://"));
        }
        let authority = uri.authority().map_or("", |a| a.as_str());
        if authority.contains('@') {
            return Err(refuse("it has a user name"));
        }
        if uri.host().is_none_or(str::is_empty) {
            return Err(refuse("it has no host"));
        }
        // A server that resolves dot segments would see another path than the one signed.
        let mut segments = uri.path().split('/').skip(1);
        let odd = uri.path() != "/" && segments.any(|s| matches!(s, "" | "." | ".."));
        if odd || base.ends_with('/') {
            return Err(refuse("its path has empty or dot segments"));
        }
        Ok(Self { text: base.to_owned(), uri })
    }
}

impl fmt::Display for PrometheusUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for PrometheusUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn url(text: &str) -> PrometheusUrl {
        text.parse().unwrap()
    }

    #[test]
    fn what_people_paste_becomes_the_base() {
        for (given, base) in [
            ("http://localhost:9090", "http://localhost:9090"),
            ("http://localhost:9090/", "http://localhost:9090"),
            ("https://a.example/prom/", "https://a.example/prom"),
            ("https://a.example/api/v1", "https://a.example"),
            ("https://a.example/x/api/v1/query", "https://a.example/x"),
            ("https://a.example/query", "https://a.example/query"),
            ("http://[::1]:9090", "http://[::1]:9090"),
            (
                "https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-1/api/v1/query",
                "https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-1",
            ),
        ] {
            assert_eq!(url(given).as_str(), base);
        }
    }

    #[test]
    fn what_is_no_address_of_a_server_is_refused() {
        for given in [
            "",
            "localhost:9090",
            "/prom",
            "ftp://a.example",
            "http://",
            "http://user:secret@a.example",
            "http://a.example/?x=1",
            "http://a.example/#x",
            "http://a.example/x/../y",
            "http://a.example/./y",
            "http://a.example//y",
            "http://a.example//api/v1",
            "http://a example",
            "http://a.example/\r\nx",
        ] {
            assert!(given.parse::<PrometheusUrl>().is_err(), "{given:?}");
        }
    }

    #[test]
    fn only_hosts_of_aws_are_amp() {
        for (given, region) in [
            ("https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-1", Some("us-east-1")),
            ("https://aps-workspaces-fips.us-west-2.amazonaws.com", Some("us-west-2")),
            ("https://aps-workspaces.eu-west-1.api.aws", Some("eu-west-1")),
            ("https://aps-workspaces.cn-north-1.amazonaws.com.cn", Some("cn-north-1")),
            ("https://vpce-1.aps-workspaces.eu-west-1.vpce.amazonaws.com", Some("eu-west-1")),
            ("https://aps-workspaces.us-east-1.amazonaws.com.evil.example", None),
            ("https://aps-workspaces.us-east-1.evil.example", None),
            ("https://s3.us-east-1.amazonaws.com", None),
            ("http://localhost:9090/workspaces/ws-1", None),
        ] {
            let url = url(given);
            assert_eq!(url.region().as_ref().map(Region::as_str), region, "{given}");
            assert_eq!(url.is_amp(), region.is_some(), "{given}");
        }
    }

    #[test]
    fn the_workspace_is_the_end_of_the_path() {
        for (given, workspace) in [
            ("https://a.example/workspaces/ws-1", Some("ws-1")),
            ("https://a.example/base/workspaces/ws-1/", Some("ws-1")),
            ("https://a.example/workspaces/1", None),
            ("https://a.example/workspaces/ws-1/more", None),
            ("https://a.example", None),
            ("https://ws-1", None),
        ] {
            let found = url(given).workspace();
            assert_eq!(found.as_ref().map(WorkspaceId::as_str), workspace, "{given}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_parses_renders_back(
            given in ".*|https?://[a-z.]{1,12}(:[0-9]{1,6})?(/|/[a-z.%]{1,4}|/workspaces|/ws-1){0,4}(/api/v1){0,2}(/query)?/{0,2}",
        ) {
            if let Ok(url) = given.parse::<PrometheusUrl>() {
                prop_assert!(given.starts_with(url.as_str()));
                prop_assert!(!url.as_str().ends_with('/'), "{}", url);
                prop_assert!(!url.host().is_empty());
                prop_assert_eq!(url.region().is_some() && !url.is_amp(), false);
                if let Some(workspace) = url.workspace() {
                    prop_assert!(url.as_str().ends_with(workspace.as_str()));
                }
                // The address of its own API is that of the same server.
                prop_assert_eq!(format!("{url}/api/v1").parse::<PrometheusUrl>().ok(), Some(url));
            }
        }
    }
}
