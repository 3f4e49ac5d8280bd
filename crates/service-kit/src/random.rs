//! Randomness from the operating system.

/// The operating system gave no randomness.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no randomness")]
pub struct RandomError(#[source] getrandom::Error);

/// Fills `bytes` with randomness fit for keys.
///
/// # Errors
/// When the operating system has none to give; nothing secret may be made then.
#[expect(clippy::disallowed_methods, reason = "this is where randomness comes in")]
pub fn fill(bytes: &mut [u8]) -> Result<(), RandomError> {
    getrandom::fill(bytes).map_err(RandomError)
}

/// A fresh key of 32 bytes.
///
/// # Errors
/// As [`fill`].
pub fn key() -> Result<[u8; 32], RandomError> {
    let mut key = [0; 32];
    fill(&mut key)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_keys_differ_and_neither_is_blank() {
        let (one, other) = (key().unwrap(), key().unwrap());
        assert_ne!(one, other);
        assert_ne!(one, [0; 32]);
        assert_ne!(other, [0; 32]);
    }
}
