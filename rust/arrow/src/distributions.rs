//! Exact results as tables: what the lanes without chance say of the units of one level, in the order of their labels.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use fundholder_core::analytic_moments::{
    UnitMoments, Valuation, check_variance, expected as expected_costs, moments,
};
use fundholder_core::contract::{Basis, Holder, Portion, UnitTerm};
use fundholder_core::error::{Code, Error, Problem, Value};
use fundholder_core::exact::{Accuracy, ReadLimit, UnitDistribution, UnitSelection, distributions};
use fundholder_core::measures::{Outcome, Transfer};
use fundholder_core::model::CostModel;
use fundholder_core::population::People;
use fundholder_core::run::{Progress, RunError};
use fundholder_core::settle::{Account, check};

use crate::column::{MONEY, Problems};
use crate::labels::{Label, Labels};
use crate::results::LabelledNumber;
use crate::table::{read_table, table};
use crate::unit_numbers::{HolderNumbers, unit_numbers};

/// The people of one level.
pub struct Level<'a> {
    pub name: &'a str,
    /// Its number among the levels.
    pub index: usize,
    pub labels: &'a Labels,
    pub model: &'a CostModel,
    pub people: &'a People,
}

/// What is reported of one unit.
struct Row {
    budget: f64,
    moments: UnitMoments,
    /// Beyond each tolerance: above, below.
    beyond: Vec<[f64; 2]>,
    quantiles: Vec<f64>,
    accuracy: Accuracy,
    /// Ceded, bonus and penalty under unit terms.
    transfers: [Transfer; 3],
}

impl Level<'_> {
    fn selection<'a>(&self, only: Option<&'a [u32]>, valuation: &'a Valuation) -> UnitSelection<'a> {
        UnitSelection { level: self.index, only, valuation }
    }

    /// The distributions of the selected units; an error names its unit.
    fn distributions<T: Send>(
        &self,
        selection: UnitSelection<'_>,
        progress: &Progress,
        limit: impl Fn(u32, &UnitMoments) -> ReadLimit + Sync,
        read: impl Fn(u32, &UnitDistribution) -> T + Sync,
    ) -> Result<Vec<(u32, T)>, RunError> {
        distributions(self.model, self.people, selection, progress, limit, read).map_err(
            |error| match error {
                RunError::Rejected(mut error) => {
                    error.problems.iter_mut().for_each(|problem| self.name_unit(problem));
                    RunError::Rejected(error)
                }
                interrupted => interrupted,
            },
        )
    }

    /// Names the unit of a problem that has its number.
    fn name_unit(&self, problem: &mut Problem) {
        if let (Code::NotComputable, Some(Value::Integer(unit))) = (problem.code, &problem.value) {
            let label = Value::from(&self.labels.list()[*unit as usize]);
            problem.text = format!("{} {label}: {}", self.name, problem.text);
            problem.column = Some(self.name.into());
            problem.value = Some(label);
        }
    }
}

/// Expected cost of each unit, in the order of the labels.
pub fn expected(level: &Level<'_>, valuation: &Valuation, progress: &Progress) -> Result<Vec<f64>, RunError> {
    let means = expected_costs(level.model, level.people, level.index, valuation, progress)?;
    Ok(level.labels.sorted().into_iter().map(|unit| means[unit as usize]).collect())
}

/// What `variance` is asked for.
pub struct VarianceOptions<'a> {
    /// Terms on the total of a unit, which need `exact`; empty for none.
    pub unit_terms: &'a [UnitTerm],
    /// Budgets, by default expected costs before the unit terms; and scores.
    pub holders: &'a HolderNumbers,
    pub thresholds: &'a [LabelledNumber],
    pub quantiles: &'a [LabelledNumber],
    /// Are there distributions? Without them, probabilities and quantiles are null.
    pub exact: bool,
}

