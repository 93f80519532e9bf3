//! The check of every distribution against the moments lane.

use super::windows::{Plan, Window};
use super::{Accuracy, TAIL_PROBABILITIES};

impl Plan {
    /// How far a distribution with this mass, mean and variance is from what it must be; an error if too far.
    pub(super) fn judge(
        &self,
        [mass, mean, variance]: [f64; 3],
        window: &Window,
        [mean_tolerance, sd_tolerance]: [f64; 2],
    ) -> Result<Accuracy, Accuracy> {
        let all = &self.moments.all;
        let accuracy = Accuracy {
            outside: (1.0 - mass).abs(),
            mean_error: if all.sd.is_finite() { (mean - all.mean).abs() / all.sd } else { 0.0 },
            sd_error: if all.sd.is_finite() { (variance.max(0.0).sqrt() / all.sd - 1.0).abs() } else { 0.0 },
        };
        let [lost_mean, lost_square] = window.lost;
        let spread = if all.sd.is_finite() { all.sd } else { self.width(0) };
        let good = accuracy.outside <= TAIL_PROBABILITIES[0]
            && (mean - all.mean).abs() <= mean_tolerance * spread + 2.0 * lost_mean
            && (!all.sd.is_finite()
                || accuracy.sd_error <= sd_tolerance + 4.0 * lost_square / (spread * spread));
        if good { Ok(accuracy) } else { Err(accuracy) }
    }
}
