//! Has each observed cost its own probability? Worked out from the columns of the table.

use super::{AliasTable, Column};
use crate::numeric::power::integer_power;
use crate::severity::{Distribution, Empirical, GpdTail};

/// The probability of each atom, given that the cost is not in the tail.
fn implied(table: &AliasTable) -> Vec<f64> {
    let n = table.columns.len();
    let mut sums = vec![0.0; n];
    for (i, &Column { cut, other }) in table.columns.iter().enumerate() {
        sums[i] += cut / n as f64;
        sums[other as usize] += (1.0 - cut) / n as f64;
    }
    sums
}

/// Weights over nine orders of magnitude.
fn costs(n: usize) -> (Vec<f64>, Vec<f64>) {
    let values = (0..n).map(|i| 10.0 + (i * i) as f64).collect();
    let weights = (0..n).map(|i| libm::pow(10.0, 9.0 * ((i * 7919) % n) as f64 / n as f64)).collect();
    (values, weights)
}

fn tail(shape: f64) -> GpdTail {
    GpdTail { threshold: 5_000.0, scale: 2_000.0, shape, probability: 0.03 }
}

fn assert_same(distribution: &Empirical) {
    let table = AliasTable::new(distribution);
    let body = 1.0 - distribution.tail().map_or(0.0, |tail| tail.probability);
    let expected: Vec<f64> = distribution.probabilities().iter().map(|p| p / body).collect();
    let got = implied(&table);
    assert_eq!(got.len(), expected.len());
    for (i, (got, want)) in got.iter().zip(&expected).enumerate() {
        // Each column rounds once: 1e-16 times their number, at most.
        assert!((got - want).abs() <= 1e-12, "atom {i}: {got:e} for {want:e}");
    }
}

#[test]
fn has_every_observed_cost_its_probability() {
    for n in [1, 2, 3, 10, 1_000] {
        let (values, weights) = costs(n);
        assert_same(&Empirical::new(&values, &weights).unwrap());
    }
}

#[test]
fn has_the_tail_its_probability() {
    for n in [1, 2, 50] {
        let (values, weights) = costs(n);
        assert_same(&Empirical::with_tail(&values, &weights, tail(0.3)).unwrap());
    }
}

#[test]
fn is_the_cost_in_the_tail_its_quantile() {
    for shape in [-0.4, 0.0, 0.3, 0.8] {
        let (values, weights) = costs(50);
        let distribution = Empirical::with_tail(&values, &weights, tail(shape)).unwrap();
        let table = AliasTable::new(&distribution);
        for v in (0..200_000).map(|i| (f64::from(i) + 0.5) / 200_000.0).chain([1e-9, 1e-15]) {
            let cost = table.at(v);
            if v < 0.03 {
                // Rounding of the cost, seen through a survival function that falls to 1e-15.
                assert!((distribution.survival(cost) / v - 1.0).abs() < 1e-9, "{v}: {cost}");
            } else {
                assert!(distribution.values().contains(&cost), "{v}: {cost}");
            }
        }
    }
}

#[test]
fn is_the_cost_finite_at_the_ends() {
    let (values, weights) = costs(5);
    let table = AliasTable::new(&Empirical::with_tail(&values, &weights, tail(0.9)).unwrap());
    for v in [integer_power(2.0, -65), 1e-18, 0.5, 1.0 - f64::EPSILON / 2.0] {
        let cost = table.at(v);
        assert!(cost.is_finite() && cost > 0.0, "{v:e}: {cost}");
    }
}
