//! The request as both sides write it down before they hash it.

use std::fmt::Write as _;

use http::request::Parts;
use percent_encoding::{
    AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode, utf8_percent_encode,
};

/// What RFC 3986 leaves as it is.
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const RESERVED_IN_PATH: AsciiSet = RESERVED.remove(b'/');

/// The canonical request; `body_digest` is the SHA-256 of its body in hexadecimal digits.
pub(super) fn request(request: &Parts, signed_headers: &[&str], body_digest: &str) -> String {
    // The path is encoded once more than it was sent.
    let path = utf8_percent_encode(request.uri.path(), &RESERVED_IN_PATH);
    let query = canonical_query(request.uri.query().unwrap_or_default());
    let mut canonical = format!("{}\n{path}\n{query}\n", request.method);
    for name in signed_headers {
        let value = header(request, name).unwrap_or_default();
        // Writing to a String cannot fail.
        let _ = writeln!(canonical, "{name}:{value}");
    }
    let _ = write!(canonical, "\n{}\n{body_digest}", signed_headers.join(";"));
    canonical
}

/// Decoded, encoded strictly and sorted. A `+` is a plus sign, not a space.
fn canonical_query(query: &str) -> String {
    let strictly = |text: &str| {
        let decoded: Vec<u8> = percent_decode_str(text).collect();
        percent_encode(&decoded, &RESERVED).to_string()
    };
    let mut pairs: Vec<_> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (strictly(name), strictly(value)))
        .collect();
    pairs.sort();
    let pairs: Vec<_> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

/// All values of a header, trimmed, runs of spaces made one, joined by commas.
pub(super) fn header(request: &Parts, name: &str) -> Option<String> {
    let values: Vec<String> = request
        .headers
        .get_all(name)
        .iter()
        .map(|value| {
            let text = String::from_utf8_lossy(value.as_bytes());
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        })
        .collect();
    (!values.is_empty()).then(|| values.join(","))
}
