//! Quantile table: the quantile function of a continuous distribution as short straight lines.
//!
//! A number v in (0, 1) is the share of draws that cost *more*. With w the distance of v from the nearer end of (0, 1),
//! each octave of w (1/4 to 1/2, 1/8 to 1/4, ...) has 2^8 intervals on either side, so that intervals narrow towards
//! both tails and the tails keep their relative accuracy. An interval's line passes through the quantile function at
//! the two nodes of Gauss-Legendre quadrature, which keeps the interval's mean to fourth order in its width.

use crate::numeric::power::integer_power;
use crate::severity::Distribution;

/// Bits of the fraction of w that choose the interval within its octave.
const INTERVAL_BITS: u32 = 8;
const INTERVALS_PER_OCTAVE: usize = 1 << INTERVAL_BITS;
/// Down to w = 2^-65: beyond the 64 bits of a refined draw.
const OCTAVES: usize = 64;
/// Octaves in which 32 random bits are fine enough: w from 2^-11 to 1/2.
const FAST_OCTAVES: usize = 10;

/// Intervals, over both sides, that a draw reaches without refinement.
pub(crate) const FAST_INTERVALS: u32 = (2 * FAST_OCTAVES * INTERVALS_PER_OCTAVE) as u32;
/// What remains to the right of the exponent and interval bits of a single.
pub(crate) const KEY_SHIFT: u32 = 23 - INTERVAL_BITS;
/// Exponent and interval bits of the largest single below 1/2; `key = TOP_KEY - those of w`.
pub(crate) const TOP_KEY: u32 = 0x3EFF_FFFF >> KEY_SHIFT;
/// The same of a double.
const KEY_SHIFT_DOUBLE: u32 = 52 - INTERVAL_BITS;
const TOP_KEY_DOUBLE: u64 = 0x3FDF_FFFF_FFFF_FFFF >> KEY_SHIFT_DOUBLE;

/// Quantile function of one distribution, as lines.
#[derive(Debug)]
pub(crate) struct QuantileTable {
    /// Interval 2 * key is on the side of large costs, 2 * key + 1 on that of small ones. A line is (a, b): a + b * t
    /// with t in [1, 2) across the interval.
    lines: Vec<[f32; 2]>,
    /// The largest value of any interval reached without refinement.
    fast_max: f64,
}

impl QuantileTable {
    pub(crate) fn new(distribution: &dyn Distribution) -> Self {
        let node = 0.5 - 3f64.sqrt() / 6.0;
        let line = |quantile: &dyn Fn(f64) -> f64, start: f64, width: f64| {
            let low = quantile(start + node * width);
            let high = quantile(start + (1.0 - node) * width);
            let gradient = (high - low) / (1.0 - 2.0 * node);
            let middle = 0.5 * (low + high);
            [(middle - 1.5 * gradient) as f32, gradient as f32]
        };
        let mut lines = Vec::with_capacity(2 * OCTAVES * INTERVALS_PER_OCTAVE);
        for octave in 0..OCTAVES {
            let base = integer_power(2.0, -(octave as i32) - 2);
            let width = base / INTERVALS_PER_OCTAVE as f64;
            for interval in (0..INTERVALS_PER_OCTAVE).rev() {
                let start = base + interval as f64 * width;
                lines.push(line(&|v| distribution.inverse_survival(v), start, width));
                lines.push(line(&|w| distribution.inverse_cdf(w), start, width));
            }
        }
        let fast_max = lines[..FAST_INTERVALS as usize]
            .iter()
            .map(|&[a, b]| (f64::from(a) + f64::from(b)).max(f64::from(a) + 2.0 * f64::from(b)))
            .fold(0.0, f64::max);
        Self { lines, fast_max }
    }

    /// The lines that a draw reaches without refinement.
    pub(crate) fn fast_lines(&self) -> &[[f32; 2]] {
        &self.lines[..FAST_INTERVALS as usize]
    }

    pub(crate) fn fast_max(&self) -> f64 {
        self.fast_max
    }

    /// The cost, in units of its mean, that a share v of draws exceeds.
    #[inline]
    pub(crate) fn at(&self, v: f64) -> f64 {
        let low = 1.0 - v;
        let side = usize::from(low < v);
        let w = v.min(low).clamp(f64::MIN_POSITIVE, 0.5 - f64::EPSILON);
        let bits = w.to_bits();
        let key = (TOP_KEY_DOUBLE - (bits >> KEY_SHIFT_DOUBLE)) as usize;
        let interval = (2 * key + side).min(self.lines.len() - 2 + side);
        let t = f64::from_bits((bits << INTERVAL_BITS & 0x000F_FFFF_FFFF_FFFF) | 1f64.to_bits());
        let [a, b] = self.lines[interval];
        f64::from(a) + f64::from(b) * t
    }
}
