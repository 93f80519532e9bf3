//! A run of long work: how far it is, whether it should stop, why it ended, and its threads.

use std::cmp::Ordering as Order;
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

/// Values that are sorted between two looks at whether to stop: some milliseconds.
const SORTED_AT_ONCE: usize = 1 << 18;

/// Sorts values of which those that compare as equal are the same, and ends early where it is told to stop.
pub fn sort<T: Copy>(
    values: &mut Vec<T>,
    compare: impl Fn(&T, &T) -> Order,
    progress: &Progress,
) -> Result<(), RunError> {
    for block in values.chunks_mut(SORTED_AT_ONCE) {
        progress.check()?;
        block.sort_unstable_by(&compare);
    }
    let mut width = SORTED_AT_ONCE;
    while width < values.len() {
        let mut merged = Vec::with_capacity(values.len());
        for sorted in values.chunks(2 * width) {
            let (mut left, mut right) = sorted.split_at(width.min(sorted.len()));
            while let ([first, ..], [second, ..]) = (left, right) {
                if merged.len() % SORTED_AT_ONCE == 0 {
                    progress.check()?;
                }
                let next = if compare(second, first) == Order::Less { &mut right } else { &mut left };
                merged.push(next[0]);
                *next = &next[1..];
            }
            merged.extend_from_slice(left);
            merged.extend_from_slice(right);
        }
        *values = merged;
        width *= 2;
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn does_it_sort_as_the_library_does_and_stop_when_told() {
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state >> 40
        };
        let progress = Progress::default();
        for length in [0, 1, SORTED_AT_ONCE, 5 * SORTED_AT_ONCE + 7] {
            let values: Vec<u64> = (0..length).map(|_| next()).collect();
            let (mut ours, mut theirs) = (values.clone(), values);
            sort(&mut ours, Ord::cmp, &progress).unwrap();
            theirs.sort_unstable();
            assert!(ours == theirs);
        }
        progress.stop.store(true, Ordering::Relaxed);
        assert!(matches!(sort(&mut vec![2, 1], Ord::cmp, &progress), Err(RunError::Interrupted)));
    }
}
