use libm::{exp, expm1, log, log1p, pow};

use super::{Distribution, above, expm1_ratio};

/// Classical (type I) Pareto distribution of mean 1: survival (minimum/x)^alpha, minimum (alpha-1)/alpha.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pareto {
    alpha: f64,
    minimum: f64,
}

impl Pareto {
    /// Largest alpha accepted: there the cost is practically one point.
    pub const MAX_ALPHA: f64 = 1e6;

    /// The distribution of this shape, above 1; the message says what is allowed.
    pub fn new(alpha: f64) -> Result<Self, String> {
        let alpha = above("alpha", alpha, 1.0, Self::MAX_ALPHA)?;
        Ok(Self { alpha, minimum: (alpha - 1.0) / alpha })
    }

    /// The shape.
    pub fn alpha(&self) -> f64 {
        self.alpha
    }

    /// The smallest cost.
    pub fn minimum(&self) -> f64 {
        self.minimum
    }

    /// ln(x / minimum), and 0 below the minimum.
    fn log_ratio(&self, x: f64) -> f64 {
        if x <= self.minimum {
            0.0
        } else if x < 2.0 * self.minimum {
            log1p((x - self.minimum) / self.minimum)
        } else {
            // Apart, because the quotient can leave the range of a double.
            log(x) - log(self.minimum)
        }
    }
}

impl Distribution for Pareto {
    fn mean(&self) -> f64 {
        1.0
    }

    fn cdf(&self, x: f64) -> f64 {
        -expm1(-self.alpha * self.log_ratio(x))
    }

    fn survival(&self, x: f64) -> f64 {
        exp(-self.alpha * self.log_ratio(x))
    }

    fn inverse_cdf(&self, w: f64) -> f64 {
        self.minimum * exp(-log1p(-w.clamp(0.0, 1.0)) / self.alpha)
    }

    fn inverse_survival(&self, v: f64) -> f64 {
        self.minimum * exp(-log(v.clamp(0.0, 1.0)) / self.alpha)
    }

    /// alpha minimum^k ((x/minimum)^(k-alpha) - 1) / (k - alpha), stable through k = alpha.
    fn partial_moment(&self, k: u32, x: f64) -> f64 {
        let k = f64::from(k);
        let moment_scale = self.alpha * pow(self.minimum, k);
        let excess = k - self.alpha;
        if x == f64::INFINITY {
            return if excess < 0.0 { moment_scale / -excess } else { f64::INFINITY };
        }
        let log_ratio = self.log_ratio(x);
        moment_scale * log_ratio * expm1_ratio(excess * log_ratio)
    }
}
