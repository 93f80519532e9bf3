//! A formula fitted to persons: the normal equations in one reading, robust errors in another.

use std::borrow::Cow;
use std::sync::atomic::Ordering;

use arrow_array::RecordBatch;
use fundholder_core::error::{Code, Error, Problem};
use fundholder_core::fit::{Column, Features, Gram, Linear, Scores, Solution, Status, solve};
use fundholder_core::run::{Progress, RunError};
use fundholder_core::simd::Processor;

use super::design::Design;
use super::features::{Read, Reader};
use super::layout::{check_names, lay_out};
use super::parts::{in_parts, summed};
use super::person_columns::{Levels, PersonColumns};
use super::terms::{Role, Term, square_table, terms_table};
use crate::source::Source;

/// Scores of clusters that are held, of 32 bytes each.
const MOST_SCORES: usize = 1 << 26;

/// A fit under way.
pub struct Fit {
    design: Design,
    terms: Vec<Term>,
    /// The column of each term; none for a reference level.
    columns: Vec<Option<Column>>,
    /// What was read, with its levels numbered as they were met.
    person_columns: PersonColumns,
    indicators: usize,
    /// Rows that were read.
    rows: u64,
    gram: Gram,
    solution: Solution,
}

/// A fitted formula as tables.
pub struct Fitted {
    pub terms: RecordBatch,
    /// Of the coefficients; none where they have no errors.
    pub covariance: Option<RecordBatch>,
    pub people: u64,
    pub r2: f64,
}

/// The features of a part without its weights, and the clusters of its rows. Rows of weight 0 are as if absent.
fn weigh<'a>(
    design: &Design,
    read: Read,
    clusters: &'a [u32],
) -> (Features, Option<Vec<f64>>, Cow<'a, [u32]>) {
    let mut features = read.features;
    let mut clusters = Cow::Borrowed(clusters);
    let mut weights = design.weight.as_ref().and_then(|_| features.numbers.pop());
    if let Some(weights) = weights.as_mut().filter(|weights| weights.contains(&0.0)) {
        let keep: Vec<bool> = weights.iter().map(|&weight| weight != 0.0).collect();
        features.retain(&keep);
        clusters =
            clusters.iter().zip(&keep).filter(|(_, keep)| **keep).map(|(cluster, _)| *cluster).collect();
        weights.retain(|&weight| weight != 0.0);
    }
    (features, weights, clusters)
}

