//! The special functions against reference values from mpmath (tools/golden_severity.py, 50 digits).
//!
//! Tolerance: 1e-12 relative, plus what a rounding error in the argument does where the function
//! is steep: for the normal tail z² and for the incomplete functions the exponent, at most about
//! 650, both times 4e-16.

use fundholder_core::numeric::special::{
    beta_i, beta_i_complement, gamma_p, gamma_q, inverse_gamma_p, inverse_gamma_q, normal_cdf,
    normal_inverse_cdf, normal_inverse_survival, normal_survival,
};

const GOLDEN: &str = include_str!("golden/special.csv");

#[test]
fn golden_values() {
    let mut worst: Vec<(String, f64, String)> = Vec::new();
    let mut failures = Vec::new();
    for line in GOLDEN.lines().skip(1) {
        let f: Vec<&str> = line.split(',').collect();
        let number = |i: usize| f[i].parse::<f64>().unwrap();
        let (a, x, b, want) = (number(1), number(2), number(3), number(4));
        let got = match f[0] {
            "normal_cdf" => normal_cdf(a),
            "normal_survival" => normal_survival(a),
            "normal_inverse_cdf" => normal_inverse_cdf(a),
            "normal_inverse_survival" => normal_inverse_survival(a),
            "gamma_p" => gamma_p(a, x),
            "gamma_q" => gamma_q(a, x),
            "inverse_gamma_p" => inverse_gamma_p(a, x),
            "inverse_gamma_q" => inverse_gamma_q(a, x),
            "beta_i" => beta_i(a, b, x),
            "beta_i_complement" => beta_i_complement(a, b, x),
            other => panic!("unknown function {other}"),
        };
        let error = if got == want { 0.0 } else { ((got - want) / want).abs() };
        let steep = libm::log(want.abs()).abs() * 4e-16;
        match worst.iter_mut().find(|w| w.0 == f[0]) {
            Some(entry) if entry.1 >= error => {}
            Some(entry) => (entry.1, entry.2) = (error, line.to_string()),
            None => worst.push((f[0].to_string(), error, line.to_string())),
        }
        if error.is_nan() || error > 1e-12 + steep {
            failures.push(format!("{line}: got {got:e}, error {error:.1e}"));
        }
    }
    for (name, error, line) in &worst {
        println!("{name}: {error:.1e} at {line}");
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn ends_of_the_domain() {
    assert_eq!(normal_inverse_cdf(0.0), f64::NEG_INFINITY);
    assert_eq!(normal_inverse_cdf(1.0), f64::INFINITY);
    assert_eq!(normal_inverse_cdf(0.5), 0.0);
    assert_eq!((gamma_p(2.0, 0.0), gamma_q(2.0, 0.0)), (0.0, 1.0));
    assert_eq!((gamma_p(2.0, 1e308), gamma_q(2.0, 1e308)), (1.0, 0.0));
    assert_eq!((inverse_gamma_p(2.0, 0.0), inverse_gamma_p(2.0, 1.0)), (0.0, f64::INFINITY));
    assert_eq!((beta_i(2.0, 3.0, 0.0), beta_i(2.0, 3.0, 1.0)), (0.0, 1.0));
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(gamma_p(bad, 1.0).is_nan());
        assert!(inverse_gamma_q(bad, 0.5).is_nan());
        assert!(beta_i(bad, 1.0, 0.5).is_nan());
    }
}
