//! A PromQL evaluator over `promql-parser`, for the local server and for tests.
//!
//! Results are those of Prometheus 2.42: range selectors are closed at both ends unless
//! [`Windows::LeftOpen`] is asked for, as in Prometheus 3 and Amazon Managed Service for
//! Prometheus. Native histograms, staleness markers and experimental functions are not
//! implemented; queries that need them get [`Error::Unsupported`].

mod error;
mod labels;
mod matcher;
mod value;

pub use error::Error;
pub use labels::{Labels, METRIC_NAME};
pub use matcher::{MatchOp, Matcher};
pub use value::{Sample, Series, Storage, Value};

/// Whether a range selector includes the sample at its far end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Windows {
    /// Both ends belong to the window, as in Prometheus 2.
    #[default]
    Closed,
    /// The far end does not, as in Prometheus 3 and Amazon Managed Service for Prometheus.
    LeftOpen,
}

/// The settings of an evaluation. [`instant()`] and [`range()`] use the default ones.
#[derive(Clone, Copy, Debug, Default)]
pub struct Engine {
    /// The rule for the far end of windows.
    pub windows: Windows,
}

impl Engine {
    /// Evaluates a query at one time, Unix milliseconds.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn instant(
        &self,
        _storage: &dyn Storage,
        _query: &str,
        _time_ms: i64,
    ) -> Result<Value, Error> {
        Err(Error::Unsupported("not yet".into()))
    }

    /// Evaluates a query at each step from `start_ms` to `end_ms`, Unix milliseconds. The result
    /// is always a matrix, also for a scalar expression.
    ///
    /// # Errors
    /// See [`Error`]; a step below one millisecond and an end before the start are refused too.
    pub fn range(
        &self,
        _storage: &dyn Storage,
        _query: &str,
        _start_ms: i64,
        _end_ms: i64,
        _step_ms: i64,
    ) -> Result<Value, Error> {
        Err(Error::Unsupported("not yet".into()))
    }
}

/// Evaluates a query at one time, Unix milliseconds, by the rules of Prometheus 2.
///
/// # Errors
/// See [`Error`].
pub fn instant(storage: &dyn Storage, query: &str, time_ms: i64) -> Result<Value, Error> {
    Engine::default().instant(storage, query, time_ms)
}

/// Evaluates a query at each step of a window by the rules of Prometheus 2; see
/// [`Engine::range`].
///
/// # Errors
/// See [`Engine::range`].
pub fn range(
    storage: &dyn Storage,
    query: &str,
    start_ms: i64,
    end_ms: i64,
    step_ms: i64,
) -> Result<Value, Error> {
    Engine::default().range(storage, query, start_ms, end_ms, step_ms)
}

/// The matchers of a series selector such as `up{job="api"}`, as in the `match[]` parameters of
/// the HTTP API. A metric name becomes a matcher on `__name__`.
///
/// # Errors
/// [`Error::Parse`] when it is not a plain vector selector.
pub fn matchers(_selector: &str) -> Result<Vec<Matcher>, Error> {
    Err(Error::Unsupported("not yet".into()))
}

/// A sample value as Prometheus writes it: `NaN`, `+Inf`, `-Inf`, or the shortest decimal number
/// that reads back as the same float, never with an exponent.
pub fn format_value(value: f64) -> String {
    if value.is_nan() {
        "NaN".into()
    } else if value.is_infinite() {
        if value > 0.0 {
            "+Inf".into()
        } else {
            "-Inf".into()
        }
    } else {
        // Rust's `Display` is the shortest round trip without an exponent, as Go's 'f' with -1.
        value.to_string()
    }
}
