//! Populations read in one pass: every problem of a table, or the first batch of a stream that has one.

use std::collections::HashMap;

use arrow_array::RecordBatch;
use fundholder_core::contract::StopLoss;
use fundholder_core::error::{Code, Error};
use fundholder_core::model::CostModel;
use fundholder_core::persistence::Persistence;
use fundholder_core::population::Rows;
use fundholder_core::run::{Progress, RunError};
use fundholder_core::simulate::{Options, Run, Totals};

use crate::identities::Identities;
use crate::population_columns::Reader;
use crate::source::slices;

/// Rows that are drawn together: enough to share practice effects and keep all threads busy, and 80 MB at most.
const ROWS_AT_ONCE: usize = 1 << 20;

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
    let mut identities = Identities::default();
    for batch in source {
        for slice in slices(&batch?, ROWS_AT_ONCE) {
            progress.check()?;
            let mut rows = Rows::default();
            let read = reader.read(&slice, &mut rows);
            if read.is_ok() && reader.is_named() {
                identities.add(rows.identity.iter().copied());
            }
            match read {
                Ok(()) if rejected.is_none() => take(rows, reader)?,
                Ok(()) => {}
                Err(error) if streamed => return Err(error.into()),
                Err(error) => error.join(&mut rejected),
            }
        }
    }
    match identities.check_all(progress) {
        Err(RunError::Rejected(error)) => error.join(&mut rejected),
        checked => checked?,
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

/// Draws the people of every batch. The number of `units` of all levels is that of a table which has been checked: then
/// totals that are larger than memory are rejected before the first draw.
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
    let mut identities = Identities::default();
    let mut add = |rows: &Rows, reader: &Reader| {
        if reader.is_named() && units.is_none() {
            identities.add(rows.identity.iter().copied());
            identities.check_latest(progress)?;
        }
        run.add(rows, reader.addresses(), progress)
    };
    for batch in source {
        for slice in slices(&batch?, ROWS_AT_ONCE) {
            reader.read(&slice, &mut rows)?;
            if rows.len() >= ROWS_AT_ONCE {
                add(&rows, reader)?;
                rows = Rows::default();
            }
        }
    }
    if reader.rows() == 0 {
        return Err(empty().into());
    }
    add(&rows, reader)?;
    identities.check_all(progress)?;
    run.finish(progress)
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
        ("replications", (options.replications / options.years.max(1)).to_string()),
        ("stop_loss", options.stop_loss.as_ref().map_or("none".into(), StopLoss::to_string)),
        ("practice_sd", options.practice_sd.to_string()),
        ("national_sd", options.national_sd.to_string()),
        ("by", by.join(", ")),
    ]));
    if options.years > 1 {
        all.extend(named([
            ("years", options.years.to_string()),
            ("persistence", options.persistence.as_ref().map_or("none".into(), Persistence::to_string)),
            ("practice_permanent", options.practice_permanent.to_string()),
        ]));
    }
    all
}

fn named<const N: usize>(entries: [(&str, String); N]) -> HashMap<String, String> {
    entries.map(|(name, value)| (format!("fundholder.{name}"), value)).into()
}
