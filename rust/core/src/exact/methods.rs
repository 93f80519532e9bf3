//! Methods: how a unit's distribution is computed, as a Fourier series or on a lattice, and how finely.

use std::collections::{BTreeMap, VecDeque};

use super::lattice_amounts::Sharing;
use super::moment_check::LATTICE_TOLERANCES;
use super::windows::Plan;
use super::{Accuracy, Prepared};
use crate::error::{Code, Error, Problem};
use crate::numeric::common_measure::common_measure;
use crate::numeric::power::integer_power;

/// Frequencies of a series: at first, and at most for each tail probability of its window.
const FIRST_FREQUENCIES: usize = 32;
const MOST_FREQUENCIES: [usize; 3] = [1 << 10, 1 << 10, 1 << 12];
const MOST_AT_NODES: usize = 1 << 10;

/// Points of a lattice: each number that is tried.
const POINTS: [usize; 4] = [1 << 12, 1 << 14, 1 << 16, 1 << 18];
const MOST_POINTS: usize = POINTS[POINTS.len() - 1];
/// Points of a lattice in a cost of mean size, at least.
const STEPS_OF_A_COST: f64 = 16.0;
/// A total of fewer costs than this has atoms that a series would blur: P(none) is e^-40.
const SMOOTH_COSTS: f64 = 40.0;
/// Atoms that divide the window into more parts than this are as good as smooth.
const FINE: f64 = 200_000.0;
/// An effect whose SD is so many times the largest atom leaves no trace of them: their frequency is below e^-44.
const SPREAD: f64 = 1.5;
/// Distance in SDs that is not seen: of atoms, of a density that may jump, and of one that several costs or effects make
/// smooth.
const SEEN: f64 = 1e-4;
const SEEN_DENSITY: f64 = 5e-4;
const SEEN_SMOOTH: f64 = 1e-3;
const SEEN_UNDER_EFFECTS: f64 = 4e-3;
/// Share of a total's variance that costs between points may add.
const ADDED: f64 = 5e-5;
/// A total with less than this probability of no or one cost that has a density does not jump (logarithm).
const SMOOTHED: f64 = -6.0;
/// Points that are enough at first where each is taken at every node of the effects.
const FEW_POINTS: f64 = 8192.0;
/// Costs between points of a total of more than these are not seen as atoms.
const FEW_COSTS: f64 = 1000.0;
/// Times the SD of chance that of the effects is at least, where chance is little beside them.
const LITTLE_CHANCE: f64 = 2.0;
/// Atoms together smaller than this are not seen (logarithm).
const UNSEEN: f64 = -32.0;

/// Method by which a unit's distribution is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Method {
    /// Width of the window in half octaves, index of its tail probability, number of frequencies, and whether transforms
    /// are taken at every node of the effects or interpolated between few.
    Series { width: i32, tail: usize, frequencies: usize, at_nodes: bool },
    /// Step (bits), points, index of the window's tail probability, which costs are kept apart as atoms, how costs between
    /// points are shared, and whether effects have more nodes than they usually need.
    Lattice { step: u64, points: usize, tail: usize, atoms: Atoms, sharing: Sharing, many_nodes: bool },
}

impl Method {
    /// The method that mends what a distribution by this one has too much of; none where finer ones are next. Points hold
    /// too much below 0 where a transform explodes. Sharing keeps the mean at any step: a mean that is off, of a window
    /// that holds all, is so for the nodes of the effects.
    fn mended(self, accuracy: &Accuracy, has_effects: bool) -> Option<Self> {
        let Method::Lattice { step, points, tail, atoms, sharing, many_nodes } = self else { return None };
        // What has passed all numbers is none.
        let explodes = sharing != Sharing::Four
            && (accuracy.below_zero > LATTICE_TOLERANCES[2] || accuracy.mean_error.is_nan());
        let misses = has_effects && !many_nodes && accuracy.mean_error > LATTICE_TOLERANCES[0];
        let sharing = if explodes { Sharing::Four } else { sharing };
        let many_nodes = many_nodes || !explodes && misses;
        let mended = Method::Lattice { step, points, tail, atoms, sharing, many_nodes };
        (explodes || misses).then_some(mended)
    }

