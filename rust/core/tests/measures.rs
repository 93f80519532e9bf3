//! Are the figures that are reported of simulated years right, and their standard errors?

// Oracles are compared within tolerances: a last bit of the platform's maths does not show.
#![allow(clippy::disallowed_methods)]

use fundholder_core::measures::{Estimate, QuantileRule, moments, shares, size_bands, systematic_sd};
use fundholder_core::numeric::special::{beta_i, normal_inverse_cdf};
use fundholder_core::random::{RoundKeys, philox4x32};
use fundholder_core::run::Progress;
use fundholder_core::simulate::UnitTotals;

fn assert_value(estimate: Estimate, want: f64) {
    // A few roundings.
    assert!((estimate.value.unwrap() - want).abs() <= 1e-12 * want.abs().max(1.0), "{estimate:?} for {want}");
}

#[test]
fn are_moments_those_worked_out_by_hand() {
    // Mean 4; squares 4 + 1 + 1 + 16 + 0 and cubes -8 - 1 - 1 + 64... of deviations -2, -1, -1, 4, 0.
    let all = moments(&[2.0, 3.0, 3.0, 8.0, 4.0]);
    assert_value(all.mean, 4.0);
    // 22 / 4.
    assert_value(all.sd, 5.5f64.sqrt());
    assert_value(all.cv, 5.5f64.sqrt() / 4.0);
    // 54 / 5 over the cube of the SD.
    assert_value(all.skewness, 10.8 / 5.5f64.powf(1.5));
    assert!((all.mean.se.unwrap() - (5.5f64 / 5.0).sqrt()).abs() < 1e-15);
}

#[test]
fn what_has_one_replication() {
    let all = moments(&[7.0]);
    assert_eq!(all.mean, Estimate { value: Some(7.0), se: None });
    for estimate in [all.sd, all.cv, all.skewness] {
        assert_eq!(estimate, Estimate::default());
    }
    assert_eq!(QuantileRule::new(0.99, 1).of(&[7.0]), Estimate { value: Some(7.0), se: None });
}

#[test]
fn what_have_years_that_are_all_the_same() {
    let all = moments(&[7.0; 10]);
    assert_eq!(all.mean, Estimate { value: Some(7.0), se: Some(0.0) });
    assert_eq!(all.sd, Estimate { value: Some(0.0), se: Some(0.0) });
    assert_eq!(all.cv, Estimate { value: Some(0.0), se: Some(0.0) });
    assert_eq!(all.skewness, Estimate::default());
    // Nothing at all: no coefficient of variation either.
    assert_eq!(moments(&[0.0; 10]).cv.value, None);
}

#[test]
fn are_shares_counted_strictly_beyond_the_tolerance() {
    // A budget of 100 and 10 %: 110 and 90 are within.
    let years = [110.0, 111.0, 90.0, 89.0, 100.0, 250.0, 0.0, 95.0];
    let got = shares(&years, 100.0, 0.1);
    // 100 * 1.1 is 110.00000000000001: on the edge by rounding too.
    assert_value(got.over, 2.0 / 8.0);
    assert_value(got.under, 2.0 / 8.0);
    assert_value(got.outside, 4.0 / 8.0);
    // Jeffreys: Beta(k + 1/2, n - k + 1/2), whose SD is by hand sqrt(a b / (a + b)^2 / (a + b + 1)).
    let sd = |k: f64| ((k + 0.5) * (8.0 - k + 0.5) / 81.0 / 10.0f64).sqrt();
    assert!((got.over.se.unwrap() - sd(2.0)).abs() < 1e-15);
    assert!((got.outside.se.unwrap() - sd(4.0)).abs() < 1e-15);
    // No year over: the error is that of half a year in nine, not 0.
    let none = shares(&years, 1e9, 0.1);
    assert_eq!(none.over.value, Some(0.0));
    assert!((none.over.se.unwrap() - sd(0.0)).abs() < 1e-15);
}

#[test]
fn are_quantiles_interpolated_order_statistics() {
    // Hyndman and Fan (1996), type 7: of 1..n the quantile is 1 + p (n - 1).
    for n in [2, 5, 10, 100, 1_001] {
        let sorted: Vec<f64> = (1..=n).map(f64::from).collect();
        for p in [0.0, 0.005, 0.1, 0.5, 0.9, 0.99, 0.995, 1.0] {
            let got = QuantileRule::new(p, n as usize).of(&sorted).value.unwrap();
            let want = 1.0 + p * f64::from(n - 1);
            assert!((got - want).abs() <= 1e-12 * f64::from(n), "{p} of {n}: {got} for {want}");
        }
    }
}

