//! The simulation: a population in, a handle to its totals out.

use std::collections::HashMap;

use arrow_array::RecordBatch;
use fundholder_arrow::{
    ContractColumns, LabelledNumber, Level, Payment, Reader, described_run, draw, integers_table,
    level_of_table, level_table, read_population, settled_level, size_band_table, summary_table,
    totals_table, unreadable,
};
use fundholder_core::contract::Basis;
use fundholder_core::error::{Error, Problem, Value};
use fundholder_core::measures;
use fundholder_core::population::Rows;
use fundholder_core::run::{Progress, thread_pool};
use fundholder_core::simd;
use fundholder_core::simulate::{Columns, Options};
use pyo3::prelude::*;

use crate::contract::{PersonTerm, StopLoss, UnitTerm, person_terms};
use crate::errors::{exception, or_raise};
use crate::model::{CostModel, Persistence};
use crate::tables::{Holders, Stream, batches, one_batch, read_budgets, read_holders, table};
use crate::watch::{stoppable, watched};

type State<'py> = (Vec<(String, Bound<'py, PyAny>)>, HashMap<String, String>, Vec<Vec<usize>>);

/// The columns of the care that is paid for and of the same with the effects held at 1, the term, and a table of budgets
/// with the columns that are added up.
type PaymentColumns<'py> =
    (usize, Option<usize>, PyRef<'py, UnitTerm>, Option<Bound<'py, PyAny>>, Vec<String>);

#[pyclass(frozen, module = "fundholder._engine")]
pub(crate) struct Simulation {
    levels: Vec<Level>,
    metadata: HashMap<String, String>,
    /// What the user may not have meant.
    #[pyo3(get)]
    warnings: Vec<String>,
    /// Of each contract, the columns of what its person terms cede.
    #[pyo3(get)]
    cessions: Vec<Vec<usize>>,
}

/// Runs a simulation. `streamed` populations are read once, batch by batch; others are checked in full first.
#[pyfunction]
#[pyo3(signature = (population, costs, *, streamed, replications, years, first, persistence, seed, by, stop_loss, contracts, services, practice_sd, practice_permanent, national_sd, threads, processor, memory, shown))]
#[allow(clippy::too_many_arguments)]
pub(crate) fn simulate(
    py: Python<'_>,
    population: &Bound<'_, PyAny>,
    costs: &Bound<'_, CostModel>,
    streamed: bool,
    replications: u32,
    years: u32,
    first: u32,
    persistence: Option<&Bound<'_, Persistence>>,
    seed: u64,
    by: Vec<String>,
    stop_loss: Option<&Bound<'_, StopLoss>>,
    contracts: Vec<Vec<PersonTerm<'_>>>,
    services: bool,
    practice_sd: f64,
    practice_permanent: f64,
    national_sd: f64,
    threads: usize,
    processor: &str,
    memory: Option<u64>,
    shown: Option<&Bound<'_, PyAny>>,
) -> PyResult<Simulation> {
    let model = costs.get().0.clone();
    let terms = contracts.into_iter().map(|terms| person_terms(py, &model, terms, None));
    let terms = terms.collect::<PyResult<Vec<_>>>()?;
    let (columns, cessions) =
        or_raise(py, Columns::of_contracts(&model, &terms, if services { model.services.len() } else { 0 }))?;
    let options = Options {
        columns,
        replications,
        years,
        first,
        persistence: persistence.map(|of| of.get().0.clone()),
        seed,
        stop_loss: stop_loss.map(|s| s.get().0),
        practice_sd,
        practice_permanent,
        national_sd,
        processor: level(py, processor)?,
        memory,
    };
    let mut reader = Reader::new(model.clone(), &by);
    let (pool, progress) = (or_raise(py, thread_pool(threads))?, Progress::default());
    let totals = if streamed {
        let stream = Stream::of(population, "population")?;
        let columns = RecordBatch::new_empty(stream.schema.clone());
        watched(py, &pool, &progress, shown, Some(stream), |source| {
            Reader::new(model.clone(), &by).read(&columns, &mut Rows::default())?;
            draw(source, &model, &options, &mut reader, None, &progress)
        })?
    } else {
        let batches = batches(population, "population")?;
        watched(py, &pool, &progress, shown, None, |_| {
            // A table is checked in full before the first draw, which may take an hour.
            let mut check = Reader::new(model.clone(), &by);
            read_population(batches.iter().cloned().map(Ok), false, &mut check, &progress, |_, _| Ok(()))?;
            let units = check.into_units().iter().map(|labels| labels.list().len() as u64).sum();
            draw(batches.into_iter().map(Ok), &model, &options, &mut reader, Some(units), &progress)
        })?
    };
    let metadata = described_run(&options, &by, &reader, &model);
    let warnings = reader.warnings().to_vec();
    let units = reader.into_units();
    let levels = by.into_iter().zip(units).zip(totals);
    let levels = levels.map(|((name, labels), totals)| Level { name, labels, totals }).collect();
    Ok(Simulation { levels, metadata, warnings, cessions })
}

