//! Simulated years under a contract: what each of its terms moves, and what is kept.

use arrow_array::RecordBatch;
use fundholder_core::contract::UnitTerm;
use fundholder_core::numeric::money::{UNITS_PER_POUND, pounds};
use fundholder_core::run::{Progress, RunError};
use fundholder_core::settle::{Account, check, settle, settle_each};
use fundholder_core::simulate::{Totals, UnitTotals};

use crate::budgets::Budgets;
use crate::labels::Labels;
use crate::results::{Level, yearly};
use crate::table::table;

/// Contract on simulated years: the columns of what its person terms cede, those with the effects held at 1, and its
/// terms on the total of a unit.
pub struct ContractColumns<'a> {
    pub ceded: &'a [usize],
    pub held: &'a [usize],
    pub terms: &'a [UnitTerm],
}

impl ContractColumns<'_> {
    fn left(&self, cost: &[i64], columns: &[usize], unit: &UnitTotals) -> Vec<i64> {
        let mut left = cost.to_vec();
        for &column in columns {
            left.iter_mut().zip(&unit.columns[column]).for_each(|(left, ceded)| *left -= ceded);
        }
        left
    }
}

/// The level under a contract, whose ceded cost is all that the holder does not keep; and a table `<by>`, people, and in
/// every replication (£) what each person term cedes (`person_<n>`) and each unit term moves (`ceded_<n>`, `bonus_<n>`,
/// `penalty_<n>`). Budgets are by default the mean of what the person terms leave.
pub fn settled_level(
    level: &Level,
    contract: &ContractColumns<'_>,
    budgets: Option<&Budgets>,
    progress: &Progress,
) -> Result<(Level, RecordBatch), RunError> {
    let order = level.labels.sorted();
    let budgets = budgets.map(|budgets| budgets.of(&level.labels, &order)).transpose()?;
    let units = level.units();
    let replications = units.first().map_or(0, |unit| unit.gross.len());
    let (persons, terms) = (contract.ceded.len(), contract.terms);
    let mut lists: Vec<Vec<f64>> = vec![Vec::new(); persons + 3 * terms.len()];
    let mut settled: Vec<Option<UnitTotals>> = (0..units.len()).map(|_| None).collect();
    let name = |row: usize| format!("in {} {}", level.name, level.labels.list()[order[row] as usize]);
    let accounts = units.iter().enumerate().map(|(row, unit)| {
        let mean = || {
            let left = contract.left(&unit.gross, contract.ceded, unit);
            left.iter().map(|units| *units as f64).sum::<f64>() / replications as f64 / UNITS_PER_POUND
        };
        let budget = budgets.as_ref().map_or_else(mean, |budgets| budgets[row]);
        Account::of_pounds(0.0, Some(budget), Some(unit.people as f64))
    });
    let accounts: Vec<Account> = accounts.collect();
    check(terms, &accounts, name)?;
    for ((row, unit), account) in units.iter().enumerate().zip(&accounts) {
        progress.check()?;
        for (list, &column) in lists.iter_mut().zip(contract.ceded) {
            list.extend(unit.columns[column].iter().copied().map(pounds));
        }
        let mut ceded = Vec::with_capacity(replications);
        for (&gross, left) in unit.gross.iter().zip(contract.left(&unit.gross, contract.ceded, unit)) {
            let mut kept = left;
            settle_each(terms, &Account { actual: left, ..*account }, |number, s| {
                kept = s.kept(kept);
                let first = persons + 3 * number;
                lists[first..]
                    .iter_mut()
                    .zip([s.ceded, s.bonus, s.penalty])
                    .for_each(|(list, x)| list.push(pounds(x)));
            });
            ceded.push(gross - kept);
        }
        let held = contract.left(&unit.chance_net, contract.held, unit).into_iter();
        let chance_net =
            held.map(|actual| settle(terms, &Account { actual, ..*account }).kept(actual)).collect();
        settled[order[row] as usize] = Some(UnitTotals {
            people: unit.people,
            gross: unit.gross.clone(),
            ceded,
            chance_net,
            columns: Vec::new(),
            heavy_means: [unit.heavy_means[0], None, None],
        });
    }
    let totals = Totals { units: settled.into_iter().flatten().collect() };
    let [by, people] = level.head();
    let mut columns = vec![(by.0.to_string(), by.1), (people.0.to_string(), people.1)];
    for (number, list) in lists.into_iter().enumerate() {
        let name = match number.checked_sub(persons) {
            None => format!("person_{number}"),
            Some(of_unit) => format!("{}_{}", ["ceded", "bonus", "penalty"][of_unit % 3], of_unit / 3),
        };
        columns.push((name, yearly(list, replications)));
    }
    let columns = columns.iter().map(|(name, array)| (name.as_str(), array.clone())).collect();
    let labels: Labels = level.labels.clone();
    Ok((Level { name: level.name.clone(), labels, totals }, table(columns)))
}
