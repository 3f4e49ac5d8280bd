//! Queries over small data sets, one module a subject. The expected values follow from the
//! documentation of PromQL; the oracle test of the workspace compares with a real Prometheus.

#![cfg(test)]

mod aggregations;
mod errors;
mod functions;
mod notation;
mod operators;
mod properties;
mod rates;
mod selectors;
