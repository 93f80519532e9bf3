//! The numbers of a few hundred people, cut into digits: their products, and their sums by indicator.

use std::ops::Range;

use super::Features;
use super::gram::{Products, pair};
use crate::simd::{LANES, Simd};
use crate::sums::{DIGITS, GroupSums, cut};

/// Rows whose products of digits are added as doubles: 2^9 products below 2^44 stay below 2^53.
pub(super) const TILE: usize = 512;
/// Rows whose digits are laid out row by row, to be added to sums that want the nearest cache for themselves.
const BLOCK: usize = 64;
/// What is known of a practice or an area, and not of a person, changes seldom from row to row. Where such columns make
/// no more runs of equal rows than this, their products are those of the runs.
const MOST_RUNS: usize = 16;

type Digits = [f64; DIGITS];

/// The digits of the numbers of some rows.
pub(super) struct Tile {
    rows: usize,
    columns: usize,
    /// Digits of weighted numbers, column by column, then digit by digit; of a steady number without weights, none.
    left: Vec<[f64; TILE]>,
    /// Digits of numbers without their weights, where there are weights.
    right: Option<Vec<[f64; TILE]>>,
    /// Columns that are the same throughout each run.
    steady: Vec<bool>,
    /// Where runs begin, and where the last ends.
    starts: Vec<usize>,
    /// Of each column and run: the digits of a steady number without its weight, and the sum of weighted digits.
    once: Vec<[Digits; MOST_RUNS]>,
    sums: Vec<[Digits; MOST_RUNS]>,
    /// Digits of weighted numbers of a block, row by row.
    by_row: Vec<f64>,
    /// Of each indicator, people in each run; and the indicators that someone has.
    counts: Vec<[u16; MOST_RUNS]>,
    met: Vec<u32>,
}

impl Tile {
    pub(super) fn new(columns: usize, weighted: bool) -> Self {
        let width = columns * DIGITS;
        Self {
            rows: 0,
            columns,
            left: vec![[0.0; TILE]; width],
            right: weighted.then(|| vec![[0.0; TILE]; width]),
            steady: vec![false; columns],
            starts: Vec::new(),
            once: vec![Default::default(); columns],
            sums: vec![Default::default(); columns],
            by_row: vec![0.0; width * BLOCK],
            counts: Vec::new(),
            met: Vec::new(),
        }
    }

    /// Cuts the numbers of some rows: those with their weights, and those without.
    #[inline(always)]
    pub(super) fn read(
        &mut self,
        left: &[Vec<f64>],
        left_tops: &[i32],
        plain: &[Vec<f64>],
        plain_tops: &[i32],
        rows: Range<usize>,
    ) {
        self.rows = rows.len();
        self.find_runs(plain, rows.clone());
        for c in 0..self.columns {
            let columns = c * DIGITS..(c + 1) * DIGITS;
            if self.steady[c] {
                for (run, &start) in self.starts[..self.starts.len() - 1].iter().enumerate() {
                    let number = &plain[c][rows.start + start..][..1];
                    let [a, b, x, y] = &mut self.once[c][run];
                    cut(number, plain_tops[c], &mut [a, b, x, y].map(std::slice::from_mut));
                }
            }
            if self.right.is_none() && self.steady[c] {
                for (run, ends) in self.starts.windows(2).enumerate() {
                    self.sums[c][run] = self.once[c][run].map(|digit| digit * (ends[1] - ends[0]) as f64);
                }
                continue;
            }
            let digits = &mut self.left[columns.clone()];
            cut(&left[c][rows.clone()], left_tops[c], &mut slices(digits));
            digits.iter_mut().for_each(|digit| digit[rows.len()..].fill(0.0));
            for (run, ends) in self.starts.windows(2).enumerate() {
                self.sums[c][run] =
                    std::array::from_fn(|digit| digits[digit][ends[0]..ends[1]].iter().sum::<f64>());
            }
            if let Some(right) = self.right.as_mut().filter(|_| !self.steady[c]) {
                let digits = &mut right[columns];
                cut(&plain[c][rows.clone()], plain_tops[c], &mut slices(digits));
                digits.iter_mut().for_each(|digit| digit[rows.len()..].fill(0.0));
            }
        }
    }

    /// Finds the columns that make few runs, and their runs; without such columns there are none.
    #[inline(always)]
    fn find_runs(&mut self, plain: &[Vec<f64>], rows: Range<usize>) {
        self.starts.clear();
        let mut first = [false; TILE];
        for (steady, column) in self.steady.iter_mut().zip(plain) {
            let column = &column[rows.clone()];
            let changes = |at: usize| column[at].to_bits() != column[at - 1].to_bits();
            *steady = (1..column.len()).filter(|&at| changes(at)).take(MOST_RUNS).count() < MOST_RUNS;
            if *steady {
                (1..column.len()).for_each(|at| first[at] |= changes(at));
            }
        }
        if first.iter().filter(|&&first| first).count() >= MOST_RUNS {
            self.steady.fill(false);
        }
        if self.steady.contains(&true) {
            self.starts.push(0);
            self.starts.extend((1..rows.len()).filter(|&at| first[at]));
            self.starts.push(rows.len());
        }
    }

