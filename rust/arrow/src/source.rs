//! Sources of batches: what is read of a stream, and what is said of one that cannot be read.

use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::ArrowError;
use fundholder_core::error::{Code, Error};
use fundholder_core::run::RunError;

/// Batches of a table; what cannot be read ends the work.
pub type Source<'a> = dyn Iterator<Item = Result<RecordBatch, RunError>> + Send + 'a;

/// The batches of a stream called `name`.
pub fn readable(
    reader: impl RecordBatchReader + Send,
    name: &str,
) -> impl Iterator<Item = Result<RecordBatch, RunError>> + Send {
    let mut reader = reader;
    std::iter::from_fn(move || {
        // Arrow's import of a batch that has other columns than its stream said panics.
        let next = catch_unwind(AssertUnwindSafe(|| reader.next())).unwrap_or_else(|_| {
            let text = "a batch has other columns than the first";
            Some(Err(ArrowError::SchemaError(text.into())))
        });
        next.map(|batch| batch.map_err(|error| unreadable(name, &error).into()))
    })
}

/// The same, with one empty batch for a stream that has none, so that its columns are looked at.
pub fn readable_or_empty(
    reader: impl RecordBatchReader + Send,
    name: &str,
) -> impl Iterator<Item = Result<RecordBatch, RunError>> + Send {
    let mut empty = Some(RecordBatch::new_empty(reader.schema()));
    let mut batches = readable(reader, name);
    std::iter::from_fn(move || {
        let batch = batches.next().or_else(|| empty.clone().map(Ok));
        empty = None;
        batch
    })
}

/// What a source says of itself when it fails, without the traceback that some add.
pub fn unreadable(name: &str, error: &ArrowError) -> Error {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    let reason = first.split(" Detail: ").next().unwrap_or_default();
    Error::one(Code::Unreadable, format!("{name} cannot be read: {reason}"))
}
