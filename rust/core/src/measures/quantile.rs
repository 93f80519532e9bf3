//! Quantiles of simulated years.

use super::Estimate;
use crate::numeric::special::beta_i;

/// Rule by which a quantile of `n` sorted years is read off, prepared once for all units.
///
/// The estimate is the linear interpolation of order statistics (Hyndman and Fan 1996, type 7). Its standard error is
/// that of Maritz and Jarrett (1978): the variance of an order statistic under the sample's own distribution.
#[derive(Clone, Debug)]
pub struct QuantileRule {
    below: usize,
    fraction: f64,
    /// The first of `weights`, and the probability that the quantile's order statistic falls on each year from there.
    from: usize,
    weights: Vec<f64>,
}

impl QuantileRule {
    /// The rule for a probability in [0, 1] and `n` years.
    pub fn new(probability: f64, n: usize) -> Self {
        let rank = probability * (n - 1) as f64;
        let below = (rank as usize).min(n - 1);
        let count = n as f64;
        let (a, b) = (probability * (count + 1.0), (1.0 - probability) * (count + 1.0));
        // The weights beyond ten SDs of the order statistic are below 1e-20.
        let half_width = 10.0 * (count * probability * (1.0 - probability)).sqrt() + 10.0;
        let from = (probability * count - half_width).max(0.0) as usize;
        let to = ((probability * count + half_width) as usize).min(n);
        let edges: Vec<f64> = (from..=to).map(|i| beta_i(a, b, i as f64 / count)).collect();
        Self {
            below,
            fraction: rank - below as f64,
            from,
            weights: edges.windows(2).map(|e| e[1] - e[0]).collect(),
        }
    }

    /// The quantile of `n` years in ascending order.
    pub fn of(&self, sorted: &[f64]) -> Estimate {
        let low = sorted[self.below];
        let high = sorted[(self.below + 1).min(sorted.len() - 1)];
        let value = low + self.fraction * (high - low);
        let near = || self.weights.iter().zip(&sorted[self.from..]);
        let total: f64 = self.weights.iter().sum();
        let mean = near().map(|(w, x)| w * x).sum::<f64>() / total;
        let variance = near().map(|(w, x)| w * (x - mean) * (x - mean)).sum::<f64>() / total;
        let se = if sorted.len() > 1 { variance.sqrt() } else { f64::NAN };
        Estimate::new(value, se)
    }
}
