//! Is a population of groups the one that rows by hand describe, and does the example run?

use fundholder_core::analytic_moments::{Valuation, moments};
use fundholder_core::contract::{Basis, StopLoss};
use fundholder_core::error::{Code, Error};
use fundholder_core::exact::{ReadLimit, UnitSelection, distributions, unit_distributions};
use fundholder_core::model::{Band, CostModel, Severity, Year};
use fundholder_core::population::{Composition, Group, People, Rows, practice_addresses};
use fundholder_core::random::{identity, label_address};
use fundholder_core::run::{Progress, RunError};

#[path = "../examples/england.rs"]
mod england;

fn model() -> CostModel {
    let severity = |mean| Severity::parametric("lognormal", mean, Some(1.6)).unwrap();
    let band = |name: &str, p_any, mean| Band {
        name: Some(name.into()),
        year: Year::Annual { p_any, severity: severity(mean) },
    };
    CostModel::new(vec![band("young", 0.2, 1_000.0), band("old", 0.6, 4_000.0)])
}

/// Two practices in any order, the second with people of a scale and a probability of their own.
fn groups(model: &CostModel) -> Vec<Group> {
    vec![
        Group::new(model, 1, 0, 900),
        Group::new(model, 0, 1, 2_000),
        Group { scale: 1.5, p_any: 0.9, ..Group::new(model, 1, 1, 40) },
        Group::new(model, 0, 0, 3_000),
    ]
}

#[test]
fn are_rows_of_groups_those_written_by_hand() {
    let rows = Rows::of_groups(&groups(&model()));
    assert_eq!(rows.practice, [1, 0, 1, 0]);
    assert_eq!(rows.units, [[1, 0, 1, 0]]);
    assert_eq!(rows.band, [0, 1, 1, 0]);
    assert_eq!(rows.count, [900, 2_000, 40, 3_000]);
    assert_eq!(rows.scale, [1.0, 1.0, 1.5, 1.0]);
    assert_eq!(rows.p_any, [0.2, 0.6, 0.9, 0.2]);
    // Practices are called after their numbers, and their rows are counted from 0.
    let addresses = [label_address(b"0"), label_address(b"1")];
    assert_eq!(practice_addresses(2), addresses);
    let [zero, one] = addresses;
    assert_eq!(rows.identity, [identity(one, 0), identity(zero, 0), identity(one, 1), identity(zero, 1)]);
    assert!(Rows::of_groups(&[]).is_empty());
}

#[test]
fn are_their_distributions_those_of_the_composition() {
    let model = model();
    let valuation = Valuation::new(Basis::Net, Some(StopLoss::new(20_000.0, 1.0, None).unwrap()));
    let mut composition = Composition::new(&model, 1);
    composition.add(&Rows::of_groups(&groups(&model)), &practice_addresses(2)).unwrap();
    let by_hand = distributions(
        &model,
        &composition.finish(),
        UnitSelection { level: 0, only: None, valuation: &valuation },
        &Progress::default(),
        |_, _| ReadLimit::ALL,
        |_, unit| (unit.moments.people, unit.quantile(0.99).to_bits(), unit.cdf(3e6).to_bits()),
    );
    let people = People::of_groups(&model, &groups(&model)).unwrap();
    let units = unit_distributions(&model, &people, 0, &valuation).unwrap();
    assert_eq!(units.iter().map(|unit| unit.moments.people).collect::<Vec<_>>(), [5_000, 940]);
    let got = units
        .iter()
        .map(|unit| (unit.moments.people, unit.quantile(0.99).to_bits(), unit.cdf(3e6).to_bits()))
        .enumerate()
        .map(|(number, values)| (number as u32, values));
    assert_eq!(got.collect::<Vec<_>>(), by_hand.unwrap());
}

#[test]
fn are_effects_that_are_not_allowed_rejected_by_name() {
    let model = model();
    let people = People::of_groups(&model, &groups(&model)).unwrap();
    let valuation = Valuation { practice_sd: 0.7, ..Valuation::new(Basis::Gross, None) };
    let error = unit_distributions(&model, &people, 0, &valuation).unwrap_err();
    assert!(error.to_string().starts_with("practice_sd is 0.7: must be at most 0.5"), "{error}");
    for sd in [-0.1, f64::NAN, f64::INFINITY] {
        let valuation = Valuation { national_sd: sd, ..valuation.clone() };
        let message = format!("national_sd is {sd}: must be a finite number, 0 or more");
        assert_eq!(
            moments(&model, &people, 0, &valuation, &Progress::default()).unwrap_err().to_string(),
            message
        );
        assert_eq!(unit_distributions(&model, &people, 0, &valuation).unwrap_err().to_string(), message);
    }
    assert_eq!(RunError::from(Error::one(Code::Argument, "x")).to_string(), "x");
    assert_eq!(RunError::Interrupted.to_string(), "interrupted");
}

#[test]
fn does_the_example_run() {
    england::main().unwrap();
}
