//! Distributions on a lattice: of units whose total is not smooth, having few costs or few different atoms.

use super::quadrature::Cuts;
use crate::model::Amount;
use crate::numeric::complex::Complex64;
use crate::numeric::lattice::Lattice;
use crate::severity::Interval;

/// Costs below so many steps are put one by one.
const FEW_STEPS: f64 = 2.0;
/// Two probabilities that are one but for rounding.
const TIE: f64 = 1e-12;

/// The distribution of a unit's total at start, start + step, start + 2 step, ...
#[derive(Clone, Debug)]
pub(super) struct LatticeDistribution {
    pub start: f64,
    pub step: f64,
    /// P(total is the point), of totals that stand on atoms.
    atoms: Vec<f64>,
    /// The rest, of which a point holds what lies within half a step on either side.
    rest: Vec<f64>,
    /// Up to each point, and up to half a step after it.
    atoms_up_to: Vec<f64>,
    rest_up_to: Vec<f64>,
    /// The total (£) that nobody passes.
    most: f64,
}

impl LatticeDistribution {
    pub(super) fn new(start: f64, step: f64, atoms: Vec<f64>, rest: Vec<f64>, most: f64) -> Self {
        let (atoms_up_to, rest_up_to) = (up_to(&atoms), up_to(&rest));
        Self { start, step, atoms, rest, atoms_up_to, rest_up_to, most }
    }

    pub(super) fn points(&self) -> usize {
        self.atoms.len()
    }

    /// The rest up to a position in steps, straight between the ends of what points hold; nothing lies below 0 or above the
    /// total that nobody passes.
    fn rest_at(&self, position: f64) -> f64 {
        let last = self.rest_up_to.len() - 1;
        if position <= 0.0 {
            return 0.0;
        }
        let after = position + 0.5;
        let point = (after as usize).min(last);
        let (before, from, width) = match point {
            0 => (0.0, 0.5, 0.5),
            _ => {
                let highest = (self.most - self.start) / self.step - point as f64;
                let width = if highest.abs() < 1e-6 { 0.5 } else { 1.0 };
                (self.rest_up_to[point - 1], point as f64, width)
            }
        };
        let share = ((after - from) / width).clamp(0.0, 1.0);
        before + share * (self.rest_up_to[point] - before)
    }

    /// P(total <= x), or P(total < x).
    pub(super) fn cdf(&self, x: f64, strictly: bool) -> f64 {
        let position = (x - self.start) / self.step;
        // A cost that is a point but for rounding is that point.
        let near = 1e-9 * (1.0 + (x / self.step).abs());
        if position < -near {
            return 0.0;
        }
        let limit = self.most * (1.0 + 1e-12);
        if x >= limit || (!strictly && x >= self.most * (1.0 - 1e-12)) {
            return 1.0;
        }
        let points = if strictly { (position - near).ceil() - 1.0 } else { (position + near).floor() };
        let last = self.atoms_up_to.len() - 1;
        let atoms = if points < 0.0 { 0.0 } else { self.atoms_up_to[(points as usize).min(last)] };
        (atoms + self.rest_at(position)).clamp(0.0, 1.0)
    }

    pub(super) fn quantile(&self, probability: f64) -> f64 {
        let enough = probability - TIE;
        let last = self.points() - 1;
        let at = |point: usize| self.atoms_up_to[point] + self.rest_at(point as f64);
        let (mut low, mut high) = (0, last);
        while low < high {
            let middle = (low + high) / 2;
            if at(middle) < enough { low = middle + 1 } else { high = middle }
        }
        let position = match low {
            0 => 0.0,
            point => {
                // Atoms before this point, and what the rest has to add.
                let needed = enough - self.atoms_up_to[point - 1];
                let [first, half, end] = [1.0, 0.5, 0.0].map(|back| self.rest_at(point as f64 - back));
                let within =
                    |from: f64, to: f64| if to > from { 0.5 * (needed - from) / (to - from) } else { 0.5 };
                if needed > end {
                    point as f64
                } else if needed <= half {
                    point as f64 - 1.0 + within(first, half).clamp(0.0, 0.5)
                } else {
                    point as f64 - 0.5 + within(half, end).clamp(0.0, 0.5)
                }
            }
        };
        (self.start + position * self.step).min(self.most)
    }

