//! Budgets of units: a table `<by>, budget`.

use std::collections::{HashMap, HashSet};

use arrow_array::RecordBatch;
use fundholder_core::error::{Code, Error, Problem};

use crate::column::{NOT_NEGATIVE, Problems};
use crate::labels::Labels;
use crate::table::{LabelColumn, NumberColumn, TableRules, read_table};

/// The budget of each unit, by label: an integer label and its digits are the same unit, and null is one of its own.
pub struct Budgets {
    by: String,
    budgets: HashMap<Option<String>, f64>,
}

impl Budgets {
    /// Rejects missing columns, nulls, negative budgets and duplicate units. Other columns are ignored.
    pub fn read(batches: &[RecordBatch], by: &str) -> Result<Self, Error> {
        let table = read_table(batches, &amounts("budgets", by, "budget", true))?;
        let (labels, units) = &table.labels[0];
        let keys = units.iter().map(|&unit| labels.list()[unit as usize].key());
        let budgets = keys.zip(table.numbers[0].iter().map(|budget| budget.unwrap_or(0.0)));
        Ok(Self { by: by.into(), budgets: budgets.collect() })
    }

    /// The budgets of these units, in their order; units without one are rejected together.
    pub(crate) fn of(&self, labels: &Labels, order: &[u32]) -> Result<Vec<f64>, Error> {
        let mut problems = Problems::default();
        let mut budgets = Vec::new();
        for &unit in order {
            let label = &labels.list()[unit as usize];
            match self.budgets.get(&label.key()) {
                Some(budget) => budgets.push(*budget),
                None => {
                    let text =
                        format!("column '{}': no budget for '{label}': every unit must have one", self.by);
                    let problem = Problem::new(Code::MissingLabel, text).of(&self.by);
                    problems.value(Problem { value: Some(label.into()), ..problem });
                }
            }
        }
        let known: HashSet<Option<String>> = order.iter().map(|&i| labels.list()[i as usize].key()).collect();
        let mut others: Vec<&Option<String>> =
            self.budgets.keys().filter(|unit| !known.contains(*unit)).collect();
        others.sort_unstable();
        for unit in others {
            let unit = unit.as_deref().unwrap_or("null");
            let text = format!(
                "column '{}' of budgets: '{unit}' has a budget and no people: must be a unit of the population",
                self.by
            );
            let problem = Problem::new(Code::UnknownLabel, text).of(&self.by);
            problems.value(Problem { value: Some(unit.into()), ..problem });
        }
        problems.check()?;
        Ok(budgets)
    }
}

/// The rules of a table of units and amounts of money.
pub(crate) fn amounts(table: &str, by: &str, amount: &str, unique: bool) -> TableRules {
    TableRules {
        table: table.into(),
        labels: vec![LabelColumn { name: by.into(), nulls: true }],
        numbers: vec![NumberColumn { name: amount.into(), rule: NOT_NEGATIVE, nulls: false }],
        unique,
        rows: false,
    }
}
