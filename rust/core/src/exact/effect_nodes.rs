//! Nodes of yearly effects: Chebyshev nodes of people's transforms, and how many nodes an integral needs.

use std::f64::consts::{PI, TAU};

use crate::random_effects::{HALF_WIDTH, Node, count_at, nodes_at};

/// Times as many nodes where transforms have kinks: means of a mixed practice are then within 6e-7 SDs of those of the
/// moments lane, and are within 7e-5 otherwise.
const AT_KINKS: usize = 4;

/// Nodes of two effects, equally far apart, so that the sum of their numbers is that of their product.
pub(super) struct ProductNodes {
    pub(super) outer: Vec<Node>,
    pub(super) inner: Vec<Node>,
    /// Logarithms of the products.
    pub(super) logs: Vec<f64>,
}

impl ProductNodes {
    pub(super) fn new(sigmas: [f64; 2], spacing: f64) -> Self {
        let [outer, inner] = sigmas.map(|sigma| nodes_at(sigma, spacing, count_at(sigma, spacing)));
        let log = |i: usize| outer[0].log + inner[0].log + if i > 0 { i as f64 * spacing } else { 0.0 };
        let logs = (0..outer.len() + inner.len() - 1).map(log).collect();
        Self { outer, inner, logs }
    }
}

/// Nodes of the effects at which people's transforms are taken.
pub(super) struct EffectNodes {
    /// Logarithms of the multipliers.
    pub(super) logs: Vec<f64>,
    middle: f64,
    half: f64,
}

impl EffectNodes {
    /// Chebyshev nodes over the range of the effects: logarithms of transforms are analytic in the logarithm of the
    /// multiplier, so that a polynomial through few nodes gives them everywhere between. Where they have kinks, what it
    /// is off by falls with the square of the number of nodes only.
    pub(super) fn new(shared: f64, own: f64, has_kinks: bool) -> Self {
        let half = HALF_WIDTH * (shared + own);
        let middle = -0.5 * (shared * shared + own * own);
        if half == 0.0 {
            return Self { logs: vec![0.0], middle, half };
        }
        let smooth = 10 + (10.0 * half).ceil() as usize;
        let count = if has_kinks { AT_KINKS * smooth } else { smooth };
        let node = |i: usize| middle + half * libm::cos(PI * (i as f64 + 0.5) / count as f64);
        Self { logs: (0..count).map(node).collect(), middle, half }
    }

    /// The weights by which values at the nodes give the value at `log` (barycentric form: Berrut and Trefethen 2004).
    pub(super) fn weights(&self, log: f64) -> Vec<f64> {
        let count = self.logs.len();
        if count == 1 {
            return vec![1.0];
        }
        if let Some(at) = self.logs.iter().position(|l| (l - log).abs() < 1e-14 * self.half) {
            return (0..count).map(|i| f64::from(u8::from(i == at))).collect();
        }
        let terms: Vec<f64> = (0..count)
            .map(|i| {
                let angle = PI * (i as f64 + 0.5) / count as f64;
                let sign = if i % 2 == 0 { 1.0 } else { -1.0 };
                sign * libm::sin(angle) / (log - self.logs[i])
            })
            .collect();
        let sum: f64 = terms.iter().sum();
        debug_assert!((log - self.middle).abs() <= self.half * (1.0 + 1e-9));
        terms.into_iter().map(|term| term / sum).collect()
    }
}

/// Number of nodes of an effect over one SD of which the last frequency has this phase (radians): what the sum leaves
/// of a frequency that it takes for another is then below rounding.
pub(super) fn enough_nodes(phase: f64) -> usize {
    let step = TAU / (phase + 9.0);
    ((2.0 * HALF_WIDTH / step).ceil() as usize).next_multiple_of(8) + 1
}

/// Spacing of that many nodes, in the logarithm of the effect.
pub(super) fn enough_spacing(phase: f64, sigma: f64) -> f64 {
    2.0 * HALF_WIDTH * sigma / (enough_nodes(phase) - 1) as f64
}