impl Fit {
    /// Adds up the products of all columns, and solves.
    pub fn new(
        design: Design,
        source: &mut Source<'_>,
        materialised: bool,
        progress: &Progress,
    ) -> Result<Self, RunError> {
        let mut reader = Reader::new(PersonColumns { units: Vec::new(), ..design.person_columns() });
        let (level, weighted) = (Processor::best(), design.weight.is_some());
        let new = || Gram::new(design.regressors() + 1, weighted);
        let add = |gram: &mut Gram, read: Read, _: &[&[u32]]| {
            let (features, weights, _) = weigh(&design, read, &[]);
            gram.add(&features, weights.as_deref(), level, progress);
        };
        let gram = summed(source, materialised, &mut reader, progress, new, add, Gram::merge)?;
        let (mut terms, columns) = lay_out(&design, &reader, &gram);
        check_names(&terms)?;
        let fitted: Vec<usize> = (0..terms.len()).filter(|&t| columns[t].is_some()).collect();
        if gram.total(Column::Intercept) <= 0.0 {
            let weight = design.weight.as_deref().unwrap_or_default();
            return Err(Error::one(
                Code::NotAllowed,
                format!("column '{weight}' adds up to 0: must have a weight above 0"),
            )
            .into());
        }
        if gram.rows() <= fitted.len() as u64 {
            return Err(Error::one(
                Code::NotComputable,
                format!(
                    "{} columns for {} people: must be fewer columns than people",
                    fitted.len(),
                    gram.rows()
                ),
            )
            .into());
        }
        let bounded = |t: &usize| {
            design.not_negative && matches!(terms[*t].role, Role::Category | Role::Flag | Role::Need)
        };
        let not_negative: Vec<bool> = fitted.iter().map(bounded).collect();
        let cost = Column::Number(design.regressors() as u32);
        let laid: Vec<Column> = columns.iter().flatten().copied().collect();
        let stop = || progress.stop.load(Ordering::Relaxed);
        let solution = solve(&gram, &laid, cost, &not_negative, &stop).ok_or(RunError::Interrupted)?;
        let mut problems = Vec::new();
        for (n, &t) in fitted.iter().enumerate() {
            let (status, term) = (solution.status[n], &mut terms[t]);
            term.coefficient = solution.coefficients[n];
            let (note, problem) = match status {
                Status::Fitted => (None, None),
                Status::Empty => (Some("nobody"), Some("is 0 for everyone: nobody has it")),
                Status::Redundant => (
                    Some("collinear"),
                    Some(
                        "is a combination of the terms before it, or so far from 0 that it nearly is (take its mean off)",
                    ),
                ),
                Status::Held => (Some("held at 0"), None),
            };
            term.note = note;
            if let Some(problem) = problem.filter(|_| !design.drop) {
                problems.push(Problem::new(
                    Code::NotComputable,
                    format!(
                        "{} '{}' {problem}: leave it out, or drop such terms (redundant='drop')",
                        term.role.name(),
                        term.name()
                    ),
                ));
            }
        }
        Error::unless_empty(problems)?;
        let mut person_columns = design.person_columns();
        for (c, column) in person_columns.levels.iter_mut().enumerate() {
            column.levels = Levels::Known(reader.levels(c).into_iter().collect());
        }
        Ok(Self {
            indicators: reader.indicators(),
            rows: reader.rows,
            design,
            terms,
            columns,
            person_columns,
            gram,
            solution,
        })
    }

    /// Reads the persons again for robust errors of the coefficients.
    pub fn errors(
        mut self,
        source: &mut Source<'_>,
        materialised: bool,
        progress: &Progress,
    ) -> Result<Fitted, RunError> {
        let mut reader = Reader::new(self.person_columns.clone());
        let laid: Vec<Column> = self.columns.iter().flatten().copied().collect();
        let (people, rank) = (self.gram.rows() as f64, self.solution.rank() as f64);
        let stop = || progress.stop.load(Ordering::Relaxed);
        let covariance = if self.design.cluster.is_none() {
            let meat = self.squared(source, materialised, &mut reader, progress)?;
            self.solution.covariance(people / (people - rank), |i, j| meat.product(laid[i], laid[j]), &stop)
        } else {
            let scores = self.scores(source, materialised, &mut reader, progress)?;
            let sorted = reader.units[0].sorted();
            let order: Vec<u32> = sorted.into_iter().filter(|&cluster| scores.has(cluster)).collect();
            if order.len() < 2 {
                return Err(Error::one(
                    Code::NotAllowed,
                    format!(
                        "column '{}' has one value: must have 2 or more for errors by cluster",
                        self.design.cluster.as_deref().unwrap_or_default()
                    ),
                )
                .into());
            }
            let clusters = order.len() as f64;
            let meat = scores.products(&laid, &order);
            let factor = clusters / (clusters - 1.0) * (people - 1.0) / (people - rank);
            self.solution.covariance(factor, |i, j| meat[i * laid.len() + j], &stop)
        };
        let covariance = covariance.ok_or(RunError::Interrupted)?;
        if reader.rows != self.rows {
            return Err(Error::one(
                Code::Inconsistent,
                format!(
                    "persons had {} rows at the first reading and {} at the second: must be the same",
                    self.rows, reader.rows
                ),
            )
            .into());
        }
        // Reference levels have neither coefficient nor error.
        let (size, fitted) = (self.terms.len(), laid.len());
        let mut square = vec![0.0; size * size];
        let columns: Vec<usize> = (0..size).filter(|&t| self.columns[t].is_some()).collect();
        for (n, &i) in columns.iter().enumerate() {
            for (m, &j) in columns.iter().enumerate() {
                square[i * size + j] = covariance[n * fitted + m];
            }
            if self.terms[i].note.is_none() {
                self.terms[i].standard_error = Some(square[i * size + i].max(0.0).sqrt());
            }
        }
        let covariance = square_table(&self.terms, &square);
        Ok(Fitted { covariance: Some(covariance), ..self.finish() })
    }

