//! Distribution of a person's year of events, for contracts that bend it. Counts are Poisson, or negative binomial where a
//! frailty of the person multiplies all rates.
//!
//! The year's total is computed on lattices of growing step, so that costs of pence and of millions are told apart with
//! the same relative accuracy. On each, the probabilities follow one from another by sums of positive terms (Panjer
//! 1981): a rare event keeps all its digits beside frequent ones. Sums of few prices are listed one by one, so that they
//! stay the atoms that they are.

use std::sync::Arc;

use super::event_lattices::{
    Intensities, above_0, are_stable, between_points, faded_in, intensities_of_squares,
};
use super::panjer::{compound, convolution, with_other};
use super::{EventType, log_no_event, next_event};
use crate::numeric::bennett::bennett;
use crate::numeric::common_measure::common_measure;
use crate::run::{Progress, RunError};
use crate::severity::{DensityPoints, Distribution, Empirical, Gamma};

/// Points of one lattice; those beyond the end of the lattice before are kept.
const POINTS: usize = 4096;
/// Ratio of the ends of one lattice and the one before.
const GROWTH: usize = 4;
/// Points of a lattice on which every cost stands, at most: no other is needed then.
const MOST_POINTS: usize = 1 << 15;
/// Prices of which all sums are looked at, at most.
const FEW_PRICES: usize = 64;
/// Sums of prices that are listed one by one, at most; and the share of years that is too small to be listed.
const FEW_SUMS: usize = 1 << 14;
const UNLISTED: f64 = 1e-20;
/// Sums that are looked at for it, at most, before those that are one are put together.
const MOST_SUMS: usize = 8 * FEW_SUMS;
/// Shares of severities below the end of the first lattice, and of expected events above the end of the last.
const BELOW: f64 = 1e-6;
const ABOVE: f64 = 1e-16;
/// Two sums that are one but for rounding.
const SAME: f64 = 1e-12;
/// Rounding of a partial moment, and the part of an interval that it may be.
const ROUNDING: f64 = 1e-15;
const ROUNDED: f64 = 1e-9;

/// One of the amounts of which a year is at most one: its probability, and its distribution in £.
pub(super) type Alternative = (f64, Arc<dyn Distribution>);

/// The amounts of which a person's year with `factor` times the rates of these types is at most one, each with its
/// probability: sums of prices alone, and those with a cost that has a density.
pub(super) fn year_distribution(
    types: &[EventType],
    factor: f64,
    frailty: f64,
    progress: &Progress,
) -> Result<Vec<Alternative>, RunError> {
    let types: Vec<(f64, &EventType)> =
        types.iter().map(|t| (t.rate * factor, t)).filter(|t| t.0 > 0.0).collect();
    let (mut priced, mut others): (Vec<_>, Vec<_>) = types.iter().partition(|(_, t)| is_priced(t));
    let mut alone = without(&priced, &others, frailty);
    let mut sums = sums_of_prices(&alone, frailty, f64::INFINITY);
    if sums.is_none() && frailty > 0.0 {
        sums = Some(many_sums_of_prices(&alone, frailty, progress)?);
    }
    if sums.is_none() {
        (priced, others, alone) = (Vec::new(), types, Vec::new());
    }
    let [no_price, no_other] = [&alone, &others].map(|types| log_no_event(rate(types), frailty));
    let mut year: Vec<Alternative> = Vec::new();
    let of = |costs: Vec<(f64, f64)>| {
        let (values, weights): (Vec<f64>, Vec<f64>) = costs.into_iter().unzip();
        Empirical::new(&values, &weights).ok()
    };
    if let Some(sums) = sums.filter(|_| !priced.is_empty()).and_then(of) {
        year.push((-libm::expm1(no_price) * libm::exp(no_other), Arc::new(sums)));
    }
    let on_lattices = if frailty > 0.0 { on_fading_lattices } else { on_joined_lattices };
    if let Some(costs) = of(on_lattices(&priced, &others, frailty, progress)?) {
        let p = -libm::expm1(no_other);
        // Prices on lattices are atoms still.
        match others.iter().all(|(_, t)| is_priced(t)) {
            true => year.push((p, Arc::new(costs))),
            false => year.push((p, Arc::new(DensityPoints(costs)))),
        }
    }
    Ok(year)
}

