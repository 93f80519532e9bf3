//! What a formula reads of persons: batches of a table as indicators and numbers.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use fundholder_core::error::{Code, Error, Problem};
use fundholder_core::fit::Features;
use fundholder_core::random::identity;

use super::person_columns::{LevelColumn, Levels, PersonColumns};
use crate::column::{
    COUNT, Problems, Rule, check_unique_columns, each, is_numeric, listed, numbers, required,
};
use crate::identities::{Identities, person_addresses};
use crate::labels::{Label, Labels};

/// Sums of products of larger numbers would leave the range that is exact.
const LARGEST: f64 = 1e15;
/// Products of smaller ones would leave it at its other end.
const SMALLEST: f64 = 1e-60;
pub(super) const ANY_NUMBER: Rule =
    Rule::range(-LARGEST, LARGEST, "0, or a finite number from 1e-60 to 1e15 in size").smallest(SMALLEST);
/// Numbers that are added up, and not multiplied.
pub(super) const FINITE: Rule = Rule::range(-1e200, 1e200, "a finite number, at most 1e200 in size");
pub(super) const AMOUNT: Rule =
    Rule::range(0.0, LARGEST, "a finite number, 0 or more (0, or from 1e-60 to 1e15)").smallest(SMALLEST);
/// The products of more would need gigabytes.
const MOST_INDICATORS: usize = 4_000;
const FLAG: Rule = Rule::range(0.0, 1.0, "true or false, or 0 or 1").integer();

/// Reads batches; levels and units keep their numbers throughout.
pub(super) struct Reader {
    pub person_columns: PersonColumns,
    labels: Vec<Labels>,
    /// The indicator of each label met, by column.
    indicators: Vec<Indicators>,
    pub units: Vec<Labels>,
    next: u32,
    pub rows: u64,
    /// Codes of persons who were read.
    row_codes: AtomicU64,
    /// Of persons who may come only once.
    pub identities: Identities,
}

/// The indicators of the labels that were met of a column, and which of those that have none have been named.
#[derive(Clone, Debug, Default)]
struct Indicators {
    of_label: Vec<u32>,
    named: Vec<bool>,
}

/// What depends on earlier batches: the indicators and units of the rows of one.
pub(super) struct Coded {
    levels: Vec<Vec<u32>>,
    pub units: Vec<Vec<u32>>,
    first: u64,
    /// What is wrong with them.
    pub wrong: Option<Error>,
}

/// What is read of some rows.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub features: Features,
    pub count: Option<Vec<u64>>,
}

impl Reader {
    pub fn new(person_columns: PersonColumns) -> Self {
        let codes = person_columns.codes.as_ref().map_or(0, |codes| codes.len());
        let known = person_columns.levels.iter().map(|column| match &column.levels {
            Levels::Met => 0,
            Levels::Known(known) => known.len(),
        });
        let next = person_columns.flags.len() + codes + known.sum::<usize>();
        Self {
            labels: vec![Labels::default(); person_columns.levels.len()],
            indicators: vec![Indicators::default(); person_columns.levels.len()],
            units: vec![Labels::of_organisations(); person_columns.units.len()],
            next: next as u32,
            rows: 0,
            row_codes: AtomicU64::new(0),
            identities: Identities::default(),
            person_columns,
        }
    }

    /// Indicators met so far.
    pub fn indicators(&self) -> usize {
        self.next as usize
    }

    /// The levels that were met of a column, in their order, with their indicators.
    pub fn levels(&self, column: usize) -> Vec<(String, u32)> {
        let labels = &self.labels[column];
        let named = |&code: &u32| {
            (labels.list()[code as usize].to_string(), self.indicators[column].of_label[code as usize])
        };
        labels.sorted().iter().map(named).collect()
    }

