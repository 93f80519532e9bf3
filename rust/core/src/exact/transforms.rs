//! Units in groups that share frequencies, and the transforms of their totals.

use std::collections::{BTreeMap, HashMap};
use std::f64::consts::{PI, TAU};

use rayon::prelude::*;

use super::atoms_and_density::measure;
use super::fourier_series::Series;
use super::lattice_distribution::{self, LatticeDistribution};
use super::quadrature::{self, Frequencies};
use super::{Accuracy, Lane, REACHES, Shape};
use crate::analytic_moments::UnitMoments;
use crate::error::Error;
use crate::model::{Person, Scaled};
use crate::numeric::complex::{self, Complex64};
use crate::numeric::lattice::Lattice;
use crate::numeric::power::integer_power;
use crate::random_effects::{Node, REACH, nodes};
use crate::run::RunError;

/// Frequencies of a series: at first, and at most for each reach of its window.
const FIRST_WAVES: usize = 32;
const MOST_WAVES: [usize; 3] = [1 << 10, 1 << 10, 1 << 12];
/// Logarithm of what damping leaves at a series' end, for each reach of its window. Damping keeps what lies beyond the
/// window from coming back, and raises the rounding of frequencies that turn tens of thousands of times.
const SERIES_DAMPING: [f64; 3] = [12.0, 6.0, 2.0];
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
/// Frequencies smaller than this have died out, in terms of the first.
const SILENT: f64 = 1e-13;
/// How far a distribution may be from the moments lane: its mean in SDs, and its SD.
const SERIES_TOLERANCES: [f64; 2] = [1e-6, 1e-5];
const LATTICE_TOLERANCES: [f64; 2] = [1e-4, 1e-4];

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

    fn width(&self) -> f64 {
        self.wide.end - self.start
    }

    /// Frequencies that a distribution of this SD would need if it were normal.
    fn frequencies(&self) -> usize {
        let sd = self.moments.all.sd;
        let needed = if sd.is_finite() { 2.0 * self.width() / sd } else { 0.0 };
        (needed as usize).next_power_of_two().clamp(FIRST_WAVES, MOST_WAVES[self.wide.reach])
    }

    fn several(&self) -> bool {
        self.practices.len() > 1
    }
}

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
                return Err(Error::one(format!(
                    "the distribution of a total of {} people cannot be computed: on {points} points its probability outside is \
                     {:.1e}, its mean {:.1e} SDs and its SD {:.1e} of itself from the exact ones: give a ceiling, or \
                     method \"simulation\"",
                    plan.moments.people, found.outside, found.mean_error, found.sd_error
                )));
            }
        };
        self.0.entry((finer, plan.several())).or_default().push(plan);
        Ok(())
    }
}

fn half_octaves(width: f64) -> i32 {
    (2.0 * libm::log2(width)).ceil() as i32
}

/// What came of a plan: its distribution, or how far off it was.
pub(super) type Found = (Plan, Result<(Shape, Accuracy), Accuracy>);

/// Where the effects of a group are integrated.
struct Places {
    /// Logarithms of multipliers at which people's transforms are taken.
    logs: Vec<f64>,
    middle: f64,
    half: f64,
}

impl Places {
    /// Chebyshev nodes over all that the effects reach: logarithms of transforms are analytic in the logarithm of the
    /// multiplier, so that a polynomial through few nodes gives them everywhere between.
    fn new(shared: f64, own: f64) -> Self {
        let half = REACH * (shared + own);
        let middle = -0.5 * (shared * shared + own * own);
        if half == 0.0 {
            return Self { logs: vec![0.0], middle, half };
        }
        let count = 10 + (10.0 * half).ceil() as usize;
        let place = |i: usize| middle + half * libm::cos(PI * (i as f64 + 0.5) / count as f64);
        Self { logs: (0..count).map(place).collect(), middle, half }
    }

    /// The weights by which values at the nodes give the value at `log` (barycentric form: Berrut and Trefethen 2004).
    fn weights(&self, log: f64) -> Vec<f64> {
        let count = self.logs.len();
        if count == 1 {
            return vec![1.0];
        }
        if let Some(at) = self.logs.iter().position(|l| (l - log).abs() < 1e-14 * self.half) {
            return (0..count).map(|i| f64::from(u8::from(i == at))).collect();
        }
        let terms: Vec<f64> = (0..count)
            .map(|i| {
                let angle = PI * (i as f64 + 0.5) / count as f64;
                let sign = if i % 2 == 0 { 1.0 } else { -1.0 };
                sign * libm::sin(angle) / (log - self.logs[i])
            })
            .collect();
        let sum: f64 = terms.iter().sum();
        debug_assert!((log - self.middle).abs() <= self.half * (1.0 + 1e-9));
        terms.into_iter().map(|term| term / sum).collect()
    }
}