/// The columns of `variance`, and how accurate its distributions are.
pub fn variance_table(
    level: &Level<'_>,
    valuation: &Valuation,
    options: &VarianceOptions<'_>,
    progress: &Progress,
) -> Result<(RecordBatch, Accuracy), RunError> {
    let VarianceOptions { unit_terms, holders, thresholds, quantiles, exact } = *options;
    let all: Vec<u32> = (0..level.labels.list().len() as u32).collect();
    let budgets = holders.budgets_of(level.labels, &all)?;
    let scores = holders.scores_of(level.labels, &all)?;
    if !unit_terms.is_empty() {
        let people = level.people.sizes(level.index).into_iter();
        let holders = people.zip(&scores).map(|(n, scores)| Holder { people: Some(n as f64), scores });
        let accounts = holders.map(|holder| Account { actual: 0, budget: Some(0), holder });
        let name = |unit: usize| format!("in {} {}", level.name, Value::from(&level.labels.list()[unit]));
        check(unit_terms, &accounts.collect::<Vec<_>>(), name)?;
    }
    let budget = |unit: u32, m: &UnitMoments| budgets.as_ref().map_or(m.all.mean, |b| b[unit as usize]);
    let rows: Vec<Row> = if exact {
        check_variance(level.model, level.people, valuation)?;
        let most = thresholds.iter().map(|(_, t)| *t).fold(0.0, f64::max);
        let tail = quantiles.iter().map(|(_, q)| 1.0 - q).fold(1.0, f64::min);
        let limit = |unit: u32, m: &UnitMoments| ReadLimit { total: budget(unit, m) * (1.0 + most), tail };
        let read = |unit: u32, distribution: &UnitDistribution| {
            let budget = budget(unit, &distribution.moments);
            if !unit_terms.is_empty() {
                return row_of_outcome(
                    &Outcome::new(distribution, unit_terms, budget, &scores[unit as usize]),
                    distribution,
                    budget,
                    options,
                );
            }
            let beyond = |(_, t): &LabelledNumber| {
                [1.0 - distribution.cdf(budget * (1.0 + t)), distribution.below(budget * (1.0 - t))]
            };
            Row {
                budget,
                moments: distribution.moments.clone(),
                beyond: thresholds.iter().map(beyond).collect(),
                quantiles: quantiles.iter().map(|(_, q)| distribution.quantile(*q)).collect(),
                accuracy: distribution.accuracy,
                transfers: Default::default(),
            }
        };
        let units = level.distributions(level.selection(None, valuation), progress, limit, read)?;
        let mut rows: Vec<Row> = units.into_iter().map(|(_, row)| row).collect();
        if !unit_terms.is_empty() && valuation.practice_sd + valuation.national_sd > 0.0 {
            let held = Valuation { practice_sd: 0.0, national_sd: 0.0, ..valuation.clone() };
            let sd = |unit: u32, distribution: &UnitDistribution| {
                let budget = rows[unit as usize].budget;
                Outcome::new(distribution, unit_terms, budget, &scores[unit as usize]).kept.sd
            };
            let sds = level.distributions(level.selection(None, &held), progress, limit, sd)?;
            for (row, (_, chance)) in rows.iter_mut().zip(sds) {
                let moments = &mut row.moments;
                moments.chance_sd = chance;
                moments.systematic_sd = (moments.all.sd * moments.all.sd - chance * chance).max(0.0).sqrt();
            }
        }
        rows
    } else {
        let row = |(unit, moments)| Row {
            budget: budget(unit, &moments),
            moments,
            beyond: Vec::new(),
            quantiles: Vec::new(),
            accuracy: Accuracy::default(),
            transfers: Default::default(),
        };
        let units = moments(level.model, level.people, level.index, valuation, progress)?;
        (0..).zip(units).map(row).collect()
    };
    let order = level.labels.sorted();
    let numbers = |of: &dyn Fn(u32, &Row) -> Option<f64>| -> ArrayRef {
        Arc::new(Float64Array::from_iter(order.iter().map(|&unit| of(unit, &rows[unit as usize]))))
    };
    let people = order.iter().map(|&unit| rows[unit as usize].moments.people as i64);
    let mut columns: Vec<(String, ArrayRef)> = vec![
        (level.name.into(), level.labels.column(&order)),
        ("people".into(), Arc::new(Int64Array::from_iter_values(people))),
    ];
    // What is ceded person by person varies with what is ceded of the total: only the latter is known apart.
    let alone = valuation.portion.terms.terms().is_empty();
    let ceded_before = match unit_terms {
        [] => Vec::new(),
        _ => {
            let ceded = Portion { basis: Basis::Ceded, ..valuation.portion.clone() };
            let ceded = Valuation { portion: ceded, ..valuation.clone() };
            expected_costs(level.model, level.people, level.index, &ceded, progress)?
        }
    };
    let mut put = |name: String, of: &dyn Fn(u32, &Row) -> Option<f64>| columns.push((name, numbers(of)));
    put("expected".into(), &|_, row| Some(row.moments.all.mean));
    put("budget".into(), &|_, row| Some(row.budget));
    put("sd".into(), &|_, row| Some(row.moments.all.sd));
    put("cv".into(), &|_, row| row.moments.all.cv);
    put("skewness".into(), &|_, row| row.moments.all.skewness);
    put("kurtosis".into(), &|_, row| row.moments.all.kurtosis);
    put("chance_sd".into(), &|_, row| Some(row.moments.chance_sd));
    put("systematic_sd".into(), &|_, row| Some(row.moments.systematic_sd));
    for (i, (text, _)) in thresholds.iter().enumerate() {
        put(format!("p_over_{text}"), &|_, row| row.beyond.get(i).map(|[over, _]| *over));
        put(format!("p_under_{text}"), &|_, row| row.beyond.get(i).map(|[_, under]| *under));
        put(format!("p_outside_{text}"), &|_, row| row.beyond.get(i).map(|[over, under]| over + under));
    }
    for (i, (text, _)) in quantiles.iter().enumerate() {
        put(format!("q{text}"), &|_, row| row.quantiles.get(i).copied());
    }
    if !unit_terms.is_empty() {
        put("expected_ceded".into(), &|unit, row| Some(row.transfers[0].mean + ceded_before[unit as usize]));
        put("sd_ceded".into(), &|_, row| alone.then_some(row.transfers[0].sd));
        put("p_ceded".into(), &|_, row| alone.then_some(row.transfers[0].p));
        for (i, name) in [(1, "bonus"), (2, "penalty")] {
            put(format!("expected_{name}"), &|_, row| Some(row.transfers[i].mean));
            put(format!("sd_{name}"), &|_, row| Some(row.transfers[i].sd));
            put(format!("p_{name}"), &|_, row| Some(row.transfers[i].p));
        }
    }
    let worst = rows.iter().map(|row| row.accuracy).fold(Accuracy::default(), Accuracy::worse);
    Ok((table(columns.iter().map(|(name, array)| (name.as_str(), array.clone())).collect()), worst))
}

