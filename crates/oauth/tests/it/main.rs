//! The authorization server as clients and browsers see it, without a socket. Whatever a test asks,
//! the answer is looked at for what every answer must be: [`site`].
#![cfg(test)]

mod site;

mod authorize;
mod code;
mod consent;
mod login;
mod proof;
mod refresh;
mod token;
mod tokens;
mod told;
