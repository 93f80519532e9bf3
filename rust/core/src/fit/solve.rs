//! The normal equations solved: which columns add nothing, coefficients to the last digits, and their covariance.

use super::equations::{Cholesky, Equations};
use super::nnls::nnls;
use super::{Column, Gram};

/// Status of a column: is it fitted, and if not, why?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It has a coefficient.
    Fitted,
    /// Zero for everyone.
    Empty,
    /// A combination of the columns before it.
    Redundant,
    /// Held at zero, where its coefficient would be negative.
    Held,
}

/// Solution of the normal equations.
pub struct Solution {
    /// Zero where the column is not fitted.
    pub coefficients: Vec<f64>,
    /// Status of each column.
    pub status: Vec<Status>,
    /// Share of the sum of squares about the mean that is explained; 0 where all outcomes are alike.
    pub r2: f64,
    equations: Equations,
    /// The columns that are fitted.
    free: Vec<usize>,
    cholesky: Cholesky,
}

/// Solves for the coefficients of `columns` that are nearest to `outcome` in least squares. Columns are looked at in
/// their order: one that adds nothing to those before it has no coefficient. Those marked in `not_negative` are held
/// at 0 or more. None where `stop` says so.
pub fn solve(
    gram: &Gram,
    columns: &[Column],
    outcome: Column,
    not_negative: &[bool],
    stop: &dyn Fn() -> bool,
) -> Option<Solution> {
    let equations = Equations::new(gram, columns, outcome);
    let (mut status, mut cholesky) = equations.independent_columns(stop)?;
    let mut free: Vec<usize> = (0..columns.len()).filter(|&c| status[c] == Status::Fitted).collect();
    let mut fitted = equations.solve(&free, &cholesky);
    if not_negative.iter().any(|&bound| bound) {
        let all = free;
        (free, fitted, cholesky) = nnls(&equations, &all, not_negative, stop)?;
        for c in all.into_iter().filter(|c| !free.contains(c)) {
            status[c] = Status::Held;
        }
    }
    let mut coefficients = vec![0.0; columns.len()];
    for (&c, &coefficient) in free.iter().zip(&fitted) {
        coefficients[c] = coefficient;
    }
    let r2 = equations.r2(gram, outcome, &coefficients);
    Some(Solution { coefficients, status, r2, equations, free, cholesky })
}

impl Solution {
    /// Number of columns that are fitted.
    pub fn rank(&self) -> usize {
        self.free.len()
    }

    /// The covariance of the coefficients, row by row, from the sums of products of scores, `meat(i, j)`: the inverse
    /// of the products, times meat, times inverse, times a constant; zero for columns that are not fitted. None where
    /// `stop` says so.
    pub fn covariance(
        &self,
        times: f64,
        meat: impl Fn(usize, usize) -> f64,
        stop: &dyn Fn() -> bool,
    ) -> Option<Vec<f64>> {
        let rank = self.rank();
        let mut inverse = vec![0.0; rank * rank];
        for (n, &c) in self.free.iter().enumerate() {
            if stop() {
                return None;
            }
            let mut unit_vector = vec![0.0; rank];
            unit_vector[n] = self.equations.scale[c];
            for (row, x) in self.cholesky.solve(&unit_vector).into_iter().enumerate() {
                inverse[row * rank + n] = x * self.equations.scale[self.free[row]];
            }
        }
        let entries = self.free.iter().flat_map(|&i| self.free.iter().map(move |&j| (i, j)));
        let meat: Vec<f64> = entries.map(|(i, j)| meat(i, j) * times).collect();
        let half = product(&inverse, &meat, rank, stop)?;
        let square = product(&half, &inverse, rank, stop)?;
        let size = self.coefficients.len();
        let mut covariance = vec![0.0; size * size];
        for (n, &i) in self.free.iter().enumerate() {
            for (m, &j) in self.free.iter().enumerate() {
                covariance[i * size + j] = (square[n * rank + m] + square[m * rank + n]) / 2.0;
            }
        }
        Some(covariance)
    }
}

/// The product of two square matrices.
fn product(left: &[f64], right: &[f64], size: usize, stop: &dyn Fn() -> bool) -> Option<Vec<f64>> {
    let mut product = vec![0.0; size * size];
    let size = size.max(1); // nothing may be fitted: all is held at 0
    for (row, left) in product.chunks_exact_mut(size).zip(left.chunks_exact(size)) {
        if stop() {
            return None;
        }
        for (&weight, right) in left.iter().zip(right.chunks_exact(size)) {
            for (sum, x) in row.iter_mut().zip(right) {
                *sum += weight * x;
            }
        }
    }
    Some(product)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::Features;
    use crate::run::Progress;
    use crate::simd::Processor;

    /// Two groups, one number; y = 3 in the first group, 5 in the second, plus twice the number.
    fn gram(weights: Option<&[f64]>) -> Gram {
        let x = vec![0.5, 1.5, -1.0, 4.0, 2.0];
        let groups = vec![0, 1, 0, 1, 1];
        let y = x.iter().zip(&groups).map(|(x, &g)| 2.0 * x + [3.0, 5.0][g as usize]).collect();
        let features =
            Features { rows: 5, starts: vec![0, 1, 2, 3, 4, 5], indicators: groups, numbers: vec![x, y] };
        let mut gram = Gram::new(2, weights.is_some());
        gram.add(&features, weights, Processor::best(), &Progress::default());
        gram
    }

    const COLUMNS: [Column; 4] =
        [Column::Indicator(0), Column::Indicator(1), Column::Number(0), Column::Intercept];

    #[test]
    fn does_an_exact_relation_come_back() {
        for weights in [None, Some([1.0, 0.25, 2.0, 3.0, 1.0].as_slice())] {
            let solution =
                solve(&gram(weights), &COLUMNS, Column::Number(1), &[false; 4], &|| false).unwrap();
            assert_eq!(solution.coefficients, [3.0, 5.0, 2.0, 0.0]);
            // Intercept is in one of the two groups.
            assert_eq!(solution.status[3], Status::Redundant);
            assert_eq!(solution.rank(), 3);
        }
    }

    #[test]
    fn is_a_negative_coefficient_held_at_zero() {
        // Least squares of (1, 2) on (1, 1) and (0, -1): the second would be -1; held at 0, the first is 1.5.
        let features = Features {
            rows: 2,
            starts: vec![0, 0, 0],
            indicators: vec![],
            numbers: vec![vec![0.0, -1.0], vec![1.0, 2.0]],
        };
        let mut gram = Gram::new(2, false);
        gram.add(&features, None, Processor::best(), &Progress::default());
        let columns = [Column::Intercept, Column::Number(0)];
        let free = solve(&gram, &columns, Column::Number(1), &[false, false], &|| false).unwrap();
        assert_eq!(free.coefficients, [1.0, -1.0]);
        let held = solve(&gram, &columns, Column::Number(1), &[false, true], &|| false).unwrap();
        assert_eq!(held.coefficients, [1.5, 0.0]);
        assert_eq!(held.status, [Status::Fitted, Status::Held]);
    }
}
