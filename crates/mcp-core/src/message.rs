//! What travels beside a method's own parameters: who the client is, what it can do, how it wants
//! to be kept informed.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::jsonrpc::{ErrorObject, Id, Params};

/// `_meta` key: the revision a request speaks (2026-07-28).
pub const META_PROTOCOL_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
/// `_meta` key: the capabilities the client declares for this request (2026-07-28).
pub const META_CLIENT_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
/// `_meta` key: the server's name and version in a result (2026-07-28).
pub const META_SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";
/// `_meta` key: which `subscriptions/listen` request a notification belongs to (2026-07-28).
pub const META_SUBSCRIPTION_ID: &str = "io.modelcontextprotocol/subscriptionId";
/// The identifier of the Tasks extension (SEP-2663).
pub const TASKS_EXTENSION: &str = "io.modelcontextprotocol/tasks";

/// Name and version of a client or a server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Implementation {
    /// A name for programs.
    pub name: String,
    /// Its version.
    pub version: String,
    /// A name for people (2025-06-18 and later).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it is (2025-11-25 and later).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where to read about it (2025-11-25 and later).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub website_url: Option<String>,
}

impl Implementation {
    /// A name and a version.
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            title: None,
            description: None,
            website_url: None,
        }
    }
}

/// How grave a log message is (RFC 5424), mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words are RFC 5424's")]
pub enum LogLevel {
    Debug,
    Info,
    Notice,
    Warning,
    Error,
    Critical,
    Alert,
    Emergency,
}

/// A capability of the client that a request of ours may need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Capability {
    /// It can ask its user to fill in a form.
    Elicitation,
    /// It can have its user visit a URL.
    ElicitationUrl,
    /// It can run a prompt through its model. Deprecated by 2026-07-28.
    Sampling,
    /// It can name its file-system roots. Deprecated by 2026-07-28.
    Roots,
    /// It speaks the extension of this identifier.
    Extension(&'static str),
}

impl Capability {
    /// The capabilities object that declares it, as `data.requiredCapabilities` wants it.
    #[must_use]
    pub fn as_declared(&self) -> Value {
        match self {
            Self::Elicitation => serde_json::json!({"elicitation": {"form": {}}}),
            Self::ElicitationUrl => serde_json::json!({"elicitation": {"url": {}}}),
            Self::Sampling => serde_json::json!({"sampling": {}}),
            Self::Roots => serde_json::json!({"roots": {}}),
            Self::Extension(id) => serde_json::json!({"extensions": {*id: {}}}),
        }
    }
}

/// What a client declares it can do. What this crate has no use for is not kept.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ClientCapabilities {
    elicitation: Option<ElicitationModes>,
    sampling: Option<serde::de::IgnoredAny>,
    roots: Option<serde::de::IgnoredAny>,
    /// Extensions by identifier, with their settings.
    pub extensions: BTreeMap<String, Value>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct ElicitationModes {
    form: Option<serde::de::IgnoredAny>,
    url: Option<serde::de::IgnoredAny>,
}

impl ClientCapabilities {
    /// Whether `capability` is declared. An empty `elicitation` object declares forms
    /// (specification, Elicitation, Capabilities).
    #[must_use]
    pub fn declare(&self, capability: &Capability) -> bool {
        match capability {
            Capability::Elicitation => {
                self.elicitation.as_ref().is_some_and(|m| m.form.is_some() || m.url.is_none())
            }
            Capability::ElicitationUrl => {
                self.elicitation.as_ref().is_some_and(|m| m.url.is_some())
            }
            Capability::Sampling => self.sampling.is_some(),
            Capability::Roots => self.roots.is_some(),
            Capability::Extension(id) => self.extensions.contains_key(*id),
        }
    }
}

/// A W3C `traceparent`: `00-<32 hex>-<16 hex>-<2 hex>`, neither id all zeros.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceParent(String);

