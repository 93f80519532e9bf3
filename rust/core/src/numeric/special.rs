//! Special functions behind the distributions: normal, incomplete gamma and incomplete beta, and inverses.
//!
//! Every transcendental call goes to the `libm` crate, so results have the same bits on every
//! machine. Functions return NaN for arguments outside their domain; none of them panics.

use libm::{erfc, exp, expm1, lgamma, log, log1p};

const SQRT_TWO_PI: f64 = 2.5066282746310002;
const LN_SQRT_TWO_PI: f64 = 0.9189385332046728;
const EULER_GAMMA: f64 = 0.5772156649015329;

/// From this `a` on, the incomplete gamma function uses Temme's expansion around `x = a`.
const TEMME_MIN_A: f64 = 20.0;
/// Temme's expansion is used for `|x - a| < TEMME_WIDTH * a`.
const TEMME_WIDTH: f64 = 0.4;

// ---------------------------------------------------------------------------------------------
// Normal
// ---------------------------------------------------------------------------------------------

/// Standard normal distribution function, accurate in relative terms in the lower tail.
pub fn normal_cdf(z: f64) -> f64 {
    0.5 * erfc(-z * std::f64::consts::FRAC_1_SQRT_2)
}

/// Standard normal survival function `1 - cdf(z)`, accurate in relative terms in the upper tail.
pub fn normal_survival(z: f64) -> f64 {
    normal_cdf(-z)
}

/// Inverse of [`normal_cdf`]: Wichura (1988), algorithm AS 241, routine PPND16.
///
/// `p <= 0` gives -inf and `p >= 1` gives +inf. Accurate for `p` down to 1e-300; for a
/// probability close to 1 use [`normal_inverse_survival`] with its complement.
pub fn normal_inverse_cdf(p: f64) -> f64 {
    if p.is_nan() {
        return f64::NAN;
    }
    if p <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if p >= 1.0 {
        return f64::INFINITY;
    }
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180625 - q * q;
        return q * polynomial(&CENTRE_NUM, r) / polynomial(&CENTRE_DEN, r);
    }
    // 1 - p is exact here, because p > 0.5.
    let r = (-log(if q < 0.0 { p } else { 1.0 - p })).sqrt();
    let z = if r <= 5.0 {
        let r = r - 1.6;
        polynomial(&NEAR_NUM, r) / polynomial(&NEAR_DEN, r)
    } else {
        let r = r - 5.0;
        polynomial(&FAR_NUM, r) / polynomial(&FAR_DEN, r)
    };
    if q < 0.0 { -z } else { z }
}

/// Inverse of [`normal_survival`], accurate for survival probabilities down to 1e-300.
pub fn normal_inverse_survival(v: f64) -> f64 {
    -normal_inverse_cdf(v)
}

// Wichura (1988), AS 241, PPND16: numerator and denominator, lowest power first.
const CENTRE_NUM: [f64; 8] = [
    3.3871328727963665,
    133.14166789178438,
    1971.5909503065513,
    13731.69376550946,
    45921.95393154987,
    67265.7709270087,
    33430.57558358813,
    2509.0809287301227,
];
const CENTRE_DEN: [f64; 8] = [
    1.0,
    42.31333070160091,
    687.1870074920579,
    5394.196021424751,
    21213.794301586597,
    39307.89580009271,
    28729.085735721943,
    5226.495278852854,
];
const NEAR_NUM: [f64; 8] = [
    1.4234371107496835,
    4.630337846156546,
    5.769497221460691,
    3.6478483247632045,
    1.2704582524523684,
    0.2417807251774506,
    0.022723844989269184,
    0.0007745450142783414,
];
const NEAR_DEN: [f64; 8] = [
    1.0,
    2.053191626637759,
    1.6763848301838038,
    0.6897673349851,
    0.14810397642748008,
    0.015198666563616457,
    0.0005475938084995345,
    1.0507500716444169e-09,
];
const FAR_NUM: [f64; 8] = [
    6.657904643501103,
    5.463784911164114,
    1.7848265399172913,
    0.29656057182850487,
    0.026532189526576124,
    0.0012426609473880784,
    2.7115555687434876e-05,
    2.0103343992922881e-07,
];
const FAR_DEN: [f64; 8] = [
    1.0,
    0.599832206555888,
    0.1369298809227358,
    0.014875361290850615,
    0.0007868691311456133,
    1.8463183175100548e-05,
    1.421511758316446e-07,
    2.0442631033899397e-15,
];

/// Horner's rule, coefficients lowest power first.
#[inline]
fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

// ---------------------------------------------------------------------------------------------
// Gamma
// ---------------------------------------------------------------------------------------------

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
fn stirling_error(a: f64) -> f64 {
    if a < 15.0 {
        return ln_gamma_1p(a) - (a + 0.5) * log(a) + a - LN_SQRT_TWO_PI;
    }
    let b = 1.0 / (a * a);
    let terms = [1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0, -691.0 / 360360.0];
    polynomial(&terms, b) / a
}

