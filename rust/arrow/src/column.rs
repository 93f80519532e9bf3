//! Columns of a batch as the engine's slices, with every cell that is not allowed named.

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef, Float64Array, RecordBatch};
use arrow_cast::cast;
use arrow_schema::DataType;
use fundholder_core::error::{Error, ErrorKind, KEPT, Problem};

/// Collects what is wrong with a table.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    kept: Vec<Problem>,
    more: u64,
    values: bool,
}

impl Problems {
    /// A wrong value.
    pub(crate) fn value(&mut self, problem: Problem) {
        self.values = true;
        self.push(problem);
    }

    /// A wrong type.
    pub(crate) fn wrong_type(&mut self, column: &str, found: &DataType, allowed: &str) {
        self.push(Problem::new(format!("column '{column}' is {found}: must be {allowed}")));
    }

    /// Text where a number must stand.
    fn wrong_text(&mut self, column: &str, row: u64, text: &str) {
        self.push(Problem::new(format!(
            "column '{column}' is text, row {row}: '{text}': must be a number, without separators of thousands or signs"
        )));
    }

    fn push(&mut self, problem: Problem) {
        if self.kept.len() < KEPT {
            self.kept.push(problem);
        } else {
            self.more += 1;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    pub(crate) fn check(self) -> Result<(), Error> {
        if self.kept.is_empty() {
            return Ok(());
        }
        let kind = if self.values { ErrorKind::Value } else { ErrorKind::Type };
        Err(Error { kind, problems: self.kept, more: self.more })
    }
}

/// The column, or a problem that says which columns there are.
pub(crate) fn required<'a>(
    batch: &'a RecordBatch,
    name: &str,
    problems: &mut Problems,
) -> Option<&'a ArrayRef> {
    let column = batch.column_by_name(name);
    if column.is_none() {
        let names: Vec<&str> = batch.schema_ref().fields().iter().map(|f| f.name().as_str()).collect();
        problems.value(Problem::new(format!(
            "column '{name}' is missing: the table has {}",
            if names.is_empty() { "no columns".into() } else { names.join(", ") }
        )));
    }
    column
}

/// Names columns that are read and stand in the table twice.
pub(crate) fn once<'a>(batch: &RecordBatch, names: impl Iterator<Item = &'a str>, problems: &mut Problems) {
    let mut seen = Vec::new();
    for name in names {
        let places = batch.schema_ref().fields().iter().filter(|field| field.name() == name).count();
        if places > 1 && !seen.contains(&name) {
            problems
                .value(Problem::new(format!("column '{name}' is there {places} times: must be there once")));
        }
        seen.push(name);
    }
}

/// Numbers, or nulls alone.
pub(crate) fn is_numeric(data_type: &DataType) -> bool {
    data_type.is_numeric() || data_type.is_null()
}

/// A numeric column as doubles; text, dates and the like are a wrong type. `first_row` is the row of the table that the
/// column starts at.
pub(crate) fn numbers(
    array: &ArrayRef,
    name: &str,
    first_row: u64,
    problems: &mut Problems,
) -> Option<Float64Array> {
    let data_type = array.data_type();
    if !is_numeric(data_type) {
        match first_text(array) {
            Some((row, text)) => problems.wrong_text(name, first_row + row as u64, &text),
            None => problems.wrong_type(name, data_type, "a number"),
        }
        return None;
    }
    let numbers = cast(array, &DataType::Float64).ok()?;
    Some(numbers.as_primitive::<Float64Type>().clone())
}

/// The first text of a column of text that is not simply a number, else its first.
fn first_text(array: &ArrayRef) -> Option<(usize, String)> {
    let texts = is_label(array.data_type()).then(|| cast(array, &DataType::Utf8).ok())??;
    let texts = texts.as_string::<i32>();
    let odd = texts.iter().position(|text| text.is_some_and(|text| text.trim().parse::<f64>().is_err()));
    let row = odd.or_else(|| texts.iter().position(|text| text.is_some()))?;
    Some((row, texts.value(row).to_string()))
}

/// The rules of a numeric column.
pub(crate) struct Rule {
    pub good: fn(f64) -> bool,
    pub allowed: &'static str,
}

pub(crate) const NOT_NEGATIVE: Rule =
    Rule { good: |x| x.is_finite() && x >= 0.0, allowed: "a finite number, 0 or more" };
/// People that a row stands for.
pub(crate) const COUNT: Rule = Rule {
    good: |x| x >= 0.0 && x <= u32::MAX as f64 && x.fract() == 0.0,
    allowed: "a whole number from 0 to 4294967295",
};
pub(crate) const POSITIVE: Rule =
    Rule { good: |x| x.is_finite() && x > 0.0, allowed: "a finite number above 0" };
pub(crate) const PROBABILITY: Rule =
    Rule { good: |x| (0.0..=1.0).contains(&x), allowed: "a number from 0 to 1" };

/// The first names of a list that may be long.
pub(crate) fn listed(names: &[&str]) -> String {
    let more = if names.len() > 20 { ", ..." } else { "" };
    format!("{}{more}", names[..names.len().min(20)].join(", "))
}

/// Calls `put` with each number, or with none for a null; names every number that breaks the rule, and every null
/// where nulls are not allowed. `first_row` is the row of the table that the column starts at.
pub(crate) fn each(
    column: &Float64Array,
    name: &str,
    rule: &Rule,
    nulls: bool,
    first_row: u64,
    problems: &mut Problems,
    mut put: impl FnMut(Option<f64>),
) {
    for i in 0..column.len() {
        let row = first_row + i as u64;
        if column.is_null(i) {
            if !nulls {
                problems.value(Problem::cell(name, row, "null", rule.allowed));
            }
            put(None);
        } else {
            let value = column.value(i);
            if !(rule.good)(value) {
                problems.value(Problem::cell(name, row, value, rule.allowed));
            }
            put(Some(value));
        }
    }
}

pub(crate) fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null)
}

/// Can a column of this type name people, practices or units?
pub(crate) fn is_label(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_label(values),
        other => other.is_integer() || is_text(other),
    }
}
