//! Are practice and national effects what was asked for?

use fundholder_core::simulate::{Options, Totals};

use super::{Row, Sample, annual, assert_within, every_distribution, group, mixed, options, run, severity};

/// £: one unit of rounding in a total of £10bn is far below any figure here.
const COST: f64 = 1e6;
const PEOPLE: u64 = 10_000;

/// Everyone costs the same: the total is the effect. Two units in each of two practices, one with larger costs.
fn certain(options: &Options) -> Vec<Totals> {
    let model = annual(1.0, severity("fixed", COST, None));
    let people: Vec<Row> = (0..4)
        .map(|i| Row {
            practice: i / 2,
            unit: i,
            scale: f64::from(1 + i % 2),
            ..group(&model, u64::from(i), PEOPLE)
        })
        .collect();
    run(&model, &people, options)
}

fn effects(totals: &Totals, unit: usize) -> Vec<f64> {
    let scale = (1 + unit % 2) as f64;
    totals.units[unit]
        .gross
        .iter()
        .map(|&units| units as f64 / (1e4 * COST * PEOPLE as f64 * scale))
        .collect()
}

fn assert_mean_one_and_sd(what: &str, effects: &[f64], sd: f64) {
    // In units of 1e-9: the sample is of whole numbers.
    let sample = Sample::of(effects.iter().map(|x| (x * 1e13).round() as i64));
    let scale = 1e9;
    assert_within(&format!("{what}: mean"), sample.mean / scale, 1.0, sample.mean_se / scale);
    let variance = sample.variance / scale / scale;
    assert_within(&format!("{what}: variance"), variance, sd * sd, sample.variance_se / scale / scale);
}

#[test]
fn have_they_mean_one_and_the_sd_asked_for() {
    // 10,000 certain people a unit cost seconds; 20,000 years give the SD to half a percent.
    for (practice_sd, national_sd) in [(0.05, 0.0), (0.0, 0.05), (0.4, 0.0), (0.1, 0.2)] {
        let options = Options { practice_sd, national_sd, ..super::options(20_000) };
        let model = annual(1.0, severity("fixed", COST, None));
        let people = [group(&model, 1, 10)];
        let totals = run(&model, &people, &options);
        let effects: Vec<f64> =
            totals[0].units[0].gross.iter().map(|&x| x as f64 / (1e4 * COST * 10.0)).collect();
        // Independent factors of mean 1: the second moments multiply.
        let sd = ((1.0 + practice_sd * practice_sd) * (1.0 + national_sd * national_sd) - 1.0f64).sqrt();
        assert_mean_one_and_sd(&format!("practice {practice_sd}, national {national_sd}"), &effects, sd);
    }
}

#[test]
fn is_a_practice_s_effect_the_same_for_all_its_people_and_another_s_its_own() {
    let totals = &certain(&Options { practice_sd: 0.2, ..options(1_000) })[0];
    let of: Vec<Vec<f64>> = (0..4).map(|unit| effects(totals, unit)).collect();
    for (a, b) in [(0, 1), (2, 3)] {
        // Each person's cost is rounded: 1e-4 of £1m.
        assert!(of[a].iter().zip(&of[b]).all(|(x, y)| (x - y).abs() < 1e-9));
    }
    let correlation: f64 =
        of[0].iter().zip(&of[2]).map(|(x, y)| (x - 1.0) * (y - 1.0)).sum::<f64>() / 1_000.0 / 0.04;
    // Independent: the SD of a correlation is 1 / sqrt(1,000) = 0.032.
    assert!(correlation.abs() < 4.0 * 0.032, "{correlation}");
}

#[test]
fn is_the_national_effect_the_same_for_everyone() {
    let totals = &certain(&Options { national_sd: 0.2, ..options(100) })[0];
    assert_eq!(totals.units[0].gross, totals.units[2].gross);
    assert_eq!(totals.units[1].gross, totals.units[3].gross);
    assert_ne!(totals.units[0].gross[0], totals.units[0].gross[1]);
}

#[test]
fn do_both_effects_multiply() {
    let one = |practice_sd, national_sd| {
        effects(&certain(&Options { practice_sd, national_sd, ..options(50) })[0], 2)
    };
    let (practice, national, both) = (one(0.1, 0.0), one(0.0, 0.3), one(0.1, 0.3));
    for ((p, n), both) in practice.iter().zip(&national).zip(&both) {
        assert!((p * n - both).abs() < 1e-9, "{p} x {n} is not {both}");
    }
}

#[test]
fn is_chance_alone_what_a_run_without_effects_gives() {
    let model = every_distribution();
    let people = mixed(&model, 600);
    for stop_loss in [None, super::ceiling(1_500.0), super::every_term()] {
        let without = run(&model, &people, &Options { stop_loss, ..options(75) });
        let with =
            run(&model, &people, &Options { stop_loss, practice_sd: 0.3, national_sd: 0.1, ..options(75) });
        for (with, without) in with.iter().zip(&without) {
            for (with, without) in with.units.iter().zip(&without.units) {
                assert!(without.chance_net.is_empty());
                let net: Vec<i64> = without.gross.iter().zip(&without.ceded).map(|(g, c)| g - c).collect();
                assert!(with.chance_net == net);
                assert!(with.gross != without.gross);
            }
        }
    }
}

#[test]
fn does_the_contract_look_at_costs_after_effects() {
    // Everyone costs £1,000, and the ceiling is £1,000: without effects nothing is ceded.
    let model = annual(1.0, severity("fixed", 1_000.0, None));
    let options = Options { practice_sd: 0.1, stop_loss: super::ceiling(1_000.0), ..super::options(200) };
    let totals = run(&model, &[group(&model, 1, 1)], &options);
    let unit = &totals[0].units[0];
    for (&gross, &ceded) in unit.gross.iter().zip(&unit.ceded) {
        assert_eq!(ceded, (gross - 10_000_000).max(0));
    }
    assert!(unit.ceded.iter().any(|&x| x > 0) && unit.ceded.contains(&0));
    assert!(unit.chance_net.iter().all(|&net| net == 10_000_000));
}
