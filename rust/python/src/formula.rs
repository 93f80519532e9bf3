//! Formulas for the cost of a person: fitted, and applied.

use std::sync::Arc;

use arrow_array::RecordBatch;
use fundholder_arrow::{
    Applied, Codes, Design, Fit, Formula as ArrowFormula, Source, add_up as arrow_add_up,
};
use fundholder_core::run::{Progress, RunError, thread_pool};
use pyo3::prelude::*;
use pyo3_arrow::PyTable;

use crate::errors::or_raise;
use crate::people::finished;
use crate::tables::{batches, one_batch, stream, table, unreadable};
use crate::watch::watched;

type Described<'py> = (Bound<'py, PyAny>, Option<Bound<'py, PyAny>>, u64, f64);

/// Calls `work` with the batches of a table of persons, away from Python's thread.
fn read<T: Send>(
    persons: &Bound<'_, PyAny>,
    name: &str,
    work: impl FnOnce(&mut Source<'_>, &Progress) -> Result<T, RunError> + Send,
) -> PyResult<T> {
    let py = persons.py();
    let reader = stream(persons, name)?.into_reader()?;
    let name = name.to_string();
    let progress = Progress::default();
    let found = watched(py, &progress, None, || {
        let schema = reader.schema();
        let mut any = false;
        let read = reader.map(|batch| batch.map_err(|error| RunError::Rejected(unreadable(&name, &error))));
        // A table without batches is one empty batch, so that its columns are looked at.
        let mut source = read.map(Some).chain(std::iter::once(None)).filter_map(|batch| match batch {
            Some(batch) => {
                any = true;
                Some(batch)
            }
            None if any => None,
            None => Some(Ok(RecordBatch::new_empty(schema.clone()))),
        });
        work(&mut source, &progress)
    })?;
    finished(py, found)
}

/// Fits a formula. `persons` opens the table; it is called again where errors of the coefficients are wanted.
#[pyfunction]
#[pyo3(signature = (persons, *, cost, categories, flags, codes, need, supply, area, weight, cluster, not_negative, drop,
                    errors, whole, threads))]
#[allow(clippy::too_many_arguments)]
pub(crate) fn fit<'py>(
    persons: &Bound<'py, PyAny>,
    cost: String,
    categories: Vec<String>,
    flags: Vec<String>,
    codes: Option<&Bound<'py, PyAny>>,
    need: Vec<String>,
    supply: Vec<String>,
    area: Option<String>,
    weight: Option<String>,
    cluster: Option<String>,
    not_negative: bool,
    drop: bool,
    errors: bool,
    whole: bool,
    threads: usize,
) -> PyResult<Described<'py>> {
    let py = persons.py();
    let codes = match codes {
        Some(codes) => Some(Arc::new(or_raise(py, Codes::read(&batches(codes, "codes")?, None))?)),
        None => None,
    };
    let design =
        Design { cost, categories, flags, codes, need, supply, area, weight, cluster, not_negative, drop };
    let pool = or_raise(py, thread_pool(threads))?;
    let fit = read(&persons.call0()?, "persons", |source, progress| {
        pool.install(|| Fit::new(design, source, whole, progress))
    })?;
    let fitted = if errors {
        read(&persons.call0()?, "persons", |source, progress| {
            pool.install(|| fit.errors(source, whole, progress))
        })?
    } else {
        fit.finish()
    };
    let covariance = fitted.covariance.map(|covariance| table(py, covariance)).transpose()?;
    Ok((table(py, fitted.terms)?, covariance, fitted.people, fitted.r2))
}

/// A formula that is applied.
#[pyclass(frozen, module = "fundholder._engine")]
pub(crate) struct Formula(ArrowFormula);

