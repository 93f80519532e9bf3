//! Inverses of the incomplete gamma functions.

use libm::{exp, log, log1p};

use super::gamma::gamma_side;
use super::log_gamma::ln_gamma_1p;
use super::normal::normal_inverse_survival;
use super::temme::TEMME_MIN_A;

/// The `x` with P(a, x) = p. `p <= 0` gives 0 and `p >= 1` gives +inf.
///
/// An `x` below the smallest positive number comes out as 0 (small `a` with small `p`).
pub fn inverse_gamma_p(a: f64, p: f64) -> f64 {
    inverse_gamma(a, p, false)
}

/// The `x` with Q(a, x) = q. `q <= 0` gives +inf and `q >= 1` gives 0.
pub fn inverse_gamma_q(a: f64, q: f64) -> f64 {
    inverse_gamma(a, q, true)
}

fn inverse_gamma(a: f64, probability: f64, upper: bool) -> f64 {
    if probability.is_nan() || !(a > 0.0 && a < f64::INFINITY) {
        return f64::NAN;
    }
    if probability <= 0.0 {
        return if upper { f64::INFINITY } else { 0.0 };
    }
    if probability >= 1.0 {
        return if upper { 0.0 } else { f64::INFINITY };
    }
    // Work on the smaller side; 1 - probability is exact above one half.
    if probability > 0.5 {
        inverse_gamma_small_side(a, 1.0 - probability, !upper)
    } else {
        inverse_gamma_small_side(a, probability, upper)
    }
}

/// Solves for `x` on the side whose probability is at most one half.
///
/// Halley's method on the logarithm of the side, which is nearly linear in `ln x` towards 0 and
/// nearly linear in `x` towards infinity, inside a bracket that is bisected when a step leaves it.
fn inverse_gamma_small_side(a: f64, target: f64, upper: bool) -> f64 {
    let mut x = match inverse_gamma_start(a, target, upper) {
        Start::Exact(x) => return x,
        Start::Guess(x) => x,
    };
    let (mut low, mut high) = (0.0, f64::INFINITY);
    for _ in 0..100 {
        let side = gamma_side(a, x, upper);
        let excess = log(side.value / target);
        if (excess > 0.0) == upper {
            low = x;
        } else {
            high = x;
        }
        // Slope of the logarithm of the side in ln x, and the ratio of its second derivative.
        let gradient = side.x_density / side.value;
        let signed = if upper { -gradient } else { gradient };
        let newton = excess / signed;
        let (next, relative_step) = if upper && x > 1.0 {
            let bend = (a - 1.0 - x + gradient) * newton;
            let step = -newton / (1.0 - 0.5 * bend).clamp(0.5, 2.0);
            (x * (1.0 + step), step)
        } else {
            let bend = (a - x - signed) * newton;
            let step = -newton / (1.0 - 0.5 * bend).clamp(0.5, 2.0);
            (x * exp(step), step)
        };
        if excess.abs() < 5e-6 && relative_step.abs() < 5e-6 {
            return next;
        }
        x = if next > low && next < high {
            next
        } else if high == f64::INFINITY {
            2.0 * x
        } else if low == 0.0 {
            0.5 * x
        } else {
            (low * high).sqrt()
        };
        if x == low || x == high || x == 0.0 {
            break;
        }
    }
    x
}

enum Start {
    /// The series is already exact to rounding.
    Exact(f64),
    Guess(f64),
}

/// Starting point: the series of the inverse near 0, the tail's leading terms, or Wilson and
/// Hilferty (1931); the choice follows DiDonato & Morris (1986).
fn inverse_gamma_start(a: f64, target: f64, upper: bool) -> Start {
    if a < TEMME_MIN_A {
        let log_p = if upper { log1p(-target) } else { log(target) };
        let z = exp((log_p + ln_gamma_1p(a)) / a);
        if z < 0.3 * (1.0 + a) {
            let b = 1.0 + a;
            let c2 = 1.0 / b;
            let c3 = (3.0 * a + 5.0) / (2.0 * b * b * (a + 2.0));
            let c4 = (8.0 * a * a + 33.0 * a + 31.0) / (3.0 * b * b * b * (a + 2.0) * (a + 3.0));
            let x = z * (1.0 + z * (c2 + z * (c3 + z * c4)));
            return if z < 1e-4 { Start::Exact(x) } else { Start::Guess(x) };
        }
    }
    if upper && a < TEMME_MIN_A {
        // Q ~ x^(a-1) e^-x / Gamma(a) * (1 + (a-1)/x + ...)
        let y = -log(target) - (ln_gamma_1p(a) - log(a));
        if y > 2.0 * a + 2.0 {
            let c = a - 1.0;
            let x = y + c * log(y);
            return Start::Guess((y + c * (log(x) + 1.0 / x)).max(0.3));
        }
        if a < 1.0 {
            return Start::Guess((y - (1.0 - a) * log(y.max(0.5))).max(0.3));
        }
    }
    let z = normal_inverse_survival(target);
    let z = if upper { z } else { -z };
    let root = 1.0 - 1.0 / (9.0 * a) + z / (3.0 * a.sqrt());
    Start::Guess(a * (root * root * root).max(1e-3))
}
