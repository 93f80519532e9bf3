//! Long work on other threads, watched from Python's: signals are answered, progress is shown, and tables are read.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use fundholder_arrow::Source;
use fundholder_core::run::{Progress, RunError, ThreadPool, thread_pool};
use pyo3::prelude::*;

use crate::errors::or_raise;
use crate::tables::Stream;

/// How often Python is asked for signals: an interrupt is answered well within a second.
const GLANCE: Duration = Duration::from_millis(50);

/// Runs work that shows no progress on a pool of so many threads of its own, so that no call shares threads with
/// another.
pub(crate) fn stoppable<T: Send, E: Into<RunError> + Send>(
    py: Python<'_>,
    threads: usize,
    work: impl FnOnce(&Progress) -> Result<T, E> + Send,
) -> PyResult<T> {
    let progress = Progress::default();
    watched(py, &or_raise(py, thread_pool(threads))?, &progress, None, None, |_| work(&progress))
}

/// Runs `work` on a pool without holding the GIL. On Ctrl-C, or an error of `shown`, tells it to stop, waits for it, and
/// raises. The batches of its stream are read here: a reader that is Python's own is interrupted as any other Python.
pub(crate) fn watched<T: Send, E: Into<RunError> + Send>(
    py: Python<'_>,
    pool: &ThreadPool,
    progress: &Progress,
    shown: Option<&Bound<'_, PyAny>>,
    mut stream: Option<Stream>,
    work: impl FnOnce(&mut Source<'_>) -> Result<T, E> + Send,
) -> PyResult<T> {
    let mut result = None;
    let mut stopped: Option<PyErr> = None;
    let mut glanced = Instant::now();
    // The scope raises a panic of the work again, here.
    pool.in_place_scope(|scope| {
        let answer = &mut result;
        let (request, mut requests) = channel();
        let (hand_over, batches) = channel();
        scope.spawn(move |_| {
            // Dropped in the end, after a panic too, which tells who waits for requests.
            let mut source = std::iter::from_fn(move || {
                request.send(()).ok()?;
                batches.recv().ok()?
            });
            *answer = Some(work(&mut source));
        });
        loop {
            let requests = &mut requests;
            let mut glance = Ok(());
            match py.detach(move || requests.recv_timeout(GLANCE)) {
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {}
                Ok(()) => {
                    let next = match &mut stream {
                        Some(stream) if stopped.is_none() => stream.next(py),
                        _ => Ok(None),
                    };
                    let batch = next.unwrap_or_else(|error| {
                        glance = Err(error);
                        Some(Err(RunError::Interrupted))
                    });
                    // Work that has ended takes no more.
                    let _ = hand_over.send(batch);
                }
            }
            if stopped.is_none() && (glance.is_err() || glanced.elapsed() >= GLANCE) {
                glanced = Instant::now();
                let looked = glance.and_then(|()| py.check_signals()).and_then(|()| match shown {
                    Some(shown) => shown.call1((progress.drawn.load(Ordering::Relaxed),)).map(|_| ()),
                    None => Ok(()),
                });
                if let Err(error) = looked {
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
