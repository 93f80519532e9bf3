//! Labels of practices, bands and units: numbered in the order they are met, over all batches of a table.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, UInt64Type};
use arrow_array::{Array, ArrayRef, Int64Array, StringArray, UInt64Array};
use arrow_cast::cast;
use arrow_schema::DataType;
use fundholder_core::error::{Code, Problem, Value};
use fundholder_core::random::{integer_address, label_address};

use crate::column::{Problems, is_text};

/// What a column calls a practice, a band or a unit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Label {
    Integer(i64),
    Text(Box<str>),
    /// Rows without a label form one unit of their own.
    Null,
}

impl Label {
    /// The address of draws that belong to this label: the same for an integer and its digits.
    pub fn address(&self) -> u64 {
        match self {
            Label::Integer(number) => integer_address(*number),
            label => label_address(label.to_string().as_bytes()),
        }
    }

    /// What tells units of two tables apart: an integer and its digits are one, and null is one of its own.
    pub fn key(&self) -> Option<String> {
        (*self != Label::Null).then(|| self.to_string())
    }
}

impl From<&Label> for Value {
    fn from(label: &Label) -> Self {
        match label {
            Label::Integer(number) => Value::Integer(*number),
            Label::Text(text) => Value::Text(text.to_string()),
            Label::Null => Value::Null,
        }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Label::Integer(number) => write!(f, "{number}"),
            Label::Text(text) => f.write_str(text),
            Label::Null => f.write_str("null"),
        }
    }
}

/// The labels met so far.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    list: Vec<Label>,
    texts: HashMap<Box<str>, u32>,
    integers: HashMap<i64, u32>,
    null: Option<u32>,
    /// Of labels of organisations, those that are not in capitals or have outer space, by their capitals without it.
    variants: Option<HashMap<Box<str>, u32>>,
}

impl Labels {
    /// Labels of organisations: two that differ by case or outer space alone are a problem.
    pub(crate) fn of_organisations() -> Self {
        Self { variants: Some(HashMap::new()), ..Self::default() }
    }

    pub fn list(&self) -> &[Label] {
        &self.list
    }

    /// The order of the labels: numbers, then text, then null.
    pub fn sorted(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.list.len() as u32).collect();
        order.sort_unstable_by_key(|&i| &self.list[i as usize]);
        order
    }

    /// The labels in the given order, as a column.
    pub fn column(&self, order: &[u32]) -> ArrayRef {
        let labels = || order.iter().map(|&i| &self.list[i as usize]);
        if labels().all(|label| !matches!(label, Label::Text(_)))
            && self.list.iter().any(|l| *l != Label::Null)
        {
            Arc::new(Int64Array::from_iter(labels().map(|label| match label {
                Label::Integer(number) => Some(*number),
                _ => None,
            })))
        } else {
            let text = |label: &Label| (*label != Label::Null).then(|| label.to_string());
            Arc::new(StringArray::from_iter(labels().map(text)))
        }
    }

    /// The labels in the given order as integers and as texts: one of the two is there, and neither of no label.
    pub(crate) fn columns(&self, order: &[u32]) -> (ArrayRef, ArrayRef) {
        let labels = || order.iter().map(|&i| &self.list[i as usize]);
        let integers =
            labels().map(|label| if let Label::Integer(number) = label { Some(*number) } else { None });
        let texts = labels().map(|label| if let Label::Text(text) = label { Some(text) } else { None });
        (Arc::new(Int64Array::from_iter(integers)), Arc::new(StringArray::from_iter(texts)))
    }

    /// The labels of such columns, numbered in their order.
    pub(crate) fn of_columns(integers: &Int64Array, texts: &StringArray) -> Self {
        let mut labels = Self::default();
        for (integer, text) in integers.iter().zip(texts) {
            match (integer, text) {
                (Some(number), _) => labels.integer(number),
                (None, Some(text)) => labels.text(text),
                (None, None) => labels.null(),
            };
        }
        labels
    }

    fn text(&mut self, text: &str) -> u32 {
        match self.texts.get(text) {
            Some(&code) => code,
            None => {
                let code = self.list.len() as u32;
                self.texts.insert(text.into(), code);
                self.list.push(Label::Text(text.into()));
                code
            }
        }
    }

    /// The label that a new one differs from by case or outer space alone, if there is one.
    fn variant_of(&mut self, code: u32) -> Option<&Label> {
        let variants = self.variants.as_mut()?;
        let Label::Text(text) = &self.list[code as usize] else { return None };
        let capitals = text.trim().to_uppercase();
        let exact = capitals == **text;
        let other = match self.texts.get(capitals.as_str()).filter(|_| !exact) {
            Some(&other) if other < code => Some(other),
            _ => variants.get(capitals.as_str()).copied(),
        };
        if !exact {
            variants.entry(capitals.into()).or_insert(code);
        }
        other.map(|other| &self.list[other as usize])
    }

    fn integer(&mut self, number: i64) -> u32 {
        *self.integers.entry(number).or_insert_with(|| {
            self.list.push(Label::Integer(number));
            self.list.len() as u32 - 1
        })
    }

    fn null(&mut self) -> u32 {
        *self.null.get_or_insert_with(|| {
            self.list.push(Label::Null);
            self.list.len() as u32 - 1
        })
    }

    /// Appends the number of each row's label. A null is a problem unless nulls are allowed, and so is an organisation
    /// that is written in two ways.
    pub(crate) fn read(
        &mut self,
        array: &ArrayRef,
        name: &str,
        nulls: bool,
        first_row: u64,
        problems: &mut Problems,
        codes: &mut Vec<u32>,
    ) {
        let (known, from) = (self.list.len(), codes.len());
        let mut missing = |labels: &mut Self, i: usize| {
            if !nulls {
                let row = first_row + i as u64;
                problems.value(Problem::null(name, row, "a string or an integer"));
            }
            labels.null()
        };
        match canonical(array) {
            Some(Canonical::Dictionary(keys, values)) => {
                // Entries that no row uses are not labels of the table.
                let mut known: Vec<Option<u32>> = vec![None; values.len()];
                for i in 0..keys.len() {
                    let entry = keys.is_valid(i).then(|| keys.value(i) as usize);
                    let code = match entry {
                        Some(entry) => match known[entry] {
                            Some(code) => code,
                            None if values.is_null(entry) => missing(self, i),
                            None => {
                                let code = self.entry(&values, entry);
                                known[entry] = Some(code);
                                code
                            }
                        },
                        None => missing(self, i),
                    };
                    codes.push(code);
                }
            }
            Some(Canonical::Plain(values)) => {
                // Rows of one practice mostly follow each other.
                let mut last: Option<(usize, u32)> = None;
                for i in 0..values.len() {
                    let code = if values.is_null(i) {
                        missing(self, i)
                    } else {
                        match last {
                            Some((row, code)) if values.same(row, i) => code,
                            _ => self.entry(&values, i),
                        }
                    };
                    if values.is_valid(i) {
                        last = Some((i, code));
                    }
                    codes.push(code);
                }
            }
            None => {
                problems.wrong_type(
                    name,
                    array.data_type(),
                    "a string, a dictionary of strings or an integer",
                );
                codes.resize(codes.len() + array.len(), 0);
            }
        }
        let variants = (known as u32..self.list.len() as u32)
            .filter_map(|code| Some((code, self.variant_of(code)?.to_string())));
        let mut variants: HashMap<u32, String> = variants.collect();
        for (row, code) in (first_row..).zip(&codes[from..]) {
            if variants.is_empty() {
                break;
            }
            if let Some(other) = variants.remove(code) {
                let allowed = format!("written like '{other}', from which it differs by case or space alone");
                let label = &self.list[*code as usize];
                problems.value(Problem::cell(Code::Duplicate, name, row, label, &allowed));
            }
        }
    }

    fn entry(&mut self, values: &Values, i: usize) -> u32 {
        match values {
            Values::Text(texts) => self.text(texts.value(i)),
            Values::Integers(numbers) => self.integer(numbers.value(i)),
            Values::Unsigned(numbers) => match i64::try_from(numbers.value(i)) {
                Ok(number) => self.integer(number),
                Err(_) => self.text(&numbers.value(i).to_string()),
            },
        }
    }
}

