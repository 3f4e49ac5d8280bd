//! The identifier of a protected resource: the URL that its metadata, the tokens for it and the
//! requests for those tokens all name alike (RFC 8707, RFC 9728).

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde::Serialize;

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// An `https` URL without query, fragment and closing slash, such as `https://example.com/mcp`; on
/// this machine `http` will do. It is compared as text, so there is one way to write it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(into = "String")]
pub struct ResourceIdentifier {
    /// Scheme, host and port, in lower case.
    origin: String,
    /// Empty, or begins with a slash.
    path: String,
}

impl ResourceIdentifier {
    /// Where clients look for the metadata, on the identifier's own host: at the root, and with
    /// the path of the identifier, which is the address that RFC 9728 gives it (section 3.1).
    #[must_use]
    pub fn well_known_paths(&self) -> [String; 2] {
        [WELL_KNOWN.to_owned(), format!("{WELL_KNOWN}{}", self.path)]
    }

    /// The URL of the metadata, for a challenge's `resource_metadata`.
    #[must_use]
    pub fn metadata_url(&self) -> String {
        format!("{}{WELL_KNOWN}{}", self.origin, self.path)
    }
}

impl fmt::Display for ResourceIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.path)
    }
}

impl From<ResourceIdentifier> for String {
    fn from(identifier: ResourceIdentifier) -> Self {
        identifier.to_string()
    }
}

/// Why a text is not the identifier of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAResource {
    /// Neither `https://` nor `http://`.
    #[error("it must begin with https://")]
    Scheme,
    /// `http` to another machine.
    #[error("http is for this machine only; anything else is https")]
    Insecure,
    /// No host, a malformed one, or one with a user name.
    #[error("the host must be a name or an address, without a user name")]
    Host,
    /// Not a port, or the one that the scheme has anyway.
    #[error("the port must be a number, and left out where it is the scheme's own")]
    Port,
    /// A character that a path cannot have, a query, or a fragment.
    #[error("the path must have neither query nor fragment, nor what a URL cannot have")]
    Path,
    /// A slash at the end, two in a row, or a segment of dots.
    #[error("the path must have no slash at its end, no empty segment and no dots for one")]
    Segment,
}

impl FromStr for ResourceIdentifier {
    type Err = NotAResource;

    fn from_str(text: &str) -> Result<Self, NotAResource> {
        let (scheme, rest) = text.split_once("://").ok_or(NotAResource::Scheme)?;
        let scheme = scheme.to_ascii_lowercase();
        let own_port = match scheme.as_str() {
            "https" => 443,
            "http" => 80,
            _ => return Err(NotAResource::Scheme),
        };
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        check_path(path)?;
        let authority = authority.to_ascii_lowercase();
        let host = match authority.rsplit_once(':') {
            // The last colon of an IPv6 address is inside its brackets.
            Some((host, port)) if !port.ends_with(']') => {
                let plain = port.bytes().all(|b| b.is_ascii_digit()) && !port.starts_with('0');
                let number = port.parse::<u16>().ok().filter(|_| plain);
                if number.is_none_or(|number| number == own_port) {
                    return Err(NotAResource::Port);
                }
                host
            }
            _ => &authority,
        };
        let loopback = is_loopback(host)?;
        if scheme == "http" && !loopback {
            return Err(NotAResource::Insecure);
        }
        Ok(Self { origin: format!("{scheme}://{authority}"), path: path.to_owned() })
    }
}

/// Whether the host is this machine, if it is a host.
fn is_loopback(host: &str) -> Result<bool, NotAResource> {
    if let Some(address) = host.strip_prefix('[') {
        let address = address.strip_suffix(']').ok_or(NotAResource::Host)?;
        let address: Ipv6Addr = address.parse().map_err(|_| NotAResource::Host)?;
        return Ok(address.is_loopback());
    }
    let label = |label: &str| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    if !host.split('.').all(label) {
        return Err(NotAResource::Host);
    }
    // What ends in a number would be read as an address, whatever its form (127.1).
    if host.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit())) {
        let address: Ipv4Addr = host.parse().map_err(|_| NotAResource::Host)?;
        return Ok(address.is_loopback());
    }
    Ok(host == "localhost")
}

