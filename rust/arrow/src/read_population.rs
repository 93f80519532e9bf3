//! Populations read in one pass: every problem of a table, or the first batch of a stream that has one.

use std::collections::HashMap;

use arrow_array::RecordBatch;
use fundholder_core::contract::StopLoss;
use fundholder_core::error::{Code, Error};
use fundholder_core::model::CostModel;
use fundholder_core::population::Rows;
use fundholder_core::run::{Progress, RunError};
use fundholder_core::simulate::{Options, Run, Totals};

use crate::population_columns::Reader;
use crate::source::slices;

/// Rows that are drawn together: enough to share practice effects and keep all threads busy, and 80 MB at most.
const ROWS_AT_ONCE: usize = 1 << 20;

/// Rows that are looked through together for people who come twice, however a table is cut into batches.
#[derive(Default)]
struct Window {
    first: u64,
    identity: Vec<u64>,
    practice: Vec<u32>,
}

impl Window {
    /// Adds rows that end before row `end` of the table.
    fn add(&mut self, rows: &Rows, end: u64) {
        if self.identity.is_empty() {
            self.first = end - rows.len() as u64;
        }
        self.identity.extend_from_slice(&rows.identity);
        self.practice.extend_from_slice(&rows.practice);
    }

    /// Rejects people who are in a practice twice, and begins anew.
    fn check(&mut self, reader: &Reader) -> Result<(), Error> {
        let window = std::mem::take(self);
        reader.check_repeated(window.first, &window.identity, &window.practice)
    }
}

/// Reads every batch and hands its rows on, or rejects the problems of all batches together; those of a stream at the
/// first batch that has one.
pub fn read_population(
    source: impl Iterator<Item = Result<RecordBatch, RunError>>,
    streamed: bool,
    reader: &mut Reader,
    progress: &Progress,
    mut take: impl FnMut(Rows, &Reader) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let mut rejected: Option<Error> = None;
    let mut window = Window::default();
    for batch in source {
        for slice in slices(&batch?, ROWS_AT_ONCE) {
            progress.check()?;
            let mut rows = Rows::default();
            let read = reader.read(&slice, &mut rows);
            if read.is_ok() {
                window.add(&rows, reader.rows());
            }
            let full = read.is_err() || window.identity.len() >= ROWS_AT_ONCE;
            let checked = if full { window.check(reader) } else { Ok(()) };
            let mut wrong: Option<Error> = None;
            [read, checked].into_iter().filter_map(Result::err).for_each(|error| error.join(&mut wrong));
            match wrong {
                None if rejected.is_none() => take(rows, reader)?,
                None => {}
                Some(error) if streamed => return Err(error.into()),
                Some(error) => error.join(&mut rejected),
            }
        }
    }
    if let Err(error) = window.check(reader) {
        error.join(&mut rejected);
    }
    match rejected {
        Some(error) => Err(error.into()),
        None if reader.rows() == 0 => Err(empty().into()),
        None => Ok(()),
    }
}

fn empty() -> Error {
    Error::one(
        Code::Empty,
        "population is empty: must have a row for each person or group of people (a reader is empty once it has been \
         read)",
    )
}

/// Draws the people of every batch. Where the number of `units` of all levels is known, totals that are larger than
/// memory are rejected before the first draw.
pub fn draw(
    source: impl Iterator<Item = Result<RecordBatch, RunError>>,
    model: &CostModel,
    options: &Options,
    reader: &mut Reader,
    units: Option<u64>,
    progress: &Progress,
) -> Result<Vec<Totals>, RunError> {
    let mut run = Run::new(model, reader.levels(), options)?;
    units.map_or(Ok(()), |units| run.check_memory(units))?;
    let mut rows = Rows::default();
    for batch in source {
        for slice in slices(&batch?, ROWS_AT_ONCE) {
            reader.read(&slice, &mut rows)?;
            if rows.len() >= ROWS_AT_ONCE {
                add(&mut run, reader, &rows, progress)?;
                rows = Rows::default();
            }
        }
    }
    if reader.rows() == 0 {
        return Err(empty().into());
    }
    add(&mut run, reader, &rows, progress)?;
    Ok(run.finish())
}

/// What a result can be traced to: the version, the population and the costs.
pub fn describe(reader: &Reader, model: &CostModel) -> HashMap<String, String> {
    named([
        ("version", env!("CARGO_PKG_VERSION").to_string()),
        ("population_digest", format!("{:032x}", reader.digest())),
        ("population_rows", reader.rows().to_string()),
        ("costs_digest", format!("{:016x}", model.digest())),
    ])
}

/// What a simulation can be traced to and replayed from.
pub fn described_run(
    options: &Options,
    by: &[String],
    reader: &Reader,
    model: &CostModel,
) -> HashMap<String, String> {
    let mut all = describe(reader, model);
    all.extend(named([
        ("seed", options.seed.to_string()),
        ("replications", options.replications.to_string()),
        ("stop_loss", options.stop_loss.as_ref().map_or("none".into(), StopLoss::to_string)),
        ("practice_sd", options.practice_sd.to_string()),
        ("national_sd", options.national_sd.to_string()),
        ("by", by.join(", ")),
    ]));
    all
}

fn named<const N: usize>(entries: [(&str, String); N]) -> HashMap<String, String> {
    entries.map(|(name, value)| (format!("fundholder.{name}"), value)).into()
}

fn add(run: &mut Run, reader: &Reader, rows: &Rows, progress: &Progress) -> Result<(), RunError> {
    reader.check_repeated(reader.rows() - rows.len() as u64, &rows.identity, &rows.practice)?;
    run.add(rows, reader.addresses(), progress)
}
