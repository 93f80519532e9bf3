//! Sums of doubles that do not depend on the order in which they are added, nor on how they are shared out.
//!
//! A double is cut into digits of 22 bits at places that are the same for every number: digit k holds the bits worth
//! 2^(22 k) to 2^(22 k + 21). Digits are integers, and sums of them are exact. Of each column the four digits below
//! its largest number are kept, which is at least 67 bits: what is cut off lies 14 bits below the last bit of that
//! number. Where a larger number comes, the lowest digits of the sums so far are dropped, which leaves what would
//! have been added had it come first (the idea of Demmel and Nguyen 2015, "Parallel reproducible summation", with
//! bins at fixed places).

use crate::numeric::double_double::DoubleDouble;

/// Number of digits kept of a number.
pub(crate) const DIGITS: usize = 4;
/// The digits of a number, the highest first.
pub(crate) type Digits = [f64; DIGITS];
/// Bits of a digit: products of two digits, added over 512 rows, stay below 2^53.
pub(crate) const BITS: i32 = 22;
/// The exponent of a column in which nothing but zeros has stood.
pub(crate) const NO_TOP: i32 = i32::MIN;

/// The exponent of the highest digit of a finite number.
pub(crate) fn top_of(largest: f64) -> i32 {
    if largest == 0.0 { NO_TOP } else { libm::ilogb(largest).div_euclid(BITS) }
}

/// Cuts numbers below 2^(22 (top + 1)) into digits, a column for each.
#[inline(always)]
pub(crate) fn cut(numbers: &[f64], top: i32, digits: &mut [&mut [f64]; DIGITS]) {
    const BASE: f64 = (1 << BITS) as f64;
    if top == NO_TOP {
        digits.iter_mut().for_each(|digit| digit[..numbers.len()].fill(0.0));
        return;
    }
    // In two steps, for a scale beyond the range of doubles.
    let scale = libm::ldexp(1.0, -BITS * top / 2);
    let rest = libm::ldexp(1.0, -BITS * top - -BITS * top / 2);
    let [first, second, third, fourth] = digits;
    let columns = first.iter_mut().zip(second.iter_mut()).zip(third.iter_mut()).zip(fourth.iter_mut());
    for ((((a, b), c), d), number) in columns.zip(numbers) {
        let left = number * scale * rest;
        *a = left.trunc();
        let left = (left - *a) * BASE;
        *b = left.trunc();
        let left = (left - *b) * BASE;
        *c = left.trunc();
        *d = ((left - *c) * BASE).trunc();
    }
}

/// The digits of a column, row by row.
#[inline(always)]
pub(crate) fn cut_rows(numbers: &[f64], top: i32, mut put: impl FnMut(usize, Digits)) {
    const ROWS: usize = 512;
    let mut columns = [[0.0; ROWS]; DIGITS];
    for (n, numbers) in numbers.chunks(ROWS).enumerate() {
        cut(numbers, top, &mut columns.each_mut().map(|column| column.as_mut_slice()));
        let [first, second, third, fourth] = &columns;
        let digits = first.iter().zip(second).zip(third).zip(fourth).take(numbers.len());
        for (row, (((a, b), c), d)) in digits.enumerate() {
            put(n * ROWS + row, [*a, *b, *c, *d]);
        }
    }
}

/// The sums of several columns of numbers, by group.
#[derive(Clone, Debug)]
pub struct GroupSums {
    tops: Vec<i32>,
    /// Of each group, the digits of each column; 2^31 rows may be added before a digit's sum leaves 53 bits.
    sums: Vec<f64>,
}

impl GroupSums {
    /// Empty sums of this many columns.
    pub fn new(columns: usize) -> Self {
        Self { tops: vec![NO_TOP; columns], sums: Vec::new() }
    }

    fn width(&self) -> usize {
        DIGITS * self.tops.len()
    }

    /// Makes room for this many groups.
    pub fn reserve(&mut self, groups: usize) {
        let length = groups * self.width();
        if length > self.sums.len() {
            self.sums.resize(length, 0.0);
        }
    }

    /// The exponents of the highest digits.
    pub(crate) fn tops(&self) -> &[i32] {
        &self.tops
    }

    /// Makes room for numbers whose highest digits have these exponents.
    pub(crate) fn raise(&mut self, tops: &[i32]) {
        let width = self.width();
        for (column, (old, &new)) in self.tops.iter_mut().zip(tops).enumerate() {
            if new <= *old {
                continue;
            }
            let by = digits_down(*old, new);
            for group in self.sums.chunks_exact_mut(width) {
                lower(&mut group[DIGITS * column..DIGITS * (column + 1)], by);
            }
            *old = new;
        }
    }

    /// Adds the digits of some columns, from the `first` on, to a group.
    #[inline(always)]
    pub(crate) fn add_digits(&mut self, group: usize, first: usize, digits: &[f64]) {
        let at = group * self.width() + DIGITS * first;
        add(&mut self.sums[at..at + digits.len()], digits);
    }

    /// Adds the digits of all columns so many times.
    #[inline(always)]
    pub(crate) fn add_times(&mut self, group: usize, digits: &[f64], times: f64) {
        let at = group * self.width();
        for (sum, digit) in self.sums[at..at + digits.len()].iter_mut().zip(digits) {
            *sum += digit * times;
        }
    }

