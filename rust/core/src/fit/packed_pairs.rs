//! Pairs of columns, packed: one entry for the two of either order.

use crate::numeric::exact_sums::DIGITS;

/// Sums of the products of two columns of numbers, by the digits of each.
pub(super) type Products = [[i128; DIGITS]; DIGITS];

/// The index of a pair, the larger number first.
#[inline(always)]
pub(super) fn packed_index(a: usize, b: usize) -> usize {
    let (high, low) = if a > b { (a, b) } else { (b, a) };
    high * (high + 1) / 2 + low
}
