//! Resources of text and of bytes, one to watch, and a family of them.

use std::collections::BTreeMap;

use mcp_core::content::ResourceData;
use mcp_core::{
    CallContext, HandlerError, ResourceContents, ResourceSpec, ServerBuilder, TemplateSpec,
};
use serde_json::json;

use crate::PNG;

pub(crate) fn add(builder: ServerBuilder) -> ServerBuilder {
    builder
        .resource(
            ResourceSpec::new("test://static-text", "static-text")
                .with_description("A text that never changes.")
                .with_mime_type("text/plain"),
            |_, uri| async move {
                let text = "This is the content of the static text resource.";
                Ok(vec![ResourceContents::text(uri, "text/plain", text)])
            },
        )
        .resource(
            ResourceSpec::new("test://static-binary", "static-binary")
                .with_description("A picture that never changes.")
                .with_mime_type("image/png"),
            |_, uri| async move {
                let mime_type = Some("image/png".to_owned());
                Ok(vec![ResourceContents { uri, mime_type, data: ResourceData::Blob(PNG.into()) }])
            },
        )
        .resource(
            ResourceSpec::new("test://watched-resource", "watched-resource")
                .with_description("A text that a client may subscribe to.")
                .with_mime_type("text/plain"),
            |_, uri| async move {
                Ok(vec![ResourceContents::text(uri, "text/plain", "Watched resource content.")])
            },
        )
        .resource_template(
            TemplateSpec::new("test://template/{id}/data", "template-data")
                .with_description("Data for an id.")
                .with_mime_type("application/json"),
            template_data,
        )
}

async fn template_data(
    _: CallContext,
    uri: String,
    variables: BTreeMap<String, String>,
) -> Result<Vec<ResourceContents>, HandlerError> {
    let id = variables.get("id").ok_or(HandlerError::NotFound)?;
    let data = json!({"id": id, "templateTest": true, "data": format!("Data for ID: {id}")});
    Ok(vec![ResourceContents::text(uri, "application/json", data.to_string())])
}
