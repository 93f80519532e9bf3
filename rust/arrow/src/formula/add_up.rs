//! Columns added up by unit, and uniform numbers of labels: the same in any order of rows.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use fundholder_core::fit::{Column, UnitFeatures};
use fundholder_core::numeric::power::integer_power;
use fundholder_core::random::mix;
use fundholder_core::run::{Progress, RunError};

use super::features::{FINITE, Read, Reader};
use super::parts::summed;
use super::person_columns::PersonColumns;
use crate::labels::Label;
use crate::source::Source;
use crate::table::{LabelColumn, TableRules, read_long_table, table};

/// `<by>`, rows, and the sum of each column over the rows of a unit (or over all, without `by`): the same digits in any
/// order of rows.
pub fn add_up(
    source: &mut Source<'_>,
    by: Option<&str>,
    columns: &[String],
    materialised: bool,
    progress: &Progress,
) -> Result<RecordBatch, RunError> {
    let person_columns = PersonColumns {
        numbers: columns.iter().map(|name| (name.clone(), FINITE)).collect(),
        units: by.iter().map(|by| (by.to_string(), true)).collect(),
        ..PersonColumns::default()
    };
    let mut reader = Reader::new(person_columns);
    let new = || UnitFeatures::new(0, columns.len());
    let add = |sums: &mut UnitFeatures, read: Read, units: &[&[u32]]| match units {
        [] => sums.add(&read.features, &vec![0; read.features.rows], None),
        [units, ..] => sums.add(&read.features, units, None),
    };
    let sums = summed(source, materialised, &mut reader, progress, new, add, UnitFeatures::merge)?;
    let order = reader.units.first().map_or(vec![0], |labels| labels.sorted());
    let mut named: Vec<(&str, ArrayRef)> = Vec::new();
    if let (Some(by), Some(labels)) = (by, reader.units.first()) {
        named.push((by, labels.column(&order)));
    }
    let counted = order.iter().map(|&unit| sums.people(unit as usize) as i64);
    named.push(("rows", Arc::new(Int64Array::from_iter_values(counted))));
    for (name, c) in columns.iter().zip(0..) {
        let column = order.iter().map(|&unit| sums.total(unit as usize, Column::Number(c)));
        named.push((name, Arc::new(Float64Array::from_iter_values(column))));
    }
    Ok(table(named))
}

/// `uniform`: for each row a number in [0, 1) that depends on the label of its column and a seed alone.
pub fn uniforms(
    batches: &[RecordBatch],
    column: &str,
    seed: u64,
    progress: &Progress,
) -> Result<RecordBatch, RunError> {
    let rules = TableRules {
        table: "persons".into(),
        labels: vec![LabelColumn { name: column.into(), nulls: false, organisations: true }],
        numbers: Vec::new(),
        unique: false,
        rows: false,
    };
    let (labels, codes) = read_long_table(batches, &rules, progress)?.labels.remove(0);
    // The upper 53 bits, as a double holds them.
    let uniform = |label: &Label| (mix(label.address() ^ mix(seed)) >> 11) as f64 * integer_power(2.0, -53);
    let uniforms: Vec<f64> = labels.list().iter().map(uniform).collect();
    let column = codes.iter().map(|&code| uniforms[code as usize]);
    Ok(table(vec![("uniform", Arc::new(Float64Array::from_iter_values(column)))]))
}
