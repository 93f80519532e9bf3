//! Tables across the boundary.

use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::SchemaRef;
use fundholder_arrow::{
    HolderNumbers, LabelColumn, NumberColumn, OTHER_COLUMNS, Rule, TableRules, UnitNumbers, read_long_table,
    unreadable, with_schema,
};
use fundholder_core::error::{Code, Error, ErrorKind, Problem};
use fundholder_core::run::RunError;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::PyIterator;
use pyo3_arrow::{PyRecordBatch, PyRecordBatchReader, PySchema, PyTable};

use crate::errors::{exception, or_raise};
use crate::watch::stoppable;

/// The batches of anything with `__arrow_c_stream__`, one after the other.
pub(crate) struct Stream {
    name: String,
    pub(crate) schema: SchemaRef,
    batches: Batches,
}

enum Batches {
    /// Of an object of pyarrow, each checked before it is looked into.
    Checked(Py<PyIterator>),
    Other(Box<dyn RecordBatchReader + Send>),
}

impl Stream {
    pub(crate) fn of(table: &Bound<'_, PyAny>, name: &str) -> PyResult<Self> {
        let module = table.py().import("fundholder._tables.batches")?;
        let checked = match module.getattr("checked_batches")?.call1((table,)) {
            Err(error) if !is_interrupt(table.py(), &error)? => {
                Err(exception(table.py(), &unreadable(name, &error.value(table.py()))))
            }
            checked => checked,
        }?;
        let (schema, batches) = if checked.is_none() {
            let reader =
                table.extract::<PyRecordBatchReader>().map_err(|error| not_a_table(table, name, &error))?;
            let reader = reader.into_reader()?;
            (reader.schema(), Batches::Other(reader))
        } else {
            let (schema, batches): (PySchema, Bound<'_, PyIterator>) = checked.extract()?;
            (schema.into_inner(), Batches::Checked(batches.unbind()))
        };
        Ok(Self { name: name.into(), schema, batches })
    }

    /// The next batch, or why it cannot be read; raises what interrupts the reader, and errors of the package.
    pub(crate) fn next(&mut self, py: Python<'_>) -> PyResult<Option<Result<RecordBatch, RunError>>> {
        // Arrow's import of a batch that has other columns than its stream said panics.
        let next = catch_unwind(AssertUnwindSafe(|| match &mut self.batches {
            Batches::Other(reader) => {
                Ok(py.detach(|| reader.next()).transpose().map_err(|error| error.to_string()))
            }
            Batches::Checked(batches) => match batches.bind(py).clone().next().transpose() {
                Ok(batch) => Ok(batch.map(|batch| imported(&batch, &self.schema)).transpose()),
                Err(error) if is_interrupt(py, &error)? => Err(error),
                Err(error) => Ok(Err(error.value(py).to_string())),
            },
        }));
        let next = next.unwrap_or_else(|_| Ok(Err(OTHER_COLUMNS.into())))?;
        Ok(next.map_err(|reason| unreadable(&self.name, &reason).into()).transpose())
    }
}

/// A batch of Python's with the columns of its stream.
fn imported(batch: &Bound<'_, PyAny>, schema: &SchemaRef) -> Result<RecordBatch, String> {
    let batch = batch.extract::<PyRecordBatch>().map_err(|error| error.to_string())?;
    with_schema(batch.as_ref(), schema)
}

/// Whether an error is to be raised as it is: an interrupt, or an error of the package.
fn is_interrupt(py: Python<'_>, error: &PyErr) -> PyResult<bool> {
    let own = py.import("fundholder._errors")?.getattr("FundholderError")?;
    Ok(!error.is_instance_of::<PyException>(py) || error.is_instance(py, &own))
}

fn not_a_table(table: &Bound<'_, PyAny>, name: &str, error: &PyErr) -> PyErr {
    let allowed = "an Arrow table, or anything with __arrow_c_stream__ that gives one";
    let class = table.get_type().name().map_or("of an unknown type".into(), |name| name.to_string());
    let text = format!("{name} is {class}: must be {allowed} ({error})");
    let problem = Problem::new(Code::WrongType, text).of(name).must_be(allowed);
    exception(table.py(), &Error { kind: ErrorKind::Type, ..Error::many(vec![problem]) })
}

/// All batches of a table, with an empty one where there are none, so that the columns are known.
pub(crate) fn batches(table: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<RecordBatch>> {
    let mut stream = Stream::of(table, name)?;
    let mut all = Vec::new();
    while let Some(batch) = stream.next(table.py())? {
        all.push(or_raise(table.py(), batch)?);
    }
    if all.is_empty() {
        all.push(RecordBatch::new_empty(stream.schema));
    }
    Ok(all)
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

type NumberRule = (String, f64, f64, bool, bool, f64, bool, String);

/// The columns of a table, checked: labels as text or int64, numbers as doubles. Rules of numbers are (column, low, high,
/// above low, integer, smallest size but for 0, nulls, what is allowed).
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
    let label = |(name, nulls)| LabelColumn { name, nulls, organisations: true };
    let number = |(name, low, high, above_low, integer, smallest, nulls, allowed): NumberRule| {
        let rule = Rule { low, high, above_low, integer, smallest, allowed: allowed.into() };
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
    let checked = stoppable(rows.py(), 1, |progress| {
        read_long_table(&batches, &rules, progress).map(|checked| checked.table(&rules))
    })?;
    table(rows.py(), checked)
}

/// Budgets of the units of a level, from a column, where there are any.
pub(crate) fn read_budgets(
    py: Python<'_>,
    budgets: Option<&Bound<'_, PyAny>>,
    by: &str,
    column: &str,
) -> PyResult<Option<UnitNumbers>> {
    let read = |budgets| or_raise(py, UnitNumbers::budgets(&batches(budgets, "budgets")?, by, column));
    budgets.map(read).transpose()
}

/// Budgets, scores and the names of the scores: what is known of the holders of a level.
pub(crate) type Holders<'py> = (Option<Bound<'py, PyAny>>, Option<Bound<'py, PyAny>>, Vec<String>);

/// What is known of the holders of a level.
pub(crate) fn read_holders(
    py: Python<'_>,
    holders: Option<&Holders<'_>>,
    by: &str,
) -> PyResult<HolderNumbers> {
    let Some((budgets, scores, names)) = holders else { return Ok(HolderNumbers::default()) };
    let budgets = read_budgets(py, budgets.as_ref(), by, "budget")?;
    let Some(scores) = scores else { return Ok(HolderNumbers { budgets, scores: Vec::new() }) };
    let scores = batches(scores, "scores")?;
    let read = |name: &String| or_raise(py, UnitNumbers::scores(&scores, by, name));
    Ok(HolderNumbers { budgets, scores: names.iter().map(read).collect::<PyResult<_>>()? })
}
