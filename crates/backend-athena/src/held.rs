//! A query that somebody waits for.

use crate::athena::Athena;
use crate::execution::ExecutionId;

/// A query that somebody waits for: dropped, it is stopped, so that nothing is read, and billed,
/// for nobody.
#[derive(Debug)]
pub struct Held {
    athena: Athena,
    id: ExecutionId,
    held: bool,
}

impl Held {
    pub(crate) fn new(athena: Athena, id: ExecutionId) -> Self {
        Self { athena, id, held: true }
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> &ExecutionId {
        &self.id
    }

    /// Lets it run on, or knows that it has ended.
    pub fn release(mut self) -> ExecutionId {
        self.held = false;
        self.id.clone()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Without a runtime the whole process is on its way out.
        if let (true, Ok(runtime)) = (self.held, tokio::runtime::Handle::try_current()) {
            let (athena, id) = (self.athena.clone(), self.id.clone());
            runtime.spawn(async move {
                // It is logged where it is sent.
                let _ = athena.stop(&id).await;
            });
        }
    }
}
