//! Execution environments: reused when free, started when not, and never more than allowed.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Log;
use super::runtime_api::{Bootstrap, Process};

pub(super) struct Pool {
    bootstrap: Bootstrap,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Process>>,
    log: Log,
}

/// A process of one's own, until it is given back.
pub(super) struct Leased {
    pub(super) process: Process,
    _permit: OwnedSemaphorePermit,
}

impl Pool {
    pub(super) fn new(bootstrap: Bootstrap, processes: usize, log: Log) -> Self {
        let permits = Arc::new(Semaphore::new(processes));
        Self { bootstrap, permits, idle: Mutex::default(), log }
    }

    pub(super) async fn lease(&self) -> io::Result<Leased> {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.map_err(|_| io::Error::other("the emulator has ended"))?;
        let idle = self.idle().pop();
        let process = match idle {
            Some(process) => process,
            None => Process::start(&self.bootstrap, &self.log).await?,
        };
        Ok(Leased { process, _permit: permit })
    }

    /// Takes back a process that has answered; one that ended is dropped.
    pub(super) fn give_back(&self, mut leased: Leased) {
        if leased.process.is_alive() && !self.permits.is_closed() {
            self.idle().push(leased.process);
        }
    }

    /// The most memory that any of the idle processes has had, in bytes.
    pub(super) fn peak_memory(&self) -> Option<u64> {
        self.idle().iter().filter_map(Process::peak_memory).max()
    }

    /// Ends the processes: idle ones now, others when they have answered.
    pub(super) fn close(&self) {
        self.permits.close();
        self.idle().clear();
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Process>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
