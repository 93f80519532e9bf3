//! PersonCosts of persons beside their predictions, and their sums by group.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use fundholder_core::fit::{Column, Features, MOST_ROWS, UnitFeatures};
use rayon::prelude::*;

use crate::labels::{Label, Labels};
use crate::table::table;

/// Parts of equal weight that people are divided into by their predicted cost.
const PARTS: usize = 10;

/// Actual and predicted costs, person by person.
#[derive(Default)]
pub(super) struct PersonCosts {
    pub actual: Vec<f64>,
    pub predicted: Vec<f64>,
    pub weight: Vec<f64>,
    /// For each column of labels, the number of each person's label.
    pub codes: Vec<Vec<u32>>,
    pub labels: Vec<Labels>,
    /// Sums over the people of each term of the formula.
    pub terms: Vec<GroupSum>,
}

/// Sums over the people of one group: their number, weight, and weighted actual and predicted cost.
pub(super) struct GroupSum {
    pub(super) group: String,
    level: Option<String>,
    people: u64,
    sums: [f64; 3],
}

impl GroupSum {
    pub fn of(group: &str, level: Option<String>, sums: &UnitFeatures, unit: usize) -> Self {
        Self { group: group.into(), level, people: sums.people(unit), sums: amounts(sums, unit) }
    }
}

/// The weight, and weighted actual and predicted cost, of a unit.
pub(super) fn amounts(sums: &UnitFeatures, unit: usize) -> [f64; 3] {
    [0, 1, 2].map(|column| sums.total(unit, Column::Number(column)))
}

impl PersonCosts {
    /// Weights, and weighted costs.
    pub(super) fn weighted(&self) -> [Vec<f64>; 3] {
        let times =
            |costs: &[f64]| costs.iter().zip(&self.weight).map(|(cost, weight)| cost * weight).collect();
        [self.weight.clone(), times(&self.actual), times(&self.predicted)]
    }

    /// Sums by decile of predicted cost, from the lowest: ties in predicted cost are of one decile.
    pub(super) fn deciles(&self, columns: &[Vec<f64>; 3]) -> Vec<GroupSum> {
        let edges = quantiles(&self.predicted, &self.weight, PARTS);
        let decile = |predicted: &f64| 1 + edges.partition_point(|edge| edge < predicted) as u32;
        let codes: Vec<u32> = self.predicted.iter().map(decile).collect();
        let sums = sums(columns, &codes);
        let all = (1..=PARTS).filter(|&decile| sums.people(decile) > 0);
        all.map(|decile| GroupSum::of("decile", Some(decile.to_string()), &sums, decile)).collect()
    }

    /// Sums by the labels of a column.
    pub(super) fn by_label(&self, columns: &[Vec<f64>; 3], column: usize, name: &str) -> Vec<GroupSum> {
        let sums = sums(columns, &self.codes[column]);
        let labels = &self.labels[column];
        let group = |unit: u32| {
            let label = &labels.list()[unit as usize];
            let level = (*label != Label::Null).then(|| label.to_string());
            GroupSum::of(name, level, &sums, unit as usize)
        };
        labels.sorted().into_iter().map(group).collect()
    }
}

/// The sums of columns by unit: the same digits in any order of rows.
pub(super) fn sums(columns: &[Vec<f64>], units: &[u32]) -> UnitFeatures {
    let starts: Vec<usize> = (0..units.len()).step_by(MOST_ROWS).collect();
    let new = || UnitFeatures::new(0, columns.len());
    let part = |mut sum: UnitFeatures, &start: &usize| {
        let end = units.len().min(start + MOST_ROWS);
        let numbers = columns.iter().map(|column| column[start..end].to_vec()).collect();
        sum.add(&Features::plain(numbers), &units[start..end], None);
        sum
    };
    starts.par_iter().fold(new, part).reduce(new, |mut sum, more| {
        sum.merge(more);
        sum
    })
}

/// The `parts - 1` values that cut people, from the lowest, into parts of equal weight.
fn quantiles(values: &[f64], weight: &[f64], parts: usize) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    // Ties in the order of their weights, so that the order of people does not matter.
    let key = |&i: &usize| (values[i], weight[i]);
    order.par_sort_unstable_by(|a, b| key(a).partial_cmp(&key(b)).unwrap_or(std::cmp::Ordering::Equal));
    let mut cumulative = Vec::with_capacity(order.len());
    let mut sum = 0.0;
    for &i in &order {
        sum += weight[i];
        cumulative.push(sum);
    }
    let edge = |part: usize| {
        let share = sum * part as f64 / parts as f64;
        let index = cumulative.partition_point(|&below| below < share).min(order.len() - 1);
        values[order[index]]
    };
    (1..parts).map(edge).collect()
}

/// group, level, people, weight, actual, predicted.
pub(super) fn group_table(rows: &[GroupSum]) -> RecordBatch {
    let sum = |column: usize| -> ArrayRef {
        Arc::new(Float64Array::from_iter_values(rows.iter().map(|row| row.sums[column])))
    };
    table(vec![
        ("group", Arc::new(StringArray::from_iter_values(rows.iter().map(|row| &row.group)))),
        ("level", Arc::new(StringArray::from_iter(rows.iter().map(|row| row.level.as_deref())))),
        ("people", Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.people as i64)))),
        ("weight", sum(0)),
        ("actual", sum(1)),
        ("predicted", sum(2)),
    ])
}
