//! What queries read and return.

use crate::{Labels, Matcher};

/// One measured or computed value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Unix time in milliseconds.
    pub timestamp_ms: i64,
    /// The value; NaN and the infinities are legal.
    pub value: f64,
}

/// A series with its samples in the order of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The identity of the series, the metric name included.
    pub labels: Labels,
    /// The samples, oldest first, at most one per timestamp.
    pub samples: Vec<Sample>,
}

/// Where the evaluator reads its samples from.
pub trait Storage: Sync {
    /// The series that fulfil all matchers, each with its samples in `[start_ms, end_ms]`, both
    /// ends included. Samples must be sorted by time; the order of the series does not matter. A
    /// series without a sample in the window may be returned or left out.
    fn select(&self, matchers: &[Matcher], start_ms: i64, end_ms: i64) -> Vec<Series>;
}

/// The result of a query; the names are those of `resultType` in the Prometheus HTTP API.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// One number.
    Scalar(Sample),
    /// A string literal.
    String {
        /// The time of evaluation, Unix milliseconds.
        timestamp_ms: i64,
        /// The text.
        value: String,
    },
    /// One sample per series, all at the time of evaluation.
    Vector(Vec<(Labels, Sample)>),
    /// Several samples per series.
    Matrix(Vec<Series>),
}
