//! Sealed text: what must survive a round trip through a client (MRTR state, task ids, cursors)
//! without being stored, and without the client being able to alter it, lend it or keep it.
//!
//! A seal proves origin; it does not hide. Nothing secret goes inside.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const TAG: usize = 16;
const EXPIRY: usize = 8;

/// Why a sealed text was refused. The caller is told no more than the text of this error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Altered, made elsewhere, or meant for another purpose, caller or request.
    #[error("it was not issued here for this request")]
    Invalid,
    /// Good, but too old.
    #[error("it has expired")]
    Expired,
}

/// What a sealed text is good for. It opens only under the same binding.
#[derive(Clone, Copy, Debug)]
pub struct Binding<'a> {
    /// What it is, such as `cursor` or `state`.
    pub purpose: &'a str,
    /// Whom it was given to: a caller's subject, or empty where anyone may use it.
    pub principal: &'a str,
    /// The request it belongs to, such as method and a digest of the parameters.
    pub request: &'a [u8],
}

/// Seals and opens, by HMAC-SHA256 with 128-bit tags.
pub struct Sealer {
    key: OnceLock<[u8; 32]>,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer")
    }
}

impl Sealer {
    /// With a key that every instance of the server shares.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        Self { key: OnceLock::from(key) }
    }

    /// With a key of this process, drawn when first needed. What it seals opens nowhere else, so a
    /// server of many instances wants [`Sealer::new`].
    #[must_use]
    pub fn of_this_process() -> Self {
        Self { key: OnceLock::new() }
    }

    /// Seals `payload` until `expires`, or for good.
    #[must_use]
    pub fn seal(
        &self,
        binding: &Binding<'_>,
        expires: Option<SystemTime>,
        payload: &[u8],
    ) -> String {
        let expires = expires.map_or(0, unix_seconds);
        let mut out = Vec::with_capacity(EXPIRY + payload.len() + TAG);
        out.extend_from_slice(&expires.to_be_bytes());
        out.extend_from_slice(payload);
        let tag = self.mac(binding, &out).finalize().into_bytes();
        out.extend_from_slice(&tag[..TAG]);
        URL_SAFE_NO_PAD.encode(out)
    }

    /// Gives back what was sealed under the same binding.
    ///
    /// # Errors
    /// [`SealError::Invalid`] for anything this server did not issue for just this use,
    /// [`SealError::Expired`] for what it did but too long before `now`.
    pub fn open(
        &self,
        binding: &Binding<'_>,
        now: SystemTime,
        sealed: &str,
    ) -> Result<Vec<u8>, SealError> {
        let mut bytes = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| SealError::Invalid)?;
        let body =
            bytes.len().checked_sub(TAG).filter(|n| *n >= EXPIRY).ok_or(SealError::Invalid)?;
        let (signed, tag) = bytes.split_at(body);
        self.mac(binding, signed).verify_truncated_left(tag).map_err(|_| SealError::Invalid)?;
        let expires = signed.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        if expires != 0 && expires <= unix_seconds(now) {
            return Err(SealError::Expired);
        }
        bytes.truncate(body);
        Ok(bytes.split_off(EXPIRY))
    }

    fn mac(&self, binding: &Binding<'_>, signed: &[u8]) -> Hmac<Sha256> {
        let key = self.key.get_or_init(random);
        // A key shorter than the hash's block is padded with zeros (RFC 2104).
        let mut block = [0; 64];
        block[..key.len()].copy_from_slice(key);
        let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
        // Each part carries its length, so that no two bindings read alike.
        for part in [binding.purpose.as_bytes(), binding.principal.as_bytes(), binding.request] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.update(signed);
        mac
    }
}

fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}

/// Bytes that nobody can guess.
#[expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "what is drawn here never leaves the process unsealed, and without entropy nothing may be sealed"
)]
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system has entropy");
    bytes
}

/// A digest of JSON that does not depend on the order of members or on white space: two texts of
/// one value have one digest.
#[must_use]
pub fn digest(value: &serde_json::Value) -> [u8; 32] {
    use sha2::Digest;
    let mut hash = Sha256::new();
    feed(value, &mut hash);
    hash.finalize().into()
}

fn feed(value: &serde_json::Value, hash: &mut Sha256) {
    use serde_json::Value::{Array, Object};
    use sha2::Digest;
    match value {
        Array(items) => {
            hash.update(b"[");
            hash.update((items.len() as u64).to_be_bytes());
            items.iter().for_each(|item| feed(item, hash));
        }
        Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| name.as_str());
            hash.update(b"{");
            hash.update((members.len() as u64).to_be_bytes());
            for (name, value) in members {
                hash.update((name.len() as u64).to_be_bytes());
                hash.update(name);
                feed(value, hash);
            }
        }
        scalar => {
            let text = scalar.to_string();
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const NOW: Duration = Duration::from_secs(1_800_000_000);

    fn binding<'a>(principal: &'a str, request: &'a [u8]) -> Binding<'a> {
        Binding { purpose: "state", principal, request }
    }

    #[test]
    fn a_seal_opens_only_for_the_same_key_purpose_principal_request_and_time() {
        let now = UNIX_EPOCH + NOW;
        let sealer = Sealer::new([7; 32]);
        let mine = binding("alice", b"tools/call");
        let sealed = sealer.seal(&mine, Some(now + Duration::from_secs(60)), b"payload");
        assert_eq!(sealer.open(&mine, now, &sealed), Ok(b"payload".to_vec()));
        for (case, other) in [
            ("principal", binding("bob", b"tools/call")),
            ("request", binding("alice", b"prompts/get")),
            ("purpose", Binding { purpose: "cursor", ..mine }),
            ("shifted parts", binding("alicetools", b"/call")),
        ] {
            assert_eq!(sealer.open(&other, now, &sealed), Err(SealError::Invalid), "{case}");
        }
        assert_eq!(Sealer::new([8; 32]).open(&mine, now, &sealed), Err(SealError::Invalid));
        assert_eq!(Sealer::of_this_process().open(&mine, now, &sealed), Err(SealError::Invalid));
        let late = now + Duration::from_secs(60);
        assert_eq!(sealer.open(&mine, late, &sealed), Err(SealError::Expired));
    }

    #[test]
    fn a_digest_sees_the_value_and_not_its_spelling() {
        assert_eq!(digest(&json!({"a": 1, "b": [true]})), digest(&json!({"b": [true], "a": 1})));
        for other in [json!({"a": 1}), json!({"a": "1", "b": [true]}), json!({"a": 1, "b": true})] {
            assert_ne!(digest(&json!({"a": 1, "b": [true]})), digest(&other), "{other}");
        }
    }

    proptest! {
        #[test]
        fn no_single_altered_character_opens(
            payload in prop::collection::vec(any::<u8>(), 0..40),
            at in any::<prop::sample::Index>(),
        ) {
            let sealer = Sealer::new([7; 32]);
            let mine = binding("alice", b"");
            let sealed = sealer.seal(&mine, None, &payload);
            let at = at.index(sealed.len());
            let mut bytes = sealed.into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(bytes).expect("ASCII");
            prop_assert!(sealer.open(&mine, UNIX_EPOCH, &altered).is_err());
        }

        #[test]
        fn opening_never_panics(text in ".{0,80}") {
            let _ = Sealer::new([7; 32]).open(&binding("", b""), UNIX_EPOCH, &text);
        }
    }
}