impl TraceParent {
    /// The header's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The 32 hexadecimal digits of the trace id.
    #[must_use]
    pub fn trace_id(&self) -> &str {
        &self.0[3..35]
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is not a `traceparent` of version 00.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a W3C traceparent")]
pub struct NotATraceParent;

impl FromStr for TraceParent {
    type Err = NotATraceParent;

    fn from_str(text: &str) -> Result<Self, NotATraceParent> {
        let hex = |part: &str, len: usize| {
            part.len() == len && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        };
        let zeros = |part: &str| part.bytes().all(|b| b == b'0');
        let mut parts = text.split('-');
        match (parts.next(), parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("00"), Some(trace), Some(span), Some(flags), None)
                if hex(trace, 32)
                    && hex(span, 16)
                    && hex(flags, 2)
                    && !zeros(trace)
                    && !zeros(span) =>
            {
                Ok(Self(text.to_owned()))
            }
            _ => Err(NotATraceParent),
        }
    }
}

/// `_meta` of a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestMeta {
    /// The revision it says it speaks; its presence is what makes a request stateless.
    pub protocol_version: Option<String>,
    /// What the client can do, for this request.
    pub capabilities: Option<ClientCapabilities>,
    /// Who the client says it is. For logs: nothing may depend on it.
    pub client_info: Option<Implementation>,
    /// From which level on the client wants log messages (2026-07-28).
    pub log_level: Option<LogLevel>,
    /// Asks for progress notifications that carry it.
    pub progress_token: Option<Id>,
    /// The trace the request is part of.
    pub traceparent: Option<TraceParent>,
}

