//! Tables across the boundary.

use arrow_array::RecordBatch;
use fundholder_arrow::{
    LabelColumn, NumberColumn, Rule, TableRules, read_table as arrow_read_table, readable_or_empty,
    unreadable,
};
use fundholder_core::error::{Code, Error, ErrorKind, Problem};
use pyo3::prelude::*;
use pyo3_arrow::{PyRecordBatchReader, PyTable};

use crate::errors::{exception, or_raise};

/// The stream of anything with `__arrow_c_stream__`.
pub(crate) fn stream(table: &Bound<'_, PyAny>, name: &str) -> PyResult<PyRecordBatchReader> {
    table.extract::<PyRecordBatchReader>().map_err(|error| {
        let allowed = "an Arrow table, or anything with __arrow_c_stream__ that gives one";
        let class = table.get_type().name().map_or("of an unknown type".into(), |name| name.to_string());
        let text = format!("{name} is {class}: must be {allowed} ({error})");
        let problem = Problem::new(Code::WrongType, text).of(name).must_be(allowed);
        let error = Error { kind: ErrorKind::Type, ..Error::many(vec![problem]) };
        exception(table.py(), &error)
    })
}

/// All batches of a table, with an empty one where there are none, so that the columns are known.
pub(crate) fn batches(table: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<RecordBatch>> {
    let reader = stream(table, name)?.into_reader()?;
    or_raise(table.py(), readable_or_empty(reader, name).collect())
}

/// A table as one batch.
pub(crate) fn one_batch(table: &Bound<'_, PyAny>, name: &str) -> PyResult<RecordBatch> {
    let batches = batches(table, name)?;
    arrow_select::concat::concat_batches(&batches[0].schema(), &batches)
        .map_err(|error| exception(table.py(), &unreadable(name, &error)))
}

/// A result as a `pyarrow.Table`.
pub(crate) fn table(py: Python<'_>, batch: RecordBatch) -> PyResult<Bound<'_, PyAny>> {
    let schema = batch.schema();
    PyTable::try_new(vec![batch], schema)?.into_pyarrow(py)
}

type NumberRule = (String, f64, f64, bool, bool, bool, String);

/// The columns of a table, checked: labels as text or int64, numbers as doubles. Rules of numbers are (column, low, high,
/// above low, integer, nulls, what is allowed).
#[pyfunction]
#[pyo3(signature = (rows, name, *, labels, numbers, unique, rows_needed))]
pub(crate) fn read_table<'py>(
    rows: &Bound<'py, PyAny>,
    name: &str,
    labels: Vec<(String, bool)>,
    numbers: Vec<NumberRule>,
    unique: bool,
    rows_needed: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let label = |(name, nulls)| LabelColumn { name, nulls };
    let number = |(name, low, high, above_low, integer, nulls, allowed): NumberRule| {
        let rule = Rule { low, high, above_low, integer, smallest: 0.0, allowed: allowed.into() };
        NumberColumn { name, rule, nulls }
    };
    let rules = TableRules {
        table: name.into(),
        labels: labels.into_iter().map(label).collect(),
        numbers: numbers.into_iter().map(number).collect(),
        unique,
        rows: rows_needed,
    };
    let batches = batches(rows, name)?;
    let py = rows.py();
    let checked = py.detach(|| arrow_read_table(&batches, &rules).map(|checked| checked.table(&rules)));
    table(py, or_raise(py, checked)?)
}
