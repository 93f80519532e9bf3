//! Amounts on a lattice: how costs between points are shared by the points around them.

use super::quadrature::Cuts;
use crate::model::Amount;
use crate::numeric::complex::Complex64;
use crate::numeric::lattice::Lattice;
use crate::severity::Interval;

/// Costs below so many steps are put one by one.
const FEW_STEPS: f64 = 2.0;

/// Nodes on [0, 1] and weights of Gauss and Legendre's rule of three, exact to the fifth power: a cubic share times a
/// straight density is of the fourth.
const THREE: [(f64, f64); 3] =
    [(0.112_701_665_379_258_31, 5.0 / 18.0), (0.5, 8.0 / 18.0), (0.887_298_334_620_741_7, 5.0 / 18.0)];

/// Sharing: what becomes of a cost between points. With two points or three, densities are shared by second differences,
/// and what that adds to their variance is taken off as if they were even over a step. Of one that is narrower than a step,
/// and near a point, it is too much: its transform is then larger than 1, and the power of it by many people explodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sharing {
    /// Two points have it: that adds to its variance, which is seen of many costs.
    Two,
    /// Three points have it, which adds nothing, but takes from one point what it adds to another: that is seen of few.
    Three,
    /// Four points have it, as Keys (1981) interpolates by cubic convolution, and densities are put so cost by cost. Mean
    /// and square are kept, and no transform is above 1: with u = d (1 - d) (1 - cos x), for a share d of a step and a phase
    /// x, its square is (1 - 2u) (1 + u)^2 = 1 - 3u^2 - 2u^3.
    Four,
}

/// Amounts as their layers put them on a lattice.
pub(super) struct Amounts<'a> {
    pub cuts: &'a Cuts,
    pub lattice: &'a Lattice,
    /// Do amounts stay where they are? Otherwise atoms are spread by effects, but where the layer is flat.
    pub fixed: bool,
    pub sharing: Sharing,
}

impl Amounts<'_> {
    /// The transform of an amount less 1, given that there is one, at the frequencies from 0 to half the points; then,
    /// where two `parts` are asked for, that of its atoms alone.
    pub(super) fn transforms(&self, amount: &Amount, parts: usize) -> Vec<Complex64> {
        let mut atoms = vec![0.0; self.lattice.points];
        let mut others = density(amount, self);
        self.put_atoms(amount, &mut atoms, &mut others);
        let everything: Vec<f64> = others.iter().zip(&atoms).map(|(other, atom)| other + atom).collect();
        let half = self.lattice.points / 2 + 1;
        let less_one = |masses: &[f64]| {
            self.lattice.transform(masses).into_iter().take(half).map(|value| value - 1.0).collect::<Vec<_>>()
        };
        let mut values = less_one(&everything);
        if parts > 1 {
            values.extend(less_one(&atoms));
        }
        values
    }

    fn put_atoms(&self, amount: &Amount, atoms: &mut [f64], others: &mut [f64]) {
        let (scale, layer) = (amount.scale, &amount.layer);
        let density_from = amount.distribution.density_from() * scale;
        for (x, weight) in amount.distribution.atoms() {
            let cost = layer.at(scale * x);
            let stays = self.fixed || cost == 0.0 || cost == layer.bound();
            let to = if stays { &mut *atoms } else { &mut *others };
            put(to, cost / self.lattice.step, weight, self.sharing);
        }
        // Where the layer is flat, the density makes an atom.
        for (piece, end) in layer.pieces().filter(|(piece, end)| piece.gradient == 0.0 && *end > density_from)
        {
            let from = piece.from.max(density_from);
            let above = |x: f64| if x > 0.0 { amount.distribution.survival(x / scale) } else { 1.0 };
            let weight = above(from) - if end.is_finite() { above(end) } else { 0.0 };
            put(atoms, piece.fixed / self.lattice.step, weight, self.sharing);
        }
    }
}

/// Puts a weight at a position in steps. One between points is shared by the nearest two, so that its mean is kept, or by
/// three or four, so that its square is too.
fn put(masses: &mut [f64], position: f64, weight: f64, sharing: Sharing) {
    let near = libm::rint(position);
    // A cost that is a point but for rounding is that point.
    let offset = if (position - near).abs() <= 1e-9 * (1.0 + near) { 0.0 } else { position - near };
    let point = near as usize;
    if point + 2 >= masses.len() {
        return;
    }
    if offset == 0.0 || sharing == Sharing::Two {
        let other = if offset < 0.0 { point - 1 } else { point + 1 };
        masses[point] += weight * (1.0 - offset.abs());
        masses[other] += weight * offset.abs();
        return;
    }
    let below = position as usize;
    if sharing == Sharing::Four && below > 0 {
        let d = position - below as f64;
        let half = 0.5 * d * (1.0 - d);
        let [first, second] = [1.0 - d, d];
        let shares = [
            -half * first,
            first + half * (2.0 * first - second),
            second + half * (2.0 * second - first),
            -half * second,
        ];
        masses[below - 1..].iter_mut().zip(shares).for_each(|(mass, share)| *mass += weight * share);
        return;
    }
    // Below half a step, the three points are the first ones.
    let (point, offset) = if point == 0 { (1, offset - 1.0) } else { (point, offset) };
    let square = offset * offset;
    masses[point - 1] += weight * 0.5 * (square - offset);
    masses[point] += weight * (1.0 - square);
    masses[point + 1] += weight * 0.5 * (square + offset);
}

