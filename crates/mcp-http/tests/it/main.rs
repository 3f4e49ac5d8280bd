//! The service as a client sees it, without a socket. The ids in comments are those of the
//! requirements for servers, as the specification numbers nothing itself: B JSON-RPC, M metadata,
//! H Streamable HTTP.
#![cfg(test)]

mod fixture;

mod cors;
mod deadlines;
mod envelope;
mod frames;
mod legacy;
mod logs;
mod mirrored;
mod modern;
mod random;
mod rest;
mod scopes;
mod snapshots;
mod streams;
