//! Formulas for the cost of a person: fitted, and applied.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::Schema;
use fundholder_arrow::{
    Applied, Codes, Design, Fit, Formula as ArrowFormula, NeedComponent, Source, add_up as arrow_add_up,
    need_by_unit as arrow_need_by_unit, or_empty,
};
use fundholder_core::run::{Progress, RunError, thread_pool};
use pyo3::prelude::*;
use pyo3_arrow::PyTable;

use crate::errors::or_raise;
use crate::tables::{Stream, batches, table};
use crate::watch::{stoppable, watched};

type Described<'py> = (Bound<'py, PyAny>, Option<Bound<'py, PyAny>>, u64, f64);

/// Sums by name, by group and by unit, and codes that the formula does not have.
type Evaluation<'py> = (HashMap<&'static str, f64>, Bound<'py, PyAny>, Bound<'py, PyAny>, Vec<String>);

/// Calls `work` with the batches of a table, away from Python's thread.
pub(crate) fn read<T: Send>(
    rows: &Bound<'_, PyAny>,
    name: &str,
    threads: usize,
    work: impl FnOnce(&mut Source<'_>, &Schema, &Progress) -> Result<T, RunError> + Send,
) -> PyResult<T> {
    let stream = Stream::of(rows, name)?;
    let schema = stream.schema.clone();
    let progress = Progress::default();
    let pool = or_raise(rows.py(), thread_pool(threads))?;
    watched(rows.py(), &pool, &progress, None, Some(stream), |source| {
        work(&mut or_empty(source, &schema), &schema, &progress)
    })
}

/// Fits a formula. `persons` opens the table; it is called again where errors of the coefficients are wanted.
#[pyfunction]
#[pyo3(signature = (persons, *, cost, categories, flags, codes, need, supply, area, weight, cluster, not_negative, drop,
                    errors, materialised, threads))]
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
    materialised: bool,
    threads: usize,
) -> PyResult<Described<'py>> {
    let py = persons.py();
    let codes = match codes {
        Some(codes) => {
            let batches = batches(codes, "codes")?;
            Some(Arc::new(stoppable(py, 1, |progress| Codes::read(&batches, None, progress))?))
        }
        None => None,
    };
    let design =
        Design { cost, categories, flags, codes, need, supply, area, weight, cluster, not_negative, drop };
    let fit = read(&persons.call0()?, "persons", threads, |source, _, progress| {
        Fit::new(design, source, materialised, progress)
    })?;
    let fitted = if errors {
        read(&persons.call0()?, "persons", threads, |source, _, progress| {
            fit.errors(source, materialised, progress)
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
        let covariance = covariance.map(|covariance| batches(covariance, "covariance")).transpose()?;
        let read = ArrowFormula::read(&batches(terms, "terms")?, covariance.as_deref());
        or_raise(terms.py(), read).map(Self)
    }

    /// Predicted costs, and codes that the formula does not have.
    #[pyo3(signature = (persons, *, neutral, codes, materialised, threads))]
    fn predict<'py>(
        &self,
        persons: &Bound<'py, PyAny>,
        neutral: bool,
        codes: Option<&Bound<'py, PyAny>>,
        materialised: bool,
        threads: usize,
    ) -> PyResult<(Bound<'py, PyAny>, Vec<String>)> {
        let py = persons.py();
        let applied = self.ready(py, neutral, codes)?;
        let batches = read(persons, "persons", threads, |source, _, progress| {
            applied.predict(source, materialised, progress)
        })?;
        Ok((joined(py, batches)?, applied.unknown_codes))
    }

    /// Predicted beside actual costs, person by person, and codes that the formula does not have.
    #[pyo3(signature = (persons, *, cost, weight, neutral, codes, materialised, threads))]
    #[allow(clippy::too_many_arguments)]
    fn compare<'py>(
        &self,
        persons: &Bound<'py, PyAny>,
        cost: &str,
        weight: Option<&str>,
        neutral: bool,
        codes: Option<&Bound<'py, PyAny>>,
        materialised: bool,
        threads: usize,
    ) -> PyResult<(Bound<'py, PyAny>, Vec<String>)> {
        let py = persons.py();
        let applied = self.ready(py, neutral, codes)?;
        let costs = read(persons, "persons", threads, |source, _, progress| {
            applied.compare(source, cost, weight, materialised, progress)
        })?;
        Ok((table(py, costs)?, applied.unknown_codes))
    }

    /// Sums over persons, by group and by unit that say how near predictions come to costs, and codes that the formula
    /// does not have.
    #[pyo3(signature = (persons, *, cost, weight, by, groups, neutral, codes, materialised, threads))]
    #[allow(clippy::too_many_arguments)]
    fn evaluate<'py>(
        &self,
        persons: &Bound<'py, PyAny>,
        cost: &str,
        weight: Option<&str>,
        by: &str,
        groups: Vec<String>,
        neutral: bool,
        codes: Option<&Bound<'py, PyAny>>,
        materialised: bool,
        threads: usize,
    ) -> PyResult<Evaluation<'py>> {
        let py = persons.py();
        let applied = self.ready(py, neutral, codes)?;
        let sums = read(persons, "persons", threads, |source, _, progress| {
            applied.evaluate(source, cost, weight, by, &groups, materialised, progress)
        })?;
        let [weight, actual, predicted] = sums.totals;
        let totals = HashMap::from([
            ("people", sums.people as f64),
            ("weight", weight),
            ("actual", actual),
            ("predicted", predicted),
            ("squared_error", sums.persons.squared_error),
            ("squared_deviation", sums.persons.squared_deviation),
            ("absolute_error", sums.persons.absolute_error),
            ("units", sums.held as f64),
            ("squared_error_of_units", sums.units.squared_error),
            ("squared_deviation_of_units", sums.units.squared_deviation),
            ("absolute_error_of_units", sums.units.absolute_error),
        ]);
        Ok((totals, table(py, sums.groups)?, table(py, sums.by_unit)?, applied.unknown_codes))
    }

    /// Predicted costs added up by unit, and codes that the formula does not have.
    #[pyo3(signature = (persons, *, by, neutral, codes, materialised, threads))]
    #[allow(clippy::too_many_arguments)]
    fn need<'py>(
        &self,
        persons: &Bound<'py, PyAny>,
        by: &str,
        neutral: bool,
        codes: Option<&Bound<'py, PyAny>>,
        materialised: bool,
        threads: usize,
    ) -> PyResult<(Bound<'py, PyAny>, Vec<String>)> {
        let py = persons.py();
        let applied = self.ready(py, neutral, codes)?;
        let need = read(persons, "persons", threads, |source, _, progress| {
            applied.need(source, by, materialised, progress)
        })?;
        Ok((table(py, need)?, applied.unknown_codes))
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
        stoppable(py, 1, |progress| self.0.ready(neutral, codes.as_deref(), progress))
    }
}

