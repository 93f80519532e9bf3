//! The exact lane: the whole distribution of every unit's total, from characteristic functions.
//!
//! People are independent given the effects, so that logarithms of their characteristic functions add up. A total that
//! is smooth is a short Fourier series on a window that holds all but a known share of it (`series_units`); one that is
//! not, for having few costs or few atoms, is a distribution on a lattice (`lattice_units`). Both are damped, so that
//! what lies beyond the window does not come back into it. Every distribution is checked against the moments lane.
//!
//! ```
//! use fundholder_core::analytic_moments::Valuation;
//! use fundholder_core::contract::{Basis, StopLoss};
//! use fundholder_core::exact::{minimum_population, unit_distributions};
//! use fundholder_core::model::{CostModel, Severity, Year};
//! use fundholder_core::population::{Group, People};
//! use fundholder_core::run::Progress;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let severity = Severity::parametric("lognormal", 800.0 / 0.3, Some(1.6))?;
//! let model = CostModel::single(Year::Annual { p_any: 0.3, severity });
//! let practices = [Group::new(&model, 0, 0, 7_000), Group::new(&model, 1, 0, 2_000)];
//! let people = People::of_groups(&model, &practices)?;
//! let valuation = Valuation::new(Basis::Net, Some(StopLoss::new(20_000.0, 1.0, None)?));
//! for practice in unit_distributions(&model, &people, 0, &valuation)? {
//!     let mean = practice.moments.all.mean;
//!     let outside = 1.0 - practice.cdf(1.05 * mean) + practice.below(0.95 * mean);
//!     println!("{} people: outside 5 % in {:.1} % of years", practice.moments.people, 100.0 * outside);
//!     # assert!(practice.accuracy.mean_error < 1e-6);
//! }
//! // How many people keep a year within 5 % of its expected cost, but for one year in twenty?
//! let pool = minimum_population(&model, &people, &valuation, 0.05, 0.05, &Progress::default())?;
//! println!("{} people", pool.people.unwrap());
//! # assert!((10_000..20_000).contains(&pool.people.unwrap()));
//! # Ok(())
//! # }
//! ```

mod atoms_and_density;
mod effect_nodes;
mod fourier_series;
mod lattice_amounts;
mod lattice_distribution;
mod lattice_units;
mod methods;
mod minimum_population;
mod moment_check;
mod node_series;
mod quadrature;
mod series_units;
mod tail_bounds;
mod transforms;
mod unit_distribution;
mod windows;

use std::sync::atomic::Ordering;

use crate::analytic_moments::{CumulantTable, UnitMoments, Valuation};
use crate::error::{Error, Problem};
use crate::model::{CostModel, Person, Persons};
use crate::numeric::lattice::Lattice;
use crate::population::{Part, People, together};
use crate::random_effects::sigma;
use crate::run::{Progress, RunError};

use atoms_and_density::AtomsAndDensity;
use methods::{Attempts, Groups, Method};
use quadrature::Cuts;
use transforms::MOST_VALUES;
use unit_distribution::Shape;
use windows::Plan;

pub use minimum_population::{MOST_PEOPLE, Pool, minimum_population};
pub use unit_distribution::{Accuracy, UnitDistribution};
pub use windows::ReadLimit;

/// Tail probabilities that windows leave above them, at most: the first window that holds the largest total that is
/// read is taken, or the last; of a lattice, whose points are costly, the second.
const TAIL_PROBABILITIES: [f64; 3] = [1e-4, 1e-8, 1e-12];

/// Logarithm of what damping leaves beyond a window's end, for each tail probability that the window leaves. Damping keeps
/// what lies beyond from coming back, and raises the rounding of frequencies whose phase goes round tens of thousands of
/// times.
const DAMPING: [f64; 3] = [12.0, 6.0, 2.0];

/// Nodes of the effects, about, of a series.
const SOME_NODES: usize = 64;

