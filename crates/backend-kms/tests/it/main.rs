//! Keys of KMS over its wire protocol, as a server on loopback speaks it.
#![cfg(test)]

mod faults;
mod server;
mod tokens;
