//! AWS on one machine, over the real wire protocols, for the local server and tests.
//!
//! The production clients are pointed here by `AWS_ENDPOINT_URL` and run unchanged: signatures,
//! serialisation, error codes and paging are all exercised.
//!
//! | Service | What there is |
//! | --- | --- |
//! | [`amp`] | workspaces, and PromQL over deterministic [sample] metrics |
//! | [`athena`] | SQL over made-up support [cases], and their table in Glue |
//! | [`bedrock`] | `Converse`, by a model of one's own or by picked sentences |
//! | [`cognito`] | a user pool: its tokens and its keys |
//! | [`dynamodb`] | tables and items, in memory or in a file |
//! | [`gateway`] | what API Gateway does before and after an integration, as a library |
//! | [`sts`] | temporary credentials, with session tags |

pub mod amp;
pub mod athena;
pub mod bedrock;
pub mod cases;
pub mod cognito;
pub mod dynamodb;
mod form;
pub mod gateway;
mod glue;
#[cfg(test)]
mod in_process;
mod json_service;
pub mod sample;
mod server;
pub mod sigv4;
pub mod sts;
mod uuid;

pub use server::{Config, LocalAws, StartError};
