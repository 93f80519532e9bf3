//! The national summary: units by the size of their list.

use super::estimate::{Estimate, moments};
use crate::contract::Basis;
use crate::numeric::money::pounds;
use crate::run::{Progress, RunError};
use crate::simulate::UnitTotals;

/// Size band: units with at least `from` people and fewer than `to`.
#[derive(Clone, Debug)]
pub struct SizeBand {
    /// Smallest list of the band.
    pub from: u64,
    /// The list from which on the next band begins; `None` for the last band.
    pub to: Option<u64>,
    /// Number of units.
    pub units: u64,
    /// Number of people of these units.
    pub people: u64,
    /// Mean over units of their coefficient of variation before the contract.
    pub cv_gross: Estimate,
    /// The same after the contract.
    pub cv_net: Estimate,
    /// Share of units outside each tolerance in a year, before the contract.
    pub outside_gross: Vec<Estimate>,
    /// The same after the contract.
    pub outside_net: Vec<Estimate>,
    /// Ceded cost over gross cost.
    pub ceded: Estimate,
}

/// Units by size band; `edges` are the sizes at which one band ends and the next begins. Units without people are left
/// out. A unit's budget is its own mean over the years. Units of a band share national effects, so every error is taken
/// over years, of the band's figure in each year.
pub fn size_bands(
    units: &[UnitTotals],
    edges: &[u64],
    tolerances: &[f64],
    progress: &Progress,
) -> Result<Vec<SizeBand>, RunError> {
    let mut starts = vec![1];
    starts.extend(edges);
    let ends = edges.iter().copied().map(Some).chain([None]);
    starts
        .iter()
        .zip(ends)
        .map(|(&from, to)| {
            let inside: Vec<&UnitTotals> = units
                .iter()
                .filter(|unit| unit.people >= from && to.is_none_or(|to| unit.people < to))
                .collect();
            band(from, to, &inside, tolerances, progress)
        })
        .collect()
}

fn band(
    from: u64,
    to: Option<u64>,
    units: &[&UnitTotals],
    tolerances: &[f64],
    progress: &Progress,
) -> Result<SizeBand, RunError> {
    let gross = spread(units, tolerances, Basis::Gross, |unit, r| unit.gross[r], progress)?;
    let net = spread(units, tolerances, Basis::Net, |unit, r| unit.gross[r] - unit.ceded[r], progress)?;
    let replications = units.first().map_or(0, |unit| unit.gross.len());
    let year = |column: fn(&UnitTotals) -> &[i64], r: usize| -> f64 {
        units.iter().map(|unit| pounds(column(unit)[r])).sum()
    };
    let years = (0..replications).map(|r| {
        progress.check()?;
        Ok((year(|unit| &unit.gross, r), year(|unit| &unit.ceded, r)))
    });
    let years: Vec<(f64, f64)> = years.collect::<Result<_, RunError>>()?;
    let total: f64 = years.iter().map(|(gross, _)| gross).sum();
    let share = years.iter().map(|(_, ceded)| ceded).sum::<f64>() / total;
    let influences: Vec<f64> =
        years.iter().map(|(gross, ceded)| (ceded - share * gross) * replications as f64 / total).collect();
    let heavy = units.iter().any(|unit| unit.heavy_means.iter().any(Option::is_some));
    let ceded = Estimate::new(share, error_of_mean(&influences));
    Ok(SizeBand {
        from,
        to,
        units: units.len() as u64,
        people: units.iter().map(|unit| unit.people).sum(),
        cv_gross: gross.cv,
        cv_net: net.cv,
        outside_gross: gross.outside,
        outside_net: net.outside,
        ceded: if heavy { Estimate { se: None, ..ceded } } else { ceded },
    })
}

struct Spread {
    cv: Estimate,
    outside: Vec<Estimate>,
}

fn spread(
    units: &[&UnitTotals],
    tolerances: &[f64],
    basis: Basis,
    amount: impl Fn(&UnitTotals, usize) -> i64,
    progress: &Progress,
) -> Result<Spread, RunError> {
    let replications = units.first().map_or(0, |unit| unit.gross.len());
    let n = units.len() as f64;
    // Units that keep no cost have no coefficient of variation.
    let mut cvs = Vec::with_capacity(units.len());
    let mut cv_influence = vec![0.0; replications];
    let mut outside = vec![vec![0.0; replications]; tolerances.len()];
    for unit in units {
        progress.check()?;
        let years: Vec<f64> = (0..replications).map(|r| pounds(amount(unit, r))).collect();
        let moments = match unit.heavy_means[basis as usize] {
            Some(mean) => moments(&years).without_variance(mean),
            None => moments(&years),
        };
        cvs.extend(moments.cv.value);
        for (sum, influence) in cv_influence.iter_mut().zip(moments.cv_influences(&years)) {
            *sum += influence;
        }
        let budget = moments.mean.value.unwrap_or(0.0);
        for (share, tolerance) in outside.iter_mut().zip(tolerances) {
            for (sum, x) in share.iter_mut().zip(&years) {
                *sum += f64::from(u8::from((x - budget).abs() > budget * tolerance)) / n;
            }
        }
    }
    let estimate = |share: &Vec<f64>| {
        let mean = share.iter().sum::<f64>() / replications as f64;
        let deviations: Vec<f64> = share.iter().map(|x| x - mean).collect();
        Estimate::new(mean, error_of_mean(&deviations))
    };
    let count = cvs.len() as f64;
    let heavy = units.iter().any(|unit| unit.heavy_means[basis as usize].is_some());
    let cv = if heavy {
        Estimate::default()
    } else {
        Estimate::new(cvs.iter().sum::<f64>() / count, error_of_mean(&cv_influence) / count)
    };
    Ok(Spread { cv, outside: outside.iter().map(estimate).collect() })
}

/// The standard error of the mean of these deviations from it.
fn error_of_mean(deviations: &[f64]) -> f64 {
    let n = deviations.len() as f64;
    (deviations.iter().map(|d| d * d).sum::<f64>() / (n - 1.0) / n).sqrt()
}
