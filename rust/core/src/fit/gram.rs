//! Sums of products of the columns of a design over people: exact, and so the same in any order and any parts.

use super::{Column, Features};
use crate::simd::{LANES, Level, Simd, Task};
use crate::sums::{BITS, DIGITS, GroupSums, NO_TOP, cut, cut_rows, largest, lower, top_of};
use crate::wide::Wide;

/// Rows whose products of digits are added as doubles: 2^9 products below 2^44 stay below 2^53.
const TILE: usize = 512;

/// Sums of the products of two columns of numbers, by the digits of each.
type Products = [[i128; DIGITS]; DIGITS];

/// Weighted sums of products of all pairs of columns.
#[derive(Clone, Debug)]
pub struct Gram {
    rows: u64,
    /// People with each pair of indicators, at `pair(i, j)`; of weighted sums, only those with each indicator. Sums of
    /// digits hold 2^31 people too.
    counts: Vec<u32>,
    /// Of weighted sums, the weights of people with each pair of indicators.
    weights: Option<GroupSums>,
    /// The weights of everyone.
    weight: GroupSums,
    /// Weighted sums of numbers: of everyone, then of those with each indicator.
    numbers: GroupSums,
    /// Places of the digits of numbers without their weights.
    plain_tops: Vec<i32>,
    /// Products of a weighted number i and a number j >= i, at `pair(j, i)`.
    products: Vec<Products>,
}

/// The place of a pair, the larger number first.
#[inline(always)]
fn pair(a: usize, b: usize) -> usize {
    let (high, low) = if a > b { (a, b) } else { (b, a) };
    high * (high + 1) / 2 + low
}

impl Gram {
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

    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// People with an indicator.
    pub fn people(&self, indicator: u32) -> u64 {
        let at = if self.weights.is_some() {
            indicator as usize
        } else {
            pair(indicator as usize, indicator as usize)
        };
        self.counts.get(at).copied().unwrap_or(0).into()
    }

    /// Adds people, each with their weight (0 or more) where sums are weighted.
    pub fn add(&mut self, features: &Features, weights: Option<&[f64]>, level: Level) {
        debug_assert_eq!(self.weights.is_some(), weights.is_some());
        level.run(Add { gram: self, features, weights });
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

    /// Makes room for numbers with digits at these places.
    fn raise(&mut self, tops: &[i32], plain: &[i32]) {
        let by =
            |old: i32, new: i32| if old == NO_TOP { DIGITS } else { (new - old).min(DIGITS as i32) as usize };
        let columns = self.plain_tops.len();
        for c in 0..columns {
            let old = self.numbers.tops()[c];
            if tops[c] > old {
                for j in c..columns {
                    lower(&mut self.products[pair(j, c)], by(old, tops[c]));
                }
            }
            let old = self.plain_tops[c];
            if plain[c] > old {
                for i in 0..=c {
                    for digits in &mut self.products[pair(c, i)] {
                        lower(digits, by(old, plain[c]));
                    }
                }
                self.plain_tops[c] = plain[c];
            }
        }
        self.numbers.raise(tops);
    }

    /// The sum of weight times one column times another.
    pub(super) fn cross(&self, a: Column, b: Column) -> Wide {
        use Column::{Everyone, Indicator, Number};
        match (a, b) {
            (Everyone, Everyone) if self.weights.is_none() => Wide::scaled(self.rows.into(), 0),
            (Everyone, Everyone) => self.weight.wide(0, 0),
            (Everyone, Indicator(i)) | (Indicator(i), Everyone) => self.both(i, i),
            (Indicator(i), Indicator(j)) => self.both(i, j),
            (Everyone, Number(n)) | (Number(n), Everyone) => self.numbers.wide(0, n as usize),
            (Indicator(i), Number(n)) | (Number(n), Indicator(i)) => {
                self.numbers.wide(i as usize + 1, n as usize)
            }
            (Number(m), Number(n)) => self.numbers_product(m.min(n) as usize, m.max(n) as usize),
        }
    }

    /// The sum of weight times a column.
    pub fn total(&self, column: Column) -> f64 {
        self.cross(Column::Everyone, column).value()
    }

    /// The sum of weight times one column times another, to the nearest double.
    pub fn product(&self, a: Column, b: Column) -> f64 {
        self.cross(a, b).value()
    }

    fn both(&self, i: u32, j: u32) -> Wide {
        let at = pair(i as usize, j as usize);
        match &self.weights {
            Some(weights) => weights.wide(at, 0),
            None => Wide::scaled(self.counts.get(at).copied().unwrap_or(0).into(), 0),
        }
    }

    fn numbers_product(&self, i: usize, j: usize) -> Wide {
        let (left, right) = (self.numbers.tops()[i], self.plain_tops[j]);
        if left == NO_TOP || right == NO_TOP {
            return Wide::default();
        }
        let products = &self.products[pair(j, i)];
        let mut sum = Wide::default();
        for (a, row) in products.iter().enumerate() {
            for (b, &product) in row.iter().enumerate().take(DIGITS - a) {
                sum = sum + Wide::scaled(product, BITS * (left + right - (a + b) as i32));
            }
        }
        sum
    }
}

struct Add<'a> {
    gram: &'a mut Gram,
    features: &'a Features,
    weights: Option<&'a [f64]>,
}

