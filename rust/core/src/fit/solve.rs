//! The normal equations solved: which columns add nothing, coefficients to the last digits, and their covariance.

use super::{Column, Gram};
use crate::wide::Wide;

/// A column whose residual on those before it has less than this share of its own sum of squares adds nothing but
/// rounding: double precision leaves about 1e-13 of a column that is an exact combination of a few hundred others.
const REDUNDANT: f64 = 1e-10;
/// Each round of refinement gains the digits that double precision has beyond the condition of the equations.
const REFINEMENTS: usize = 4;

/// What became of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Fitted,
    /// Zero for everyone.
    Empty,
    /// A combination of the columns before it.
    Redundant,
    /// Held at zero, where its coefficient would be negative.
    Held,
}

#[derive(Clone, Debug)]
pub struct Solution {
    /// Zero where the column is not fitted.
    pub coefficients: Vec<f64>,
    pub status: Vec<Status>,
    /// Share of the sum of squares about the mean that is explained; 0 where all outcomes are alike.
    pub r2: f64,
    /// The inverse of the sums of products of the fitted columns, row by row; zero elsewhere.
    inverse: Vec<f64>,
}

/// Solves for the coefficients of `columns` that are nearest to `outcome` in least squares. Columns are looked at in
/// their order: one that adds nothing to those before it has no coefficient. Those marked in `not_negative` are held
/// at 0 or more.
pub fn solve(gram: &Gram, columns: &[Column], outcome: Column, not_negative: &[bool]) -> Solution {
    let equations = Equations::new(gram, columns, outcome);
    let (status, factor) = equations.independent();
    let mut free: Vec<usize> = (0..columns.len()).filter(|&c| status[c] == Status::Fitted).collect();
    let mut coefficients = equations.solve(&free, &factor);
    let mut status = status;
    let mut factor = factor;
    if not_negative.iter().any(|&bound| bound) {
        let all = free.clone();
        (free, coefficients, factor) = equations.bounded(&all, not_negative);
        for c in all {
            if !free.contains(&c) {
                status[c] = Status::Held;
            }
        }
    }
    let size = columns.len();
    let mut full = vec![0.0; size];
    for (&c, &coefficient) in free.iter().zip(&coefficients) {
        full[c] = coefficient;
    }
    let mut inverse = vec![0.0; size * size];
    for (n, &c) in free.iter().enumerate() {
        let mut unit = vec![0.0; free.len()];
        unit[n] = equations.scale[c];
        for (&row, x) in free.iter().zip(factor.solve(&unit)) {
            inverse[row * size + c] = x * equations.scale[row];
        }
    }
    let r2 = equations.r2(gram, outcome, &full);
    Solution { coefficients: full, status, r2, inverse }
}

impl Solution {
    /// The columns that are fitted.
    pub fn rank(&self) -> usize {
        self.status.iter().filter(|&&status| status == Status::Fitted).count()
    }

    /// The covariance of the coefficients, row by row, from the sums of products of scores, `meat(i, j)`: inverse
    /// times meat times inverse, times a constant.
    pub fn covariance(&self, factor: f64, meat: impl Fn(usize, usize) -> f64) -> Vec<f64> {
        let size = self.coefficients.len();
        let free: Vec<usize> = (0..size).filter(|&c| self.status[c] == Status::Fitted).collect();
        let mut meats = vec![0.0; size * size];
        for &i in &free {
            for &j in &free {
                meats[i * size + j] = meat(i, j);
            }
        }
        let mut half = vec![0.0; size * size];
        for &i in &free {
            for &k in &free {
                let weight = self.inverse[i * size + k];
                for &j in &free {
                    half[i * size + j] += weight * meats[k * size + j];
                }
            }
        }
        let mut covariance = vec![0.0; size * size];
        for &i in &free {
            for &k in &free {
                let weight = half[i * size + k] * factor;
                for &j in &free {
                    covariance[i * size + j] += weight * self.inverse[k * size + j];
                }
            }
        }
        for i in 0..size {
            for j in 0..i {
                let mean = (covariance[i * size + j] + covariance[j * size + i]) / 2.0;
                covariance[i * size + j] = mean;
                covariance[j * size + i] = mean;
            }
        }
        covariance
    }
}

/// The normal equations, to more digits than doubles hold.
struct Equations {
    size: usize,
    products: Vec<Wide>,
    outcome: Vec<Wide>,
    /// Brings the diagonal to 1; 0 for a column of zeros.
    scale: Vec<f64>,
}

/// A lower triangle whose product with its transpose is the matrix of scaled products.
struct Triangle {
    size: usize,
    rows: Vec<f64>,
}