/// SD of the largest effect whose integral converges on a grid that is worth its time.
pub const MAX_EFFECT_SD: f64 = 0.5;

/// A valuation prepared: all of it that does not depend on the unit.
struct Prepared<'a> {
    people: &'a People,
    persons: Vec<Person>,
    cuts: Cuts,
    atoms_and_density: Vec<AtomsAndDensity>,
    cumulants: CumulantTable,
    sigma_practice: f64,
    sigma_national: f64,
    progress: &'a Progress,
}

/// Selection of units of a level, and the valuation of their cost.
#[derive(Clone, Copy)]
pub struct UnitSelection<'a> {
    /// Number of the level.
    pub level: usize,
    /// Numbers of the units, each below the number of units of the level; `None` for all of them.
    pub only: Option<&'a [u32]>,
    /// What is valued of each unit's cost.
    pub valuation: &'a Valuation,
}

/// The distribution of each selected unit, read by `read`; `limit` says up to where that of a unit will be read. Effects
/// are at most [`MAX_EFFECT_SD`].
///
/// Computes in parallel on the rayon pool in which it is called (see [`crate::run::thread_pool`]).
pub fn distributions<T: Send>(
    model: &CostModel,
    people: &People,
    selection: UnitSelection<'_>,
    progress: &Progress,
    limit: impl Fn(u32, &UnitMoments) -> ReadLimit + Sync,
    read: impl Fn(u32, &UnitDistribution) -> T + Sync,
) -> Result<Vec<(u32, T)>, RunError> {
    let UnitSelection { level, only, valuation } = selection;
    valuation.check()?;
    check_effects(valuation)?;
    if let Some(part) = people.parts.first().filter(|part| level >= part.units.len()) {
        let allowed = format!("below {}, the number of levels of the people", part.units.len());
        return Err(Error::many(vec![Problem::argument("level", level as f64, &allowed)]).into());
    }
    let persons = Persons::new(model, &valuation.portion, progress).all(&people.classes)?;
    let prepared = Prepared {
        people,
        cuts: Cuts::new(persons.iter()),
        atoms_and_density: persons.iter().map(AtomsAndDensity::new).collect(),
        cumulants: CumulantTable::new(&persons, valuation, progress)?,
        persons,
        sigma_practice: sigma(valuation.practice_sd),
        sigma_national: sigma(valuation.national_sd),
        progress,
    };
    let units = people.units(level);
    let chosen: Vec<u32> = match only {
        Some(only) => only.to_vec(),
        None => (0..units.len() as u32).collect(),
    };
    let plans = prepared.plan(&chosen, &units, &limit);
    prepared.run(plans, &read)
}

/// The distribution of every unit of a level, by its number. Of thousands of units, read what is needed of each with
/// [`distributions`]: this one keeps them all.
///
/// Computes in parallel on the rayon pool in which it is called (see [`crate::run::thread_pool`]).
pub fn unit_distributions(
    model: &CostModel,
    people: &People,
    level: usize,
    valuation: &Valuation,
) -> Result<Vec<UnitDistribution>, RunError> {
    let selection = UnitSelection { level, only: None, valuation };
    let progress = Progress::default();
    let all =
        distributions(model, people, selection, &progress, |_, _| ReadLimit::ALL, |_, unit| unit.clone())?;
    Ok(all.into_iter().map(|(_, distribution)| distribution).collect())
}

fn check_effects(valuation: &Valuation) -> Result<(), Error> {
    let effects = [("practice_sd", valuation.practice_sd), ("national_sd", valuation.national_sd)];
    let large = effects.into_iter().filter(|(_, sd)| *sd > MAX_EFFECT_SD);
    let allowed = format!("at most {MAX_EFFECT_SD} for an exact distribution: simulation takes more");
    Error::unless_empty(large.map(|(name, sd)| Problem::argument(name, sd, &allowed)).collect())
}

/// A plan's outcome: its distribution, or how far off it was.
type Outcome = Result<(Shape, Accuracy), Accuracy>;

