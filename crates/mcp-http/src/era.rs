//! Which revision a request speaks. A modern request says so in its `_meta`, and in a header that
//! must agree; an older one says so in the header at most.
//!
//! `Mcp-Method` and `Mcp-Name` say nothing about it: some clients send them in every era.

use http::HeaderMap;
use mcp_core::jsonrpc::Request;
use mcp_core::message::{META_CLIENT_CAPABILITIES, META_PROTOCOL_VERSION};
use mcp_core::{ErrorCode, ErrorObject, ProtocolVersion, RequestMeta};
use serde::Deserialize;
use serde_json::json;

use crate::headers::{self, mismatch};

/// What the header `MCP-Protocol-Version` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim<'a> {
    Absent,
    Known(ProtocolVersion),
    Unknown(&'a str),
    /// Two values that differ, or no text.
    Unreadable,
}

impl<'a> Claim<'a> {
    pub(crate) fn of(headers: &'a HeaderMap) -> Self {
        match headers::single(headers, headers::PROTOCOL_VERSION) {
            Ok(None) => Self::Absent,
            Ok(Some(text)) => text.parse().map_or(Self::Unknown(text), Self::Known),
            Err(_) => Self::Unreadable,
        }
    }

    /// The revision of a message that has no `_meta`, by its header alone.
    pub(crate) fn version(self) -> Result<ProtocolVersion, ErrorObject> {
        match self {
            Self::Absent => Ok(ProtocolVersion::ASSUMED),
            Self::Known(version) => Ok(version),
            Self::Unknown(text) => Err(unsupported(text)),
            Self::Unreadable => Err(mismatch(headers::PROTOCOL_VERSION, "it must be one revision")),
        }
    }

    /// Whether an error without an id must say `null` for it.
    pub(crate) fn requires_error_id(self) -> bool {
        self.version().is_ok_and(|version| version.features().error_id_required)
    }

    fn is_modern(self) -> bool {
        matches!(self, Self::Known(version) if version.features().stateless)
    }

    fn says(self, named: &str) -> bool {
        match self {
            Self::Known(version) => version.as_str() == named,
            Self::Unknown(text) => text == named,
            Self::Absent | Self::Unreadable => false,
        }
    }
}

/// The revision of a request, and its `_meta`.
pub(crate) fn decide(
    claim: Claim<'_>,
    request: &Request,
) -> Result<(ProtocolVersion, RequestMeta), ErrorObject> {
    let meta = RequestMeta::read(&request.params)?;
    let version = match meta.protocol_version.as_deref() {
        None if claim.is_modern() => return Err(missing(META_PROTOCOL_VERSION)),
        None => handshake(claim, request)?,
        Some(named) => match (named.parse::<ProtocolVersion>(), claim) {
            // A revision with a handshake is served as what it is, wherever it is named.
            (Ok(version), Claim::Absent) if !version.features().stateless => version,
            (Ok(version), Claim::Known(header))
                if header == version && !version.features().stateless =>
            {
                version
            }
            _ if meta.capabilities.is_none() => return Err(missing(META_CLIENT_CAPABILITIES)),
            _ if !claim.says(named) => {
                let fault = "it must equal the protocol version in _meta";
                return Err(mismatch(headers::PROTOCOL_VERSION, fault));
            }
            (parsed, _) => parsed.map_err(|_| unsupported(named))?,
        },
    };
    Ok((version, meta))
}

/// The revision of a request without modern `_meta`.
fn handshake(claim: Claim<'_>, request: &Request) -> Result<ProtocolVersion, ErrorObject> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Initialize {
        protocol_version: String,
    }
    // The header is for what follows a handshake; in the handshake itself the body negotiates.
    if request.method == "initialize" && claim != Claim::Unreadable {
        let asked = request.params.read::<Initialize>();
        let negotiated = asked.map(|asked| ProtocolVersion::negotiate(&asked.protocol_version));
        return Ok(negotiated.unwrap_or(ProtocolVersion::NEWEST_LEGACY));
    }
    claim.version()
}

fn missing(key: &str) -> ErrorObject {
    ErrorObject::invalid_params(format!("_meta[\"{key}\"] is missing"))
}

