//! URLs of `http` and `https` that are written in the one way in which a browser writes them.
//!
//! Texts that differ and mean the same place are how checks are got around; so there are none: a
//! URL that a browser would write otherwise is not taken.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The longest URL that is taken.
pub(crate) const MAX_URL: usize = 2048;

/// A URL in its canonical form, taken apart; there is no userinfo and no fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WebUrl<'a> {
    pub(crate) https: bool,
    pub(crate) host: Host<'a>,
    pub(crate) port: Option<u16>,
    /// From the slash on, which is always there.
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
}

/// A host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Host<'a> {
    /// A name in small letters, without a dot at its end.
    Name(&'a str),
    /// An address.
    Address(IpAddr),
}

impl<'a> WebUrl<'a> {
    /// Takes `text` apart; `None` unless it is the canonical form of a URL.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (https, rest) = match text.split_once("://")? {
            ("https", rest) => (true, rest),
            ("http", rest) => (false, rest),
            _ => return None,
        };
        let (authority, rest) = rest.split_at(rest.find('/')?);
        let (host, port) = match authority.rsplit_once(':') {
            // The colon is one of an IPv6 address.
            Some((_, end)) if end.ends_with(']') => (authority, None),
            Some((host, port)) => (host, Some(parse_port(port, https)?)),
            None => (authority, None),
        };
        let host = parse_host(host)?;
        let (path, query) = split_query(rest);
        let legal = text.len() <= MAX_URL && is_path(path) && query.is_none_or(is_query);
        legal.then_some(Self { https, host, port, path, query })
    }

    /// Whether the host is the machine of the person (RFC 8252, section 7.3).
    pub(crate) fn is_loopback(self) -> bool {
        match self.host {
            Host::Name(name) => name == "localhost",
            Host::Address(address) => address.is_loopback(),
        }
    }
}

/// The path, and the query if there is one.
pub(crate) fn split_query(text: &str) -> (&str, Option<&str>) {
    text.split_once('?').map_or((text, None), |(path, query)| (path, Some(query)))
}

/// No leading zeros, and not the port that goes without saying.
fn parse_port(text: &str, https: bool) -> Option<u16> {
    let implied = if https { 443 } else { 80 };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|port| digits && *port != implied)
}

fn parse_host(text: &str) -> Option<Host<'_>> {
    if let Some(inner) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        let address: Ipv6Addr = inner.parse().ok()?;
        let plain = address.to_ipv4_mapped().is_none() && !address.is_unspecified();
        return (plain && address.to_string() == inner).then_some(Host::Address(address.into()));
    }
    let legal = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    let is_label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(legal);
    if text.len() > 253 || !text.split('.').all(is_label) {
        return None;
    }
    // A browser reads every host that ends in a number as an address, whatever its form.
    let last = text.rsplit('.').next().unwrap_or(text);
    let hex = last.strip_prefix("0x");
    let number = last.bytes().all(|byte| byte.is_ascii_digit())
        || hex.is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if number {
        // This parser takes four decimal numbers without leading zeros and nothing else.
        let address: Ipv4Addr = text.parse().ok()?;
        return (!address.is_unspecified()).then_some(Host::Address(address.into()));
    }
    Some(Host::Name(text))
}

/// Characters that need no encoding and escapes; no segment is dots, and none hides some.
pub(crate) fn is_path(path: &str) -> bool {
    path.split('/').all(|segment| {
        !matches!(segment, "." | "..")
            && is_encoded(segment, |byte| b"!$&'()+,;=:@".contains(&byte))
            && !escapes(segment).any(|byte| matches!(byte, b'.' | b'/' | b'\\'))
    })
}

/// As a path, with slashes and question marks, and without the quote that browsers escape here.
pub(crate) fn is_query(query: &str) -> bool {
    is_encoded(query, |byte| b"!$&()+,;=:@/?".contains(&byte))
}

fn is_encoded(text: &str, also: impl Fn(u8) -> bool) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let percents = text.bytes().filter(|byte| *byte == b'%').count();
    text.bytes().all(|byte| byte == b'%' || unreserved(byte) || also(byte))
        && escapes(text).count() == percents
        && escapes(text).all(|byte| !byte.is_ascii_control())
}

/// The bytes that are written as `%` and two digits.
fn escapes(text: &str) -> impl Iterator<Item = u8> {
    text.split('%').skip(1).filter_map(|part| {
        let digits =
            part.get(..2).filter(|digits| digits.bytes().all(|d| d.is_ascii_hexdigit()))?;
        u8::from_str_radix(digits, 16).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_what_a_browser_writes_as_it_is_is_taken() {
        for text in [
            "https://host/",
            "https://a-b.c_d.example:8443/a/b;c=1?x=%2F&y=a+b",
            "https://192.0.2.1/",
            "https://[2001:db8::1]:8443/cb",
            "http://127.0.0.1:65535/cb",
            "http://host//a//",
        ] {
            assert!(WebUrl::parse(text).is_some(), "{text:?}");
            assert_eq!(url::Url::parse(text).unwrap().as_str(), text);
        }
        for text in [
            "",
            "https",
            "https://",
            "https:///cb",
            "https://host",
            "https://host?x",
            "HTTPS://host/",
            "https://Host/",
            "https://host./",
            "https://a..b/",
            "https://host:443/",
            "https://host:0443/",
            "https://host:0/",
            "https://host:/",
            "https://host:+1/",
            "https://host:65536/",
            "http://host:80/",
            "https://u@host/",
            "https://u:p@host/",
            "https://host/#",
            "https://host/.",
            "https://host/a/../b",
            "https://host/%2e%2E/b",
            "https://host/a%2fb",
            "https://host/a%5cb",
            "https://host/%",
            "https://host/%2",
            "https://host/%zz",
            "https://host/%+1",
            "https://host/%00",
            "https://host/?%0a",
            "https://host/\\",
            "https://host/a b",
            "https://host/\n",
            "https://hö.example/",
            "https://host/é",
            "https://0x7f.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0177.0.0.1/",
            "https://127.0.0.01/",
            "https://0.0.0.0/",
            "https://1.2.3.4.5/",
            "https://host.0x/",
            "https://[::]/",
            "https://[0:0:0:0:0:0:0:1]/",
            "https://[::FFFF]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:7f00:1]/",
            "https://[::1/",
            "https://[v1.x]/",
            "https://[fe80::1%25eth0]/",
            "https://host/?'",
            "https://host/\"",
            "ftp://host/",
            "//host/",
        ] {
            assert_eq!(WebUrl::parse(text), None, "{text:?}");
        }
        let long = format!("https://host/{}", "a".repeat(MAX_URL));
        assert_eq!(WebUrl::parse(&long), None);
    }

    proptest! {
        /// The WHATWG parser is the oracle: what is taken here is its own text.
        #[test]
        fn what_is_taken_is_canonical(
            text in "https?://([a-zA-Z0-9._:@%-]|0x|127|\\[::1?\\]){1,12}(/[!-~]{0,8}|/%[0-9a-f]{2}|/\\.{1,3}){1,3}"
        ) {
            if WebUrl::parse(&text).is_some() && !text.contains("xn--") {
                let parsed = url::Url::parse(&text);
                prop_assert_eq!(parsed.as_ref().map(url::Url::as_str), Ok(text.as_str()));
            }
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}|https?://\\PC{0,30}") {
            let _ = WebUrl::parse(&text);
        }
    }
}