#[test]
fn is_a_quantile_s_error_that_of_maritz_and_jarrett() {
    // By its definition, over every order statistic: their equation for the variance, with weights of a beta
    // distribution.
    let n = 40;
    let sorted: Vec<f64> = (1..=n).map(|i| f64::from(i).powi(2)).collect();
    for p in [0.1, 0.5, 0.9] {
        let (a, b) = (p * f64::from(n + 1), (1.0 - p) * f64::from(n + 1));
        let edge = |i: i32| beta_i(a, b, f64::from(i) / f64::from(n));
        let sum =
            |k: i32| (1..=n).map(|i| (edge(i) - edge(i - 1)) * sorted[i as usize - 1].powi(k)).sum::<f64>();
        let want = (sum(2) - sum(1).powi(2)).sqrt();
        let got = QuantileRule::new(p, n as usize).of(&sorted).se.unwrap();
        assert!((got / want - 1.0).abs() < 1e-9, "{p}: {got} for {want}");
    }
}

/// Lognormal years of mean 1 and this sigma, independent in every set.
fn years(set: u32, n: u32, sigma: f64) -> Vec<f64> {
    let keys = RoundKeys::new([2026, 4]);
    (0..n)
        .map(|i| {
            let [high, low, ..] = philox4x32([set, i, 0, 0], &keys);
            let u = (f64::from(high) + (f64::from(low) + 0.5) * 2f64.powi(-32)) * 2f64.powi(-32);
            (sigma * normal_inverse_cdf(u) - 0.5 * sigma * sigma).exp()
        })
        .collect()
}

#[test]
fn are_standard_errors_the_sd_of_the_estimates_over_many_runs() {
    const SETS: u32 = 3_000;
    const YEARS: u32 = 1_000;
    let rules = [0.5, 0.9, 0.99].map(|p| QuantileRule::new(p, YEARS as usize));
    let estimates: Vec<[Estimate; 8]> = (0..SETS)
        .map(|set| {
            let mut sample = years(set, YEARS, 0.3);
            let all = moments(&sample);
            let share = shares(&sample, 1.0, 0.2).outside;
            sample.sort_unstable_by(f64::total_cmp);
            let [median, q90, q99] = [0, 1, 2].map(|i| rules[i].of(&sample));
            [all.mean, all.sd, all.cv, all.skewness, share, median, q90, q99]
        })
        .collect();
    // The SD of 3,000 estimates is known to 1 / sqrt(6,000) = 1.3 %: four times that, and the estimators' own bias. An
    // influence function is the first order in 1/n, which a third moment of 1,000 skewed years feels by a tenth and
    // more; Maritz and Jarrett's extreme quantiles lean on ten years above them.
    let names = ["mean", "sd", "cv", "skewness", "share", "median", "q0.9", "q0.99"];
    let tolerances = [0.06, 0.08, 0.08, 0.25, 0.06, 0.10, 0.10, 0.15];
    for (i, (name, tolerance)) in names.into_iter().zip(tolerances).enumerate() {
        let values: Vec<f64> = estimates.iter().map(|e| e[i].value.unwrap()).collect();
        let spread = moments(&values).sd.value.unwrap();
        let reported =
            (estimates.iter().map(|e| e[i].se.unwrap().powi(2)).sum::<f64>() / f64::from(SETS)).sqrt();
        println!("{name}: reported / true {:.3}", reported / spread);
        assert!((reported / spread - 1.0).abs() < tolerance, "{name}: {reported} reported, {spread} found");
    }
}

