//! The regularised incomplete beta function.

use libm::exp;

use super::SQRT_TWO_PI;
use super::log_gamma::{deviance, stirling_error};

/// Regularised incomplete beta function I_x(a, b), `a, b > 0`, `x` in [0, 1].
pub fn beta_i(a: f64, b: f64, x: f64) -> f64 {
    beta_either(a, b, x, 1.0 - x, false)
}

/// Complement `1 - I_x(a, b)`, accurate in relative terms when it is tiny.
pub fn beta_i_complement(a: f64, b: f64, x: f64) -> f64 {
    beta_either(a, b, x, 1.0 - x, true)
}

fn beta_either(a: f64, b: f64, x: f64, y: f64, upper: bool) -> f64 {
    let domain = a > 0.0 && a < f64::INFINITY && b > 0.0 && b < f64::INFINITY;
    if x.is_nan() || !domain {
        return f64::NAN;
    }
    if x <= 0.0 {
        return if upper { 1.0 } else { 0.0 };
    }
    if x >= 1.0 {
        return if upper { 0.0 } else { 1.0 };
    }
    let prefix = beta_prefix(a, b, x, y);
    // The fraction converges fast below the mean; above it, exchange the two sides.
    let below = x * (a + b + 2.0) < a + 1.0;
    let value = if below { prefix * beta_fraction(a, b, x) / a } else { prefix * beta_fraction(b, a, y) / b };
    let value = if below == upper { 1.0 - value } else { value };
    value.clamp(0.0, 1.0)
}

/// `x^a y^b / B(a, b)` with `y = 1 - x`, by the saddle-point form of Loader (2000).
fn beta_prefix(a: f64, b: f64, x: f64, y: f64) -> f64 {
    let n = a + b;
    let mean_a = n * x;
    let mean_b = n * y;
    let exponent = stirling_error(n)
        - stirling_error(a)
        - stirling_error(b)
        - a * deviance(mean_a, a)
        - b * deviance(mean_b, b);
    exp(exponent) * (a * b / n).sqrt() / SQRT_TWO_PI
}

/// The continued fraction of the incomplete beta function (Abramowitz & Stegun 1964, 26.5.8), by
/// the method of Lentz (1976) as modified by Thompson & Barnett (1986).
fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let guard = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / guard(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    let mut m = 1.0;
    while m < 20_000.0 {
        let a2 = a + 2.0 * m;
        let even = m * (b - m) * x / ((a2 - 1.0) * a2);
        d = 1.0 / guard(1.0 + even * d);
        c = guard(1.0 + even / c);
        fraction *= d * c;
        let odd = -(a + m) * (a + b + m) * x / (a2 * (a2 + 1.0));
        d = 1.0 / guard(1.0 + odd * d);
        c = guard(1.0 + odd / c);
        let factor = d * c;
        fraction *= factor;
        if (factor - 1.0).abs() < 1e-16 {
            break;
        }
        m += 1.0;
    }
    fraction
}
