//! Yearly effects above people, for the lanes without chance: integrals over a lognormal multiplier of mean 1.

/// Half width of the integral, in SDs of the effect's logarithm: the density there, 2e-16, is lost in rounding. Were it
/// cut where it can be felt, its end would ring through the characteristic function.
pub(crate) const HALF_WIDTH: f64 = 8.5;

/// SD of the logarithm of a lognormal number of mean 1 and this SD.
pub(crate) fn sigma(sd: f64) -> f64 {
    libm::log1p(sd * sd).sqrt()
}

/// A node of the integral: the multiplier's logarithm, and its probability.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub log: f64,
    pub weight: f64,
}

/// Number of nodes of an effect that are `step` apart in the multiplier's logarithm; one where there is no effect.
pub(crate) fn count_at(sigma: f64, step: f64) -> usize {
    if sigma == 0.0 { 1 } else { 2 * (HALF_WIDTH * sigma / step - 1e-9).ceil().max(1.0) as usize + 1 }
}

/// Nodes of the multiplier, equally spaced in a normal variate: for smooth functions the error of such a sum falls
/// faster than any power of the spacing (Goodwin 1949). One node where there is no effect.
pub(crate) fn nodes(sigma: f64, count: usize) -> Vec<Node> {
    nodes_at(sigma, if sigma == 0.0 { 1.0 } else { 2.0 * HALF_WIDTH / (count - 1) as f64 * sigma }, count)
}

/// So many nodes of the multiplier, `step` apart in its logarithm.
pub(crate) fn nodes_at(sigma: f64, step: f64, count: usize) -> Vec<Node> {
    if sigma == 0.0 {
        return vec![Node { log: 0.0, weight: 1.0 }];
    }
    let variate = |i: usize| (i as f64 - 0.5 * (count - 1) as f64) * step / sigma;
    let density = |z: f64| libm::exp(-0.5 * z * z);
    let total: f64 = (0..count).map(|i| density(variate(i))).sum();
    (0..count)
        .map(|i| Node { log: sigma * variate(i) - 0.5 * sigma * sigma, weight: density(variate(i)) / total })
        .collect()
}
