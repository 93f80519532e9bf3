//! Are the closed-form moments of a person's year right? Against oracles that share no formula with them.

// Oracles are compared within tolerances: a last bit of the platform's maths does not show.
#![allow(clippy::disallowed_methods)]

use fundholder_core::contract::StopLoss;
use fundholder_core::model::{Band, EventType, Severity, Year};
use fundholder_core::numeric::special::gamma_p;
use fundholder_core::severity::{Empirical, GpdTail};

/// Positive nodes and weights of the 10-point Gauss-Legendre rule on [-1, 1] (Abramowitz and Stegun 1964, table 25.4).
const GAUSS_LEGENDRE: [(f64, f64); 5] = [
    (0.148_874_338_981_631_22, 0.295_524_224_714_752_87),
    (0.433_395_394_129_247_2, 0.269_266_719_309_996_35),
    (0.679_409_568_299_024_4, 0.219_086_362_515_982_04),
    (0.865_063_366_688_984_5, 0.149_451_349_150_580_6),
    (0.973_906_528_517_171_7, 0.066_671_344_308_688_14),
];

fn severity(family: &str, mean: f64, shape: Option<f64>) -> Severity {
    Severity::parametric(family, mean, shape).unwrap()
}

fn annual(p_any: f64, severity: Severity) -> Band {
    Band { name: None, year: Year::Annual { p_any, severity } }
}

fn events(types: &[(f64, Severity)]) -> Band {
    let types = types.iter().map(|(rate, severity)| EventType { rate: *rate, severity: severity.clone() });
    Band { name: None, year: Year::Events { types: types.collect(), frailty: 0.0 } }
}

fn stop_loss(ceiling: f64, share: f64, limit: Option<f64>) -> StopLoss {
    StopLoss::new(ceiling, share, limit).unwrap()
}

fn net(contract: Option<&StopLoss>, cost: f64) -> f64 {
    cost - contract.map_or(0.0, |contract| contract.ceded(cost))
}

/// E[net^k] for k = 1, 2, 3 of a severity, by quadrature over its quantile function: octaves of the share of costs
/// above (below) towards each end, cut where the contract has a corner.
fn by_quadrature(severity: &Severity, contract: Option<&StopLoss>) -> [f64; 3] {
    let (distribution, scale) = (severity.distribution(), severity.scale());
    let corners: Vec<f64> = contract.map_or(Vec::new(), |s| {
        let exhausted = s.limit().map(|limit| s.ceiling() + limit / s.share());
        [Some(s.ceiling()), exhausted].into_iter().flatten().map(|pounds| pounds / scale).collect()
    });
    let mut sums = [0.0; 3];
    // Down to 2^-600: the third moment of a pareto with alpha 4 has lost 2^-150 there.
    let mut side = |quantile: &dyn Fn(f64) -> f64, cuts: Vec<f64>| {
        let mut edges: Vec<f64> = (1..600).map(|octave| 2f64.powi(-octave)).collect();
        edges.extend(cuts.into_iter().filter(|&cut| cut > 0.0 && cut < 0.5));
        edges.sort_unstable_by(f64::total_cmp);
        for edge in edges.windows(2) {
            let (middle, half) = (0.5 * (edge[0] + edge[1]), 0.5 * (edge[1] - edge[0]));
            for (node, weight) in GAUSS_LEGENDRE {
                for w in [middle - half * node, middle + half * node] {
                    let kept = net(contract, scale * quantile(w));
                    sums.iter_mut().zip(1..).for_each(|(sum, k)| *sum += weight * half * kept.powi(k));
                }
            }
        }
    };
    side(&|v| distribution.inverse_survival(v), corners.iter().map(|&x| distribution.survival(x)).collect());
    side(&|w| distribution.inverse_cdf(w), corners.iter().map(|&x| distribution.cdf(x)).collect());
    sums
}

/// Mean, SD and skewness from raw moments.
fn central([m1, m2, m3]: [f64; 3]) -> [f64; 3] {
    let variance = m2 - m1 * m1;
    [m1, variance.sqrt(), (m3 - 3.0 * m1 * m2 + 2.0 * m1.powi(3)) / variance.powf(1.5)]
}