#[pymethods]
impl Formula {
    #[new]
    #[pyo3(signature = (terms, covariance))]
    fn new(terms: &Bound<'_, PyAny>, covariance: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let covariance = covariance.map(|covariance| one_batch(covariance, "covariance")).transpose()?;
        let read = ArrowFormula::read(&one_batch(terms, "terms")?, covariance.as_ref());
        or_raise(terms.py(), read).map(Self)
    }

    /// Predicted costs, and codes that the formula does not have.
    #[pyo3(signature = (persons, *, neutral, codes, whole))]
    fn predict<'py>(
        &self,
        persons: &Bound<'py, PyAny>,
        neutral: bool,
        codes: Option<&Bound<'py, PyAny>>,
        whole: bool,
    ) -> PyResult<(Bound<'py, PyAny>, Vec<String>)> {
        let py = persons.py();
        let applied = self.ready(py, neutral, codes)?;
        let found = read(persons, "persons", |source, progress| applied.predict(source, whole, progress))?;
        Ok((joined(py, found)?, applied.unknown_codes))
    }

    /// Predicted beside actual costs, person by person and by term, and codes that the formula does not have.
    #[pyo3(signature = (persons, *, cost, weight, carried, neutral, codes, whole))]
    #[allow(clippy::too_many_arguments)]
    fn compare<'py>(
        &self,
        persons: &Bound<'py, PyAny>,
        cost: &str,
        weight: Option<&str>,
        carried: Vec<String>,
        neutral: bool,
        codes: Option<&Bound<'py, PyAny>>,
        whole: bool,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>, Vec<String>)> {
        let py = persons.py();
        let applied = self.ready(py, neutral, codes)?;
        let (found, ratios) = read(persons, "persons", |source, progress| {
            applied.compare(source, cost, weight, &carried, whole, progress)
        })?;
        Ok((joined(py, found)?, table(py, ratios)?, applied.unknown_codes))
    }

    /// Predicted costs added up by unit, and codes that the formula does not have.
    #[pyo3(signature = (persons, *, by, neutral, codes, whole))]
    fn need<'py>(
        &self,
        persons: &Bound<'py, PyAny>,
        by: &str,
        neutral: bool,
        codes: Option<&Bound<'py, PyAny>>,
        whole: bool,
    ) -> PyResult<(Bound<'py, PyAny>, Vec<String>)> {
        let py = persons.py();
        let applied = self.ready(py, neutral, codes)?;
        let found = read(persons, "persons", |source, progress| applied.need(source, by, whole, progress))?;
        Ok((table(py, found)?, applied.unknown_codes))
    }
}

impl Formula {
    fn ready(
        &self,
        py: Python<'_>,
        neutral: bool,
        codes: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Applied<'_>> {
        let codes = codes.map(|codes| batches(codes, "codes")).transpose()?;
        or_raise(py, self.0.ready(neutral, codes.as_deref()))
    }
}

/// Batches as one table.
fn joined(py: Python<'_>, batches: Vec<RecordBatch>) -> PyResult<Bound<'_, PyAny>> {
    let schema = batches[0].schema();
    PyTable::try_new(batches, schema)?.into_pyarrow(py)
}

/// `<by>`, rows, and the sum of each column by unit, or over all rows: the same digits in any order.
#[pyfunction]
#[pyo3(signature = (rows, *, by, columns, whole, name))]
pub(crate) fn add_up<'py>(
    rows: &Bound<'py, PyAny>,
    by: Option<&str>,
    columns: Vec<String>,
    whole: bool,
    name: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let found = read(rows, name, |source, progress| arrow_add_up(source, by, &columns, whole, progress))?;
    table(rows.py(), found)
}

/// The addresses of labels, the same for an integer and its digits, spread by a seed: numbers in [0, 1).
#[pyfunction]
pub(crate) fn places<'py>(rows: &Bound<'py, PyAny>, column: &str, seed: u64) -> PyResult<Bound<'py, PyAny>> {
    let found = fundholder_arrow::places(&batches(rows, "persons")?, column, seed);
    table(rows.py(), or_raise(rows.py(), found)?)
}
