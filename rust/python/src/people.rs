//! A population by risk class, as the moments and exact lanes read it.

use std::collections::HashMap;
use std::sync::Arc;

use fundholder_arrow::{
    LabelledNumber, Labels, PeopleLevel, Reader, VarianceOptions, cumulative_table, describe,
    distribution_table, expected, read_population, variance_table,
};
use fundholder_core::analytic_moments::Valuation as CoreValuation;
use fundholder_core::contract::{Basis, Portion, StopLoss};
use fundholder_core::exact::{Accuracy, Pool, minimum_population};
use fundholder_core::model::CostModel as CoreModel;
use fundholder_core::population::{Composition, People as CorePeople};
use fundholder_core::run::{Progress, RunError, ThreadPool, thread_pool};
use pyo3::prelude::*;

use crate::contract::{PersonTerm, UnitTerm, person_terms};
use crate::errors::or_raise;
use crate::model::CostModel;
use crate::tables::{Holders, Stream, batches, read_holders, table};
use crate::watch::watched;

#[pyclass(frozen, module = "fundholder._engine")]
pub(crate) struct People {
    people: CorePeople,
    model: Arc<CoreModel>,
    levels: Vec<(String, Labels)>,
    metadata: HashMap<String, String>,
    /// What the user may not have meant.
    #[pyo3(get)]
    warnings: Vec<String>,
    pool: ThreadPool,
}

type MinimumPopulation = (Option<u64>, Option<f64>, f64, HashMap<String, String>);

#[pymethods]
impl People {
    /// Reads a population in one pass. One that is `streamed` is rejected at the first batch with a problem, others
    /// with the problems of all.
    #[new]
    #[pyo3(signature = (population, costs, *, by, streamed, threads))]
    fn new(
        population: &Bound<'_, PyAny>,
        costs: &Bound<'_, CostModel>,
        by: Vec<String>,
        streamed: bool,
        threads: usize,
    ) -> PyResult<Self> {
        let py = population.py();
        let model = costs.get().0.clone();
        let mut reader = Reader::new(model.clone(), &by);
        let pool = or_raise(py, thread_pool(threads))?;
        let progress = Progress::default();
        let mut people = Composition::new(&model, by.len());
        let stream = Some(Stream::of(population, "population")?);
        watched(py, &pool, &progress, None, stream, |source| {
            read_population(source, streamed, &mut reader, &progress, |rows, reader| {
                Ok(people.add(&rows, reader.addresses())?)
            })
        })?;
        let metadata = describe(&reader, &model);
        let warnings = reader.warnings().to_vec();
        let levels = by.into_iter().zip(reader.into_units()).collect();
        Ok(Self { people: people.finish(), model, levels, metadata, warnings, pool })
    }

    /// Expected cost of each unit, in the order of a result's rows.
    fn expected(&self, py: Python<'_>, level: usize, valuation: &Valuation) -> PyResult<Vec<f64>> {
        self.watched(py, |progress| expected(&self.level(level), &valuation.0, progress))
    }

