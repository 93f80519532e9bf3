//! How a unit's distribution is computed: as a Fourier series or on a lattice, and how finely.

use std::collections::BTreeMap;

use super::atoms_and_density::measure;
use super::windows::Plan;
use super::{Accuracy, Lane};
use crate::error::{Code, Error};
use crate::numeric::power::integer_power;

/// Frequencies of a series: at first, and at most for each reach of its window.
const FIRST_WAVES: usize = 32;
const MOST_WAVES: [usize; 3] = [1 << 10, 1 << 10, 1 << 12];

/// Points of a lattice: at first, and at most.
const FIRST_POINTS: usize = 1 << 12;
const MOST_POINTS: usize = 1 << 18;
/// Points of a lattice in a cost of mean size, at least.
const STEPS_OF_A_COST: f64 = 16.0;
/// A total of fewer costs than this has atoms that a series would blur: P(none) is e^-40.
const SMOOTH_COSTS: f64 = 40.0;
/// Prices that divide the window into more parts than this are as good as smooth.
const FINE: f64 = 200_000.0;
/// An effect whose SD is so many prices leaves no trace of them: their frequency is below e^-44.
const SPREAD: f64 = 1.5;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Method {
    /// Half octaves of the window's width, its reach, and frequencies.
    Series { width: i32, reach: usize, frequencies: usize },
    /// Step (bits), points, and whether every cost stands on them.
    Lattice { step: u64, points: usize, whole: bool },
}

/// Units by how their distributions are computed, and by whether they consist of several practices.
#[derive(Default)]
pub(super) struct Groups(BTreeMap<(Method, bool), Vec<Plan>>);

pub(super) type Group = ((Method, bool), Vec<Plan>);

impl Groups {
    pub(super) fn put(&mut self, lane: &Lane<'_>, plan: Plan) {
        let method = if lane.is_smooth(&plan) {
            Method::Series {
                width: half_octaves(plan.width()),
                reach: plan.wide.reach,
                frequencies: plan.frequencies(),
            }
        } else {
            lane.lattice(&plan, FIRST_POINTS)
        };
        self.0.entry((method, plan.several())).or_default().push(plan);
    }

    pub(super) fn next(&mut self) -> Option<Group> {
        self.0.pop_first()
    }

    /// Puts a plan back whose distribution was not good enough.
    pub(super) fn again(
        &mut self,
        lane: &Lane<'_>,
        method: Method,
        plan: Plan,
        found: Accuracy,
    ) -> Result<(), Error> {
        let finer = match method {
            Method::Series { width, reach, frequencies }
                if frequencies < MOST_WAVES[reach] && found.mean_error == f64::INFINITY =>
            {
                Method::Series { width, reach, frequencies: 2 * frequencies }
            }
            Method::Series { .. } => lane.lattice(&plan, 4 * FIRST_POINTS),
            Method::Lattice { points, .. } if points < MOST_POINTS => lane.lattice(&plan, 4 * points),
            Method::Lattice { points, .. } => {
                return Err(Error::one(
                    Code::NotComputable,
                    format!(
                        "the distribution of a total of {} people cannot be computed: on {points} points its probability outside is \
                     {:.1e}, its mean {:.1e} SDs and its SD {:.1e} of itself from the exact ones: give a ceiling, or \
                     method \"simulation\"",
                        plan.moments.people, found.outside, found.mean_error, found.sd_error
                    ),
                ));
            }
        };
        self.0.entry((finer, plan.several())).or_default().push(plan);
        Ok(())
    }
}

impl Plan {
    /// Frequencies that a distribution of this SD would need if it were normal.
    fn frequencies(&self) -> usize {
        let sd = self.moments.all.sd;
        let needed = if sd.is_finite() { 2.0 * self.width() / sd } else { 0.0 };
        (needed as usize).next_power_of_two().clamp(FIRST_WAVES, MOST_WAVES[self.wide.reach])
    }
}

fn half_octaves(width: f64) -> i32 {
    (2.0 * libm::log2(width)).ceil() as i32
}

impl Lane<'_> {
    /// Has the total a density for all that can be seen?
    fn is_smooth(&self, plan: &Plan) -> bool {
        let mut costs = 0.0;
        for (class, weight) in plan.practices.iter().flatten() {
            let texture = &self.textures[*class as usize];
            // Prices that a yearly effect spreads over one another make a smooth total.
            let spread = SPREAD * texture.price <= plan.moments.systematic_sd;
            let prices = if spread {
                texture.atoms
            } else if texture.span * FINE < plan.width() {
                texture.many
            } else {
                0.0
            };
            costs += weight * (texture.smooth + prices);
        }
        costs >= SMOOTH_COSTS
    }

    /// A lattice that holds the window from 0 on, with ceilings and prices on its points where they have a common
    /// measure.
    fn lattice(&self, plan: &Plan, points: usize) -> Method {
        let width = integer_power(2.0, libm::log2(plan.narrow.end).ceil() as i32);
        let mut spans: Vec<f64> = Vec::new();
        let (mut costs, mut flat, mut whole) =
            (0.0, 0.0f64, self.sigma_practice == 0.0 && self.sigma_national == 0.0);
        for (class, weight) in plan.practices.iter().flatten() {
            let texture = &self.textures[*class as usize];
            costs += weight * texture.costs;
            flat = flat.max(texture.flat);
            whole &= texture.smooth == 0.0 && texture.span > 0.0;
            if texture.span > 0.0 && !spans.contains(&texture.span) {
                spans.push(texture.span);
            }
        }
        if flat > 0.0 {
            spans.push(flat);
        }
        let typical = plan.moments.all.mean / costs;
        let enough = ((width * STEPS_OF_A_COST / typical) as usize).next_power_of_two();
        let points = points.max(enough).min(MOST_POINTS);
        let finest = width / points as f64;
        let least = width / MOST_POINTS as f64;
        let common = spans.iter().copied().reduce(|a, b| measure(a, b, least)).filter(|&span| span >= least);
        whole &= common.is_some();
        // Whole prices need no finer points than their common measure, if all of these find room.
        let (step, points) = match (common, spans.first()) {
            (Some(span), _) if whole => {
                (span, ((width / span) as usize + 1).next_power_of_two().clamp(64, MOST_POINTS))
            }
            (Some(span), _) => (span / (span / finest).ceil(), points),
            (None, Some(&span)) if span >= finest => (span / (span / finest).ceil(), points),
            _ => (finest, points),
        };
        // A smaller step needs more points to reach as far.
        let points = points.max(((width / step) as usize).next_power_of_two()).min(MOST_POINTS);
        Method::Lattice { step: step.to_bits(), points, whole }
    }
}
