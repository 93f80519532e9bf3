//! Sums of products of the columns of a design over people: exact, and so the same in any order and any parts.

use std::ops::Range;

use super::constant_runs::ConstantRuns;
use super::packed_pairs::{Products, packed_index};
use super::tile::{TILE, Tile};
use super::{Column, Features};
use crate::numeric::double_double::DoubleDouble;
use crate::numeric::exact_sums::{
    BITS, GroupSums, NO_TOP, cut_rows, digits_down, largest, lower, partners, top_of,
};
use crate::run::Progress;
use crate::simd::{Processor, Simd, Task};

/// Most rows of one addition: pairs of their indicators are counted by 16 bits.
pub const MOST_ROWS: usize = 1 << 13;

/// Gram matrix: weighted sums of products of all pairs of columns.
#[derive(Clone, Debug)]
pub struct Gram {
    rows: u64,
    /// People with each pair of indicators, at `packed_index(i, j)`; of weighted sums, only those with each indicator.
    /// Sums of digits hold 2^31 people too.
    counts: Vec<u32>,
    /// Of weighted sums, the weights of people with each pair of indicators.
    weights: Option<GroupSums>,
    /// The weights of everyone.
    weight: GroupSums,
    /// Weighted sums of numbers: of everyone, then of those with each indicator.
    numbers: GroupSums,
    /// Exponents of the highest digits of numbers without their weights.
    plain_tops: Vec<i32>,
    /// Products of a weighted number i and a number j >= i, at `packed_index(j, i)`.
    products: Vec<Products>,
}

impl Gram {
    /// Empty sums over this many columns of numbers; indicators are met as they come.
    pub fn new(numbers: usize, weighted: bool) -> Self {
        Self {
            rows: 0,
            counts: Vec::new(),
            weights: weighted.then(|| GroupSums::new(1)),
            weight: GroupSums::new(1),
            numbers: GroupSums::new(numbers),
            plain_tops: vec![NO_TOP; numbers],
            products: vec![Products::default(); numbers * (numbers + 1) / 2],
        }
    }

    /// Number of people added.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Number of people with an indicator.
    pub fn people(&self, indicator: u32) -> u64 {
        let at = if self.weights.is_some() {
            indicator as usize
        } else {
            packed_index(indicator as usize, indicator as usize)
        };
        self.counts.get(at).copied().unwrap_or(0).into()
    }

    /// Adds people, at most [`MOST_ROWS`], each with their weight (0 or more) where sums are weighted. Where it is told
    /// to stop, sums are of no use: not all of these people are in them.
    pub fn add(
        &mut self,
        features: &Features,
        weights: Option<&[f64]>,
        processor: Processor,
        progress: &Progress,
    ) {
        debug_assert_eq!(self.weights.is_some(), weights.is_some());
        assert!(features.rows <= MOST_ROWS, "rows are added in parts");
        processor.run(Add { gram: self, features, weights, progress });
    }

    /// Adds the sums of other people.
    pub fn merge(&mut self, mut other: Self) {
        self.rows += other.rows;
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        if let (Some(weights), Some(more)) = (&mut self.weights, other.weights.take()) {
            weights.merge(more);
        }
        let (tops, plain) = (other.numbers.tops().to_vec(), other.plain_tops.clone());
        self.raise(&tops, &plain);
        let (tops, plain) = (self.numbers.tops().to_vec(), self.plain_tops.clone());
        other.raise(&tops, &plain);
        self.weight.merge(other.weight);
        self.numbers.merge(other.numbers);
        for (sums, more) in self.products.iter_mut().zip(&other.products) {
            for (sum, more) in sums.as_flattened_mut().iter_mut().zip(more.as_flattened()) {
                *sum += more;
            }
        }
    }

    /// Makes room for numbers whose highest digits have these exponents.
    fn raise(&mut self, tops: &[i32], plain: &[i32]) {
        let columns = self.plain_tops.len();
        for c in 0..columns {
            let old = self.numbers.tops()[c];
            if tops[c] > old {
                for j in c..columns {
                    lower(&mut self.products[packed_index(j, c)], digits_down(old, tops[c]));
                }
            }
            let old = self.plain_tops[c];
            if plain[c] > old {
                for i in 0..=c {
                    for digits in &mut self.products[packed_index(c, i)] {
                        lower(digits, digits_down(old, plain[c]));
                    }
                }
                self.plain_tops[c] = plain[c];
            }
        }
        self.numbers.raise(tops);
    }

    /// The sum of weight times one column times another.
    pub(super) fn cross(&self, a: Column, b: Column) -> DoubleDouble {
        use Column::{Indicator, Intercept, Number};
        match (a, b) {
            (Intercept, Intercept) if self.weights.is_none() => DoubleDouble::scaled(self.rows.into(), 0),
            (Intercept, Intercept) => self.weight.double_double(0, 0),
            (Intercept, Indicator(i)) | (Indicator(i), Intercept) => self.both(i, i),
            (Indicator(i), Indicator(j)) => self.both(i, j),
            (Intercept, Number(n)) | (Number(n), Intercept) => self.numbers.double_double(0, n as usize),
            (Indicator(i), Number(n)) | (Number(n), Indicator(i)) => {
                self.numbers.double_double(i as usize + 1, n as usize)
            }
            (Number(m), Number(n)) => self.numbers_product(m.min(n) as usize, m.max(n) as usize),
        }
    }

