//! What every program needs: environment, telemetry, clock, randomness.
//!
//! Library crates never read the environment, the time or the system's randomness by themselves;
//! a program takes them from here and passes them in.

pub mod clock;
pub mod env;
pub mod random;
pub mod telemetry;
