//! The moments lane: mean, SD, skewness and kurtosis of every unit's total in closed form.
//!
//! Cumulants of independent people add up. Above them, the yearly effects are integrated over: given the effects people
//! are independent again, and the moments of a mixture are those of its parts.

use rayon::prelude::*;

use crate::contract::{Basis, PersonTerms, Portion, StopLoss};
use crate::error::{Error, Problem};
use crate::model::{Amount, Band, CostModel, Cumulants, Moments, Person, Persons, RiskClass};
use crate::population::{Part, People, together};
use crate::random_effects::{HALF_WIDTH, Node, count_at, nodes_at, sigma};
use crate::run::{Progress, RunError};

/// Nodes of an effect at which people's cumulants are taken, where they are smooth in it; and at most, where a corner of
/// the contract passes over costs that are close together.
const NODES: f64 = 32.0;
const MOST_NODES: f64 = 512.0;
/// Spacing of nodes over the SD of the logarithm of costs: what the sum leaves is below 1e-8.
const OF_A_SPREAD: f64 = 0.7;
/// A distribution of fewer equally likely atoms has no spread.
const MANY_ATOMS: f64 = 64.0;

/// Valuation: which cost of a unit is looked at, under which contract, and with which yearly effects.
#[derive(Clone, Debug)]
pub struct Valuation {
    /// What of each person's year.
    pub portion: Portion,
    /// SD of a yearly effect of mean 1 that multiplies all costs of a practice.
    pub practice_sd: f64,
    /// SD of a yearly effect of mean 1 that multiplies all costs.
    pub national_sd: f64,
}

impl Valuation {
    /// A valuation of all services under a stop-loss or none, without yearly effects.
    pub fn new(basis: Basis, stop_loss: Option<StopLoss>) -> Self {
        let terms = PersonTerms::of_stop_loss(stop_loss);
        Self { portion: Portion { basis, terms }, practice_sd: 0.0, national_sd: 0.0 }
    }

    /// Rejects SDs of effects that are negative or not finite.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let effects = [("practice_sd", self.practice_sd), ("national_sd", self.national_sd)];
        let bad = effects.into_iter().filter(|(_, sd)| !(sd.is_finite() && *sd >= 0.0));
        let problem = |(name, sd)| Problem::argument(name, sd, "a finite number, 0 or more");
        Error::unless_empty(bad.map(problem).collect())
    }
}

/// Moments of one unit's total, in £.
#[derive(Clone, Debug)]
pub struct UnitMoments {
    /// Number of people of the unit.
    pub people: u64,
    /// Moments with everything that varies: chance and effects.
    pub all: Moments,
    /// SD with the effects held at 1.
    pub chance_sd: f64,
    /// What the effects add to it: variances add up.
    pub systematic_sd: f64,
}

/// Moments of the total of each unit of a level, by its number. Rejects an infinite variance, by band.
///
/// Computes in parallel on the rayon pool in which it is called (see [`crate::run::thread_pool`]).
pub fn moments(
    model: &CostModel,
    people: &People,
    level: usize,
    valuation: &Valuation,
    progress: &Progress,
) -> Result<Vec<UnitMoments>, RunError> {
    valuation.check()?;
    check_variance(model, people, valuation)?;
    let cumulants = cumulant_table(model, people, valuation, progress)?;
    let units = people.units(level);
    units.par_iter().map(|parts| progress.check().map(|()| cumulants.unit(parts))).collect()
}

/// Rejects an infinite variance of anyone's cost, by band.
pub fn check_variance(model: &CostModel, people: &People, valuation: &Valuation) -> Result<(), Error> {
    let mut met: Vec<u32> = people.classes.iter().map(|class| class.band).collect();
    met.dedup();
    let bands = met.iter().map(|&band| &model.bands[band as usize]);
    let infinite = bands.filter(|band| !band.has_variance(&valuation.portion));
    Error::unless_empty(infinite.map(Band::infinite_variance).collect())
}

fn cumulant_table(
    model: &CostModel,
    people: &People,
    valuation: &Valuation,
    progress: &Progress,
) -> Result<CumulantTable, RunError> {
    let persons = Persons::new(model, &valuation.portion, progress).all(&people.classes)?;
    CumulantTable::new(&persons, valuation, progress)
}

