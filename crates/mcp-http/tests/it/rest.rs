//! The REST façade as a client sees it, without a socket.

mod calls;
mod description;
mod fixture;
mod random;
mod routes;
mod wire;
