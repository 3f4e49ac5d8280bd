//! AWS as MiniStack and moto play it, who know nothing of us: tokens of their Cognito, keys of their KMS, tables of their
//! DynamoDB. `cargo xtask stand-ins` starts both and tells where they are; without, these tests are skipped.

mod issuers;
mod keys;
mod server;
mod tables;
