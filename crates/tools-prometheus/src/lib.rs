//! The Prometheus tools an agent calls.

mod budget;
mod caret;
mod labels;
mod names;
mod stats;
mod text;
pub mod time;
