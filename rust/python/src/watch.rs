//! Long work on another thread, watched from Python's: signals are answered and progress is shown while it runs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, Thread};
use std::time::Duration;

use fundholder_core::run::{Progress, RunError, ThreadPool, thread_pool};
use pyo3::prelude::*;

use crate::errors::or_raise;

/// How often Python is asked for signals: an interrupt is answered well within a second.
const GLANCE: Duration = Duration::from_millis(50);

/// Runs `work` without holding the GIL, on a pool of so many threads of its own, so that no call shares threads with
/// another. On Ctrl-C, or an error of `shown`, tells the work to stop, waits for it, and raises.
pub(crate) fn watched<T: Send, E: Into<RunError> + Send>(
    py: Python<'_>,
    threads: usize,
    progress: &Progress,
    shown: Option<&Bound<'_, PyAny>>,
    work: impl FnOnce() -> Result<T, E> + Send,
) -> PyResult<T> {
    watched_on(py, &or_raise(py, thread_pool(threads))?, progress, shown, work)
}

/// The same on a pool that a call has already.
pub(crate) fn watched_on<T: Send, E: Into<RunError> + Send>(
    py: Python<'_>,
    pool: &ThreadPool,
    progress: &Progress,
    shown: Option<&Bound<'_, PyAny>>,
    work: impl FnOnce() -> Result<T, E> + Send,
) -> PyResult<T> {
    let done = AtomicBool::new(false);
    let mut result = None;
    let mut stopped: Option<PyErr> = None;
    // The scope raises a panic of the work again, here.
    pool.in_place_scope(|scope| {
        let (finished, answer) = (Finished(&done, thread::current()), &mut result);
        scope.spawn(move |_| {
            let _finished = finished;
            *answer = Some(work());
        });
        while !done.load(Ordering::Acquire) {
            py.detach(|| thread::park_timeout(GLANCE));
            if stopped.is_none() {
                let glance = py.check_signals().and_then(|()| match shown {
                    Some(shown) => shown.call1((progress.drawn.load(Ordering::Relaxed),)).map(|_| ()),
                    None => Ok(()),
                });
                if let Err(error) = glance {
                    progress.stop.store(true, Ordering::Relaxed);
                    stopped = Some(error);
                }
            }
        }
    });
    match (stopped, result) {
        (Some(error), _) => Err(error),
        (None, Some(result)) => or_raise(py, result),
        (None, None) => unreachable!("work that did not panic has an answer"),
    }
}

/// Says that work has finished when it is dropped, after a panic too, and wakes who waits for it.
struct Finished<'a>(&'a AtomicBool, Thread);

impl Drop for Finished<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
        self.1.unpark();
    }
}
