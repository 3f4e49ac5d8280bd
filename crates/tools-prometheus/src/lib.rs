//! The Prometheus tools an agent calls.