/// What is reported of a unit under unit terms.
fn row_of_outcome(
    outcome: &Outcome<'_>,
    distribution: &UnitDistribution,
    budget: f64,
    options: &VarianceOptions<'_>,
) -> Row {
    let mut moments = UnitMoments { all: outcome.kept, ..distribution.moments.clone() };
    (moments.chance_sd, moments.systematic_sd) = (outcome.kept.sd, 0.0);
    let beyond = |(_, t): &LabelledNumber| outcome.beyond(budget * (1.0 + t), budget * (1.0 - t));
    Row {
        budget,
        moments,
        beyond: options.thresholds.iter().map(beyond).collect(),
        quantiles: options.quantiles.iter().map(|(_, q)| outcome.quantile(*q)).collect(),
        accuracy: distribution.accuracy,
        transfers: [outcome.ceded, outcome.bonus, outcome.penalty],
    }
}

/// `<by>`, cost, probability, cumulative: the distribution of each unit, or of those named.
pub fn distribution_table(
    level: &Level<'_>,
    valuation: &Valuation,
    units: Option<&[String]>,
    points: usize,
    progress: &Progress,
) -> Result<(RecordBatch, Accuracy), RunError> {
    let order = level.labels.sorted();
    let allowed = a_unit(level);
    let chosen: Vec<u32> = match units {
        None => order,
        Some(names) => {
            let names: Vec<Label> = names.iter().map(|name| Label::Text(name.as_str().into())).collect();
            let named = find(level, &names, |_, name| Problem {
                code: Code::UnknownLabel,
                ..Problem::argument("units", name, &allowed)
            })?;
            order.into_iter().filter(|unit| named.contains(unit)).collect()
        }
    };
    let read = |_: u32, distribution: &UnitDistribution| (distribution.table(points), distribution.accuracy);
    let mut results: HashMap<u32, _> = level
        .distributions(level.selection(Some(&chosen), valuation), progress, |_, _| ReadLimit::ALL, read)?
        .into_iter()
        .collect();
    let (mut of_unit, mut columns) = (Vec::new(), [Vec::new(), Vec::new(), Vec::new()]);
    let mut worst = Accuracy::default();
    for unit in chosen {
        progress.check()?;
        let Some((rows, accuracy)) = results.remove(&unit) else { continue };
        worst = worst.worse(accuracy);
        for (cost, probability, cumulative) in rows {
            of_unit.push(unit);
            columns.iter_mut().zip([cost, probability, cumulative]).for_each(|(column, x)| column.push(x));
        }
    }
    let [cost, probability, cumulative] =
        columns.map(|column| Arc::new(Float64Array::from(column)) as ArrayRef);
    let columns = vec![
        (level.name, level.labels.column(&of_unit)),
        ("cost", cost),
        ("probability", probability),
        ("cumulative", cumulative),
    ];
    Ok((table(columns), worst))
}