/// Mean total (£) of each unit of a level, by its number: it exists where a variance does not.
///
/// Computes in parallel on the rayon pool in which it is called (see [`crate::run::thread_pool`]).
pub fn expected(
    model: &CostModel,
    people: &People,
    level: usize,
    valuation: &Valuation,
    progress: &Progress,
) -> Result<Vec<f64>, RunError> {
    let cumulants = cumulant_table(model, people, valuation, progress)?;
    let units = people.units(level);
    units.par_iter().map(|parts| progress.check().map(|()| cumulants.unit(parts).all.mean)).collect()
}

/// The same of units whose variance is infinite; none for others.
pub fn heavy_means(
    model: &CostModel,
    people: &People,
    level: usize,
    valuation: &Valuation,
    progress: &Progress,
) -> Result<Vec<Option<f64>>, RunError> {
    let heavy = |class: &RiskClass| !model.bands[class.band as usize].has_variance(&valuation.portion);
    let heavy: Vec<bool> = people.classes.iter().map(heavy).collect();
    let units = people.units(level);
    if !heavy.contains(&true) {
        return Ok(vec![None; units.len()]);
    }
    let cumulants = cumulant_table(model, people, valuation, progress)?;
    let mean = |parts: &Vec<&Part>| {
        let of_heavy = together(parts).iter().any(|(class, _)| heavy[*class as usize]);
        of_heavy.then(|| cumulants.unit(parts).all.mean)
    };
    units.par_iter().map(|parts| progress.check().map(|()| mean(parts))).collect()
}

/// The spacing of nodes of the effects, in the logarithm of the multiplier, at which a sum is as good as an integral.
pub(crate) fn node_spacing(persons: &[Person], [national, practice]: [f64; 2]) -> f64 {
    let sigmas = || [national, practice].into_iter().filter(|sigma| *sigma > 0.0);
    let smooth = sigmas().fold(f64::INFINITY, f64::min) * 2.0 * HALF_WIDTH / NODES;
    let bent = |(_, amount): &&(f64, Amount)| amount.layer.proportional().is_none();
    let spreads = persons.iter().flat_map(Person::amounts).filter(bent).map(|(_, amount)| {
        let distribution = &amount.distribution;
        if is_of_few_prices(&distribution.atoms()) {
            return 0.0;
        }
        // Between quartiles lie 1.35 SDs of a normal distribution.
        libm::log(distribution.inverse_survival(0.25) / distribution.inverse_cdf(0.25)) / 1.35
    });
    let least = sigmas().fold(0.0, f64::max) * 2.0 * HALF_WIDTH / MOST_NODES;
    smooth.min(spreads.fold(f64::INFINITY, f64::min) * OF_A_SPREAD).max(smooth.min(least))
}

/// Are these no more than a few prices, by their inverse Simpson index, the number of equally likely ones that is as
/// concentrated? A year of events has hundreds of sums of few prices, most of them rare.
fn is_of_few_prices(atoms: &[(f64, f64)]) -> bool {
    let [sum, squares] = atoms.iter().fold([0.0, 0.0], |[sum, squares], (_, p)| [sum + p, squares + p * p]);
    sum > 0.0 && sum * sum < MANY_ATOMS * squares
}

/// Cumulants of one person of each risk class at every node of the effects.
pub(crate) struct CumulantTable {
    national: Vec<Node>,
    practice: Vec<Node>,
    /// Number of multipliers: effects held at 1, then those from the least to the largest of both effects. Nodes of
    /// both are equally far apart, so that the sum of their numbers is that of their product.
    multipliers: usize,
    /// By class, then by multiplier.
    classes: Vec<Cumulants>,
    /// Spacing of the nodes.
    pub(crate) spacing: f64,
}

impl CumulantTable {
    pub(crate) fn new(
        persons: &[Person],
        valuation: &Valuation,
        progress: &Progress,
    ) -> Result<Self, RunError> {
        let sigmas = [sigma(valuation.national_sd), sigma(valuation.practice_sd)];
        let spacing = node_spacing(persons, sigmas);
        let [national, practice] = sigmas.map(|sigma| nodes_at(sigma, spacing, count_at(sigma, spacing)));
        let logs = (0..national.len() + practice.len() - 1)
            .map(|i| national[0].log + practice[0].log + i as f64 * if i > 0 { spacing } else { 0.0 });
        let multipliers: Vec<f64> = [1.0].into_iter().chain(logs.map(libm::exp)).collect();
        let classes = persons.par_iter().map(|person| {
            progress.check()?;
            let at = |factor: &f64| Cumulants::from_raw(person.times(*factor).raw_moments());
            Ok(multipliers.iter().map(at).collect())
        });
        let classes = classes.collect::<Result<Vec<Vec<_>>, RunError>>()?.concat();
        Ok(Self { multipliers: multipliers.len(), national, practice, classes, spacing })
    }

