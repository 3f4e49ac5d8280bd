//! Streamable HTTP for mcp-core as a tower Service.
