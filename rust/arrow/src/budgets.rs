//! Budgets of units: a table `<by>, budget`.

use std::collections::{HashMap, HashSet};

use arrow_array::RecordBatch;
use fundholder_core::error::{Error, Problem};

use crate::column::{NOT_NEGATIVE, Problems, each, numbers, required};
use crate::labels::{Label, Labels};

/// The budget of each unit, by label: an integer label and its digits are the same unit, and null is one of its own.
pub struct Budgets {
    by: String,
    budgets: HashMap<Option<String>, f64>,
}

impl Budgets {
    /// Rejects missing columns, nulls, negative budgets and units named twice. Other columns are ignored.
    pub fn read(batches: &[RecordBatch], by: &str) -> Result<Self, Error> {
        let mut problems = Problems::default();
        let mut labels = Labels::default();
        let mut units = Vec::new();
        let mut values = Vec::new();
        let mut first = 0;
        for batch in batches {
            if let Some(column) = required(batch, by, &mut problems) {
                labels.read(column, by, true, first, &mut problems, &mut units);
            }
            if let Some(column) = required(batch, "budget", &mut problems)
                .and_then(|c| numbers(c, "budget", first, &mut problems))
            {
                each(&column, "budget", &NOT_NEGATIVE, false, first, &mut problems, |x| {
                    values.push(x.unwrap_or(0.0));
                });
            }
            first += batch.num_rows() as u64;
        }
        let mut budgets = HashMap::new();
        for (row, (unit, value)) in units.iter().zip(&values).enumerate() {
            let Some(label) = labels.list().get(*unit as usize) else { continue };
            if budgets.insert(key(label), *value).is_some() {
                problems.value(Problem::cell(by, row as u64, format!("'{label}' again"), "a unit once"));
            }
        }
        problems.check()?;
        Ok(Self { by: by.into(), budgets })
    }

    /// The budgets of these units, in their order; units without one are rejected together.
    pub(crate) fn of(&self, labels: &Labels, order: &[u32]) -> Result<Vec<f64>, Error> {
        let mut problems = Problems::default();
        let mut found = Vec::new();
        for &unit in order {
            let label = &labels.list()[unit as usize];
            match self.budgets.get(&key(label)) {
                Some(budget) => found.push(*budget),
                None => problems.value(Problem::new(format!(
                    "column '{}': no budget for '{label}': every unit must have one",
                    self.by
                ))),
            }
        }
        let known: HashSet<Option<String>> = order.iter().map(|&i| key(&labels.list()[i as usize])).collect();
        let mut others: Vec<&Option<String>> =
            self.budgets.keys().filter(|unit| !known.contains(*unit)).collect();
        others.sort_unstable();
        for unit in others {
            problems.value(Problem::new(format!(
                "column '{}' of budgets: '{}' has a budget and no people: must be a unit of the population",
                self.by,
                unit.as_deref().unwrap_or("null")
            )));
        }
        problems.check()?;
        Ok(found)
    }
}

fn key(label: &Label) -> Option<String> {
    (*label != Label::Null).then(|| label.to_string())
}
