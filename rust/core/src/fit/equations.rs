//! The normal equations, and the Cholesky factor that solves them.

use super::{Column, Gram, Status};
use crate::numeric::double_double::DoubleDouble;

/// Share of its own sum of squares below which the residual of a column on those before it is nothing but rounding:
/// double precision leaves about 1e-13 of a column that is an exact combination of a few hundred others.
const REDUNDANT: f64 = 1e-10;
/// Rounds of refinement: each gains the digits that double precision has beyond the condition of the equations.
const REFINEMENTS: usize = 4;
/// Share of a sum of squares that digits that are cut off may leave of the variance of costs that are all alike.
const NO_VARIANCE: f64 = 1e-18;

/// The normal equations, to more digits than doubles hold.
pub(super) struct Equations {
    size: usize,
    products: Vec<DoubleDouble>,
    outcome: Vec<DoubleDouble>,
    /// Brings the diagonal to 1; 0 for a column of zeros.
    pub scale: Vec<f64>,
}

/// Cholesky factor: a lower triangular matrix whose product with its transpose is the matrix of scaled products of some columns.
#[derive(Default)]
pub(super) struct Cholesky {
    columns: Vec<usize>,
    rows: Vec<Vec<f64>>,
}

impl Cholesky {
    pub(super) fn solve(&self, right: &[f64]) -> Vec<f64> {
        let mut x = right.to_vec();
        for (i, row) in self.rows.iter().enumerate() {
            let known: f64 = row[..i].iter().zip(&x).map(|(a, b)| a * b).sum();
            x[i] = (x[i] - known) / row[i];
        }
        for (i, row) in self.rows.iter().enumerate().rev() {
            x[i] /= row[i];
            let solved = x[i];
            for (x, a) in x.iter_mut().zip(&row[..i]) {
                *x -= a * solved;
            }
        }
        x
    }
}

impl Equations {
    pub(super) fn new(gram: &Gram, columns: &[Column], outcome: Column) -> Self {
        let size = columns.len();
        let mut products = vec![DoubleDouble::default(); size * size];
        for i in 0..size {
            for j in 0..=i {
                let product = gram.cross(columns[i], columns[j]);
                products[i * size + j] = product;
                products[j * size + i] = product;
            }
        }
        let scale = (0..size).map(|i| products[i * size + i].value());
        let scale = scale.map(|x| if x > 0.0 { 1.0 / x.sqrt() } else { 0.0 }).collect();
        let outcome = columns.iter().map(|&column| gram.cross(column, outcome)).collect();
        Self { size, products, outcome, scale }
    }

    pub(super) fn r2(&self, gram: &Gram, outcome: Column, coefficients: &[f64]) -> f64 {
        let square = gram.cross(outcome, outcome);
        let sum = gram.cross(Column::Intercept, outcome);
        let people = gram.cross(Column::Intercept, Column::Intercept);
        // About a double near the mean: nothing is rounded before it cancels.
        let mean = sum.value() / people.value();
        let total = ((square - sum.times(mean)) - (sum - people.times(mean)).times(mean)).value();
        // The sum of squares of residuals in full: errors of the coefficients enter it by their squares.
        let fitted = |i: usize| {
            let products = &self.products[i * self.size..(i + 1) * self.size];
            products.iter().zip(coefficients).fold(DoubleDouble::default(), |sum, (x, &b)| sum + x.times(b))
        };
        let explained = coefficients.iter().enumerate().map(|(i, &b)| {
            let outcome = self.outcome[i];
            (outcome + outcome - fitted(i)).times(b)
        });
        let residual = (square - explained.fold(DoubleDouble::default(), |sum, x| sum + x)).value();
        if total > NO_VARIANCE * square.value() { (1.0 - residual.max(0.0) / total).max(0.0) } else { 0.0 }
    }

    fn scaled(&self, i: usize, j: usize) -> f64 {
        self.products[i * self.size + j].value() * self.scale[i] * self.scale[j]
    }

    /// The status of each column, and the Cholesky factor of those that add something to those before them.
    pub(super) fn independent_columns(&self, stop: &dyn Fn() -> bool) -> Option<(Vec<Status>, Cholesky)> {
        let mut status = vec![Status::Fitted; self.size];
        let mut cholesky = Cholesky::default();
        for (i, status) in status.iter_mut().enumerate() {
            if stop() {
                return None;
            }
            if self.scale[i] == 0.0 {
                *status = Status::Empty;
                continue;
            }
            let (row, left) = self.row(i, &cholesky);
            if left < REDUNDANT {
                *status = Status::Redundant;
                continue;
            }
            cholesky.columns.push(i);
            cholesky.rows.push(row);
        }
        Some((status, cholesky))
    }

    /// The next row of a Cholesky factor, and what is left of the column beside those that are there.
    fn row(&self, i: usize, cholesky: &Cholesky) -> (Vec<f64>, f64) {
        let mut row: Vec<f64> = Vec::with_capacity(cholesky.rows.len() + 1);
        for (&k, other) in cholesky.columns.iter().zip(&cholesky.rows) {
            let known: f64 = row.iter().zip(other).map(|(a, b)| a * b).sum();
            row.push((self.scaled(i, k) - known) / other[other.len() - 1]);
        }
        let left = 1.0 - row.iter().map(|x| x * x).sum::<f64>();
        row.push(left.max(0.0).sqrt());
        (row, left)
    }

    /// Makes a Cholesky factor that of other columns; the rows before the first that differs stay.
    pub(super) fn change(
        &self,
        cholesky: &mut Cholesky,
        columns: &[usize],
        stop: &dyn Fn() -> bool,
    ) -> Option<()> {
        let same = cholesky.columns.iter().zip(columns).take_while(|(a, b)| a == b).count();
        cholesky.columns.truncate(same);
        cholesky.rows.truncate(same);
        for &column in &columns[same..] {
            if stop() {
                return None;
            }
            let (row, _) = self.row(column, cholesky);
            cholesky.columns.push(column);
            cholesky.rows.push(row);
        }
        Some(())
    }

    /// The coefficients of some columns, the others being zero: solved, then refined against the products in full.
    pub(super) fn solve(&self, columns: &[usize], cholesky: &Cholesky) -> Vec<f64> {
        let mut coefficients = vec![0.0; columns.len()];
        for _ in 0..REFINEMENTS {
            let left = columns.iter().map(|&i| self.gradient(i, columns, &coefficients));
            let step = cholesky.solve(&left.collect::<Vec<f64>>());
            for ((b, step), &i) in coefficients.iter_mut().zip(step).zip(columns) {
                *b += step * self.scale[i];
            }
        }
        coefficients
    }

    /// The gradient of the sum of squares, scaled, in one column at the coefficients of some columns.
    pub(super) fn gradient(&self, column: usize, columns: &[usize], coefficients: &[f64]) -> f64 {
        let products = &self.products[column * self.size..(column + 1) * self.size];
        let fitted = columns.iter().zip(coefficients).map(|(&j, &b)| products[j].times(b));
        (self.outcome[column] - fitted.fold(DoubleDouble::default(), |sum, x| sum + x)).value()
            * self.scale[column]
    }

    /// The steepest gradient there may be, at coefficients of 0.
    pub(super) fn steepest_gradient(&self, columns: &[usize]) -> f64 {
        columns.iter().map(|&c| (self.outcome[c].value() * self.scale[c]).abs()).fold(0.0, f64::max)
    }
}
