//! AWS on one machine, over the real wire protocols, for the local server and tests.

pub mod sample;
pub mod sigv4;