    /// Values of the transform of one unit.
    pub(super) fn values(self) -> usize {
        match self {
            Method::Series { frequencies, .. } => frequencies,
            Method::Lattice { points, .. } => points,
        }
    }
}

/// Atoms of a total: which there are to keep apart from its density.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Atoms {
    /// Every cost is an atom that stands on a point.
    All,
    /// Some are.
    Some,
    /// None that can be seen.
    None,
}

/// Methods that are tried of a unit, one after another, each once: rounds of them, of which there are few, and what is
/// left of a round only becomes less.
#[derive(Default)]
pub(super) struct Attempts {
    left: VecDeque<Method>,
    round: usize,
    tried: Vec<Method>,
}

impl Attempts {
    /// The first method, or the next one after that which was not good enough.
    fn next(&mut self, prepared: &Prepared<'_>, plan: &Plan, accuracy: Option<&Accuracy>) -> Option<Method> {
        // A series whose frequencies have died out does not get better by more of them.
        let died_out = accuracy.is_some_and(|accuracy| accuracy.mean_error < f64::INFINITY);
        if let (true, Some(Method::Series { tail, at_nodes, .. })) = (died_out, self.tried.last()) {
            let same = |method: &Method| matches!(method, Method::Series { tail: t, at_nodes: a, .. } if (t, a) == (tail, at_nodes));
            self.left.retain(|method| !same(method));
        }
        let mended =
            |accuracy| self.tried.last().and_then(|method| method.mended(accuracy, prepared.has_effects()));
        if let Some(method) = accuracy.and_then(mended) {
            self.left.push_front(method);
        }
        loop {
            match self.left.pop_front() {
                Some(method) if self.tried.contains(&method) => {}
                Some(method) => {
                    self.tried.push(method);
                    return Some(method);
                }
                None => {
                    self.left = prepared.round(plan, self.round)?;
                    self.round += 1;
                }
            }
        }
    }
}

/// Groups of units by how their distributions are computed, and by whether they consist of several practices.
#[derive(Default)]
pub(super) struct Groups(BTreeMap<(Method, bool), Vec<(Plan, Attempts)>>);

/// Group: its method, whether its units are of several practices, and the units.
pub(super) type Group = ((Method, bool), Vec<(Plan, Attempts)>);

impl Groups {
    pub(super) fn put(&mut self, prepared: &Prepared<'_>, plan: Plan) -> Result<(), Error> {
        self.add(prepared, plan, Attempts::default(), None)
    }

    /// Adds a plan with its next method, after one that was not good enough where there was one.
    pub(super) fn add(
        &mut self,
        prepared: &Prepared<'_>,
        plan: Plan,
        mut attempts: Attempts,
        accuracy: Option<Accuracy>,
    ) -> Result<(), Error> {
        match attempts.next(prepared, &plan, accuracy.as_ref()) {
            Some(method) => self.0.entry((method, plan.several())).or_default().push((plan, attempts)),
            None => return Err(not_computable(&plan, accuracy, prepared.is_limited())),
        }
        Ok(())
    }

    pub(super) fn next(&mut self) -> Option<Group> {
        self.0.pop_first()
    }
}

/// The error of a unit, whose number is its value; what helps depends on whether costs are limited already.
fn not_computable(plan: &Plan, accuracy: Option<Accuracy>, is_limited: bool) -> Error {
    let far = |x: f64| if x.is_finite() { format!("{x:.1e}") } else { "far".into() };
    let why = accuracy.map_or(String::new(), |a| {
        format!(
            " (its probability outside is {}, that below 0 {}, its mean {} SDs and its SD {} of itself from the exact ones)",
            far(a.outside),
            far(a.below_zero),
            far(a.mean_error),
            far(a.sd_error)
        )
    });
    let advice = if is_limited { "give method" } else { "give a ceiling, or method" };
    let text = format!(
        "the distribution of a total of {} people cannot be computed{why}: {advice} \"simulation\"",
        plan.moments.people
    );
    Error::many(vec![Problem { value: Some(plan.unit.into()), ..Problem::new(Code::NotComputable, text) }])
}

