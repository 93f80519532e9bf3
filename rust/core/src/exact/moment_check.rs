//! The check of every distribution: against the moments lane, and of what no distribution has.

use super::windows::{Plan, Window};
use super::{Accuracy, TAIL_PROBABILITIES};

/// How far a distribution on a lattice may be from the moments lane: its mean in SDs, and its SD; and what it may have below 0. Of 279
/// distributions of the tests none has more than 7e-4. A transform that explodes leaves mass, mean and SD as they are, and
/// has as much below 0 as above 1.
pub(super) const LATTICE_TOLERANCES: [f64; 3] = [1e-4, 1e-4, 2e-3];

impl Plan {
    /// How far a distribution with this mass, mean and variance, and this probability below 0, is from what it must be; an
    /// error if too far.
    pub(super) fn judge(
        &self,
        [mass, mean, variance]: [f64; 3],
        below_zero: f64,
        window: &Window,
        [mean_tolerance, sd_tolerance, below_zero_tolerance]: [f64; 3],
    ) -> Result<Accuracy, Accuracy> {
        let all = &self.moments.all;
        let accuracy = Accuracy {
            outside: (1.0 - mass).abs(),
            mean_error: if all.sd.is_finite() { (mean - all.mean).abs() / all.sd } else { 0.0 },
            sd_error: if all.sd.is_finite() { (variance.max(0.0).sqrt() / all.sd - 1.0).abs() } else { 0.0 },
            below_zero,
        };
        let [lost_mean, lost_square] = window.lost;
        let spread = if all.sd.is_finite() { all.sd } else { self.width(0) };
        // Said so that what is not a number is not good.
        let good = below_zero <= below_zero_tolerance
            && accuracy.outside <= TAIL_PROBABILITIES[0]
            && (mean - all.mean).abs() <= mean_tolerance * spread + 2.0 * lost_mean
            && (!all.sd.is_finite()
                || accuracy.sd_error <= sd_tolerance + 4.0 * lost_square / (spread * spread));
        if good { Ok(accuracy) } else { Err(accuracy) }
    }
}