/// `d - ln(1 + d)` with `1 + d = x / a`, without cancellation near `x = a` or near 0; the
/// deviance part of Loader (2000).
fn deviance(x: f64, a: f64) -> f64 {
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
struct GammaSide {
    /// P(a, x) or Q(a, x).
    value: f64,
    /// `x` times the density at `x`.
    x_density: f64,
}

/// P (`upper` false) or Q (`upper` true) for `a > 0` and finite `x > 0`.
fn gamma_side(a: f64, x: f64, upper: bool) -> GammaSide {
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

/// P or Q for large `a` and `x` near it: Temme (1979), uniform asymptotic expansion.
fn gamma_temme(a: f64, x: f64, upper: bool) -> f64 {
    let half_eta_squared = deviance(x, a);
    let magnitude = (2.0 * half_eta_squared).sqrt();
    let eta = if x < a { -magnitude } else { magnitude };
    let mut scale = 1.0;
    let mut sum = 0.0;
    for row in TEMME {
        sum += scale * polynomial(row, eta);
        scale /= a;
        if scale < 1e-20 {
            break;
        }
    }
    let correction = exp(-a * half_eta_squared) / (SQRT_TWO_PI * a.sqrt()) * sum;
    let root = (a * half_eta_squared).sqrt();
    let z = if x < a { -root } else { root };
    if upper { 0.5 * erfc(z) + correction } else { 0.5 * erfc(-z) - correction }
}

/// Coefficients of c_k(eta) in Temme's expansion, lowest power first, from the exact rational
/// recurrence in Temme (1979) (temme_coefficients.py).
const TEMME: [&[f64]; 11] = [
    &[
        -0.3333333333333333,
        0.08333333333333333,
        -0.014814814814814815,
        0.0011574074074074073,
        0.0003527336860670194,
        -0.0001787551440329218,
        3.919263178522438e-05,
        -2.185448510679992e-06,
        -1.85406221071516e-06,
        8.296711340953087e-07,
        -1.7665952736826078e-07,
        6.707853543401498e-09,
        1.0261809784240309e-08,
        -4.382036018453353e-09,
        9.14769958223679e-10,
        -2.5514193994946248e-11,
        -5.830772132550426e-11,
        2.4361948020667415e-11,
    ],
    &[
        -0.001851851851851852,
        -0.003472222222222222,
        0.0026455026455026454,
        -0.0009902263374485596,
        0.00020576131687242798,
        -4.018775720164609e-07,
        -1.8098550334489977e-05,
        7.64916091608111e-06,
        -1.6120900894563446e-06,
        4.647127802807434e-09,
        1.378633446915721e-07,
        -5.752545603517705e-08,
        1.1951628599778148e-08,
        -1.7543241719747647e-11,
        -1.0091543710600413e-09,
        4.162792991842583e-10,
        -8.56390702649298e-11,
    ],
    &[
        0.004133597883597883,
        -0.0026813271604938273,
        0.0007716049382716049,
        2.0093878600823047e-06,
        -0.0001073665322636516,
        5.2923448829120125e-05,
        -1.2760635188618728e-05,
        3.423578734096138e-08,
        1.3721957309062934e-06,
        -6.298992138380055e-07,
        1.4280614206064242e-07,
        -2.0477098421990866e-10,
        -1.409252991086752e-08,
        6.228974084922022e-09,
        -1.3670488396617114e-09,
    ],
    &[
        0.0006494341563786008,
        0.00022947209362139917,
        -0.0004691894943952557,
        0.00026772063206283885,
        -7.561801671883977e-05,
        -2.396505113867297e-07,
        1.1082654115347302e-05,
        -5.6749528269915965e-06,
        1.4230900732435883e-06,
        -2.7861080291528143e-11,
        -1.6958404091930278e-07,
        8.099464905388083e-08,
        -1.9111168485973655e-08,
    ],
    &[
        -0.0008618882909167117,
        0.0007840392217200666,
        -0.0002990724803031902,
        -1.4638452578843418e-06,
        6.641498215465122e-05,
        -3.968365047179435e-05,
        1.1375726970678419e-05,
        2.507497226237533e-10,
        -1.6954149536558305e-06,
        8.907507532205309e-07,
        -2.292934834000805e-07,
        2.956794137544049e-11,
        2.8865829742708783e-08,
    ],
    &[
        -0.00033679855336635813,
        -6.972813758365857e-05,
        0.0002772753244959392,
        -0.00019932570516188847,
        6.797780477937208e-05,
        1.419062920643967e-07,
        -1.3594048189768693e-05,
        8.018470256334202e-06,
        -2.291481176508095e-06,
        -3.252473551298454e-10,
        3.4652846491085265e-07,
    ],
    &[
        0.0005313079364639922,
        -0.0005921664373536939,
        0.0002708782096718045,
        7.902353232660328e-07,
        -8.153969367561969e-05,
        5.61168275310625e-05,
        -1.8329116582843375e-05,
        -3.0796134506033047e-09,
        3.465155368803609e-06,
        -2.0291327396058603e-06,
    ],
    &[
        0.00034436760689237765,
        5.171790908260592e-05,
        -0.00033493161081142234,
        0.0002812695154763237,
        -0.00010976582244684731,
        -1.2741009095484485e-07,
        2.7744451511563645e-05,
        -1.8263488805711332e-05,
    ],
    &[
        -0.0006526239185953094,
        0.0008394987206720873,
        -0.000438297098541721,
        -6.969091458420552e-07,
        0.00016644846642067547,
        -0.00012783517679769218,
        4.629953263691304e-05,
    ],
    &[
        -0.0005967612901927463,
        -7.204895416020011e-05,
        0.0006782308837667328,
        -0.0006401475260262758,
        0.00027750107634328704,
    ],
    &[0.0013324454494800656, -0.0019144384985654776, 0.0011089369134596636],
];

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

// ---------------------------------------------------------------------------------------------
// Beta
// ---------------------------------------------------------------------------------------------

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
