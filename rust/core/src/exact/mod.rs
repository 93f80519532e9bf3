//! The exact lane: the whole distribution of every unit's total, from characteristic functions.
//!
//! People are independent given the effects, so that logarithms of their characteristic functions add up. A total that
//! is smooth is a short Fourier series on a window that holds all but a known share of it (`series`); one that is not,
//! for having few costs or few prices, is a distribution on a lattice (`small`). Both are damped, so that what lies
//! beyond the window does not come back into it. Every distribution is checked against the moments lane.

mod atoms_and_density;
mod fourier_series;
mod lattice_distribution;
mod minimum_population;
mod quadrature;
mod tail_bounds;
mod transforms;

use std::sync::atomic::Ordering;

use rayon::prelude::*;

use crate::analytic_moments::{Table, UnitMoments, Valuation};
use crate::contract::Layer;
use crate::error::{Error, Problem};
use crate::model::{CostModel, Person, Persons};
use crate::population::{Part, People, together};
use crate::random_effects::{REACH, sigma};
use crate::run::{Progress, RunError};
pub use minimum_population::{MOST_PEOPLE, Pool, minimum_population};

use atoms_and_density::AtomsAndDensity;
use fourier_series::Series;
use lattice_distribution::LatticeDistribution;
use quadrature::Cuts;
use tail_bounds::{Bounds, bennett};
use transforms::{Groups, Plan, Window};

/// The distribution of one unit's total, with how well it is known.
pub struct UnitDistribution {
    pub moments: UnitMoments,
    shape: Shape,
    pub accuracy: Accuracy,
}

/// What the exact lane measured of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Accuracy {
    /// Probability outside of the window.
    pub outside: f64,
    /// Distance from the mean of the moments lane, in SDs.
    pub mean_error: f64,
    /// Distance from the SD of the moments lane, over it.
    pub sd_error: f64,
}

impl Accuracy {
    /// The worse of both in each respect.
    pub fn worse(self, other: Self) -> Self {
        Self {
            outside: self.outside.max(other.outside),
            mean_error: self.mean_error.max(other.mean_error),
            sd_error: self.sd_error.max(other.sd_error),
        }
    }
}

enum Shape {
    /// The total does not vary.
    Point(f64),
    Series(Series),
    Lattice(LatticeDistribution),
}

impl UnitDistribution {
    /// P(total <= x)
    pub fn cdf(&self, x: f64) -> f64 {
        match &self.shape {
            Shape::Point(at) => f64::from(u8::from(*at <= x || same(*at, x))),
            Shape::Series(series) => series.cdf(x),
            Shape::Lattice(distribution) => distribution.cdf(x, false),
        }
    }

    /// P(total < x)
    pub fn below(&self, x: f64) -> f64 {
        match &self.shape {
            Shape::Point(at) => f64::from(u8::from(*at < x && !same(*at, x))),
            Shape::Series(series) => series.cdf(x),
            Shape::Lattice(distribution) => distribution.cdf(x, true),
        }
    }

    /// The smallest total that is not passed with this probability.
    pub fn quantile(&self, probability: f64) -> f64 {
        match &self.shape {
            Shape::Point(at) => *at,
            Shape::Series(series) => {
                let all = &self.moments.all;
                let z = crate::numeric::special::normal_inverse_cdf(probability);
                let sd = if all.sd.is_finite() { all.sd } else { series.width / 20.0 };
                series.quantile(probability, all.mean + z * sd)
            }
            Shape::Lattice(distribution) => distribution.quantile(probability),
        }
    }

    /// The distribution as a table: equally spaced costs that hold all but 1e-10 of it, each with the probability of
    /// the step around it, and of no more than it.
    pub fn table(&self, points: usize) -> Vec<(f64, f64, f64)> {
        const REST: f64 = 1e-10;
        match &self.shape {
            Shape::Point(at) => vec![(*at, 1.0, 1.0)],
            Shape::Series(series) => {
                let (low, high) = (self.quantile(REST), self.quantile(1.0 - REST));
                // Samples of a density keep its moments if there are a few in each SD (Whittaker 1915).
                let finest =
                    if self.moments.all.sd.is_finite() { 0.25 * self.moments.all.sd } else { f64::INFINITY };
                let points = points.max(((high - low) / finest).ceil() as usize + 1);
                let step = (high - low) / (points - 1) as f64;
                let at = |i| low + i as f64 * step;
                (0..points).map(|i| (at(i), step * series.density(at(i)), series.cdf(at(i)))).collect()
            }
            Shape::Lattice(distribution) => {
                let point = |q: f64| (distribution.quantile(q) / distribution.step) as usize;
                let (low, high) = (point(REST), (point(1.0 - REST) + 1).min(distribution.masses.len() - 1));
                // Whole steps of the lattice, so that no point is cut.
                let join = (high - low + 1).div_ceil(points);
                (low..=high)
                    .step_by(join)
                    .map(|first| {
                        let last = (first + join - 1).min(high);
                        let mass = distribution.masses[first..=last].iter().sum::<f64>();
                        let middle =
                            if distribution.whole { last as f64 } else { 0.5 * (first + last) as f64 };
                        let cost = middle * distribution.step;
                        (cost, mass, distribution.cdf(cost, false))
                    })
                    .collect()
            }
        }
    }
}