/// ln of the transforms of persons: of each class that is met, at each place, at each frequency.
struct Transforms {
    number: Vec<u32>,
    values: Vec<Vec<Vec<Complex64>>>,
}

impl Transforms {
    /// `of` gives the transform of an amount less 1: people who differ only in how often they have it share it.
    fn new(
        lane: &Lane<'_>,
        plans: &[Plan],
        logs: &[f64],
        of: impl Fn(&Scaled) -> Vec<Complex64> + Sync,
    ) -> Self {
        let mut number = vec![u32::MAX; lane.persons.len()];
        let mut classes: Vec<usize> = plans
            .iter()
            .flat_map(|plan| plan.practices.iter().flatten())
            .map(|(class, _)| *class as usize)
            .collect();
        classes.sort_unstable();
        classes.dedup();
        classes.iter().zip(0..).for_each(|(&class, i)| number[class] = i);
        let mut places = HashMap::new();
        let mut amounts: Vec<&Scaled> = Vec::new();
        for (_, amount) in classes.iter().flat_map(|&class| lane.persons[class].amounts()) {
            places.entry(name(amount)).or_insert_with(|| {
                amounts.push(amount);
                amounts.len() - 1
            });
        }
        let tasks: Vec<(usize, f64)> =
            logs.iter().flat_map(|&log| (0..amounts.len()).map(move |i| (i, log))).collect();
        let shared: Vec<Vec<Complex64>> =
            tasks.par_iter().map(|&(i, log)| of(&amounts[i].times(libm::exp(log)))).collect();
        let value = |class: usize, place: usize| {
            let person = &lane.persons[class];
            let mut sums: Vec<Complex64> = Vec::new();
            for (rate, amount) in person.amounts() {
                let values = &shared[place * amounts.len() + places[&name(amount)]];
                sums.resize(values.len(), Complex64::ZERO);
                sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += rate * value);
            }
            if matches!(person, Person::Once { .. }) {
                sums.iter_mut().for_each(|sum| *sum = complex::ln_1p(*sum));
            }
            sums
        };
        let values = classes
            .par_iter()
            .map(|&class| (0..logs.len()).map(|place| value(class, place)).collect())
            .collect();
        Self { number, values }
    }

    /// ln of the transform of all these people's total at a place, less that of a fixed cost `center`.
    fn sum(
        &self,
        people: &[(u32, f64)],
        place: usize,
        exponent: impl Fn(usize) -> Complex64,
        center: f64,
    ) -> Vec<Complex64> {
        let mut sums: Vec<Complex64> = Vec::new();
        for (class, weight) in people {
            let values = &self.values[self.number[*class as usize] as usize][place];
            sums.resize(values.len(), Complex64::ZERO);
            sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += weight * value);
        }
        sums.iter_mut().enumerate().for_each(|(k, sum)| *sum -= exponent(k) * center);
        sums
    }
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

    /// The distributions of a group.
    pub(super) fn group(&self, ((method, several), plans): Group) -> Result<Vec<Found>, RunError> {
        let (shared, own) = self.sigmas(if several { 2 } else { 1 });
        match method {
            Method::Series { width, reach, frequencies } => {
                let width = libm::exp2(0.5 * f64::from(width));
                Ok(self.series(plans, width, SERIES_DAMPING[reach] / width, frequencies, shared, own))
            }
            Method::Lattice { step, points, whole } => {
                self.lattices(plans, &Lattice::new(f64::from_bits(step), points), whole, shared, own)
            }
        }
    }

    fn series(
        &self,
        plans: Vec<Plan>,
        width: f64,
        damping: f64,
        count: usize,
        shared: f64,
        own: f64,
    ) -> Vec<Found> {
        let people = plans.iter().map(|plan| plan.moments.people).max().unwrap_or(0) as f64;
        let turn = TAU / width;
        // Ends are counted from the farthest start.
        let end = 2.0 * width + plans.iter().map(|plan| plan.start).fold(0.0, f64::max);
        let frequencies = Frequencies { turn, count, damping, end, people };
        let places = Places::new(shared, own);
        let of = |amount: &Scaled| quadrature::transform(amount, self.layer, &self.cuts, &frequencies);
        let transforms = Transforms::new(self, &plans, &places.logs, of);
        plans
            .into_par_iter()
            .map(|plan| {
                let distribution = self.transform(&plan, &transforms, &places, &frequencies, shared, own);
                let found = match distribution {
                    None => {
                        Err(Accuracy { outside: 1.0, mean_error: f64::INFINITY, sd_error: f64::INFINITY })
                    }
                    Some(values) => {
                        let series = Series::new(plan.start, width, damping, &values);
                        plan.judge(series.moments(), &plan.wide, SERIES_TOLERANCES)
                            .map(|accuracy| (Shape::Series(series), accuracy))
                    }
                };
                (plan, found)
            })
            .collect()
    }

    /// The transform of a unit's distance from its start, up to where the frequencies have died out; none where they
    /// have not.
    fn transform(
        &self,
        plan: &Plan,
        transforms: &Transforms,
        places: &Places,
        frequencies: &Frequencies,
        shared: f64,
        own: f64,
    ) -> Option<Vec<Complex64>> {
        let exponent = |k: usize| Complex64::new(-frequencies.damping, k as f64 * frequencies.turn);
        if shared == 0.0 && own == 0.0 {
            let sums = transforms.sum(&plan.practices[0], 0, exponent, plan.start);
            return alive(sums.into_iter().map(complex::exp).collect());
        }
        // How far the last frequency turns over one SD of an effect's normal variate says how many places its integral
        // needs.
        let top = frequencies.turn * frequencies.count as f64;
        let count = |mean: f64, sigma: f64| enough_places(1.5 * top * mean * sigma);
        let total: f64 = plan.practices.iter().map(|people| self.mean(people)).sum();
        let outer = nodes(shared, if shared > 0.0 { count(total, shared) } else { 1 });
        let practices: Vec<Practice> = plan
            .practices
            .iter()
            .map(|people| {
                let mean = self.mean(people);
                let center = plan.start * if total > 0.0 { mean / total } else { 0.0 };
                let sums = (0..places.logs.len())
                    .map(|place| transforms.sum(people, place, exponent, center))
                    .collect();
                Practice { sums, inner: nodes(own, count(mean, own)) }
            })
            .filter(|practice: &Practice| !practice.sums[0].is_empty())
            .collect();
        let mut all = vec![Complex64::ZERO; frequencies.count + 1];
        for node in &outer {
            let mut year = vec![Complex64::new(node.weight, 0.0); frequencies.count + 1];
            for practice in &practices {
                let values = practice.transform(places, node.log);
                year.iter_mut().zip(values).for_each(|(product, value)| *product *= value);
            }
            all.iter_mut().zip(year).for_each(|(sum, value)| *sum += value);
        }
        alive(all)
    }

    fn lattices(
        &self,
        plans: Vec<Plan>,
        lattice: &Lattice,
        whole: bool,
        shared: f64,
        own: f64,
    ) -> Result<Vec<Found>, RunError> {
        let frequencies = lattice.points / 2 + 1;
        // As for a series whose last frequency is the last that a distribution of this SD has.
        let count = |sigma: f64, of: &dyn Fn(&Plan) -> f64| {
            let turns = plans.iter().map(|plan| 8.5 * of(plan) * sigma / plan.moments.all.sd);
            enough_places(turns.fold(0.0, f64::max))
        };
        let largest = |plan: &Plan| plan.practices.iter().map(|people| self.mean(people)).fold(0.0, f64::max);
        let outer = nodes(shared, count(shared, &|plan| plan.moments.all.mean));
        let inner = nodes(own, count(own, &largest));
        let of = |amount: &Scaled| lattice_distribution::transform(amount, self.layer, &self.cuts, lattice);
        let mut totals = vec![vec![Complex64::ZERO; frequencies]; plans.len()];
        for shared in &outer {
            let mut years: Vec<Vec<Vec<Complex64>>> = plans
                .iter()
                .map(|plan| vec![vec![Complex64::ZERO; frequencies]; plan.practices.len()])
                .collect();
            for own in &inner {
                self.stopped()?;
                let transforms = Transforms::new(self, &plans, &[shared.log + own.log], of);
                years.par_iter_mut().zip(&plans).for_each(|(year, plan)| {
                    for (sums, people) in year.iter_mut().zip(&plan.practices) {
                        let values = transforms.sum(people, 0, |_| Complex64::ZERO, 0.0);
                        let distribution =
                            values.into_iter().map(complex::exp).chain(std::iter::repeat(Complex64::ONE));
                        sums.iter_mut().zip(distribution).for_each(|(sum, value)| *sum += own.weight * value);
                    }
                });
            }
            for (total, year) in totals.iter_mut().zip(years) {
                for (k, sum) in total.iter_mut().enumerate() {
                    *sum += shared.weight * year.iter().map(|practice| practice[k]).product::<Complex64>();
                }
            }
        }
        let found = |(plan, half): (Plan, Vec<Complex64>)| {
            let mut values = half;
            values.resize(lattice.points, Complex64::ZERO);
            for k in 1..lattice.points / 2 {
                values[lattice.points - k] = values[k].conj();
            }
            let distribution = LatticeDistribution::new(lattice.step, lattice.masses(values), whole);
            let judged = plan
                .judge(distribution.moments(), &plan.narrow, LATTICE_TOLERANCES)
                .map(|accuracy| (Shape::Lattice(distribution), accuracy));
            (plan, judged)
        };
        Ok(plans.into_par_iter().zip(totals).map(found).collect())
    }

    fn mean(&self, people: &[(u32, f64)]) -> f64 {
        self.table.held_mean(people)
    }
}