fn assert_moments(what: &str, band: &Band, contract: Option<&StopLoss>, raw: [f64; 3], tolerance: f64) {
    assert_each(what, band, contract, raw, [tolerance; 3]);
}

fn assert_each(what: &str, band: &Band, contract: Option<&StopLoss>, raw: [f64; 3], tolerances: [f64; 3]) {
    let got = band.moments(contract).unwrap();
    let want = central(raw);
    let got = [got.mean, got.sd, got.skewness.unwrap()];
    let names = ["mean", "sd", "skewness"].into_iter().zip(tolerances);
    for (((name, tolerance), got), want) in names.zip(got).zip(want) {
        // A skewness near 0 is a small difference of large numbers.
        let error = (got - want).abs() / want.abs().max(if name == "skewness" { 1.0 } else { 0.0 });
        println!("{what} {name}: {error:.1e}");
        assert!(error <= tolerance, "{what} {name}: got {got}, want {want}, error {error:.1e}");
    }
}

fn contracts() -> Vec<Option<StopLoss>> {
    vec![
        None,
        Some(stop_loss(2_000.0, 1.0, None)),
        Some(stop_loss(20_000.0, 1.0, None)),
        Some(stop_loss(5_000.0, 0.7, None)),
        Some(stop_loss(5_000.0, 0.7, Some(30_000.0))),
        Some(stop_loss(1_000.0, 1.0, Some(4_000.0))),
        Some(stop_loss(0.0, 0.5, Some(3_000.0))),
    ]
}

#[test]
fn do_moments_of_a_year_equal_the_integral_over_its_quantiles() {
    let distributions = [
        ("lognormal", 0.5),
        ("lognormal", 1.388),
        ("lognormal", 1.6),
        ("gamma", 0.3),
        ("gamma", 5.0),
        ("weibull", 0.5),
        ("weibull", 3.0),
        ("pareto", 4.0),
    ];
    for (family, shape) in distributions {
        let severity = severity(family, 800.0 / 0.3, Some(shape));
        for contract in contracts() {
            let raw = by_quadrature(&severity, contract.as_ref()).map(|m| 0.3 * m);
            let name = format!("{family} {shape} {contract:?}");
            // Ten nodes an octave leave less than 1e-12 of a smooth distribution; octaves are not smooth at the far end
            // of a gamma or weibull with a small shape, whose lower quantiles are a high power of w.
            assert_moments(&name, &annual(0.3, severity.clone()), contract.as_ref(), raw, 1e-9);
        }
    }
}

#[test]
fn do_moments_of_observed_costs_equal_their_sums() {
    let (values, weights) = ([40.0, 900.0, 2_500.0, 17_000.0, 60_000.0], [6.0, 3.0, 2.0, 0.5, 0.1]);
    let severity = Severity::observed(Empirical::new(&values, &weights).unwrap());
    let total: f64 = weights.iter().sum();
    for contract in contracts() {
        let moment = |k: i32| -> f64 {
            let kept = values.iter().map(|&cost| net(contract.as_ref(), cost).powi(k));
            0.3 * kept.zip(&weights).map(|(x, w)| x * w / total).sum::<f64>()
        };
        let raw = [1, 2, 3].map(moment);
        // A handful of additions.
        assert_moments("observed", &annual(0.3, severity.clone()), contract.as_ref(), raw, 1e-12);
    }
}

