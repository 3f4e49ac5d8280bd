//! The protected resource: what clients call the server, and where its metadata is (RFC 9728).

use std::fmt;
use std::str::FromStr;

use crate::url::{NotAUrl, Url};

/// Where metadata is, before the resource's path (RFC 9728, section 3).
pub(crate) const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// The identifier of a protected resource: the one text that the metadata's `resource`, the
/// client's `resource` parameter and the token's `aud` share.
///
/// A URL of `https` (of `http` on this machine) without userinfo, query, fragment, trailing slash or
/// dot segments; scheme and host in small letters, however they were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    url: String,
    /// The length of scheme, host and port.
    origin: usize,
}

impl Resource {
    /// The identifier as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// Scheme, host and port.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.url[..self.origin]
    }

    /// The path; empty when the resource is the whole origin.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.url[self.origin..]
    }

    /// Where clients find the metadata: the origin, the well-known path, the resource's path.
    #[must_use]
    pub fn metadata_url(&self) -> String {
        format!("{}{WELL_KNOWN}{}", self.origin(), self.path())
    }

    /// Whether the resource is behind a stage of API Gateway's own host
    /// (`https://….execute-api.…/prod/mcp`). All that is at the origin's root is API Gateway's then,
    /// so clients cannot find the metadata: a fault of the deployment that deserves a warning.
    #[must_use]
    pub fn hides_its_metadata(&self) -> bool {
        self.origin().contains(".execute-api.") && self.path().split('/').count() > 2
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

impl FromStr for Resource {
    type Err = NotAUrl;

    fn from_str(text: &str) -> Result<Self, NotAUrl> {
        let url = Url::parse(text)?;
        if url.path.ends_with('/') {
            return Err(NotAUrl::TrailingSlash);
        }
        let origin = url.origin();
        Ok(Self { origin: origin.len(), url: origin + url.path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_resource_knows_where_its_metadata_is() {
        for (text, resource, metadata) in [
            (
                "https://mcp.example.com/mcp",
                "https://mcp.example.com/mcp",
                "https://mcp.example.com/.well-known/oauth-protected-resource/mcp",
            ),
            (
                "HTTPS://MCP.Example.com:443/Mcp",
                "https://mcp.example.com/Mcp",
                "https://mcp.example.com/.well-known/oauth-protected-resource/Mcp",
            ),
            (
                "https://mcp.example.com",
                "https://mcp.example.com",
                "https://mcp.example.com/.well-known/oauth-protected-resource",
            ),
            (
                "http://127.0.0.1:8787/mcp",
                "http://127.0.0.1:8787/mcp",
                "http://127.0.0.1:8787/.well-known/oauth-protected-resource/mcp",
            ),
        ] {
            let read: Resource = text.parse().unwrap();
            assert_eq!((read.as_str(), read.metadata_url().as_str()), (resource, metadata));
            assert_eq!(format!("{}{}", read.origin(), read.path()), resource);
        }
    }

    #[test]
    fn what_would_not_compare_equal_everywhere_is_refused() {
        for (text, expected) in [
            ("https://host/", NotAUrl::TrailingSlash),
            ("https://host/mcp/", NotAUrl::TrailingSlash),
            ("https://host/mcp?x=1", NotAUrl::Path),
            ("https://host/mcp#x", NotAUrl::Path),
            ("https://me@host/mcp", NotAUrl::Authority),
            ("https://host/a/../mcp", NotAUrl::Path),
        ] {
            assert_eq!(text.parse::<Resource>(), Err(expected), "{text}");
        }
    }

    #[test]
    fn x10_a_resource_without_tls_is_refused_unless_it_is_on_this_machine() {
        assert_eq!("http://mcp.example.com/mcp".parse::<Resource>(), Err(NotAUrl::Insecure));
        assert!("http://localhost:8787/mcp".parse::<Resource>().is_ok());
    }

    #[test]
    fn a_stage_on_api_gateways_own_host_hides_the_metadata() {
        for (text, hides) in [
            ("https://a1b2c3.execute-api.eu-west-1.amazonaws.com/prod/mcp", true),
            ("https://a1b2c3.execute-api.cn-north-1.amazonaws.com.cn/prod/mcp", true),
            ("https://a1b2c3.execute-api.eu-west-1.amazonaws.com/mcp", false),
            ("https://mcp.example.com/prod/mcp", false),
            ("https://mcp.example.com", false),
        ] {
            assert_eq!(text.parse::<Resource>().unwrap().hides_its_metadata(), hides, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_read_is_its_own_form(
            text in "\\PC{0,30}|[Hh]ttps?://[a-zA-Z0-9.:@\\[\\]-]{0,12}(/[a-z.%]{0,3}){0,3}[/?#]?",
        ) {
            if let Ok(read) = text.parse::<Resource>() {
                prop_assert_eq!(read.as_str().parse::<Resource>(), Ok(read.clone()));
                prop_assert!(read.as_str().is_ascii());
            }
        }
    }
}
