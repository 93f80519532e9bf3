//! Sources of batches: what is read of a table, and what is said of one that cannot be read.

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{Fields, SchemaRef};
use fundholder_core::error::{Code, Error};
use fundholder_core::run::RunError;

/// Batches of a table; what cannot be read ends the work.
pub type Source<'a> = dyn Iterator<Item = Result<RecordBatch, RunError>> + Send + 'a;

/// Rows that are handed on at a time.
const ROWS_AT_ONCE: usize = 1 << 18;

/// A batch in parts of so many rows; an empty one is one part, so that its columns are seen.
pub fn slices(batch: &RecordBatch, rows: usize) -> impl Iterator<Item = RecordBatch> + use<> {
    let batch = batch.clone();
    let starts = (0..batch.num_rows().max(1)).step_by(rows);
    starts.map(move |start| batch.slice(start, rows.min(batch.num_rows() - start)))
}

/// The same batches, none of them long, with one empty batch where there are none, so that the columns are looked at.
pub fn or_empty(
    batches: impl Iterator<Item = Result<RecordBatch, RunError>> + Send,
    schema: &SchemaRef,
) -> impl Iterator<Item = Result<RecordBatch, RunError>> + Send {
    let mut empty = Some(RecordBatch::new_empty(schema.clone()));
    let mut batches = batches;
    let all = std::iter::from_fn(move || {
        let batch = batches.next().or_else(|| empty.clone().map(Ok));
        empty = None;
        batch
    });
    all.flat_map(|batch| match batch {
        Ok(batch) => slices(&batch, ROWS_AT_ONCE).map(Ok).collect(),
        Err(error) => vec![Err(error)],
    })
}

/// What is said of a batch that does not go with its stream.
pub const OTHER_COLUMNS: &str = "a batch has other columns than the first";

/// The batch with the columns that its stream said.
pub fn with_schema(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, String> {
    let names = |fields: &Fields| fields.iter().map(|field| field.name().clone()).collect::<Vec<_>>();
    if names(batch.schema_ref().fields()) != names(schema.fields()) {
        return Err(OTHER_COLUMNS.into());
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    let batch = RecordBatch::try_new_with_options(schema.clone(), batch.columns().to_vec(), &options);
    batch.map_err(|_| OTHER_COLUMNS.into())
}

/// What a source says of itself when it fails, without the traceback that some add.
pub fn unreadable(name: &str, error: &impl ToString) -> Error {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    let reason = first.split(" Detail: ").next().unwrap_or_default();
    Error::one(Code::Unreadable, format!("{name} cannot be read: {reason}"))
}