/// One practice's people at every place of the effects.
struct Practice {
    sums: Vec<Vec<Complex64>>,
    inner: Vec<Node>,
}

impl Practice {
    /// Of its total in a year in which the effect that it shares has this logarithm.
    fn transform(&self, places: &Places, shared: f64) -> Vec<Complex64> {
        let frequencies = self.sums[0].len();
        let mut all = vec![Complex64::ZERO; frequencies];
        let mut given = vec![Complex64::ZERO; frequencies];
        for node in &self.inner {
            given.fill(Complex64::ZERO);
            for (weight, values) in places.weights(shared + node.log).into_iter().zip(&self.sums) {
                given.iter_mut().zip(values).for_each(|(sum, value)| *sum += weight * value);
            }
            all.iter_mut().zip(&given).for_each(|(sum, value)| *sum += node.weight * complex::exp(*value));
        }
        all
    }
}

/// Places at which an effect is taken whose last frequency turns so far (radians) over one SD: what the sum leaves of a
/// frequency that it takes for another is then below rounding.
fn enough_places(turn: f64) -> usize {
    let step = TAU / (turn + 9.0);
    ((2.0 * REACH / step).ceil() as usize).next_multiple_of(8) + 1
}

/// What amounts that are the same have in common.
fn name(amount: &Scaled) -> (usize, u64) {
    (quadrature::address(amount), amount.scale.to_bits())
}

