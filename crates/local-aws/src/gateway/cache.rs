//! The cache of an authorizer's answers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::authorizer::Verdict;

/// Verdicts by the values of the identity sources.
#[derive(Default)]
pub(super) struct Cache(Mutex<HashMap<Vec<String>, Entry>>);

struct Entry {
    verdict: Arc<Verdict>,
    /// Unix milliseconds.
    until_ms: i64,
}

impl Cache {
    pub(super) fn get(&self, key: &[String], now_ms: i64) -> Option<Arc<Verdict>> {
        let cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = cache.get(key).filter(|entry| now_ms < entry.until_ms)?;
        Some(Arc::clone(&entry.verdict))
    }

    pub(super) fn put(&self, key: Vec<String>, verdict: Arc<Verdict>, now_ms: i64, ttl: Duration) {
        let ttl_ms = i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX);
        let until_ms = now_ms.saturating_add(ttl_ms);
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cache.retain(|_, entry| now_ms < entry.until_ms);
        cache.insert(key, Entry { verdict, until_ms });
    }
}
