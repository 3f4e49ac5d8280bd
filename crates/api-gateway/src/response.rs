use std::io::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::response::Parts;
use http::{HeaderName, HeaderValue, header};

use crate::PayloadFormat;
use crate::json::push_string;

/// The whole answer for a buffered integration, in the event's own format.
///
/// A body that is UTF-8 goes as text, escaped once; any other goes as base64. Format 1.0 has every
/// header in `multiValueHeaders`; 2.0 has `headers`, joined with commas, and `cookies`.
pub fn render_response(parts: &Parts, body: &[u8], format: PayloadFormat) -> Vec<u8> {
    // Room for the escapes of a JSON body, which has about one quote in eight bytes.
    let mut json = Vec::with_capacity(256 + body.len() + body.len() / 4);
    push_head(&mut json, parts, format);
    match str::from_utf8(body) {
        Ok(text) => {
            json.extend_from_slice(b",\"body\":");
            push_string(&mut json, text);
        }
        Err(_) => {
            json.extend_from_slice(b",\"isBase64Encoded\":true,\"body\":\"");
            json.extend_from_slice(BASE64_STANDARD.encode(body).as_bytes());
            json.push(b'"');
        }
    }
    json.push(b'}');
    json
}

/// What goes before a streamed body: status and headers, then eight NUL bytes.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html>.
pub(crate) fn render_prelude(parts: &Parts, format: PayloadFormat) -> Vec<u8> {
    let mut json = Vec::with_capacity(256);
    push_head(&mut json, parts, format);
    json.extend_from_slice(b"}\0\0\0\0\0\0\0\0");
    json
}

/// The error object of the Runtime API.
pub(crate) fn render_diagnostic(error_type: &str, message: &str) -> Vec<u8> {
    let mut json = b"{\"errorType\":".to_vec();
    push_string(&mut json, error_type);
    json.extend_from_slice(b",\"errorMessage\":");
    push_string(&mut json, message);
    json.push(b'}');
    json
}

fn push_head(json: &mut Vec<u8>, parts: &Parts, format: PayloadFormat) {
    // Writing to a Vec cannot fail.
    let _ = write!(json, "{{\"statusCode\":{}", parts.status.as_u16());
    let names = parts.headers.keys().filter(|name| !is_framing(name));
    match format {
        PayloadFormat::V1 => {
            json.extend_from_slice(b",\"multiValueHeaders\":{");
            push_each(json, names, |json, name| {
                push_string(json, name.as_str());
                json.extend_from_slice(b":[");
                push_each(json, parts.headers.get_all(name), push_value);
                json.push(b']');
            });
            json.push(b'}');
        }
        PayloadFormat::V2 => {
            json.extend_from_slice(b",\"headers\":{");
            push_each(json, names.filter(|name| *name != header::SET_COOKIE), |json, name| {
                push_string(json, name.as_str());
                json.push(b':');
                let values: Vec<_> =
                    parts.headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
                push_string(json, &String::from_utf8_lossy(&values.join(&b", "[..])));
            });
            json.extend_from_slice(b"},\"cookies\":[");
            push_each(json, parts.headers.get_all(header::SET_COOKIE), push_value);
            json.push(b']');
        }
    }
}

/// API Gateway frames the answer itself.
fn is_framing(name: &HeaderName) -> bool {
    [header::CONNECTION, header::CONTENT_LENGTH, header::TRANSFER_ENCODING].contains(name)
}

fn push_each<T>(
    json: &mut Vec<u8>,
    items: impl IntoIterator<Item = T>,
    push: impl Fn(&mut Vec<u8>, T),
) {
    for (n, item) in items.into_iter().enumerate() {
        if n > 0 {
            json.push(b',');
        }
        push(json, item);
    }
}

fn push_value(json: &mut Vec<u8>, value: &HeaderValue) {
    push_string(json, &String::from_utf8_lossy(value.as_bytes()));
}
