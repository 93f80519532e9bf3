//! The simulation: a population in, a handle to its totals out.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::ArrowError;
use fundholder_arrow::{
    Budgets, LabelledNumber, Level, Reader, size_band_table, summary_table, totals_table,
};
use fundholder_core::error::Error;
use fundholder_core::measures;
use fundholder_core::model::CostModel as CoreModel;
use fundholder_core::population::Rows;
use fundholder_core::run::{Progress, RunError};
use fundholder_core::simd;
use fundholder_core::simulate::{Options, Run, Totals};
use pyo3::prelude::*;

use crate::contract::{self, StopLoss, measure};
use crate::errors::{exception, or_raise};
use crate::model::CostModel;
use crate::tables::{batches, stream, table, unreadable};
use crate::watch::watched;

/// Rows that are drawn together: enough to share practice effects and keep all threads busy, and 80 MB at most.
const ROWS_AT_ONCE: usize = 1 << 20;

#[pyclass(frozen, module = "fundholder._engine")]
pub(crate) struct Simulation {
    levels: Vec<Level>,
    metadata: HashMap<String, String>,
}

/// Runs a simulation. `streamed` populations are read once, batch by batch; others are checked in full first.
#[pyfunction]
#[pyo3(signature = (population, costs, *, streamed, replications, seed, by, stop_loss, practice_sd, national_sd, threads, processor, shown))]
#[allow(clippy::too_many_arguments)]
pub(crate) fn simulate(
    py: Python<'_>,
    population: &Bound<'_, PyAny>,
    costs: &Bound<'_, CostModel>,
    streamed: bool,
    replications: u32,
    seed: u64,
    by: Vec<String>,
    stop_loss: Option<&Bound<'_, StopLoss>>,
    practice_sd: f64,
    national_sd: f64,
    threads: usize,
    processor: &str,
    shown: Option<&Bound<'_, PyAny>>,
) -> PyResult<Simulation> {
    let model = costs.get().0.clone();
    let options = Options {
        replications,
        seed,
        stop_loss: stop_loss.map(|s| s.get().0),
        practice_sd,
        national_sd,
        threads,
        processor: level(py, processor)?,
    };
    let mut reader = Reader::new(model.clone(), &by);
    let progress = Progress::default();
    let ended = if streamed {
        let stream = stream(population, "population")?.into_reader()?;
        watched(py, &progress, shown, || {
            let columns = RecordBatch::new_empty(stream.schema());
            let seen = Reader::new(model.clone(), &by).read(&columns, &mut Rows::default());
            seen.map_err(RunError::Rejected)?;
            draw(stream, &model, &options, &mut reader, &progress)
        })?
    } else {
        let batches = batches(population, "population")?;
        watched(py, &progress, shown, || {
            check(Reader::new(model.clone(), &by), &batches, &progress)?;
            draw(batches.into_iter().map(Ok), &model, &options, &mut reader, &progress)
        })?
    };
    let totals = match ended {
        Ok(totals) => totals,
        Err(RunError::Rejected(error)) => return Err(exception(py, &error)),
        Err(RunError::Interrupted) => return Err(exception(py, &Error::one("the run was stopped"))),
    };
    let metadata = describe(&options, &by, &reader, costs);
    let units = reader.into_units();
    let levels = by.into_iter().zip(units).zip(totals);
    let levels = levels.map(|((name, labels), totals)| Level { name, labels, totals }).collect();
    Ok(Simulation { levels, metadata })
}

fn level(py: Python<'_>, name: &str) -> PyResult<simd::Processor> {
    let known = simd::Processor::ALL.into_iter().find(|level| level.name() == name && level.available());
    known.ok_or_else(|| {
        let available = simd::Processor::ALL.into_iter().filter(|level| level.available());
        let names: Vec<&str> = available.map(simd::Processor::name).collect();
        exception(
            py,
            &Error::one(format!("FUNDHOLDER_PROCESSOR is '{name}': must be one of {}", names.join(", "))),
        )
    })
}

/// Reads every batch and collects all problems.
pub(crate) fn check(
    mut reader: Reader,
    batches: &[RecordBatch],
    progress: &Progress,
) -> Result<(), RunError> {
    let mut all: Option<Error> = None;
    for slice in batches.iter().flat_map(slices) {
        if progress.stop.load(Ordering::Relaxed) {
            return Err(RunError::Interrupted);
        }
        let mut rows = Rows::default();
        let read = reader.read(&slice, &mut rows).and_then(|()| reader.check_repeated(&rows));
        if let Err(error) = read {
            error.join(&mut all);
        }
    }
    match all {
        Some(error) => Err(RunError::Rejected(error)),
        None if reader.rows() == 0 => Err(RunError::Rejected(empty())),
        None => Ok(()),
    }
}

