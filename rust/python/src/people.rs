//! A population by kinds of people: what the lanes without chance are asked.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::RecordBatch;
use fundholder_arrow::{
    Budgets, LabelledNumber, Labels, PeopleLevel, Reader, cumulative_table, distribution_table, expected,
    variance_table,
};
use fundholder_core::analytic_moments::Valuation;
use fundholder_core::error::Error;
use fundholder_core::exact::{Accuracy, Pool, minimum_population};
use fundholder_core::model::CostModel as CoreModel;
use fundholder_core::population::Rows;
use fundholder_core::population::{Composition, People as CorePeople};
use fundholder_core::run::{Progress, RunError};
use pyo3::prelude::*;

use crate::contract::{StopLoss, describe, measure};
use crate::errors::{exception, or_raise};
use crate::model::CostModel;
use crate::simulation::{check, empty, slices};
use crate::tables::{batches, stream, table, unreadable};
use crate::watch::watched;

#[pyclass(frozen, module = "fundholder._engine")]
pub(crate) struct People {
    people: CorePeople,
    model: Arc<CoreModel>,
    levels: Vec<(String, Labels)>,
    metadata: HashMap<String, String>,
}

/// A result that long work gave, or the exception of why it ended.
pub(crate) fn finished<T>(py: Python<'_>, ended: Result<T, RunError>) -> PyResult<T> {
    ended.map_err(|ended| match ended {
        RunError::Rejected(error) => exception(py, &error),
        RunError::Interrupted => exception(py, &Error::one("the work was stopped")),
    })
}

#[pymethods]
impl People {
    /// Reads a population. One that is `streamed` is read once; others are checked in full first.
    #[new]
    #[pyo3(signature = (population, costs, *, by, streamed))]
    fn new(
        population: &Bound<'_, PyAny>,
        costs: &Bound<'_, CostModel>,
        by: Vec<String>,
        streamed: bool,
    ) -> PyResult<Self> {
        let py = population.py();
        let model = costs.get().0.clone();
        let mut reader = Reader::new(model.clone(), &by);
        let progress = Progress::default();
        let mut people = Composition::new(&model, by.len());
        let read = if streamed {
            let stream = stream(population, "population")?.into_reader()?;
            watched(py, &progress, None, || {
                let source = stream
                    .map(|batch| batch.map_err(|error| RunError::Rejected(unreadable("population", &error))));
                add(source, &mut reader, &mut people, &progress)
            })?
        } else {
            let batches = batches(population, "population")?;
            watched(py, &progress, None, || {
                check(Reader::new(model.clone(), &by), &batches, &progress)?;
                add(batches.into_iter().map(Ok), &mut reader, &mut people, &progress)
            })?
        };
        finished(py, read)?;
        let metadata = [
            ("version", env!("CARGO_PKG_VERSION").to_string()),
            ("population_digest", format!("{:032x}", reader.digest())),
            ("population_rows", reader.rows().to_string()),
            ("costs_digest", format!("{:016x}", model.digest())),
        ];
        let metadata = metadata.map(|(name, value)| (format!("fundholder.{name}"), value)).into();
        let levels = by.into_iter().zip(reader.into_units()).collect();
        Ok(Self { people: people.finish(), model, levels, metadata })
    }

    /// Expected cost of each unit, in the order of a result's rows.
    fn expected(&self, py: Python<'_>, level: usize, terms: &Terms) -> Vec<f64> {
        py.detach(|| expected(&self.level(level), &terms.0))
    }

