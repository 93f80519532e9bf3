//! The distribution of one unit's total: its probabilities, quantiles and table.

use super::fourier_series::Series;
use super::lattice_distribution::LatticeDistribution;
use crate::analytic_moments::UnitMoments;
use crate::numeric::special::normal_inverse_cdf;

/// The distribution of one unit's total, with how well it is known.
#[derive(Clone, Debug)]
pub struct UnitDistribution {
    /// Moments from the moments lane, in closed form.
    pub moments: UnitMoments,
    pub(super) shape: Shape,
    /// How far the distribution is from them.
    pub accuracy: Accuracy,
}

/// Accuracy of a distribution, as the exact lane measured it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Accuracy {
    /// Probability outside of the window.
    pub outside: f64,
    /// Distance of its mean from that of the moments lane, in SDs.
    pub mean_error: f64,
    /// Distance of its SD from that of the moments lane, over it.
    pub sd_error: f64,
    /// Probability that it has below 0: what is taken from one total and added to the next, where it is small; by how much
    /// the size of its transform passes that at frequency 0, where it is a series.
    pub below_zero: f64,
}

impl Accuracy {
    /// That of a transform without a distribution.
    pub(super) const NONE: Self =
        Self { outside: 1.0, mean_error: f64::INFINITY, sd_error: f64::INFINITY, below_zero: 0.0 };

    /// The worse of both in each respect.
    pub fn worse(self, other: Self) -> Self {
        Self {
            outside: self.outside.max(other.outside),
            mean_error: self.mean_error.max(other.mean_error),
            sd_error: self.sd_error.max(other.sd_error),
            below_zero: self.below_zero.max(other.below_zero),
        }
    }
}

/// Width of the cells of a smooth distribution near its mean, in SDs, and by what farther ones are wider.
const CELL: f64 = 1.0 / 16.0;
const WIDER: f64 = 1.15;

#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// The total (£) does not vary.
    Point(f64),
    Series(Series),
    Lattice(LatticeDistribution),
}

impl UnitDistribution {
    /// P(total <= x)
    pub fn cdf(&self, x: f64) -> f64 {
        match &self.shape {
            Shape::Point(total) => f64::from(u8::from(*total <= x || same(*total, x))),
            Shape::Series(series) => series.cdf(x),
            Shape::Lattice(distribution) => distribution.cdf(x, false),
        }
    }

    /// P(total < x)
    pub fn below(&self, x: f64) -> f64 {
        match &self.shape {
            Shape::Point(total) => f64::from(u8::from(*total < x && !same(*total, x))),
            Shape::Series(series) => series.cdf(x),
            Shape::Lattice(distribution) => distribution.cdf(x, true),
        }
    }

    /// The quantile: the smallest total (£) that is not passed with this probability.
    pub fn quantile(&self, probability: f64) -> f64 {
        match &self.shape {
            Shape::Point(total) => *total,
            Shape::Series(series) => {
                let all = &self.moments.all;
                let z = normal_inverse_cdf(probability);
                let sd = if all.sd.is_finite() { all.sd } else { series.width / 20.0 };
                series.quantile(probability, all.mean + z * sd)
            }
            Shape::Lattice(distribution) => distribution.quantile(probability),
        }
    }

    /// Costs with probabilities, at which the sum of a function that is straight between `cuts` (ascending) is its
    /// expectation: those of a smooth distribution keep mass, mean and variance of narrow cells that no cut parts.
    pub fn nodes(&self, cuts: &[f64]) -> Vec<(f64, f64)> {
        match &self.shape {
            Shape::Point(total) => vec![(*total, 1.0)],
            Shape::Lattice(distribution) => distribution.masses().filter(|(_, mass)| *mass != 0.0).collect(),
            Shape::Series(series) => {
                let (mean, sd) = (self.moments.all.mean, self.moments.all.sd);
                let sd = if sd.is_finite() { sd } else { series.width / 40.0 };
                let ends = series.start..series.start + series.width;
                let mut edges: Vec<f64> = cuts.iter().copied().filter(|cut| ends.contains(cut)).collect();
                for side in [-1.0, 1.0] {
                    let (mut distance, mut width) = (0.0, CELL * sd);
                    while ends.contains(&(mean + side * distance)) {
                        edges.push(mean + side * distance);
                        width *= if distance > 6.0 * sd { WIDER } else { 1.0 };
                        distance += width;
                    }
                }
                edges.extend([ends.start, ends.end]);
                edges.sort_unstable_by(f64::total_cmp);
                edges.dedup();
                series.nodes(&edges)
            }
        }
    }

    /// The distribution as a table: equally spaced costs that hold all but 1e-10 of it, each with the probability of
    /// the step around it, and of no more than it.
    pub fn table(&self, points: usize) -> Vec<(f64, f64, f64)> {
        const REST: f64 = 1e-10;
        match &self.shape {
            Shape::Point(total) => vec![(*total, 1.0, 1.0)],
            Shape::Series(series) => {
                let (low, high) = (self.quantile(REST), self.quantile(1.0 - REST));
                // Samples of a density keep its moments if there are a few in each SD (Whittaker 1915).
                let finest =
                    if self.moments.all.sd.is_finite() { 0.25 * self.moments.all.sd } else { f64::INFINITY };
                let points = points.max(((high - low) / finest).ceil() as usize + 1);
                let step = (high - low) / (points - 1) as f64;
                let at = |i| low + i as f64 * step;
                (0..points).map(|i| (at(i), step * series.density(at(i)), series.cdf(at(i)))).collect()
            }
            Shape::Lattice(distribution) => distribution.table(points, REST, 1.0 - REST),
        }
    }
}

/// Are two costs one but for rounding?
fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12 * a.abs().max(b.abs())
}
