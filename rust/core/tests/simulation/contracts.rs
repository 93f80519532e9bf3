//! Does the contract take what it should, to the last unit?

use fundholder_core::contract::StopLoss;
use fundholder_core::numeric::money::UNITS_PER_POUND;

use super::{Row, annual, ceiling, events, every_distribution, group, mixed, options, run, severity};

/// Everybody a unit of their own.
fn apart(people: &mut [Row]) {
    for (unit, person) in people.iter_mut().enumerate() {
        person.unit = unit as u32;
        person.count = 1;
    }
}

fn contracts() -> Vec<StopLoss> {
    [
        (1_000.0, 1.0, None),
        (0.0, 1.0, None),
        (1_000.0, 0.8, None),
        (333.3333, 0.37, Some(2_500.0)),
        (1_000.0, 1.0, Some(700.0)),
        (50.0, 0.0, None),
        (50.0, 1.0, Some(0.0)),
        (0.0, 0.5, Some(1e9)),
    ]
    .map(|(ceiling, share, limit)| StopLoss::new(ceiling, share, limit).unwrap())
    .to_vec()
}

/// What the contract says of a cost, all in units of money: the cost is whole, and so is what is ceded.
fn ceded(contract: &StopLoss, cost: i64) -> i64 {
    let units = |pounds: f64| (pounds * UNITS_PER_POUND).round_ties_even();
    let above = (cost as f64 - units(contract.ceiling())).max(0.0);
    let limit = contract.limit().map_or(f64::INFINITY, units);
    (above * contract.share()).min(limit).round_ties_even() as i64
}

#[test]
fn is_what_is_ceded_the_contract_s_share_of_every_person_year() {
    let model = every_distribution();
    let mut people = mixed(&model, 300);
    apart(&mut people);
    for contract in contracts() {
        let mut options = options(61);
        options.stop_loss = Some(contract);
        let totals = run(&model, &people, &options);
        let mut some = 0;
        for unit in &totals[0].units {
            for (&gross, &got) in unit.gross.iter().zip(&unit.ceded) {
                assert_eq!(got, ceded(&contract, gross), "{contract:?} on {gross}");
                some += u32::from(got > 0);
            }
        }
        let nothing = contract.share() == 0.0 || contract.limit() == Some(0.0);
        assert_eq!(some == 0, nothing, "{contract:?}: {some} claims");
    }
}

#[test]
fn is_what_is_ceded_of_fixed_prices_that_of_the_contract_in_pounds() {
    for cost in [0.01, 999.9999, 1000.0, 1000.0001, 12345.67, 4e6] {
        // Each distribution of a fixed cost: drawn in lanes, and one by one.
        for model in
            [annual(1.0, severity("fixed", cost, None)), events(&[(1e-3, severity("fixed", cost, None))])]
        {
            for contract in contracts() {
                let mut options = options(50);
                options.stop_loss = Some(contract);
                let person = Row { scale: 2.0, p_any: 1.0 - 1e-12, ..group(&model, 1, 1) };
                let people = [Row { p_any: model.bands[0].year.p_any(), ..person }];
                let totals = run(&model, &people, &options);
                let unit = &totals[0].units[0];
                for (&gross, &ceded) in unit.gross.iter().zip(&unit.ceded) {
                    // Whole units: half a unit of rounding in the cost and in what is ceded of it, and in the terms.
                    let want = contract.ceded(gross as f64 / UNITS_PER_POUND) * UNITS_PER_POUND;
                    assert!(
                        (ceded as f64 - want).abs() <= 1.0,
                        "{contract:?} on {gross}: {ceded} for {want}"
                    );
                }
            }
        }
    }
}

#[test]
fn do_two_contracts_on_one_seed_share_every_gross_cost() {
    let model = every_distribution();
    let people = mixed(&model, 500);
    let without = run(&model, &people, &options(101));
    for contract in contracts() {
        let mut options = options(101);
        options.stop_loss = Some(contract);
        let with = run(&model, &people, &options);
        for (with, without) in with.iter().zip(&without) {
            for (with, without) in with.units.iter().zip(&without.units) {
                assert!(with.gross == without.gross, "{contract:?}");
                assert!(without.ceded.iter().all(|&ceded| ceded == 0));
            }
        }
    }
}

#[test]
fn does_a_ceiling_that_nobody_reaches_cede_nothing() {
    let model = every_distribution();
    let mut options = options(100);
    options.stop_loss = ceiling(1e11);
    let totals = run(&model, &mixed(&model, 300), &options);
    assert!(totals[0].units.iter().all(|unit| unit.ceded.iter().all(|&ceded| ceded == 0)));
}
