use libm::{exp, log};

use super::{Distribution, above};
use crate::numeric::special::{normal_cdf, normal_inverse_cdf, normal_inverse_survival, normal_survival};

/// Lognormal distribution of mean 1: ln X is normal with variance sigma² and mean -sigma²/2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lognormal {
    sigma: f64,
    mu: f64,
}

impl Lognormal {
    /// Largest sigma accepted: beyond it the fourth moment leaves the range of a double.
    pub const MAX_SIGMA: f64 = 10.0;

    /// The distribution of this shape; the message says what is allowed.
    pub fn new(sigma: f64) -> Result<Self, String> {
        let sigma = above("sigma", sigma, 0.0, Self::MAX_SIGMA)?;
        Ok(Self { sigma, mu: -0.5 * sigma * sigma })
    }

    /// The shape: SD of the logarithm.
    pub fn sigma(&self) -> f64 {
        self.sigma
    }

    fn z(&self, x: f64) -> f64 {
        if x <= 0.0 { f64::NEG_INFINITY } else { (log(x) - self.mu) / self.sigma }
    }
}

impl Distribution for Lognormal {
    fn mean(&self) -> f64 {
        1.0
    }

    fn cdf(&self, x: f64) -> f64 {
        normal_cdf(self.z(x))
    }

    fn survival(&self, x: f64) -> f64 {
        normal_survival(self.z(x))
    }

    fn inverse_cdf(&self, w: f64) -> f64 {
        exp(self.mu + self.sigma * normal_inverse_cdf(w))
    }

    fn inverse_survival(&self, v: f64) -> f64 {
        exp(self.mu + self.sigma * normal_inverse_survival(v))
    }

    /// exp(k mu + k² sigma²/2) Phi(z - k sigma), Aitchison & Brown (1957), theorem 2.6.
    fn partial_moment(&self, k: u32, x: f64) -> f64 {
        let k = f64::from(k);
        let moment = exp(0.5 * k * (k - 1.0) * self.sigma * self.sigma);
        moment * normal_cdf(self.z(x) - k * self.sigma)
    }
}
