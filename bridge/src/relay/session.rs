//! What a conversation has agreed on: the revision, the server's session, and whether the client
//! speaks of a handshake to a server that knows none.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::upgrade::Upgrade;
use crate::frame::{Frame, Kind, Request};

const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const NAME: HeaderName = HeaderName::from_static("mcp-name");
const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");

#[derive(Debug, Default)]
pub(super) struct Session {
    /// Of the handshake.
    pub(super) revision: Option<HeaderValue>,
    /// Of a server that keeps one.
    pub(super) id: Option<HeaderValue>,
    pub(super) upgrade: Option<Upgrade>,
}

impl Session {
    /// The headers that a request needs: of a stateless revision, all that the body says too.
    pub(super) fn put(&self, headers: &mut HeaderMap, asked: Option<&Request>) {
        let named = asked.and_then(|request| request.revision.as_deref());
        let revision = match (&self.upgrade, named) {
            (Some(upgrade), _) => Some(upgrade.revision()),
            (None, Some(named)) => named.parse().ok(),
            (None, None) => self.revision.clone(),
        };
        let is_handshake = asked.is_some_and(|request| request.method == "initialize");
        if let Some(revision) = revision.filter(|_| !is_handshake || named.is_some()) {
            headers.insert(VERSION, revision);
        }
        if let (Some(request), true) = (asked, named.is_some() || self.upgrade.is_some()) {
            if let Ok(method) = request.method.parse() {
                headers.insert(METHOD, method);
            }
            if let Some(name) = &request.name {
                headers.insert(NAME, encoded(name));
            }
        }
        if let Some(id) = self.id.clone().filter(|_| named.is_none()) {
            headers.insert(SESSION, id);
        }
    }

    /// What came with the answer to `initialize`.
    pub(super) fn opened(&mut self, headers: &HeaderMap) {
        self.id = headers.get(&SESSION).cloned();
    }

    pub(super) fn upgraded(&self) -> bool {
        self.upgrade.is_some()
    }

    /// The line as the server wants it.
    pub(super) fn upgrade(&self, frame: &Frame) -> String {
        match (&self.upgrade, &frame.kind) {
            (Some(upgrade), Kind::Request(_)) => upgrade.line(&frame.line),
            _ => frame.line.clone(),
        }
    }
}

/// A name as a header: as it is where it can be, else in Base64 and marked so.
fn encoded(name: &str) -> HeaderValue {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    let plain = name.bytes().all(|b| (0x20..0x7f).contains(&b))
        && name.trim() == name
        && !name.starts_with("=?base64?");
    let text = if plain {
        name.to_owned()
    } else {
        format!("=?base64?{}?=", BASE64_STANDARD.encode(name))
    };
    text.parse().unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_no_header_takes_is_encoded() {
        for (name, expected) in [
            ("query_athena", "query_athena"),
            ("häh", "=?base64?aMOkaA==?="),
            (" x", "=?base64?IHg=?="),
            ("a\nb", "=?base64?YQpi?="),
            ("=?base64?x?=", "=?base64?PT9iYXNlNjQ/eD89?="),
        ] {
            assert_eq!(encoded(name), expected);
        }
    }
}
