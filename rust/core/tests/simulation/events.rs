//! Are events Poisson, and is their year the compound distribution's?

use fundholder_core::model::CostModel;

use super::{Row, Sample, annual, assert_within, ceiling, events, group, options, run, severity};

/// Rates and fixed prices: one unit's total counts the events.
const FIXED_COSTS: [(f64, f64); 3] = [(0.4, 100.0), (0.1, 1_000.0), (1.5, 7.0)];

fn fixed_costs() -> CostModel {
    events(&FIXED_COSTS.map(|(rate, cost)| (rate, severity("fixed", cost, None))))
}

#[test]
fn do_counts_have_the_mean_and_variance_of_a_poisson_distribution() {
    for rate in [0.01, 0.7, 5.0, 25.0, 60.0, 400.0] {
        let model = events(&[(rate, severity("fixed", 1.0, None))]);
        // As many events at every rate, about, and years enough for the fourth moment.
        let people = (200.0 / rate).ceil();
        let totals = run(&model, &[group(&model, 1, people as u64)], &options(10_000));
        let sample = Sample::of(totals[0].units[0].gross.iter().copied());
        assert_within(&format!("rate {rate}: mean"), sample.mean, people * rate, sample.mean_se);
        assert_within(&format!("rate {rate}: variance"), sample.variance, people * rate, sample.variance_se);
    }
}

#[test]
fn is_a_year_of_several_types_the_compound_poisson_distribution() {
    let model = fixed_costs();
    let totals = run(&model, &[group(&model, 1, 100)], &options(20_000));
    let sample = Sample::of(totals[0].units[0].gross.iter().copied());
    let sum = |k: i32| FIXED_COSTS.iter().map(|(rate, cost)| rate * cost.powi(k)).sum::<f64>();
    assert_within("mean", sample.mean, 100.0 * sum(1), sample.mean_se);
    assert_within("variance", sample.variance, 100.0 * sum(2), sample.variance_se);
}

#[test]
fn are_types_drawn_independently_of_each_other_and_of_their_costs() {
    // Prices that count each type in its own digits: 1, 1,000 and 1,000,000.
    let rates = [0.8, 0.3, 0.05];
    let costs = [1.0, 1e3, 1e6];
    let types: Vec<_> =
        rates.iter().zip(costs).map(|(&r, cost)| (r, severity("fixed", cost, None))).collect();
    let model = events(&types);
    let totals = run(&model, &[group(&model, 1, 20)], &options(40_000));
    let counts = |units: i64| {
        let pounds = units / 10_000;
        [pounds % 1_000, pounds / 1_000 % 1_000, pounds / 1_000_000]
    };
    let gross = &totals[0].units[0].gross;
    for (number, rate) in rates.iter().enumerate() {
        let sample = Sample::of(gross.iter().map(|&x| counts(x)[number] * 10_000));
        assert_within(&format!("type {number}: mean"), sample.mean, 20.0 * rate, sample.mean_se);
        assert_within(&format!("type {number}: variance"), sample.variance, 20.0 * rate, sample.variance_se);
    }
    for (a, b) in [(0, 1), (0, 2), (1, 2)] {
        let (x, y) = (20.0 * rates[a], 20.0 * rates[b]);
        let products =
            gross.iter().map(|&g| (counts(g)[a] as f64 - x) * (counts(g)[b] as f64 - y)).sum::<f64>();
        // Poisson counts that are independent: the SD of their product is the root of the product of their means.
        assert_within(
            &format!("types {a} and {b}"),
            1.0 + products / 40_000.0,
            1.0,
            (x * y / 40_000.0).sqrt(),
        );
    }
}

#[test]
fn are_severities_of_events_those_of_their_distribution() {
    let (rate, mean, sigma) = (0.5, 400.0, 0.9f64);
    let model = events(&[(rate, severity("lognormal", mean, Some(sigma)))]);
    for contract in [None, ceiling(600.0)] {
        let mut options = options(20_000);
        options.stop_loss = contract;
        let totals = run(&model, &[group(&model, 1, 100)], &options);
        let unit = &totals[0].units[0];
        let net = Sample::of(unit.gross.iter().zip(&unit.ceded).map(|(gross, ceded)| gross - ceded));
        let one = model.bands[0].moments(contract.as_ref()).unwrap();
        assert_within("mean", net.mean, 100.0 * one.mean, net.mean_se);
        assert_within("variance", net.variance, 100.0 * one.sd * one.sd, net.variance_se);
    }
}

