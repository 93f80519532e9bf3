//! Distributions on a lattice: of units whose total is not smooth, having few costs or few different atoms.

use super::quadrature::Cuts;
use crate::contract::Layer;
use crate::model::Scaled;
use crate::numeric::complex::Complex64;
use crate::numeric::lattice::Lattice;

/// The distribution of a unit's total at 0, step, 2 step, ...
#[derive(Clone, Debug)]
pub(super) struct LatticeDistribution {
    pub step: f64,
    pub masses: Vec<f64>,
    cumulative: Vec<f64>,
    /// Does every cost stand on the lattice? Otherwise a point stands for half a step on either side.
    pub atomic: bool,
}

impl LatticeDistribution {
    pub(super) fn new(step: f64, masses: Vec<f64>, atomic: bool) -> Self {
        let mut sum = 0.0;
        let cumulative = masses
            .iter()
            .map(|mass| {
                sum += mass;
                sum
            })
            .collect();
        Self { step, masses, cumulative, atomic }
    }

    /// P(total <= x), or P(total < x).
    pub(super) fn cdf(&self, x: f64, strictly: bool) -> f64 {
        if x < 0.0 || (strictly && x == 0.0) {
            return 0.0;
        }
        let last = self.cumulative.len() - 1;
        let position = x / self.step;
        let up_to =
            |points: f64| if points < 0.0 { 0.0 } else { self.cumulative[(points as usize).min(last)] };
        let value = if self.atomic {
            // A cost that is a point but for rounding is that point.
            let near = 1e-9 * (1.0 + position);
            if strictly { up_to((position - near).ceil() - 1.0) } else { up_to((position + near).floor()) }
        } else {
            // What stands at 0 is at 0; the rest of a point's mass is spread around it.
            let middle = position - 0.5;
            let below = if middle < 0.0 { self.cumulative[0] } else { up_to(middle.floor()) };
            let next = if middle < 0.0 { below } else { up_to(middle.floor() + 1.0) };
            below + (next - below) * (middle - middle.floor())
        };
        value.clamp(0.0, 1.0)
    }

    pub(super) fn quantile(&self, probability: f64) -> f64 {
        let last = self.cumulative.len() - 1;
        let point = self.cumulative.partition_point(|&c| c < probability).min(last);
        if self.atomic || point == 0 {
            return point as f64 * self.step;
        }
        let (low, high) = (self.cumulative[point - 1], self.cumulative[point]);
        let share = if high > low { ((probability - low) / (high - low)).min(1.0) } else { 0.0 };
        (point as f64 - 0.5 + share) * self.step
    }

    /// Mass, mean and variance.
    pub(super) fn moments(&self) -> [f64; 3] {
        let at = || self.masses.iter().enumerate().map(|(i, mass)| (i as f64 * self.step, mass));
        let mass: f64 = self.masses.iter().sum();
        let mean = at().map(|(x, m)| x * m).sum::<f64>() / mass;
        [mass, mean, at().map(|(x, m)| (x - mean) * (x - mean) * m).sum::<f64>() / mass]
    }
}

/// The transform of an amount less 1, given that there is one, at the frequencies from 0 to half the points.
pub(super) fn transform(amount: &Scaled, layer: &Layer, cuts: &Cuts, lattice: &Lattice) -> Vec<Complex64> {
    let mut values = lattice.transform(&masses(amount, layer, cuts, lattice));
    values.truncate(lattice.points / 2 + 1);
    values.iter_mut().for_each(|value| *value -= 1.0);
    values
}

/// The layer of an amount on the lattice, given that there is one.
fn masses(amount: &Scaled, layer: &Layer, cuts: &Cuts, lattice: &Lattice) -> Vec<f64> {
    let scale = amount.scale;
    let density_from = amount.distribution.density_from() * scale;
    let mut masses = density(amount, layer, cuts, lattice);
    let mut put = |y: f64, weight: f64| {
        let position = y / lattice.step;
        let near = libm::rint(position);
        // A cost that is a point but for rounding is that point.
        let position = if (position - near).abs() <= 1e-9 * (1.0 + near) { near } else { position };
        let (point, share) = (position.floor(), position - position.floor());
        if point + 1.0 < masses.len() as f64 {
            masses[point as usize] += weight * (1.0 - share);
            masses[point as usize + 1] += weight * share;
        }
    };
    for (x, weight) in amount.distribution.atoms() {
        put(layer.at(scale * x), weight);
    }
    // Where the layer is flat, the density makes an atom.
    for (piece, end) in layer.pieces().filter(|(piece, end)| piece.gradient == 0.0 && *end > density_from) {
        let from = piece.from.max(density_from);
        let above = |x: f64| if x > 0.0 { amount.distribution.survival(x / scale) } else { 1.0 };
        put(piece.fixed, above(from) - if end.is_finite() { above(end) } else { 0.0 });
    }
    masses
}

/// The part with a density. Within each interval the mean of the cost limited to y is a cubic in y that keeps the
/// interval's mass and mean; its second differences are the masses (Gerber 1982). Sharing a density between points adds
/// a sixth of a squared step to its variance, which a second difference of the masses takes off again.
fn density(amount: &Scaled, layer: &Layer, cuts: &Cuts, lattice: &Lattice) -> Vec<f64> {
    let (scale, step, points) = (amount.scale, lattice.step, lattice.points);
    let density_from = amount.distribution.density_from();
    let mut limited = vec![0.0; points + 1];
    let mut total = 0.0;
    let mut intervals = Vec::new();
    for (piece, end) in layer.pieces().filter(|(piece, _)| piece.gradient > 0.0) {
        let (from, to) = ((piece.from / scale).max(density_from), end / scale);
        let inside =
            cuts.of(amount).iter().map(|cut| cut.interval).filter(|cut| cut.to > from && cut.from < to);
        for cut in inside {
            let (a, b) = (cut.from.max(from), cut.to.min(to));
            let [mass, first, ..] = if (a, b) == (cut.from, cut.to) && density_from == 0.0 {
                cut.moments
            } else {
                // Above the atom that may stand at the threshold of a tail.
                amount.distribution.interval(a, b)
            };
            intervals.push((piece.at(scale * a), piece.at(scale * b), mass, first * piece.gradient * scale));
            total += mass;
        }
    }
    let (mut point, mut so_far, mut above) = (0, 0.0, total);
    let mut before = 0.0;
    for (from, to, mass, first) in intervals {
        // Between intervals nothing lies.
        so_far += above * (from - before);
        let width = to - from;
        let rest = above - mass;
        let rise = rest * width + first;
        while point <= points && (point as f64) * step < to {
            let y = point as f64 * step;
            let s = (y - from) / width;
            limited[point] = if y < from {
                so_far - above * (from - y)
            } else {
                let (s2, s3) = (s * s, s * s * s);
                so_far
                    + rise * (3.0 * s2 - 2.0 * s3)
                    + width * (above * (s3 - 2.0 * s2 + s) + rest * (s3 - s2))
            };
            point += 1;
        }
        so_far += rise;
        above = rest;
        before = to;
    }
    for slot in &mut limited[point.min(points + 1)..] {
        *slot = so_far;
    }
    let mut masses = vec![total - limited[1] / step];
    masses.extend(limited.windows(3).map(|l| (2.0 * l[1] - l[0] - l[2]) / step));
    let shared = masses.clone();
    for i in 1..masses.len() - 1 {
        masses[i] += shared[i] / 6.0;
        masses[i - 1] -= shared[i] / 12.0;
        masses[i + 1] -= shared[i] / 12.0;
    }
    masses
}