    /// The sum of weight times a column.
    pub fn total(&self, column: Column) -> f64 {
        self.cross(Column::Intercept, column).value()
    }

    /// The sum of weight times one column times another, to the nearest double.
    pub fn product(&self, a: Column, b: Column) -> f64 {
        self.cross(a, b).value()
    }

    fn both(&self, i: u32, j: u32) -> DoubleDouble {
        let at = packed_index(i as usize, j as usize);
        match &self.weights {
            Some(weights) => weights.double_double(at, 0),
            None => DoubleDouble::scaled(self.counts.get(at).copied().unwrap_or(0).into(), 0),
        }
    }

    fn numbers_product(&self, i: usize, j: usize) -> DoubleDouble {
        let (left, right) = (self.numbers.tops()[i], self.plain_tops[j]);
        if left == NO_TOP || right == NO_TOP {
            return DoubleDouble::default();
        }
        let products = &self.products[packed_index(j, i)];
        let mut sum = DoubleDouble::default();
        for (a, row) in products.iter().enumerate() {
            for (b, &product) in row.iter().enumerate().take(partners(a)) {
                sum = sum + DoubleDouble::scaled(product, BITS * (left + right - (a + b) as i32));
            }
        }
        sum
    }
}

struct Add<'a> {
    gram: &'a mut Gram,
    features: &'a Features,
    weights: Option<&'a [f64]>,
    progress: &'a Progress,
}

impl Task for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { gram, features, weights, progress } = self;
        let plain = &features.numbers;
        let weighted: Option<Vec<Vec<f64>>> = weights.map(|weights| {
            let times = |column: &Vec<f64>| column.iter().zip(weights).map(|(x, w)| x * w).collect();
            plain.iter().map(times).collect()
        });
        let left = weighted.as_ref().unwrap_or(plain);
        let tops =
            |columns: &[Vec<f64>]| -> Vec<i32> { columns.iter().map(|c| top_of(largest(c))).collect() };
        gram.raise(&tops(left), &tops(plain));
        let indicators = features.indicators.iter().max().map_or(0, |&i| i as usize + 1);
        gram.numbers.reserve(indicators + 1);
        let packed_pairs = indicators * (indicators + 1) / 2;
        let counted = if weights.is_some() { indicators } else { packed_pairs };
        if gram.counts.len() < counted {
            gram.counts.resize(counted, 0);
        }
        if let (Some(sums), Some(weights)) = (&mut gram.weights, weights) {
            let top = [top_of(largest(weights))];
            sums.reserve(packed_pairs);
            sums.raise(&top);
            gram.weight.reserve(1);
            gram.weight.raise(&top);
        }
        let mut counts = vec![0u16; if weights.is_some() { 0 } else { packed_pairs }];
        let mut tile = Tile::new(plain.len(), weights.is_some());
        let mut runs = ConstantRuns::new(plain, &gram.plain_tops, weights.is_some());
        for from in (0..features.rows).step_by(TILE) {
            let rows = from..(from + TILE).min(features.rows);
            tile.read((left, gram.numbers.tops()), (plain, &gram.plain_tops), &mut runs, rows.clone());
            if tile.add_products(simd, &runs, &mut gram.products, progress).is_err() {
                return;
            }
            tile.add_numbers(&runs, &mut gram.numbers, features, rows.clone());
            match weights {
                None => add_counts(&mut counts, features, rows),
                Some(weights) => add_weights(gram, features, weights, rows),
            }
        }
        if runs.any() {
            runs.add_products(&mut gram.products, weights.is_some());
            if weights.is_none() {
                runs.add_numbers(&mut gram.numbers, features);
            }
        }
        for (count, more) in gram.counts.iter_mut().zip(counts) {
            *count += u32::from(more);
        }
        gram.rows += features.rows as u64;
    }
}

/// Adds the pairs of indicators of some rows, fewer than 2^16: their own counts are small enough for a near cache.
#[inline(always)]
fn add_counts(counts: &mut [u16], features: &Features, rows: Range<usize>) {
    for row in rows {
        let indicators = features.of(row);
        for (n, &a) in indicators.iter().enumerate() {
            for &b in &indicators[..=n] {
                counts[packed_index(a as usize, b as usize)] += 1;
            }
        }
    }
}