    fn sum(&self, weights: &[(u32, f64)], multiplier: usize) -> Cumulants {
        let mut sum = Cumulants::default();
        for (class, weight) in weights {
            sum.add(&self.classes[*class as usize * self.multipliers + multiplier], *weight);
        }
        sum
    }

    /// Mean of these people's total with the effects held at 1.
    pub(crate) fn held_mean(&self, weights: &[(u32, f64)]) -> f64 {
        self.sum(weights, 0).0[0]
    }

    /// In the best (or worst) year of the national effect: the mean of the total of these practices, the farthest that
    /// one practice's own effect moves it to the same side, and its variance from all of theirs.
    pub(crate) fn extreme(&self, practices: &[Vec<(u32, f64)>], best: bool) -> [f64; 3] {
        let end = |count: usize| if best { 0 } else { count - 1 };
        let first = 1 + end(self.national.len());
        let (mut mean, mut farthest, mut variance) = (0.0, 0.0f64, 0.0);
        for weights in practices {
            let at = |p: usize| self.sum(weights, first + p).0[0];
            let means: Vec<(f64, f64)> =
                self.practice.iter().enumerate().map(|(p, e)| (e.weight, at(p))).collect();
            let middle: f64 = means.iter().map(|(w, m)| w * m).sum();
            mean += middle;
            farthest = farthest.max((means[end(means.len())].1 - middle).abs());
            variance += means.iter().map(|(w, m)| w * (m - middle) * (m - middle)).sum::<f64>();
        }
        [mean, farthest, variance]
    }

    pub(crate) fn unit(&self, parts: &[&Part]) -> UnitMoments {
        let people = together(parts);
        let held = self.sum(&people, 0);
        let practices: Vec<Vec<(u32, f64)>> = match self.practice.len() {
            1 => vec![people],
            _ => parts.chunk_by(|a, b| a.practice == b.practice).map(together).collect(),
        };
        let given: Vec<Vec<Cumulants>> = practices
            .iter()
            .map(|weights| (1..self.multipliers).map(|multiplier| self.sum(weights, multiplier)).collect())
            .collect();
        let year = |(n, node): (usize, &Node)| {
            let mut year = Cumulants::default();
            for given in &given {
                let effects = self.practice.iter().enumerate();
                year.add(&mixture(&effects.map(|(p, e)| (e.weight, given[n + p])).collect::<Vec<_>>()), 1.0);
            }
            (node.weight, year)
        };
        let years: Vec<(f64, Cumulants)> = self.national.iter().enumerate().map(year).collect();
        let all = mixture(&years);
        let (variance, chance) = (all.0[1].max(0.0), held.0[1].max(0.0));
        let effects = self.multipliers > 2;
        UnitMoments {
            people: parts.iter().map(|part| part.people).sum(),
            all: Moments::from_cumulants(all).unwrap_or(Moments {
                mean: all.0[0],
                sd: f64::INFINITY,
                cv: None,
                skewness: None,
                kurtosis: None,
            }),
            chance_sd: chance.sqrt(),
            systematic_sd: if effects { (variance - chance).max(0.0).sqrt() } else { 0.0 },
        }
    }
}

/// Cumulants of a mixture of distributions, each with its probability.
fn mixture(distributions: &[(f64, Cumulants)]) -> Cumulants {
    if let [(_, only)] = distributions {
        return *only;
    }
    let mean: f64 = distributions.iter().map(|(w, c)| w * c.0[0]).sum();
    let (mut m2, mut m3, mut m4) = (0.0, 0.0, 0.0);
    for (weight, Cumulants([k1, k2, k3, k4])) in distributions {
        let d = k1 - mean;
        m2 += weight * (k2 + d * d);
        m3 += weight * (k3 + d * (3.0 * k2 + d * d));
        m4 += weight * (k4 + 3.0 * k2 * k2 + d * (4.0 * k3 + d * (6.0 * k2 + d * d)));
    }
    let exists = |x: f64| if x.is_finite() { x } else { f64::INFINITY };
    Cumulants([mean, exists(m2), exists(m3), exists(m4 - 3.0 * m2 * m2)])
}
