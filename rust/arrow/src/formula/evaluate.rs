//! How near predictions come to costs: sums over everyone, deciles of predicted cost, groups and units.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use fundholder_core::error::{Code, Error};
use fundholder_core::run::{Progress, RunError};

use super::apply::Applied;
use super::person_costs::{amounts, group_table, sums};
use crate::source::Source;
use crate::table::table;

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
    /// Weight, weighted actual cost and weighted predicted cost of everyone.
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
