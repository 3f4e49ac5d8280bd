//! The Prometheus tools an agent calls.

mod text;
pub mod time;