    /// Adds columns of finite numbers, each row to its group.
    pub fn add(&mut self, groups: &[u32], columns: &[&[f64]]) {
        self.reserve(groups.iter().max().map_or(0, |&g| g as usize + 1));
        let tops: Vec<i32> = columns.iter().map(|column| top_of(largest(column))).collect();
        self.raise(&tops);
        let width = self.width();
        for (index, column) in columns.iter().enumerate() {
            let (top, sums) = (self.tops[index], &mut self.sums);
            cut_rows(column, top, |row, digits| {
                let at = groups[row] as usize * width + DIGITS * index;
                add(&mut sums[at..at + DIGITS], &digits);
            });
        }
    }

    /// Adds the sums of other rows.
    pub fn merge(&mut self, mut other: Self) {
        self.raise(&other.tops);
        other.raise(&self.tops);
        if self.sums.len() < other.sums.len() {
            self.sums.resize(other.sums.len(), 0.0);
        }
        for (sum, digit) in self.sums.iter_mut().zip(&other.sums) {
            *sum += digit;
        }
    }

    /// The sum of a column over the rows of a group, to the nearest double.
    pub fn sum(&self, group: usize, column: usize) -> f64 {
        self.double_double(group, column).value()
    }

    /// The sum of a column over the rows of a group, to two doubles.
    pub(crate) fn double_double(&self, group: usize, column: usize) -> DoubleDouble {
        let at = group * self.width() + DIGITS * column;
        let top = self.tops[column];
        let Some(digits) = self.sums.get(at..at + DIGITS).filter(|_| top != NO_TOP) else {
            return DoubleDouble::default();
        };
        let integer = digits.iter().fold(0i128, |sum, &digit| (sum << BITS) + digit as i128);
        DoubleDouble::scaled(integer, BITS * (top + 1 - DIGITS as i32))
    }
}

/// Adds digits one by one: in eights, which compile to vectors.
#[inline(always)]
fn add(sums: &mut [f64], digits: &[f64]) {
    const LANES: usize = 8;
    let (eights, rest) = sums.as_chunks_mut::<LANES>();
    let (more, last) = digits.as_chunks::<LANES>();
    for (sums, digits) in eights.iter_mut().zip(more) {
        for lane in 0..LANES {
            sums[lane] += digits[lane];
        }
    }
    for (sum, digit) in rest.iter_mut().zip(last) {
        *sum += digit;
    }
}

/// Number of digits by which those of a column move down where its highest exponent becomes a larger one.
pub(crate) fn digits_down(old: i32, new: i32) -> usize {
    if old == NO_TOP { DIGITS } else { (new - old).min(DIGITS as i32) as usize }
}

/// Number of digits of another number that are multiplied with digit `a`: what is left out is below 2^-64 of the
/// largest product of two columns.
pub(crate) const fn partners(a: usize) -> usize {
    if a == 0 { DIGITS } else { DIGITS + 1 - a }
}

/// Moves digits down by so many; the lowest are dropped.
pub(crate) fn lower<T: Copy + Default>(digits: &mut [T], by: usize) {
    let from = by.min(digits.len());
    digits.rotate_right(from);
    digits[..from].fill(T::default());
}

/// The largest magnitude of finite numbers.
#[inline(always)]
pub(crate) fn largest(numbers: &[f64]) -> f64 {
    const LANES: usize = 8;
    let mut lanes = [0.0f64; LANES];
    let chunks = numbers.chunks_exact(LANES);
    let rest = chunks.remainder().iter().fold(0.0f64, |largest, x| largest.max(x.abs()));
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            let x = x.abs();
            *lane = if x > *lane { x } else { *lane };
        }
    }
    lanes.into_iter().fold(rest, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::power::integer_power;
    use crate::random::mix;

    /// Numbers of both signs over twenty orders of magnitude.
    fn numbers(n: u64) -> Vec<f64> {
        let number = |i: u64| {
            let bits = mix(i);
            let size = libm::exp2((bits % 64) as f64 - 32.0);
            (bits as i64 as f64) * size * integer_power(2.0, -63)
        };
        (0..n).map(number).collect()
    }

    fn sum_of(parts: &[&[f64]]) -> f64 {
        let mut all = GroupSums::new(1);
        for part in parts {
            let mut sums = GroupSums::new(1);
            sums.add(&vec![0; part.len()], &[part]);
            all.merge(sums);
        }
        all.sum(0, 0)
    }

    #[test]
    fn is_the_sum_the_same_in_any_order_and_any_parts() {
        let mut numbers = numbers(10_000);
        let total = sum_of(&[&numbers]);
        numbers.sort_unstable_by(f64::total_cmp);
        assert_eq!(sum_of(&[&numbers]).to_bits(), total.to_bits());
        for at in [1, 77, 5_000, 9_999] {
            let (a, b) = numbers.split_at(at);
            assert_eq!(sum_of(&[b, a]).to_bits(), total.to_bits());
        }
    }

    #[test]
    fn is_the_sum_right() {
        // Whole numbers below 2^53 add up exactly.
        let integers: Vec<f64> = (0..1_000u64).map(|i| (mix(i) >> 22) as f64).collect();
        let exact: i128 = integers.iter().map(|&x| x as i128).sum();
        assert_eq!(sum_of(&[&integers]), exact as f64);
        // Cancellation leaves what a running sum would lose.
        assert_eq!(sum_of(&[&[1e16, 1.0, -1e16]]), 1.0);
        assert_eq!(sum_of(&[&[0.1; 10]]), 1.0);
        assert_eq!(sum_of(&[&[0.0, -0.0]]), 0.0);
    }

    #[test]
    fn are_numbers_at_either_end_of_the_range_added() {
        assert_eq!(sum_of(&[&[1e300, 2e300]]), 3e300);
        assert_eq!(sum_of(&[&[1e-300, 2e-300]]), 3e-300);
        assert_eq!(sum_of(&[&[5e-324]]), 5e-324);
    }
}
