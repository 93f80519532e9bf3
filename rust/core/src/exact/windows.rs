//! Windows: up to where the distribution of each unit is computed.

use rayon::prelude::*;

use super::tail_bounds::TailBounds;
use super::{Prepared, TAIL_PROBABILITIES};
use crate::analytic_moments::UnitMoments;
use crate::numeric::bennett::bennett;
use crate::population::{Part, together};
use crate::random_effects::HALF_WIDTH;

/// Tail probability that a window may leave below it: it comes back raised by the damping.
const BELOW: f64 = 1e-18;

/// A window that starts at less than this share of its width starts at 0.
const NEAR: f64 = 0.25;

/// Tail probability that a window may leave above a quantile, over that of passing the quantile.
const OF_A_QUANTILE: f64 = 0.1;

/// Ratio of widths up to which the window that leaves next to nothing is taken.
const LIGHT: f64 = 2.0;

/// Plan of one unit: its people, its moments, and the windows on which its distribution is computed.
pub(super) struct Plan {
    /// Number of the unit.
    pub unit: u32,
    /// People of each practice, or of all together.
    pub practices: Vec<Vec<(u32, f64)>>,
    pub moments: UnitMoments,
    /// Start of the windows (£).
    pub start: f64,
    /// The window of each tail probability.
    pub windows: [Window; 3],
    /// Index of the tail probability that is tried first: of series, and of lattices, whose points are costly.
    pub series_tail: usize,
    pub lattice_tail: usize,
    /// Index of the largest tail probability that may be left out.
    pub least_tail: usize,
}

/// ReadLimit: up to where a unit's distribution will be read.
#[derive(Clone, Copy, Debug)]
pub struct ReadLimit {
    /// The largest total (£).
    pub total: f64,
    /// The smallest probability of passing a quantile: 1 where none is read.
    pub tail: f64,
}

impl ReadLimit {
    /// All totals that can be told from none.
    pub const ALL: Self = Self { total: f64::INFINITY, tail: 1.0 };
}

/// Window of a distribution: up to where it is computed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub end: f64,
    /// What it may leave out of the mean and of the second moment.
    pub lost: [f64; 2],
}

impl Plan {
    pub(super) fn is_point(&self) -> bool {
        self.moments.all.sd == 0.0 || self.width(0) <= 0.0
    }

    pub(super) fn width(&self, tail: usize) -> f64 {
        self.windows[tail].end - self.start
    }

    /// Start of a lattice: 0 where that is near enough.
    pub(super) fn lattice_start(&self, tail: usize) -> f64 {
        if self.start < NEAR * self.width(tail) { 0.0 } else { self.start }
    }

    pub(super) fn lattice_width(&self, tail: usize) -> f64 {
        self.windows[tail].end - self.lattice_start(tail)
    }

    pub(super) fn several(&self) -> bool {
        self.practices.len() > 1
    }
}

impl Prepared<'_> {
    /// Plans of the chosen units: the windows of each.
    pub(super) fn plan(
        &self,
        chosen: &[u32],
        units: &[Vec<&Part>],
        limit: &(impl Fn(u32, &UnitMoments) -> ReadLimit + Sync),
    ) -> Vec<Plan> {
        let extreme = |sigma: f64, side: f64| libm::exp(side * HALF_WIDTH * sigma - 0.5 * sigma * sigma);
        let (_, combined) = self.sigmas(1);
        let bounds = |factor: f64| TailBounds::new(self.people, &self.persons, factor);
        let low = bounds(extreme(combined, -1.0));
        let high = bounds(extreme(combined, 1.0));
        let highest = bounds(extreme(self.sigma_national, 1.0) * extreme(self.sigma_practice, 1.0));
        chosen
            .par_iter()
            .map(|&unit| {
                let parts = &units[unit as usize];
                let practices = self.practices(parts);
                let moments = self.cumulants.unit(parts);
                let limit = limit(unit, &moments);
                let people = together(parts);
                let (mean, spread, below) = if practices.len() == 1 {
                    let bound = low.bound(&people, BELOW, TAIL_PROBABILITIES[0]);
                    (bound.mean, 0.0, bound.below)
                } else {
                    let [mean, farthest, variance] = self.cumulants.extreme(&practices, true);
                    let chance = highest.bound(&people, BELOW, TAIL_PROBABILITIES[0]).below;
                    (mean, bennett(farthest, variance, -libm::log(BELOW)), chance)
                };
                let start = (mean - spread - below).max(0.0);
                let worst = (practices.len() > 1).then(|| self.cumulants.extreme(&practices, false));
                let window = |probability: f64| {
                    let (end, lost) = match worst {
                        None => {
                            let bound = high.bound(&people, BELOW, probability);
                            (bound.mean + bound.above, bound.lost)
                        }
                        Some([mean, farthest, variance]) => {
                            let bound = highest.bound(&people, BELOW, probability);
                            (
                                mean + bennett(farthest, variance, libm::log(2.0 / probability))
                                    + bound.above,
                                bound.lost,
                            )
                        }
                    };
                    Window { end, lost }
                };
                let windows = TAIL_PROBABILITIES.map(window);
                let rare = |tail: &usize| TAIL_PROBABILITIES[*tail] <= OF_A_QUANTILE * limit.tail;
                let least_tail = (0..2).find(rare).unwrap_or(2);
                // All of a light tail costs little to hold.
                let (series_tail, lattice_tail) = if windows[2].end - start
                    <= LIGHT * (windows[0].end - start)
                {
                    (2, 2)
                } else {
                    let holds = (least_tail..2).find(|&tail| windows[tail].end >= limit.total);
                    let next = if limit.total < f64::INFINITY { (least_tail + 1).min(2) } else { least_tail };
                    (holds.unwrap_or(2), holds.unwrap_or(next).min(next))
                };
                Plan { unit, practices, moments, start, windows, series_tail, lattice_tail, least_tail }
            })
            .collect()
    }
}
