//! Which web pages may call: a page that is not meant to must be turned away, or any site could
//! reach a server on its visitor's machine (DNS rebinding; specification, Streamable HTTP,
//! Security).

use std::str::FromStr;

use http::{HeaderMap, HeaderValue, header};

use crate::cors;
use crate::respond::Refusal;

/// An origin as browsers send it: `scheme://host` with a port where it is not the scheme's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// The text that a page's `Origin` header must equal.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text is not a scheme and a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an origin is scheme://host or scheme://host:port, without a path")]
pub struct NotAnOrigin;

impl FromStr for Origin {
    type Err = NotAnOrigin;

    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        let (scheme, host) = text.split_once("://").ok_or(NotAnOrigin)?;
        let in_scheme = |b: u8| b.is_ascii_alphanumeric() || b"+-.".contains(&b);
        let in_host = |b: u8| b.is_ascii_graphic() && !b"/?#@\\*,".contains(&b);
        if scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(in_scheme)
            && !host.is_empty()
            && host.bytes().all(in_host)
        {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(NotAnOrigin)
        }
    }
}

/// Which origins may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origins {
    /// These, exactly.
    pub exact: Vec<Origin>,
    /// Pages of this machine, whatever their port; allowed by default.
    pub loopback: bool,
}

impl Default for Origins {
    fn default() -> Self {
        Self { exact: Vec::new(), loopback: true }
    }
}

impl Origins {
    /// The page's origin, if a page calls and may. A client that is no page sends none.
    pub(crate) fn admit(&self, headers: &HeaderMap) -> Result<Option<HeaderValue>, Refusal> {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (None, _) => Ok(None),
            (Some(origin), None) if origin.to_str().is_ok_and(|o| self.allow(o)) => {
                Ok(Some(origin.clone()))
            }
            _ => Err(Refusal::Origin),
        }
    }

    /// Lets the page that sent `request`, if it may call, read `response`: for what answers before
    /// the service does.
    pub fn share(&self, request: &HeaderMap, response: &mut HeaderMap) {
        if let Ok(Some(origin)) = self.admit(request) {
            cors::share(response, origin);
        }
    }

    fn allow(&self, origin: &str) -> bool {
        (self.loopback && is_loopback(origin)) || self.exact.iter().any(|o| o.0 == origin)
    }
}

fn is_loopback(origin: &str) -> bool {
    let Some((_, host)) = origin.split_once("://").filter(|(s, _)| matches!(*s, "http" | "https"))
    else {
        return false;
    };
    ["localhost", "127.0.0.1", "[::1]"].into_iter().any(|name| match host.strip_prefix(name) {
        Some("") => true,
        Some(rest) => rest.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok()),
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_origin_is_a_scheme_and_a_host() {
        for (text, ok) in [
            ("https://example.com", true),
            ("https://Example.com:8443", true),
            ("vscode-webview://abc", true),
            ("http://[::1]:80", true),
            ("example.com", false),
            ("https://", false),
            ("https://example.com/", false),
            ("https://*.example.com", false),
            ("https://user@example.com", false),
            ("https://a b", false),
            ("null", false),
            ("", false),
        ] {
            assert_eq!(text.parse::<Origin>().is_ok(), ok, "{text:?}");
        }
        assert_eq!(
            "https://Example.com".parse::<Origin>().unwrap().as_str(),
            "https://example.com"
        );
    }

    // H2
    #[test]
    fn only_listed_origins_and_those_of_this_machine_may_call() {
        let listed =
            Origins { exact: vec!["https://app.example".parse().unwrap()], loopback: true };
        let strict = Origins { loopback: false, ..listed.clone() };
        for (origin, by_listed, by_strict) in [
            ("https://app.example", true, true),
            ("https://app.example:444", false, false),
            ("http://app.example", false, false),
            ("https://app.example.evil.example", false, false),
            ("http://localhost:6274", true, false),
            ("https://localhost", true, false),
            ("http://127.0.0.1:1", true, false),
            ("http://[::1]:65535", true, false),
            ("http://localhost:99999", false, false),
            ("http://localhost.evil.example", false, false),
            ("http://localhost:80.evil.example", false, false),
            ("http://127.0.0.1.evil.example", false, false),
            ("file://localhost", false, false),
            ("null", false, false),
            ("", false, false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ORIGIN, origin.parse().unwrap());
            assert_eq!(listed.admit(&headers).is_ok(), by_listed, "{origin:?}");
            assert_eq!(strict.admit(&headers).is_ok(), by_strict, "{origin:?}");
        }
        assert!(matches!(strict.admit(&HeaderMap::new()), Ok(None)));
    }

    #[test]
    fn only_a_page_that_may_call_may_read_what_is_answered_before_the_service() {
        for (origin, shared) in [
            (Some("http://localhost:6274"), Some("http://localhost:6274")),
            (Some("https://evil.example"), None),
            (None, None),
        ] {
            let mut request = HeaderMap::new();
            if let Some(origin) = origin {
                request.insert(header::ORIGIN, HeaderValue::from_static(origin));
            }
            let mut response = HeaderMap::new();
            Origins::default().share(&request, &mut response);
            let told = response.get(header::ACCESS_CONTROL_ALLOW_ORIGIN);
            assert_eq!(told.map(|value| value.to_str().unwrap()), shared);
            let exposed = response.get(header::ACCESS_CONTROL_EXPOSE_HEADERS);
            let exposed = exposed.map(|value| value.to_str().unwrap().contains("www-authenticate"));
            assert_eq!(exposed, shared.map(|_| true));
        }
    }

    #[test]
    fn two_origins_are_none() {
        let mut headers = HeaderMap::new();
        headers.append(header::ORIGIN, HeaderValue::from_static("http://localhost"));
        headers.append(header::ORIGIN, HeaderValue::from_static("http://localhost"));
        assert!(Origins::default().admit(&headers).is_err());
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_parses_renders_back(
            text in ".*|[a-zA-Z][a-z+.-]{0,6}://[!-~]{1,20}|https?://[A-Za-z.]{1,12}(:[0-9]{1,6})?",
        ) {
            if let Ok(origin) = text.parse::<Origin>() {
                prop_assert!(origin.as_str().eq_ignore_ascii_case(&text));
                prop_assert_eq!(origin.as_str().parse(), Ok(origin.clone()));
                // A page of a listed origin gets in.
                let headers = [(header::ORIGIN, origin.as_str().parse().unwrap())];
                let listed = Origins { exact: vec![origin], loopback: false };
                prop_assert!(listed.admit(&headers.into_iter().collect()).is_ok());
            }
        }

        #[test]
        fn no_header_panics(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                let admitted = Origins::default().admit(&[(header::ORIGIN, value)].into_iter().collect());
                let of_this_machine = ["localhost", "127.0.0.1", "[::1]"];
                let text = String::from_utf8_lossy(&bytes);
                prop_assert!(admitted.is_err() || of_this_machine.iter().any(|m| text.contains(m)));
            }
        }
    }
}