    #[pyo3(signature = (level, terms, budgets, thresholds, quantiles, exact))]
    #[allow(clippy::too_many_arguments)]
    fn variance<'py>(
        &self,
        py: Python<'py>,
        level: usize,
        terms: &Terms,
        budgets: Option<&Bound<'py, PyAny>>,
        thresholds: Vec<LabelledNumber>,
        quantiles: Vec<LabelledNumber>,
        exact: bool,
    ) -> PyResult<(Bound<'py, PyAny>, HashMap<String, String>)> {
        let level = self.level(level);
        let budgets = match budgets {
            Some(budgets) => Some(or_raise(py, Budgets::read(&batches(budgets, "budgets")?, level.name))?),
            None => None,
        };
        let progress = Progress::default();
        let found = watched(py, &progress, None, || {
            variance_table(&level, &terms.0, budgets.as_ref(), &thresholds, &quantiles, exact, &progress)
        })?;
        let (batch, accuracy) = finished(py, found)?;
        Ok((table(py, batch)?, self.described(&terms.0, exact.then_some(accuracy))))
    }

    #[pyo3(signature = (level, terms, units, points))]
    fn distribution<'py>(
        &self,
        py: Python<'py>,
        level: usize,
        terms: &Terms,
        units: Option<Vec<String>>,
        points: usize,
    ) -> PyResult<(Bound<'py, PyAny>, HashMap<String, String>)> {
        let level = self.level(level);
        let progress = Progress::default();
        let found = watched(py, &progress, None, || {
            distribution_table(&level, &terms.0, units.as_deref(), points, &progress)
        })?;
        let (batch, accuracy) = finished(py, found)?;
        Ok((table(py, batch)?, self.described(&terms.0, Some(accuracy))))
    }

    fn cumulative<'py>(
        &self,
        py: Python<'py>,
        level: usize,
        terms: &Terms,
        at: &Bound<'py, PyAny>,
    ) -> PyResult<(Bound<'py, PyAny>, HashMap<String, String>)> {
        let at = batches(at, "at")?;
        let level = self.level(level);
        let progress = Progress::default();
        let found = watched(py, &progress, None, || cumulative_table(&level, &terms.0, &at, &progress))?;
        Ok((table(py, finished(py, found)?)?, self.described(&terms.0, None)))
    }

    /// People (none where no pool is large enough), the share of years outside at that size, and that of an infinitely
    /// large pool.
    fn minimum_population(
        &self,
        py: Python<'_>,
        terms: &Terms,
        tolerance: f64,
        probability: f64,
    ) -> PyResult<(Option<u64>, Option<f64>, f64)> {
        let progress = Progress::default();
        let found = watched(py, &progress, None, || {
            minimum_population(&self.model, &self.people, &terms.0, tolerance, probability, &progress)
        })?;
        let Pool { people, outside, limit } = finished(py, found)?;
        Ok((people, outside, limit))
    }
}

impl People {
    fn level(&self, place: usize) -> PeopleLevel<'_> {
        let (name, labels) = &self.levels[place];
        PeopleLevel { name, place, labels, model: &self.model, people: &self.people }
    }

    /// What a result can be traced to, and how accurate it is.
    fn described(&self, valuation: &Valuation, accuracy: Option<Accuracy>) -> HashMap<String, String> {
        let mut all = self.metadata.clone();
        let mut put = |name: &str, value: String| all.insert(format!("fundholder.{name}"), value);
        put("stop_loss", valuation.stop_loss.as_ref().map_or("none".into(), describe));
        put("practice_sd", valuation.practice_sd.to_string());
        put("national_sd", valuation.national_sd.to_string());
        put("of", measure::name(valuation.basis).into());
        if let Some(accuracy) = accuracy {
            put("largest_probability_outside", format!("{:.1e}", accuracy.outside));
            put("largest_mean_error", format!("{:.1e}", accuracy.mean_error));
            put("largest_sd_error", format!("{:.1e}", accuracy.sd_error));
        }
        all
    }
}

/// Adds every batch to the people.
fn add(
    source: impl Iterator<Item = Result<RecordBatch, RunError>>,
    reader: &mut Reader,
    people: &mut Composition,
    progress: &Progress,
) -> Result<(), RunError> {
    for batch in source {
        for slice in slices(&batch?) {
            if progress.stop.load(std::sync::atomic::Ordering::Relaxed) {
                return Err(RunError::Interrupted);
            }
            let mut rows = Rows::default();
            reader.read(&slice, &mut rows).map_err(RunError::Rejected)?;
            reader.check_repeated(&rows).map_err(RunError::Rejected)?;
            people.add(&rows, reader.addresses()).map_err(RunError::Rejected)?;
        }
    }
    if reader.rows() == 0 {
        return Err(RunError::Rejected(empty()));
    }
    Ok(())
}

/// What is asked of the cost of units.
#[pyclass(frozen, module = "fundholder._engine")]
pub(crate) struct Terms(Valuation);

#[pymethods]
impl Terms {
    #[new]
    #[pyo3(signature = (*, of, stop_loss, practice_sd, national_sd))]
    fn new(
        py: Python<'_>,
        of: &str,
        stop_loss: Option<&Bound<'_, StopLoss>>,
        practice_sd: f64,
        national_sd: f64,
    ) -> PyResult<Self> {
        let stop_loss = stop_loss.map(|s| s.get().0);
        Ok(Self(Valuation { basis: measure::named(py, of)?, stop_loss, practice_sd, national_sd }))
    }
}
