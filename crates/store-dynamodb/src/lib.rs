//! What the authorization server keeps, in three tables of DynamoDB.
//!
//! | Table, its key | Items, by what their keys begin with |
//! | --- | --- |
//! | clients, `clientId` | a client by its id; what is left of a deleted one |
//! | codes, `code` | `H#` codes, `TX#` transactions, `S#` sessions, `N#` counts |
//! | refresh tokens, `refreshToken` | `H#` refresh tokens, `G#` grants, `C#` consents |
//!
//! Secrets are kept as hashes only. Each operation reads and writes base tables by key, consistently:
//! there is no index and no scan. A write with a condition is a transaction with a request token, so
//! that a try whose answer was lost is not taken for somebody else's. All items have a `ttl`
//! (seconds since 1970) but those that stay; nothing relies on it.
//!
//! Whether a token's grant still holds is asked by `grants-dynamodb`, as resource servers do, which
//! knows of the records no more than that takes.
//!
//! A deleted client leaves an item behind that says so, and a grant holds only where there is none:
//! so its grants end with it, however many there are.

mod client;
mod error;
mod item;
mod records;
mod store;
mod transaction;

pub use client::{Settings, Tables};
pub use error::Error;
pub use store::DynamoStore;
