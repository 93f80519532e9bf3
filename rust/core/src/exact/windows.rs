//! Windows: up to where the distribution of each unit is computed.

use rayon::prelude::*;

use super::tail_bounds::{TailBounds, bennett};
use super::{Prepared, TAIL_PROBABILITIES};
use crate::analytic_moments::UnitMoments;
use crate::population::{Part, together};
use crate::random_effects::HALF_WIDTH;

/// Tail probability that a window may leave below it: it comes back raised by the damping.
const BELOW: f64 = 1e-18;

/// Ratio of widths up to which the window that leaves next to nothing is taken.
const LIGHT: f64 = 2.0;

/// Plan of one unit: its people, its moments, and the windows on which its distribution is computed.
pub(super) struct Plan {
    /// Number of the unit.
    pub unit: u32,
    /// People of each practice, or of all together.
    pub practices: Vec<Vec<(u32, f64)>>,
    pub moments: UnitMoments,
    /// Start of a series' window (£).
    pub start: f64,
    /// From `start` on.
    pub series_window: Window,
    /// From 0 on.
    pub lattice_window: Window,
}

/// Window of a distribution: up to where it is computed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub end: f64,
    /// What it may leave out of the mean and of the second moment.
    pub lost: [f64; 2],
    /// Index of the tail probability that it leaves above it.
    pub tail: usize,
}

impl Plan {
    pub(super) fn is_point(&self) -> bool {
        self.moments.all.sd == 0.0 || self.width() <= 0.0
    }

    pub(super) fn width(&self) -> f64 {
        self.series_window.end - self.start
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
        largest_total: &(impl Fn(u32, &UnitMoments) -> f64 + Sync),
    ) -> Vec<Plan> {
        let extreme = |sigma: f64, side: f64| libm::exp(side * HALF_WIDTH * sigma - 0.5 * sigma * sigma);
        let (_, combined) = self.sigmas(1);
        let bounds = |factor: f64| TailBounds::new(self.people, &self.persons, self.layer, factor);
        let low = bounds(extreme(combined, -1.0));
        let high = bounds(extreme(combined, 1.0));
        let highest = bounds(extreme(self.sigma_national, 1.0) * extreme(self.sigma_practice, 1.0));
        chosen
            .par_iter()
            .map(|&unit| {
                let parts = &units[unit as usize];
                let practices = self.practices(parts);
                let moments = self.cumulants.unit(parts);
                let largest_total = largest_total(unit, &moments);
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
                let window = |tail: usize, probability: f64| {
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
                    Window { end, lost, tail }
                };
                let [near, middle, far] = [0, 1, 2].map(|tail| window(tail, TAIL_PROBABILITIES[tail]));
                // All of a light tail costs little to hold.
                let light = far.end - start <= LIGHT * (near.end - start);
                let series_window = if near.end >= largest_total && !light {
                    near
                } else if middle.end >= largest_total && !light {
                    middle
                } else {
                    far
                };
                let lattice_window = if light {
                    far
                } else if near.end >= largest_total || largest_total == f64::INFINITY {
                    near
                } else {
                    middle
                };
                Plan { unit, practices, moments, start, series_window, lattice_window }
            })
            .collect()
    }
}
