//! Do settlements of units equal the published worked cases, to the unit of money?

use fundholder_core::contract::{CapBasis, CorridorBand, Gate, Holder, Of, Rate, SharedSavings, UnitTerm};
use fundholder_core::settle::{Account, Settlement, check, settle};

fn account(actual: f64, budget: f64, people: f64) -> Account<'static> {
    Account::of_pounds(actual, Some(budget), of_people(people))
}

fn of_people(people: f64) -> Holder<'static> {
    Holder { people: Some(people), scores: &[] }
}

fn savings(share: f64, msr: Rate) -> SharedSavings {
    let mlr = Rate::Constant(0.0);
    let loss_share = Rate::Constant(0.0);
    SharedSavings {
        gates: Vec::new(),
        share: Rate::Constant(share),
        loss_share,
        msr,
        mlr,
        cap: None,
        cap_basis: CapBasis::Payment,
        loss_limit: None,
    }
}

fn bands(bands: &[(f64, f64, f64)]) -> Vec<CorridorBand> {
    bands.iter().map(|&(from, to, share)| CorridorBand { from, to, share }).collect()
}

/// 42 USC 18062: half of 103 to 108 % of the target, then 2.5 % of it and 80 % above; mirrored below.
fn row(row: usize) -> String {
    format!("in row {row}")
}

#[test]
fn corridor_of_the_affordable_care_act() {
    let both = bands(&[(0.0, 0.03, 1.0), (0.03, 0.08, 0.5), (0.08, f64::INFINITY, 0.2)]);
    let term = UnitTerm::Corridor { above: both.clone(), below: both }.checked().unwrap();
    for (points, pounds) in [(3, 0.0), (5, 1.0), (8, 2.5), (10, 4.1)] {
        for sign in [1, -1] {
            let settled =
                settle(std::slice::from_ref(&term), &account(f64::from(100 + sign * points), 100.0, 1.0));
            assert_eq!(settled.ceded, i64::from(sign) * (pounds * 10_000.0) as i64, "{points} points");
        }
    }
}

/// Target $500, actual $495.50 a member-month, 125,000 months, half shared: $281,250; with an MSR of 1 %: nothing.
#[test]
fn shared_savings_pay_from_the_first_dollar_once_the_rate_is_met() {
    let months = 125_000.0;
    let year = account(495.5 * months, 500.0 * months, 10_000.0);
    let bonus =
        |msr| settle(&[UnitTerm::SharedSavings(Box::new(savings(0.5, Rate::Constant(msr))))], &year).bonus;
    assert_eq!(bonus(0.0), 2_812_500_000);
    assert_eq!(bonus(0.009), 2_812_500_000); // met exactly
    assert_eq!(bonus(0.01), 0);
}

/// Savings of 30 %, half shared, cap of 10 %: 10 % of the budget where payments are capped, 5 % where savings are.
#[test]
fn sharing_then_capping_differs_from_capping_then_sharing() {
    let year = account(70.0, 100.0, 1.0);
    for (cap_basis, pounds) in [(CapBasis::Payment, 10), (CapBasis::Savings, 5)] {
        let terms =
            SharedSavings { cap: Some(Rate::Constant(0.1)), cap_basis, ..savings(0.5, Rate::Constant(0.0)) };
        assert_eq!(settle(&[UnitTerm::SharedSavings(Box::new(terms))], &year).bonus, pounds * 10_000);
    }
}

/// 42 CFR 425.604(b): 3.9 % at 5,000 people, 3.6 % at 6,000; half-way between, half-way between.
#[test]
fn a_minimum_savings_rate_follows_the_size() {
    let msr = Rate::Table(Of::People, vec![(5_000.0, 0.039), (6_000.0, 0.036), (60_000.0, 0.02)]);
    let rate = |people| msr.of(&of_people(people));
    assert_eq!(rate(5_000.0), Some(0.039));
    assert!((rate(5_500.0).unwrap() - 0.0375).abs() < 1e-15);
    assert_eq!(rate(1e6), Some(0.02));
    assert_eq!(rate(4_999.0), None);
    let term = [UnitTerm::SharedSavings(Box::new(savings(0.5, msr.clone())))];
    assert_eq!(settle(&term, &account(96.2, 100.0, 5_000.0)).bonus, 0);
    assert_eq!(settle(&term, &account(96.1, 100.0, 5_000.0)).bonus, 19_500);
    assert!(check(&term, &[account(96.1, 100.0, 4_000.0)], row).unwrap_err().to_string().contains("row 0"));
}

/// A loss of 20 % at a share of 40 %: 8 %, but for a limit of 5 % of the benchmark (Track 2, first year).
#[test]
fn losses_are_limited() {
    let terms = SharedSavings {
        loss_share: Rate::Constant(0.4),
        mlr: Rate::Constant(0.02),
        loss_limit: Some(Rate::Constant(0.05)),
        ..savings(0.6, Rate::Constant(0.02))
    };
    let term = [UnitTerm::SharedSavings(Box::new(terms))];
    let year = |actual| account(actual, 100.0, 1.0);
    let penalty = |actual| settle(&term, &year(actual)).penalty;
    assert_eq!([penalty(101.9), penalty(102.0), penalty(120.0)], [0, 8_000, 50_000]);
    let settled = settle(&term, &year(120.0));
    // kept = budget - bonus + penalty
    assert_eq!(settled.kept(year(120.0).actual), 1_050_000);
}