#[inline(always)]
fn add_weights(gram: &mut Gram, features: &Features, weights: &[f64], rows: Range<usize>) {
    let Some(sums) = &mut gram.weights else { return };
    let top = sums.tops()[0];
    let (counts, all) = (&mut gram.counts, &mut gram.weight);
    cut_rows(&weights[rows.clone()], top, |n, digits| {
        let indicators = features.of(rows.start + n);
        all.add_digits(0, 0, &digits);
        for (n, &a) in indicators.iter().enumerate() {
            counts[a as usize] += 1;
            for &b in &indicators[..=n] {
                sums.add_digits(packed_index(a as usize, b as usize), 0, &digits);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::power::integer_power;
    use crate::random::mix;

    /// Two numbers of practices, one of persons; each person has some of five indicators.
    fn people(order: &[usize]) -> (Features, Vec<f64>) {
        let uniform =
            |n: usize, salt: u64| (mix(n as u64 ^ mix(salt)) >> 11) as f64 * integer_power(2.0, -53);
        let mut features = Features { rows: order.len(), starts: vec![0], ..Features::default() };
        for &n in order {
            features.indicators.extend((0..5).filter(|&i| uniform(n, 10 + u64::from(i)) < 0.3));
            features.starts.push(features.indicators.len() as u32);
        }
        let practice = |n: usize| n / 300;
        let column = |of: &dyn Fn(usize) -> f64| order.iter().map(|&n| of(n)).collect::<Vec<f64>>();
        features.numbers = vec![
            column(&|n| uniform(practice(n), 1) - 0.5),
            column(&|n| 1e6 * uniform(n, 2)),
            column(&|n| uniform(practice(n) / 2, 3)),
        ];
        (features, column(&|n| uniform(n, 4)))
    }

    const COLUMNS: [Column; 9] = [
        Column::Intercept,
        Column::Indicator(0),
        Column::Indicator(1),
        Column::Indicator(2),
        Column::Indicator(3),
        Column::Indicator(4),
        Column::Number(0),
        Column::Number(1),
        Column::Number(2),
    ];

    fn products(order: &[usize], weighted: bool, processor: Processor) -> Vec<u64> {
        let (features, weights) = people(order);
        let mut gram = Gram::new(3, weighted);
        gram.add(&features, weighted.then_some(weights.as_slice()), processor, &Progress::default());
        let columns = COLUMNS.iter().flat_map(|&a| COLUMNS.iter().map(move |&b| (a, b)));
        columns.map(|(a, b)| gram.product(a, b).to_bits()).collect()
    }

    #[test]
    fn are_products_the_same_run_by_run_and_row_by_row() {
        let sorted: Vec<usize> = (0..3_000).collect();
        let mut mixed = sorted.clone();
        // No two neighbours are of one practice, so that no number is at cluster level.
        mixed.sort_by_key(|&n| (n % 300, n));
        for weighted in [false, true] {
            for processor in Processor::ALL {
                assert_eq!(
                    products(&sorted, weighted, processor),
                    products(&mixed, weighted, Processor::Baseline)
                );
            }
        }
    }

    #[test]
    fn are_products_rounded_once() {
        // From 1 to 2, the highest digit is 1: the product of the lowest digits that matters is furthest down.
        let numbers = |salt: u64| (0..3_000u64).map(move |n| (1u64 << 52) + (mix(n ^ mix(salt)) >> 12));
        let scaled =
            |salt: u64| numbers(salt).map(|x| x as f64 * integer_power(2.0, -52)).collect::<Vec<f64>>();
        let features = Features {
            rows: 3_000,
            starts: vec![0; 3_001],
            indicators: Vec::new(),
            numbers: vec![scaled(1), scaled(2)],
        };
        let mut gram = Gram::new(2, false);
        gram.add(&features, None, Processor::best(), &Progress::default());
        for (i, j) in [(0, 0), (0, 1), (1, 1)] {
            let rows = numbers(i + 1).zip(numbers(j + 1));
            let exact: i128 = rows.map(|(x, y)| i128::from(x) * i128::from(y)).sum();
            let product = gram.product(Column::Number(i as u32), Column::Number(j as u32));
            assert_eq!(product, exact as f64 * integer_power(2.0, -104), "{i} {j}");
        }
    }

    #[test]
    fn are_products_those_of_sums_in_double_precision() {
        let order: Vec<usize> = (0..3_000).collect();
        let (features, weights) = people(&order);
        for weighted in [false, true] {
            let products = products(&order, weighted, Processor::best());
            let value = |column: Column, row: usize| match column {
                Column::Intercept => 1.0,
                Column::Indicator(i) => f64::from(u8::from(features.of(row).contains(&i))),
                Column::Number(n) => features.numbers[n as usize][row],
            };
            for (index, &bits) in products.iter().enumerate() {
                let (a, b) = (COLUMNS[index / 9], COLUMNS[index % 9]);
                let weight = |row: usize| if weighted { weights[row] } else { 1.0 };
                let terms = (0..3_000).map(|row| weight(row) * value(a, row) * value(b, row));
                let (sum, size) = terms.fold((0.0, 0.0), |(sum, size), x| (sum + x, size + x.abs()));
                // 3,000 roundings of 2^-53 each.
                assert!((f64::from_bits(bits) - sum).abs() <= 4e-13 * size, "{a:?} {b:?}");
            }
        }
    }
}
