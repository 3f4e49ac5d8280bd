//! Keys that sign tokens and never leave AWS KMS.
//!
//! RSA keys of 2048 to 4096 bits sign RS256, keys on P-256 ES256. Whoever runs this needs
//! `kms:GetPublicKey` on every key that is published, and `kms:Sign` on the one that signs.
//!
//! KMS is sent the whole message and hashes it itself, up to 4096 bytes: several times what a token
//! says. A key is looked up once. From then on it is called by its ARN, for an alias that is moved
//! would sign with a key that nobody was told of; whoever moves one has the keys looked up anew.

mod client;
mod der;
mod error;
mod key_id;
mod kms;

pub use client::Settings;
pub use error::{BoxError, Error};
pub use key_id::KeyId;
pub use kms::{Kms, KmsKey, MAX_MESSAGE};