impl Task for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { gram, features, weights } = self;
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
        let pairs = indicators * (indicators + 1) / 2;
        let counted = if weights.is_some() { indicators } else { pairs };
        if gram.counts.len() < counted {
            gram.counts.resize(counted, 0);
        }
        if let (Some(sums), Some(weights)) = (&mut gram.weights, weights) {
            let top = [top_of(largest(weights))];
            sums.reserve(pairs);
            sums.raise(&top);
            gram.weight.reserve(1);
            gram.weight.raise(&top);
        }
        let mut tile = Tile::new(plain.len(), weights.is_some());
        for from in (0..features.rows).step_by(TILE) {
            let rows = from..(from + TILE).min(features.rows);
            tile.read(gram, left, plain, rows.clone());
            tile.add_products(simd, gram);
            tile.add_numbers(gram, features, rows.clone());
            match weights {
                None => add_counts(gram, features, rows),
                Some(weights) => add_weights(gram, features, weights, rows),
            }
        }
        gram.rows += features.rows as u64;
    }
}

/// The digits of the numbers of some rows.
struct Tile {
    /// Digits of weighted numbers, column by column, then digit by digit.
    left: Vec<[f64; TILE]>,
    /// Digits of numbers without their weights; none where there are no weights.
    right: Option<Vec<[f64; TILE]>>,
    /// Digits of weighted numbers, row by row.
    by_row: Vec<f64>,
    width: usize,
}

impl Tile {
    fn new(columns: usize, weighted: bool) -> Self {
        let width = columns * DIGITS;
        Self {
            left: vec![[0.0; TILE]; width],
            right: weighted.then(|| vec![[0.0; TILE]; width]),
            by_row: vec![0.0; width * TILE],
            width,
        }
    }

    #[inline(always)]
    fn read(&mut self, gram: &Gram, left: &[Vec<f64>], plain: &[Vec<f64>], rows: std::ops::Range<usize>) {
        let width = self.width;
        for c in 0..left.len() {
            let columns = &mut self.left[c * DIGITS..(c + 1) * DIGITS];
            cut(&left[c][rows.clone()], gram.numbers.tops()[c], &mut slices(columns));
            for row in 0..rows.len() {
                let at = row * width + c * DIGITS;
                for (digit, column) in self.by_row[at..at + DIGITS].iter_mut().zip(columns.iter()) {
                    *digit = column[row];
                }
            }
            if let Some(right) = &mut self.right {
                let columns = &mut right[c * DIGITS..(c + 1) * DIGITS];
                cut(&plain[c][rows.clone()], gram.plain_tops[c], &mut slices(columns));
            }
        }
        if rows.len() < TILE {
            for column in self.left.iter_mut().chain(self.right.iter_mut().flatten()) {
                column[rows.len()..].fill(0.0);
            }
        }
    }

    #[inline(always)]
    fn add_products<S: Simd>(&self, simd: S, gram: &mut Gram) {
        let right = self.right.as_ref().unwrap_or(&self.left);
        let columns = self.width / DIGITS;
        for i in 0..columns {
            let left = &self.left[i * DIGITS..(i + 1) * DIGITS];
            for j in i..columns {
                let right = &right[j * DIGITS..(j + 1) * DIGITS];
                let sums = &mut gram.products[pair(j, i)];
                add_dots::<S, 4>(simd, &left[0], right, &mut sums[0]);
                add_dots::<S, 3>(simd, &left[1], right, &mut sums[1]);
                add_dots::<S, 2>(simd, &left[2], right, &mut sums[2]);
                add_dots::<S, 1>(simd, &left[3], right, &mut sums[3]);
            }
        }
    }

    #[inline(always)]
    fn add_numbers(&self, gram: &mut Gram, features: &Features, rows: std::ops::Range<usize>) {
        if self.width == 0 {
            return;
        }
        for (digits, row) in self.by_row.chunks_exact(self.width).zip(rows) {
            gram.numbers.add_digits(0, digits);
            for &indicator in features.of(row) {
                gram.numbers.add_digits(indicator as usize + 1, digits);
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

#[inline(always)]
fn add_counts(gram: &mut Gram, features: &Features, rows: std::ops::Range<usize>) {
    for row in rows {
        let indicators = features.of(row);
        for (n, &a) in indicators.iter().enumerate() {
            for &b in &indicators[..=n] {
                gram.counts[pair(a as usize, b as usize)] += 1;
            }
        }
    }
}

#[inline(always)]
fn add_weights(gram: &mut Gram, features: &Features, weights: &[f64], rows: std::ops::Range<usize>) {
    let Some(sums) = &mut gram.weights else { return };
    let top = sums.tops()[0];
    let (counts, all) = (&mut gram.counts, &mut gram.weight);
    cut_rows(&weights[rows.clone()], top, |n, digits| {
        let indicators = features.of(rows.start + n);
        all.add_digits(0, &digits);
        for (n, &a) in indicators.iter().enumerate() {
            counts[a as usize] += 1;
            for &b in &indicators[..=n] {
                sums.add_digits(pair(a as usize, b as usize), &digits);
            }
        }
    });
}
