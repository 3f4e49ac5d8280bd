//! The support-case tools end to end: the function `mcp` over the Athena, the Glue and the Bedrock of
//! `local-aws`, asked by REST and by MCP, and held to the sample cases themselves.

mod figures;
mod guarded;
mod long;
mod many;
mod site;
mod trust;