impl RequestMeta {
    /// Reads `params._meta`; all empty when there is none.
    ///
    /// # Errors
    /// -32602 that names the key which is not what it must be. An unknown key, an odd `clientInfo`
    /// or a `traceparent` that is none is no error: nothing depends on them.
    pub fn read(params: &Params) -> Result<Self, ErrorObject> {
        #[derive(Deserialize)]
        struct Head<'a> {
            #[serde(borrow, rename = "_meta")]
            meta: Option<&'a RawValue>,
        }
        #[derive(Deserialize)]
        struct Wire<'a> {
            #[serde(borrow, rename = "io.modelcontextprotocol/protocolVersion")]
            protocol_version: Option<&'a RawValue>,
            #[serde(borrow, rename = "io.modelcontextprotocol/clientCapabilities")]
            capabilities: Option<&'a RawValue>,
            #[serde(borrow, rename = "io.modelcontextprotocol/clientInfo")]
            client_info: Option<&'a RawValue>,
            #[serde(borrow, rename = "io.modelcontextprotocol/logLevel")]
            log_level: Option<&'a RawValue>,
            #[serde(borrow, rename = "progressToken")]
            progress_token: Option<&'a RawValue>,
            #[serde(borrow)]
            traceparent: Option<&'a RawValue>,
        }
        fn key<T: for<'a> Deserialize<'a>>(
            name: &str,
            raw: Option<&RawValue>,
        ) -> Result<Option<T>, ErrorObject> {
            raw.map(|raw| serde_json::from_str(raw.get()))
                .transpose()
                .map_err(|err| ErrorObject::invalid_params(format!("_meta[\"{name}\"]: {err}")))
        }
        /// A derived reader would take an array for the object.
        fn object(raw: Option<&RawValue>) -> Result<Option<&RawValue>, ErrorObject> {
            match raw {
                Some(raw) if !raw.get().starts_with('{') => {
                    let text = format!("_meta[\"{META_CLIENT_CAPABILITIES}\"]: expected an object");
                    Err(ErrorObject::invalid_params(text))
                }
                raw => Ok(raw),
            }
        }
        fn lenient<T: for<'a> Deserialize<'a>>(raw: Option<&RawValue>) -> Option<T> {
            raw.and_then(|raw| serde_json::from_str(raw.get()).ok())
        }

        let Some(meta) = params.read::<Head<'_>>()?.meta else {
            return Ok(Self::default());
        };
        let wire: Wire<'_> = serde_json::from_str(meta.get())
            .map_err(|err| ErrorObject::invalid_params(format!("_meta: {err}")))?;
        Ok(Self {
            protocol_version: key(META_PROTOCOL_VERSION, wire.protocol_version)?,
            capabilities: key(META_CLIENT_CAPABILITIES, object(wire.capabilities)?)?,
            client_info: lenient(wire.client_info),
            log_level: key("io.modelcontextprotocol/logLevel", wire.log_level)?,
            progress_token: key("progressToken", wire.progress_token)?,
            traceparent: lenient::<String>(wire.traceparent).and_then(|text| text.parse().ok()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;

    fn read(params: &'static str) -> Result<RequestMeta, ErrorObject> {
        RequestMeta::read(&Params::from_json(Bytes::from_static(params.as_bytes())))
    }

    #[test]
    fn what_matters_in_meta_is_checked_and_the_rest_is_tolerated() {
        let meta = read(
            r#"{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",
            "io.modelcontextprotocol/clientCapabilities":{"elicitation":{},"extensions":{"a/b":{}}},
            "io.modelcontextprotocol/clientInfo":7,"io.modelcontextprotocol/logLevel":"warning",
            "progressToken":5,"x/y":[1],
            "traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}"#,
        )
        .unwrap();
        assert_eq!(meta.protocol_version.as_deref(), Some("2026-07-28"));
        let capabilities = meta.capabilities.unwrap();
        for (capability, declared) in [
            (Capability::Elicitation, true),
            (Capability::ElicitationUrl, false),
            (Capability::Sampling, false),
            (Capability::Extension("a/b"), true),
        ] {
            assert_eq!(capabilities.declare(&capability), declared, "{capability:?}");
        }
        assert_eq!((meta.client_info, meta.log_level), (None, Some(LogLevel::Warning)));
        assert_eq!(meta.progress_token, Some(Id::from(5)));
        assert_eq!(meta.traceparent.unwrap().trace_id(), "0af7651916cd43dd8448eb211c80319c");

        for bad in [
            r#"{"_meta":[]}"#,
            r#"{"_meta":{"io.modelcontextprotocol/protocolVersion":5}}"#,
            r#"{"_meta":{"io.modelcontextprotocol/clientCapabilities":[]}}"#,
            r#"{"_meta":{"io.modelcontextprotocol/clientCapabilities":{"extensions":[]}}}"#,
            r#"{"_meta":{"io.modelcontextprotocol/logLevel":"loud"}}"#,
            r#"{"_meta":{"progressToken":{}}}"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert_eq!(read("{}"), Ok(RequestMeta::default()));
    }

    #[test]
    fn a_traceparent_that_is_none_is_dropped() {
        for bad in [
            "",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
        ] {
            assert!(bad.parse::<TraceParent>().is_err(), "{bad}");
        }
    }

    /// Any JSON, with the keys of `_meta` more often than chance would have them.
    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".*|2026-07-28|warning".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            let key = "_meta|progressToken|traceparent|extensions|elicitation|name|\
                io\\.modelcontextprotocol/(protocolVersion|clientCapabilities|clientInfo|logLevel)|.*";
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map(key, inner, 0..6)
                    .prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_meta_panics_and_an_unknown_key_changes_nothing(meta in json(), other in json()) {
            let read = |meta: &Value| {
                let params = serde_json::json!({"_meta": meta}).to_string();
                RequestMeta::read(&Params::from_json(params.into()))
            };
            let plain = read(&meta);
            if let Value::Object(mut meta) = meta {
                meta.insert("example.com/other".to_owned(), other);
                prop_assert_eq!(read(&Value::Object(meta)), plain);
            }
        }

        #[test]
        fn no_text_panics_and_a_traceparent_renders_back(
            text in ".*|00-.{32}-.{16}-.{2}",
            (trace, rest) in ("[1-9a-f][0-9a-f]{31}", "-[1-9a-f][0-9a-f]{15}-[0-9a-f]{2}"),
        ) {
            if let Ok(parent) = text.parse::<TraceParent>() {
                prop_assert_eq!(parent.to_string(), text);
            }
            let text = format!("00-{trace}{rest}");
            let parent: TraceParent = text.parse().unwrap();
            prop_assert_eq!(parent.trace_id(), trace);
            prop_assert_eq!(parent.to_string(), text);
        }
    }
}