    /// The formula without errors of its coefficients.
    pub fn finish(self) -> Fitted {
        Fitted {
            terms: terms_table(&self.terms),
            covariance: None,
            people: self.gram.rows(),
            r2: self.solution.r2,
        }
    }

    /// The coefficients of indicators, then of numbers, and the constant.
    fn linear(&self) -> Linear {
        let mut linear = Linear::new(self.indicators, self.design.regressors());
        for (term, column) in self.terms.iter().zip(&self.columns) {
            column.iter().for_each(|&column| linear.add(column, term.coefficient));
        }
        linear
    }

    /// Weights times residuals of a part.
    fn residuals(&self, linear: &Linear, features: &mut Features, weights: Option<&[f64]>) -> Vec<f64> {
        let cost = features.numbers.pop().unwrap_or_default();
        let mut residuals = linear.of(features);
        for (row, (residual, cost)) in residuals.iter_mut().zip(cost).enumerate() {
            *residual = (cost - *residual) * weights.map_or(1.0, |weights| weights[row]);
        }
        residuals
    }

    /// Products of all columns, weighted by squared residuals (White 1980).
    fn squared(
        &self,
        source: &mut Source<'_>,
        materialised: bool,
        reader: &mut Reader,
        progress: &Progress,
    ) -> Result<Gram, RunError> {
        let (level, linear) = (Processor::best(), self.linear());
        let new = || Gram::new(self.design.regressors(), true);
        let add = |gram: &mut Gram, read: Read, _: &[&[u32]]| {
            let (mut features, weights, _) = weigh(&self.design, read, &[]);
            let mut squares = self.residuals(&linear, &mut features, weights.as_deref());
            squares.iter_mut().for_each(|e| *e *= *e);
            gram.add(&features, Some(&squares), level, progress);
        };
        summed(source, materialised, reader, progress, new, add, Gram::merge)
    }

    /// Residuals times columns, added up by cluster.
    fn scores(
        &self,
        source: &mut Source<'_>,
        materialised: bool,
        reader: &mut Reader,
        progress: &Progress,
    ) -> Result<Scores, RunError> {
        let linear = self.linear();
        let mut scores = Scores::new(self.indicators, self.design.regressors());
        let work = |(): &mut (), _: &RecordBatch, read: Read, units: &[&[u32]]| {
            let (mut features, weights, clusters) = weigh(&self.design, read, units[0]);
            let residuals = self.residuals(&linear, &mut features, weights.as_deref());
            (features, residuals, clusters.into_owned())
        };
        let mut states = vec![(); rayon::current_num_threads()];
        in_parts(
            source,
            materialised,
            reader,
            &mut states,
            progress,
            work,
            |(features, residuals, clusters)| {
                let number = clusters.iter().max().map_or(0, |&c| c as usize + 1);
                let columns = self.indicators + 1 + self.design.regressors();
                if number * columns > MOST_SCORES {
                    return Err(Error::one(
                        Code::TooLarge,
                        format!(
                            "{number} clusters or more, with {columns} columns each, need more than 2 GB: must be fewer"
                        ),
                    ));
                }
                scores.add(&features, &residuals, &clusters);
                Ok(())
            },
        )?;
        Ok(scores)
    }
}
