//! AWS as MiniStack and moto play it, who know nothing of us: tokens of their Cognito, keys of their KMS, tables of their
//! DynamoDB, SQL of their Athena. `cargo xtask stand-ins` starts both and tells where they are; without, these tests are skipped.

mod athena;
mod issuers;
mod keys;
mod server;
mod tables;
