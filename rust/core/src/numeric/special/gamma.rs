//! The regularised incomplete gamma functions P and Q.

use libm::{exp, expm1, log};

use super::SQRT_TWO_PI;
use super::log_gamma::{deviance, ln_gamma_1p, stirling_error};
use super::temme::{TEMME_MIN_A, TEMME_WIDTH, gamma_temme};

/// Regularised lower incomplete gamma function P(a, x), `a > 0`, `x >= 0`.
///
/// Meant for `a` from 1e-3 to 1e6; accurate in relative terms as `x` goes to 0.
pub fn gamma_p(a: f64, x: f64) -> f64 {
    gamma_either(a, x, false)
}

/// Regularised upper incomplete gamma function Q(a, x) = 1 - P(a, x), `a > 0`, `x >= 0`.
///
/// Meant for `a` from 1e-3 to 1e6; accurate in relative terms in the far tail.
pub fn gamma_q(a: f64, x: f64) -> f64 {
    gamma_either(a, x, true)
}

fn gamma_either(a: f64, x: f64, upper: bool) -> f64 {
    if x.is_nan() || !(a > 0.0 && a < f64::INFINITY) {
        f64::NAN
    } else if x <= 0.0 {
        if upper { 1.0 } else { 0.0 }
    } else if x == f64::INFINITY {
        if upper { 0.0 } else { 1.0 }
    } else {
        gamma_side(a, x, upper).value
    }
}

/// `x^a e^-x / Gamma(1 + a)`, the factor in front of both incomplete gamma functions.
fn gamma_prefix(a: f64, x: f64) -> f64 {
    if a < TEMME_MIN_A {
        exp(a * log(x) - x - ln_gamma_1p(a))
    } else {
        let exponent = -stirling_error(a) - a * deviance(x, a);
        exp(exponent) / (SQRT_TWO_PI * a.sqrt())
    }
}

/// One side of the incomplete gamma function, with the density that belongs to it.
pub(super) struct GammaSide {
    /// P(a, x) or Q(a, x).
    pub value: f64,
    /// `x` times the density at `x`.
    pub x_density: f64,
}

/// P (`upper` false) or Q (`upper` true) for `a > 0` and finite `x > 0`.
pub(super) fn gamma_side(a: f64, x: f64, upper: bool) -> GammaSide {
    let prefix = gamma_prefix(a, x);
    let x_density = a * prefix;
    let (value, value_is_upper) = if prefix == 0.0 {
        (0.0, x > a)
    } else if a >= TEMME_MIN_A && (x - a).abs() < TEMME_WIDTH * a {
        (gamma_temme(a, x, upper), upper)
    } else if x >= (a + 0.5).max(1.5) {
        (x_density * gamma_fraction(a, x), true)
    } else if upper && a < 1.0 {
        (gamma_q_small_a(a, x), true)
    } else {
        (prefix * gamma_series(a, x), false)
    };
    let value = if value_is_upper == upper { value } else { 1.0 - value };
    GammaSide { value: value.clamp(0.0, 1.0), x_density }
}

/// `sum of x^n / ((a + 1) ... (a + n))`, so that P = prefix * sum.
fn gamma_series(a: f64, x: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    let mut n = 1.0;
    while term > sum * 1e-17 && n < 10_000.0 {
        term *= x / (a + n);
        sum += term;
        n += 1.0;
    }
    sum
}

/// Legendre's continued fraction, so that Q = (a * prefix) * fraction (Abramowitz & Stegun 1964,
/// 6.5.31, even part), evaluated by its numerators and denominators with rescaling.
fn gamma_fraction(a: f64, x: f64) -> f64 {
    let mut b = x + 1.0 - a;
    let (mut num0, mut num1) = (0.0, 1.0);
    let (mut den0, mut den1) = (1.0, b);
    let mut n = 1.0;
    while n < 10_000.0 {
        b += 2.0;
        let c = n * (a - n);
        let num = b * num1 + c * num0;
        let den = b * den1 + c * den0;
        let cross = num * den1;
        let done = (cross - num1 * den).abs() <= 1e-16 * cross.abs();
        (num0, num1, den0, den1) = (num1, num, den1, den);
        if done {
            break;
        }
        if den.abs() > 1e120 {
            num0 *= 1e-120;
            num1 *= 1e-120;
            den0 *= 1e-120;
            den1 *= 1e-120;
        }
        n += 1.0;
    }
    num1 / den1
}

/// Q for `a < 1` and small `x`, where 1 - P would cancel: Gautschi (1979).
fn gamma_q_small_a(a: f64, x: f64) -> f64 {
    let exponent = a * log(x) - ln_gamma_1p(a);
    let mut power = 1.0;
    let mut sum = 0.0;
    let mut n = 1.0;
    while n < 60.0 {
        power *= -x / n;
        let term = power / (a + n);
        sum += term;
        if term.abs() <= 1e-17 * sum.abs() {
            break;
        }
        n += 1.0;
    }
    -expm1(exponent) - exp(exponent) * a * sum
}
