//! Parameters of a query or a form, as they were sent: a parameter that is there twice is seen, and
//! is an error (OAuth 2.1, section 3.1).

use std::collections::BTreeSet;

use auth::Scopes;
use http::{HeaderMap, header};
use percent_encoding::percent_decode_str;

use crate::error::{ErrorCode, OauthError};

/// The most parameters that are read.
const MAX_PARAMETERS: usize = 64;
/// The longest `scope`, in bytes, and the most scopes in it.
const MAX_SCOPE: usize = 1 << 10;
const MAX_SCOPES: usize = 32;

/// The parameters of a request, in the order they were sent; each has a value, perhaps an empty one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form(Vec<(String, String)>);

/// The text is no form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// There are more than 64 parameters.
    #[error("there are too many parameters")]
    TooMany,
    /// A name or a value is not UTF-8, or has a control character, or a broken escape.
    #[error("a parameter is malformed")]
    Malformed,
}

impl Form {
    /// The form that a request brings in its body. Nothing may be in the query (RFC 6749, section
    /// 2.3.1), and nothing but `resource` be there twice.
    ///
    /// # Errors
    /// `invalid_request`
    pub fn of_request(
        headers: &HeaderMap,
        query: Option<&str>,
        body: &[u8],
    ) -> Result<Self, OauthError> {
        let refused = |why: &'static str| OauthError::new(ErrorCode::InvalidRequest, why);
        let mut types = headers.get_all(header::CONTENT_TYPE).iter();
        let is_form = types.next().is_some_and(|value| {
            let kind = value.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
            kind.trim_ascii().eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
        });
        if !is_form || types.next().is_some() {
            return Err(refused("the body must be application/x-www-form-urlencoded"));
        }
        if query.is_some_and(|query| !query.is_empty()) {
            return Err(refused("parameters belong into the body"));
        }
        let body = str::from_utf8(body).map_err(|_| refused("the body is not UTF-8"))?;
        let form = Self::parse(body).map_err(|error| match error {
            FormError::TooMany => refused("there are too many parameters"),
            FormError::Malformed => refused("a parameter is malformed"),
        })?;
        if form.repeated(&["resource"]).is_some() {
            return Err(refused("a parameter is there twice"));
        }
        Ok(form)
    }

    /// Reads `application/x-www-form-urlencoded`.
    ///
    /// # Errors
    /// [`FormError`], without any of the text.
    pub fn parse(text: &str) -> Result<Self, FormError> {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let mut parameters = Vec::new();
        for pair in pairs {
            if parameters.len() == MAX_PARAMETERS {
                return Err(FormError::TooMany);
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            parameters.push((decode(name)?, decode(value)?));
        }
        Ok(Self(parameters))
    }

    /// The value of a parameter; an empty one counts as not sent (OAuth 2.1, section 3.1). Of one
    /// that was sent twice it is the first: ask [`Form::repeated`] before.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(own, _)| own == name).map(|(_, value)| &**value);
        values.next().filter(|value| !value.is_empty())
    }

    /// All values of a parameter that may be sent several times, as `resource` may (RFC 8707).
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(own, _)| own == name).map(|(_, value)| &**value)
    }

    /// The scopes that are asked for; `None` when `scope` was not sent.
    ///
    /// # Errors
    /// `invalid_scope`, when it is malformed, over 1 KiB, or has over 32 of them.
    pub fn scopes(&self) -> Result<Option<Scopes>, OauthError> {
        let read = |text| {
            let error =
                || OauthError::new(ErrorCode::InvalidScope, "scope is malformed or too long");
            scopes(text).ok_or_else(error)
        };
        self.get("scope").map(read).transpose()
    }

    /// The first parameter that was sent more than once, other than those `allowed` to be.
    #[must_use]
    pub fn repeated(&self, allowed: &[&str]) -> Option<&str> {
        let mut seen = BTreeSet::new();
        let names = self.0.iter().map(|(name, _)| &**name);
        names.filter(|name| !allowed.contains(name)).find(|name| !seen.insert(*name))
    }
}

/// What a client names as scopes: `None` when it is malformed or too long.
pub(crate) fn scopes(text: &str) -> Option<Scopes> {
    let short = text.len() <= MAX_SCOPE && text.split(' ').count() <= MAX_SCOPES;
    text.parse().ok().filter(|_| short)
}