impl Triangle {
    fn solve(&self, right: &[f64]) -> Vec<f64> {
        let size = self.size;
        let mut x = right.to_vec();
        for i in 0..size {
            let row = &self.rows[i * size..i * size + i];
            let known: f64 = row.iter().zip(&x).map(|(a, b)| a * b).sum();
            x[i] = (x[i] - known) / self.rows[i * size + i];
        }
        for i in (0..size).rev() {
            x[i] /= self.rows[i * size + i];
            for k in 0..i {
                x[k] -= self.rows[i * size + k] * x[i];
            }
        }
        x
    }
}

impl Equations {
    fn new(gram: &Gram, columns: &[Column], outcome: Column) -> Self {
        let size = columns.len();
        let mut products = vec![Wide::default(); size * size];
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

    fn r2(&self, gram: &Gram, outcome: Column, coefficients: &[f64]) -> f64 {
        let square = gram.cross(outcome, outcome);
        let sum = gram.total(outcome);
        let total = (square - Wide::from(sum).times(sum / gram.total(Column::Everyone))).value();
        let explained = self.outcome.iter().zip(coefficients).map(|(x, &b)| x.times(b));
        let residual = (square - explained.fold(Wide::default(), |sum, x| sum + x)).value();
        if total > 0.0 { 1.0 - residual.max(0.0) / total } else { 0.0 }
    }

    fn scaled(&self, i: usize, j: usize) -> f64 {
        self.products[i * self.size + j].value() * self.scale[i] * self.scale[j]
    }

    /// Which columns add something to those before them, and the triangle of those that do.
    fn independent(&self) -> (Vec<Status>, Triangle) {
        let mut status = vec![Status::Fitted; self.size];
        let mut kept: Vec<usize> = Vec::new();
        let mut rows: Vec<Vec<f64>> = Vec::new();
        for (i, status) in status.iter_mut().enumerate() {
            if self.scale[i] == 0.0 {
                *status = Status::Empty;
                continue;
            }
            let (row, left) = self.row(i, &kept, &rows);
            if left < REDUNDANT {
                *status = Status::Redundant;
                continue;
            }
            kept.push(i);
            rows.push(row);
        }
        (status, Triangle::of(rows))
    }

    /// The next row of the triangle, and what is left of the column beside those kept (Cholesky).
    fn row(&self, i: usize, kept: &[usize], rows: &[Vec<f64>]) -> (Vec<f64>, f64) {
        let mut row: Vec<f64> = Vec::with_capacity(kept.len() + 1);
        for (&k, other) in kept.iter().zip(rows) {
            let known: f64 = row.iter().zip(other).map(|(a, b)| a * b).sum();
            row.push((self.scaled(i, k) - known) / other[other.len() - 1]);
        }
        let left = 1.0 - row.iter().map(|x| x * x).sum::<f64>();
        row.push(left.max(0.0).sqrt());
        (row, left)
    }

    fn triangle(&self, columns: &[usize]) -> Triangle {
        let mut rows: Vec<Vec<f64>> = Vec::new();
        for (n, &i) in columns.iter().enumerate() {
            let (row, _) = self.row(i, &columns[..n], &rows);
            rows.push(row);
        }
        Triangle::of(rows)
    }

    /// The coefficients of some columns, the others being zero: solved, then refined against the products in full.
    fn solve(&self, columns: &[usize], triangle: &Triangle) -> Vec<f64> {
        let mut coefficients = vec![Wide::default(); columns.len()];
        for _ in 0..REFINEMENTS {
            let known: Vec<f64> = coefficients.iter().map(|b| b.value()).collect();
            let left = columns.iter().map(|&i| {
                let fitted =
                    columns.iter().zip(&known).map(|(&j, &b)| self.products[i * self.size + j].times(b));
                (self.outcome[i] - fitted.fold(Wide::default(), |sum, x| sum + x)).value() * self.scale[i]
            });
            let step = triangle.solve(&left.collect::<Vec<f64>>());
            for ((b, step), &i) in coefficients.iter_mut().zip(step).zip(columns) {
                *b = Wide::from((*b + Wide::from(step * self.scale[i])).value());
            }
        }
        coefficients.iter().map(|b| b.value()).collect()
    }

    /// The slope of the sum of squares, scaled, at the coefficients of some columns.
    fn slope(&self, column: usize, columns: &[usize], coefficients: &[f64]) -> f64 {
        let fitted =
            columns.iter().zip(coefficients).map(|(&j, &b)| self.products[column * self.size + j].times(b));
        (self.outcome[column] - fitted.fold(Wide::default(), |sum, x| sum + x)).value() * self.scale[column]
    }

    /// Least squares with some coefficients at 0 or more (Lawson and Hanson 1974, chapter 23, started from all
    /// columns rather than from none): which are not held at 0, their coefficients and triangle.
    fn bounded(&self, columns: &[usize], bound: &[bool]) -> (Vec<usize>, Vec<f64>, Triangle) {
        let mut at = vec![0.0; self.size];
        let mut free = columns.to_vec();
        let largest = columns.iter().map(|&c| (self.outcome[c].value() * self.scale[c]).abs());
        let tolerance = 1e-12 * largest.fold(0.0, f64::max);
        let mut triangle;
        loop {
            triangle = self.triangle(&free);
            for (&c, b) in free.iter().zip(self.solve(&free, &triangle)) {
                at[c] = b;
            }
            let before = free.len();
            free.retain(|&c| !bound[c] || at[c] > 0.0);
            if free.len() == before {
                break;
            }
        }
        // Columns that rounding would put out again as soon as they came in.
        let mut out = vec![false; self.size];
        loop {
            let now: Vec<f64> = free.iter().map(|&c| at[c]).collect();
            let held = columns.iter().copied().filter(|&c| !free.contains(&c) && !out[c]);
            let steepest = held
                .map(|c| (c, self.slope(c, &free, &now)))
                .filter(|&(_, slope)| slope > tolerance)
                .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
            let Some((enter, _)) = steepest else { return (free, now, triangle) };
            at[enter] = 0.0;
            free.push(enter);
            free.sort_unstable();
            loop {
                triangle = self.triangle(&free);
                let wanted = self.solve(&free, &triangle);
                // How far the way to the wanted coefficients leads before one of them is 0.
                let way = |c: usize, b: f64| {
                    if bound[c] && b <= 0.0 { at[c] / (at[c] - b).max(f64::MIN_POSITIVE) } else { 1.0 }
                };
                let ways: Vec<f64> = free.iter().zip(&wanted).map(|(&c, &b)| way(c, b)).collect();
                let step = ways.iter().copied().fold(1.0, f64::min);
                for ((&c, &b), &way) in free.iter().zip(&wanted).zip(&ways) {
                    let stops = bound[c] && way <= step && b <= 0.0;
                    at[c] = if stops {
                        0.0
                    } else if step == 1.0 {
                        b
                    } else {
                        at[c] + step * (b - at[c])
                    };
                }
                let before = free.len();
                free.retain(|&c| !bound[c] || at[c] > 0.0);
                if free.len() == before {
                    break;
                }
            }
            out[enter] = !free.contains(&enter);
        }
    }
}

impl Triangle {
    fn of(rows: Vec<Vec<f64>>) -> Self {
        let size = rows.len();
        let mut square = vec![0.0; size * size];
        for (i, row) in rows.iter().enumerate() {
            square[i * size..i * size + row.len()].copy_from_slice(row);
        }
        Self { size, rows: square }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::Features;
    use crate::simd::Level;

    /// Two groups, one number; y = 3 in the first group, 5 in the second, plus twice the number.
    fn gram(weights: Option<&[f64]>) -> Gram {
        let x = vec![0.5, 1.5, -1.0, 4.0, 2.0];
        let groups = vec![0, 1, 0, 1, 1];
        let y = x.iter().zip(&groups).map(|(x, &g)| 2.0 * x + [3.0, 5.0][g as usize]).collect();
        let features =
            Features { rows: 5, starts: vec![0, 1, 2, 3, 4, 5], indicators: groups, numbers: vec![x, y] };
        let mut gram = Gram::new(2, weights.is_some());
        gram.add(&features, weights, Level::best());
        gram
    }

    const COLUMNS: [Column; 4] =
        [Column::Indicator(0), Column::Indicator(1), Column::Number(0), Column::Everyone];

    #[test]
    fn does_an_exact_relation_come_back() {
        for weights in [None, Some([1.0, 0.25, 2.0, 3.0, 1.0].as_slice())] {
            let found = solve(&gram(weights), &COLUMNS, Column::Number(1), &[false; 4]);
            assert_eq!(found.coefficients, [3.0, 5.0, 2.0, 0.0]);
            // Everyone is in one of the two groups.
            assert_eq!(found.status[3], Status::Redundant);
            assert_eq!(found.rank(), 3);
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
        gram.add(&features, None, Level::best());
        let columns = [Column::Everyone, Column::Number(0)];
        let free = solve(&gram, &columns, Column::Number(1), &[false, false]);
        assert_eq!(free.coefficients, [1.0, -1.0]);
        let held = solve(&gram, &columns, Column::Number(1), &[false, true]);
        assert_eq!(held.coefficients, [1.5, 0.0]);
        assert_eq!(held.status, [Status::Fitted, Status::Held]);
    }
}