/// Each term sees what those before it left: a quarter of 100 is ceded, then all above 60, at most 10.
#[test]
fn terms_apply_in_their_order() {
    let quota = UnitTerm::QuotaShare { share: 0.25 };
    let aggregate =
        UnitTerm::AggregateStopLoss { attachment: 60.0, share: 1.0, limit: 10.0, of_budget: false };
    let ceded = |terms: &[UnitTerm]| settle(terms, &account(100.0, 80.0, 1.0)).ceded;
    assert_eq!(ceded(&[quota.clone(), aggregate.clone()]), 350_000);
    assert_eq!(ceded(&[aggregate, quota]), 325_000);
    let of_budget = UnitTerm::AggregateStopLoss { attachment: 1.1, share: 0.8, limit: 0.05, of_budget: true };
    assert_eq!(ceded(&[of_budget]), 40_000);
}

/// The three kinds of gate in use (CMS, results of 2024): 77.05 or more earns all, the share is in proportion to the score,
/// and half is earned below a step. A gate works on the share, before a payment is capped.
#[test]
fn gates_share_a_reward_before_its_cap() {
    let gate = |rows: &[(f64, f64)], straight| Gate { score: 0, rows: rows.to_vec(), straight };
    let bonus = |gate: Gate, score: f64, cap: Option<f64>| {
        let terms = SharedSavings {
            gates: vec![gate],
            cap: cap.map(Rate::Constant),
            ..savings(0.75, Rate::Constant(0.0))
        };
        let holder = Holder { people: None, scores: &[score] };
        let term = UnitTerm::SharedSavings(Box::new(terms)).checked().unwrap();
        settle(&[term], &Account::of_pounds(80.0, Some(100.0), holder)).bonus
    };
    let all = || gate(&[(77.05, 1.0)], false);
    assert_eq!([77.0, 77.05, 90.0].map(|score| bonus(all(), score, None)), [0, 150_000, 150_000]);
    let proportion = || gate(&[(0.0, 0.0), (100.0, 1.0)], true);
    assert_eq!([0.0, 60.0, 100.0].map(|score| bonus(proportion(), score, None)), [0, 90_000, 150_000]);
    assert_eq!(bonus(proportion(), 60.0, Some(0.1)), 90_000);
    assert_eq!(bonus(proportion(), 80.0, Some(0.1)), 100_000);
    let steps = || gate(&[(40.0, 0.5), (80.0, 1.0)], false);
    assert_eq!([39.9, 40.0, 79.9, 80.0].map(|s| bonus(steps(), s, None)), [0, 75_000, 75_000, 150_000]);
}

/// Holders' share of losses: 1 - score x 75 %, between 40 % and 75 % (42 CFR 425.610, ENHANCED).
#[test]
fn rates_follow_a_score() {
    let share = Rate::Table(Of::Score(1), vec![(0.0, 0.75), (100.0 / 3.0, 0.75), (80.0, 0.4)]);
    let rate = |score: f64| share.of(&Holder { people: None, scores: &[0.0, score] });
    let near = |x: Option<f64>, y: f64| (x.unwrap() - y).abs() < 1e-12;
    assert!(near(rate(20.0), 0.75) && near(rate(60.0), 0.55) && near(rate(100.0), 0.4));
    assert_eq!(share.of(&Holder::default()), None);
    let terms = SharedSavings { loss_share: share.clone(), ..savings(0.75, Rate::Constant(0.0)) };
    let text =
        check(&[UnitTerm::SharedSavings(Box::new(terms))], &[account(1.0, 1.0, 1.0)], row).unwrap_err();
    assert!(text.to_string().contains("scores: missing in row 0"), "{text}");
}

/// Of 100 budgeted: a tariff, a block, 30 % of the price above the baseline (emergency marginal rate), and a fixed payment
/// for 104 with 75 % of the price around it (aligned payment and incentive).
#[test]
fn providers_are_paid() {
    let paid = |fixed, above, below, care: f64| {
        let term = UnitTerm::ProviderPayment { fixed, above, below }.checked().unwrap();
        let account = account(care, 100.0, 1.0);
        settle(&[term], &account).kept(account.actual)
    };
    assert_eq!([90.0, 120.0].map(|care| paid(1.0, 1.0, 1.0, care)), [900_000, 1_200_000]);
    assert_eq!([90.0, 120.0].map(|care| paid(1.0, 0.0, 0.0, care)), [1_000_000, 1_000_000]);
    assert_eq!([90.0, 120.0].map(|care| paid(1.0, 0.3, 1.0, care)), [900_000, 1_060_000]);
    assert_eq!(
        [100.0, 104.0, 108.0].map(|care| paid(1.04, 0.75, 0.75, care)),
        [1_010_000, 1_040_000, 1_070_000]
    );
}

#[test]
fn no_terms_cede_nothing() {
    assert_eq!(settle(&[], &account(100.0, 80.0, 1.0)), Settlement::default());
}

#[test]
fn wrong_terms_are_rejected_with_all_that_is_wrong() {
    let message = |term: UnitTerm| term.checked().unwrap_err().to_string();
    let both = bands(&[(0.0, 0.03, 1.0), (0.02, 0.08, 1.5)]);
    let text = message(UnitTerm::Corridor { above: both, below: Vec::new() });
    for part in ["without gaps or overlaps", "from 0 to 1", "has no end", "below"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let text = message(UnitTerm::SharedSavings(Box::new(SharedSavings {
        loss_share: Rate::Constant(f64::NAN),
        ..savings(1.5, Rate::Constant(-0.02))
    })));
    for part in ["share is 1.5", "loss_share is NaN", "msr is -0.02"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let quota = UnitTerm::QuotaShare { share: 0.5 };
    let last = UnitTerm::SharedSavings(Box::new(savings(0.5, Rate::Constant(0.0))));
    let text = check(&[last, quota], &[Account { actual: 1, budget: None, holder: Holder::default() }], row)
        .unwrap_err();
    for part in ["term 1 of 2", "must be the last", "budget: missing in row 0"] {
        assert!(text.to_string().contains(part), "{part}: {text}");
    }
}
