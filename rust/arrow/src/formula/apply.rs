//! A formula applied to persons: one by one, or added up by unit.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use fundholder_core::error::{Code, Error, Problem};
use fundholder_core::fit::{Column, Features, Linear, UnitFeatures};
use fundholder_core::run::{Progress, RunError};

use super::codes::Codes;
use super::features::{AMOUNT, ANY_NUMBER, Read, Reader};
use super::parts::{in_parts, summed};
use super::person_columns::{LevelColumn, Levels, PersonColumns};
use super::person_costs::{GroupSum, PersonCosts};
use super::terms::{Role, Term};
use crate::column::Rule;
use crate::source::Source;
use crate::table::{LabelColumn, NumberColumn, TableRules, read_table, table};

/// Columns that go with a prediction.
const CARRIED: [&str; 2] = ["person", "practice"];

/// A formula that was fitted, or read from a file.
pub struct Formula {
    terms: Vec<Term>,
    /// Of the coefficients, row by row.
    covariance: Option<Vec<f64>>,
}

fn number(name: String) -> NumberColumn {
    NumberColumn { name, rule: Rule::range(-f64::MAX, f64::MAX, "a finite number"), nulls: false }
}

/// A table `term` and a column for each term, row by row.
fn square(terms: &[Term], batches: &[RecordBatch]) -> Result<Vec<f64>, Error> {
    let names: Vec<String> = terms.iter().map(Term::name).collect();
    let rules = TableRules {
        table: "covariance".into(),
        labels: vec![LabelColumn { name: "term".into(), nulls: false, organisations: false }],
        numbers: names.iter().cloned().map(number).collect(),
        unique: true,
        rows: true,
    };
    let read = read_table(batches, &rules)?;
    let (labels, codes) = &read.labels[0];
    let rows = codes.iter().map(|&code| labels.list()[code as usize].to_string());
    if !rows.eq(names.iter().cloned()) {
        let text = "covariance: must have a row for each term, in the order of the terms";
        return Err(Error::many(vec![Problem::new(Code::Inconsistent, text).of("term")]));
    }
    let row = |row: usize| read.numbers.iter().map(move |column| column[row].unwrap_or(0.0));
    Ok((0..names.len()).flat_map(row).collect())
}

/// A formula made ready for persons.
pub struct Applied<'a> {
    formula: &'a Formula,
    person_columns: PersonColumns,
    /// What stands for each term: a column, or the mean where it is held there.
    columns: Vec<Option<Column>>,
    /// Codes of the persons that the formula does not have.
    pub unknown_codes: Vec<String>,
}

impl Formula {
    /// Reads the columns role, column, level, coefficient and mean of a table of terms, and the covariance of their
    /// coefficients: `term`, then a column for each term.
    pub fn read(terms: &[RecordBatch], covariance: Option<&[RecordBatch]>) -> Result<Self, Error> {
        let label =
            |name: &str| LabelColumn { name: name.into(), nulls: name != "role", organisations: false };
        let rules = TableRules {
            table: "terms".into(),
            labels: ["role", "column", "level"].map(label).into(),
            numbers: ["coefficient", "mean"].map(|name| number(name.into())).into(),
            unique: true,
            rows: true,
        };
        let read = read_table(terms, &rules)?;
        let text = |column: usize, row: usize| {
            let (labels, codes) = &read.labels[column];
            labels.list()[codes[row] as usize].key()
        };
        let value = |column: usize, row: usize| read.numbers[column][row].unwrap_or(0.0);
        let (mut problems, mut terms) = (Vec::new(), Vec::new());
        for row in 0..read.numbers[0].len() {
            let (role, column, level) = (text(0, row).unwrap_or_default(), text(1, row), text(2, row));
            let Some(role) = Role::named(&role) else {
                let allowed = "intercept, category, flag, need, supply or area";
                problems.push(Problem::cell(Code::NotAllowed, "role", row as u64, role.as_str(), allowed));
                continue;
            };
            if !role.allows(column.is_some(), level.is_some()) {
                let text = format!(
                    "row {row}: a term of role '{}' must have its own column and level, or neither",
                    role.name()
                );
                problems.push(Problem { row: Some(row as u64), ..Problem::new(Code::Inconsistent, text) });
            }
            terms.push(Term {
                coefficient: value(0, row),
                mean: value(1, row),
                ..Term::new(role, column, level)
            });
        }
        Error::unless_empty(problems)?;
        let covariance = covariance.map(|batches| square(&terms, batches)).transpose()?;
        Ok(Self { terms, covariance })
    }

    /// Its codes, in their order.
    fn codes(&self) -> Vec<String> {
        let codes = self.terms.iter().filter(|t| t.role == Role::Flag && t.column.is_none());
        codes.filter_map(|t| t.level.clone()).collect()
    }

