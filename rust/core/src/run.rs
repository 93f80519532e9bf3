//! A run of long work: how far it is, whether it should stop, why it ended, and its threads.

use std::sync::atomic::{AtomicBool, AtomicU64};

use crate::error::Error;

/// Progress of a run, and the wish that it stop: shared with whoever watches it.
#[derive(Debug, Default)]
pub struct Progress {
    /// Person-draws made.
    pub drawn: AtomicU64,
    pub stop: AtomicBool,
}

/// Error of a run: why it ended before its end.
#[derive(Debug)]
pub enum RunError {
    Rejected(Error),
    Interrupted,
}

/// A pool of so many threads; 0 is one for each processor.
pub fn thread_pool(threads: usize) -> Result<rayon::ThreadPool, Error> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|error| Error::one(format!("threads: cannot start {threads}: {error}")))
}
