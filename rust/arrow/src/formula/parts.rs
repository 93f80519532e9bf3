//! Tables gone through in parts on all threads, with every problem of a table in the order of its rows.

use std::sync::atomic::Ordering;

use arrow_array::RecordBatch;
use fundholder_core::error::{Code, Error};
use fundholder_core::fit::MOST_ROWS;
use fundholder_core::run::{Progress, RunError};
use rayon::prelude::*;

use super::features::{Coded, Read, Reader};
use crate::source::Source;
use crate::table::empty;

/// Rows that are gathered from small batches before the threads share them out.
const TOGETHER: usize = 1 << 17;

/// Sums are exact up to here.
const MOST_PEOPLE: u64 = 1 << 31;

/// Reads a source part by part. Each thread has a state of its own; `work` takes a part with the units of its rows, and
/// what it gives goes to `take` in the order of rows. A `materialised` table is checked to its end before it is rejected.
pub(super) fn in_parts<S: Send, R: Send>(
    source: &mut Source<'_>,
    materialised: bool,
    reader: &mut Reader,
    states: &mut [S],
    progress: &Progress,
    work: impl Fn(&mut S, &RecordBatch, Read, &[&[u32]]) -> R + Sync,
    mut take: impl FnMut(R) -> Result<(), Error>,
) -> Result<(), RunError> {
    let mut rejected: Option<Error> = None;
    let mut gathered: Vec<(RecordBatch, Coded)> = Vec::new();
    let mut rows = 0;
    loop {
        if progress.stop.load(Ordering::Relaxed) {
            return Err(RunError::Interrupted);
        }
        let next = source.next().transpose()?;
        let last = next.is_none();
        if let Some(batch) = next {
            let coded = reader.code(&batch);
            if let Some(wrong) = &coded.wrong {
                wrong.clone().join(&mut rejected);
            }
            if reader.rows > MOST_PEOPLE {
                return Err(Error::one(
                    Code::TooLarge,
                    format!("more than {MOST_PEOPLE} rows: must be at most that"),
                )
                .into());
            }
            rows += batch.num_rows();
            gathered.push((batch, coded));
        }
        if rows >= TOGETHER || last || rejected.is_some() {
            for part in share_out(&gathered, reader, states, rejected.is_some(), progress, &work) {
                match part {
                    Ok(Some(result)) if rejected.is_none() => {
                        take(result)?;
                    }
                    Ok(_) => {}
                    Err(error) => error.join(&mut rejected),
                }
            }
            if progress.stop.load(Ordering::Relaxed) {
                return Err(RunError::Interrupted);
            }
            gathered.clear();
            rows = 0;
        }
        if last || (rejected.is_some() && !materialised) {
            break;
        }
    }
    match reader.identities.check_all(progress) {
        Err(RunError::Rejected(error)) => error.join(&mut rejected),
        checked => checked?,
    }
    match rejected {
        Some(error) => Err(RunError::Rejected(error)),
        None if reader.rows == 0 => Err(Error::many(vec![empty(reader.person_columns.table)]).into()),
        None if reader.missed_all_codes() => Err(Error::one(
            Code::Inconsistent,
            "codes: no person of codes is in persons: must have the same names in column 'person' (0001 and 1 differ)",
        ).into()),
        None => Ok(()),
    }
}

/// Adds up a source part by part: each thread begins with what `new` gives, and `merge` puts threads together.
pub(super) fn summed<S: Send>(
    source: &mut Source<'_>,
    materialised: bool,
    reader: &mut Reader,
    progress: &Progress,
    new: impl Fn() -> S,
    add: impl Fn(&mut S, Read, &[&[u32]]) + Sync,
    merge: impl Fn(&mut S, S),
) -> Result<S, RunError> {
    let mut states: Vec<S> = (0..rayon::current_num_threads()).map(|_| new()).collect();
    let work = |state: &mut S, _: &RecordBatch, read: Read, units: &[&[u32]]| add(state, read, units);
    in_parts(source, materialised, reader, &mut states, progress, work, |()| Ok(()))?;
    let mut sum = new();
    states.into_iter().for_each(|more| merge(&mut sum, more));
    Ok(sum)
}

fn share_out<S: Send, R: Send>(
    gathered: &[(RecordBatch, Coded)],
    reader: &Reader,
    states: &mut [S],
    only_check: bool,
    progress: &Progress,
    work: &(impl Fn(&mut S, &RecordBatch, Read, &[&[u32]]) -> R + Sync),
) -> Vec<Result<Option<R>, Error>> {
    let mut jobs = Vec::new();
    for (batch, coded) in gathered {
        // Of a batch without rows, the columns are looked at.
        for start in (0..batch.num_rows().max(1)).step_by(MOST_ROWS) {
            jobs.push((batch, coded, start..(start + MOST_ROWS).min(batch.num_rows())));
        }
    }
    let each = jobs.len().div_ceil(states.len()).max(1);
    let done: Vec<Vec<_>> = jobs
        .par_chunks(each)
        .zip(states)
        .map(|(jobs, state)| {
            let one = |(batch, coded, rows): &(&RecordBatch, &Coded, std::ops::Range<usize>)| {
                if progress.stop.load(Ordering::Relaxed) {
                    return Ok(None);
                }
                let part = batch.slice(rows.start, rows.len());
                let read = reader.read(&part, coded, rows.clone())?;
                if only_check {
                    return Ok(None);
                }
                let units: Vec<&[u32]> = coded.units.iter().map(|unit| &unit[rows.clone()]).collect();
                Ok(Some(work(state, &part, read, &units)))
            };
            jobs.iter().map(one).collect()
        })
        .collect();
    done.into_iter().flatten().collect()
}