/// -32022 (specification 2026-07-28, Versioning).
fn unsupported(requested: &str) -> ErrorObject {
    ErrorObject::new(ErrorCode::UnsupportedProtocolVersion, "unsupported protocol version")
        .with_data(json!({"supported": ProtocolVersion::ALL, "requested": requested}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use mcp_core::Id;
    use mcp_core::jsonrpc::Params;
    use proptest::prelude::*;

    fn request(method: &str, params: &str) -> Request {
        let params = Params::from_json(Bytes::copy_from_slice(params.as_bytes()));
        Request { id: Id::from(1), method: method.to_owned(), params }
    }

    fn decided(header: &[&str], method: &str, params: &str) -> Result<&'static str, i32> {
        let mut headers = HeaderMap::new();
        for value in header {
            headers.append(headers::PROTOCOL_VERSION, value.parse().unwrap());
        }
        match decide(Claim::of(&headers), &request(method, params)) {
            Ok((version, _)) => Ok(version.as_str()),
            Err(error) => Err(error.code.number()),
        }
    }

    fn meta(version: &str) -> String {
        json!({"_meta": {META_PROTOCOL_VERSION: version, META_CLIENT_CAPABILITIES: {}}}).to_string()
    }

    #[test]
    fn the_revision_follows_header_and_meta() {
        let modern = meta("2026-07-28");
        for (header, method, params, expected) in [
            // H5, M1 and M3, in the order that section 1.4 of the facts gives
            (&["2026-07-28"][..], "tools/list", modern.as_str(), Ok("2026-07-28")),
            (&["2026-07-28"], "initialize", &modern, Ok("2026-07-28")),
            (&["2026-07-28", "2026-07-28"], "tools/list", &modern, Ok("2026-07-28")),
            (&[" 2026-07-28\t"], "tools/list", &modern, Ok("2026-07-28")),
            (&["2026-07-28"], "tools/list", "{}", Err(-32602)),
            (&["2026-07-28"], "initialize", "{}", Err(-32602)),
            (
                &["2026-07-28"],
                "tools/list",
                r#"{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}"#,
                Err(-32602),
            ),
            (
                &["2026-07-28"],
                "tools/list",
                r#"{"_meta":{"io.modelcontextprotocol/clientCapabilities":{}}}"#,
                Err(-32602),
            ),
            (
                &[],
                "tools/list",
                r#"{"_meta":{"io.modelcontextprotocol/protocolVersion":20260728}}"#,
                Err(-32602),
            ),
            (&[], "tools/list", &modern, Err(-32020)),
            (&["2025-11-25"], "tools/list", &modern, Err(-32020)),
            (&["2026-07-28", "2025-11-25"], "tools/list", &modern, Err(-32020)),
            (&["2026-07-28"], "tools/list", &meta("v999.0.0"), Err(-32020)),
            (&["v999.0.0"], "tools/list", &meta("v999.0.0"), Err(-32022)),
            // 3.1, handshake
            (&[], "initialize", r#"{"protocolVersion":"2025-06-18"}"#, Ok("2025-06-18")),
            (&[], "initialize", r#"{"protocolVersion":"2024-11-05"}"#, Ok("2024-11-05")),
            (&[], "initialize", r#"{"protocolVersion":"2026-07-28"}"#, Ok("2025-11-25")),
            (&[], "initialize", r#"{"protocolVersion":"1.0"}"#, Ok("2025-11-25")),
            (&[], "initialize", r#"{"protocolVersion":"9999-01-01"}"#, Ok("2025-11-25")),
            (
                &["9999-01-01"],
                "initialize",
                r#"{"protocolVersion":"9999-01-01"}"#,
                Ok("2025-11-25"),
            ),
            (&[], "initialize", "{}", Ok("2025-11-25")),
            (
                &["2025-11-25"],
                "initialize",
                r#"{"protocolVersion":"2025-11-25"}"#,
                Ok("2025-11-25"),
            ),
            // 3.1, after it
            (&["2025-11-25"], "tools/list", "{}", Ok("2025-11-25")),
            (&["2025-06-18"], "tools/list", r#"{"_meta":{"progressToken":1}}"#, Ok("2025-06-18")),
            (&["2025-03-26"], "tools/list", "{}", Ok("2025-03-26")),
            (&["2024-11-05"], "tools/list", "{}", Ok("2024-11-05")),
            (&[], "tools/list", "{}", Ok("2025-03-26")),
            (&["9999-01-01"], "tools/list", "{}", Err(-32022)),
            (&[""], "tools/list", "{}", Err(-32022)),
            (&["2025-11-25", "2025-06-18"], "tools/list", "{}", Err(-32020)),
            // an older revision in a modern place
            (&["2025-11-25"], "tools/list", &meta("2025-11-25"), Ok("2025-11-25")),
            (&[], "tools/list", &meta("2025-11-25"), Ok("2025-11-25")),
            (&["2026-07-28"], "tools/list", &meta("2025-11-25"), Err(-32020)),
        ] {
            assert_eq!(decided(header, method, params), expected, "{header:?} {method} {params}");
        }
    }

    #[test]
    fn an_unsupported_revision_is_told_which_ones_are_served() {
        let told = unsupported("v999.0.0").data.unwrap();
        assert_eq!(
            *told,
            json!({
                "supported": ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"],
                "requested": "v999.0.0",
            })
        );
    }

    proptest! {
        #[test]
        fn deciding_never_panics_and_never_makes_a_handshake_modern(
            header in prop::collection::vec("[ -~]{0,12}|2026-07-28|2025-11-25", 0..3),
            method in "initialize|tools/list|\\PC{0,8}",
            named in prop::option::of("2026-07-28|2025-06-18|\\PC{0,12}"),
        ) {
            let params = named.as_deref().map_or_else(|| "{}".to_owned(), meta);
            let header: Vec<_> = header.iter().map(String::as_str).collect();
            if decided(&header, &method, &params) == Ok("2026-07-28") {
                prop_assert_eq!(named.as_deref(), Some("2026-07-28"));
                prop_assert!(header.iter().all(|value| value.trim() == "2026-07-28"));
            }
        }
    }
}
