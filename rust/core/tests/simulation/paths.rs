//! Are the years of a path tied as they should be, each with the distribution that it has by itself?

use fundholder_core::persistence::Persistence;
use fundholder_core::simd::Processor;
use fundholder_core::simulate::{Options, UnitTotals};

use super::{Row, Sample, annual, assert_within, every_distribution, group, mixed, options, run, severity};

/// Two states; a year of the second is twelve times as likely to be among the costliest tenth.
fn two_states() -> Persistence {
    let shares = [vec![0.55, 0.425, 0.025], vec![0.3, 0.3, 0.4]];
    Persistence::new(&[0.8, 0.2], &[vec![0.95, 0.05], vec![0.2, 0.8]], &[0.5, 0.9, 1.0], &shares).unwrap()
}

fn tied(years: u32, paths: u32) -> Options {
    Options { years, persistence: Some(two_states()), ..options(years * paths) }
}

#[test]
fn is_the_distribution_of_each_year_what_it_is_without_persistence() {
    let model = every_distribution();
    let people = mixed(&model, 600);
    let years = 3;
    let single = run(&model, &people, &options(4_000));
    let paths = run(&model, &people, &tied(years, 4_000));
    for (unit, single) in paths[0].units.iter().zip(&single[0].units) {
        let single = Sample::of(single.gross.iter().copied());
        for year in 0..years as usize {
            let sample = Sample::of(unit.of_year(year, years as usize).gross.iter().copied());
            let error = |a: f64, b: f64| a.hypot(b);
            assert_within("mean", sample.mean, single.mean, error(sample.mean_se, single.mean_se));
            assert_within(
                "variance",
                sample.variance,
                single.variance,
                error(sample.variance_se, single.variance_se),
            );
        }
    }
}

/// The correlation of who is among the costliest tenth, `lag` years apart: in closed form.
fn correlation(lag: i32) -> f64 {
    // Shares of the tenth by state, .025 and .4; states keep .75 of their covariance, .8 x .2 (.4 - .025)^2, a year.
    0.16 * 0.375f64.powi(2) * 0.75f64.powi(lag) / (0.1 * 0.9)
}

#[test]
fn are_years_correlated_as_the_chain_says() {
    // One cost in ten years: a unit's total counts who is among the tenth.
    let model = annual(0.1, severity("fixed", 1.0, None));
    let (years, paths) = (11, 2_000);
    let people = 500;
    let totals = run(&model, &[group(&model, 1, people)], &tied(years as u32, paths));
    let count: Vec<f64> = totals[0].units[0].gross.iter().map(|x| *x as f64 / 1e4).collect();
    let centred: Vec<f64> = count.iter().map(|x| x - 0.1 * people as f64).collect();
    let variance = 0.09 * people as f64;
    // Across the blocks of changes too: they have eight years each.
    for lag in [1, 2, 8, 10] {
        let products: Vec<f64> = centred
            .chunks(years)
            .flat_map(|path| (0..years - lag).map(|year| path[year] * path[year + lag] / variance))
            .collect();
        let n = products.len() as f64;
        let mean = products.iter().sum::<f64>() / n;
        // Products of nearly normal pairs have an SD of about 1; neighbours share a year.
        assert!((mean - correlation(lag as i32)).abs() < 4.0 * (3.0 / n).sqrt(), "lag {lag}: {mean}");
    }
}

#[test]
fn are_paths_the_same_bits_on_every_processor_and_in_parts() {
    let model = every_distribution();
    let people = mixed(&model, 700);
    let all = Options { practice_sd: 0.1, practice_permanent: 0.7, ..tied(5, 16) };
    let baseline = run(&model, &people, &Options { processor: Processor::Baseline, ..all.clone() });
    for processor in Processor::ALL.into_iter().filter(|processor| processor.available()) {
        let here = run(&model, &people, &Options { processor, ..all.clone() });
        assert_eq!(gross(&here[0].units), gross(&baseline[0].units), "{}", processor.name());
    }
    let parts = [0, 8]
        .map(|path| run(&model, &people, &Options { replications: 40, first: 5 * path, ..all.clone() }));
    for (unit, together) in baseline[0].units.iter().enumerate() {
        let joined = parts.iter().flat_map(|part| part[0].units[unit].gross.clone());
        assert_eq!(joined.collect::<Vec<_>>(), together.gross);
    }
}

fn gross(units: &[UnitTotals]) -> Vec<&[i64]> {
    units.iter().map(|unit| &unit.gross[..]).collect()
}

#[test]
fn is_an_effect_permanent_as_far_as_it_should_be() {
    let model = annual(1.0, severity("fixed", 1e6, None));
    let people: Vec<Row> = vec![group(&model, 1, 10)];
    for permanent in [0.0, 0.7, 1.0] {
        let paths = 20_000;
        let options =
            Options { years: 2, practice_sd: 0.1, practice_permanent: permanent, ..options(2 * paths) };
        let totals = run(&model, &people, &options);
        let logs: Vec<f64> = totals[0].units[0].gross.iter().map(|x| (*x as f64 / 1e11).ln()).collect();
        let variance = 0.01f64.ln_1p();
        let product = |path: &[f64]| (path[0] + variance / 2.0) * (path[1] + variance / 2.0) / variance;
        let correlation = logs.chunks(2).map(product).sum::<f64>() / f64::from(paths);
        // The SD of a product of two normals with correlation r is sqrt(1 + r^2).
        let se = ((1.0 + permanent * permanent) / f64::from(paths)).sqrt();
        assert_within("correlation", correlation, permanent, se);
    }
}
