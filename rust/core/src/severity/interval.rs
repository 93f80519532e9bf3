//! Intervals of a distribution, each with its first moments: what characteristic functions are summed from.

use super::Distribution;

/// Positive nodes and weights of the 8-point Gauss-Legendre rule on [-1, 1] (Abramowitz and Stegun 1964, table 25.4).
const GAUSS_LEGENDRE: [(f64, f64); 4] = [
    (0.183_434_642_495_649_8, 0.362_683_783_378_362),
    (0.525_532_409_916_329, 0.313_706_645_877_887_3),
    (0.796_666_477_413_626_7, 0.222_381_034_453_374_5),
    (0.960_289_856_497_536_2, 0.101_228_536_290_376_3),
];

/// Ratio of an interval's ends.
const RATIO: f64 = 1.06;
/// Shares that a distribution leaves below its first interval, where costs are next to nothing, and above its last,
/// which nobody of a nation of 60 million meets in a million years.
const BELOW: f64 = 1e-13;
const ABOVE: f64 = 1e-18;
/// Largest share of a continuous distribution that one interval holds.
const MOST: f64 = 1.0 / 32.0;
/// Most halvings of an interval.
const DEPTH: u32 = 24;

/// Costs in (from, to], with P and E[(X - from)^k] for k = 1, 2, 3.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Interval {
    pub from: f64,
    pub to: f64,
    pub moments: [f64; 4],
}

impl Interval {
    pub(crate) fn of(distribution: &dyn Distribution, from: f64, to: f64) -> Self {
        Self { from, to, moments: distribution.interval(from, to) }
    }

    /// E[X^k] over the interval for k = 0 ... 3.
    pub(crate) fn raw(&self) -> [f64; 4] {
        move_origin(self.moments, self.from)
    }

    /// The distribution of two points with these moments (Gauss's quadrature): costs and their probabilities.
    pub(crate) fn points(&self) -> [(f64, f64); 2] {
        let [m0, m1, m2, m3] = self.moments;
        if m0 <= 0.0 {
            return [(self.from, 0.0); 2];
        }
        let width = self.to - self.from;
        let mean = (m1 / m0).clamp(0.0, width);
        let variance = m2 / m0 - mean * mean;
        // Below this share of the width, a variance is rounding error.
        if variance <= 1e-12 * (width * width).min(m2 / m0) {
            return [(self.from + mean, m0), (self.from + mean, 0.0)];
        }
        let sd = variance.sqrt();
        let skewness = (m3 / m0 - 3.0 * mean * m2 / m0 + 2.0 * mean * mean * mean) / (variance * sd);
        let root = (skewness * skewness + 4.0).sqrt();
        let upper = 0.5 * (1.0 - skewness / root);
        let at = |z: f64| self.from + (mean + sd * z).clamp(0.0, width);
        [(at(0.5 * (skewness - root)), m0 * (1.0 - upper)), (at(0.5 * (skewness + root)), m0 * upper)]
    }
}

/// Moments about a point `distance` below the one that these are about.
pub(super) fn move_origin([m0, m1, m2, m3]: [f64; 4], distance: f64) -> [f64; 4] {
    let d = distance;
    [m0, m1 + d * m0, m2 + d * (2.0 * m1 + d * m0), m3 + d * (3.0 * m2 + d * (3.0 * m1 + d * m0))]
}

/// Moments over an interval from integrals of the nearer tail, in which nothing cancels.
pub(super) fn from_tails<L: Distribution + ?Sized>(distribution: &L, a: f64, b: f64) -> [f64; 4] {
    let (above_a, above_b) = (distribution.survival(a), distribution.survival(b));
    let upper = above_a < 0.5;
    let end = if upper { above_b } else { distribution.cdf(b) };
    // P(x < X <= b)
    let rest = |x: f64| if upper { distribution.survival(x) - end } else { end - distribution.cdf(x) };
    let half = 0.5 * (b - a);
    let mut moments = [rest(a).max(0.0), 0.0, 0.0, 0.0];
    for (node, weight) in GAUSS_LEGENDRE {
        for y in [half - half * node, half + half * node] {
            let term = weight * half * rest(a + y).max(0.0);
            moments[1] += term;
            moments[2] += 2.0 * y * term;
            moments[3] += 3.0 * y * y * term;
        }
    }
    moments
}

/// The whole distribution in intervals; what is left out at either end is below `BELOW` and `ABOVE`.
pub(crate) fn intervals(distribution: &dyn Distribution) -> Vec<Interval> {
    let (low, high) = (distribution.inverse_cdf(BELOW), distribution.inverse_survival(ABOVE));
    let mut intervals = Vec::new();
    let mut from = low;
    if distribution.density_from() > 0.0 {
        // An atom at the lower end belongs to the first interval.
        from = low / RATIO;
    }
    while from < high {
        let to = (from * RATIO).max(f64::MIN_POSITIVE);
        split(distribution, from, to, DEPTH, &mut intervals);
        from = to;
    }
    if let Some(first) = intervals.first_mut() {
        first.moments[0] += distribution.cdf(first.from);
    }
    intervals
}

fn split(distribution: &dyn Distribution, from: f64, to: f64, depth: u32, intervals: &mut Vec<Interval>) {
    let interval = Interval::of(distribution, from, to);
    let mass = interval.moments[0];
    let steep = || {
        distribution.survival(to) < 0.05 * distribution.survival(from)
            || distribution.cdf(from) < 0.05 * distribution.cdf(to)
    };
    if depth > 0 && distribution.density_from() <= from && (mass > MOST || mass > BELOW && steep()) {
        let middle = 0.5 * (from + to);
        split(distribution, from, middle, depth - 1, intervals);
        split(distribution, middle, to, depth - 1, intervals);
    } else if mass > 0.0 {
        intervals.push(interval);
    }
}