fn level(py: Python<'_>, name: &str) -> PyResult<simd::Processor> {
    let known = simd::Processor::ALL.into_iter().find(|level| level.name() == name && level.available());
    known.ok_or_else(|| {
        let available = simd::Processor::ALL.into_iter().filter(|level| level.available());
        let names: Vec<&str> = available.map(simd::Processor::name).collect();
        let allowed = format!("one of {}", names.join(", "));
        exception(py, &Error::many(vec![Problem::argument("FUNDHOLDER_PROCESSOR", name, &allowed)]))
    })
}

impl Simulation {
    fn level(&self, py: Python<'_>, by: Option<&str>) -> PyResult<&Level> {
        let names = || self.levels.iter().map(|level| level.name.as_str()).collect::<Vec<_>>().join(", ");
        let level = match by {
            Some(by) => self.levels.iter().find(|level| level.name == by),
            None if self.levels.len() == 1 => self.levels.first(),
            None => None,
        };
        level.ok_or_else(|| {
            let allowed = format!("a level of this simulation: {}", names());
            let problem = Problem::argument("by", by.map_or(Value::Null, Value::from), &allowed);
            exception(py, &Error::many(vec![problem]))
        })
    }
}

#[pymethods]
impl Simulation {
    /// A run of what `state` gave.
    #[new]
    fn new(
        levels: Vec<(String, Bound<'_, PyAny>)>,
        metadata: HashMap<String, String>,
        cessions: Vec<Vec<usize>>,
    ) -> PyResult<Self> {
        let level = |(name, table): (String, Bound<'_, PyAny>)| {
            level_of_table(name, &one_batch(&table, "the state of a simulation")?).ok_or_else(|| {
                exception(table.py(), &unreadable("the state of a simulation", &"other columns"))
            })
        };
        let levels = levels.into_iter().map(level).collect::<PyResult<_>>()?;
        Ok(Self { levels, metadata, warnings: Vec::new(), cessions })
    }

    /// Name and table of each level, and the metadata: what makes the same run again.
    fn state<'py>(&self, py: Python<'py>) -> PyResult<State<'py>> {
        let level = |level: &Level| Ok((level.name.clone(), table(py, level_table(level))?));
        let levels = self.levels.iter().map(level).collect::<PyResult<_>>()?;
        Ok((levels, self.metadata.clone(), self.cessions.clone()))
    }

    /// The names of the levels.
    #[getter]
    fn levels(&self) -> Vec<&str> {
        self.levels.iter().map(|level| level.name.as_str()).collect()
    }

    #[getter]
    fn metadata(&self) -> HashMap<String, String> {
        self.metadata.clone()
    }

    /// The run of one of the `years` of every path.
    fn of_year(&self, year: usize, years: usize) -> Self {
        let levels = self.levels.iter().map(|level| level.of_year(year, years)).collect();
        let mut metadata = self.metadata.clone();
        metadata.remove("fundholder.years");
        metadata.insert("fundholder.year".into(), format!("{} of {years}", year + 1));
        Self { levels, metadata, warnings: Vec::new(), cessions: self.cessions.clone() }
    }

    /// The columns after those of services are cessions, and cessions with the effects held at 1.
    fn totals<'py>(
        &self,
        py: Python<'py>,
        by: Option<&str>,
        services: Vec<String>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let level = self.level(py, by)?;
        table(py, stoppable(py, 1, |progress| totals_table(level, &services, progress))?)
    }

    /// Whole numbers of a level: gross cost, and the columns that are kept.
    fn integers<'py>(&self, py: Python<'py>, by: &str) -> PyResult<Bound<'py, PyAny>> {
        table(py, integers_table(self.level(py, Some(by))?))
    }

    /// The run of one level under a contract, and what each of its terms moves.
    fn settled<'py>(
        &self,
        py: Python<'py>,
        by: Option<&str>,
        columns: [Vec<usize>; 2],
        payments: Vec<PaymentColumns<'py>>,
        terms: Vec<PyRef<'py, UnitTerm>>,
        holders: Holders<'py>,
    ) -> PyResult<(Self, Bound<'py, PyAny>)> {
        let level = self.level(py, by)?;
        let terms: Vec<_> = terms.iter().map(|term| term.0.clone()).collect();
        let [ceded, held] = &columns;
        let holders = read_holders(py, Some(&holders), &level.name)?;
        let payment = |(care, held, term, budgets, names): PaymentColumns<'py>| {
            let budgets = names.iter().map(|name| read_budgets(py, budgets.as_ref(), &level.name, name));
            let budgets = budgets.collect::<PyResult<Vec<_>>>()?.into_iter().flatten().collect();
            PyResult::Ok(Payment { care, held, term: term.0.clone(), budgets })
        };
        let payments = payments.into_iter().map(payment).collect::<PyResult<Vec<_>>>()?;
        let contract = ContractColumns { ceded, held, payments: &payments, terms: &terms };
        let (level, moved) =
            stoppable(py, 1, |progress| settled_level(level, &contract, &holders, progress))?;
        let mut metadata = self.metadata.clone();
        holders.describe(&mut metadata);
        let for_care = payments.iter().flat_map(|payment| &payment.budgets);
        for_care.for_each(|budgets| budgets.describe(&mut metadata));
        let settled = Self { levels: vec![level], metadata, warnings: Vec::new(), cessions: Vec::new() };
        Ok((settled, table(py, moved)?))
    }

    #[pyo3(signature = (by, budgets, of, thresholds, quantiles))]
    fn summary<'py>(
        &self,
        py: Python<'py>,
        by: Option<&str>,
        budgets: Option<&Bound<'py, PyAny>>,
        of: &str,
        thresholds: Vec<LabelledNumber>,
        quantiles: Vec<LabelledNumber>,
    ) -> PyResult<(Bound<'py, PyAny>, HashMap<String, String>)> {
        let level = self.level(py, by)?;
        let basis = or_raise(py, Basis::named(of))?;
        let budgets = read_budgets(py, budgets, &level.name, "budget")?;
        let summary = stoppable(py, 1, |progress| {
            summary_table(level, basis, budgets.as_ref(), &thresholds, &quantiles, progress)
        })?;
        let mut metadata = self.metadata.clone();
        metadata.insert("fundholder.of".into(), of.into());
        budgets.iter().for_each(|budgets| budgets.describe(&mut metadata));
        Ok((table(py, summary)?, metadata))
    }

    #[pyo3(signature = (by, edges, thresholds))]
    fn size_bands<'py>(
        &self,
        py: Python<'py>,
        by: Option<&str>,
        edges: Vec<u64>,
        thresholds: Vec<LabelledNumber>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let level = self.level(py, by)?;
        let tolerances: Vec<f64> = thresholds.iter().map(|(_, t)| *t).collect();
        let bands = stoppable(py, 1, |progress| {
            measures::size_bands(&level.totals.units, &edges, &tolerances, progress)
        })?;
        table(py, size_band_table(&bands, &thresholds))
    }
}