    /// The cost of each point, and what it holds.
    pub(super) fn masses(&self) -> impl Iterator<Item = (f64, f64)> {
        let masses = self.atoms.iter().zip(&self.rest).map(|(atom, rest)| atom + rest);
        masses.enumerate().map(|(point, mass)| (self.start + point as f64 * self.step, mass))
    }

    /// Mass, mean and variance.
    pub(super) fn moments(&self) -> [f64; 3] {
        let masses = || self.atoms.iter().zip(&self.rest).map(|(atom, rest)| atom + rest);
        let at = || masses().enumerate().map(|(i, mass)| (i as f64 * self.step, mass));
        let mass: f64 = masses().sum();
        let mean = at().map(|(x, m)| x * m).sum::<f64>() / mass;
        let variance = at().map(|(x, m)| (x - mean) * (x - mean) * m).sum::<f64>() / mass;
        [mass, self.start + mean, variance]
    }

    /// Rows of cost, probability and P(total <= cost), at most about so many, from one quantile to another: steps are
    /// joined, so that no point is cut.
    pub(super) fn table(&self, points: usize, from: f64, to: f64) -> Vec<(f64, f64, f64)> {
        let point = |q: f64| ((self.quantile(q) - self.start) / self.step) as usize;
        let (low, high) = (point(from), (point(to) + 1).min(self.points() - 1));
        let join = (high - low + 1).div_ceil(points);
        let atomic = self.rest_up_to[high] <= TIE;
        (low..=high)
            .step_by(join)
            .map(|first| {
                let last = (first + join - 1).min(high);
                let mass: f64 = (first..=last).map(|i| self.atoms[i] + self.rest[i]).sum();
                let middle = if atomic { last as f64 } else { 0.5 * (first + last) as f64 };
                let cost = self.start + middle * self.step;
                (cost, mass.max(0.0), self.cdf(cost, false))
            })
            .collect()
    }
}

/// Sums up to each point, which do not fall: what a point has too much of, the two after it take off again.
fn up_to(masses: &[f64]) -> Vec<f64> {
    let add = |sum: &mut f64, mass: &f64| {
        *sum += mass;
        Some(*sum)
    };
    let sums: Vec<f64> = masses.iter().scan(0.0, add).collect();
    let mut highest = 0.0f64;
    let lowest_next = |i: usize| sums[i..].iter().take(3).copied().fold(f64::INFINITY, f64::min);
    (0..sums.len())
        .map(|i| {
            highest = highest.max(lowest_next(i));
            highest
        })
        .collect()
}

/// Amounts as their layers put them on a lattice.
pub(super) struct Amounts<'a> {
    pub cuts: &'a Cuts,
    pub lattice: &'a Lattice,
    /// Do amounts stay where they are? Otherwise atoms are spread by effects, but where the layer is flat.
    pub fixed: bool,
    /// Are costs between points shared by two of them? That adds to their variance, which is seen of many costs; by three
    /// it does not, but takes from one point what it adds to another, which is seen of few.
    pub by_two: bool,
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
            put(to, cost / self.lattice.step, weight, self.by_two);
        }
        // Where the layer is flat, the density makes an atom.
        for (piece, end) in layer.pieces().filter(|(piece, end)| piece.gradient == 0.0 && *end > density_from)
        {
            let from = piece.from.max(density_from);
            let above = |x: f64| if x > 0.0 { amount.distribution.survival(x / scale) } else { 1.0 };
            let weight = above(from) - if end.is_finite() { above(end) } else { 0.0 };
            put(atoms, piece.fixed / self.lattice.step, weight, self.by_two);
        }
    }
}

/// Puts a weight at a position in steps. One between points is shared by three, so that its mean and its square are
/// kept, or by the nearest two, so that its mean is.
fn put(masses: &mut [f64], position: f64, weight: f64, by_two: bool) {
    let near = libm::rint(position);
    // A cost that is a point but for rounding is that point.
    let offset = if (position - near).abs() <= 1e-9 * (1.0 + near) { 0.0 } else { position - near };
    let point = near as usize;
    if point + 2 >= masses.len() {
        return;
    }
    if offset == 0.0 || by_two {
        let other = if offset < 0.0 { point - 1 } else { point + 1 };
        masses[point] += weight * (1.0 - offset.abs());
        masses[other] += weight * offset.abs();
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
    let Amounts { cuts, lattice, by_two, .. } = amounts;
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
            if piece.at(scale * b) <= FEW_STEPS * step {
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
    low.into_iter().for_each(|(position, weight)| put(&mut masses, position, weight, *by_two));
    masses
}
