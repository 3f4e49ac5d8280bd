//! The fixture server of the official conformance suite.
