use libm::{exp, expm1, log};

use super::{above, between, expm1_ratio, log1p_ratio};

/// A generalised Pareto distribution of the cost above a threshold: P(X > threshold + y) is
/// `probability * (1 + shape y / scale)^(-1/shape)`, Pickands (1975); exponential at shape 0 and
/// bounded by `threshold - scale / shape` for a negative shape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GpdTail {
    /// Cost (£) from which on the tail is fitted.
    pub threshold: f64,
    /// Scale (£), above 0.
    pub scale: f64,
    /// Shape, below 1; above 0 the tail is heavy.
    pub shape: f64,
    /// Share of users above the threshold.
    pub probability: f64,
}

/// Up to here (in units of the exponential variate) partial moments come from one quadrature.
const QUADRATURE_LIMIT: f64 = 4.0;

impl GpdTail {
    /// Largest threshold or scale accepted, so that fourth moments stay in range.
    pub const MAX_VALUE: f64 = 1e60;
    /// Lowest shape accepted; at such a shape the tail is practically one point.
    pub const MIN_SHAPE: f64 = -1e9;

    /// The tail itself, or a message that says what its fields may be.
    pub fn checked(self) -> Result<Self, String> {
        between("tail threshold", self.threshold, 0.0, Self::MAX_VALUE)?;
        above("tail scale", self.scale, 0.0, Self::MAX_VALUE)?;
        if !(self.shape >= Self::MIN_SHAPE && self.shape < 1.0) {
            return Err(format!(
                "tail shape must be a number below 1 (from 1 on the mean is infinite) and at least {}, got {}",
                Self::MIN_SHAPE,
                self.shape
            ));
        }
        if !(self.probability > 0.0 && self.probability < 1.0) {
            return Err(format!(
                "tail probability must be a number above 0 and below 1, got {}",
                self.probability
            ));
        }
        Ok(self)
    }

    /// Mean of the cost above the threshold, less the threshold (£).
    pub fn mean_excess(&self) -> f64 {
        self.scale / (1.0 - self.shape)
    }

    /// Largest cost there can be; +inf for shape 0 and above.
    pub fn end_point(&self) -> f64 {
        if self.shape < 0.0 { self.threshold - self.scale / self.shape } else { f64::INFINITY }
    }

    /// `-ln P(excess > y)`: the excess is a monotone function of a standard exponential variate,
    /// and this is that variate.
    fn exponential(&self, y: f64) -> f64 {
        if y <= 0.0 {
            return 0.0;
        }
        if y == f64::INFINITY {
            return y;
        }
        let scaled = y / self.scale;
        if self.shape == 0.0 {
            return scaled;
        }
        let growth = self.shape * scaled;
        if growth < -0.5 {
            // Towards the end point: subtract before dividing.
            let left = (self.scale + self.shape * y) / self.scale;
            if left > 0.0 { log(left) / self.shape } else { f64::INFINITY }
        } else if growth == f64::INFINITY {
            (log(self.shape) + log(y) - log(self.scale)) / self.shape
        } else {
            scaled * log1p_ratio(growth)
        }
    }

    /// P(excess > y | above the threshold).
    pub fn excess_survival(&self, y: f64) -> f64 {
        exp(-self.exponential(y))
    }

    /// P(excess <= y | above the threshold).
    pub fn excess_cdf(&self, y: f64) -> f64 {
        -expm1(-self.exponential(y))
    }

    /// The excess whose survival probability is `v`, in (0, 1].
    pub fn excess_inverse_survival(&self, v: f64) -> f64 {
        self.excess_at(-log(v.clamp(0.0, 1.0)))
    }

    /// The excess that belongs to the exponential variate `t`.
    fn excess_at(&self, t: f64) -> f64 {
        if t == f64::INFINITY {
            return if self.shape < 0.0 { -self.scale / self.shape } else { t };
        }
        self.scale * t * expm1_ratio(self.shape * t)
    }

    /// E[(threshold + Y)^k; Y <= y] for the excess Y, given that the cost is above the threshold.
    pub fn partial_moment(&self, k: u32, y: f64) -> f64 {
        if y.is_nan() {
            return y;
        }
        let t = self.exponential(y);
        let mut sum = 0.0;
        let mut binomial = 1.0;
        for j in 0..=k {
            let from_threshold = (0..k - j).fold(1.0, |power, _| power * self.threshold);
            let from_scale = (0..j).fold(1.0, |power, _| power * self.scale);
            if from_threshold > 0.0 {
                sum += binomial * from_threshold * from_scale * self.unit_moment(j, t);
            }
            binomial *= f64::from(k - j) / f64::from(j + 1);
        }
        sum
    }

