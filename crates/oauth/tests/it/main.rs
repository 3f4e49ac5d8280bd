//! The authorization server as clients and browsers see it, without a socket. Whatever a test asks,
//! the answer is looked at for what every answer must be: [`site`].
#![cfg(test)]

#[path = "../../src/register/tests/real_clients.rs"]
mod real_clients;
mod site;

mod authorize;
mod clients;
mod code;
mod consent;
mod faults;
mod limits;
mod login;
mod logs;
mod proof;
mod provider;
mod random;
mod refresh;
mod register;
mod snapshots;
mod token;
mod tokens;
mod told;
mod wire;