#[test]
fn is_systematic_variation_what_effects_add_to_the_variance() {
    // Deviations -3, -1, 1, 3 and -1, 1, -1, 1: variances 20/3 and 4/3.
    let all = moments(&[7.0, 9.0, 11.0, 13.0]);
    let chance = moments(&[9.0, 11.0, 9.0, 11.0]);
    let got = systematic_sd(&all, &chance);
    assert_value(got, (16.0f64 / 3.0).sqrt());
    // Influences on the difference: squares 9, 1, 1, 9 less 5, and 1 less 1: 4, -4, -4, 4. Their error over twice the
    // SD.
    let error = (64.0f64 / 16.0).sqrt();
    assert!((got.se.unwrap() - error / (2.0 * (16.0f64 / 3.0).sqrt())).abs() < 1e-12, "{got:?}");
    // Less than none is none, with the root of the difference's error.
    let none = systematic_sd(&chance, &all);
    assert_eq!(none.value, Some(0.0));
    assert!((none.se.unwrap() - error.sqrt()).abs() < 1e-12);
    // No effects at all.
    assert_eq!(systematic_sd(&all, &all), Estimate { value: Some(0.0), se: Some(0.0) });
}

#[test]
fn is_the_systematic_sd_s_error_its_spread_over_many_runs() {
    const SETS: u32 = 2_000;
    let estimates: Vec<Estimate> = (0..SETS)
        .map(|set| {
            // The same chance with and without an effect of SD 0.2.
            let chance = years(set, 500, 0.1);
            let effects = years(set + 1_000_000, 500, 0.2);
            let all: Vec<f64> = chance.iter().zip(&effects).map(|(c, e)| c * e).collect();
            systematic_sd(&moments(&all), &moments(&chance))
        })
        .collect();
    let spread = moments(&estimates.iter().map(|e| e.value.unwrap()).collect::<Vec<_>>()).sd.value.unwrap();
    let reported = (estimates.iter().map(|e| e.se.unwrap().powi(2)).sum::<f64>() / f64::from(SETS)).sqrt();
    // 2,000 estimates: 1.6 %, four times, and the first order's bias.
    assert!((reported / spread - 1.0).abs() < 0.1, "{reported} reported, {spread} found");
}

#[test]
fn is_a_band_of_sizes_what_its_units_are() {
    let pounds = |x: i64| x * 10_000;
    let unit = |people: u64, gross: [i64; 2], ceded: [i64; 2]| UnitTotals {
        people,
        gross: gross.map(pounds).to_vec(),
        ceded: ceded.map(pounds).to_vec(),
        chance_net: Vec::new(),
        columns: Vec::new(),
        heavy_means: [None; 3],
    };
    let units = [
        unit(999, [90, 110], [0, 20]),
        unit(1_000, [100, 100], [0, 0]),
        unit(5_000, [70, 130], [0, 60]),
        unit(0, [0, 0], [0, 0]),
    ];
    let bands = size_bands(&units, &[1_000, 10_000], &[0.05, 0.2], &Progress::default()).unwrap();
    let heads: Vec<_> = bands.iter().map(|b| (b.from, b.to, b.units, b.people)).collect();
    // A list of 1,000 is in the band that starts there; units without people are in none.
    assert_eq!(heads, [(1, Some(1_000), 1, 999), (1_000, Some(10_000), 2, 6_000), (10_000, None, 0, 0)]);
    // Two years 90 and 110: SD sqrt(200) of a mean of 100. Net they are 90 and 90.
    assert_value(bands[0].cv_gross, 200f64.sqrt() / 100.0);
    assert_value(bands[0].cv_net, 0.0);
    assert_value(bands[0].outside_gross[0], 1.0);
    assert_value(bands[0].outside_gross[1], 0.0);
    assert_value(bands[0].outside_net[0], 0.0);
    assert_value(bands[0].ceded, 20.0 / 200.0);
    // The mean over two units: 0, and sqrt(1800) / 100; half of them outside 20 % in either year.
    assert_value(bands[1].cv_gross, 0.5 * 1_800f64.sqrt() / 100.0);
    assert_value(bands[1].outside_gross[1], 0.5);
    assert_value(bands[1].ceded, 60.0 / 400.0);
    // In both years the share outside is the same: no error. What is ceded is 0 of 170 and 60 of 230.
    assert_eq!(bands[1].outside_gross[1].se, Some(0.0));
    // Influences (0 - 0.15 * 170) and (60 - 0.15 * 230) times 2 / 400: -0.1275 and 0.1275.
    assert!((bands[1].ceded.se.unwrap() - (2.0 * 0.1275f64.powi(2) / 1.0 / 2.0).sqrt()).abs() < 1e-12);
    // A band without units has figures without values.
    assert_eq!(bands[2].cv_gross, Estimate::default());
    assert_eq!(bands[2].ceded.value, None);
}
