//! Budgets of units: a table `<by>, budget`.

use std::collections::{HashMap, HashSet};

use arrow_array::RecordBatch;
use fundholder_core::error::{Code, Error, Problem};
use fundholder_core::random::mix;

use crate::column::{MONEY, Problems};
use crate::labels::{Label, Labels};
use crate::table::{LabelColumn, NumberColumn, TableRules, read_table};

/// The budget of each unit, by label: an integer label and its digits are the same unit, and null is one of its own.
pub struct Budgets {
    by: String,
    budgets: HashMap<Option<String>, f64>,
    digest: u64,
}

impl Budgets {
    /// Rejects missing columns, nulls, negative budgets and duplicate units. Other columns are ignored.
    pub fn read(batches: &[RecordBatch], by: &str) -> Result<Self, Error> {
        let table = read_table(batches, &amounts("budgets", by, "budget", true))?;
        let (labels, units) = &table.labels[0];
        let units = units.iter().map(|&unit| &labels.list()[unit as usize]);
        let amounts = table.numbers[0].iter().map(|budget| budget.unwrap_or(0.0));
        let digest = units.clone().zip(amounts.clone()).fold(0, |digest: u64, (unit, amount)| {
            let key = u64::from(*unit != Label::Null);
            digest.wrapping_add(mix(mix(unit.address() ^ key) ^ amount.to_bits()))
        });
        Ok(Self { by: by.into(), budgets: units.map(Label::key).zip(amounts).collect(), digest })
    }

    /// What a result can be traced to: the same for any order of rows.
    pub fn describe(&self, metadata: &mut HashMap<String, String>) {
        metadata.insert("fundholder.budgets_digest".into(), format!("{:016x}", self.digest));
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
        labels: vec![LabelColumn { name: by.into(), nulls: true, organisations: true }],
        numbers: vec![NumberColumn { name: amount.into(), rule: MONEY, nulls: false }],
        unique,
        rows: false,
    }
}
