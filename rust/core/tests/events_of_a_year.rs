//! Does a year of rare and frequent events under a contract keep its mean and SD? Against sums over all Poisson counts.

// Oracles are compared within tolerances: a last bit of the platform's maths does not show.
#![allow(clippy::disallowed_methods)]

use fundholder_core::contract::StopLoss;
use fundholder_core::model::{Band, EventType, Severity, Year};

/// Band of events at fixed prices: rates and prices.
fn band(prices: &[(f64, f64)]) -> Band {
    let event = |&(rate, price): &(f64, f64)| EventType {
        rate,
        severity: Severity::parametric("fixed", price, None).unwrap(),
    };
    Band { name: None, year: Year::Events { types: prices.iter().map(event).collect(), frailty: 0.0 } }
}

/// P(N = n) for as many counts as can be felt.
fn poisson(rate: f64) -> Vec<f64> {
    let most = (rate + 14.0 * rate.sqrt() + 8.0) as usize;
    let next = |&(n, p): &(usize, f64)| Some((n + 1, p * rate / (n + 1) as f64));
    std::iter::successors(Some((0, (-rate).exp())), next).take(most + 1).map(|(_, p)| p).collect()
}

/// Every total and its probability.
fn totals(prices: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut totals = vec![(0.0, 1.0)];
    for &(rate, price) in prices {
        let counts = poisson(rate);
        let with = |&(total, p): &(f64, f64)| {
            let counts = counts.iter().enumerate();
            counts.map(|(n, q)| (total + n as f64 * price, p * q)).collect::<Vec<_>>()
        };
        totals = totals.iter().flat_map(with).collect();
    }
    totals
}

/// Mean and SD of what is kept.
fn by_enumeration(totals: &[(f64, f64)], contract: &StopLoss) -> [f64; 2] {
    let kept = |total: f64| total - contract.ceded(total);
    let mean: f64 = totals.iter().map(|&(total, p)| p * kept(total)).sum();
    let variance: f64 = totals.iter().map(|&(total, p)| p * (kept(total) - mean).powi(2)).sum();
    [mean, variance.sqrt()]
}

fn assert_same(prices: &[(f64, f64)], contract: &StopLoss, totals: &[(f64, f64)]) {
    let got = band(prices).moments(Some(contract)).unwrap();
    let [mean, sd] = by_enumeration(totals, contract);
    for (name, got, want) in [("mean", got.mean, mean), ("SD", got.sd, sd)] {
        let error = (got / want - 1.0).abs();
        // A cost between two points of a lattice is shared by both: its square grows by 2.4e-7 of itself at most.
        assert!(error < 1e-6, "{prices:?} {contract}: {name} {got}, want {want}, error {error:.1e}");
    }
}

#[test]
fn is_a_rare_costly_event_kept_beside_frequent_cheap_ones() {
    let cases = [
        ([(0.006, 5_079.66), (3.7267, 10.0)], 1_541.42),
        ([(0.006, 5_000.0), (3.7, 10.0)], 6_000.0),
        ([(0.001, 20_000.0), (1.0, 90.0)], 10_000.0),
    ];
    for (prices, ceiling) in cases {
        assert_same(&prices, &StopLoss::new(ceiling, 1.0, None).unwrap(), &totals(&prices));
    }
}

#[test]
fn do_pairs_and_triples_of_any_rates_keep_their_means_and_sds() {
    let rates = [1e-9, 1e-6, 1e-3, 0.1, 1.0, 10.0];
    let prices = [10.0, 36.0, 777.77, 5_079.66, 20_000.0];
    let contracts = [
        StopLoss::new(1_541.42, 1.0, None).unwrap(),
        StopLoss::new(6_000.0, 0.7, None).unwrap(),
        StopLoss::new(300.0, 1.0, Some(9_000.0)).unwrap(),
    ];
    let mut cases: Vec<Vec<(f64, f64)>> = Vec::new();
    for (i, &first) in rates.iter().enumerate() {
        cases.push(vec![(first, prices[i % 5])]);
        for (j, &second) in rates.iter().enumerate() {
            // Every pair of rates with two pairs of prices, and with one more event.
            let (a, b, c) = ((i + j) % 5, (i + j + 1 + j % 3) % 5, (i + 2 * j + 4) % 5);
            cases.push(vec![(first, prices[a]), (second, prices[b])]);
            cases.push(vec![(first, prices[b]), (second, prices[c])]);
            cases.push(vec![(first, prices[a]), (second, prices[b]), (rates[(i * j) % 6], prices[c])]);
        }
    }
    for prices in cases {
        let totals = totals(&prices);
        for contract in &contracts {
            assert_same(&prices, contract, &totals);
        }
    }
}

#[test]
fn is_what_is_kept_the_gross_cost_less_the_excess() {
    // E[excess] of a rare event of density alone, to first order in its rate: rate E[(X - c)+]; lognormal sigma 1.6.
    let (rate, mean, sigma, ceiling) = (1e-7, 2_500.0, 1.6, 10_000.0);
    let severity = Severity::parametric("lognormal", mean, Some(sigma)).unwrap();
    let rare = Band {
        name: None,
        year: Year::Events { types: vec![EventType { rate, severity: severity.clone() }], frailty: 0.0 },
    };
    let contract = StopLoss::new(ceiling, 1.0, None).unwrap();
    let got = rare.moments(Some(&contract)).unwrap().mean;
    let annual = Band { name: None, year: Year::Annual { p_any: rate, severity } };
    let want = annual.moments(Some(&contract)).unwrap().mean;
    // Two events a year are a share of 5e-8 of any.
    assert!((got / want - 1.0).abs() < 1e-6, "{got} for {want}");
    assert!(got < rate * mean);
}