/// A batch in parts that are drawn together; an empty one is one part, so that its columns are seen.
pub(crate) fn slices(batch: &RecordBatch) -> impl Iterator<Item = RecordBatch> {
    let starts = (0..batch.num_rows().max(1)).step_by(ROWS_AT_ONCE);
    starts.map(|start| batch.slice(start, ROWS_AT_ONCE.min(batch.num_rows() - start)))
}

pub(crate) fn empty() -> Error {
    Error::one(
        "population is empty: must have a row for each person or group of people (a reader is empty once it has been \
         read)",
    )
}

fn draw(
    source: impl Iterator<Item = Result<RecordBatch, ArrowError>>,
    model: &CoreModel,
    options: &Options,
    reader: &mut Reader,
    progress: &Progress,
) -> Result<Vec<Totals>, RunError> {
    let mut run = Run::new(model, reader.levels(), options).map_err(RunError::Rejected)?;
    let mut rows = Rows::default();
    for batch in source {
        let batch = batch.map_err(|error| RunError::Rejected(unreadable("population", &error)))?;
        for slice in slices(&batch) {
            reader.read(&slice, &mut rows).map_err(RunError::Rejected)?;
            if rows.len() >= ROWS_AT_ONCE {
                add(&mut run, reader, &rows, progress)?;
                rows = Rows::default();
            }
        }
    }
    if reader.rows() == 0 {
        return Err(RunError::Rejected(empty()));
    }
    add(&mut run, reader, &rows, progress)?;
    Ok(run.finish())
}

fn add(run: &mut Run, reader: &Reader, rows: &Rows, progress: &Progress) -> Result<(), RunError> {
    reader.check_repeated(rows).map_err(RunError::Rejected)?;
    run.add(rows, reader.addresses(), progress)
}

/// What a result can be traced to and replayed from.
fn describe(
    options: &Options,
    by: &[String],
    reader: &Reader,
    costs: &Bound<'_, CostModel>,
) -> HashMap<String, String> {
    let entries = [
        ("version", env!("CARGO_PKG_VERSION").to_string()),
        ("seed", options.seed.to_string()),
        ("replications", options.replications.to_string()),
        ("stop_loss", options.stop_loss.as_ref().map_or("none".into(), contract::describe)),
        ("practice_sd", options.practice_sd.to_string()),
        ("national_sd", options.national_sd.to_string()),
        ("by", by.join(", ")),
        ("population_digest", format!("{:032x}", reader.digest())),
        ("population_rows", reader.rows().to_string()),
        ("costs_digest", format!("{:016x}", costs.get().0.digest())),
    ];
    entries.map(|(name, value)| (format!("fundholder.{name}"), value)).into()
}

impl Simulation {
    fn level(&self, py: Python<'_>, by: Option<&str>) -> PyResult<&Level> {
        let names = || self.levels.iter().map(|level| level.name.as_str()).collect::<Vec<_>>().join(", ");
        let found = match by {
            Some(by) => self.levels.iter().find(|level| level.name == by),
            None if self.levels.len() == 1 => self.levels.first(),
            None => None,
        };
        found.ok_or_else(|| {
            let by = by.unwrap_or("None");
            exception(py, &Error::one(format!("by is {by}: must be a level of this simulation: {}", names())))
        })
    }
}

#[pymethods]
impl Simulation {
    /// The names of the levels.
    #[getter]
    fn levels(&self) -> Vec<&str> {
        self.levels.iter().map(|level| level.name.as_str()).collect()
    }

    #[getter]
    fn metadata(&self) -> HashMap<String, String> {
        self.metadata.clone()
    }

    #[pyo3(signature = (by = None))]
    fn totals<'py>(&self, py: Python<'py>, by: Option<&str>) -> PyResult<Bound<'py, PyAny>> {
        let level = self.level(py, by)?;
        table(py, py.detach(|| totals_table(level)))
    }

    #[pyo3(signature = (by, budgets, measure, thresholds, quantiles))]
    fn summary<'py>(
        &self,
        py: Python<'py>,
        by: Option<&str>,
        budgets: Option<&Bound<'py, PyAny>>,
        measure: &str,
        thresholds: Vec<LabelledNumber>,
        quantiles: Vec<LabelledNumber>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let level = self.level(py, by)?;
        let measure = measure::named(py, measure)?;
        let budgets = match budgets {
            Some(budgets) => Some(or_raise(py, Budgets::read(&batches(budgets, "budgets")?, &level.name))?),
            None => None,
        };
        let summary = py.detach(|| summary_table(level, measure, budgets.as_ref(), &thresholds, &quantiles));
        table(py, or_raise(py, summary)?)
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
        let bands = py.detach(|| measures::size_bands(&level.totals.units, &edges, &tolerances));
        table(py, size_band_table(&bands, &thresholds))
    }
}