    /// Reads the labels of a batch: what must be done batch by batch.
    pub fn code(&mut self, batch: &RecordBatch) -> Coded {
        let mut problems = Problems::default();
        let first = self.rows;
        self.rows += batch.num_rows() as u64;
        let names: Vec<&str> = self.person_columns.columns().collect();
        check_unique_columns(
            batch,
            names.iter().copied().chain(self.person_columns.count.then_some("count")),
            &mut problems,
        );
        let mut levels = Vec::new();
        for (c, column) in self.person_columns.levels.iter().enumerate() {
            let mut codes = Vec::with_capacity(batch.num_rows());
            if let Some(array) = required(batch, &column.name, &mut problems) {
                self.labels[c].read(array, &column.name, false, first, &mut problems, &mut codes);
                // What is of a wrong type has been named, and left no labels.
                if !self.labels[c].list().is_empty() {
                    number(
                        column,
                        &self.labels[c],
                        &mut self.indicators[c],
                        &mut self.next,
                        &codes,
                        first,
                        &mut problems,
                    );
                    for code in &mut codes {
                        *code = self.indicators[c].of_label[*code as usize];
                    }
                }
            }
            levels.push(codes);
        }
        if self.indicators() > MOST_INDICATORS {
            problems.value(Problem::new(
                Code::TooLarge,
                format!("more than {MOST_INDICATORS} levels and flags: must be at most that"),
            ));
        }
        let mut units = Vec::new();
        for ((name, nulls), labels) in self.person_columns.units.iter().zip(&mut self.units) {
            let mut codes = Vec::with_capacity(batch.num_rows());
            if let Some(array) = required(batch, name, &mut problems) {
                labels.read(array, name, *nulls, first, &mut problems, &mut codes);
            }
            units.push(codes);
        }
        if let Some(column) = batch.column_by_name("person").filter(|_| self.person_columns.once) {
            let persons = person_addresses(column, first, &mut problems);
            let units = units
                .first()
                .into_iter()
                .flatten()
                .map(|&unit| self.units[0].list()[unit as usize].address());
            self.identities.add(units.zip(persons).map(|(unit, person)| identity(unit, person)));
        }
        self.check_types(batch, first, &mut problems);
        Coded { levels, units, first, wrong: problems.check().err() }
    }

    /// Names columns of wrong types, once for the materialised batch.
    fn check_types(&self, batch: &RecordBatch, first: u64, problems: &mut Problems) {
        for (name, _) in &self.person_columns.numbers {
            if let Some(array) = batch.column_by_name(name).filter(|array| !is_numeric(array.data_type())) {
                numbers(array, name, first, problems);
            }
        }
        for name in &self.person_columns.flags {
            let Some(array) = batch.column_by_name(name) else { continue };
            if *array.data_type() != DataType::Boolean && !is_numeric(array.data_type()) {
                problems.wrong_type(name, array.data_type(), &FLAG.allowed);
            }
        }
    }

    /// Were there codes, and not one of a person who was read?
    pub fn missed_all_codes(&self) -> bool {
        let some = self.person_columns.codes.as_ref().is_some_and(|codes| !codes.is_empty());
        some && self.row_codes.load(Ordering::Relaxed) == 0
    }

    /// Reads the part of a batch that has these rows, after the labels of the batch; nothing of it where those are
    /// wrong.
    pub fn read(&self, part: &RecordBatch, coded: &Coded, rows: Range<usize>) -> Result<Read, Error> {
        let mut problems = Problems::default();
        let first = coded.first + rows.start as u64;
        let mut numbers_of = Vec::with_capacity(self.person_columns.numbers.len());
        for (name, rule) in &self.person_columns.numbers {
            let mut column = Vec::with_capacity(rows.len());
            if let Some(array) =
                required(part, name, &mut problems).filter(|array| is_numeric(array.data_type()))
                && let Some(array) = numbers(array, name, first, &mut problems)
            {
                let values = array.values();
                if array.null_count() == 0 && values.iter().all(|&x| rule.allows(x)) {
                    column.extend_from_slice(values);
                } else {
                    each(&array, name, rule, false, first, &mut problems, |x| column.push(x.unwrap_or(0.0)));
                }
            }
            numbers_of.push(column);
        }
        let mut count = None;
        if let Some(array) = part.column_by_name("count").filter(|_| self.person_columns.count)
            && let Some(array) = numbers(array, "count", first, &mut problems)
        {
            let counts = count.insert(Vec::with_capacity(rows.len()));
            each(&array, "count", &COUNT, false, first, &mut problems, |x| {
                counts.push(x.unwrap_or(0.0) as u64)
            });
        }
        let flags: Vec<Option<BooleanArray>> = (self.person_columns.flags.iter())
            .map(|name| {
                let array = required(part, name, &mut problems)?;
                flag(array, name, first, &mut problems)
            })
            .collect();
        let codes = match &self.person_columns.codes {
            Some(codes) => codes.of(part, first, &mut problems),
            None => Vec::new(),
        };
        self.row_codes.fetch_add(codes.len() as u64, Ordering::Relaxed);
        problems.check()?;
        if coded.wrong.is_some() {
            return Ok(Read::default());
        }
        let levels: Vec<&[u32]> = coded.levels.iter().map(|column| &column[rows.clone()]).collect();
        let mut features =
            indicators(rows.len(), &flags, &codes, self.person_columns.flags.len() as u32, &levels);
        features.numbers = numbers_of;
        Ok(Read { features, count })
    }
}

