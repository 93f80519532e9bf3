//! The simulation lane through its public names: is it the right distribution, to the last unit where it can be, and
//! the same on any machine?
//!
//! Statistical tests have fixed seeds and ask for agreement within four standard errors: with chance alone at work, one
//! such comparison in 16,000 fails, and there are some hundreds of them. Being fixed, they do not fail by chance later.

// Oracles are compared within tolerances: a last bit of the platform's maths does not show.
#![allow(clippy::disallowed_methods)]

mod closed_form;
mod contracts;
mod effects;
mod ends;
mod events;
mod golden;
mod paths;
mod same_bits;

use fundholder_core::contract::StopLoss;
use fundholder_core::model::{Band, CostModel, EventType, Severity, Year};
use fundholder_core::population::Rows;
use fundholder_core::random::{identity, label_address};
use fundholder_core::run::{Progress, RunError};
use fundholder_core::severity::{Empirical, GpdTail};
use fundholder_core::simulate::{Options, Run, Totals};

const SEED: u64 = 20_260_401;

/// One row of a population.
#[derive(Clone, Copy, Debug)]
struct Row {
    practice: u32,
    unit: u32,
    band: u32,
    count: u64,
    scale: f64,
    p_any: f64,
    identity: u64,
}

/// People of practice 0 and unit 0, whose identities start at `person`.
fn group(model: &CostModel, person: u64, count: u64) -> Row {
    let p_any = model.bands[0].year.p_any();
    Row { practice: 0, unit: 0, band: 0, count, scale: 1.0, p_any, identity: identity(0, person) }
}

/// Two levels: the rows' own units, and their practices.
fn rows(list: &[Row]) -> Rows {
    Rows {
        practice: list.iter().map(|r| r.practice).collect(),
        band: list.iter().map(|r| r.band).collect(),
        count: list.iter().map(|r| r.count).collect(),
        scale: list.iter().map(|r| r.scale).collect(),
        p_any: list.iter().map(|r| r.p_any).collect(),
        identity: list.iter().map(|r| r.identity).collect(),
        units: vec![list.iter().map(|r| r.unit).collect(), list.iter().map(|r| r.practice).collect()],
    }
}

/// The addresses of the first practices.
fn addresses() -> Vec<u64> {
    (0..100).map(|n| label_address(format!("A{n:05}").as_bytes())).collect()
}

fn options(replications: u32) -> Options {
    Options::new(replications, SEED)
}

fn try_run(model: &CostModel, batches: &[&[Row]], options: &Options) -> Result<Vec<Totals>, RunError> {
    let mut run = Run::new(model, 2, options).map_err(RunError::Rejected)?;
    for batch in batches {
        run.add(&rows(batch), &addresses(), &Progress::default())?;
    }
    run.finish(&Progress::default())
}

fn run(model: &CostModel, people: &[Row], options: &Options) -> Vec<Totals> {
    try_run(model, &[people], options).unwrap()
}

fn severity(family: &str, mean: f64, shape: Option<f64>) -> Severity {
    Severity::parametric(family, mean, shape).unwrap()
}

fn annual(p_any: f64, severity: Severity) -> CostModel {
    CostModel::new(vec![Band { name: None, year: Year::Annual { p_any, severity } }])
}

fn events(types: &[(f64, Severity)]) -> CostModel {
    let types = types.iter().map(|(rate, severity)| EventType { rate: *rate, severity: severity.clone() });
    CostModel::new(vec![Band { name: None, year: Year::Events { types: types.collect(), frailty: 0.0 } }])
}

fn ceiling(pounds: f64) -> Option<StopLoss> {
    Some(StopLoss::new(pounds, 1.0, None).unwrap())
}

/// A contract with every term.
fn every_term() -> Option<StopLoss> {
    Some(StopLoss::new(2_000.0, 0.8, Some(10_000.0)).unwrap())
}

