//! The support-case tools an agent calls.

pub mod guard;
