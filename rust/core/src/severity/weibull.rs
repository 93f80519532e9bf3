use libm::{exp, expm1, log, log1p, pow, tgamma};

use super::{Distribution, between};
use crate::numeric::special::gamma_p;

/// Weibull distribution of mean 1: survival exp(-(x/scale)^k) with scale 1/Gamma(1 + 1/k).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weibull {
    k: f64,
    scale: f64,
}

impl Weibull {
    /// Smallest k accepted: below it Gamma(1 + 4/k) soon leaves the range of a double.
    pub const MIN_K: f64 = 0.05;
    /// Largest k accepted: the k-th power multiplies a rounding error of x by k.
    pub const MAX_K: f64 = 100.0;

    /// The distribution of this shape; the message says what is allowed.
    pub fn new(k: f64) -> Result<Self, String> {
        let k = between("k", k, Self::MIN_K, Self::MAX_K)?;
        let scale = 1.0 / tgamma(1.0 + 1.0 / k);
        Ok(Self { k, scale })
    }

    /// The shape.
    pub fn k(&self) -> f64 {
        self.k
    }

    /// The cumulative hazard (x/scale)^k.
    fn hazard(&self, x: f64) -> f64 {
        if x <= 0.0 { 0.0 } else { pow(x / self.scale, self.k) }
    }

    fn inverse_hazard(&self, hazard: f64) -> f64 {
        self.scale * pow(hazard, 1.0 / self.k)
    }
}

impl Distribution for Weibull {
    fn mean(&self) -> f64 {
        1.0
    }

    fn cdf(&self, x: f64) -> f64 {
        -expm1(-self.hazard(x))
    }

    fn survival(&self, x: f64) -> f64 {
        exp(-self.hazard(x))
    }

    fn inverse_cdf(&self, w: f64) -> f64 {
        self.inverse_hazard(-log1p(-w.clamp(0.0, 1.0)))
    }

    fn inverse_survival(&self, v: f64) -> f64 {
        self.inverse_hazard(-log(v.clamp(0.0, 1.0)))
    }

    /// scale^m Gamma(1 + m/k) P(1 + m/k, (x/scale)^k).
    fn partial_moment(&self, m: u32, x: f64) -> f64 {
        if m == 0 {
            return self.cdf(x);
        }
        let power = (0..m).fold(1.0, |power, _| power * self.scale);
        let a = 1.0 + f64::from(m) / self.k;
        power * tgamma(a) * gamma_p(a, self.hazard(x))
    }
}
