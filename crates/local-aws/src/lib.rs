//! AWS on one machine, over the real wire protocols, for the local server and tests.
//!
//! The production clients are pointed here by `AWS_ENDPOINT_URL` and run unchanged: signatures,
//! serialisation, error codes and paging are all exercised.
//!
//! | Service | What there is |
//! | --- | --- |
//! | [`amp`] | workspaces, and PromQL over deterministic [sample] metrics |
//! | [`gateway`] | what API Gateway does before and after an integration, as a library |

pub mod amp;
pub mod gateway;
pub mod sample;
mod server;
pub mod sigv4;

pub use server::{Config, LocalAws, StartError};