/// Priced types in years without an event of `others`: a frailty is then a gamma distribution of the same variance over
/// its squared mean, and of a smaller mean.
fn without<'a>(
    priced: &[(f64, &'a EventType)],
    others: &[(f64, &'a EventType)],
    frailty: f64,
) -> Vec<(f64, &'a EventType)> {
    let mean = 1.0 / (1.0 + frailty * rate(others));
    priced.iter().map(|(rate, t)| (rate * mean, *t)).collect()
}

/// Sum of priced events: its cost, its probability, and the events in it as far as later ones depend on them.
type PricedSum = (f64, f64, f64);

/// All sums of events of these priced types that are above 0, with their probabilities, where there are too many to be
/// listed: those that are small and likely are listed, and fade into lattices of the larger ones.
fn many_sums_of_prices(
    types: &[(f64, &EventType)],
    frailty: f64,
    progress: &Progress,
) -> Result<Vec<(f64, f64)>, RunError> {
    let mut end = prices(types).map_or(0.0, |prices| {
        // A simplex with a volume of so many parallelepipeds of prices.
        let logs = prices.iter().zip(1..).map(|((_, price), k)| libm::log(price * f64::from(k)));
        libm::exp((logs.sum::<f64>() + libm::log(FEW_SUMS as f64)) / prices.len() as f64)
    });
    let listed = loop {
        match sums_of_prices(types, frailty, end) {
            Some(listed) => break listed,
            None => end *= 0.75,
        }
    };
    let mut sums: Vec<(f64, f64)> =
        listed.into_iter().map(|(cost, p)| (cost, p * (1.0 - faded_in(cost, end)))).collect();
    let larger = on_fading_lattices(&[], types, frailty, progress)?;
    sums.extend(larger.into_iter().map(|(cost, p)| (cost, p * faded_in(cost, end))));
    sums.retain(|(_, p)| *p > 0.0);
    sums.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(sums)
}

/// All sums of events of these priced types that are above 0 and no larger than this, with their probabilities; none
/// where there are too many.
fn sums_of_prices(types: &[(f64, &EventType)], frailty: f64, largest: f64) -> Option<Vec<(f64, f64)>> {
    let prices = prices(types)?;
    let p_any = -libm::expm1(log_no_event(rate(types), frailty));
    let mut sums: Vec<PricedSum> = vec![(0.0, 1.0, 0.0)];
    let mut before = 0.0;
    for (rate, price) in prices {
        // Events so far tell of the frailty: it is a gamma distribution still, of this mean and variance of itself.
        let added = |&(sum, p, events): &PricedSum| -> Vec<PricedSum> {
            let shape_times = 1.0 + frailty * events;
            let (expected, left) = (rate * shape_times / (1.0 + frailty * before), frailty / shape_times);
            let next = |&(n, p): &(u32, f64)| {
                let [more, fewer] = next_event(expected, left, n);
                Some((n + 1, p * more / fewer))
            };
            let counts = std::iter::successors(Some((0, libm::exp(log_no_event(expected, left)))), next);
            let felt = counts
                .take_while(|&(n, p)| f64::from(n) <= expected || p > UNLISTED * p_any)
                .take_while(|&(n, _)| sum + f64::from(n) * price <= largest);
            let all = felt.map(|(n, q)| {
                let events = if frailty > 0.0 { events + f64::from(n) } else { 0.0 };
                (sum + f64::from(n) * price, p * q, events)
            });
            all.filter(|(_, p, _)| *p > UNLISTED * p_any).collect()
        };
        let most = if largest < f64::INFINITY { MOST_SUMS } else { usize::MAX };
        let mut all: Vec<PricedSum> = sums.iter().flat_map(added).take(most).collect();
        if all.len() == most {
            return None;
        }
        before += rate;
        all.sort_unstable_by(|a, b| a.2.total_cmp(&b.2).then(a.0.total_cmp(&b.0)).then(a.1.total_cmp(&b.1)));
        sums.clear();
        for (cost, p, events) in all {
            match sums.last_mut() {
                Some((last, sum, known)) if *known == events && cost - *last <= SAME * cost => *sum += p,
                _ => sums.push((cost, p, events)),
            }
        }
        if sums.len() > FEW_SUMS {
            return None;
        }
    }
    let mut costs: Vec<(f64, f64)> = sums.into_iter().map(|(cost, p, _)| (cost, p)).collect();
    costs.retain(|(cost, _)| *cost > 0.0);
    costs.sort_by(|a, b| a.0.total_cmp(&b.0));
    Some(costs)
}

/// The costs above 0 of a year in which there is an event of `others`, under a frailty, with their probabilities, on
/// lattices of growing step, each of which fades into the next.
fn on_fading_lattices(
    priced: &[(f64, &EventType)],
    others: &[(f64, &EventType)],
    frailty: f64,
    progress: &Progress,
) -> Result<Vec<(f64, f64)>, RunError> {
    let mut costs = Vec::new();
    if others.is_empty() {
        return Ok(costs);
    }
    let Lattices { mut step, points, last } = Lattices::of(priced, others, frailty);
    let mut start = 0.0;
    loop {
        let masses = |intensities: Intensities| -> Result<Vec<f64>, RunError> {
            let on = |types| intensities(types, step, points, progress);
            Ok(with_other(&on(priced)?, &on(others)?, rate(priced) + rate(others), frailty))
        };
        let mut masses_of_year = masses(intensities_of_squares)?;
        if !are_stable(&masses_of_year) {
            masses_of_year = masses(intensities)?;
        }
        let end = points as f64 * step;
        let is_last = end >= last;
        let kept = masses_of_year.iter().enumerate().map(|(point, mass)| {
            let cost = point as f64 * step;
            mass * faded_in(cost, start) * if is_last { 1.0 } else { 1.0 - faded_in(cost, end) }
        });
        let at = |point: f64| if point == 0.0 { step / 3.0 } else { point * step };
        costs.extend(above_0(kept).into_iter().map(|(point, mass)| (at(point), mass)));
        if is_last {
            break;
        }
        start = end;
        step *= GROWTH as f64;
    }
    costs.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(costs)
}

/// The costs above 0 of a year in which there is an event of `others`, without a frailty, with their probabilities, on
/// lattices of growing step, which are joined where one ends.
fn on_joined_lattices(
    priced: &[(f64, &EventType)],
    others: &[(f64, &EventType)],
    frailty: f64,
    progress: &Progress,
) -> Result<Vec<(f64, f64)>, RunError> {
    let mut costs = Vec::new();
    if others.is_empty() {
        return Ok(costs);
    }
    let mut put = |cost: f64, weight: f64| {
        if weight > 0.0 {
            costs.push((cost, weight));
        }
    };
    let Lattices { mut step, points, last } = Lattices::of(priced, others, frailty);
    let mut so_far = None;
    loop {
        let intensities = |types| intensities(types, step, points, progress);
        let (of_prices, of_others) = (intensities(priced)?, intensities(others)?);
        let mut masses = compound(&of_others, rate(others), 0.0);
        // A year without an event of them is no year of these.
        masses[0] = libm::exp(-rate(others)) * libm::expm1(of_others[0]);
        if !priced.is_empty() {
            masses = convolution(&compound(&of_prices, rate(priced), 0.0), &masses);
        }
        // The end of the lattice before is the first point that is kept of this one: there the two are joined.
        let first = if so_far.is_some() { points / GROWTH } else { 0 };
        let at = |point: usize| if point == 0 { step / 3.0 } else { point as f64 * step };
        let up_to: f64 = masses[..=first].iter().sum();
        put(at(first), up_to - so_far.unwrap_or(0.0));
        let is_last = points as f64 * step >= last;
        let end = if is_last { points + 1 } else { points };
        (first + 1..end).for_each(|point| put(at(point), masses[point]));
        if is_last {
            break;
        }
        so_far = Some(up_to + masses[first + 1..end].iter().sum::<f64>());
        step *= GROWTH as f64;
    }
    Ok(costs)
}

/// Lattices of a year: the step of the first, the points of each, and the cost that the last one holds.
struct Lattices {
    step: f64,
    points: usize,
    last: f64,
}

impl Lattices {
    fn of(priced: &[(f64, &EventType)], others: &[(f64, &EventType)], frailty: f64) -> Self {
        let most_frailty = largest_frailty(frailty, rate(others));
        let quantile =
            |t: &EventType, v: f64| t.severity.scale() * t.severity.distribution().inverse_survival(v);
        let types = || priced.iter().chain(others);
        // What no event passes, and no sum of events that do not.
        let largest =
            types().map(|(rate, t)| quantile(t, ABOVE / (rate * most_frailty).max(1.0))).fold(0.0, f64::max);
        let moment =
            |k: u32| -> f64 { types().map(|(r, t)| r * t.severity.partial_moment(k, largest)).sum() };
        let (mean, square) = (moment(1), moment(2));
        let exponent = -libm::log(ABOVE * rate(others).min(1.0));
        let last = most_frailty * mean + bennett(largest, most_frailty * square, exponent);
        // What all events pass, and what nearly every year does (Maurer 2003).
        let smallest = others
            .iter()
            .map(|(_, t)| t.severity.scale() * t.severity.distribution().inverse_cdf(BELOW))
            .fold(f64::INFINITY, f64::min);
        let nearly_all = if frailty > 0.0 { 0.0 } else { mean - (2.0 * exponent * square).sqrt() };
        let least = smallest.max(nearly_all);
        let only_prices = if priced.is_empty() { prices(others) } else { None };
        let lengths = only_prices.map(|prices| prices.iter().map(|(_, price)| *price).collect::<Vec<_>>());
        let measure = lengths.and_then(|lengths| common_measure(&lengths, 0.0));
        if let Some(measure) = measure.filter(|measure| last / measure < MOST_POINTS as f64) {
            return Self { step: measure, points: (last / measure) as usize + 1, last };
        }
        let all = measure.map(|measure| measure * POINTS as f64);
        let least = least.max(all.unwrap_or(0.0));
        // The price that varies most, where there are prices, stands on a point of every lattice that it is not below.
        let spread = |&(rate, price): &(f64, f64)| rate * price * price;
        let anchors = prices(if priced.is_empty() { others } else { priced }).unwrap_or_default();
        let most = anchors.iter().max_by(|a, b| spread(a).total_cmp(&spread(b)));
        let mut end = all.or(most.map(|(_, price)| *price)).unwrap_or(last);
        let growth = GROWTH as f64;
        while end > least {
            end /= growth;
        }
        while end * growth <= least {
            end *= growth;
        }
        Self { step: end / POINTS as f64, points: POINTS, last }
    }
}

/// What a frailty is not above, but in a share of years that is not seen: of years with so many expected events.
fn largest_frailty(frailty: f64, rate: f64) -> f64 {
    let unseen = ABOVE * rate.min(1.0);
    if frailty > 0.0 {
        Gamma::new(1.0 / frailty).map_or(1.0, |gamma| gamma.inverse_survival(unseen))
    } else {
        1.0
    }
}

/// Events a year of all these types.
fn rate(types: &[(f64, &EventType)]) -> f64 {
    types.iter().map(|(rate, _)| rate).sum()
}

/// Has a type few prices, and nothing else?
fn is_priced(event: &EventType) -> bool {
    let distribution = event.severity.distribution();
    distribution.density_from() == f64::INFINITY && distribution.atoms().len() <= FEW_PRICES
}

/// Rates and prices (£) of types that are all priced; none where one is not, or there are too many prices.
fn prices(types: &[(f64, &EventType)]) -> Option<Vec<(f64, f64)>> {
    let mut prices = Vec::new();
    for (rate, t) in types {
        let atoms = is_priced(t).then(|| t.severity.distribution().atoms())?;
        prices.extend(atoms.into_iter().map(|(x, p)| (rate * p, t.severity.scale() * x)));
    }
    (prices.len() <= FEW_PRICES).then_some(prices)
}

/// Expected events on each point of a lattice: a cost between two points is shared by both so that its mean is kept
/// (Gerber 1982). Nothing is taken off where it would be lost in rounding: every point has its digits.
fn intensities(
    types: &[(f64, &EventType)],
    step: f64,
    points: usize,
    progress: &Progress,
) -> Result<Vec<f64>, RunError> {
    let mut sums = vec![0.0; points + 1];
    for (rate, t) in types {
        progress.check()?;
        let (scale, distribution) = (t.severity.scale(), t.severity.distribution());
        for (x, probability) in distribution.atoms() {
            let (point, share) = between_points(scale * x / step);
            if let Some(sum) = sums.get_mut(point) {
                *sum += rate * probability * (1.0 - share);
            }
            if let Some(sum) = sums.get_mut(point + 1) {
                *sum += rate * probability * share;
            }
        }
        let from = distribution.density_from() * scale;
        if from >= points as f64 * step {
            continue;
        }
        let above = |cost: f64| if cost > 0.0 { distribution.survival(cost / scale) } else { 1.0 };
        let below = |cost: f64| scale * distribution.partial_moment(1, cost / scale);
        let (mut above_low, mut below_low) = (above(from), below(from));
        for point in (from / step) as usize..points {
            let low = (point as f64 * step).max(from);
            let high = (point + 1) as f64 * step;
            let (above_high, below_high) = (above(high), below(high));
            let mass = (above_low - above_high).max(0.0);
            let origin = point as f64 * step;
            let mut excess = below_high - below_low - origin * mass;
            if ROUNDED * step * mass < ROUNDING * below_high && low > 0.0 {
                // Simpson's rule for what the tail above the interval's end holds within it.
                let middle = above(0.5 * (low + high));
                excess = (high - low) / 6.0 * (above_low + 4.0 * middle - 5.0 * above_high)
                    + (low - origin) * mass;
            }
            let upper = (excess / step).clamp(0.0, mass);
            sums[point] += rate * (mass - upper);
            sums[point + 1] += rate * upper;
            (above_low, below_low) = (above_high, below_high);
        }
    }
    Ok(sums)
}