/// Batches as one table.
fn joined(py: Python<'_>, batches: Vec<RecordBatch>) -> PyResult<Bound<'_, PyAny>> {
    let schema = batches[0].schema();
    PyTable::try_new(batches, schema)?.into_pyarrow(py)
}

/// `<by>`, rows, and the sum of each column by unit, or over all rows: the same digits in any order.
#[pyfunction]
#[pyo3(signature = (rows, *, by, columns, materialised, name, threads))]
pub(crate) fn add_up<'py>(
    rows: &Bound<'py, PyAny>,
    by: Option<&str>,
    columns: Vec<String>,
    materialised: bool,
    name: &str,
    threads: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let sums = read(rows, name, threads, |source, _, progress| {
        arrow_add_up(source, by, &columns, materialised, progress)
    })?;
    table(rows.py(), sums)
}

/// Need by unit, before and after the cost indices of each component, and whether rows are units, groups or persons.
#[pyfunction]
#[pyo3(signature = (rows, *, by, components, threads))]
pub(crate) fn need_by_unit<'py>(
    rows: &Bound<'py, PyAny>,
    by: &str,
    components: Vec<(String, Vec<String>)>,
    threads: usize,
) -> PyResult<(Bound<'py, PyAny>, Option<&'static str>, bool)> {
    let components: Vec<NeedComponent> =
        components.into_iter().map(|(need, index)| NeedComponent { need, index }).collect();
    let need = read(rows, "persons_or_units", threads, |source, schema, progress| {
        arrow_need_by_unit(source, schema, by, &components, progress)
    })?;
    Ok((table(rows.py(), need.table)?, need.size, need.integer))
}

/// A number in [0, 1) for each row that depends on its label and a seed alone, the same for an integer and its digits.
#[pyfunction]
pub(crate) fn uniforms<'py>(
    rows: &Bound<'py, PyAny>,
    column: &str,
    seed: u64,
) -> PyResult<Bound<'py, PyAny>> {
    let batches = batches(rows, "persons")?;
    let work = |progress: &Progress| fundholder_arrow::uniforms(&batches, column, seed, progress);
    table(rows.py(), stoppable(rows.py(), 1, work)?)
}
