//! A store in memory: for one process, and for tests.

/// Keeps everything in this process.
#[derive(Debug, Default)]
pub struct MemoryStore;
