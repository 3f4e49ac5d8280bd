//! The MCP Lambda function.
