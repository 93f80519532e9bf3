use super::Distribution;
use crate::numeric::power::integer_power;

/// The cost is always 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fixed;

impl Distribution for Fixed {
    fn mean(&self) -> f64 {
        1.0
    }

    fn cdf(&self, x: f64) -> f64 {
        if x.is_nan() {
            x
        } else if x >= 1.0 {
            1.0
        } else {
            0.0
        }
    }

    fn survival(&self, x: f64) -> f64 {
        1.0 - self.cdf(x)
    }

    fn inverse_cdf(&self, w: f64) -> f64 {
        if w.is_nan() { w } else { 1.0 }
    }

    fn inverse_survival(&self, v: f64) -> f64 {
        self.inverse_cdf(v)
    }

    fn partial_moment(&self, _k: u32, x: f64) -> f64 {
        self.cdf(x)
    }

    fn interval(&self, a: f64, b: f64) -> [f64; 4] {
        let inside = f64::from(u8::from(a < 1.0 && 1.0 <= b));
        [0, 1, 2, 3].map(|k| inside * integer_power(1.0 - a, k))
    }

    fn atoms(&self) -> Vec<(f64, f64)> {
        vec![(1.0, 1.0)]
    }

    fn density_from(&self) -> f64 {
        f64::INFINITY
    }
}