    #[pyo3(signature = (level, valuation, terms, holders, thresholds, quantiles, exact))]
    #[allow(clippy::too_many_arguments)]
    fn variance<'py>(
        &self,
        py: Python<'py>,
        level: usize,
        valuation: &Valuation,
        terms: Vec<PyRef<'_, UnitTerm>>,
        holders: Option<Holders<'py>>,
        thresholds: Vec<LabelledNumber>,
        quantiles: Vec<LabelledNumber>,
        exact: bool,
    ) -> PyResult<(Bound<'py, PyAny>, HashMap<String, String>)> {
        let level = self.level(level);
        let holders = read_holders(py, holders.as_ref(), level.name)?;
        let unit_terms: Vec<_> = terms.iter().map(|term| term.0.clone()).collect();
        let options = VarianceOptions {
            unit_terms: &unit_terms,
            holders: &holders,
            thresholds: &thresholds,
            quantiles: &quantiles,
            exact,
        };
        let (batch, accuracy) =
            self.watched(py, |progress| variance_table(&level, &valuation.0, &options, progress))?;
        let mut metadata = self.described(&valuation.0, exact.then_some(accuracy));
        holders.describe(&mut metadata);
        Ok((table(py, batch)?, metadata))
    }

    #[pyo3(signature = (level, valuation, units, points))]
    fn distribution<'py>(
        &self,
        py: Python<'py>,
        level: usize,
        valuation: &Valuation,
        units: Option<Vec<String>>,
        points: usize,
    ) -> PyResult<(Bound<'py, PyAny>, HashMap<String, String>)> {
        let level = self.level(level);
        let (batch, accuracy) = self.watched(py, |progress| {
            distribution_table(&level, &valuation.0, units.as_deref(), points, progress)
        })?;
        Ok((table(py, batch)?, self.described(&valuation.0, Some(accuracy))))
    }

    fn cumulative<'py>(
        &self,
        py: Python<'py>,
        level: usize,
        valuation: &Valuation,
        at: &Bound<'py, PyAny>,
    ) -> PyResult<(Bound<'py, PyAny>, HashMap<String, String>)> {
        let at = batches(at, "at")?;
        let level = self.level(level);
        let batch = self.watched(py, |progress| cumulative_table(&level, &valuation.0, &at, progress))?;
        Ok((table(py, batch)?, self.described(&valuation.0, None)))
    }

    /// People (none where no pool is large enough), the share of years outside at that size, and that of an infinitely
    /// large pool; and the metadata.
    fn minimum_population(
        &self,
        py: Python<'_>,
        valuation: &Valuation,
        tolerance: f64,
        probability: f64,
    ) -> PyResult<MinimumPopulation> {
        let Pool { people, outside, limit } = self.watched(py, |progress| {
            minimum_population(&self.model, &self.people, &valuation.0, tolerance, probability, progress)
        })?;
        Ok((people, outside, limit, self.described(&valuation.0, None)))
    }
}

impl People {
    fn watched<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&Progress) -> Result<T, RunError> + Send,
    ) -> PyResult<T> {
        let progress = Progress::default();
        watched(py, &self.pool, &progress, None, None, |_| work(&progress))
    }

    fn level(&self, index: usize) -> PeopleLevel<'_> {
        let (name, labels) = &self.levels[index];
        PeopleLevel { name, index, labels, model: &self.model, people: &self.people }
    }

    /// What a result can be traced to, and how accurate it is.
    fn described(&self, valuation: &CoreValuation, accuracy: Option<Accuracy>) -> HashMap<String, String> {
        let mut all = self.metadata.clone();
        let mut put = |name: &str, value: String| all.insert(format!("fundholder.{name}"), value);
        let portion = &valuation.portion;
        let stop_loss = portion.terms.only_stop_loss();
        put("stop_loss", stop_loss.map_or("none".into(), StopLoss::to_string));
        put("practice_sd", valuation.practice_sd.to_string());
        put("national_sd", valuation.national_sd.to_string());
        put("of", portion.basis.name().into());
        if let Some(accuracy) = accuracy {
            put("largest_probability_outside", format!("{:.1e}", accuracy.outside));
            put("largest_mean_error", format!("{:.1e}", accuracy.mean_error));
            put("largest_sd_error", format!("{:.1e}", accuracy.sd_error));
        }
        all
    }
}

/// Which cost of units is valued, and under which effects.
#[pyclass(frozen, module = "fundholder._engine")]
pub(crate) struct Valuation(CoreValuation);

#[pymethods]
impl Valuation {
    #[new]
    #[pyo3(signature = (costs, *, of, terms, services, practice_sd, national_sd, counted = None))]
    fn new(
        costs: &Bound<'_, CostModel>,
        of: &str,
        terms: Vec<PersonTerm<'_>>,
        services: Option<Vec<String>>,
        practice_sd: f64,
        national_sd: f64,
        counted: Option<Vec<usize>>,
    ) -> PyResult<Self> {
        let py = costs.py();
        let basis = or_raise(py, Basis::named(of))?;
        let terms = person_terms(py, &costs.get().0, terms, services)?;
        let terms = counted.map_or_else(|| terms.clone(), |counted| terms.counting(counted));
        Ok(Self(CoreValuation { portion: Portion { basis, terms }, practice_sd, national_sd }))
    }
}
