//! The doors of the function, over HTTP: who is let in, and what the others are told.
//!
//! Tests whose names begin with `j09_` show that row of `docs/security/coverage.md`.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says by a panic what went wrong")]

mod document;
mod grants;
mod issuer;
mod log;
mod metadata;
mod principals;
mod requests;
mod rest;
mod scopes;
mod site;
mod tenants;
mod tokens;
mod workspaces;
