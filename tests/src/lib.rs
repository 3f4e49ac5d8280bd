//! End-to-end tests: the real binaries under a Runtime API emulator, real clients, a real Prometheus.

pub mod binary;
pub mod emulator;
pub mod fuzz;
pub mod openapi;
pub mod prometheus;
pub mod schema;