/// The part with a density. Within each interval the mean of the cost limited to y is a cubic in y that keeps the
/// interval's mass and mean; its second differences are the masses (Gerber 1982). Sharing a density between points adds
/// a sixth of a squared step to its variance, which a second difference of the masses takes off again. Costs of less
/// than two steps, in which a density can be anything, are put one by one.
fn density(amount: &Amount, amounts: &Amounts<'_>) -> Vec<f64> {
    let Amounts { cuts, lattice, sharing, .. } = amounts;
    let cost_by_cost = *sharing == Sharing::Four;
    let layer = &amount.layer;
    let all: Vec<Interval> = cuts.with(amount, |cuts| cuts.iter().map(|cut| cut.interval).collect());
    let (scale, step, points) = (amount.scale, lattice.step, lattice.points);
    let density_from = amount.distribution.density_from();
    let mut limited = vec![0.0; points + 1];
    let mut total = 0.0;
    let (mut intervals, mut low) = (Vec::new(), Vec::new());
    for (piece, end) in layer.pieces().filter(|(piece, _)| piece.gradient > 0.0) {
        let (from, to) = ((piece.from / scale).max(density_from), end / scale);
        for cut in all.iter().filter(|cut| cut.to > from && cut.from < to) {
            let (a, b) = (cut.from.max(from), cut.to.min(to));
            let moments = if (a, b) == (cut.from, cut.to) && density_from == 0.0 {
                cut.moments
            } else {
                // Above the atom that may stand at the threshold of a tail.
                amount.distribution.interval(a, b)
            };
            let width = piece.gradient * scale * (b - a);
            if piece.at(scale * b) <= FEW_STEPS * step || cost_by_cost && width <= step {
                let two = Interval { from: a, to: b, moments }.points();
                let felt = two.into_iter().filter(|(_, weight)| *weight > 0.0);
                low.extend(felt.map(|(x, weight)| (piece.at(scale * x) / step, weight)));
                continue;
            }
            let [mass, first, ..] = moments;
            intervals.push((piece.at(scale * a), piece.at(scale * b), mass, first * piece.gradient * scale));
            total += mass;
        }
    }
    let put_low = |mut masses: Vec<f64>| {
        low.into_iter().for_each(|(position, weight)| put(&mut masses, position, weight, *sharing));
        masses
    };
    if cost_by_cost {
        let mut masses = vec![0.0; points];
        for (from, to, mass, first) in intervals {
            put_straight(&mut masses, [from / step, to / step], [mass, first / step]);
        }
        return put_low(masses);
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
    put_low(masses)
}

/// Puts a straight density of this mass and mean, the distance from the lower end (in steps), cost by cost. One whose mean
/// is in an outer third falls to 0 within the interval, or rises from it: a density is nowhere below 0.
fn put_straight(masses: &mut [f64], [from, to]: [f64; 2], [mass, first]: [f64; 2]) {
    if mass <= 0.0 {
        return;
    }
    let (width, mean) = (to - from, (first / mass).clamp(0.0, to - from));
    let (low, high) = ((from + 3.0 * mean - 2.0 * width).max(from), (from + 3.0 * mean).min(to));
    let support = high - low;
    if support <= 1e-9 {
        return put(masses, from + mean, mass, Sharing::Four);
    }
    let gradient = (6.0 * (from + mean - low) / support - 3.0).clamp(-1.0, 1.0);
    let mut lower = low;
    while lower < high {
        let upper = (lower.floor() + 1.0).min(high);
        for (node, weight) in THREE {
            let y = lower + node * (upper - lower);
            let density = 1.0 + gradient * (2.0 * (y - low) / support - 1.0);
            put(masses, y, mass * weight * (upper - lower) / support * density, Sharing::Four);
        }
        lower = upper;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::power::integer_power;

    fn size(masses: &[f64], phase: f64) -> f64 {
        let (sin, cos) = masses.iter().enumerate().fold((0.0, 0.0), |(sin, cos), (i, mass)| {
            (sin + mass * libm::sin(phase * i as f64), cos + mass * libm::cos(phase * i as f64))
        });
        libm::hypot(sin, cos)
    }

    #[test]
    fn sharing_by_four_keeps_mean_and_square_and_no_transform_is_above_one() {
        for part in 0..100 {
            let position = 0.003 + 0.05 * f64::from(part);
            let mut masses = [0.0; 9];
            put(&mut masses, position, 1.0, Sharing::Four);
            for (power, moment) in [1.0, position, position * position].into_iter().enumerate() {
                let sum: f64 =
                    masses.iter().enumerate().map(|(i, m)| m * integer_power(i as f64, power as i32)).sum();
                assert!((sum - moment).abs() < 1e-13 * (1.0 + moment), "{position}: {sum} is not {moment}");
            }
            for step in 0..=100 {
                let size = size(&masses, 0.01 * std::f64::consts::PI * f64::from(step));
                assert!(size <= 1.0 + 1e-14, "{position}: {size}");
            }
        }
    }

    #[test]
    fn a_straight_density_keeps_its_mass_and_mean() {
        for mean in [0.05, 0.9, 1.6, 2.4, 3.1] {
            let mut masses = [0.0; 12];
            put_straight(&mut masses, [2.3, 5.5], [0.25, 0.25 * mean]);
            let sum = |power| {
                masses.iter().enumerate().map(|(i, m)| m * integer_power(i as f64, power)).sum::<f64>()
            };
            assert!((sum(0) - 0.25).abs() < 1e-14);
            assert!((sum(1) - 0.25 * (2.3 + mean)).abs() < 1e-13, "{mean}");
            assert!((0..=100).all(|i| size(&masses, 0.0314 * f64::from(i)) <= 0.25 + 1e-14), "{mean}");
        }
    }
}
