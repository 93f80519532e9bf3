//! Numbers of two doubles, for the few places where one rounding too many would show.

use std::ops::{Add, Neg, Sub};

/// An unevaluated sum of two doubles, `high` being the sum to the nearest (Dekker 1971; Knuth, TAOCP 2, 4.2.2).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct DoubleDouble {
    pub high: f64,
    low: f64,
}

impl DoubleDouble {
    /// An integer times 2^`exponent`, to about 106 bits.
    pub(crate) fn scaled(integer: i128, exponent: i32) -> Self {
        let high = integer as f64;
        let low = (integer - high as i128) as f64;
        Self { high: libm::ldexp(high, exponent), low: libm::ldexp(low, exponent) }
    }

    pub(crate) fn value(self) -> f64 {
        self.high + self.low
    }

    /// `self * x`.
    pub(crate) fn times(self, x: f64) -> Self {
        let product = exact_product(self.high, x);
        exact_sum(product.high, product.low + self.low * x)
    }
}

impl From<f64> for DoubleDouble {
    fn from(x: f64) -> Self {
        Self { high: x, low: 0.0 }
    }
}

impl Add for DoubleDouble {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let high = exact_sum(self.high, other.high);
        let low = exact_sum(self.low, other.low);
        let sum = exact_sum(high.high, high.low + low.high);
        exact_sum(sum.high, sum.low + low.low)
    }
}

impl Neg for DoubleDouble {
    type Output = Self;
    fn neg(self) -> Self {
        Self { high: -self.high, low: -self.low }
    }
}

impl Sub for DoubleDouble {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

fn exact_sum(a: f64, b: f64) -> DoubleDouble {
    let high = a + b;
    let part = high - a;
    DoubleDouble { high, low: (a - (high - part)) + (b - part) }
}

/// Dekker's product: each factor in halves of 26 bits.
fn exact_product(a: f64, b: f64) -> DoubleDouble {
    let halves = |x: f64| {
        let big = 134_217_729.0 * x; // 2^27 + 1
        let high = big - (big - x);
        (high, x - high)
    };
    let high = a * b;
    let ((ah, al), (bh, bl)) = (halves(a), halves(b));
    DoubleDouble { high, low: ((ah * bh - high) + ah * bl + al * bh) + al * bl }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::power::integer_power;

    #[test]
    fn do_sums_and_products_keep_what_one_double_loses() {
        let third = DoubleDouble::from(1.0 / 3.0);
        let product = third.times(3.0) - DoubleDouble::from(1.0);
        // 1/3 as a double is short of a third by 2^-54 / 3.
        assert_eq!(product.value(), -integer_power(2.0, -54));
        let sum = (DoubleDouble::from(1e16) + DoubleDouble::from(1.0)) - DoubleDouble::from(1e16);
        assert_eq!(sum.value(), 1.0);
    }

    #[test]
    fn is_a_scaled_integer_kept_to_its_last_bit() {
        let integer = (1i128 << 90) + 1;
        let sum = DoubleDouble::scaled(integer, -40);
        assert_eq!(sum.high, integer_power(2.0, 50));
        assert_eq!((sum - DoubleDouble::from(integer_power(2.0, 50))).value(), integer_power(2.0, -40));
    }
}
