//! Tables gone through in parts on all threads, with every problem of a table in the order of its rows.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use fundholder_core::error::{Kind, Problem, Refusal};
use fundholder_core::fit::MOST_ROWS;
use fundholder_core::random::mix;
use fundholder_core::simulate::{Ended, Progress};
use fundholder_core::sums::GroupSums;
use rayon::prelude::*;

use super::features::{Coded, FINITE, Read, Reader, Wanted};
use crate::column::{Problems, required};
use crate::costs::table;
use crate::labels::{Label, Labels};

/// Rows that are gathered from small batches before the threads share them out.
const TOGETHER: usize = 1 << 17;

/// Sums are exact up to here.
const MOST_PEOPLE: u64 = 1 << 31;

/// Batches of a table; what cannot be read ends the work.
pub type Source<'a> = dyn Iterator<Item = Result<RecordBatch, Ended>> + Send + 'a;

/// Reads a source part by part. Each thread has a state of its own; `work` takes a part with the units of its rows, and
/// what it gives goes to `take` in the order of rows. A `whole` table is checked to its end before it is refused.
pub(super) fn in_parts<S: Send, R: Send>(
    source: &mut Source<'_>,
    whole: bool,
    reader: &mut Reader,
    states: &mut [S],
    progress: &Progress,
    work: impl Fn(&mut S, &RecordBatch, Read, &[&[u32]]) -> R + Sync,
    mut take: impl FnMut(R) -> Result<(), Refusal>,
) -> Result<(), Ended> {
    let mut refused: Option<Refusal> = None;
    let mut gathered: Vec<(RecordBatch, Coded)> = Vec::new();
    let mut rows = 0;
    loop {
        if progress.stop.load(Ordering::Relaxed) {
            return Err(Ended::Interrupted);
        }
        let next = source.next().transpose()?;
        let last = next.is_none();
        if let Some(batch) = next {
            let coded = reader.code(&batch);
            if let Some(wrong) = &coded.wrong {
                keep(&mut refused, wrong.clone());
            }
            if reader.rows > MOST_PEOPLE {
                return Err(refuse(vec![Problem::new(format!(
                    "more than {MOST_PEOPLE} rows: must be at most that"
                ))]));
            }
            rows += batch.num_rows();
            gathered.push((batch, coded));
        }
        if rows >= TOGETHER || last || refused.is_some() {
            for part in share_out(&gathered, reader, states, refused.is_some(), &work) {
                match part {
                    Ok(Some(result)) if refused.is_none() => {
                        take(result).map_err(Ended::Refused)?;
                    }
                    Ok(_) => {}
                    Err(refusal) => keep(&mut refused, refusal),
                }
            }
            gathered.clear();
            rows = 0;
        }
        if last || (refused.is_some() && !whole) {
            break;
        }
    }
    match refused {
        Some(refusal) => Err(Ended::Refused(refusal)),
        None if reader.rows == 0 => Err(Ended::Refused(Refusal::one(
            "persons is empty: must have a row for each person (a reader is empty once it has been read)",
        ))),
        None => Ok(()),
    }
}

fn keep(all: &mut Option<Refusal>, refusal: Refusal) {
    match all {
        Some(all) => all.merge(refusal),
        None => *all = Some(refusal),
    }
}

fn share_out<S: Send, R: Send>(
    gathered: &[(RecordBatch, Coded)],
    reader: &Reader,
    states: &mut [S],
    only_check: bool,
    work: &(impl Fn(&mut S, &RecordBatch, Read, &[&[u32]]) -> R + Sync),
) -> Vec<Result<Option<R>, Refusal>> {
    let mut jobs = Vec::new();
    for (batch, coded) in gathered {
        for start in (0..batch.num_rows()).step_by(MOST_ROWS) {
            jobs.push((batch, coded, start..(start + MOST_ROWS).min(batch.num_rows())));
        }
    }
    let each = jobs.len().div_ceil(states.len()).max(1);
    let done: Vec<Vec<_>> = jobs
        .par_chunks(each)
        .zip(states)
        .map(|(jobs, state)| {
            let one = |(batch, coded, rows): &(&RecordBatch, &Coded, std::ops::Range<usize>)| {
                let read = reader.read(batch, coded, rows.clone())?;
                if only_check {
                    return Ok(None);
                }
                let units: Vec<&[u32]> = coded.units.iter().map(|unit| &unit[rows.clone()]).collect();
                Ok(Some(work(state, &batch.slice(rows.start, rows.len()), read, &units)))
            };
            jobs.iter().map(one).collect()
        })
        .collect();
    done.into_iter().flatten().collect()
}

