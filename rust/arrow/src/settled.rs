//! Simulated years under a contract: what each of its terms moves, and what is kept.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{ArrayRef, Float64Array, RecordBatch};
use fundholder_core::contract::{Holder, UnitTerm};
use fundholder_core::error::Error;
use fundholder_core::numeric::money::{UNITS_PER_POUND, pounds};
use fundholder_core::run::{Progress, RunError};
use fundholder_core::settle::{Account, Units, check, settle, settle_each, settle_units};
use fundholder_core::simulate::{Totals, UnitTotals};

use crate::labels::Labels;
use crate::results::{Level, yearly};
use crate::table::table;
use crate::unit_numbers::{HolderNumbers, UnitNumbers};
use crate::unreadable;

/// Contract on simulated years: the columns of what its person terms cede, those with the effects held at 1, what it
/// pays providers, and its terms on the total of a unit.
pub struct ContractColumns<'a> {
    pub ceded: &'a [usize],
    pub held: &'a [usize],
    pub payments: &'a [Payment],
    pub terms: &'a [UnitTerm],
}

/// Payment of providers: the column of the care that is paid for, the same with the effects held at 1, and the term.
pub struct Payment {
    pub care: usize,
    pub held: Option<usize>,
    pub term: UnitTerm,
    /// Budgets for this care, to be added up; by default the mean of it.
    pub budgets: Vec<UnitNumbers>,
}

impl Payment {
    fn budget(&self, given: &[Vec<f64>], row: usize, unit: &UnitTotals) -> f64 {
        if given.is_empty() { mean(&unit.columns[self.care]) } else { given.iter().map(|of| of[row]).sum() }
    }

    /// What of this care the provider bears, in every replication.
    fn ceded(&self, care: &[i64], budget: f64) -> Vec<i64> {
        let account = Account::of_pounds(0.0, Some(budget), Holder::default());
        let terms = std::slice::from_ref(&self.term);
        care.iter().map(|&actual| settle(terms, &Account { actual, ..account }).ceded).collect()
    }
}

fn mean(amounts: &[i64]) -> f64 {
    amounts.iter().map(|units| *units as f64).sum::<f64>() / amounts.len() as f64 / UNITS_PER_POUND
}

fn less(left: &mut [i64], ceded: &[i64]) {
    left.iter_mut().zip(ceded).for_each(|(left, ceded)| *left -= ceded);
}

impl ContractColumns<'_> {
    /// What the person terms and the payments leave, and what providers bear of each payment.
    fn left(&self, unit: &UnitTotals, budgets: &[f64]) -> (Vec<i64>, Vec<Vec<i64>>) {
        let mut left = unit.gross.clone();
        self.ceded.iter().for_each(|&column| less(&mut left, &unit.columns[column]));
        let payments = self.payments.iter().zip(budgets);
        let borne: Vec<Vec<i64>> =
            payments.map(|(payment, budget)| payment.ceded(&unit.columns[payment.care], *budget)).collect();
        borne.iter().for_each(|borne| less(&mut left, borne));
        (left, borne)
    }

    /// What is left with the effects held at 1; nothing without effects.
    fn held_left(&self, unit: &UnitTotals, budgets: &[f64]) -> Vec<i64> {
        let mut left = unit.chance_net.clone();
        self.held.iter().for_each(|&column| less(&mut left, &unit.columns[column]));
        for (payment, budget) in self.payments.iter().zip(budgets) {
            let held = payment.held.map(|column| payment.ceded(&unit.columns[column], *budget));
            held.iter().for_each(|borne| less(&mut left, borne));
        }
        left
    }

    /// The budget of each payment of each unit.
    fn payment_budgets(&self, level: &Level, order: &[u32]) -> Result<Vec<Vec<f64>>, Error> {
        let given = self.payments.iter().map(|payment| {
            payment.budgets.iter().map(|of| of.of(&level.labels, order)).collect::<Result<Vec<_>, _>>()
        });
        let given = given.collect::<Result<Vec<_>, _>>()?;
        let of_unit = |(row, unit): (usize, &&UnitTotals)| {
            self.payments
                .iter()
                .zip(&given)
                .map(|(payment, given)| payment.budget(given, row, unit))
                .collect()
        };
        Ok(level.units().iter().enumerate().map(of_unit).collect())
    }
}

