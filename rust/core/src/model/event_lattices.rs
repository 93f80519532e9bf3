//! Lattices of a year of events under a frailty, on which hundreds of costs are added up: each cost keeps its mass, mean
//! and square, and each lattice fades into the next.
//!
//! A cost that is shared by two points keeps its mean, and its square grows; of n costs in a year it grows n times, and on
//! a coarser lattice more, so that two lattices do not meet. Three points keep the square, too, by interpolation of
//! Lagrange. Some of their masses are below 0, and what is left of that in the year is put together with its neighbours.

use super::EventType;
use crate::run::{Progress, RunError};

/// Rounding of a partial moment, and the part of a square of a step that it may be.
const ROUNDING: f64 = 4e-15;
const ROUNDED: f64 = 1e-6;
/// Variance (in steps²) below which points that are put together are one.
const NO_VARIANCE: f64 = 1e-9;
/// Most that masses below 0 may be of all: where there is more, rounding may have grown with them.
const MOST_BELOW: f64 = 0.25;

/// Expected events of types on each point of a lattice of this step.
pub(super) type Intensities = fn(&[(f64, &EventType)], f64, usize, &Progress) -> Result<Vec<f64>, RunError>;

/// Expected events on each point of a lattice: a cost is shared by three points so that mass, mean and square are kept.
pub(super) fn intensities_of_squares(
    types: &[(f64, &EventType)],
    step: f64,
    points: usize,
    progress: &Progress,
) -> Result<Vec<f64>, RunError> {
    let mut sums = vec![0.0; points + 2];
    for (rate, t) in types {
        progress.check()?;
        let (scale, distribution) = (t.severity.scale(), t.severity.distribution());
        for (x, probability) in distribution.atoms() {
            let position = on_point(scale * x / step);
            // Position and centre, from which it is a step away at most: below 0 there is no point.
            let centre = libm::rint(position).max(1.0);
            let distance = position - centre;
            if centre <= points as f64 {
                let moments = [1.0, distance, distance * distance];
                share(&mut sums, centre as usize, rate * probability, moments);
            }
        }
        let from = distribution.density_from() * scale;
        if from >= points as f64 * step {
            continue;
        }
        let above = |cost: f64| if cost > 0.0 { distribution.survival(cost / scale) } else { 1.0 };
        let partial = |cost: f64| {
            [1, 2].map(|k| {
                let moment = if cost > 0.0 { distribution.partial_moment(k, cost / scale) } else { 0.0 };
                moment * if k == 1 { scale / step } else { (scale / step) * (scale / step) }
            })
        };
        let first = (libm::rint(from / step) as usize).max(1);
        let mut low = from;
        let mut above_low = above(from);
        let mut known: Option<(f64, [f64; 2])> = None;
        for point in first..=points {
            let (centre, high) = (point as f64, (point as f64 + 0.5) * step);
            let above_high = above(high);
            let mass = (above_low - above_high).max(0.0);
            if mass > 0.0 {
                let square = (centre + 0.5) * (centre + 0.5);
                let moments = if ROUNDING * square * (1.0 - above_high) < ROUNDED * mass {
                    let below = known.take().filter(|(cost, _)| *cost == low);
                    let [low1, low2] = below.map_or_else(|| partial(low), |(_, moments)| moments);
                    let [high1, high2] = partial(high);
                    known = Some((high, [high1, high2]));
                    let (first, second) = (high1 - low1, high2 - low2);
                    [first - centre * mass, second - centre * (2.0 * first - centre * mass)]
                } else {
                    // Simpson's rule for what the tail above the interval's end holds within it.
                    let (width, start) = ((high - low) / step, low / step - centre);
                    let middle = (above(0.5 * (low + high)) - above_high).clamp(0.0, mass);
                    let first = width / 6.0 * (mass + 4.0 * middle);
                    let second = width * width * (2.0 / 3.0) * middle;
                    [first + start * mass, second + start * (2.0 * first + start * mass)]
                };
                let (least, most) = (low / step - centre, high / step - centre);
                let mean = (moments[0] / mass).clamp(least, most);
                let square = (moments[1] / mass).clamp(mean * mean, (least * least).max(most * most));
                share(&mut sums, point, rate * mass, [1.0, mean, square]);
            }
            (low, above_low) = (high, above_high);
        }
    }
    sums.truncate(points + 1);
    Ok(sums)
}