#[test]
fn do_moments_with_a_fitted_tail_equal_the_integral_over_its_quantiles() {
    for shape in [-0.3, 0.0, 0.2] {
        let tail = GpdTail { threshold: 3_000.0, scale: 4_000.0, shape, probability: 0.05 };
        let distribution = Empirical::with_tail(&[1_000.0, 3_000.0], &[3.0, 1.0], tail).unwrap();
        let atoms: Vec<(f64, f64)> =
            distribution.values().iter().copied().zip(distribution.probabilities().iter().copied()).collect();
        let severity = Severity::observed(distribution);
        for contract in contracts() {
            // The tail by quadrature over its own share, the two atoms by hand.
            let mut raw = [0.0; 3];
            let mut edges: Vec<f64> = (0..600).map(|octave| 2f64.powi(-octave)).collect();
            if let Some(s) = &contract {
                for corner in [Some(s.ceiling()), s.limit().map(|limit| s.ceiling() + limit / s.share())] {
                    let cut = corner.map_or(0.0, |x| severity.distribution().survival(x) / tail.probability);
                    edges.extend((cut > 0.0 && cut < 1.0).then_some(cut));
                }
            }
            edges.sort_unstable_by(f64::total_cmp);
            for edge in edges.windows(2) {
                let (middle, half) = (0.5 * (edge[0] + edge[1]), 0.5 * (edge[1] - edge[0]));
                for (node, weight) in GAUSS_LEGENDRE.into_iter().flat_map(|(n, w)| [(n, w), (-n, w)]) {
                    let v = middle + half * node;
                    // Pickands (1975), written out.
                    let excess = if shape == 0.0 { -v.ln() } else { (v.powf(-shape) - 1.0) / shape };
                    let kept = net(contract.as_ref(), tail.threshold + tail.scale * excess);
                    let probability = weight * half * tail.probability;
                    raw.iter_mut().zip(1..).for_each(|(sum, k)| *sum += probability * kept.powi(k));
                }
            }
            for &(cost, probability) in &atoms {
                let kept = net(contract.as_ref(), cost);
                raw.iter_mut().zip(1..).for_each(|(sum, k)| *sum += probability * kept.powi(k));
            }
            let name = format!("tail {shape} {contract:?}");
            // As above; the quadrature of the logarithm's end has lost 1e-12 of a third moment.
            let raw = raw.map(|m| 0.3 * m);
            assert_moments(&name, &annual(0.3, severity.clone()), contract.as_ref(), raw, 1e-9);
        }
    }
}

/// P(N = n) of a Poisson distribution, one after another.
fn poisson(rate: f64) -> impl Iterator<Item = f64> {
    std::iter::successors(Some((0, (-rate).exp())), move |&(n, p)| Some((n + 1, p * rate / f64::from(n + 1))))
        .map(|(_, p)| p)
}

#[test]
fn do_fixed_costs_add_up_over_all_numbers_of_events() {
    let cases = [
        vec![(0.3, 4_000.0)],
        vec![(0.4, 250.0), (0.05, 4_000.0)],
        vec![(2.0, 777.0), (0.3, 1_234.5)],
        vec![(8.0, 300.0)],
    ];
    for case in cases {
        let types: Vec<_> = case.iter().map(|&(rate, cost)| (rate, severity("fixed", cost, None))).collect();
        let band = events(&types);
        let (second_rate, second_cost) = *case.get(1).unwrap_or(&(0.0, 0.0));
        for contract in contracts() {
            let mut raw = [0.0; 3];
            for (n, p) in poisson(case[0].0).take(80).enumerate() {
                for (m, q) in poisson(second_rate).take(80).enumerate() {
                    let kept = net(contract.as_ref(), n as f64 * case[0].1 + m as f64 * second_cost);
                    raw.iter_mut().zip(1..).for_each(|(sum, k)| *sum += p * q * kept.powi(k));
                }
            }
            let name = format!("{case:?} {contract:?}");
            // Without a corner the cumulants are exact, and with one sums of prices are listed one by one; a third
            // moment is a small difference of large numbers.
            assert_each(&name, &band, contract.as_ref(), raw, [1e-12, 1e-11, 1e-9]);
        }
    }
}

