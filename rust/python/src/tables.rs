//! Tables across the boundary.

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use fundholder_core::error::{Error, ErrorKind, Problem};
use pyo3::prelude::*;
use pyo3_arrow::{PyRecordBatchReader, PyTable};

use crate::errors::exception;

/// The stream of anything with `__arrow_c_stream__`.
pub(crate) fn stream(table: &Bound<'_, PyAny>, name: &str) -> PyResult<PyRecordBatchReader> {
    table.extract::<PyRecordBatchReader>().map_err(|error| {
        let error = Error {
            kind: ErrorKind::Type,
            problems: vec![Problem::new(format!(
                "{name} is {}: must be an Arrow table, or anything with __arrow_c_stream__ that gives one ({error})",
                table.get_type().name().map_or("of an unknown type".into(), |name| name.to_string()),
            ))],
            more: 0,
        };
        exception(table.py(), &error)
    })
}

/// All batches of a table, with an empty one where there are none, so that the columns are known.
pub(crate) fn batches(table: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<RecordBatch>> {
    let reader = stream(table, name)?.into_reader()?;
    let schema = reader.schema();
    let mut batches: Vec<RecordBatch> =
        reader.collect::<Result<_, _>>().map_err(|error| exception(table.py(), &unreadable(name, &error)))?;
    if batches.is_empty() {
        batches.push(RecordBatch::new_empty(schema));
    }
    Ok(batches)
}

/// A table as one batch.
pub(crate) fn one_batch(table: &Bound<'_, PyAny>, name: &str) -> PyResult<RecordBatch> {
    let batches = batches(table, name)?;
    arrow_select::concat::concat_batches(&batches[0].schema(), &batches)
        .map_err(|error| exception(table.py(), &unreadable(name, &error)))
}

/// What a source says of itself when it fails, without the traceback that some add.
pub(crate) fn unreadable(name: &str, error: &ArrowError) -> Error {
    let text = error.to_string();
    let said = text.lines().next().unwrap_or_default();
    let said = said.split(" Detail: ").next().unwrap_or_default();
    Error::one(format!("{name} cannot be read: {said}"))
}

/// A result as a `pyarrow.Table`.
pub(crate) fn table(py: Python<'_>, batch: RecordBatch) -> PyResult<Bound<'_, PyAny>> {
    let schema = batch.schema();
    PyTable::try_new(vec![batch], schema)?.into_pyarrow(py)
}