/// `<by>`, cost, cumulative: P(total <= cost) for each row of a table `<by>`, cost.
pub fn cumulative_table(
    level: &Level<'_>,
    valuation: &Valuation,
    at: &[RecordBatch],
    progress: &Progress,
) -> Result<RecordBatch, RunError> {
    let allowed = a_unit(level);
    let (names, costs) = read_costs(at, level.name)?;
    let units =
        find(level, &names, |row, name| Problem::cell(Code::UnknownLabel, level.name, row, name, &allowed))?;
    let mut rows_of: HashMap<u32, Vec<usize>> = HashMap::new();
    units.iter().enumerate().for_each(|(row, unit)| rows_of.entry(*unit).or_default().push(row));
    let mut chosen: Vec<u32> = rows_of.keys().copied().collect();
    chosen.sort_unstable();
    let most = |unit: u32, _: &UnitMoments| ReadLimit {
        total: rows_of[&unit].iter().map(|&row| costs[row]).fold(0.0, f64::max),
        tail: 1.0,
    };
    let read = |unit: u32, distribution: &UnitDistribution| -> Vec<(usize, f64)> {
        rows_of[&unit].iter().map(|&row| (row, distribution.cdf(costs[row]))).collect()
    };
    let read_units = level.distributions(level.selection(Some(&chosen), valuation), progress, most, read)?;
    let mut cumulative = vec![0.0; costs.len()];
    read_units.into_iter().flat_map(|(_, rows)| rows).for_each(|(row, p)| cumulative[row] = p);
    Ok(table(vec![
        (level.name, level.labels.column(&units)),
        ("cost", Arc::new(Float64Array::from(costs)) as ArrayRef),
        ("cumulative", Arc::new(Float64Array::from(cumulative))),
    ]))
}

/// The units and costs of a table `<by>`, cost.
fn read_costs(batches: &[RecordBatch], by: &str) -> Result<(Vec<Label>, Vec<f64>), Error> {
    let table = read_table(batches, &unit_numbers("at", by, "cost", MONEY, false))?;
    let (labels, units) = &table.labels[0];
    let names = units.iter().map(|&unit| labels.list()[unit as usize].clone());
    Ok((names.collect(), table.numbers[0].iter().map(|cost| cost.unwrap_or(0.0)).collect()))
}

fn a_unit(level: &Level<'_>) -> String {
    format!("a unit of the population's column '{}'", level.name)
}

/// The numbers of units with these names; all that are not there are rejected together.
fn find(
    level: &Level<'_>,
    names: &[Label],
    unknown: impl Fn(u64, &Label) -> Problem,
) -> Result<Vec<u32>, Error> {
    let known: HashMap<Option<String>, u32> = level.labels.list().iter().map(Label::key).zip(0..).collect();
    let mut problems = Problems::default();
    let mut units = Vec::new();
    for (row, name) in names.iter().enumerate() {
        match known.get(&name.key()) {
            Some(unit) => units.push(*unit),
            None => problems.value(unknown(row as u64, name)),
        }
    }
    problems.check()?;
    Ok(units)
}
