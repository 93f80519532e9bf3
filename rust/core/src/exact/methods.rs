//! Methods: how a unit's distribution is computed, as a Fourier series or on a lattice, and how finely.

use std::collections::BTreeMap;

use super::atoms_and_density::common_measure;
use super::windows::Plan;
use super::{Accuracy, Prepared};
use crate::error::{Code, Error};
use crate::numeric::power::integer_power;

/// Frequencies of a series: at first, and at most for each tail probability of its window.
const FIRST_FREQUENCIES: usize = 32;
const MOST_FREQUENCIES: [usize; 3] = [1 << 10, 1 << 10, 1 << 12];

/// Points of a lattice: at first, and at most.
const FIRST_POINTS: usize = 1 << 12;
const MOST_POINTS: usize = 1 << 18;
/// Points of a lattice in a cost of mean size, at least.
const STEPS_OF_A_COST: f64 = 16.0;
/// A total of fewer costs than this has atoms that a series would blur: P(none) is e^-40.
const SMOOTH_COSTS: f64 = 40.0;
/// Atoms that divide the window into more parts than this are as good as smooth.
const FINE: f64 = 200_000.0;
/// An effect whose SD is so many times the largest atom leaves no trace of them: their frequency is below e^-44.
const SPREAD: f64 = 1.5;

/// Method by which a unit's distribution is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Method {
    /// Width of the window in half octaves, index of its tail probability, and number of frequencies.
    Series { width: i32, tail: usize, frequencies: usize },
    /// Step (bits), points, and whether every cost is an atom that stands on one of them.
    Lattice { step: u64, points: usize, atomic: bool },
}

/// Groups of units by how their distributions are computed, and by whether they consist of several practices.
#[derive(Default)]
pub(super) struct Groups(BTreeMap<(Method, bool), Vec<Plan>>);

pub(super) type Group = ((Method, bool), Vec<Plan>);

impl Groups {
    pub(super) fn put(&mut self, prepared: &Prepared<'_>, plan: Plan) {
        let method = if prepared.is_smooth(&plan) {
            Method::Series {
                width: half_octaves(plan.width()),
                tail: plan.series_window.tail,
                frequencies: plan.frequencies(),
            }
        } else {
            prepared.lattice(&plan, FIRST_POINTS)
        };
        self.0.entry((method, plan.several())).or_default().push(plan);
    }

    pub(super) fn next(&mut self) -> Option<Group> {
        self.0.pop_first()
    }

    /// Puts a plan back, with a finer method, whose distribution was not good enough.
    pub(super) fn again(
        &mut self,
        prepared: &Prepared<'_>,
        method: Method,
        plan: Plan,
        accuracy: Accuracy,
    ) -> Result<(), Error> {
        let finer = match method {
            Method::Series { width, tail, frequencies }
                if frequencies < MOST_FREQUENCIES[tail] && accuracy.mean_error == f64::INFINITY =>
            {
                Method::Series { width, tail, frequencies: 2 * frequencies }
            }
            Method::Series { .. } => prepared.lattice(&plan, 4 * FIRST_POINTS),
            Method::Lattice { points, .. } if points < MOST_POINTS => prepared.lattice(&plan, 4 * points),
            Method::Lattice { points, .. } => {
                return Err(Error::one(
                    Code::NotComputable,
                    format!(
                        "the distribution of a total of {} people cannot be computed: on {points} points its probability outside is \
                     {:.1e}, its mean {:.1e} SDs and its SD {:.1e} of itself from the exact ones: give a ceiling, or \
                     method \"simulation\"",
                        plan.moments.people, accuracy.outside, accuracy.mean_error, accuracy.sd_error
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
        (needed as usize)
            .next_power_of_two()
            .clamp(FIRST_FREQUENCIES, MOST_FREQUENCIES[self.series_window.tail])
    }
}

fn half_octaves(width: f64) -> i32 {
    (2.0 * libm::log2(width)).ceil() as i32
}

impl Prepared<'_> {
    /// Has the total a density for all that can be seen?
    fn is_smooth(&self, plan: &Plan) -> bool {
        let mut costs = 0.0;
        for (class, weight) in plan.practices.iter().flatten() {
            let person = &self.atoms_and_density[*class as usize];
            // Atoms that a yearly effect spreads over one another make a smooth total.
            let spread = SPREAD * person.largest_atom <= plan.moments.systematic_sd;
            let atoms = if spread {
                person.atoms
            } else if person.common_measure * FINE < plan.width() {
                person.many_atoms
            } else {
                0.0
            };
            costs += weight * (person.smooth + atoms);
        }
        costs >= SMOOTH_COSTS
    }

    /// A lattice that holds the window from 0 on, with ceilings and atoms on its points where they have a common
    /// measure.
    fn lattice(&self, plan: &Plan, points: usize) -> Method {
        let width = integer_power(2.0, libm::log2(plan.lattice_window.end).ceil() as i32);
        let mut measures: Vec<f64> = Vec::new();
        let (mut costs, mut plateau, mut atomic) =
            (0.0, 0.0f64, self.sigma_practice == 0.0 && self.sigma_national == 0.0);
        for (class, weight) in plan.practices.iter().flatten() {
            let person = &self.atoms_and_density[*class as usize];
            costs += weight * person.costs;
            plateau = plateau.max(person.plateau);
            atomic &= person.smooth == 0.0 && person.common_measure > 0.0;
            if person.common_measure > 0.0 && !measures.contains(&person.common_measure) {
                measures.push(person.common_measure);
            }
        }
        if plateau > 0.0 {
            measures.push(plateau);
        }
        let typical = plan.moments.all.mean / costs;
        let enough = ((width * STEPS_OF_A_COST / typical) as usize).next_power_of_two();
        let points = points.max(enough).min(MOST_POINTS);
        let finest = width / points as f64;
        let least = width / MOST_POINTS as f64;
        let common = measures
            .iter()
            .copied()
            .reduce(|a, b| common_measure(a, b, least))
            .filter(|&measure| measure >= least);
        atomic &= common.is_some();
        // Atoms alone need no finer points than their common measure, if all of these find room.
        let (step, points) = match (common, measures.first()) {
            (Some(measure), _) if atomic => {
                (measure, ((width / measure) as usize + 1).next_power_of_two().clamp(64, MOST_POINTS))
            }
            (Some(measure), _) => (measure / (measure / finest).ceil(), points),
            (None, Some(&measure)) if measure >= finest => (measure / (measure / finest).ceil(), points),
            _ => (finest, points),
        };
        // A smaller step needs more points for the same window.
        let points = points.max(((width / step) as usize).next_power_of_two()).min(MOST_POINTS);
        Method::Lattice { step: step.to_bits(), points, atomic }
    }
}
