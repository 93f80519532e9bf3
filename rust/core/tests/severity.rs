//! The distributions against reference values from mpmath (tools/golden_severity.py, 50 digits), and their own
//! consistency.
//!
//! Tolerance: 1e-11 relative. Rounding the argument to a double already moves a steep function
//! (a survival of 1e-20, say) by its condition number, up to some 100, times 1e-16; 1e-11 leaves
//! room for that and is far below any effect on a simulated budget.

use fundholder_core::severity::{Distribution, Empirical, Family, GpdTail};

const GOLDEN: &str = include_str!("golden/severity.csv");
const TOLERANCE: f64 = 1e-11;

fn gpd(shape: f64) -> Box<dyn Distribution> {
    let tail = GpdTail { threshold: 1000.0, scale: 500.0, shape, probability: 0.05 };
    // The last value lies above the threshold and must not count.
    let values = [400.0, 1000.0, 100.0, 7000.0];
    let weights = [2.0, 1.0, 1.0, 9.0];
    Box::new(Empirical::with_tail(&values, &weights, tail).unwrap())
}

fn distribution(family: &str, shape: f64) -> Box<dyn Distribution> {
    if family == "gpd" { gpd(shape) } else { Family::parse(family, Some(shape)).unwrap() }
}

fn relative_error(got: f64, want: f64) -> f64 {
    if got == want {
        0.0
    } else if want == 0.0 || got.is_nan() || got.is_infinite() || want.is_infinite() {
        f64::INFINITY
    } else {
        ((got - want) / want).abs()
    }
}

