//! Distribution of a person's year of Poisson events, for contracts that bend it.
//!
//! The year's total is computed on lattices of growing step, each by the transform of a compound Poisson distribution,
//! so that costs of pence and of millions are told apart with the same relative accuracy.

use super::{EventType, SeverityKind};
use crate::numeric::complex::{self, Complex64};
use crate::numeric::lattice::Lattice;
use crate::severity::{Empirical, Family};

/// Points of one lattice; the three quarters of them beyond the end of the lattice before are kept.
const POINTS: usize = 4096;
/// Ratio of the ends of one lattice and the one before.
const GROWTH: usize = 4;
/// Shares of severities below the end of the first lattice, and of expected events above the end of the last.
const BELOW: f64 = 1e-6;
const ABOVE: f64 = 1e-16;

/// P(any cost), and the distribution of the year's cost (£) given any, of a person with `factor` times the rates of
/// these types.
pub(super) fn year_distribution(types: &[EventType], factor: f64) -> Option<(f64, Empirical)> {
    let types: Vec<(f64, &EventType)> =
        types.iter().map(|t| (t.rate * factor, t)).filter(|t| t.0 > 0.0).collect();
    if types.is_empty() {
        return None;
    }
    let rate: f64 = types.iter().map(|t| t.0).sum();
    let (first, last) = range(&types);
    let limited_mean = |x: f64| {
        let limited = |(rate, t): &(f64, &EventType)| {
            let s = &t.severity;
            rate * (s.partial_moment(1, x) + x * s.distribution().survival(x / s.scale()))
        };
        types.iter().map(limited).sum::<f64>() / rate
    };
    let (mut values, mut weights) = (Vec::new(), Vec::new());
    let (mut end, mut p_none, mut so_far) = (first, 0.0, 0.0);
    loop {
        let lattice = Lattice::new(end / POINTS as f64, 2 * POINTS);
        let masses = compound(&lattice, rate, limited_mean);
        let mut kept = 1;
        if so_far == 0.0 {
            (p_none, so_far) = (masses[0], masses[0]);
        } else {
            // A point stands for half a step on either side: the half above the last lattice's end is here.
            kept = POINTS / GROWTH + 1;
            let left = masses[..kept].iter().sum::<f64>() - so_far;
            put(&mut values, &mut weights, ((kept - 1) as f64 + 1.0 / 3.0) * lattice.step, left);
            so_far += left;
        }
        for (i, mass) in masses.iter().enumerate().take(POINTS + 1).skip(kept) {
            put(&mut values, &mut weights, i as f64 * lattice.step, *mass);
            so_far += mass;
        }
        if end >= last {
            break;
        }
        end *= GROWTH as f64;
    }
    Empirical::new(&values, &weights).ok().map(|distribution| (1.0 - p_none, distribution))
}

fn put(values: &mut Vec<f64>, weights: &mut Vec<f64>, value: f64, weight: f64) {
    if weight > 0.0 {
        values.push(value);
        weights.push(weight);
    }
}

/// The distribution of the year on a lattice, of which the second half is left empty.
fn compound(lattice: &Lattice, rate: f64, limited_mean: impl Fn(f64) -> f64) -> Vec<f64> {
    let severity = lattice.spread(POINTS + 1, limited_mean);
    let distribution = |z: Complex64| complex::exp(rate * (z - 1.0));
    lattice.masses(lattice.transform(&severity).into_iter().map(distribution).collect())
}

/// The ends (£) of the first and the last lattice. A fixed cost, where there is one, stands on a point of every
/// lattice that it is not below.
fn range(types: &[(f64, &EventType)]) -> (f64, f64) {
    let low = types.iter().map(|(_, t)| t.severity.scale() * t.severity.distribution().inverse_cdf(BELOW));
    let high = types.iter().map(|(rate, t)| {
        t.severity.scale() * t.severity.distribution().inverse_survival(ABOVE / rate.max(1.0))
    });
    let moment =
        |k| types.iter().map(|(rate, t)| rate * t.severity.partial_moment(k, f64::INFINITY)).sum::<f64>();
    let spread = moment(2).sqrt();
    let many = moment(1) + if spread.is_finite() { 12.0 * spread } else { 0.0 };
    let low = low.fold(f64::INFINITY, f64::min);
    let high = high.fold(many, f64::max);
    let fixed = |(_, t): &&(f64, &EventType)| {
        matches!(t.severity.kind(), SeverityKind::Parametric { family: Family::Fixed, .. })
    };
    let mut first = match types.iter().find(fixed) {
        Some((_, t)) => t.severity.mean(),
        None => high,
    };
    while first > low {
        first /= GROWTH as f64;
    }
    (first, high)
}
