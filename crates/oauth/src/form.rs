//! Parameters of a query or a form, as they were sent: a parameter that is there twice is seen, and
//! is an error (OAuth 2.1, section 3.1).

use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;

/// The most parameters that are read.
const MAX_PARAMETERS: usize = 64;

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

    /// The first parameter that was sent more than once, other than those `allowed` to be.
    #[must_use]
    pub fn repeated(&self, allowed: &[&str]) -> Option<&str> {
        let mut seen = BTreeSet::new();
        let names = self.0.iter().map(|(name, _)| &**name);
        names.filter(|name| !allowed.contains(name)).find(|name| !seen.insert(*name))
    }
}

fn decode(text: &str) -> Result<String, FormError> {
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

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,40}|([a-z%+=&]|%[0-9a-f]{2}){0,40}") {
            let _ = Form::parse(&text);
        }
    }
}