    fn runs(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Adds the products of all pairs of columns: a weighted one, and a later one without its weight.
    #[inline(always)]
    pub(super) fn add_products<S: Simd>(&self, simd: S, products: &mut [Products]) {
        let right = self.right.as_ref().unwrap_or(&self.left);
        for i in 0..self.columns {
            let left = &self.left[i * DIGITS..(i + 1) * DIGITS];
            for j in i..self.columns {
                let sums = &mut products[pair(j, i)];
                if self.steady[j] {
                    add_runs(&self.sums[i][..self.runs()], &self.once[j], sums);
                } else if self.steady[i] && self.right.is_none() {
                    add_runs(&self.once[i][..self.runs()], &self.sums[j], sums);
                } else {
                    let right = &right[j * DIGITS..(j + 1) * DIGITS];
                    add_dots::<S, 4>(simd, &left[0], right, &mut sums[0]);
                    add_dots::<S, 3>(simd, &left[1], right, &mut sums[1]);
                    add_dots::<S, 2>(simd, &left[2], right, &mut sums[2]);
                    add_dots::<S, 1>(simd, &left[3], right, &mut sums[3]);
                }
            }
        }
    }

    /// Adds the weighted numbers of the rows from `first` to the sums of everyone, and of their indicators.
    #[inline(always)]
    pub(super) fn add_numbers(&mut self, sums: &mut GroupSums, features: &Features, first: usize) {
        let by_run = |tile: &Self, c: usize| tile.right.is_none() && tile.steady[c];
        if (0..self.columns).any(|c| by_run(self, c)) {
            self.add_runs_of_indicators(sums, features, first);
        }
        let mut from = 0;
        while from < self.columns {
            let steady = by_run(self, from);
            let to = (from..self.columns).find(|&c| by_run(self, c) != steady).unwrap_or(self.columns);
            if !steady {
                add_by_row(&self.left, &mut self.by_row, from..to, sums, features, first..first + self.rows);
            }
            from = to;
        }
    }

    /// Adds steady numbers run by run, times the people of the run who have an indicator.
    #[inline(always)]
    fn add_runs_of_indicators(&mut self, sums: &mut GroupSums, features: &Features, first: usize) {
        for (run, ends) in self.starts.windows(2).enumerate() {
            for row in ends[0]..ends[1] {
                for &indicator in features.of(first + row) {
                    let indicator = indicator as usize;
                    if indicator >= self.counts.len() {
                        self.counts.resize(indicator + 1, [0; MOST_RUNS]);
                    }
                    if self.counts[indicator] == [0; MOST_RUNS] {
                        self.met.push(indicator as u32);
                    }
                    self.counts[indicator][run] += 1;
                }
            }
        }
        let everyone: Vec<u16> = self.starts.windows(2).map(|ends| (ends[1] - ends[0]) as u16).collect();
        for (run, &everyone) in everyone.iter().enumerate() {
            let mut digits = vec![0.0; self.columns * DIGITS];
            for c in (0..self.columns).filter(|&c| self.steady[c]) {
                digits[c * DIGITS..(c + 1) * DIGITS].copy_from_slice(&self.once[c][run]);
            }
            sums.add_times(0, &digits, f64::from(everyone));
            for &indicator in &self.met {
                let people = self.counts[indicator as usize][run];
                if people > 0 {
                    sums.add_times(indicator as usize + 1, &digits, f64::from(people));
                }
            }
        }
        for indicator in self.met.drain(..) {
            self.counts[indicator as usize] = [0; MOST_RUNS];
        }
    }
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
        for (place, column) in digits.iter().enumerate() {
            for (row, x) in column[block.clone()].iter().enumerate() {
                by_row[row * width + place] = *x;
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

/// Adds the products of digits run by run, one of the factors being a sum over the run: as small as row by row.
#[inline(always)]
fn add_runs(left: &[Digits], right: &[Digits], sums: &mut Products) {
    let mut all = [[0.0; DIGITS]; DIGITS];
    for (left, right) in left.iter().zip(right) {
        for (all, a) in all.iter_mut().zip(left) {
            for (all, b) in all.iter_mut().zip(right) {
                *all += a * b;
            }
        }
    }
    for a in 0..DIGITS {
        for b in 0..DIGITS - a {
            // Below 2^53: no product of digits of 512 rows is larger together.
            sums[a][b] += i128::from(all[a][b] as i64);
        }
    }
}