/// Are two costs one but for rounding?
fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12 * a.abs().max(b.abs())
}

/// Probability that a window may leave below it: it comes back raised by the damping.
const BELOW: f64 = 1e-18;
/// What windows leave above them, at most: the first that reaches all that is asked is taken, or the last; of a
/// lattice, whose points are costly, the second.
const REACHES: [f64; 3] = [1e-4, 1e-8, 1e-12];
/// How much wider a window may be that leaves nothing.
const LIGHT: f64 = 2.0;
/// Largest effect whose integral converges on a grid that is worth its time.
pub const MAX_EFFECT_SD: f64 = 0.5;

/// Everything of a valuation that does not depend on the unit.
struct Lane<'a> {
    people: &'a People,
    layer: &'a Layer,
    persons: Vec<Person>,
    cuts: Cuts,
    textures: Vec<AtomsAndDensity>,
    table: Table,
    sigma_practice: f64,
    sigma_national: f64,
    progress: &'a Progress,
}

/// Whose distributions are wanted, and of what.
#[derive(Clone, Copy)]
pub struct UnitSelection<'a> {
    pub level: usize,
    /// Numbers of units; all where there are none.
    pub only: Option<&'a [u32]>,
    pub valuation: &'a Valuation,
}

/// The distribution of each of these units of a level, read by `read`; `asked` gives the largest total that a unit is
/// asked about.
pub fn distributions<T: Send>(
    model: &CostModel,
    people: &People,
    which: UnitSelection<'_>,
    progress: &Progress,
    asked: impl Fn(u32, &UnitMoments) -> f64 + Sync,
    read: impl Fn(u32, &UnitDistribution) -> T + Sync,
) -> Result<Vec<(u32, T)>, RunError> {
    let UnitSelection { level, only, valuation } = which;
    check(valuation).map_err(RunError::Rejected)?;
    let layer = valuation.layer();
    let persons = Persons::new(model, &layer).all(&people.classes);
    let lane = Lane {
        people,
        layer: &layer,
        cuts: Cuts::new(persons.iter()),
        textures: persons.iter().map(|person| AtomsAndDensity::new(person, &layer)).collect(),
        table: Table::new(&persons, &layer, valuation),
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
    let plans = lane.plan(&chosen, &units, &asked);
    lane.run(plans, &read)
}

fn check(valuation: &Valuation) -> Result<(), Error> {
    let effects = [("practice_sd", valuation.practice_sd), ("national_sd", valuation.national_sd)];
    let large = effects.into_iter().filter(|(_, sd)| *sd > MAX_EFFECT_SD);
    let allowed = format!("at most {MAX_EFFECT_SD} for an exact distribution: simulation takes more");
    Error::unless_empty(large.map(|(name, sd)| Problem::argument(name, sd, &allowed)).collect())
}

impl Lane<'_> {
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

    /// A window for each unit.
    fn plan(
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
                let whole = self::together(parts);
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
                groups.put(self, plan);
            }
        }
        while let Some(group) = groups.next() {
            self.stopped()?;
            let method = group.0.0;
            for (plan, found) in self.group(group)? {
                match found {
                    Ok((shape, accuracy)) => {
                        let distribution = UnitDistribution { moments: plan.moments, shape, accuracy };
                        done.push((plan.unit, read(plan.unit, &distribution)));
                    }
                    Err(accuracy) => {
                        groups.again(self, method, plan, accuracy).map_err(RunError::Rejected)?
                    }
                }
            }
        }
        done.sort_unstable_by_key(|(unit, _)| *unit);
        Ok(done)
    }
}