#[test]
fn is_a_person_s_own_probability_that_of_at_least_one_event() {
    let model = events(&[(0.2, severity("fixed", 1.0, None))]);
    for p_any in [0.0005, 0.05, 0.6, 0.999] {
        let person = Row { p_any, ..group(&model, 1, 1) };
        let years = 200_000;
        let totals = run(&model, &[person], &options(years));
        let gross = &totals[0].units[0].gross;
        let any = gross.iter().filter(|&&x| x > 0).count() as f64 / f64::from(years);
        assert_within("any", any, p_any, (p_any * (1.0 - p_any) / f64::from(years)).sqrt());
        // At least one with this probability, so this rate.
        let rate = -(1.0 - p_any).ln();
        let sample = Sample::of(gross.iter().copied());
        assert_within("mean", sample.mean, rate, sample.mean_se);
        assert_within("variance", sample.variance, rate, sample.variance_se);
    }
}

#[test]
fn has_a_tiny_probability_the_frequency_it_should() {
    // Users, counted by a fixed cost; both below and above what 32 bits tell apart.
    let model = annual(0.3, severity("fixed", 1.0, None));
    for (p_any, people, years) in [(1e-7, 1_000_000, 1_000), (2e-5, 100_000, 1_000), (0.0009, 100_000, 100)] {
        let totals = run(&model, &[Row { p_any, ..group(&model, 1, people) }], &options(years));
        let users: i64 = totals[0].units[0].gross.iter().sum::<i64>() / 10_000;
        let expected = p_any * people as f64 * f64::from(years);
        assert_within(&format!("p_any {p_any:e}"), users as f64, expected, expected.sqrt());
    }
}

#[test]
fn has_a_person_of_tiny_probability_the_severity_of_the_others() {
    // The largest draws of a heavy tail come from refined places: mean and limited mean of those with 1e-4.
    let model = annual(0.3, severity("lognormal", 1_000.0, Some(1.6)));
    for p_any in [1e-4, 0.002, 1.0] {
        let people = (3_000.0 / p_any) as u64;
        let mut options = options(100);
        options.stop_loss = ceiling(50_000.0);
        let totals = run(&model, &[Row { p_any, ..group(&model, 1, people) }], &options);
        let unit = &totals[0].units[0];
        let net = Sample::of(unit.gross.iter().zip(&unit.ceded).map(|(gross, ceded)| gross - ceded));
        let own = annual(p_any, severity("lognormal", 1_000.0, Some(1.6)));
        let one = own.bands[0].moments(options.stop_loss.as_ref()).unwrap();
        // The error from the closed form: a hundred totals know it to 7 %.
        let se = one.sd * (people as f64 / 100.0).sqrt();
        assert_within(&format!("p_any {p_any:e}"), net.mean, one.mean * people as f64, se);
    }
}

#[test]
fn does_everyone_with_probability_one_have_a_cost_every_year() {
    let model = annual(1.0, severity("fixed", 12.5, None));
    let totals = run(&model, &[group(&model, 1, 10_000)], &options(50));
    assert!(totals[0].units[0].gross.iter().all(|&x| x == 10_000 * 125_000));
}

#[test]
fn do_rows_that_can_have_no_cost_count_as_people_alone() {
    for model in [fixed_costs(), annual(0.3, severity("gamma", 12.5, Some(2.0)))] {
        let base = group(&model, 1, 5);
        let empty = [
            Row { scale: 0.0, ..base },
            Row { p_any: 0.0, unit: 1, ..base },
            Row { count: 0, unit: 2, practice: 3, ..base },
        ];
        let totals = run(&model, &empty, &options(20));
        let people: Vec<u64> = totals[0].units.iter().map(|unit| unit.people).collect();
        assert_eq!(people, [5, 5, 0]);
        assert!(totals[0].units.iter().all(|unit| unit.gross.iter().chain(&unit.ceded).all(|&x| x == 0)));
    }
}
