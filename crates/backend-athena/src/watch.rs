//! Watching a query until it ends.

use std::time::{Duration, Instant};

use crate::athena::Athena;
use crate::execution::{Execution, ExecutionId, State};
use crate::{Error, Stats};

/// The pause after the first look; it grows by a half with each, up to a limit.
const FIRST_PAUSE: Duration = Duration::from_millis(150);
const LAST_PAUSE: Duration = Duration::from_secs(2);
/// How long one look may take.
const LOOK: Duration = Duration::from_secs(10);

/// How watching ended.
#[derive(Debug, Clone)]
pub enum Watched {
    /// The result can be read.
    Succeeded(Execution),
    /// It still runs.
    Running(Execution),
}

impl Athena {
    /// Looks after a query until it succeeds or `until` has come; `tell` is told of each look. One
    /// that has read more than [`Settings::max_bytes`](crate::Settings::max_bytes) is stopped.
    ///
    /// # Errors
    /// [`Error::Failed`], [`Error::Cancelled`], [`Error::Denied`] and [`Error::TooExpensive`] for
    /// what became of the query, others as described.
    pub async fn watch(
        &self,
        id: &ExecutionId,
        until: Instant,
        stats: &mut Stats,
        mut tell: impl FnMut(&Execution),
    ) -> Result<Watched, Error> {
        let mut pause = FIRST_PAUSE;
        loop {
            // The first look is always taken, however late it is.
            let look = until.max(Instant::now() + FIRST_PAUSE * 4).min(Instant::now() + LOOK);
            let execution = self.execution(id, look, stats).await?;
            tell(&execution);
            match execution.state {
                State::Succeeded => return Ok(Watched::Succeeded(execution)),
                State::Failed { reason, retryable } => {
                    return Err(Error::of_failure(reason, retryable));
                }
                State::Cancelled { reason } => return Err(Error::Cancelled { reason }),
                State::Queued | State::Running => {}
            }
            if let Some(limit) =
                self.settings().max_bytes.filter(|max| execution.scanned_bytes > *max)
            {
                let bytes = execution.scanned_bytes;
                self.stop(id).await?;
                return Err(Error::TooExpensive { bytes, limit });
            }
            if Instant::now() + pause >= until {
                return Ok(Watched::Running(execution));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 3 / 2).min(LAST_PAUSE);
        }
    }
}