/// A band of each distribution.
fn every_distribution() -> CostModel {
    let tail = GpdTail { threshold: 2_500.0, scale: 3_000.0, shape: 0.3, probability: 0.05 };
    let (values, weights) = ([35.5, 120.0, 410.25, 1_900.0, 2_500.0], [5.0, 9.0, 4.0, 1.5, 0.25]);
    let observed = Empirical::with_tail(&values, &weights, tail).unwrap();
    let years = [
        ("lognormal", severity("lognormal", 2_400.0, Some(1.6))),
        ("lognormal, another mean", severity("lognormal", 700.0, Some(1.6))),
        ("gamma", severity("gamma", 900.0, Some(0.3))),
        ("weibull", severity("weibull", 1_500.0, Some(0.5))),
        ("pareto", severity("pareto", 600.0, Some(2.5))),
        ("fixed", severity("fixed", 123.4567, None)),
        ("observed", Severity::observed(observed)),
    ];
    let mut bands: Vec<Band> = years
        .into_iter()
        .map(|(name, severity)| Band { name: Some(name.into()), year: Year::Annual { p_any: 0.3, severity } })
        .collect();
    let types = [(0.4, severity("fixed", 250.0, None)), (0.05, severity("lognormal", 4_000.0, Some(1.2)))];
    let year = events(&types).bands.remove(0).year;
    bands.push(Band { name: Some("events".into()), year });
    CostModel::new(bands)
}

/// `n` rows over all bands and five practices with three units: people and groups, some with a probability and scale of
/// their own, a few without cost.
fn mixed(model: &CostModel, n: u32) -> Vec<Row> {
    let bands = model.bands.len() as u32;
    (0..n)
        .map(|i| {
            let band = i % bands;
            let own = model.bands[band as usize].year.p_any();
            Row {
                practice: i * 7 % 5,
                unit: i % 3,
                band,
                count: [1, 1, 1, 0, 2, 1, 40, 1, 1][i as usize % 9],
                scale: [1.0, 0.5, 3.25, 1.0, 0.0][i as usize / 11 % 5],
                p_any: [own, own, 0.02, 0.9, 1e-4, 0.0][i as usize / 23 % 6],
                identity: identity(u64::from(i * 7 % 5), u64::from(i)),
            }
        })
        .collect()
}

/// Mean, variance and the standard error of each, from the sample's own moments.
struct Sample {
    mean: f64,
    variance: f64,
    mean_se: f64,
    variance_se: f64,
}

impl Sample {
    /// Of totals in units of money, as £.
    fn of(totals: impl Iterator<Item = i64> + Clone) -> Self {
        let pounds = totals.map(|units| units as f64 / 10_000.0);
        let n = pounds.clone().count() as f64;
        let mean = pounds.clone().sum::<f64>() / n;
        let variance = pounds.clone().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let fourth = pounds.map(|x| (x - mean).powi(4)).sum::<f64>() / n;
        // The variance of a sample variance: (m4 - s^4) / n, to first order.
        let variance_se = ((fourth - variance * variance) / n).sqrt();
        Self { mean, variance, mean_se: (variance / n).sqrt(), variance_se }
    }
}

fn assert_within(what: &str, got: f64, want: f64, se: f64) {
    let z = (got - want) / se;
    println!("{what}: {got:.6e} for {want:.6e}, {:.3} % error, z {z:+.2}", 100.0 * (got / want - 1.0));
    assert!((got - want).abs() <= 4.0 * se, "{what}: got {got}, want {want}, {z:+.2} standard errors");
}

/// Are two results the same to the last unit?
fn assert_same(a: &[Totals], b: &[Totals], what: &str) {
    for (a, b) in a.iter().zip(b) {
        assert_eq!(a.units.len(), b.units.len(), "{what}");
        for (i, (a, b)) in a.units.iter().zip(&b.units).enumerate() {
            assert_eq!(a.people, b.people, "{what}: people of unit {i}");
            assert!(a.gross == b.gross, "{what}: gross of unit {i}");
            assert!(a.ceded == b.ceded, "{what}: ceded of unit {i}");
            assert!(a.chance_net == b.chance_net, "{what}: chance net of unit {i}");
        }
    }
}
