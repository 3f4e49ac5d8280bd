//! Where a browser is sent with the answer to an authorization request.

use std::fmt;

use http::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::error::OauthError;
use crate::refusal::Stop;
use crate::secret::Secret;

/// All but `unreserved` (RFC 3986, section 2.3): what every decoder of forms and of URIs reads alike.
pub(crate) const ESCAPED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The value of a `Location` header to a client or an identity provider: there may be a code in it, so it is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Location(String);

impl Location {
    /// A URL of visible ASCII without a fragment, with these parameters after those it has.
    pub(crate) fn to(url: &str, parameters: &[(&str, &str)]) -> Self {
        let mut url = url.to_owned();
        for (name, value) in parameters {
            if !url.contains('?') {
                url.push('?');
            } else if !url.ends_with(['?', '&']) {
                url.push('&');
            }
            url.push_str(name);
            url.push('=');
            url.extend(utf8_percent_encode(value, ESCAPED));
        }
        Self(url)
    }

    /// The URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As a header: visible ASCII, by construction.
    ///
    /// # Errors
    /// Never, for one that this crate made.
    pub fn to_header(&self) -> Result<HeaderValue, http::Error> {
        let mut header = HeaderValue::try_from(&*self.0)?;
        header.set_sensitive(true);
        Ok(header)
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Location")
    }
}

/// To whom an answer goes, and what is in every one (RFC 6749, section 4.1.2; RFC 9207).
#[derive(Clone, Copy)]
pub(crate) struct ReturnTo<'a> {
    /// One of the client's, of visible ASCII and without a fragment.
    pub(crate) redirect_uri: &'a str,
    pub(crate) state: Option<&'a str>,
    pub(crate) issuer: &'a str,
}

impl ReturnTo<'_> {
    /// With a code.
    pub(crate) fn with_code(self, code: &Secret) -> Location {
        self.with(&[("code", code.expose())])
    }

    /// With an error.
    pub(crate) fn with_error(self, error: OauthError) -> Stop {
        let location =
            self.with(&[("error", error.code.as_str()), ("error_description", &error.description)]);
        Stop::Return { error, location }
    }

    fn with(self, parameters: &[(&str, &str)]) -> Location {
        let state = self.state.map(|state| ("state", state));
        let all = parameters.iter().copied().chain(state).chain([("iss", self.issuer)]);
        Location::to(self.redirect_uri, &all.collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::Form;
    use proptest::prelude::*;

    fn sent_to(redirect_uri: &str, state: Option<&str>) -> String {
        let to = ReturnTo { redirect_uri, state, issuer: "https://h" };
        to.with(&[("code", "c")]).as_str().to_owned()
    }

    #[test]
    fn parameters_are_added_to_every_kind_of_uri() {
        for (redirect_uri, expected) in [
            ("https://a/cb", "https://a/cb?code=c&state=s&iss=https%3A%2F%2Fh"),
            ("https://a/cb?", "https://a/cb?code=c&state=s&iss=https%3A%2F%2Fh"),
            ("https://a/cb?x=1", "https://a/cb?x=1&code=c&state=s&iss=https%3A%2F%2Fh"),
            ("https://a/cb?x=1&", "https://a/cb?x=1&code=c&state=s&iss=https%3A%2F%2Fh"),
            ("http://127.0.0.1:4311", "http://127.0.0.1:4311?code=c&state=s&iss=https%3A%2F%2Fh"),
            ("cursor://x.y/cb", "cursor://x.y/cb?code=c&state=s&iss=https%3A%2F%2Fh"),
            ("com.example.app:/cb", "com.example.app:/cb?code=c&state=s&iss=https%3A%2F%2Fh"),
        ] {
            assert_eq!(sent_to(redirect_uri, Some("s")), expected);
        }
        assert_eq!(sent_to("https://a/cb", None), "https://a/cb?code=c&iss=https%3A%2F%2Fh");
    }

    #[test]
    fn a_location_is_not_shown() {
        let to = ReturnTo { redirect_uri: "https://a/cb", state: None, issuer: "https://h" };
        let location = to.with(&[("code", "secret")]);
        let header = location.to_header().unwrap();
        assert_eq!(header, "https://a/cb?code=secret&iss=https%3A%2F%2Fh");
        assert_eq!(format!("{location:?} {header:?}"), "Location Sensitive");
    }

    proptest! {
        #[test]
        fn a13_a20_every_state_comes_back_to_the_byte_and_stays_in_its_header(
            state in "\\PC{1,40}|[ -~\r\n]{1,40}"
        ) {
            let to = ReturnTo { redirect_uri: "https://a/cb", state: Some(&state), issuer: "https://h" };
            let location = to.with(&[("code", "c")]);
            prop_assert!(location.to_header().is_ok());
            prop_assert!(location.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
            let (_, query) = location.as_str().split_once('?').unwrap();
            if let Ok(form) = Form::parse(query) {
                prop_assert_eq!(form.get("state"), Some(&*state));
            } else {
                prop_assert!(state.chars().any(char::is_control));
            }
        }
    }
}
