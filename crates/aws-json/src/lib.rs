//! Asks services of AWS that speak JSON: signed, tried again within a deadline, refusals read.
//!
//! For the few operations of which an SDK crate would be most of a function's size:
//! `docs/adr/0016-athena-and-bedrock-by-hand.md`. Who asks writes the body and reads the answer;
//! what is the same for all services is here.

mod error;
mod retry;
mod service;

pub use error::{BoxError, Error};
pub use retry::Stats;
pub use service::{Call, Service, Settings};
