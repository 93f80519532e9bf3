//! The smallest pool: how many people keep its cost within a tolerance.

use super::{ReadLimit, UnitDistribution, UnitSelection, distributions};
use crate::analytic_moments::Valuation;
use crate::error::{Code, Error};
use crate::model::{CostModel, Persons};
use crate::numeric::power::integer_power;
use crate::numeric::special::{normal_cdf, normal_survival};
use crate::population::{People, together};
use crate::random_effects::{nodes, sigma};
use crate::run::{Progress, RunError};

/// Sizes that are tried at once: they share what does not depend on size.
const SIZES_AT_ONCE: u64 = 24;
/// The smallest pool of several classes: a few people cannot have everybody's mix.
const FEWEST_OF_SEVERAL_CLASSES: u64 = 128;
/// The largest pool that is tried.
pub const MOST_PEOPLE: u64 = 8_000_000_000;

/// A pool that is outside of a tolerance around its expected cost in at most a given share of years.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pool {
    /// None where no pool is large enough.
    pub people: Option<u64>,
    /// Share of years outside of the tolerance, at that size.
    pub outside: Option<f64>,
    /// The same of an infinitely large pool: what the effects alone make.
    pub limit: f64,
}

/// The smallest pool with everybody's mix of classes that is outside of the tolerance in at most this share of years.
///
/// `tolerance` is a share of the expected cost, `probability` a share of years. Computes in parallel on the rayon pool
/// in which it is called (see [`crate::run::thread_pool`]).
pub fn minimum_population(
    model: &CostModel,
    people: &People,
    valuation: &Valuation,
    tolerance: f64,
    probability: f64,
    progress: &Progress,
) -> Result<Pool, RunError> {
    let limit = limit(model, people, valuation, tolerance, progress)?;
    let outside = |sizes: &[u64]| -> Result<Vec<f64>, RunError> {
        let pools = people.pools(sizes);
        let read = |_: u32, distribution: &UnitDistribution| {
            let mean = distribution.moments.all.mean;
            1.0 - distribution.cdf(mean * (1.0 + tolerance)) + distribution.below(mean * (1.0 - tolerance))
        };
        // The distribution of a few people has its mean far below the window's end: no more than that is read.
        let shares = distributions(
            model,
            &pools,
            UnitSelection { level: 0, only: None, valuation },
            progress,
            |_, m| ReadLimit { total: m.all.mean * (1.0 + tolerance), tail: 1.0 },
            read,
        )?;
        Ok(shares.into_iter().map(|(_, outside)| outside).collect())
    };
    if limit >= probability {
        return Ok(Pool { people: None, outside: None, limit });
    }
    let fewest = if people.classes.len() > 1 { FEWEST_OF_SEVERAL_CLASSES } else { 1 };
    let mut sizes: Vec<u64> =
        (0..33).map(|i| fewest << i).take_while(|n| *n < MOST_PEOPLE).chain([MOST_PEOPLE]).collect();
    let mut below = fewest - 1;
    loop {
        let shares = outside(&sizes)?;
        let Some(first) = shares.iter().position(|share| *share <= probability) else {
            return Err(RunError::Rejected(Error::one(
                Code::NotComputable,
                format!(
                    "a pool of {MOST_PEOPLE} people is outside the tolerance {tolerance} in more than {probability} of years, \
                 and a larger one is not tried: give a larger tolerance or probability"
                ),
            )));
        };
        let enough = sizes[first];
        if first > 0 {
            below = sizes[first - 1];
        }
        if enough - below <= 1 {
            return Ok(Pool { people: Some(enough), outside: Some(shares[first]), limit });
        }
        let step = ((enough - below) as f64 / SIZES_AT_ONCE as f64).ceil() as u64;
        sizes = (1..=SIZES_AT_ONCE)
            .map(|i| below + i * step)
            .take_while(|n| *n < enough)
            .chain([enough])
            .collect();
    }
}

/// Share of years in which the effects alone, with nothing left to chance, pass the tolerance.
fn limit(
    model: &CostModel,
    people: &People,
    valuation: &Valuation,
    tolerance: f64,
    progress: &Progress,
) -> Result<f64, RunError> {
    let sigma = (integer_power(sigma(valuation.practice_sd), 2)
        + integer_power(sigma(valuation.national_sd), 2))
    .sqrt();
    if sigma == 0.0 {
        return Ok(0.0);
    }
    let mut prepare = Persons::new(model, &valuation.portion, progress);
    let person = |(class, weight)| Ok((prepare.of(&people.classes[class as usize])?, weight));
    let persons: Vec<_> = together(&people.all()).into_iter().map(person).collect::<Result<_, RunError>>()?;
    let mean = |z: f64| -> f64 {
        let factor = libm::exp(sigma * z - 0.5 * sigma * sigma);
        persons.iter().map(|(person, weight)| weight * person.times(factor).raw_moments()[0]).sum()
    };
    let nodes = nodes(1.0, 65);
    // The nodes of a variate z are those of a lognormal multiplier with sigma 1, whose logarithm is z - 1/2.
    let expected: f64 = nodes.iter().map(|node| node.weight * mean(node.log + 0.5)).sum();
    let crossing = |target: f64| {
        let (mut low, mut high) = (-40.0, 40.0);
        for _ in 0..100 {
            let middle = 0.5 * (low + high);
            if mean(middle) < target { low = middle } else { high = middle }
        }
        0.5 * (low + high)
    };
    Ok(normal_cdf(crossing(expected * (1.0 - tolerance)))
        + normal_survival(crossing(expected * (1.0 + tolerance))))
}
