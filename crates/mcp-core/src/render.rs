//! The one step that writes what this crate has for a peer of a given revision: what the peer does
//! not know is left out, or said in a way it knows.

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::content::{Content, Icon};
use crate::message::Implementation;
use crate::prompt::{PromptResult, PromptSpec};
use crate::registry::ToolEntry;
use crate::resource::{ResourceSpec, TemplateSpec};
use crate::revision::{Features, Structured};
use crate::tool::{CallToolResult, ToolAnnotations};

/// Members in the order they are set, leaving out what is empty or unknown to the peer.
#[derive(Default)]
struct Members(Map<String, Value>);

impl Members {
    fn set(&mut self, name: &str, value: impl Serialize) -> &mut Self {
        // A value that refuses to be JSON is left out; ours are plain data.
        if let Ok(value) = serde_json::to_value(value) {
            self.0.insert(name.to_owned(), value);
        }
        self
    }

    fn set_some(&mut self, name: &str, value: Option<impl Serialize>) -> &mut Self {
        if let Some(value) = value {
            self.set(name, value);
        }
        self
    }

    fn icons(&mut self, icons: &[Icon], features: &Features) -> &mut Self {
        if features.icons && !icons.is_empty() {
            self.set("icons", icons);
        }
        self
    }
}

pub(crate) fn tool(tool: &ToolEntry, features: &Features) -> Value {
    let spec = &tool.spec;
    let mut members = Members::default();
    members.set("name", &spec.name);
    members.set_some("title", spec.title.as_ref().filter(|_| features.titles));
    members.set("description", &spec.description).set("inputSchema", tool.input.json());
    members.set_some("outputSchema", tool.output.as_ref().filter(|schema| lists(features, schema)));
    if features.tool_annotations {
        #[derive(Serialize)]
        struct Annotations<'a> {
            // Before tools had titles, their annotations did.
            #[serde(skip_serializing_if = "Option::is_none")]
            title: Option<&'a str>,
            #[serde(flatten)]
            hints: ToolAnnotations,
        }
        let title = spec.title.as_deref().filter(|_| !features.titles);
        if title.is_some() || !spec.annotations.is_empty() {
            members.set("annotations", Annotations { title, hints: spec.annotations });
        }
    }
    members.icons(&spec.icons, features);
    Value::Object(members.0)
}

fn lists(features: &Features, schema: &Value) -> bool {
    match features.structured {
        Structured::Unknown => false,
        Structured::Object => schema.get("type").and_then(Value::as_str) == Some("object"),
        Structured::Any => true,
    }
}

pub(crate) fn resource(spec: &ResourceSpec, features: &Features) -> Value {
    let mut members = Members::default();
    members.set("uri", &spec.uri).set("name", &spec.name);
    members.set_some("title", spec.title.as_ref().filter(|_| features.titles));
    members.set_some("description", spec.description.as_ref());
    members.set_some("mimeType", spec.mime_type.as_ref());
    members.set_some("annotations", spec.annotations.as_ref());
    members.set_some("size", spec.size).icons(&spec.icons, features);
    Value::Object(members.0)
}

pub(crate) fn template(spec: &TemplateSpec, features: &Features) -> Value {
    let mut members = Members::default();
    members.set("uriTemplate", &spec.uri_template).set("name", &spec.name);
    members.set_some("title", spec.title.as_ref().filter(|_| features.titles));
    members.set_some("description", spec.description.as_ref());
    members.set_some("mimeType", spec.mime_type.as_ref());
    members.set_some("annotations", spec.annotations.as_ref());
    members.icons(&spec.icons, features);
    Value::Object(members.0)
}

pub(crate) fn prompt(spec: &PromptSpec, features: &Features) -> Value {
    let mut members = Members::default();
    members.set("name", &spec.name);
    members.set_some("title", spec.title.as_ref().filter(|_| features.titles));
    members.set_some("description", spec.description.as_ref());
    if !spec.arguments.is_empty() {
        members.set("arguments", &spec.arguments);
    }
    members.icons(&spec.icons, features);
    Value::Object(members.0)
}

pub(crate) fn implementation(info: &Implementation, features: &Features) -> Value {
    let mut members = Members::default();
    members.set("name", &info.name).set("version", &info.version);
    members.set_some("title", info.title.as_ref().filter(|_| features.titles));
    members.set_some("description", info.description.as_ref().filter(|_| features.icons));
    members.set_some("websiteUrl", info.website_url.as_ref().filter(|_| features.icons));
    Value::Object(members.0)
}