/// The level under a contract, whose ceded cost is all that the holder does not keep; and a table `<by>`, people, and in
/// every replication (£) what each person term cedes (`person_<n>`), what providers bear of each payment (`payment_<n>`)
/// and what each unit term moves (`ceded_<n>`, `bonus_<n>`, `penalty_<n>`). Budgets are by default the mean of what the
/// person terms and the payments leave.
pub fn settled_level(
    level: &Level,
    contract: &ContractColumns<'_>,
    holders: &HolderNumbers,
    progress: &Progress,
) -> Result<(Level, RecordBatch), RunError> {
    let order = level.labels.sorted();
    let budgets = holders.budgets_of(&level.labels, &order)?;
    let scores = holders.scores_of(&level.labels, &order)?;
    let for_care = contract.payment_budgets(level, &order)?;
    let units = level.units();
    let replications = units.first().map_or(0, |unit| unit.gross.len());
    let (persons, terms) = (contract.ceded.len(), contract.terms);
    let first_term = persons + contract.payments.len();
    let mut lists: Vec<Vec<f64>> = vec![Vec::new(); first_term + 3 * terms.len()];
    let mut settled: Vec<Option<UnitTotals>> = (0..units.len()).map(|_| None).collect();
    let name = |row: usize| format!("in {} {}", level.name, level.labels.list()[order[row] as usize]);
    let accounts = units.iter().enumerate().map(|(row, unit)| {
        let budget = match &budgets {
            Some(budgets) => budgets[row],
            None => mean(&contract.left(unit, &for_care[row]).0),
        };
        let holder = Holder { people: Some(unit.people as f64), scores: &scores[row] };
        Account::of_pounds(0.0, Some(budget), holder)
    });
    let accounts: Vec<Account<'_>> = accounts.collect();
    check(terms, &accounts, name)?;
    for ((row, unit), account) in units.iter().enumerate().zip(&accounts) {
        progress.check()?;
        let (left, borne) = contract.left(unit, &for_care[row]);
        let ceded = contract.ceded.iter().map(|&column| &unit.columns[column]);
        for (list, amounts) in lists.iter_mut().zip(ceded.chain(&borne)) {
            list.extend(amounts.iter().copied().map(pounds));
        }
        let mut ceded = Vec::with_capacity(replications);
        for (&gross, left) in unit.gross.iter().zip(left) {
            let mut kept = left;
            settle_each(terms, &Account { actual: left, ..*account }, |number, s| {
                kept = s.kept(kept);
                lists[first_term + 3 * number..]
                    .iter_mut()
                    .zip([s.ceded, s.bonus, s.penalty])
                    .for_each(|(list, x)| list.push(pounds(x)));
            });
            ceded.push(gross - kept);
        }
        let held = contract.held_left(unit, &for_care[row]).into_iter();
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
        let name = match (number.checked_sub(persons), number.checked_sub(first_term)) {
            (None, _) => format!("person_{number}"),
            (Some(payment), None) => format!("payment_{payment}"),
            (_, Some(of_unit)) => format!("{}_{}", ["ceded", "bonus", "penalty"][of_unit % 3], of_unit / 3),
        };
        columns.push((name, yearly(list, replications)));
    }
    let columns = columns.iter().map(|(name, array)| (name.as_str(), array.clone())).collect();
    let labels: Labels = level.labels.clone();
    Ok((Level { name: level.name.clone(), labels, totals }, table(columns)))
}

/// Ceded, bonus, penalty and kept (£) of units, of which a table has `actual` and, where they are known, `budget`, `people`
/// and the columns of these scores.
pub fn settled_units(
    terms: &[UnitTerm],
    units: &RecordBatch,
    scores: &[String],
    progress: &Progress,
) -> Result<RecordBatch, RunError> {
    let column = |name: &str| units.column_by_name(name)?.as_primitive_opt::<Float64Type>();
    let values = |name: &str| column(name).map(|values| &values.values()[..]);
    let missing = |name: &str| unreadable("the table of units", &format!("no numbers in column '{name}'"));
    let needed = |name: &str| values(name).ok_or_else(|| missing(name));
    let scores = scores.iter().map(|name| needed(name)).collect::<Result<Vec<_>, _>>()?;
    let units = Units {
        actual: needed("actual")?,
        budget: values("budget"),
        people: values("people"),
        scores: &scores,
    };
    let [ceded, bonus, penalty, kept] =
        settle_units(terms, &units, progress)?.map(|column| Arc::new(Float64Array::from(column)) as ArrayRef);
    Ok(table(vec![("ceded", ceded), ("bonus", bonus), ("penalty", penalty), ("kept", kept)]))
}