fn check_path(path: &str) -> Result<(), NotAResource> {
    // RFC 3986, section 3.3
    let known = |b: u8| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%/".contains(&b);
    if !path.bytes().all(known) {
        return Err(NotAResource::Path);
    }
    let mut segments = path.split('/').skip(1);
    if segments.any(|segment| matches!(segment, "" | "." | "..")) {
        return Err(NotAResource::Segment);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_identifier_is_an_https_url_that_can_be_written_in_one_way_only() {
        use NotAResource::{Host, Insecure, Path, Port, Scheme, Segment};
        for (text, expected) in [
            ("https://example.com", Ok("https://example.com")),
            ("https://example.com/mcp", Ok("https://example.com/mcp")),
            ("HTTPS://Example.COM:8443/MCP/a%20b", Ok("https://example.com:8443/MCP/a%20b")),
            ("https://192.0.2.1/mcp", Ok("https://192.0.2.1/mcp")),
            ("https://[2001:DB8::1]:8443/mcp", Ok("https://[2001:db8::1]:8443/mcp")),
            ("http://localhost:8787/mcp", Ok("http://localhost:8787/mcp")),
            ("http://127.0.0.1:8787/mcp", Ok("http://127.0.0.1:8787/mcp")),
            ("http://[::1]/mcp", Ok("http://[::1]/mcp")),
            ("http://example.com/mcp", Err(Insecure)),
            ("http://localhost.example.com/mcp", Err(Insecure)),
            ("http://0.0.0.0/mcp", Err(Insecure)),
            ("http://127.1/mcp", Err(Host)),
            ("ftp://example.com", Err(Scheme)),
            ("example.com/mcp", Err(Scheme)),
            (" https://example.com", Err(Scheme)),
            ("", Err(Scheme)),
            ("https://", Err(Host)),
            ("https:///mcp", Err(Host)),
            ("https://user@example.com/mcp", Err(Host)),
            ("https://a b/mcp", Err(Host)),
            ("https://example..com/mcp", Err(Host)),
            ("https://example.com./mcp", Err(Host)),
            ("https://*.example.com/mcp", Err(Host)),
            ("https://bücher.example/mcp", Err(Host)),
            ("https://[::1/mcp", Err(Host)),
            ("https://[::1]x/mcp", Err(Port)),
            ("https://example.com:443/mcp", Err(Port)),
            ("http://localhost:80/mcp", Err(Port)),
            ("https://example.com:/mcp", Err(Port)),
            ("https://example.com:08443/mcp", Err(Port)),
            ("https://example.com:65536/mcp", Err(Port)),
            ("https://user:word@example.com/mcp", Err(Port)),
            ("https://example.com?a", Err(Path)),
            ("https://example.com/mcp?a=b", Err(Path)),
            ("https://example.com/mcp#a", Err(Path)),
            ("https://example.com/m cp", Err(Path)),
            ("https://example.com/m\\cp", Err(Path)),
            ("https://example.com/mcp\n", Err(Path)),
            ("https://example.com/", Err(Segment)),
            ("https://example.com/mcp/", Err(Segment)),
            ("https://example.com//mcp", Err(Segment)),
            ("https://example.com/a/../mcp", Err(Segment)),
            ("https://example.com/./mcp", Err(Segment)),
        ] {
            let got = text.parse::<ResourceIdentifier>().map(|resource| resource.to_string());
            assert_eq!(got.as_deref(), expected.as_ref().copied(), "{text:?}");
        }
    }

    #[test]
    fn the_metadata_is_at_the_root_and_at_the_path_of_the_resource() {
        let resource: ResourceIdentifier = "https://example.com:8443/a/mcp".parse().unwrap();
        assert_eq!(
            resource.well_known_paths(),
            [
                "/.well-known/oauth-protected-resource",
                "/.well-known/oauth-protected-resource/a/mcp"
            ]
        );
        assert_eq!(
            resource.metadata_url(),
            "https://example.com:8443/.well-known/oauth-protected-resource/a/mcp"
        );
        let bare: ResourceIdentifier = "https://example.com".parse().unwrap();
        assert_eq!(bare.well_known_paths()[0], bare.well_known_paths()[1]);
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_parses_is_its_own_only_spelling(
            text in "\\PC{0,40}|(HTTPS?|https?)://[a-zA-Z0-9.:@\\[\\]-]{0,20}(/[!-~]{0,12})?",
        ) {
            if let Ok(resource) = text.parse::<ResourceIdentifier>() {
                let written = resource.to_string();
                prop_assert!(written.eq_ignore_ascii_case(&text));
                prop_assert_eq!(written.parse(), Ok(resource));
            }
        }
    }
}
