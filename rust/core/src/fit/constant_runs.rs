//! Cluster-level numbers, known of a practice or an area and not of a person: constant over runs of rows, so that
//! products need to be taken only once for each run.

use std::ops::Range;

use super::Features;
use super::packed_pairs::{Products, packed_index};
use crate::numeric::exact_sums::{DIGITS, Digits, GroupSums, cut, partners};

/// Number of runs up to which taking products run by run pays.
const MOST_RUNS: usize = 256;

type Integers = [i64; DIGITS];

/// Constant runs of the rows that are added together, and the cluster-level numbers that make them.
pub(super) struct ConstantRuns {
    /// Is each column at cluster level: the same throughout each run?
    pub cluster_level: Vec<bool>,
    /// Starts of the runs, and the end of the last; empty without cluster-level columns.
    starts: Vec<usize>,
    /// Digits of each cluster-level column in each run: those of the number without its weight.
    constants: Vec<Vec<Integers>>,
    /// Sums of the digits of weighted numbers of each column in each run, below 2^35.
    sums: Vec<Vec<Integers>>,
}

impl ConstantRuns {
    #[inline(always)]
    pub(super) fn new(columns: &[Vec<f64>], tops: &[i32], weighted: bool) -> Self {
        let rows = columns.first().map_or(0, Vec::len);
        let mut first = vec![false; rows];
        let mut cluster_level = Vec::with_capacity(columns.len());
        for column in columns {
            let changes = |at: usize| column[at].to_bits() != column[at - 1].to_bits();
            let few = (1..rows).filter(|&at| changes(at)).take(MOST_RUNS).count() < MOST_RUNS;
            if few {
                (1..rows).for_each(|at| first[at] |= changes(at));
            }
            cluster_level.push(few);
        }
        let mut starts = Vec::new();
        if first.iter().filter(|&&first| first).count() >= MOST_RUNS {
            cluster_level.fill(false);
        }
        if cluster_level.contains(&true) && rows > 0 {
            starts.push(0);
            starts.extend((1..rows).filter(|&at| first[at]));
            starts.push(rows);
        }
        let mut runs = Self { cluster_level, starts, constants: Vec::new(), sums: Vec::new() };
        runs.cut(columns, tops, weighted);
        runs
    }

    #[inline(always)]
    fn cut(&mut self, columns: &[Vec<f64>], tops: &[i32], weighted: bool) {
        let number = self.starts.len().saturating_sub(1);
        self.sums = vec![vec![Integers::default(); number]; columns.len()];
        for (c, column) in columns.iter().enumerate() {
            if !self.cluster_level[c] {
                self.constants.push(Vec::new());
                continue;
            }
            let values: Vec<f64> = self.starts[..number].iter().map(|&start| column[start]).collect();
            let mut digits = vec![vec![0.0; number]; DIGITS];
            if let [a, b, x, y] = digits.as_mut_slice() {
                cut(&values, tops[c], &mut [a, b, x, y]);
            }
            let constants = (0..number).map(|run| std::array::from_fn(|digit| digits[digit][run] as i64));
            self.constants.push(constants.collect());
            if !weighted {
                for (run, ends) in self.starts.windows(2).enumerate() {
                    self.sums[c][run] =
                        self.constants[c][run].map(|digit| digit * (ends[1] - ends[0]) as i64);
                }
            }
        }
    }

    pub(super) fn any(&self) -> bool {
        !self.starts.is_empty()
    }

    /// Are the products of these two taken run by run?
    pub(super) fn by_run(&self, i: usize, j: usize, weighted: bool) -> bool {
        self.cluster_level[j] || (self.cluster_level[i] && !weighted)
    }

    /// Adds the digits of the weighted numbers of some rows of a column.
    #[inline(always)]
    pub(super) fn add_digits<const N: usize>(&mut self, c: usize, digits: &[[f64; N]], rows: Range<usize>) {
        for (run, ends) in self.starts.windows(2).enumerate() {
            let (from, to) = (ends[0].max(rows.start), ends[1].min(rows.end));
            if from < to {
                for (sum, digits) in self.sums[c][run].iter_mut().zip(digits) {
                    *sum += digits[from - rows.start..to - rows.start].iter().sum::<f64>() as i64;
                }
            }
        }
    }

    /// Adds the products that are taken run by run: below 2^57 over 2^13 rows.
    #[inline(always)]
    pub(super) fn add_products(&self, products: &mut [Products], weighted: bool) {
        for i in 0..self.cluster_level.len() {
            for j in i..self.cluster_level.len() {
                if !self.by_run(i, j, weighted) {
                    continue;
                }
                let (left, right) = if self.cluster_level[j] {
                    (&self.sums[i], &self.constants[j])
                } else {
                    (&self.constants[i], &self.sums[j])
                };
                let mut all = [[0i64; DIGITS]; DIGITS];
                for (left, right) in left.iter().zip(right) {
                    for a in 0..DIGITS {
                        for b in 0..partners(a) {
                            all[a][b] += left[a] * right[b];
                        }
                    }
                }
                let sums = products[packed_index(j, i)].as_flattened_mut();
                for (sum, more) in sums.iter_mut().zip(all.as_flattened()) {
                    *sum += i128::from(*more);
                }
            }
        }
    }

    /// Adds cluster-level numbers without weights to the sums of everyone and of indicators: the number of a run, times
    /// the people of the run.
    #[inline(always)]
    pub(super) fn add_numbers(&self, sums: &mut GroupSums, features: &Features) {
        let most = features.indicators.iter().max().map_or(0, |&i| i as usize + 1);
        for (run, ends) in self.starts.windows(2).enumerate() {
            let mut digits: Vec<Digits> = vec![Default::default(); self.cluster_level.len()];
            for (digits, constants) in
                digits.iter_mut().zip(&self.constants).filter(|(_, constants)| !constants.is_empty())
            {
                *digits = constants[run].map(|digit| digit as f64);
            }
            let mut people = vec![0u32; most];
            for row in ends[0]..ends[1] {
                features.of(row).iter().for_each(|&indicator| people[indicator as usize] += 1);
            }
            sums.add_times(0, digits.as_flattened(), (ends[1] - ends[0]) as f64);
            for (indicator, &people) in people.iter().enumerate().filter(|(_, people)| **people > 0) {
                sums.add_times(indicator + 1, digits.as_flattened(), f64::from(people));
            }
        }
    }
}