    /// Makes ready for persons with these codes; with supply and area at their means where `neutral`.
    pub fn ready(
        &self,
        neutral: bool,
        codes: Option<&[RecordBatch]>,
        progress: &Progress,
    ) -> Result<Applied<'_>, RunError> {
        let own = self.codes();
        let codes = match codes {
            Some(batches) => Some(Arc::new(Codes::read(batches, Some(&own), progress)?)),
            None if own.is_empty() => None,
            None => {
                return Err(Error::one(
                    Code::MissingLabel,
                    format!(
                        "codes are missing: the formula has {} codes, and needs a table of person and code",
                        own.len()
                    ),
                )
                .into());
            }
        };
        let unknown_codes = codes.as_ref().map_or(Vec::new(), |codes| codes.unknown.clone());
        let mut person_columns = PersonColumns { codes, ..PersonColumns::default() };
        let mut levels: Vec<(String, HashMap<String, u32>)> = Vec::new();
        let mut columns = Vec::new();
        // Indicators are those of flags, of codes, then of levels.
        let flagged = self.terms.iter().filter(|t| t.role == Role::Flag && t.column.is_some()).count() as u32;
        let (mut code, mut level) = (flagged, flagged + own.len() as u32);
        let next = |number: &mut u32| std::mem::replace(number, *number + 1);
        for term in &self.terms {
            if neutral && term.role.neutral() {
                columns.push(None);
                continue;
            }
            let name = term.column.clone().unwrap_or_default();
            columns.push(Some(match term.role {
                Role::Intercept => Column::Intercept,
                Role::Flag if term.column.is_some() => {
                    person_columns.flags.push(name);
                    Column::Indicator(person_columns.flags.len() as u32 - 1)
                }
                Role::Flag => Column::Indicator(next(&mut code)),
                Role::Need | Role::Supply => {
                    person_columns.numbers.push((name, ANY_NUMBER));
                    Column::Number(person_columns.numbers.len() as u32 - 1)
                }
                Role::Category | Role::Area => {
                    let indicator = next(&mut level);
                    let index = levels.iter().position(|(other, _)| *other == name).unwrap_or_else(|| {
                        levels.push((name, HashMap::new()));
                        levels.len() - 1
                    });
                    levels[index].1.insert(term.level.clone().unwrap_or_default(), indicator);
                    Column::Indicator(indicator)
                }
            }));
        }
        let known = |(name, known)| LevelColumn { name, levels: Levels::Known(known) };
        person_columns.levels = levels.into_iter().map(known).collect();
        Ok(Applied { formula: self, person_columns, columns, unknown_codes })
    }
}

