//! A run of long work: how far it is, whether it should stop, why it ended, and its threads.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::error::{Code, Error};

/// How far a run is, and whether it should stop: shared with whoever watches it.
#[derive(Debug, Default)]
pub struct Progress {
    /// Person-draws made.
    pub drawn: AtomicU64,
    /// Set to end the work.
    pub stop: AtomicBool,
}

impl Progress {
    /// Ends the work where it has been told to stop.
    pub fn check(&self) -> Result<(), RunError> {
        if self.stop.load(Ordering::Relaxed) { Err(RunError::Interrupted) } else { Ok(()) }
    }
}

/// Why a run ended before its end.
#[derive(Debug)]
pub enum RunError {
    /// Its input is rejected.
    Rejected(Error),
    /// It was told to stop.
    Interrupted,
}

impl From<Error> for RunError {
    fn from(error: Error) -> Self {
        RunError::Rejected(error)
    }
}

/// So many threads of their own.
pub fn thread_pool(threads: usize) -> Result<rayon::ThreadPool, Error> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|error| Error::one(Code::Argument, format!("threads: cannot start {threads}: {error}")))
}
