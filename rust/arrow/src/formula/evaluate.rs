//! How near predictions come to costs: sums over total, deciles of predicted cost, groups and units.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use fundholder_core::error::{Code, Error};
use fundholder_core::fit::{Column, Features, MOST_ROWS, UnitFeatures};
use fundholder_core::run::{Progress, RunError};
use rayon::prelude::*;

use super::apply::Applied;
use crate::labels::{Label, Labels};
use crate::source::Source;
use crate::table::table;

/// Parts of equal weight that people are divided into by their predicted cost.
const PARTS: usize = 10;

/// Actual and predicted costs, person by person.
#[derive(Default)]
pub(super) struct Costs {
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
    group: String,
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
fn amounts(sums: &UnitFeatures, unit: usize) -> [f64; 3] {
    [0, 1, 2].map(|column| sums.total(unit, Column::Number(column)))
}

/// Sums of the distances of predicted from actual cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Distances {
    /// Weight times squared error.
    pub squared_error: f64,
    /// Weight times the squared distance of actual cost from its mean.
    pub squared_deviation: f64,
    /// Weight times absolute error.
    pub absolute_error: f64,
}

/// An evaluation as sums, which the caller divides.
pub struct Evaluated {
    /// Weight, weighted actual cost and weighted predicted cost of total.
    pub totals: [f64; 3],
    /// People.
    pub people: u64,
    /// Over persons.
    pub persons: Distances,
    /// Over units with weight, each by its mean costs and its weight.
    pub units: Distances,
    /// Units with weight.
    pub held: u64,
    /// group, level, people, weight, actual, predicted: sums by decile of predicted cost, by group and by term.
    pub groups: RecordBatch,
    /// `<by>`, people, weight, actual, predicted: sums by unit.
    pub by_unit: RecordBatch,
}

impl Applied<'_> {
    /// Sums that say how near predictions come to costs, in one reading of the persons.
    #[allow(clippy::too_many_arguments)]
    pub fn evaluate(
        &self,
        source: &mut Source<'_>,
        cost: &str,
        weight: Option<&str>,
        by: &str,
        groups: &[String],
        materialised: bool,
        progress: &Progress,
    ) -> Result<Evaluated, RunError> {
        let mut names = vec![by.to_string()];
        names.extend(groups.iter().filter(|name| *name != by).cloned());
        let costs = self.costs(source, cost, weight, &names, materialised, progress)?;
        let people = costs.actual.len();
        let columns = costs.weighted();
        let total = amounts(&sums(&columns, &vec![0; people]), 0);
        let [all, weighted_actual, _] = total;
        if all.is_nan() || all <= 0.0 {
            let weight = weight.unwrap_or_default();
            let text = format!("column '{weight}' is 0 for everyone: must be above 0 for someone");
            return Err(Error::one(Code::NotAllowed, text).into());
        }
        let mean = weighted_actual / all;
        let mut rows = costs.deciles(&columns);
        for name in groups.iter().filter(|name| costs.terms.iter().all(|term| term.group != **name)) {
            let column = names.iter().position(|other| other == name).unwrap_or_default();
            rows.extend(costs.by_label(&columns, column, name));
        }
        let by_unit = sums(&columns, &costs.codes[0]);
        let order = costs.labels[0].sorted();
        let units: Vec<[f64; 3]> = order.iter().map(|&unit| amounts(&by_unit, unit as usize)).collect();
        let held: Vec<&[f64; 3]> = units.iter().filter(|[weight, ..]| *weight > 0.0).collect();
        let of_held =
            |column: usize| held.iter().map(move |unit| unit[column] / unit[0]).collect::<Vec<f64>>();
        let unit_weights: Vec<f64> = held.iter().map(|unit| unit[0]).collect();
        let persons = distances(&costs.actual, &costs.predicted, &costs.weight, mean);
        let of_units = distances(&of_held(1), &of_held(2), &unit_weights, mean);
        let counted = order.iter().map(|&unit| by_unit.people(unit as usize) as i64);
        let number = |column: usize| -> ArrayRef {
            Arc::new(Float64Array::from_iter_values(units.iter().map(|unit| unit[column])))
        };
        let by_unit = table(vec![
            (by, costs.labels[0].column(&order)),
            ("people", Arc::new(Int64Array::from_iter_values(counted))),
            ("weight", number(0)),
            ("actual", number(1)),
            ("predicted", number(2)),
        ]);
        rows.extend(costs.terms);
        Ok(Evaluated {
            totals: total,
            people: people as u64,
            persons,
            units: of_units,
            held: held.len() as u64,
            groups: group_table(&rows),
            by_unit,
        })
    }
}

impl Costs {
    /// Weights, and weighted costs.
    fn weighted(&self) -> [Vec<f64>; 3] {
        let times =
            |costs: &[f64]| costs.iter().zip(&self.weight).map(|(cost, weight)| cost * weight).collect();
        [self.weight.clone(), times(&self.actual), times(&self.predicted)]
    }

    /// Sums by decile of predicted cost, from the lowest: ties in predicted cost are of one decile.
    fn deciles(&self, columns: &[Vec<f64>; 3]) -> Vec<GroupSum> {
        let edges = quantiles(&self.predicted, &self.weight, PARTS);
        let decile = |predicted: &f64| 1 + edges.partition_point(|edge| edge < predicted) as u32;
        let codes: Vec<u32> = self.predicted.iter().map(decile).collect();
        let sums = sums(columns, &codes);
        let all = (1..=PARTS).filter(|&decile| sums.people(decile) > 0);
        all.map(|decile| GroupSum::of("decile", Some(decile.to_string()), &sums, decile)).collect()
    }

    /// Sums by the labels of a column.
    fn by_label(&self, columns: &[Vec<f64>; 3], column: usize, name: &str) -> Vec<GroupSum> {
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
fn sums(columns: &[Vec<f64>], units: &[u32]) -> UnitFeatures {
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

/// Sums of distances between actual and predicted costs, and of actual costs from their mean.
fn distances(actual: &[f64], predicted: &[f64], weight: &[f64], mean: f64) -> Distances {
    let mut columns = [const { Vec::new() }; 3];
    for ((actual, predicted), weight) in actual.iter().zip(predicted).zip(weight) {
        let (error, deviation) = (actual - predicted, actual - mean);
        columns[0].push(weight * error * error);
        columns[1].push(weight * (deviation * deviation));
        columns[2].push(weight * error.abs());
    }
    let [squared_error, squared_deviation, absolute_error] =
        amounts(&sums(&columns, &vec![0; actual.len()]), 0);
    Distances { squared_error, squared_deviation, absolute_error }
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

fn group_table(rows: &[GroupSum]) -> RecordBatch {
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
