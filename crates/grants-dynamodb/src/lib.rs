//! Whether the grant of a token still holds, as the authorization server keeps it in DynamoDB: all
//! that a resource server asks there.
//!
//! The records are those of `store-dynamodb`, which asks by this crate too, and whose tests hold it
//! to the contract of every store. The request is written by hand, because the SDK would be a tenth
//! of what a function is (`docs/adr/0014-asking-for-grants-by-hand.md`).

mod answer;
mod error;
mod grants;

#[cfg(test)]
mod tests;

pub use error::{BoxError, Error};
pub use grants::{DynamoGrants, Settings};
