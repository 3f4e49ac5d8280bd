//! The two cookies: of a login under way, and of somebody who is logged in.

use std::time::Duration;

use http::header::{COOKIE, InvalidHeaderValue};
use http::{HeaderMap, HeaderValue};

use crate::secret::Secret;

/// A cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cookie {
    /// The browser that began a transaction.
    Transaction,
    /// The person who is logged in.
    Session,
}

/// How cookies are written: for `https` they are bound to the host (RFC 6265bis, section 4.1.3.2);
/// for `http`, which is for one's own machine, browsers take no such cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cookies {
    secure: bool,
}

impl Cookies {
    /// Those of an issuer.
    #[must_use]
    pub fn of(issuer: &str) -> Self {
        Self { secure: !issuer.starts_with("http://") }
    }

    const fn name(self, cookie: Cookie) -> &'static str {
        match (self.secure, cookie) {
            (true, Cookie::Transaction) => "__Host-mcp_tx",
            (true, Cookie::Session) => "__Host-mcp_sess",
            (false, Cookie::Transaction) => "mcp_tx",
            (false, Cookie::Session) => "mcp_sess",
        }
    }

    /// `Set-Cookie` that gives the browser a cookie for so long. It is sent back when the identity
    /// provider sends the browser back, and not with forms of other sites (`SameSite=Lax`).
    ///
    /// # Errors
    /// Never: a [`Secret`] is base64url.
    pub fn set(
        self,
        cookie: Cookie,
        value: &Secret,
        max_age: Duration,
    ) -> Result<HeaderValue, InvalidHeaderValue> {
        self.header(cookie, value.expose(), max_age)
    }

    fn header(
        self,
        cookie: Cookie,
        value: &str,
        max_age: Duration,
    ) -> Result<HeaderValue, InvalidHeaderValue> {
        let (name, seconds) = (self.name(cookie), max_age.as_secs());
        let secure = if self.secure { "; Secure" } else { "" };
        let text =
            format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
        let mut header = HeaderValue::try_from(text)?;
        header.set_sensitive(true);
        Ok(header)
    }

    /// What the browser sent. `None` too when it sent two: which is ours cannot be told.
    #[must_use]
    pub fn read(self, cookie: Cookie, headers: &HeaderMap) -> Option<&str> {
        let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
        let mut values = pairs.filter(|(name, _)| name.trim() == self.name(cookie));
        let (_, value) = values.next()?;
        let value = value.trim();
        (values.next().is_none() && !value.is_empty()).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_bound_to_their_host() {
        let secret = Secret::random().unwrap();
        let set = |issuer, cookie| {
            let header =
                Cookies::of(issuer).set(cookie, &secret, Duration::from_secs(600)).unwrap();
            assert!(!format!("{header:?}").contains(secret.expose()));
            header.to_str().unwrap().replace(secret.expose(), "SECRET")
        };
        assert_eq!(
            set("https://h", Cookie::Transaction),
            "__Host-mcp_tx=SECRET; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            set("http://127.0.0.1:8787", Cookie::Session),
            "mcp_sess=SECRET; Path=/; Max-Age=600; HttpOnly; SameSite=Lax"
        );
    }

    #[test]
    fn a_cookie_is_read_from_among_others() {
        for (lines, expected) in [
            (&["__Host-mcp_sess=a"][..], Some("a")),
            (&["x=1; __Host-mcp_sess=a; y=2"], Some("a")),
            (&["x=1;__Host-mcp_sess=a"], Some("a")),
            (&["x=1", "__Host-mcp_sess=a"], Some("a")),
            (&[], None),
            (&["mcp_sess=a"], None),
            (&["__Host-mcp_sess2=a"], None),
            (&["__host-mcp_sess=a"], None),
            (&["__Host-mcp_sess="], None),
            (&["__Host-mcp_sess=a; __Host-mcp_sess=b"], None),
            (&["__Host-mcp_sess=a", "__Host-mcp_sess=a"], None),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(COOKIE, HeaderValue::from_static(line));
            }
            let read = Cookies::of("https://h").read(Cookie::Session, &headers);
            assert_eq!(read, expected, "{lines:?}");
        }
    }
}
