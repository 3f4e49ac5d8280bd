//! What is asked of the server.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request};
use url::form_urlencoded;

/// Where everybody comes from who says nothing else.
pub(crate) const HERE: &str = "192.0.2.1";
pub(crate) const ELSEWHERE: &str = "192.0.2.2";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
    pub(crate) source: Option<IpAddr>,
}

impl Ask {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        Self {
            method: method.parse().unwrap(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: Bytes::new(),
            source: Some(HERE.parse().unwrap()),
        }
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    pub(crate) fn form(path: &str, fields: &[(&str, &str)]) -> Self {
        let mut text = form_urlencoded::Serializer::new(String::new());
        Self::new("POST", path)
            .header("content-type", FORM)
            .body(text.extend_pairs(fields).finish())
    }

    pub(crate) fn json(path: &str, body: &serde_json::Value) -> Self {
        Self::new("POST", path).header("content-type", "application/json").body(body.to_string())
    }

    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// One more.
    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let value = HeaderValue::from_bytes(value.as_ref()).unwrap();
        self.headers.push((name.parse().unwrap(), value));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(own, _)| own != name);
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// Id and secret as they are, joined.
    pub(crate) fn basic(self, pair: impl AsRef<[u8]>) -> Self {
        self.header("authorization", format!("Basic {}", STANDARD.encode(pair)))
    }

    /// As browsers say of a form of a page whose referrer policy is `no-referrer`.
    pub(crate) fn own_page(self) -> Self {
        self.header("origin", "null").header("sec-fetch-site", "same-origin")
    }

    pub(crate) fn from(mut self, source: &str) -> Self {
        self.source = Some(source.parse().unwrap());
        self
    }

    pub(crate) fn request(&self) -> Request<Bytes> {
        let mut request = Request::builder().method(&self.method).uri(&self.path);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(self.body.clone()).unwrap()
    }

    /// The path without the query, and without the fragment, which is sent to no server.
    pub(crate) fn route(&self) -> &str {
        self.path.split(['?', '#']).next().unwrap_or_default()
    }
}

/// Fields that are in order, less what `changes` name, and with what they say: `-` is nothing.
pub(crate) fn changed<'a>(
    right: &[(&'a str, &'a str)],
    changes: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let kept = right.iter().filter(|(name, _)| changes.iter().all(|(own, _)| own != name));
    kept.chain(changes.iter().filter(|(_, value)| *value != "-")).copied().collect()
}
