//! Need of persons, groups or units added up by unit: what a pot is shared out by.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use arrow_schema::Schema;
use fundholder_core::error::{Code, Error, Problem};
use fundholder_core::fit::{Column, Features, UnitFeatures};
use fundholder_core::run::{Progress, RunError};

use super::features::{Read, Reader};
use super::parts::summed;
use super::person_columns::PersonColumns;
use crate::column::{COUNT, Rule};
use crate::source::Source;
use crate::table::table;

const MOST: f64 = 1e15;
/// In size, of a number that is not 0: quotients and products of such numbers stay in range.
const LEAST: f64 = 1e-60;
const NEED: Rule = Rule::range(-MOST, MOST, "a finite number from -1e15 to 1e15").smallest(LEAST);
const PEOPLE: Rule = Rule::range(0.0, MOST, "a finite number, 0 or more, at most 1e15").smallest(LEAST);
const INDEX: Rule =
    Rule::range(0.0, MOST, "a finite number above 0, at most 1e15").above_low().smallest(LEAST);

/// One pot's columns: need, and the cost indices that multiply it.
pub struct NeedComponent {
    /// The column of need.
    pub need: String,
    /// The columns of cost indices.
    pub index: Vec<String>,
}

/// What the rows of a table stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RowsAre {
    /// A unit, or a part of one, with a column `people`.
    Units,
    /// Groups of identical people, with a column `count`.
    Groups,
    /// Persons, with neither.
    Persons,
}

impl RowsAre {
    /// Reads it off the columns of a table.
    fn of(schema: &Schema) -> Result<Self, Error> {
        let has = |name: &str| schema.column_with_name(name).is_some();
        match (has("people"), has("count")) {
            (true, true) => Err(Error::many(vec![Problem::new(
                Code::Inconsistent,
                "columns 'people' (of units) and 'count' (of groups): must have one of them, or neither (persons)",
            )])),
            (true, false) => Ok(Self::Units),
            (false, true) => Ok(Self::Groups),
            (false, false) => Ok(Self::Persons),
        }
    }

    /// The column of the number of people, where there is one.
    fn column(self) -> Option<&'static str> {
        match self {
            Self::Units => Some("people"),
            Self::Groups => Some("count"),
            Self::Persons => None,
        }
    }
}

/// Need added up by unit.
pub struct UnitNeed {
    /// unit, rows, people, and for each component need_<i> and weighted_<i>.
    pub table: RecordBatch,
    /// The column that says how many people a row stands for; none where rows are persons.
    pub size: Option<&'static str>,
    /// Are people integers?
    pub integer: bool,
}

/// unit, rows, people, and for each component need_<i> and weighted_<i> (need times its indices), added up by unit:
/// the same digits in any order of rows.
pub fn need_by_unit(
    source: &mut Source<'_>,
    schema: &Schema,
    by: &str,
    components: &[NeedComponent],
    progress: &Progress,
) -> Result<UnitNeed, RunError> {
    let rows_are = RowsAre::of(schema)?;
    let size_column = rows_are.column();
    let size_field = size_column.and_then(|name| schema.field_with_name(name).ok());
    let integer = size_field.is_none_or(|field| field.data_type().is_integer());
    let mut numbers: Vec<(String, Rule)> = Vec::new();
    let mut column = |name: &str, rule: Rule| {
        numbers.iter().position(|(other, _)| other == name).unwrap_or_else(|| {
            numbers.push((name.into(), rule));
            numbers.len() - 1
        })
    };
    // A column of people may serve as need: the stricter rule is that of people.
    let size = size_column.map(|name| column(name, if rows_are == RowsAre::Groups { COUNT } else { PEOPLE }));
    // A column that is an index and a need is held to the rule of an index.
    let index: Vec<Vec<usize>> =
        components.iter().map(|c| c.index.iter().map(|name| column(name, INDEX)).collect()).collect();
    let need: Vec<usize> = components.iter().map(|c| column(&c.need, NEED)).collect();
    let person_columns = PersonColumns {
        table: "persons_or_units",
        numbers,
        units: vec![(by.to_string(), false)],
        once: true,
        ..PersonColumns::default()
    };
    let width = 1 + 2 * components.len();
    let new = || UnitFeatures::new(0, width);
    let add = |sums: &mut UnitFeatures, read: Read, units: &[&[u32]]| {
        let numbers = &read.features.numbers;
        let people = size.map_or(vec![1.0; read.features.rows], |size| numbers[size].clone());
        let times = |a: &[f64], b: &[f64]| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| a * b).collect() };
        let mut columns = Vec::with_capacity(width);
        for (&need, index) in need.iter().zip(&index) {
            let needs = &numbers[need];
            let needs = if rows_are == RowsAre::Groups { times(needs, &people) } else { needs.clone() };
            let weighted = index.iter().fold(needs.clone(), |product, &i| times(&product, &numbers[i]));
            columns.extend([needs, weighted]);
        }
        columns.push(people);
        sums.add(&Features::plain(columns), units[0], None);
    };
    let mut reader = Reader::new(person_columns);
    let sums = summed(source, true, &mut reader, progress, new, add, UnitFeatures::merge)?;
    let order = reader.units[0].sorted();
    let counted = order.iter().map(|&unit| sums.people(unit as usize) as i64);
    let total = |column: usize| -> ArrayRef {
        let totals = order.iter().map(|&unit| sums.total(unit as usize, Column::Number(column as u32)));
        Arc::new(Float64Array::from_iter_values(totals))
    };
    let mut columns: Vec<(String, ArrayRef)> = vec![
        ("unit".into(), reader.units[0].column(&order)),
        ("rows".into(), Arc::new(Int64Array::from_iter_values(counted))),
        ("people".into(), total(width - 1)),
    ];
    for i in 0..components.len() {
        columns.push((format!("need_{i}"), total(2 * i)));
        columns.push((format!("weighted_{i}"), total(2 * i + 1)));
    }
    let table = table(columns.iter().map(|(name, array)| (name.as_str(), array.clone())).collect());
    Ok(UnitNeed { table, size: size_column, integer })
}
