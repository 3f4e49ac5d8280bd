//! The specification, row by row, through the public API. A test says in its doc which rows of the
//! revision's requirements it holds.
#![cfg(test)]

mod access;
mod changes;
mod lifecycle;
mod lists;
mod meta;
mod notifications;
mod parked;
mod peer;
mod prompts;
mod resources;
mod revisions;
mod rounds;
mod tasks;
mod tools;
