//! The logarithm of the gamma function, and the exponents of gamma and beta densities by the saddle point.

use libm::{lgamma, log};

use super::polynomial;

const LN_SQRT_TWO_PI: f64 = 0.9189385332046728;
const EULER_GAMMA: f64 = 0.5772156649015329;

/// `ln Gamma(1 + a)` for `a > -1`, accurate in relative terms near `a = 0`.
pub fn ln_gamma_1p(a: f64) -> f64 {
    if a.abs() <= 0.25 {
        // Abramowitz & Stegun (1964), 6.1.33.
        a * (a * polynomial(&ZETA_OVER_K, -a) - EULER_GAMMA)
    } else {
        lgamma(1.0 + a)
    }
}

/// zeta(k) / k for k = 2, 3, ...
const ZETA_OVER_K: [f64; 24] = [
    0.8224670334241132,
    0.40068563438653143,
    0.27058080842778454,
    0.20738555102867398,
    0.1695571769974082,
    0.1440498967688461,
    0.12550966952474304,
    0.11133426586956469,
    0.1000994575127818,
    0.09095401714582904,
    0.083353840546109,
    0.0769325164113522,
    0.07143294629536133,
    0.06666870588242046,
    0.06250095514121304,
    0.058823978658684585,
    0.055555767627403614,
    0.05263167937961666,
    0.05000004769810169,
    0.047619070330142226,
    0.04545455629320467,
    0.04347826605304026,
    0.04166666915034121,
    0.04000000119214014,
];

/// `ln Gamma(a + 1)` minus Stirling's `(a + 1/2) ln a - a + ln sqrt(2 pi)`; Loader (2000).
pub(super) fn stirling_error(a: f64) -> f64 {
    if a < 15.0 {
        return ln_gamma_1p(a) - (a + 0.5) * log(a) + a - LN_SQRT_TWO_PI;
    }
    let b = 1.0 / (a * a);
    let terms = [1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0, -691.0 / 360360.0];
    polynomial(&terms, b) / a
}

/// `d - ln(1 + d)` with `1 + d = x / a`, without cancellation near `x = a` or near 0; the
/// deviance part of Loader (2000).
pub(super) fn deviance(x: f64, a: f64) -> f64 {
    let d = (x - a) / a;
    if d.abs() >= 0.41 {
        return d - log(x / a);
    }
    // ln(1 + d) = 2 atanh(r) with r = d / (2 + d), and d - 2 r = r d.
    let r = d / (2.0 + d);
    let r2 = r * r;
    let mut sum = 0.0;
    for n in (1..=15).rev() {
        sum = sum * r2 + 1.0 / f64::from(2 * n + 1);
    }
    r * (d - 2.0 * r2 * sum)
}
