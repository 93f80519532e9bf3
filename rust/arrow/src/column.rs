//! Columns of a batch as the engine's slices, with every cell that is not allowed named.

use std::borrow::Cow;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef, Float64Array, RecordBatch};
use arrow_cast::cast;
use arrow_schema::DataType;
use fundholder_core::error::{Code, Error, ErrorKind, KEPT, Problem, Value};
use fundholder_core::model::MAX_RATE;
use fundholder_core::numeric::money::{AMOUNT, AMOUNTS};

/// The problems of one table.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    kept: Vec<Problem>,
    more: u64,
    values: bool,
}

impl Problems {
    /// Adds a wrong value.
    pub(crate) fn value(&mut self, problem: Problem) {
        self.values = true;
        self.push(problem);
    }

    /// Adds a wrong type.
    pub(crate) fn wrong_type(&mut self, column: &str, data_type: &DataType, allowed: &str) {
        let text = format!("column '{column}' is {}: must be {allowed}", type_name(data_type));
        self.push(Problem::new(Code::WrongType, text).of(column).must_be(allowed));
    }

    /// Adds a text that stands where a number must.
    fn wrong_text(&mut self, column: &str, row: u64, text: &str) {
        let allowed = "a number, without separators of thousands or signs";
        let message = format!("column '{column}' is string, row {row}: '{text}': must be {allowed}");
        let problem = Problem::new(Code::WrongType, message).of(column).must_be(allowed);
        self.push(Problem { row: Some(row), value: Some(Value::Text(text.into())), ..problem });
    }

    fn push(&mut self, problem: Problem) {
        if problem.is_repeated_in(&self.kept) {
            return;
        }
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
        problems.value(Problem::missing_column(name, "the table", &names));
    }
    column
}

/// Names columns that are read and stand in the table more than once.
pub(crate) fn check_unique_columns<'a>(
    batch: &RecordBatch,
    names: impl Iterator<Item = &'a str>,
    problems: &mut Problems,
) {
    let mut seen = Vec::new();
    for name in names {
        let times = batch.schema_ref().fields().iter().filter(|field| field.name() == name).count();
        if times > 1 && !seen.contains(&name) {
            let text = format!("column '{name}' is there {times} times: must be unique");
            problems.value(Problem::new(Code::DuplicateColumn, text).of(name).must_be("unique"));
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
    let Ok(numbers) = cast(array, &DataType::Float64) else {
        problems.wrong_type(name, data_type, "a number");
        return None;
    };
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

/// What the numbers of a column must be.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// The smallest number, or what all must be above.
    pub low: f64,
    /// The largest number.
    pub high: f64,
    /// Whether `low` itself is not allowed.
    pub above_low: bool,
    /// Whether numbers must be integers.
    pub integer: bool,
    /// The smallest size of a number that is not 0.
    pub smallest: f64,
    /// What is allowed, in words.
    pub allowed: Cow<'static, str>,
}

impl Rule {
    /// A rule of a range, both ends allowed.
    pub(crate) const fn range(low: f64, high: f64, allowed: &'static str) -> Self {
        let allowed = Cow::Borrowed(allowed);
        Self { low, high, above_low: false, integer: false, smallest: 0.0, allowed }
    }

    /// The same rule without the low end itself.
    pub(crate) const fn above_low(mut self) -> Self {
        self.above_low = true;
        self
    }

    /// The same rule for integers alone.
    pub(crate) const fn integer(mut self) -> Self {
        self.integer = true;
        self
    }

    /// The same rule without numbers smaller than this in size, but for 0.
    pub(crate) const fn smallest(mut self, size: f64) -> Self {
        self.smallest = size;
        self
    }

    /// Whether the number is allowed; NaN never is.
    #[inline(always)]
    pub(crate) fn allows(&self, x: f64) -> bool {
        let inside = (if self.above_low { x > self.low } else { x >= self.low }) && x <= self.high;
        inside && (x == 0.0 || x.abs() >= self.smallest) && (!self.integer || x.fract() == 0.0)
    }
}

/// Amounts of money, £.
pub(crate) const MONEY: Rule = Rule::range(0.0, *AMOUNTS.end(), AMOUNT).smallest(*AMOUNTS.start());
/// Amounts of money above 0.
pub(crate) const COST: Rule =
    Rule::range(*AMOUNTS.start(), *AMOUNTS.end(), "a finite number of £ above 0 (from 1e-9 to 1e15)");
/// What costs are multiplied by.
pub(crate) const SCALE: Rule =
    Rule::range(0.0, 1e9, "a finite number, 0 or more (0, or from 1e-9 to 1e9)").smallest(1e-9);
/// Weights of people.
pub(crate) const WEIGHT: Rule =
    Rule::range(0.0, 1e15, "a finite number, 0 or more (0, or from 1e-60 to 1e15)").smallest(1e-60);
/// Events a year.
pub(crate) const RATE: Rule =
    Rule::range(0.0, MAX_RATE, "a number from 0 to 500 (0, or from 1e-15)").smallest(LEAST_PROBABILITY);
/// SDs of frailties.
pub(crate) const FRAILTY_SD: Rule =
    Rule::range(0.0, 10.0, "a number from 0 to 10 (0, or from 0.001)").smallest(1e-3);
/// The smallest probability or rate that is not 0.
const LEAST_PROBABILITY: f64 = 1e-15;
/// People that a row stands for.
pub(crate) const COUNT: Rule =
    Rule::range(0.0, u32::MAX as f64, "a whole number from 0 to 4294967295").integer();
pub(crate) const PROBABILITY: Rule =
    Rule::range(0.0, 1.0, "a number from 0 to 1 (0, or from 1e-15)").smallest(LEAST_PROBABILITY);
/// With events, a person who is certain to have one would have infinitely many.
pub(crate) const EVENT_PROBABILITY: Rule =
    Rule::range(0.0, 1.0 - 1e-15, "a number from 0 to below 1 in a model of events (0, or from 1e-15)")
        .smallest(LEAST_PROBABILITY);

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
                problems.value(Problem::null(name, row, &rule.allowed));
            }
            put(None);
        } else {
            let value = column.value(i);
            if !rule.allows(value) {
                problems.value(Problem::cell(Code::NotAllowed, name, row, value, &rule.allowed));
            }
            put(Some(value));
        }
    }
}

pub(crate) fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null)
}

/// Whether a column of this type can name people, practices or units.
pub(crate) fn is_label(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_label(values),
        other => other.is_integer() || is_text(other),
    }
}

/// The name of a type as most libraries of Arrow have it.
fn type_name(data_type: &DataType) -> String {
    let name = match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "string",
        DataType::Boolean => "bool",
        DataType::Float64 => "double",
        DataType::Float32 => "float",
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => "list",
        DataType::Struct(_) => "struct",
        other => return other.to_string().to_lowercase(),
    };
    name.into()
}