#[test]
fn golden_values() {
    let mut worst: Vec<(String, f64)> = Vec::new();
    let mut failures = Vec::new();
    let mut count = 0;
    for line in GOLDEN.lines().skip(1) {
        let f: Vec<&str> = line.split(',').collect();
        let number = |i: usize| f[i].parse::<f64>().unwrap();
        let distribution = distribution(f[0], number(1));
        let (k, argument, want) = (f[3].parse().unwrap(), number(4), number(5));
        let got = match f[2] {
            "inverse_cdf" => distribution.inverse_cdf(argument),
            "inverse_survival" => distribution.inverse_survival(argument),
            "survival" => distribution.survival(argument),
            "partial_moment" => distribution.partial_moment(k, argument),
            other => panic!("unknown function {other}"),
        };
        // Below the smallest normal double there are no 11 digits to compare.
        if want.abs() < 1e-300 {
            assert!(got.abs() < 1e-299, "{line}: got {got:e}");
            continue;
        }
        count += 1;
        let error = relative_error(got, want);
        let key = format!("{} {}", f[0], f[2]);
        match worst.iter_mut().find(|w| w.0 == key) {
            Some(entry) => entry.1 = entry.1.max(error),
            None => worst.push((key, error)),
        }
        if error > TOLERANCE {
            failures.push(format!("{line}: got {got:e}, error {error:.1e}"));
        }
    }
    for (key, error) in &worst {
        println!("{key}: {error:.1e}");
    }
    assert!(count > 900, "only {count} values compared");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn all_distributions() -> Vec<(String, Box<dyn Distribution>)> {
    let shapes: [(&str, &[f64]); 5] = [
        ("lognormal", &[1e-6, 0.5, 1.411, 3.0, 10.0]),
        ("gamma", &[1e-3, 0.05, 0.3, 1.0, 5.0, 19.9, 20.0, 100.0, 1e4, 1e6]),
        ("weibull", &[0.05, 0.4, 1.0, 3.0, 100.0]),
        ("pareto", &[1.000001, 1.5, 2.0, 3.0, 3.5, 4.0, 100.0, 1e6]),
        ("gpd", &[-1e9, -10.0, -1.0, -0.2, 0.0, 1e-12, 0.25, 0.3, 0.99]),
    ];
    let mut distributions: Vec<(String, Box<dyn Distribution>)> = shapes
        .into_iter()
        .flat_map(|(name, shapes)| {
            shapes.iter().map(move |s| (format!("{name} {s}"), distribution(name, *s)))
        })
        .collect();
    distributions.push(("fixed".into(), Family::parse("fixed", None).unwrap()));
    let plain = Empirical::new(&[3.0, 1.0, 2.0], &[1.0, 1.0, 2.0]).unwrap();
    distributions.push(("empirical".into(), Box::new(plain)));
    distributions
}

/// inverse_survival(survival(x)) = x. The tolerance is what rounding the survival probability
/// by a few units does to x: 1e-11, and for a shape that makes x explode, more.
#[test]
fn round_trips() {
    let continuous = all_distributions();
    let continuous = continuous
        .iter()
        .filter(|(name, _)| !["fixed", "empirical"].contains(&name.as_str()) && !name.starts_with("gpd"));
    for (name, distribution) in continuous {
        for v in [1e-20, 1e-18, 1e-12, 1e-6, 1e-3, 0.05, 0.3, 0.499, 0.501, 0.7, 0.97] {
            let x = distribution.inverse_survival(v);
            if x > 1e-290 {
                let error = relative_error(distribution.survival(x), v);
                // The spread of survival over one unit in the last place of x.
                let up = f64::from_bits(x.to_bits() + 1);
                let rounding = relative_error(distribution.survival(up), distribution.survival(x));
                assert!(error <= 1e-12 + 100.0 * rounding, "{name} survival {v}: {error:e}");
                let back = distribution.inverse_survival(distribution.survival(x));
                assert!(relative_error(back, x) <= 1e-11, "{name} {v}: {x} {back}");
            }
            let x = distribution.inverse_cdf(v);
            if x > 1e-290 {
                let error = relative_error(distribution.cdf(x), v);
                let up = f64::from_bits(x.to_bits() + 1);
                let rounding = relative_error(distribution.cdf(up), distribution.cdf(x));
                assert!(error <= 1e-12 + 100.0 * rounding, "{name} cdf {v}: {error:e}");
            }
        }
    }
    for shape in [-0.2, 0.0, 0.3] {
        let distribution = gpd(shape);
        for x in [1000.5, 1300.0, 2100.0, 3200.0] {
            let back = distribution.inverse_survival(distribution.survival(x));
            assert!(relative_error(back, x) < 1e-12, "gpd {shape} {x}: {back}");
        }
    }
}

#[test]
fn partial_moments_rise_from_zero_and_are_never_nan() {
    for (name, distribution) in all_distributions() {
        for k in 0..=4 {
            assert_eq!(distribution.partial_moment(k, 0.0), 0.0, "{name} {k}");
            let mut last = 0.0;
            let points = (-1000..=1200).map(|i| libm::exp10(f64::from(i) / 4.0 - 20.0));
            for x in points.chain([f64::MAX, f64::INFINITY]) {
                let value = distribution.partial_moment(k, x);
                assert!(value >= last * (1.0 - 1e-11), "{name} {k} {x:e}: {value:e} after {last:e}");
                last = value;
            }
        }
        let total = distribution.partial_moment(0, f64::INFINITY);
        assert!((total - 1.0).abs() < 1e-14, "{name}: {total}");
        let mean = distribution.partial_moment(1, f64::INFINITY);
        assert!(relative_error(mean, distribution.mean()) < 1e-12, "{name}: {mean}");
    }
}

#[test]
fn arguments_outside_the_domain_do_not_panic() {
    for (name, distribution) in all_distributions() {
        for x in [-1.0, -f64::INFINITY, 5e-324, 1e-300, 1e300, f64::INFINITY, f64::NAN] {
            for value in [distribution.cdf(x), distribution.survival(x), distribution.partial_moment(2, x)] {
                assert_eq!(value.is_nan(), x.is_nan(), "{name} {x}");
                assert!(x.is_nan() || value >= 0.0, "{name} {x}");
            }
            for value in [distribution.inverse_cdf(x), distribution.inverse_survival(x)] {
                assert_eq!(value.is_nan(), x.is_nan(), "{name} {x}");
            }
        }
        for p in [0.0, 5e-324, 1e-300, 1.0 - 1e-16, 1.0] {
            assert!(distribution.inverse_cdf(p) >= 0.0, "{name} {p}");
            assert!(distribution.inverse_survival(p) >= 0.0, "{name} {p}");
        }
    }
}

#[test]
fn survival_falls_and_inverse_rises() {
    for (name, distribution) in all_distributions() {
        let mut last = f64::INFINITY;
        for i in 1..2000 {
            let v = libm::exp10(-20.0 + 0.01 * f64::from(i));
            let x = distribution.inverse_survival(v);
            assert!(x <= last * (1.0 + 1e-12), "{name} {v:e}: {x:e} after {last:e}");
            last = x;
        }
    }
}

/// Deterministic stand-in for a sample: midpoints of equal probability classes.
fn sample(distribution: &dyn Distribution, n: u32) -> Vec<f64> {
    (0..n).map(|i| distribution.inverse_cdf((f64::from(i) + 0.5) / f64::from(n))).collect()
}

#[test]
fn empirical_merges_and_ignores_the_input_order() {
    let values: Vec<f64> = (0..500).map(|i| 1.0 + f64::from(i * 7919 % 97) / 3.0).collect();
    let weights: Vec<f64> = (0..500).map(|i| f64::from(i * 31 % 11) * 0.1).collect();
    let distribution = Empirical::new(&values, &weights).unwrap();
    let reversed = |x: &[f64]| x.iter().rev().copied().collect::<Vec<f64>>();
    assert_eq!(distribution, Empirical::new(&reversed(&values), &reversed(&weights)).unwrap());
    assert!(distribution.values().windows(2).all(|w| w[0] < w[1]));
    let total: f64 = distribution.probabilities().iter().sum();
    assert!((total - 1.0).abs() < 1e-14);
    assert_eq!(distribution.cdf(1e9), 1.0);
    assert_eq!(distribution.survival(1e9), 0.0);
    assert_eq!(distribution.survival(0.5), 1.0);

    let costs = Empirical::new(&[3.0, 1.0, 2.0, 2.0], &[1.0, 1.0, 1.0, 1.0]).unwrap();
    assert_eq!(costs.values(), [1.0, 2.0, 3.0]);
    assert_eq!(costs.probabilities(), [0.25, 0.5, 0.25]);
    assert_eq!(costs.mean(), 2.0);
    assert_eq!(costs.partial_moment(2, 2.5), 0.25 + 2.0);
    assert_eq!(costs.inverse_cdf(0.25), 1.0);
    assert_eq!(costs.inverse_cdf(0.2500001), 2.0);
    assert_eq!(costs.inverse_survival(0.25), 2.0);
    assert_eq!(costs.inverse_survival(0.2499999), 3.0);
}

#[test]
fn fitted_tail_keeps_the_mean_excess_and_finds_the_shape() {
    let shape = 0.2;
    let source = GpdTail { threshold: 0.0, scale: 1000.0, shape, probability: 0.5 };
    let values: Vec<f64> =
        (0..40_000).map(|i| source.excess_inverse_survival((f64::from(i) + 0.5) / 40_000.0)).collect();
    let weights = vec![1.0; values.len()];
    let distribution = Empirical::fit_gpd(&values, &weights).unwrap();
    let tail = *distribution.tail().unwrap();
    assert!((tail.shape - shape).abs() < 0.02, "{tail:?}");
    assert!((tail.probability - 0.05).abs() < 1e-12, "{tail:?}");
    let excesses: Vec<f64> =
        values.iter().filter(|v| **v > tail.threshold).map(|v| v - tail.threshold).collect();
    let observed = excesses.iter().sum::<f64>() / excesses.len() as f64;
    assert!(relative_error(tail.mean_excess(), observed) < 1e-12);
    let plain = Empirical::new(&values, &weights).unwrap();
    assert!(relative_error(distribution.mean(), plain.mean()) < 1e-12);
    let total: f64 = distribution.probabilities().iter().sum::<f64>() + tail.probability;
    assert!((total - 1.0).abs() < 1e-12);

    // Weights count as repetitions do: doubling every weight changes nothing.
    let doubled = Empirical::fit_gpd(&values, &vec![2.0; values.len()]).unwrap();
    assert!(relative_error(doubled.tail().unwrap().shape, tail.shape) < 1e-9);
}

#[test]
fn empirical_rejections_say_what_is_allowed() {
    let new = |v: &[f64], w: &[f64]| Empirical::new(v, w).unwrap_err();
    assert!(new(&[1.0], &[]).contains("one weight for each value"));
    assert!(new(&[], &[]).contains("at least one value"));
    assert!(new(&[1.0], &[0.0]).contains("at least one value"));
    assert!(new(&[0.0], &[1.0]).contains("above 0"));
    assert!(new(&[f64::NAN], &[1.0]).contains("got NaN"));
    assert!(new(&[1.0], &[-1.0]).contains("weights must be"));
    let values = sample(&*Family::parse("lognormal", Some(1.0)).unwrap(), 900);
    let message = Empirical::fit_gpd(&values, &vec![1.0; 900]).unwrap_err();
    assert!(message.contains("at least 50 records") && message.contains("got 45"), "{message}");
    let tail = GpdTail { threshold: 10.0, scale: 1.0, shape: 1.0, probability: 0.1 };
    let rejected = |tail| Empirical::with_tail(&[5.0], &[1.0], tail).unwrap_err();
    assert!(rejected(tail).contains("mean is infinite"));
    assert!(rejected(GpdTail { shape: 0.1, probability: 1.0, ..tail }).contains("probability"));
    assert!(rejected(GpdTail { shape: 0.1, scale: 0.0, ..tail }).contains("scale"));
    assert!(rejected(GpdTail { shape: 0.1, threshold: 2.0, ..tail }).contains("at or below"));
}
