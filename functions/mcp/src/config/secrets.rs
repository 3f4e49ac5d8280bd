//! What is never shown.

use std::fmt;
use std::str::FromStr;

use service_kit::env::Reader;

/// An AWS key pair, with the session token of a temporary one.
#[derive(Clone)]
pub struct Credentials {
    /// The access key's id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: String,
    /// The session token, for temporary keys.
    pub session_token: Option<String>,
}

// Neither is ever shown, not even in a debug line.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials")
    }
}

impl Credentials {
    /// Those of the environment, if both halves are there.
    pub(super) fn read(env: &mut Reader<'_>) -> Option<Self> {
        let access_key_id = env.optional("AWS_ACCESS_KEY_ID");
        let secret_access_key = env.optional("AWS_SECRET_ACCESS_KEY");
        let session_token = env.optional("AWS_SESSION_TOKEN");
        match (access_key_id, secret_access_key) {
            (Some(access_key_id), Some(secret_access_key)) => {
                Some(Self { access_key_id, secret_access_key, session_token })
            }
            (None, None) => None,
            _ => {
                env.reject(
                    "AWS_ACCESS_KEY_ID",
                    "goes with AWS_SECRET_ACCESS_KEY, and one is missing",
                );
                None
            }
        }
    }
}

/// A key of 32 bytes, from 64 hexadecimal digits.
#[derive(Clone)]
pub struct StateKey(pub(crate) [u8; 32]);

impl fmt::Debug for StateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StateKey")
    }
}

/// The text is not 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 64 hexadecimal digits")]
pub struct NotAStateKey;

impl FromStr for StateKey {
    type Err = NotAStateKey;

    fn from_str(text: &str) -> Result<Self, NotAStateKey> {
        let digits = text.as_bytes();
        let mut key = [0; 32];
        if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(NotAStateKey);
        }
        for (byte, pair) in key.iter_mut().zip(text.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| NotAStateKey)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| NotAStateKey)?;
        }
        Ok(Self(key))
    }
}