/// Gives labels that are new their indicators.
fn number(
    column: &LevelColumn,
    labels: &Labels,
    indicators: &mut Indicators,
    next: &mut u32,
    codes: &[u32],
    first: u64,
    problems: &mut Problems,
) {
    for label in &labels.list()[indicators.of_label.len()..] {
        indicators.of_label.push(match &column.levels {
            Levels::Met => std::mem::replace(next, *next + 1),
            Levels::Known(known) => label.key().and_then(|key| known.get(&key).copied()).unwrap_or(u32::MAX),
        });
        indicators.named.push(false);
    }
    let Levels::Known(known) = &column.levels else { return };
    for (row, &code) in codes.iter().enumerate() {
        let code = code as usize;
        // A null has been named as such.
        let unknown = indicators.of_label[code] == u32::MAX && labels.list()[code] != Label::Null;
        if unknown && !std::mem::replace(&mut indicators.named[code], true) {
            let mut names: Vec<&str> = known.keys().map(String::as_str).collect();
            names.sort_unstable();
            problems.value(Problem::cell(
                Code::UnknownLabel,
                &column.name,
                first + row as u64,
                &labels.list()[code],
                &format!("a level of the formula: {}", listed(&names)),
            ));
        }
    }
}

/// A column of flags; numbers must be 0 or 1.
fn flag(array: &ArrayRef, name: &str, first: u64, problems: &mut Problems) -> Option<BooleanArray> {
    if *array.data_type() == DataType::Boolean {
        let flags = array.as_boolean();
        if flags.null_count() > 0 {
            for row in (0..flags.len()).filter(|&row| flags.is_null(row)) {
                problems.value(Problem::null(name, first + row as u64, &FLAG.allowed));
            }
        }
        return Some(flags.clone());
    }
    if !is_numeric(array.data_type()) {
        return None;
    }
    let array = numbers(array, name, first, problems)?;
    let mut flags = Vec::with_capacity(array.len());
    each(&array, name, &FLAG, false, first, problems, |x| flags.push(x == Some(1.0)));
    Some(flags.into())
}

/// The indicators of each row: flags, codes, then levels.
fn indicators(
    rows: usize,
    flags: &[Option<BooleanArray>],
    codes: &[(u32, u32)],
    flagged: u32,
    levels: &[&[u32]],
) -> Features {
    let flags =
        || flags.iter().zip(0u32..).filter_map(|(flag, i)| flag.as_ref().map(|flag| (flag.values(), i)));
    let mut starts = vec![0u32; rows + 1];
    for (flag, _) in flags() {
        each_set(flag, |row| starts[row + 1] += 1);
    }
    codes.iter().for_each(|&(row, _)| starts[row as usize + 1] += 1);
    for row in 0..rows {
        starts[row + 1] += starts[row] + levels.len() as u32;
    }
    let mut at = starts.clone();
    let mut all = vec![0u32; starts[rows] as usize];
    let mut put = |row: usize, indicator: u32| {
        all[at[row] as usize] = indicator;
        at[row] += 1;
    };
    for (flag, indicator) in flags() {
        each_set(flag, |row| put(row, indicator));
    }
    codes.iter().for_each(|&(row, code)| put(row as usize, flagged + code));
    for level in levels {
        level.iter().enumerate().for_each(|(row, &indicator)| put(row, indicator));
    }
    Features { rows, starts, indicators: all, numbers: Vec::new() }
}

/// Calls `on` with the place of every bit that is set.
#[inline(always)]
fn each_set(flag: &BooleanBuffer, mut on: impl FnMut(usize)) {
    for (n, mut word) in flag.bit_chunks().iter_padded().enumerate() {
        while word != 0 {
            on(64 * n + word.trailing_zeros() as usize);
            word &= word - 1;
        }
    }
}
