//! Common measures: the largest length of which costs are multiples.

/// A rest this much smaller than the largest value is what rounding leaves.
const ROUNDING: f64 = 1e-12;
/// A common measure this much smaller than the largest value is none: multiples of it are as good as any number.
const FINEST: f64 = 1e-7;

/// The largest length of which all of these positive values are multiples but for rounding, and which is at least
/// `least`: none where there is no value or no such length.
pub(crate) fn common_measure(values: &[f64], least: f64) -> Option<f64> {
    let largest = values.iter().copied().fold(0.0, f64::max);
    let least = least.max(FINEST * largest);
    values
        .iter()
        .copied()
        .try_fold(0.0, |measure, value| {
            // Euclid's algorithm.
            let (mut a, mut b) = (value.max(measure), value.min(measure));
            while b > 0.0 {
                let rest = (a - libm::rint(a / b) * b).abs();
                (a, b) = (b, if rest <= ROUNDING * largest { 0.0 } else { rest });
                if a < least {
                    return None;
                }
            }
            Some(a)
        })
        .filter(|&measure| measure > 0.0)
        // The largest value has the fewest digits lost.
        .map(|measure| largest / libm::rint(largest / measure))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn are_measures_found_and_only_where_there_are_some() {
        let of = |values: &[f64]| common_measure(values, 0.0);
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[36.0]), Some(36.0));
        assert_eq!(of(&[36.0, 90.0]), Some(18.0));
        let pence = of(&[5_079.66, 10.0]).unwrap();
        assert!((pence / 0.02 - 1.0).abs() < 1e-9, "{pence}");
        assert_eq!(of(&[1.0, std::f64::consts::SQRT_2]), None);
        assert_eq!(of(&[11_103.497_004_481_846, 36.0]), None);
        assert_eq!(common_measure(&[36.0, 90.0], 20.0), None);
        // Geometric prices have no common measure, and the largest is not taken for one.
        let prices: Vec<f64> = (0..15).map(|i| 2_000.0 * libm::pow(20.0, f64::from(i) / 14.0)).collect();
        assert_eq!(of(&prices), None);
    }
}
