//! Tokens that were accepted, for the next time they come.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use service_kit::clock::unix_ms;

use crate::claims::Claims;
use crate::key::Key;

/// How many tokens are remembered.
const CAPACITY: usize = 256;

/// What is remembered of a token: what it says, and the SHA-256 of its signature, never the
/// signature. Two that are equal are of one token, byte for byte; and most of a token is compared,
/// not hashed, which would cost far more.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Print<S> {
    /// Of the signature as it is written. Compared first: it is beyond guessing, so that how long
    /// a comparison takes tells nothing to who has not got the signature.
    signature: [u8; SHA256_OUTPUT_LEN],
    /// All that goes before it.
    signed: S,
}

impl<'a> Print<&'a str> {
    /// `None`: it has no signature, and is no token.
    pub(super) fn of(token: &'a str) -> Option<Self> {
        let (signed, written) = token.rsplit_once('.')?;
        let mut signature = [0; SHA256_OUTPUT_LEN];
        signature.copy_from_slice(digest(&SHA256, written.as_bytes()).as_ref());
        Some(Self { signature, signed })
    }

    pub(super) fn kept(self) -> Print<Box<str>> {
        Print { signature: self.signature, signed: self.signed.into() }
    }
}

impl Print<Box<str>> {
    fn is(&self, other: &Print<&str>) -> bool {
        self.signature == other.signature && *self.signed == *other.signed
    }
}

/// A token that was accepted.
pub(super) struct Entry {
    pub(super) print: Print<Box<str>>,
    /// Which of the issuers it is of.
    pub(super) issuer: usize,
    /// What it was verified with.
    pub(super) key: Arc<Key>,
    pub(super) claims: Claims,
    pub(super) verified_at: SystemTime,
}

impl Entry {
    /// Whether time has changed nothing: `exp` is still ahead, and `nbf` and `iat`, which were good
    /// once, lie further back than then. Where there is a doubt the token is verified anew.
    fn holds(&self, now: SystemTime) -> bool {
        self.verified_at <= now && unix_ms(now).div_euclid(1000) < self.claims.expires_at
    }
}

/// The last tokens that were accepted, the oldest first.
#[derive(Default)]
pub(super) struct Accepted(Mutex<VecDeque<Arc<Entry>>>);

impl Accepted {
    /// The token of this print, if it was accepted and is not expired.
    pub(super) fn get(&self, print: &Print<&str>, now: SystemTime) -> Option<Arc<Entry>> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.iter().rev().find(|entry| entry.print.is(print))?;
        entry.holds(now).then(|| Arc::clone(entry))
    }

    /// Remembers a token, and forgets the oldest when there are too many.
    pub(super) fn insert(&self, entry: Entry) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|known| known.print != entry.print);
        if entries.len() == CAPACITY {
            entries.pop_front();
        }
        entries.push_back(Arc::new(entry));
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl fmt::Debug for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accepted").finish_non_exhaustive()
    }
}