fn half_octaves(width: f64) -> i32 {
    (2.0 * libm::log2(width)).ceil() as i32
}

impl Prepared<'_> {
    /// A round of methods for a plan: the cheap ones first, then lattices, then what could not be had on its own on
    /// narrower windows; none after these.
    fn round(&self, plan: &Plan, number: usize) -> Option<VecDeque<Method>> {
        let smooth = |tail| {
            let interpolated = self.is_smooth(plan).then(|| series(plan, tail, false));
            let at_nodes = self.is_spread(plan).then(|| series(plan, tail, true));
            let all = interpolated.into_iter().flatten().chain(at_nodes.into_iter().flatten());
            let mut all: Vec<Method> = all.collect();
            // Where chance is little beside the effect, the one fails sooner or later, and the other takes little time.
            if LITTLE_CHANCE * plan.moments.chance_sd < plan.moments.systematic_sd && !plan.several() {
                all.sort_by_key(|method| method.values());
            }
            all.into_iter()
        };
        let lattices = |tail| POINTS.iter().filter_map(move |&points| self.lattice(plan, tail, points));
        match number {
            0 => Some(
                self.atomic(plan)
                    .map_or_else(|| smooth(plan.series_tail).collect(), |atomic| [atomic].into()),
            ),
            1 => Some(lattices(plan.lattice_tail).collect()),
            _ => {
                let tail =
                    plan.series_tail.checked_sub(number - 1).filter(|tail| *tail >= plan.least_tail)?;
                Some(smooth(tail).chain(lattices(tail.min(plan.lattice_tail))).collect())
            }
        }
    }

    /// Has the total a density for all that can be seen?
    fn is_smooth(&self, plan: &Plan) -> bool {
        let mut costs = 0.0;
        for (class, weight) in plan.practices.iter().flatten() {
            let person = &self.atoms_and_density[*class as usize];
            // Atoms that a yearly effect spreads over one another make a smooth total.
            let spread = SPREAD * person.largest_atom <= plan.moments.systematic_sd;
            let atoms = if spread {
                person.atoms
            } else if person.measure.is_none_or(|measure| measure * FINE < plan.width(plan.series_tail)) {
                person.many_atoms
            } else {
                0.0
            };
            costs += weight * (person.smooth + atoms);
        }
        costs >= SMOOTH_COSTS
    }

    /// Has every cost a limit?
    fn is_limited(&self) -> bool {
        self.persons.iter().all(|person| person.bound().is_finite())
    }

    /// Has the total a density for all that can be seen, if its costs spread over one another by the effects?
    fn is_spread(&self, plan: &Plan) -> bool {
        let people = plan.practices.iter().flatten();
        let none = people.map(|(class, weight)| weight * self.atoms_and_density[*class as usize].log_none);
        self.has_effects() && none.sum::<f64>() < UNSEEN
    }

    pub(super) fn has_effects(&self) -> bool {
        self.sigma_practice > 0.0 || self.sigma_national > 0.0
    }

    /// The lattice of a total all of whose costs are atoms that stand on its points; none where there is no such
    /// lattice, or it would be too long.
    fn atomic(&self, plan: &Plan) -> Option<Method> {
        if self.has_effects() {
            return None;
        }
        let mut measures = Vec::new();
        for (class, _) in plan.practices.iter().flatten() {
            let person = &self.atoms_and_density[*class as usize];
            if person.smooth > 0.0 {
                return None;
            }
            if person.costs > 0.0 {
                measures.push(person.measure?);
            }
        }
        let step = common_measure(&measures, 0.0)?;
        let tail = plan.lattice_tail;
        let points = (plan.lattice_width(tail) / step) as usize + 2;
        (points <= MOST_POINTS).then(|| Method::Lattice {
            step: step.to_bits(),
            points: points.next_power_of_two().max(64),
            tail,
            atoms: Atoms::All,
            sharing: Sharing::Two,
            many_nodes: false,
        })
    }

    /// A lattice that holds the window, with ceilings and atoms on its points where they have a common measure; none
    /// where so many points are not enough.
    fn lattice(&self, plan: &Plan, tail: usize, points: usize) -> Option<Method> {
        let width = integer_power(2.0, libm::log2(plan.lattice_width(tail)).ceil() as i32);
        if !width.is_finite() {
            return None;
        }
        let mut measures: Vec<Option<f64>> = Vec::new();
        let (mut costs, mut plateau, mut log_no_density) = (0.0, 0.0f64, 0.0);
        for (class, weight) in plan.practices.iter().flatten() {
            let person = &self.atoms_and_density[*class as usize];
            costs += weight * person.costs;
            plateau = plateau.max(person.plateau);
            log_no_density += weight * person.log_no_density;
            if person.atoms > 0.0 && !measures.contains(&person.measure) {
                measures.push(person.measure);
            }
        }
        let typical = plan.moments.all.mean / costs;
        let enough = ((width * STEPS_OF_A_COST / typical) as usize).next_power_of_two();
        let atomic = !measures.is_empty();
        let measures: Option<Vec<f64>> =
            measures.into_iter().chain((plateau > 0.0).then_some(Some(plateau))).collect();
        let common = measures.and_then(|measures| common_measure(&measures, width / MOST_POINTS as f64));
        // Atoms between points are as near to them as can be seen.
        let apart = log_no_density > UNSEEN && (common.is_some() || costs < FEW_COSTS);
        let seen = if self.has_effects() {
            SEEN_UNDER_EFFECTS
        } else if log_no_density < SMOOTHED {
            SEEN_SMOOTH
        } else if apart && atomic && common.is_none() {
            SEEN
        } else {
            SEEN_DENSITY
        };
        let seen = (width / (seen * plan.moments.all.sd)).min(if self.has_effects() {
            FEW_POINTS
        } else {
            f64::MAX
        });
        let points = points.max(enough.max((seen as usize).next_power_of_two()).min(MOST_POINTS));
        let finest = width / points as f64;
        let step = match common.or((plateau > 0.0).then_some(plateau)) {
            Some(measure) if measure >= finest => {
                let parts = measure / finest;
                measure / if points == MOST_POINTS { parts.floor() } else { parts.ceil() }
            }
            _ => finest,
        };
        // A smaller step needs more points for the same window.
        let points = ((plan.lattice_width(tail) / step) as usize + 2).next_power_of_two();
        let atoms = if apart { Atoms::Some } else { Atoms::None };
        let by_two = 0.25 * costs * integer_power(step / plan.moments.all.sd, 2) < ADDED;
        (points <= MOST_POINTS).then_some(Method::Lattice {
            step: step.to_bits(),
            points,
            tail,
            atoms,
            sharing: if by_two { Sharing::Two } else { Sharing::Three },
            many_nodes: false,
        })
    }
}

/// Series of more and more frequencies on the window of a tail probability.
fn series(plan: &Plan, tail: usize, at_nodes: bool) -> impl Iterator<Item = Method> {
    let width = plan.width(tail);
    let sd = plan.moments.all.sd;
    // Frequencies that a distribution of this SD would need if it were normal.
    let needed = if sd.is_finite() { 2.0 * width / sd } else { 0.0 };
    let most = if at_nodes { MOST_AT_NODES } else { MOST_FREQUENCIES[tail] };
    let first = (needed as usize).next_power_of_two().clamp(FIRST_FREQUENCIES, most);
    std::iter::successors(Some(first), |frequencies| Some(2 * frequencies))
        .take_while(move |frequencies| *frequencies <= most)
        .map(move |frequencies| Method::Series { width: half_octaves(width), tail, frequencies, at_nodes })
}