/// Shares a mass by the points around a centre, about which these are its moments over its mass.
fn share(sums: &mut [f64], centre: usize, mass: f64, [_, mean, square]: [f64; 3]) {
    sums[centre - 1] += mass * 0.5 * (square - mean);
    sums[centre] += mass * (1.0 - square);
    sums[centre + 1] += mass * 0.5 * (square + mean);
}

/// A position, or the point that it is but for rounding.
pub(super) fn on_point(position: f64) -> f64 {
    let near = libm::rint(position);
    if (position - near).abs() <= 1e-9 * (1.0 + near) { near } else { position }
}

/// Are masses what they should be but for some below 0 beside others?
pub(super) fn are_stable(masses: &[f64]) -> bool {
    let below: f64 = masses.iter().filter(|x| **x < 0.0).map(|x| -x).sum();
    let above: f64 = masses.iter().filter(|x| **x > 0.0).sum();
    below <= MOST_BELOW * above
}

/// Share of what is kept of a lattice at a cost, where the one before ends: from none at half of the end to all at the
/// end, with two derivatives (Perlin 2002), so that what both say of the costs between is added up as one.
pub(super) fn faded_in(cost: f64, end: f64) -> f64 {
    let t = if end > 0.0 { (2.0 * cost / end - 1.0).clamp(0.0, 1.0) } else { 1.0 };
    t * t * t * (10.0 + t * (6.0 * t - 15.0))
}

/// Points of a lattice that are put together: mass, and mean and square times mass about a point, in steps.
#[derive(Clone, Copy)]
struct Block {
    first: usize,
    last: usize,
    moments: [f64; 3],
}

impl Block {
    fn with(self, next: Self) -> Self {
        let distance = (next.first - self.first) as f64;
        let [m0, m1, m2] = next.moments;
        let moved = [m0, m1 + distance * m0, m2 + distance * (2.0 * m1 + distance * m0)];
        let moments = std::array::from_fn(|i| self.moments[i] + moved[i]);
        Self { first: self.first, last: next.last, moments }
    }

    /// Its masses, none of which is below 0, by their positions in steps; none where there are no such masses within it.
    fn points(&self) -> Option<[(f64, f64); 2]> {
        let [mass, m1, m2] = self.moments;
        let start = self.first as f64;
        if mass <= 0.0 {
            return None;
        }
        if self.first == self.last {
            return Some([(start, mass), (start, 0.0)]);
        }
        let width = (self.last - self.first) as f64;
        let mean = m1 / mass;
        let variance = m2 / mass - mean * mean;
        if !(0.0..=width).contains(&mean) || variance < -NO_VARIANCE * width {
            return None;
        }
        let sd = variance.max(0.0).sqrt();
        let (low, high) = (start + mean - sd, start + mean + sd);
        let inside = low > 0.0 && sd <= width;
        inside.then_some([(low, 0.5 * mass), (high, 0.5 * mass)])
    }
}

/// Masses above 0, by their positions in steps: those of a lattice, but where there is one below 0 it and its neighbours
/// are two that keep mass, mean and square.
pub(super) fn above_0(masses: impl Iterator<Item = f64>) -> Vec<(f64, f64)> {
    let mut blocks: Vec<Block> = Vec::new();
    for (point, mass) in masses.enumerate().filter(|(_, mass)| *mass != 0.0) {
        let mut block = Block { first: point, last: point, moments: [mass, 0.0, 0.0] };
        // One that cannot stand alone takes this one; if it still cannot, one before, and then the next.
        for _ in 0..2 {
            if blocks.last().is_some_and(|last| last.points().is_none()) || block.points().is_none() {
                block = blocks.pop().map_or(block, |last| last.with(block));
            }
        }
        blocks.push(block);
    }
    while blocks.len() > 1 && blocks[blocks.len() - 1].points().is_none() {
        if let (Some(last), Some(before)) = (blocks.pop(), blocks.pop()) {
            blocks.push(before.with(last));
        }
    }
    let points = blocks.iter().filter_map(Block::points).flatten();
    points.filter(|(_, mass)| *mass > 0.0).collect()
}

/// The point at or below a position (in steps), and the share of the next one that keeps the mean: 0 where the position
/// is a point but for rounding.
pub(super) fn between_points(position: f64) -> (usize, f64) {
    let position = on_point(position);
    (position as usize, position - position.floor())
}