    /// Integral of g(s)^j e^-s over s in [0, t], with g(s) = expm1(shape s) / shape.
    ///
    /// Three forms, each free of harmful cancellation where it is used: Gauss-Legendre for small
    /// t; the whole moment less the part above t, from the recurrence that integration by parts
    /// gives; and the binomial expansion of g^j where the moment is infinite or nearly so.
    fn unit_moment(&self, j: u32, t: f64) -> f64 {
        if j == 0 {
            return -expm1(-t);
        }
        let order = f64::from(j);
        let decay = 1.0 - order * self.shape;
        if t == f64::INFINITY {
            if decay <= 0.0 {
                return f64::INFINITY;
            }
            return self.full_moment(j);
        }
        if t * self.shape.abs().max(1.0) <= QUADRATURE_LIMIT {
            return self.quadrature(j, t);
        }
        if decay >= 0.2 {
            return self.full_moment(j) - self.moment_above(j, t);
        }
        self.quadrature(j, QUADRATURE_LIMIT) + self.binomial_integral(j, QUADRATURE_LIMIT, t)
    }

    /// j! / ((1 - shape) (1 - 2 shape) ... (1 - j shape)).
    fn full_moment(&self, j: u32) -> f64 {
        (1..=j).map(f64::from).map(|i| i / (1.0 - i * self.shape)).product()
    }

    /// Integral of g^j e^-s from t on: U_j = (g(t)^j e^-t + j U_(j-1)) / (1 - j shape), all
    /// terms positive.
    fn moment_above(&self, j: u32, t: f64) -> f64 {
        let grown = self.shape * t;
        let log_g = if grown > 600.0 { grown - log(self.shape) } else { log(t * expm1_ratio(grown)) };
        let mut above = exp(-t);
        for i in (1..=j).map(f64::from) {
            above = (exp(i * log_g - t) + i * above) / (1.0 - i * self.shape);
        }
        above
    }

    /// Gauss-Legendre with 20 nodes; the rule's error is below rounding for t up to `QUADRATURE_LIMIT`.
    fn quadrature(&self, j: u32, t: f64) -> f64 {
        let half = 0.5 * t;
        let mut sum = 0.0;
        for (node, weight) in GAUSS_LEGENDRE {
            for s in [half - half * node, half + half * node] {
                let g = s * expm1_ratio(self.shape * s);
                let power = (0..j).fold(1.0, |power, _| power * g);
                sum += weight * power * exp(-s);
            }
        }
        half * sum
    }

    /// Integral of g^j e^-s over [from, to] by the binomial expansion of (e^(shape s) - 1)^j.
    fn binomial_integral(&self, j: u32, from: f64, to: f64) -> f64 {
        let length = to - from;
        if (f64::from(j) * self.shape - 1.0) * to > 700.0 {
            return f64::INFINITY;
        }
        let mut sum = 0.0;
        let mut binomial = 1.0;
        for i in 0..=j {
            let rate = f64::from(i) * self.shape - 1.0;
            let term = binomial * exp(rate * from) * length * expm1_ratio(rate * length);
            sum += if (j - i).is_multiple_of(2) { term } else { -term };
            binomial *= f64::from(j - i) / f64::from(i + 1);
        }
        (0..j).fold(sum, |value, _| value / self.shape)
    }
}

/// Positive nodes and weights of the 20-point Gauss-Legendre rule on [-1, 1].
const GAUSS_LEGENDRE: [(f64, f64); 10] = [
    (0.9931285991850949, 0.017614007139152118),
    (0.9639719272779138, 0.04060142980038694),
    (0.912234428251326, 0.06267204833410907),
    (0.8391169718222188, 0.08327674157670475),
    (0.7463319064601508, 0.10193011981724044),
    (0.636053680726515, 0.11819453196151841),
    (0.5108670019508271, 0.13168863844917664),
    (0.37370608871541955, 0.14209610931838204),
    (0.22778585114164507, 0.14917298647260374),
    (0.07652652113349734, 0.15275338713072584),
];
