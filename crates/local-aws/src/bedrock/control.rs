//! What a test makes the service do, and what it learns of it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::wire::Exception;

/// What a model was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// The model's id.
    pub model: String,
    /// What holds whatever is said to it.
    pub system: String,
    /// What was said to it.
    pub user: String,
}

/// Has Bedrock refuse, be slow, or say what it is told; and keeps what it was asked last.
#[derive(Debug, Default)]
pub struct Control {
    requests: AtomicU64,
    throttles: AtomicU64,
    denials: AtomicU64,
    missing: AtomicU64,
    slow_ms: AtomicU64,
    reply: Mutex<Option<String>>,
    last: Mutex<Option<Prompt>>,
}

impl Control {
    /// The next so many requests are refused, as if there were too many.
    pub fn throttle(&self, times: u64) {
        self.throttles.store(times, Ordering::Relaxed);
    }

    /// The next so many requests are refused, as if the role lacked the permission.
    pub fn deny(&self, times: u64) {
        self.denials.store(times, Ordering::Relaxed);
    }

    /// The next so many requests are refused, as if the region had no such model.
    pub fn miss(&self, times: u64) {
        self.missing.store(times, Ordering::Relaxed);
    }

    /// From now on each answer takes this long.
    pub fn slow(&self, by: Duration) {
        let millis = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.slow_ms.store(millis, Ordering::Relaxed);
    }

    /// From now on each model says this.
    pub fn reply(&self, text: &str) {
        *self.reply.lock().unwrap_or_else(PoisonError::into_inner) = Some(text.to_owned());
    }

    /// Requests that were signed.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// What was asked last.
    pub fn last_prompt(&self) -> Option<Prompt> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn asked(&self, prompt: Prompt) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(prompt);
    }

    pub(super) fn scripted(&self) -> Option<String> {
        self.reply.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn slowness(&self) -> Duration {
        Duration::from_millis(self.slow_ms.load(Ordering::Relaxed))
    }

    pub(super) fn refuse(&self, model: &str) -> Result<(), Exception> {
        if take(&self.throttles) {
            return Err(Exception::throttling());
        }
        if take(&self.denials) {
            return Err(Exception::denied(model));
        }
        if take(&self.missing) {
            return Err(Exception::no_model(model));
        }
        Ok(())
    }
}

/// Whether one of so many was left.
fn take(left: &AtomicU64) -> bool {
    let less = |left: u64| left.checked_sub(1);
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
}
