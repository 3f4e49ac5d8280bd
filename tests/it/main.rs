//! End-to-end tests, one module a subject.
#![cfg(test)]

mod layers;
mod promql_oracle;
