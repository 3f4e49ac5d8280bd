//! A PromQL evaluator over `promql-parser`, for the local server and for tests.
//!
//! Results are those of Prometheus 2.42: range selectors are closed at both ends unless
//! [`Windows::LeftOpen`] is asked for, as in Prometheus 3 and Amazon Managed Service for
//! Prometheus. Native histograms, staleness markers and experimental functions are not
//! implemented; queries that need them get [`Error::Unsupported`].

mod aggregate;
mod binary;
mod calendar;
mod diagnose;
mod engine;
mod error;
mod eval;
mod format;
mod functions;
mod histogram;
mod labels;
mod matcher;
mod natural;
mod over_time;
mod parse;
mod rate;
mod summation;
mod track;
mod value;
mod window;

pub use engine::{Engine, Windows, instant, range};
pub use error::Error;
pub use format::format_value;
pub use labels::{Labels, METRIC_NAME};
pub use matcher::{MatchOp, Matcher};
pub use parse::matchers;
pub use value::{Sample, Series, Storage, Value};
