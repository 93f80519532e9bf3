//! A run of long work: how far it is, whether it should stop, why it ended, and its threads.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

pub use rayon::ThreadPool;

use crate::error::{Code, Error};

/// Progress of a run, and the wish that it stop: shared with whoever watches it.
#[derive(Debug, Default)]
pub struct Progress {
    /// Person-draws made.
    pub drawn: AtomicU64,
    /// Set it to end the run early, as [`RunError::Interrupted`].
    pub stop: AtomicBool,
}

impl Progress {
    /// Ends the work where it has been told to stop.
    pub fn check(&self) -> Result<(), RunError> {
        if self.stop.load(Ordering::Relaxed) { Err(RunError::Interrupted) } else { Ok(()) }
    }
}

/// Error of a run: why it ended before its end.
#[derive(Debug)]
pub enum RunError {
    /// The input is not allowed, or its numbers do not fit.
    Rejected(Error),
    /// [`Progress::stop`] was set.
    Interrupted,
}

impl From<Error> for RunError {
    fn from(error: Error) -> Self {
        Self::Rejected(error)
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(error) => error.fmt(f),
            Self::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl std::error::Error for RunError {}

/// A pool of so many threads; 0 is rayon's default, one for each processor. Functions that compute in parallel use the
/// pool in which they are called: `pool.install(|| ...)`; outside of one they use rayon's global pool.
pub fn thread_pool(threads: usize) -> Result<ThreadPool, Error> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|error| Error::one(Code::Argument, format!("threads: cannot start {threads}: {error}")))
}
