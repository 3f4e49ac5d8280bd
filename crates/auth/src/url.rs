//! The URLs that names are made of: resources and issuers.

use std::net::{IpAddr, Ipv6Addr};

/// A URL of `http` or `https` taken apart; there is no userinfo, query or fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Url<'a> {
    pub(crate) https: bool,
    /// As it is written, an IPv6 address in brackets.
    pub(crate) host: &'a str,
    pub(crate) port: Option<u16>,
    /// Empty, or from the first slash on.
    pub(crate) path: &'a str,
}

/// What is wrong with a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAUrl {
    /// It does not begin with `https://` or `http://`.
    #[error("must begin with https://")]
    Scheme,
    /// `http` to somebody else's machine.
    #[error("must begin with https://: http is for this machine only")]
    Insecure,
    /// The host or the port is malformed, or there is userinfo.
    #[error("must have a host, perhaps a port, and no user")]
    Authority,
    /// The path is malformed, or there is a query or a fragment.
    #[error("must have a path of plain segments, and neither query nor fragment")]
    Path,
    /// It ends in a slash.
    #[error("must not end in a slash")]
    TrailingSlash,
    /// It is more than an origin, or one that a browser writes otherwise.
    #[error("must be an origin as browsers write it: small letters, no path, no default port")]
    NotAnOrigin,
}

impl<'a> Url<'a> {
    /// Takes `text` apart. `http` is good for this machine only.
    pub(crate) fn parse(text: &'a str) -> Result<Self, NotAUrl> {
        let (scheme, rest) = text.split_once("://").ok_or(NotAUrl::Scheme)?;
        let https = scheme.eq_ignore_ascii_case("https");
        if !https && !scheme.eq_ignore_ascii_case("http") {
            return Err(NotAUrl::Scheme);
        }
        let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (host, port) = match authority.rsplit_once(':') {
            // The colon is one of an IPv6 address.
            Some((_, port)) if port.ends_with(']') => (authority, None),
            Some((host, port)) => (host, Some(parse_port(port).ok_or(NotAUrl::Authority)?)),
            None => (authority, None),
        };
        if !is_host(host) {
            return Err(NotAUrl::Authority);
        }
        if !is_path(path) {
            return Err(NotAUrl::Path);
        }
        let url = Self { https, host, port, path };
        if https || url.is_loopback() { Ok(url) } else { Err(NotAUrl::Insecure) }
    }

    fn is_loopback(self) -> bool {
        let bare = self.host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let address = bare.unwrap_or(self.host).parse::<IpAddr>();
        address.map_or(self.host.eq_ignore_ascii_case("localhost"), |ip| ip.is_loopback())
    }

    /// Scheme, host and port in small letters, without the port that goes without saying.
    pub(crate) fn origin(self) -> String {
        let (scheme, implied) = if self.https { ("https", 443) } else { ("http", 80) };
        let host = self.host.to_ascii_lowercase();
        match self.port.filter(|port| *port != implied) {
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        }
    }
}

fn parse_port(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| digits)
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return address.parse::<Ipv6Addr>().is_ok();
    }
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    host.len() <= 253
        && host.bytes().all(legal)
        && host.split('.').all(|label| (1..=63).contains(&label.len()))
}

/// Empty, `/`, or segments of characters that need no encoding, of which none is empty but perhaps
/// the last, and none is dots.
fn is_path(path: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$'()*+,;=:@".contains(&byte);
    let Some(segments) = path.strip_prefix('/') else { return path.is_empty() };
    let segments = segments.strip_suffix('/').unwrap_or(segments);
    path == "/"
        || segments
            .split('/')
            .all(|segment| !matches!(segment, "" | "." | "..") && segment.bytes().all(legal))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_urls_that_mean_one_thing_are_taken() {
        use NotAUrl::{Authority, Insecure, Path, Scheme};
        for (text, expected) in [
            ("https://host", Ok("https://host")),
            ("https://host/", Ok("https://host")),
            ("HTTPS://Host.Example:8443/a/b", Ok("https://host.example:8443")),
            ("https://host:443/mcp", Ok("https://host")),
            ("http://localhost:8787/mcp", Ok("http://localhost:8787")),
            ("http://127.0.0.1/mcp", Ok("http://127.0.0.1")),
            ("http://127.9.9.9:80", Ok("http://127.9.9.9")),
            ("http://[::1]:8787", Ok("http://[::1]:8787")),
            ("https://[2001:DB8::1]", Ok("https://[2001:db8::1]")),
            ("http://host/mcp", Err(Insecure)),
            ("http://localhost.example/mcp", Err(Insecure)),
            ("http://127.0.0.1.example/mcp", Err(Insecure)),
            ("http://[::2]/mcp", Err(Insecure)),
            ("http://127.1/mcp", Err(Insecure)),
            ("ftp://host", Err(Scheme)),
            ("//host", Err(Scheme)),
            ("host/mcp", Err(Scheme)),
            ("", Err(Scheme)),
            (" https://host", Err(Scheme)),
            ("https://", Err(Authority)),
            ("https:///mcp", Err(Authority)),
            ("https://user@host", Err(Authority)),
            ("https://user:word@host", Err(Authority)),
            ("https://host:0", Err(Authority)),
            ("https://host:", Err(Authority)),
            ("https://host:+1", Err(Authority)),
            ("https://host:65536", Err(Authority)),
            ("https://a..b", Err(Authority)),
            ("https://host.", Err(Authority)),
            ("https://hö.example", Err(Authority)),
            ("https://ho st", Err(Authority)),
            ("https://[::1", Err(Authority)),
            ("https://[v1]", Err(Authority)),
            ("https://host?q", Err(Path)),
            ("https://host/mcp?q", Err(Path)),
            ("https://host/mcp#f", Err(Path)),
            ("https://host\\mcp", Err(Path)),
            ("https://host//mcp", Err(Path)),
            ("https://host/a/../mcp", Err(Path)),
            ("https://host/./mcp", Err(Path)),
            ("https://host/%2e%2e/mcp", Err(Path)),
            ("https://host/m\"cp", Err(Path)),
            ("https://host/mcp\n", Err(Path)),
        ] {
            assert_eq!(Url::parse(text).map(Url::origin), expected.map(str::to_owned), "{text:?}");
        }
    }
}
