//! The numbers of a few hundred people, cut into digits: their products, and their sums by indicator.

use std::ops::Range;

use super::Features;
use super::constant_runs::ConstantRuns;
use super::packed_pairs::{Products, packed_index};
use crate::numeric::exact_sums::{DIGITS, GroupSums, cut, partners};
use crate::run::{Progress, RunError};
use crate::simd::{LANES, Simd};

/// Number of rows whose products of digits are added as doubles: 2^9 products below 2^44 stay below 2^53.
pub(super) const TILE: usize = 512;
/// Number of rows whose digits are laid out row by row, to be added to sums that want the nearest cache for themselves.
const BLOCK: usize = 64;
/// Tile: the digits of the numbers of some rows.
pub(super) struct Tile {
    columns: usize,
    /// Digits of weighted numbers, column by column, then digit by digit.
    left: Vec<[f64; TILE]>,
    /// Digits of numbers without their weights, where there are weights.
    right: Option<Vec<[f64; TILE]>>,
    /// Digits of weighted numbers of a block, row by row.
    by_row: Vec<f64>,
}

impl Tile {
    pub(super) fn new(columns: usize, weighted: bool) -> Self {
        let width = columns * DIGITS;
        Self {
            columns,
            left: vec![[0.0; TILE]; width],
            right: weighted.then(|| vec![[0.0; TILE]; width]),
            by_row: vec![0.0; width * BLOCK],
        }
    }

    /// Cuts the numbers of some rows: those with their weights, and those without. What is at cluster level is not cut.
    #[inline(always)]
    pub(super) fn read(
        &mut self,
        left: (&[Vec<f64>], &[i32]),
        plain: (&[Vec<f64>], &[i32]),
        runs: &mut ConstantRuns,
        rows: Range<usize>,
    ) {
        for c in 0..self.columns {
            let columns = c * DIGITS..(c + 1) * DIGITS;
            if self.right.is_some() || !runs.cluster_level[c] {
                let digits = &mut self.left[columns.clone()];
                cut_column(left, c, rows.clone(), digits);
                runs.add_digits(c, digits, rows.clone());
            }
            if let Some(right) = self.right.as_mut().filter(|_| !runs.cluster_level[c]) {
                cut_column(plain, c, rows.clone(), &mut right[columns]);
            }
        }
    }

    /// Adds the products of all pairs of columns that are not taken run by run: a weighted one, and a later one without
    /// its weight.
    #[inline(always)]
    pub(super) fn add_products<S: Simd>(
        &self,
        simd: S,
        runs: &ConstantRuns,
        products: &mut [Products],
        progress: &Progress,
    ) -> Result<(), RunError> {
        let right = self.right.as_ref().unwrap_or(&self.left);
        for i in 0..self.columns {
            progress.check()?;
            let left = &self.left[i * DIGITS..(i + 1) * DIGITS];
            for j in (i..self.columns).filter(|&j| !runs.by_run(i, j, self.right.is_some())) {
                let right = &right[j * DIGITS..(j + 1) * DIGITS];
                let sums = &mut products[packed_index(j, i)];
                add_dots::<S, { partners(0) }>(simd, &left[0], right, &mut sums[0]);
                add_dots::<S, { partners(1) }>(simd, &left[1], right, &mut sums[1]);
                add_dots::<S, { partners(2) }>(simd, &left[2], right, &mut sums[2]);
                add_dots::<S, { partners(3) }>(simd, &left[3], right, &mut sums[3]);
            }
        }
        progress.check()
    }

    /// Adds the weighted numbers of some rows to the sums of everyone, and of their indicators.
    #[inline(always)]
    pub(super) fn add_numbers(
        &mut self,
        runs: &ConstantRuns,
        sums: &mut GroupSums,
        features: &Features,
        rows: Range<usize>,
    ) {
        let by_run = |c: usize| self.right.is_none() && runs.cluster_level[c];
        let mut from = 0;
        while from < self.columns {
            let to = (from..self.columns).find(|&c| by_run(c) != by_run(from)).unwrap_or(self.columns);
            if !by_run(from) {
                add_by_row(&self.left, &mut self.by_row, from..to, sums, features, rows.clone());
            }
            from = to;
        }
    }
}

/// Cuts some rows of a column; the rest of the tile is 0. A function, and not a closure, which would be compiled for
/// the oldest processor.
#[inline(always)]
fn cut_column(
    (columns, tops): (&[Vec<f64>], &[i32]),
    c: usize,
    rows: Range<usize>,
    digits: &mut [[f64; TILE]],
) {
    let number = rows.len();
    cut(&columns[c][rows], tops[c], &mut slices(digits));
    digits.iter_mut().for_each(|digit| digit[number..].fill(0.0));
}

/// Adds the digits of some columns row by row.
#[inline(always)]
fn add_by_row(
    digits: &[[f64; TILE]],
    by_row: &mut [f64],
    columns: Range<usize>,
    sums: &mut GroupSums,
    features: &Features,
    rows: Range<usize>,
) {
    let digits = &digits[columns.start * DIGITS..columns.end * DIGITS];
    let width = digits.len();
    for from in (0..rows.len()).step_by(BLOCK) {
        let block = from..(from + BLOCK).min(rows.len());
        for (index, column) in digits.iter().enumerate() {
            for (row, x) in column[block.clone()].iter().enumerate() {
                by_row[row * width + index] = *x;
            }
        }
        for (digits, row) in by_row.chunks_exact(width).zip(block) {
            sums.add_digits(0, columns.start, digits);
            for &indicator in features.of(rows.start + row) {
                sums.add_digits(indicator as usize + 1, columns.start, digits);
            }
        }
    }
}

fn slices(columns: &mut [[f64; TILE]]) -> [&mut [f64]; DIGITS] {
    let mut columns = columns.iter_mut();
    std::array::from_fn(|_| columns.next().map_or(&mut [][..], |column| column.as_mut_slice()))
}

/// Adds the products of one digit with the first `N` of another column; the others are too small to count.
#[inline(always)]
fn add_dots<S: Simd, const N: usize>(simd: S, left: &[f64; TILE], right: &[[f64; TILE]], sums: &mut [i128]) {
    let mut lanes = [simd.doubles_splat(0.0); N];
    let (left, _) = left.as_chunks::<LANES>();
    let right: [&[[f64; LANES]]; N] = std::array::from_fn(|b| right[b].as_chunks::<LANES>().0);
    for (at, left) in left.iter().enumerate() {
        let left = simd.doubles(left);
        for b in 0..N {
            lanes[b] = simd.doubles_add(lanes[b], simd.doubles_mul(left, simd.doubles(&right[b][at])));
        }
    }
    for (sum, lanes) in sums.iter_mut().zip(lanes) {
        let mut all = [0.0; LANES];
        simd.doubles_compress(lanes, u16::MAX, &mut all);
        *sum += all.iter().sum::<f64>() as i128;
    }
}