#[test]
fn do_exponential_costs_add_up_to_gamma_distributions() {
    // The sum of n exponentials of mean 1 is a gamma distribution of shape n: E[X^j; X <= x] is Gamma(n+j)/Gamma(n)
    // P(n+j, x).
    let partial = |n: f64, j: i32, x: f64| {
        let rising: f64 = (0..j).map(|i| n + f64::from(i)).product();
        rising * if x.is_finite() { gamma_p(n + f64::from(j), x) } else { 1.0 }
    };
    let mean = 1_500.0;
    for rate in [0.05, 0.6, 3.0] {
        let band = events(&[(rate, severity("gamma", mean, Some(1.0)))]);
        for ceiling in [500.0, 2_000.0, 20_000.0] {
            let contract = stop_loss(ceiling, 1.0, None);
            let x = ceiling / mean;
            let mut raw = [0.0; 3];
            for (n, p) in poisson(rate).enumerate().take(120).skip(1) {
                for (k, sum) in raw.iter_mut().enumerate() {
                    let k = k as i32 + 1;
                    let above = x.powi(k) * (1.0 - gamma_p(n as f64, x));
                    *sum += p * mean.powi(k) * (partial(n as f64, k, x) + above);
                }
            }
            // Each cost is shared by two points no farther apart than a 1,024th of it: its square grows by 2e-7 at
            // most.
            let name = format!("rate {rate} {contract:?}");
            assert_each(&name, &band, Some(&contract), raw, [1e-6, 1e-6, 1e-5]);
        }
        let moment = |k: i32| rate * mean.powi(k) * partial(1.0, k, f64::INFINITY);
        let got = band.moments(None).unwrap();
        let sd = moment(2).sqrt();
        for (got, want) in
            [(got.mean, moment(1)), (got.sd, sd), (got.skewness.unwrap(), moment(3) / sd.powi(3))]
        {
            assert!((got / want - 1.0).abs() < 1e-12, "{got} for {want}");
        }
    }
}

#[test]
fn does_a_ceiling_beyond_every_year_change_nothing() {
    for band in [
        annual(0.3, severity("gamma", 800.0, Some(2.0))),
        events(&[(0.5, severity("gamma", 800.0, Some(2.0))), (0.1, severity("fixed", 3_000.0, None))]),
    ] {
        let (with, without) =
            (band.moments(Some(&stop_loss(1e6, 1.0, None))).unwrap(), band.moments(None).unwrap());
        // Under a ceiling, years of events are on lattices, which keep moments to 1e-6.
        for (a, b) in [(with.mean, without.mean), (with.sd, without.sd)] {
            assert!((a / b - 1.0).abs() < 1e-6, "{a} for {b}");
        }
    }
}

#[test]
fn does_everything_ceded_leave_nothing() {
    for band in [
        annual(0.3, severity("pareto", 800.0, Some(1.5))),
        events(&[(0.5, severity("gamma", 800.0, Some(2.0)))]),
    ] {
        let got = band.moments(Some(&stop_loss(0.0, 1.0, None))).unwrap();
        assert_eq!((got.mean, got.sd, got.cv, got.skewness), (0.0, 0.0, None, None));
    }
}

#[test]
fn does_a_cost_that_does_not_vary_have_no_sd_and_no_skewness() {
    let got = annual(1.0, severity("fixed", 123.0, None)).moments(None).unwrap();
    assert_eq!((got.mean, got.sd, got.cv, got.skewness), (123.0, 0.0, Some(0.0), None));
}

#[test]
fn is_an_infinite_variance_rejected_by_name() {
    let heavy = || severity("pareto", 800.0, Some(1.9));
    for mut band in [annual(0.3, heavy()), events(&[(0.3, heavy()), (1.0, severity("fixed", 1.0, None))])] {
        band.name = Some("frail".into());
        // A limit gives the tail back.
        for contract in
            [None, Some(stop_loss(1_000.0, 1.0, Some(5_000.0))), Some(stop_loss(1_000.0, 0.5, None))]
        {
            let message = band.moments(contract.as_ref()).unwrap_err().to_string();
            assert!(
                message.starts_with("band 'frail': the variance of a person's cost is infinite"),
                "{message}"
            );
        }
        assert!(band.moments(Some(&stop_loss(1_000.0, 1.0, None))).is_ok());
    }
}

#[test]
fn is_an_infinite_skewness_none() {
    let heavy = || severity("pareto", 800.0, Some(2.5));
    for band in [annual(0.3, heavy()), events(&[(0.3, heavy())])] {
        let got = band.moments(None).unwrap();
        assert!(got.sd.is_finite() && got.sd > 0.0);
        assert_eq!(got.skewness, None);
        assert!(band.moments(Some(&stop_loss(1_000.0, 1.0, None))).unwrap().skewness.is_some());
    }
}
