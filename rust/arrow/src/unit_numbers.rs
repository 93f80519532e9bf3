//! Numbers of units: their budgets, and scores.

use std::collections::{HashMap, HashSet};

use arrow_array::RecordBatch;
use fundholder_core::error::{Code, Error, Problem};
use fundholder_core::random::mix;

use crate::column::{MONEY, Problems, Rule, SCALE};
use crate::labels::{Label, Labels};
use crate::table::{LabelColumn, NumberColumn, TableRules, read_table};

/// Unit numbers: one of each unit, by label. An integer label and its digits are the same unit, and null is one of its
/// own.
pub struct UnitNumbers {
    argument: &'static str,
    by: String,
    column: String,
    numbers: HashMap<Option<String>, f64>,
    digest: u64,
}

/// The column of the budget for all cost.
const BUDGET: &str = "budget";

/// What is known of the holders of a level beside their people.
#[derive(Default)]
pub struct HolderNumbers {
    /// Their budgets, where they are given.
    pub budgets: Option<UnitNumbers>,
    /// Their scores, in the order of the contract's.
    pub scores: Vec<UnitNumbers>,
}

impl HolderNumbers {
    /// What a result can be traced to.
    pub fn describe(&self, metadata: &mut HashMap<String, String>) {
        self.budgets.iter().chain(&self.scores).for_each(|numbers| numbers.describe(metadata));
    }

    /// Budgets of these units, in their order, where they are given.
    pub(crate) fn budgets_of(&self, labels: &Labels, order: &[u32]) -> Result<Option<Vec<f64>>, Error> {
        self.budgets.as_ref().map(|budgets| budgets.of(labels, order)).transpose()
    }

    /// The scores of each of these units, in their order.
    pub(crate) fn scores_of(&self, labels: &Labels, order: &[u32]) -> Result<Vec<Vec<f64>>, Error> {
        let columns = self.scores.iter().map(|scores| scores.of(labels, order));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        Ok((0..order.len()).map(|row| columns.iter().map(|column| column[row]).collect()).collect())
    }
}

impl UnitNumbers {
    /// The budgets of a table `<by>, <column>`. Rejects missing columns, nulls, negative budgets and duplicate units.
    pub fn budgets(batches: &[RecordBatch], by: &str, column: &str) -> Result<Self, Error> {
        Self::read(batches, "budgets", by, column, MONEY)
    }

    /// The scores of a table `<by>, <column>`.
    pub fn scores(batches: &[RecordBatch], by: &str, column: &str) -> Result<Self, Error> {
        Self::read(batches, "scores", by, column, SCALE)
    }

    fn read(
        batches: &[RecordBatch],
        argument: &'static str,
        by: &str,
        column: &str,
        rule: Rule,
    ) -> Result<Self, Error> {
        let table = read_table(batches, &unit_numbers(argument, by, column, rule, true))?;
        let (labels, units) = &table.labels[0];
        let units = units.iter().map(|&unit| &labels.list()[unit as usize]);
        let numbers = table.numbers[0].iter().map(|number| number.unwrap_or(0.0));
        let digest = units.clone().zip(numbers.clone()).fold(0, |digest: u64, (unit, number)| {
            let key = u64::from(*unit != Label::Null);
            digest.wrapping_add(mix(mix(unit.address() ^ key) ^ number.to_bits()))
        });
        let numbers = units.map(Label::key).zip(numbers).collect();
        Ok(Self { argument, by: by.into(), column: column.into(), numbers, digest })
    }

    /// What a result can be traced to: the same for any order of rows.
    pub fn describe(&self, metadata: &mut HashMap<String, String>) {
        let Self { argument, column, digest, .. } = self;
        let of = if column == BUDGET { String::new() } else { format!(".{column}") };
        metadata.insert(format!("fundholder.{argument}_digest{of}"), format!("{digest:016x}"));
    }

    /// The numbers of these units, in their order; units without one are rejected together.
    pub(crate) fn of(&self, labels: &Labels, order: &[u32]) -> Result<Vec<f64>, Error> {
        let Self { argument, by, column, .. } = self;
        let mut problems = Problems::default();
        let mut numbers = Vec::new();
        for &unit in order {
            let label = &labels.list()[unit as usize];
            match self.numbers.get(&label.key()) {
                Some(number) => numbers.push(*number),
                None => {
                    let text = format!("column '{by}': no {column} for '{label}': every unit must have one");
                    let problem = Problem::new(Code::MissingLabel, text).of(by);
                    problems.value(Problem { value: Some(label.into()), ..problem });
                }
            }
        }
        let known: HashSet<Option<String>> = order.iter().map(|&i| labels.list()[i as usize].key()).collect();
        let mut others: Vec<&Option<String>> =
            self.numbers.keys().filter(|unit| !known.contains(*unit)).collect();
        others.sort_unstable();
        for unit in others {
            let unit = unit.as_deref().unwrap_or("null");
            let text = format!(
                "column '{by}' of {argument}: '{unit}' has a {column} and no people: must be a unit of the population"
            );
            let problem = Problem::new(Code::UnknownLabel, text).of(by);
            problems.value(Problem { value: Some(unit.into()), ..problem });
        }
        problems.check()?;
        Ok(numbers)
    }
}

/// The rules of a table of units and one number of each.
pub(crate) fn unit_numbers(table: &str, by: &str, column: &str, rule: Rule, unique: bool) -> TableRules {
    TableRules {
        table: table.into(),
        labels: vec![LabelColumn { name: by.into(), nulls: true, organisations: true }],
        numbers: vec![NumberColumn { name: column.into(), rule, nulls: false }],
        unique,
        rows: false,
    }
}