/// The labels that a column can hold. Of unsigned integers, those past the range of int64 are their digits.
enum Values {
    Text(StringArray),
    Integers(Int64Array),
    Unsigned(UInt64Array),
}

impl Values {
    fn len(&self) -> usize {
        match self {
            Values::Text(a) => a.len(),
            Values::Integers(a) => a.len(),
            Values::Unsigned(a) => a.len(),
        }
    }

    fn is_null(&self, i: usize) -> bool {
        match self {
            Values::Text(a) => a.is_null(i),
            Values::Integers(a) => a.is_null(i),
            Values::Unsigned(a) => a.is_null(i),
        }
    }

    fn is_valid(&self, i: usize) -> bool {
        !self.is_null(i)
    }

    fn same(&self, i: usize, j: usize) -> bool {
        match self {
            Values::Text(a) => a.value(i) == a.value(j),
            Values::Integers(a) => a.value(i) == a.value(j),
            Values::Unsigned(a) => a.value(i) == a.value(j),
        }
    }
}

enum Canonical {
    Dictionary(Int64Array, Values),
    Plain(Values),
}

/// Any kind of string or integer column, or a dictionary of them; none for another type.
fn canonical(array: &ArrayRef) -> Option<Canonical> {
    if let Some(dictionary) = array.as_any_dictionary_opt() {
        let keys = cast(dictionary.keys(), &DataType::Int64).ok()?;
        let keys = keys.as_primitive::<Int64Type>().clone();
        return Some(Canonical::Dictionary(keys, plain(dictionary.values())?));
    }
    plain(array).map(Canonical::Plain)
}

fn plain(array: &ArrayRef) -> Option<Values> {
    let data_type = array.data_type();
    if data_type.is_integer() {
        if *data_type == DataType::UInt64 {
            return Some(Values::Unsigned(array.as_primitive::<UInt64Type>().clone()));
        }
        let numbers = cast(array, &DataType::Int64).ok()?;
        return Some(Values::Integers(numbers.as_primitive::<Int64Type>().clone()));
    }
    let text = is_text(data_type).then(|| cast(array, &DataType::Utf8).ok())??;
    Some(Values::Text(text.as_string::<i32>().clone()))
}