/// One name or value.
pub(crate) fn decode(text: &str) -> Result<String, FormError> {
    let bytes = text.as_bytes();
    let broken = bytes.iter().enumerate().any(|(at, byte)| {
        let digit = |offset| bytes.get(at + offset).is_some_and(u8::is_ascii_hexdigit);
        *byte == b'%' && !(digit(1) && digit(2))
    });
    if broken {
        return Err(FormError::Malformed);
    }
    let text = text.replace('+', " ");
    let decoded = percent_decode_str(&text).decode_utf8().map_err(|_| FormError::Malformed)?;
    if decoded.chars().any(char::is_control) {
        return Err(FormError::Malformed);
    }
    Ok(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parameters_are_decoded_and_repetitions_seen() {
        let form = Form::parse("a=1&b=x%20y+z&a=2&c=&d&%C3%BC=%26").unwrap();
        assert_eq!(form.get("a"), Some("1"));
        assert_eq!(form.all("a").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(form.get("b"), Some("x y z"));
        assert_eq!((form.get("c"), form.get("d"), form.get("e")), (None, None, None));
        assert_eq!(form.get("ü"), Some("&"));
        assert_eq!(form.repeated(&[]), Some("a"));
        assert_eq!(form.repeated(&["a"]), None);
    }

    #[test]
    fn x02_x05_what_is_no_form_is_refused() {
        for text in ["a=%", "a=%2", "a=%zz", "a=%ff", "a=%00", "%0d%0a=1", "a=\n"] {
            assert_eq!(Form::parse(text), Err(FormError::Malformed), "{text:?}");
        }
        assert!(Form::parse(&"a=1&".repeat(64)).is_ok());
        assert_eq!(Form::parse(&"a=1&".repeat(20_000)), Err(FormError::TooMany));
    }

    fn of_request(types: &[&str], query: Option<&str>, body: &[u8]) -> Result<Form, String> {
        let mut headers = HeaderMap::new();
        for value in types {
            headers.append(header::CONTENT_TYPE, value.parse().unwrap());
        }
        Form::of_request(&headers, query, body).map_err(|error| error.to_string())
    }

    const FORM: &str = "application/x-www-form-urlencoded";

    #[test]
    fn t13_only_a_form_is_a_form() {
        for types in [
            &[][..],
            &["application/json"],
            &["multipart/form-data; boundary=x"],
            &["text/plain"],
            &["application/json, application/x-www-form-urlencoded"],
            &["application/x-www-form-urlencoded, application/json"],
            &[FORM, FORM],
        ] {
            assert_eq!(
                of_request(types, None, b"a=1").unwrap_err(),
                "invalid_request: the body must be application/x-www-form-urlencoded",
                "{types:?}"
            );
        }
        for value in [FORM, "Application/X-WWW-Form-URLencoded ;charset=UTF-8"] {
            assert_eq!(of_request(&[value], Some(""), b"a=1").unwrap().get("a"), Some("1"));
        }
    }

    #[test]
    fn t14_parameters_in_the_query_are_refused() {
        let error = of_request(&[FORM], Some("grant_type=x"), b"grant_type=x").unwrap_err();
        assert_eq!(error, "invalid_request: parameters belong into the body");
    }

    #[test]
    fn t15_a_parameter_that_is_there_twice_is_refused() {
        for name in ["grant_type", "code", "client_id", "refresh_token", "unknown"] {
            let body = format!("{name}=a&x=1&{name}=a");
            let error = of_request(&[FORM], None, body.as_bytes()).unwrap_err();
            assert_eq!(error, "invalid_request: a parameter is there twice", "{name}");
        }
        assert!(of_request(&[FORM], None, b"resource=a&resource=b").is_ok());
    }

    #[test]
    fn x05_a_body_that_is_no_text_is_refused() {
        for body in [&b"a=\xff"[..], b"a=%ff", b"a=%0", b"a=\0"] {
            let error = of_request(&[FORM], None, body).unwrap_err();
            assert!(error.starts_with("invalid_request: "), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,40}|([a-z%+=&]|%[0-9a-f]{2}){0,40}") {
            let _ = Form::parse(&text);
        }
    }
}
