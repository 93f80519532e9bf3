//! Sources of batches: what is read of a table, and what is said of one that cannot be read.

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use fundholder_core::error::{Code, Error};
use fundholder_core::run::RunError;

/// Batches of a table; what cannot be read ends the work.
pub type Source<'a> = dyn Iterator<Item = Result<RecordBatch, RunError>> + Send + 'a;

/// The same batches, with one empty batch where there are none, so that the columns are looked at.
pub fn or_empty(
    batches: impl Iterator<Item = Result<RecordBatch, RunError>> + Send,
    schema: &SchemaRef,
) -> impl Iterator<Item = Result<RecordBatch, RunError>> + Send {
    let mut empty = Some(RecordBatch::new_empty(schema.clone()));
    let mut batches = batches;
    std::iter::from_fn(move || {
        let batch = batches.next().or_else(|| empty.clone().map(Ok));
        empty = None;
        batch
    })
}

/// What a source says of itself when it fails, without the traceback that some add.
pub fn unreadable(name: &str, error: &impl ToString) -> Error {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    let reason = first.split(" Detail: ").next().unwrap_or_default();
    Error::one(Code::Unreadable, format!("{name} cannot be read: {reason}"))
}
