use super::{Distribution, between};
use crate::numeric::special::{gamma_p, gamma_q, inverse_gamma_p, inverse_gamma_q};

/// Gamma distribution of mean 1: shape alpha, scale 1/alpha.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gamma {
    alpha: f64,
}

impl Gamma {
    /// Smallest alpha accepted: the incomplete gamma function is tested down to it.
    pub const MIN_ALPHA: f64 = 1e-3;
    /// Largest alpha accepted: the incomplete gamma function is tested up to it.
    pub const MAX_ALPHA: f64 = 1e6;

    /// The distribution of this shape; the message says what is allowed.
    pub fn new(alpha: f64) -> Result<Self, String> {
        let alpha = between("alpha", alpha, Self::MIN_ALPHA, Self::MAX_ALPHA)?;
        Ok(Self { alpha })
    }

    /// The shape.
    pub fn alpha(&self) -> f64 {
        self.alpha
    }
}

impl Distribution for Gamma {
    fn mean(&self) -> f64 {
        1.0
    }

    fn cdf(&self, x: f64) -> f64 {
        gamma_p(self.alpha, self.alpha * x)
    }

    fn survival(&self, x: f64) -> f64 {
        gamma_q(self.alpha, self.alpha * x)
    }

    /// For alpha below about 0.02 the lower quantiles underflow and come out as 0.
    fn inverse_cdf(&self, w: f64) -> f64 {
        inverse_gamma_p(self.alpha, w) / self.alpha
    }

    fn inverse_survival(&self, v: f64) -> f64 {
        inverse_gamma_q(self.alpha, v) / self.alpha
    }

    /// Gamma(alpha + k) / (Gamma(alpha) alpha^k) P(alpha + k, alpha x).
    fn partial_moment(&self, k: u32, x: f64) -> f64 {
        let moment: f64 = (0..k).map(|i| 1.0 + f64::from(i) / self.alpha).product();
        moment * gamma_p(self.alpha + f64::from(k), self.alpha * x)
    }
}