/// `<by>`, rows, and the sum of each column over the rows of a unit (or over all, without `by`): the same digits in any
/// order of rows.
pub fn add_up(
    source: &mut Source<'_>,
    by: Option<&str>,
    columns: &[String],
    whole: bool,
    progress: &Progress,
) -> Result<RecordBatch, Ended> {
    let wanted = Wanted {
        numbers: columns.iter().map(|name| (name.clone(), &FINITE)).collect(),
        units: by.iter().map(|by| (by.to_string(), true)).collect(),
        ..Wanted::default()
    };
    let mut reader = Reader::new(wanted);
    let mut states = vec![(GroupSums::new(columns.len()), Vec::<u64>::new()); rayon::current_num_threads()];
    let work = |(sums, rows): &mut (GroupSums, Vec<u64>), _: &RecordBatch, read: Read, units: &[&[u32]]| {
        let everyone;
        let units = match units {
            [] => {
                everyone = vec![0; read.features.rows];
                &everyone
            }
            [units, ..] => *units,
        };
        let columns: Vec<&[f64]> = read.features.numbers.iter().map(Vec::as_slice).collect();
        sums.add(units, &columns);
        for &unit in units {
            if unit as usize >= rows.len() {
                rows.resize(unit as usize + 1, 0);
            }
            rows[unit as usize] += 1;
        }
    };
    in_parts(source, whole, &mut reader, &mut states, progress, work, |()| Ok(()))?;
    let (mut sums, mut rows) = (GroupSums::new(columns.len()), Vec::<u64>::new());
    for (more, counted) in states {
        sums.merge(more);
        if rows.len() < counted.len() {
            rows.resize(counted.len(), 0);
        }
        rows.iter_mut().zip(&counted).for_each(|(row, more)| *row += more);
    }
    let order = reader.units.first().map_or(vec![0], |labels| labels.sorted());
    let mut named: Vec<(&str, ArrayRef)> = Vec::new();
    if let (Some(by), Some(labels)) = (by, reader.units.first()) {
        named.push((by, labels.column(&order)));
    }
    let counted = order.iter().map(|&unit| rows[unit as usize] as i64);
    named.push(("rows", Arc::new(Int64Array::from_iter_values(counted))));
    for (c, name) in columns.iter().enumerate() {
        let column = order.iter().map(|&unit| sums.sum(unit as usize, c));
        named.push((name, Arc::new(Float64Array::from_iter_values(column))));
    }
    Ok(table(named))
}

/// `place`: for each row a number in [0, 1) that depends on the label of its column and a seed alone.
pub fn places(batches: &[RecordBatch], column: &str, seed: u64) -> Result<RecordBatch, Refusal> {
    let mut problems = Problems::default();
    let (mut labels, mut codes, mut first) = (Labels::default(), Vec::new(), 0);
    for batch in batches {
        if let Some(array) = required(batch, column, &mut problems) {
            labels.read(array, column, false, first, &mut problems, &mut codes);
        }
        first += batch.num_rows() as u64;
    }
    problems.check()?;
    // The upper 53 bits, as a double holds them.
    let place = |label: &Label| (mix(label.address() ^ mix(seed)) >> 11) as f64 * 2f64.powi(-53);
    let places: Vec<f64> = labels.list().iter().map(place).collect();
    let column = codes.iter().map(|&code| places[code as usize]);
    Ok(table(vec![("place", Arc::new(Float64Array::from_iter_values(column)))]))
}

/// A refusal of what a table as a whole says.
pub(super) fn refuse(problems: Vec<Problem>) -> Ended {
    Ended::Refused(Refusal { kind: Kind::Value, problems, more: 0 })
}