/// The frequencies up to where they have died out, and stayed so for a third as long again.
fn alive(mut values: Vec<Complex64>) -> Option<Vec<Complex64>> {
    let size = |value: &Complex64| libm::hypot(value.re, value.im);
    let first = size(values.first()?);
    let loud = |value: &Complex64| size(value) > SILENT * first;
    let last = values.iter().rposition(loud)? + 1;
    if 4 * last > 3 * values.len() {
        return None;
    }
    values.truncate(last);
    Some(values)
}

impl Plan {
    /// How far a distribution with this mass, mean and variance is from what it must be; an error if too far.
    fn judge(
        &self,
        [mass, mean, variance]: [f64; 3],
        window: &Window,
        [mean_tolerance, sd_tolerance]: [f64; 2],
    ) -> Result<Accuracy, Accuracy> {
        let all = &self.moments.all;
        let accuracy = Accuracy {
            outside: (1.0 - mass).abs(),
            mean_error: if all.sd.is_finite() { (mean - all.mean).abs() / all.sd } else { 0.0 },
            sd_error: if all.sd.is_finite() { (variance.max(0.0).sqrt() / all.sd - 1.0).abs() } else { 0.0 },
        };
        let [lost_mean, lost_square] = window.lost;
        let spread = if all.sd.is_finite() { all.sd } else { self.width() };
        let good = accuracy.outside <= REACHES[0]
            && (mean - all.mean).abs() <= mean_tolerance * spread + 2.0 * lost_mean
            && (!all.sd.is_finite()
                || accuracy.sd_error <= sd_tolerance + 4.0 * lost_square / (spread * spread));
        if good { Ok(accuracy) } else { Err(accuracy) }
    }
}