impl Prepared<'_> {
    fn stopped(&self) -> Result<(), RunError> {
        if self.progress.stop.load(Ordering::Relaxed) { Err(RunError::Interrupted) } else { Ok(()) }
    }

    /// People of the practices of a unit, apart where practices have effects of their own.
    fn practices(&self, parts: &[&Part]) -> Vec<Vec<(u32, f64)>> {
        if self.sigma_practice == 0.0 {
            return vec![together(parts)];
        }
        parts.chunk_by(|a, b| a.practice == b.practice).map(together).collect()
    }

    /// SDs of the logarithms of the effect that a unit's practices share, and of the one that each has.
    fn sigmas(&self, practices: usize) -> (f64, f64) {
        if practices > 1 {
            (self.sigma_national, self.sigma_practice)
        } else {
            (
                0.0,
                (self.sigma_national * self.sigma_national + self.sigma_practice * self.sigma_practice)
                    .sqrt(),
            )
        }
    }

    fn run<T: Send>(
        &self,
        plans: Vec<Plan>,
        read: &(impl Fn(u32, &UnitDistribution) -> T + Sync),
    ) -> Result<Vec<(u32, T)>, RunError> {
        let mut done = Vec::with_capacity(plans.len());
        let mut groups = Groups::default();
        for plan in plans {
            if plan.is_point() {
                let shape = Shape::Point(plan.moments.all.mean);
                let distribution =
                    UnitDistribution { moments: plan.moments, shape, accuracy: Accuracy::default() };
                done.push((plan.unit, read(plan.unit, &distribution)));
            } else {
                groups.put(self, plan)?;
            }
        }
        while let Some(((method, several), units)) = groups.next() {
            let (plans, attempts_of): (Vec<Plan>, Vec<Attempts>) = units.into_iter().unzip();
            let mut outcomes = Vec::with_capacity(plans.len());
            let nodes = if self.has_effects() { SOME_NODES } else { 1 };
            let mut rest = plans.as_slice();
            while !rest.is_empty() {
                self.stopped()?;
                let mut values = 0;
                let fits = |plan: &&Plan| {
                    values += method.values() * nodes * plan.practices.len();
                    values <= MOST_VALUES
                };
                let (some, later) = rest.split_at(rest.iter().take_while(fits).count().max(1));
                outcomes.extend(self.by(method, several, some)?);
                rest = later;
            }
            for ((plan, attempts), outcome) in plans.into_iter().zip(attempts_of).zip(outcomes) {
                match outcome {
                    Ok((shape, accuracy)) => {
                        let distribution = UnitDistribution { moments: plan.moments, shape, accuracy };
                        done.push((plan.unit, read(plan.unit, &distribution)));
                    }
                    Err(accuracy) => groups.add(self, plan, attempts, Some(accuracy))?,
                }
            }
        }
        done.sort_unstable_by_key(|(unit, _)| *unit);
        Ok(done)
    }

    /// The outcomes of plans by one method.
    fn by(&self, method: Method, several: bool, plans: &[Plan]) -> Result<Vec<Outcome>, RunError> {
        let effects = self.sigmas(if several { 2 } else { 1 });
        match method {
            Method::Series { width, tail, frequencies, at_nodes } => {
                let width = libm::exp2(0.5 * f64::from(width));
                if at_nodes {
                    self.series_at_nodes(plans, width, tail, frequencies, effects)
                } else {
                    self.series(plans, width, tail, frequencies, effects)
                }
            }
            Method::Lattice { step, points, tail, atoms, sharing, many_nodes } => {
                let lattice = Lattice::new(f64::from_bits(step), points, DAMPING[tail]);
                self.lattices(plans, &lattice, tail, (atoms, sharing, many_nodes), effects)
            }
        }
    }

    fn mean(&self, people: &[(u32, f64)]) -> f64 {
        self.cumulants.held_mean(people)
    }
}
