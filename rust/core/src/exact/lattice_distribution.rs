//! Distributions on a lattice: of units whose total is not smooth, having few costs or few different atoms.

/// Two probabilities that are one but for rounding.
const TIE: f64 = 1e-12;

/// Points, at most, that share a cost.
const SHARING: usize = 4;

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

    /// Probability below 0 of a few points together: little of it, where sharing takes from one point what it adds to the
    /// next; all of it and more where a transform of one person is larger than 1, and its power by people explodes.
    pub(super) fn below_zero(&self) -> f64 {
        let all: Vec<f64> = self.masses().map(|(_, mass)| mass).collect();
        all.chunks(SHARING).map(|few| (-few.iter().sum::<f64>()).max(0.0)).sum()
    }

    /// Rows of cost, probability and P(total <= cost), at most about so many, from one quantile to another: steps are
    /// joined, so that no point is cut. What a row has below 0 is taken off the next, so that rows add up to all.
    pub(super) fn table(&self, points: usize, from: f64, to: f64) -> Vec<(f64, f64, f64)> {
        let point = |q: f64| ((self.quantile(q) - self.start) / self.step) as usize;
        let (low, high) = (point(from), (point(to) + 1).min(self.points() - 1));
        let join = (high - low + 1).div_ceil(points);
        let atomic = self.rest_up_to[high] <= TIE;
        let mut owed = 0.0;
        (low..=high)
            .step_by(join)
            .map(|first| {
                let last = (first + join - 1).min(high);
                let mass = owed + (first..=last).map(|i| self.atoms[i] + self.rest[i]).sum::<f64>();
                owed = mass.min(0.0);
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
