//! Identities of people, kept to find one who comes twice: both would have the same years.

use std::collections::{HashMap, HashSet};

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef};
use arrow_cast::cast;
use arrow_schema::DataType;
use fundholder_core::error::{Code, Problem};
use fundholder_core::random::{integer_address, label_address};
use fundholder_core::run::{Progress, RunError, sort};

use crate::column::{Problems, is_label};

/// The addresses of people by a column of their names.
pub(crate) fn person_addresses(column: &ArrayRef, first: u64, problems: &mut Problems) -> Vec<u64> {
    let allowed = "an integer or a string";
    let mut addresses = Vec::with_capacity(column.len());
    let mut reject = |row: usize| problems.value(Problem::null("person", first + row as u64, allowed));
    if let Some(numbers) = lossless(column, &DataType::Int64).filter(|_| column.data_type().is_integer()) {
        let numbers = numbers.as_primitive::<Int64Type>();
        for i in 0..numbers.len() {
            if numbers.is_null(i) {
                reject(i);
            }
            addresses.push(integer_address(numbers.value(i)));
        }
    } else if let Some(texts) = lossless(column, &DataType::Utf8).filter(|_| is_label(column.data_type())) {
        let texts = texts.as_string::<i32>();
        for i in 0..texts.len() {
            if texts.is_null(i) {
                reject(i);
            }
            addresses.push(label_address(texts.value(i).as_bytes()));
        }
    } else {
        problems.wrong_type("person", column.data_type(), allowed);
    }
    addresses
}

fn lossless(column: &ArrayRef, to: &DataType) -> Option<ArrayRef> {
    cast(column, to).ok().filter(|cast| cast.null_count() == column.logical_null_count())
}

/// Identities in the order of their rows, 8 bytes each, of people who are named.
#[derive(Debug, Default)]
pub(crate) struct Identities {
    of_rows: Vec<u64>,
    /// Rows that have been looked through.
    checked: usize,
}

impl Identities {
    /// Adds the people of further rows.
    pub(crate) fn add(&mut self, identities: impl IntoIterator<Item = u64>) {
        self.of_rows.extend(identities);
    }

    /// Rejects people who came twice since the last check: what can be said early.
    pub(crate) fn check_latest(&mut self, progress: &Progress) -> Result<(), RunError> {
        let from = std::mem::replace(&mut self.checked, self.of_rows.len());
        check(&self.of_rows[from..], from, progress)
    }

    /// Rejects people who came twice, however far apart.
    pub(crate) fn check_all(&self, progress: &Progress) -> Result<(), RunError> {
        check(&self.of_rows, 0, progress)
    }
}

/// Rejects identities that come twice; `first` is the row of the table that these begin at.
fn check(identities: &[u64], first: usize, progress: &Progress) -> Result<(), RunError> {
    let mut sorted = identities.to_vec();
    sort(&mut sorted, Ord::cmp, progress)?;
    let repeated: HashSet<u64> = sorted.windows(2).filter(|ids| ids[0] == ids[1]).map(|ids| ids[0]).collect();
    if repeated.is_empty() {
        return Ok(());
    }
    let mut problems = Problems::default();
    let mut seen = HashMap::new();
    for (row, id) in (first..).zip(identities).filter(|(_, id)| repeated.contains(id)) {
        let Some(before) = seen.insert(id, row) else { continue };
        let allowed = "unique within the practice";
        let text = format!(
            "column 'person', row {row}: the person of this practice is a duplicate of row {before}: must be {allowed}"
        );
        let problem = Problem::new(Code::Duplicate, text).of("person").must_be(allowed);
        problems.value(Problem { row: Some(row as u64), ..problem });
    }
    Ok(problems.check()?)
}
