//! Names and values as `application/x-www-form-urlencoded` writes them.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// What the content type of such a body begins with.
const CONTENT_TYPE: &[u8] = b"application/x-www-form-urlencoded";

/// Whether these headers announce a form.
pub(crate) fn is_announced(headers: &http::HeaderMap) -> bool {
    let content_type = headers.get(http::header::CONTENT_TYPE);
    content_type.is_some_and(|value| value.as_bytes().starts_with(CONTENT_TYPE))
}

/// The pairs in the order in which they came, decoded; empty pairs are left out.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.map(|(name, value)| (decoded(name), decoded(value))).collect()
}

/// One name or value, decoded.
pub(crate) fn decoded(text: &str) -> String {
    let text: Cow<'_, str> =
        if text.contains('+') { text.replace('+', " ").into() } else { text.into() };
    percent_decode_str(&text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_may_have_no_value_and_an_empty_pair_is_none() {
        let pairs = pairs("a=1&&b&a=x%3D+y&=");
        let pairs: Vec<_> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(pairs, [("a", "1"), ("b", ""), ("a", "x= y"), ("", "")]);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            let _ = pairs(&text);
        }

        #[test]
        fn pairs_survive_their_encoding(name in "[^&=]{1,8}", value in ".{0,12}") {
            let encode = |text: &str| {
                percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
                    .to_string()
            };
            let pairs = pairs(&format!("{}={}", encode(&name), encode(&value)));
            prop_assert_eq!(pairs, vec![(name, value)]);
        }
    }
}
