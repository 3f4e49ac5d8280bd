//! The keys of a pool: which are published, and which one signs.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::{Mutex, MutexGuard};
use tokio::task::spawn_blocking;

use super::CognitoError;
use super::rsa::Key;

/// Published keys, the newest last. The first is made when it is first wanted.
#[derive(Debug, Default)]
pub(super) struct Keys(Mutex<Vec<Arc<Key>>>);

impl Keys {
    /// The key that signs: the newest.
    pub(super) async fn signing(&self) -> Result<Arc<Key>, CognitoError> {
        let keys = self.held().await?;
        keys.last().cloned().ok_or_else(|| CognitoError::Key("there is none".to_owned()))
    }

    /// What JWKS has.
    pub(super) async fn published(&self) -> Result<Vec<Value>, CognitoError> {
        Ok(self.held().await?.iter().map(|key| key.jwk()).collect())
    }

    /// Adds a key, which signs from now on.
    pub(super) async fn rotate(&self) -> Result<(), CognitoError> {
        drop(self.held().await?);
        let key = generate().await?;
        self.held().await?.push(key);
        Ok(())
    }

    /// Keeps none but the newest.
    pub(super) async fn retire(&self) -> Result<(), CognitoError> {
        let mut keys = self.held().await?;
        let newest = keys.len().saturating_sub(1);
        keys.drain(..newest);
        Ok(())
    }

    /// The keys, at least one. Who comes while the first is being made waits for it.
    async fn held(&self) -> Result<MutexGuard<'_, Vec<Arc<Key>>>, CognitoError> {
        let mut keys = self.0.lock().await;
        if keys.is_empty() {
            keys.push(generate().await?);
        }
        Ok(keys)
    }
}

/// A new key, made on a thread of its own.
async fn generate() -> Result<Arc<Key>, CognitoError> {
    let key = spawn_blocking(Key::generate).await;
    key.map_err(|err| CognitoError::Key(err.to_string()))?.map(Arc::new)
}