impl Applied<'_> {
    fn linear(&self, indicators: usize) -> Linear {
        let mut linear = Linear::new(indicators, self.person_columns.numbers.len());
        for (term, column) in self.formula.terms.iter().zip(&self.columns) {
            match column {
                Some(column) => linear.add(*column, term.coefficient),
                None => linear.add(Column::Intercept, term.coefficient * term.mean),
            }
        }
        linear
    }

    /// The predicted cost (£) of each person, beside `person` and `practice` where the table has them.
    pub fn predict(
        &self,
        source: &mut Source<'_>,
        materialised: bool,
        progress: &Progress,
    ) -> Result<Vec<RecordBatch>, RunError> {
        let mut reader = Reader::new(self.person_columns.clone());
        let linear = self.linear(reader.indicators());
        let work = |(): &mut (), batch: &RecordBatch, read: Read, _: &[&[u32]]| {
            let predicted: ArrayRef = Arc::new(Float64Array::from(linear.of(&read.features)));
            let carried =
                CARRIED.iter().filter_map(|&name| Some((name, batch.column_by_name(name)?.clone())));
            table(carried.chain([("predicted", predicted)]).collect())
        };
        let mut states = vec![(); rayon::current_num_threads()];
        let mut batches = Vec::new();
        in_parts(source, materialised, &mut reader, &mut states, progress, work, |batch| {
            batches.push(batch);
            Ok(())
        })?;
        Ok(batches)
    }

    /// Predicted cost beside the actual one, person by person: columns `actual`, `predicted` and `weight`.
    pub fn compare(
        &self,
        source: &mut Source<'_>,
        cost: &str,
        weight: Option<&str>,
        materialised: bool,
        progress: &Progress,
    ) -> Result<RecordBatch, RunError> {
        let costs = self.costs(source, cost, weight, &[], materialised, progress)?;
        let column = |numbers| Arc::new(Float64Array::from(numbers)) as ArrayRef;
        Ok(table(vec![
            ("actual", column(costs.actual)),
            ("predicted", column(costs.predicted)),
            ("weight", column(costs.weight)),
        ]))
    }

    /// Actual and predicted costs of persons, and the labels of the columns in `by`.
    pub(super) fn costs(
        &self,
        source: &mut Source<'_>,
        cost: &str,
        weight: Option<&str>,
        by: &[String],
        materialised: bool,
        progress: &Progress,
    ) -> Result<PersonCosts, RunError> {
        let units = by.iter().map(|name| (name.clone(), name != "practice")).collect();
        let mut columns = PersonColumns { units, ..self.person_columns.clone() };
        let amounts = std::iter::once(cost).chain(weight);
        columns.numbers.extend(amounts.map(|name| (name.to_string(), AMOUNT)));
        let mut reader = Reader::new(columns);
        let linear = self.linear(reader.indicators());
        // Of each indicator: weights, and weighted costs.
        let new = || UnitFeatures::new(0, 3);
        let mut states: Vec<UnitFeatures> = (0..rayon::current_num_threads()).map(|_| new()).collect();
        let work = |sums: &mut UnitFeatures, _: &RecordBatch, read: Read, units: &[&[u32]]| {
            let mut features = read.features;
            let weights = weight.and_then(|_| features.numbers.pop()).unwrap_or(vec![1.0; features.rows]);
            let actual = features.numbers.pop().unwrap_or_default();
            let predicted = linear.of(&features);
            let weighted = |x: &[f64]| -> Vec<f64> { x.iter().zip(&weights).map(|(x, w)| x * w).collect() };
            let columns = [weights.clone(), weighted(&actual), weighted(&predicted)];
            let rows = (0..features.rows).flat_map(|row| features.of(row).iter().map(move |_| row));
            let rows: Vec<usize> = rows.collect();
            let repeated = columns.map(|column| rows.iter().map(|&row| column[row]).collect());
            sums.add(&Features::plain(repeated.into()), &features.indicators, None);
            (actual, predicted, weights, units.iter().map(|unit| unit.to_vec()).collect::<Vec<_>>())
        };
        let mut costs = PersonCosts { codes: vec![Vec::new(); by.len()], ..PersonCosts::default() };
        in_parts(source, materialised, &mut reader, &mut states, progress, work, |part| {
            let (actual, predicted, weight, codes) = part;
            costs.actual.extend(actual);
            costs.predicted.extend(predicted);
            costs.weight.extend(weight);
            costs.codes.iter_mut().zip(codes).for_each(|(all, codes)| all.extend(codes));
            Ok(())
        })?;
        let mut by_indicator = new();
        states.into_iter().for_each(|more| by_indicator.merge(more));
        Ok(PersonCosts { labels: reader.units, terms: self.term_sums(&by_indicator), ..costs })
    }

    /// Sums over the people of each term that is an indicator.
    fn term_sums(&self, sums: &UnitFeatures) -> Vec<GroupSum> {
        let mut groups = Vec::new();
        for (term, column) in self.formula.terms.iter().zip(&self.columns) {
            if let Some(Column::Indicator(i)) = column {
                let group = term.column.as_deref().unwrap_or("code");
                let level = term.level.as_deref().unwrap_or("true");
                groups.push(GroupSum::of(group, Some(level.into()), sums, *i as usize));
            }
        }
        groups
    }

    /// `<by>`, people, need (£) and formula_sd (£): the predicted cost of the people of each unit, and its standard
    /// error from the covariance of the coefficients.
    pub fn need(
        &self,
        source: &mut Source<'_>,
        by: &str,
        materialised: bool,
        progress: &Progress,
    ) -> Result<RecordBatch, RunError> {
        let person_columns = PersonColumns {
            units: vec![(by.to_string(), by != "practice")],
            count: true,
            ..self.person_columns.clone()
        };
        let mut reader = Reader::new(person_columns);
        let indicators = reader.indicators();
        let new = || UnitFeatures::new(indicators, self.person_columns.numbers.len());
        let add = |totals: &mut UnitFeatures, read: Read, units: &[&[u32]]| {
            totals.add(&read.features, units[0], read.count.as_deref());
        };
        let totals = summed(source, materialised, &mut reader, progress, new, add, UnitFeatures::merge)?;
        let order = reader.units[0].sorted();
        let (mut people, mut need, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        for &unit in &order {
            let unit = unit as usize;
            let of = |(term, column): (&Term, &Option<Column>)| match column {
                Some(column) => totals.total(unit, *column),
                None => totals.people(unit) as f64 * term.mean,
            };
            let x: Vec<f64> = self.formula.terms.iter().zip(&self.columns).map(of).collect();
            people.push(totals.people(unit) as i64);
            need.push(x.iter().zip(&self.formula.terms).map(|(x, term)| x * term.coefficient).sum::<f64>());
            errors.push(self.formula.covariance.as_ref().map(|covariance| standard_error(covariance, &x)));
        }
        Ok(table(vec![
            (by, reader.units[0].column(&order)),
            ("people", Arc::new(Int64Array::from(people))),
            ("need", Arc::new(Float64Array::from(need))),
            ("formula_sd", Arc::new(Float64Array::from(errors))),
        ]))
    }
}

/// The standard error of a weighted sum of coefficients.
fn standard_error(covariance: &[f64], x: &[f64]) -> f64 {
    let row = |(row, a): (&[f64], &f64)| a * row.iter().zip(x).map(|(v, b)| v * b).sum::<f64>();
    covariance.chunks_exact(x.len()).zip(x).map(row).sum::<f64>().max(0.0).sqrt()
}
