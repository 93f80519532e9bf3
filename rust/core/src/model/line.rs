//! Moments of a cost that is a straight line of the gross cost.

use crate::numeric::power::integer_power;

/// E[(fixed + gradient * X)^k] from the moments E[X^j]; a moment that has no weight may be infinite.
pub(super) fn power_of_line(k: u32, fixed: f64, gradient: f64, moment: impl Fn(u32) -> f64) -> f64 {
    (0..=k)
        .map(|j| {
            let weight =
                binomial(k, j) * integer_power(gradient, j as i32) * integer_power(fixed, (k - j) as i32);
            if weight == 0.0 { 0.0 } else { weight * moment(j) }
        })
        .sum()
}

fn binomial(n: u32, k: u32) -> f64 {
    (0..k).fold(1.0, |b, i| b * f64::from(n - i) / f64::from(i + 1))
}
