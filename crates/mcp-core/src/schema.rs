//! JSON Schema 2020-12: made of types, checked when a server is built, held against arguments.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

/// The schema of `T`, as short as it can be: 2020-12 is the dialect MCP assumes, so `$schema` goes
/// without saying, and so does the name of a Rust type.
#[must_use]
pub fn of<T: JsonSchema>() -> Schema {
    let mut settings = SchemaSettings::draft2020_12();
    settings.meta_schema = None;
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.remove("title");
    schema
}