/// A tool's result. A peer without structured results is given the JSON as text, unless the text
/// is that JSON already.
pub(crate) fn tool_result(
    result: CallToolResult,
    features: &Features,
) -> Result<Vec<u8>, serde_json::Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Wire {
        content: Vec<Content>,
        #[serde(skip_serializing_if = "Option::is_none")]
        structured_content: Option<Box<RawValue>>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        is_error: bool,
    }
    let CallToolResult { content, structured, abridged, is_error } = result;
    let mut content: Vec<_> = content.into_iter().map(|block| known(block, features)).collect();
    let known = |json: &RawValue| match features.structured {
        Structured::Unknown => false,
        Structured::Object => json.get().starts_with('{'),
        Structured::Any => true,
    };
    let structured_content = structured.and_then(|json| {
        if known(&json) {
            return Some(json);
        }
        if abridged {
            content.push(Content::text(json.get()));
        }
        None
    });
    serde_json::to_vec(&Wire { content, structured_content, is_error })
}

/// A prompt's messages.
pub(crate) fn prompt_result(
    mut result: PromptResult,
    features: &Features,
) -> Result<Vec<u8>, serde_json::Error> {
    for message in &mut result.messages {
        let content = std::mem::replace(&mut message.content, Content::text(String::new()));
        message.content = known(content, features);
    }
    serde_json::to_vec(&result)
}

/// A content block as a peer with `features` knows it.
fn known(content: Content, features: &Features) -> Content {
    match content {
        Content::Audio { mime_type, .. } if !features.audio => {
            Content::text(format!("[{mime_type}: this client's protocol revision has no audio]"))
        }
        Content::ResourceLink { uri, name, description, .. } if !features.resource_links => {
            let tail = description.map(|text| format!(": {text}")).unwrap_or_default();
            Content::text(format!("{name} <{uri}>{tail}"))
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::revision::ProtocolVersion;
    use serde_json::json;
    use serde_json::value::to_raw_value;

    fn texts(version: ProtocolVersion, result: CallToolResult) -> Value {
        serde_json::from_slice(&tool_result(result, version.features()).unwrap()).unwrap()
    }

    #[test]
    fn an_older_peer_loses_nothing_of_a_result() {
        let abridged = || CallToolResult {
            content: vec![Content::text("two")],
            structured: Some(to_raw_value(&json!({"n": 2})).unwrap()),
            abridged: true,
            is_error: false,
        };
        let old = texts(ProtocolVersion::V2025_03_26, abridged());
        assert_eq!(old["content"][1]["text"], r#"{"n":2}"#);
        assert_eq!(old.get("structuredContent"), None);
        let new = texts(ProtocolVersion::V2025_06_18, abridged());
        assert_eq!(
            new,
            json!({"content": [{"type": "text", "text": "two"}], "structuredContent": {"n": 2}})
        );

        let list = || CallToolResult {
            structured: Some(to_raw_value(&json!([1])).unwrap()),
            abridged: true,
            ..CallToolResult::default()
        };
        let object_only = texts(ProtocolVersion::V2025_11_25, list());
        assert_eq!(object_only, json!({"content": [{"type": "text", "text": "[1]"}]}));
        assert_eq!(texts(ProtocolVersion::V2026_07_28, list())["structuredContent"], json!([1]));
    }

    #[test]
    fn content_of_a_later_revision_is_said_in_words() {
        let result = || CallToolResult {
            content: vec![
                Content::audio("AA==", "audio/wav"),
                Content::ResourceLink {
                    uri: "test://a".into(),
                    name: "a".into(),
                    description: Some("first".into()),
                    mime_type: None,
                },
            ],
            ..CallToolResult::default()
        };
        let old = texts(ProtocolVersion::V2024_11_05, result());
        assert_eq!(old["content"][0]["type"], "text");
        assert_eq!(old["content"][1]["text"], "a <test://a>: first");
        let new = texts(ProtocolVersion::V2025_06_18, result());
        assert_eq!(new["content"][0]["type"], "audio");
        assert_eq!(new["content"][1]["type"], "resource_link");
    }
}
