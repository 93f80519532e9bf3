//! Up to where the distribution of each unit is computed.

use rayon::prelude::*;

use super::tail_bounds::{Bounds, bennett};
use super::{Lane, REACHES};
use crate::analytic_moments::UnitMoments;
use crate::population::Part;
use crate::random_effects::REACH;

/// Probability that a window may leave below it: it comes back raised by the damping.
const BELOW: f64 = 1e-18;

/// How much wider a window may be that leaves nothing.
const LIGHT: f64 = 2.0;

/// A unit whose distribution is wanted.
pub(super) struct Plan {
    pub unit: u32,
    /// People of each practice, or of all together.
    pub practices: Vec<Vec<(u32, f64)>>,
    pub moments: UnitMoments,
    pub start: f64,
    /// The window of a series, and of a lattice from 0 on.
    pub wide: Window,
    pub narrow: Window,
}

/// Up to where a distribution is computed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub end: f64,
    /// Of the mean and of the second moment, what it may leave out.
    pub lost: [f64; 2],
    /// Which of the reaches it has.
    pub reach: usize,
}

impl Plan {
    pub(super) fn is_point(&self) -> bool {
        self.moments.all.sd == 0.0 || self.width() <= 0.0
    }

    pub(super) fn width(&self) -> f64 {
        self.wide.end - self.start
    }

    pub(super) fn several(&self) -> bool {
        self.practices.len() > 1
    }
}

impl Lane<'_> {
    /// A window for each unit.
    pub(super) fn plan(
        &self,
        chosen: &[u32],
        units: &[Vec<&Part>],
        asked: &(impl Fn(u32, &UnitMoments) -> f64 + Sync),
    ) -> Vec<Plan> {
        let far = |sigma: f64, side: f64| libm::exp(side * REACH * sigma - 0.5 * sigma * sigma);
        let (_, together) = self.sigmas(1);
        let bounds = |factor: f64| Bounds::new(self.people, &self.persons, self.layer, factor);
        let low = bounds(far(together, -1.0));
        let high = bounds(far(together, 1.0));
        let highest = bounds(far(self.sigma_national, 1.0) * far(self.sigma_practice, 1.0));
        chosen
            .par_iter()
            .map(|&unit| {
                let parts = &units[unit as usize];
                let practices = self.practices(parts);
                let moments = self.table.unit(parts);
                let asked = asked(unit, &moments);
                let whole = crate::population::together(parts);
                let (mean, spread, below) = if practices.len() == 1 {
                    let reach = low.reach(&whole, BELOW, REACHES[0]);
                    (reach.mean, 0.0, reach.below)
                } else {
                    let [mean, most, variance] = self.table.extreme(&practices, true);
                    let chance = highest.reach(&whole, BELOW, REACHES[0]).below;
                    (mean, bennett(most, variance, -libm::log(BELOW)), chance)
                };
                let start = (mean - spread - below).max(0.0);
                let worst = (practices.len() > 1).then(|| self.table.extreme(&practices, false));
                let window = |reach: usize, rare: f64| {
                    let (end, lost) = match worst {
                        None => {
                            let reach = high.reach(&whole, BELOW, rare);
                            (reach.mean + reach.above, reach.lost)
                        }
                        Some([mean, most, variance]) => {
                            let reach = highest.reach(&whole, BELOW, rare);
                            (mean + bennett(most, variance, libm::log(2.0 / rare)) + reach.above, reach.lost)
                        }
                    };
                    Window { end, lost, reach }
                };
                let [near, middle, far] = [0, 1, 2].map(|reach| window(reach, REACHES[reach]));
                // A light tail costs little to hold whole.
                let light = far.end - start <= LIGHT * (near.end - start);
                let wide = if near.end >= asked && !light {
                    near
                } else if middle.end >= asked && !light {
                    middle
                } else {
                    far
                };
                let narrow = if light {
                    far
                } else if near.end >= asked || asked == f64::INFINITY {
                    near
                } else {
                    middle
                };
                Plan { unit, practices, moments, start, wide, narrow }
            })
            .collect()
    }
}
