//! The program as people and attackers meet it: started, asked, stopped.
//!
//! Tests whose names begin with `j09_` show that row of `docs/security/coverage.md`.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says by a panic what went wrong")]

mod issuer;
mod login;
mod odd_bytes;
mod printed;
mod program;
mod rest;
mod rotation;
mod running;
mod signed;
mod tokens;
