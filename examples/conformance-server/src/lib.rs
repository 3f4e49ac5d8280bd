//! The fixture server of the official conformance suite
//! (<https://github.com/modelcontextprotocol/conformance>): the tools, resources and prompts its
//! scenarios call by name, on the same public API as any other server.

mod input_required;
mod prompts;
mod resources;
mod tasks;
mod tools;

use mcp_core::{BuildError, Changes, Implementation, Server};

/// The server. `changes`: what its tools announce to those who listen; only for a host that streams
/// and outlives a request.
///
/// # Errors
/// When the fixture contradicts itself.
pub fn server(changes: Option<&Changes>) -> Result<Server, BuildError> {
    let info = Implementation::new("conformance-server", env!("CARGO_PKG_VERSION"));
    let mut builder = Server::builder(info).logging();
    builder = tools::add(builder);
    builder = input_required::add(builder);
    builder = tasks::add(builder);
    builder = resources::add(builder);
    builder = prompts::add(builder);
    if let Some(changes) = changes {
        builder = tools::add_triggers(builder.changes(changes), changes);
    }
    builder.build()
}

/// A picture of one red pixel: a PNG file in base64.
const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mP4z8AAAAMBAQD3A0FDAAAAAElFTkSuQmCC";
/// One sample of silence: a WAV file in base64.
const WAV: &str = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQIAAAAAAA==";

#[cfg(test)]
mod tests {
    use super::*;
    use mcp_core::ProtocolVersion;

    #[test]
    fn the_first_tool_can_be_called_without_arguments() {
        // The suite's header checks call whatever is listed first.
        let server = server(None).unwrap();
        assert_eq!(server.tool_names().next(), Some("test_simple_text"));
        assert!(server.header_params("test_simple_text").is_empty());
    }

    #[test]
    fn changes_are_offered_only_where_there_are_any() {
        let newest = ProtocolVersion::V2026_07_28;
        assert!(!server(None).unwrap().offers("subscriptions/listen", newest));
        let changes = Changes::new();
        assert!(server(Some(&changes)).unwrap().offers("subscriptions/listen", newest));
    }
}
