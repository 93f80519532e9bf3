//! Distributions of a positive cost: five parametric families of mean 1 and the empirical distribution in £.

mod density_points;
mod empirical;
mod fixed;
mod gamma;
mod gpd;
mod interval;
mod lognormal;
mod pareto;
mod truncated;
mod weibull;

use std::sync::Arc;

pub(crate) use density_points::DensityPoints;
pub use empirical::Empirical;
pub use fixed::Fixed;
pub use gamma::Gamma;
pub use gpd::GpdTail;
pub(crate) use interval::{Interval, intervals};
pub use lognormal::Lognormal;
pub use pareto::Pareto;
pub(crate) use truncated::Truncated;
pub use weibull::Weibull;

/// Highest order `k` that [`Distribution::partial_moment`] is meant for.
pub const MAX_MOMENT: u32 = 4;

/// The distribution of a positive cost, in its own units. Parametric families are standardised to mean 1.
///
/// Arguments outside the stated ranges never panic: an `x` below the support is treated as the
/// lower end, a probability at or beyond 0 or 1 gives the matching end of the support, and a NaN
/// argument gives NaN.
pub trait Distribution: Send + Sync {
    /// The mean, E(X).
    fn mean(&self) -> f64;

    /// P(X <= x).
    fn cdf(&self, x: f64) -> f64;

    /// P(X > x), accurate in relative terms in the far tail.
    fn survival(&self, x: f64) -> f64;

    /// The smallest x with cdf(x) >= w, for w in (0, 1); accurate for tiny w.
    fn inverse_cdf(&self, w: f64) -> f64;

    /// The smallest x with survival(x) <= v, for v in (0, 1); accurate for tiny v (to 1e-20).
    fn inverse_survival(&self, v: f64) -> f64;

    /// E[X^k; X <= x] for k in 0..=4 and x in [0, inf]; +inf where the moment does not exist and
    /// x = inf.
    fn partial_moment(&self, k: u32, x: f64) -> f64;

    /// P(a < X <= b) and E[(X - a)^k; a < X <= b] for k = 1, 2, 3, over a finite interval on which the distribution is
    /// smooth.
    fn interval(&self, a: f64, b: f64) -> [f64; 4] {
        interval::from_tails(self, a, b)
    }

    /// Costs that have a probability of their own, ascending, with their probabilities.
    fn atoms(&self) -> Vec<(f64, f64)> {
        Vec::new()
    }

    /// Where its density begins: infinite where it has atoms only.
    fn density_from(&self) -> f64 {
        0.0
    }
}

/// Address of a distribution, by which distributions are told apart: they are shared, and outlive what is made of them.
pub(crate) fn address(distribution: &Arc<dyn Distribution>) -> usize {
    Arc::as_ptr(distribution).cast::<()>() as usize
}

/// The named families of mean 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Shape sigma, the SD of the logarithm.
    Lognormal,
    /// Shape alpha.
    Gamma,
    /// Shape k.
    Weibull,
    /// Type I, with shape alpha.
    Pareto,
    /// One cost, without a shape.
    Fixed,
}

impl Family {
    /// All families.
    pub const ALL: [Family; 5] =
        [Family::Lognormal, Family::Gamma, Family::Weibull, Family::Pareto, Family::Fixed];

    /// Name of the family, as in tables.
    pub fn name(self) -> &'static str {
        match self {
            Family::Lognormal => "lognormal",
            Family::Gamma => "gamma",
            Family::Weibull => "weibull",
            Family::Pareto => "pareto",
            Family::Fixed => "fixed",
        }
    }

    /// Name of the shape parameter, for messages; none for the fixed distribution.
    pub fn shape_name(self) -> Option<&'static str> {
        match self {
            Family::Lognormal => Some("sigma"),
            Family::Gamma | Family::Pareto => Some("alpha"),
            Family::Weibull => Some("k"),
            Family::Fixed => None,
        }
    }

    /// The family called `name`, or a message that lists the names there are.
    pub fn from_name(name: &str) -> Result<Family, String> {
        Family::ALL.into_iter().find(|family| family.name() == name).ok_or_else(|| {
            let names = Family::ALL.map(Family::name).join(", ");
            format!("unknown severity family \"{name}\"; allowed: {names}")
        })
    }

    /// The distribution of this family with the given shape.
    pub fn distribution(self, shape: Option<f64>) -> Result<Box<dyn Distribution>, String> {
        let name = self.name();
        let shape = match (self.shape_name(), shape) {
            (None, None) => 0.0,
            (None, Some(value)) => {
                return Err(format!("{name} takes no shape parameter, got {value}"));
            }
            (Some(parameter), None) => {
                return Err(format!("{name} needs its shape parameter {parameter}"));
            }
            (Some(_), Some(value)) => value,
        };
        let in_family = |message: String| format!("{name}: {message}");
        Ok(match self {
            Family::Lognormal => Box::new(Lognormal::new(shape).map_err(in_family)?),
            Family::Gamma => Box::new(Gamma::new(shape).map_err(in_family)?),
            Family::Weibull => Box::new(Weibull::new(shape).map_err(in_family)?),
            Family::Pareto => Box::new(Pareto::new(shape).map_err(in_family)?),
            Family::Fixed => Box::new(Fixed),
        })
    }

    /// The distribution called `name` with the given shape, as read from a settings file.
    pub fn parse(name: &str, shape: Option<f64>) -> Result<Box<dyn Distribution>, String> {
        Family::from_name(name)?.distribution(shape)
    }
}

/// `value` if it lies above `low` and at most at `high`.
fn above(name: &str, value: f64, low: f64, high: f64) -> Result<f64, String> {
    if value > low && value <= high {
        Ok(value)
    } else {
        Err(format!("{name} must be a finite number above {low} and at most {high}, got {value}"))
    }
}

/// `value` if it lies between `low` and `high`, both included.
fn between(name: &str, value: f64, low: f64, high: f64) -> Result<f64, String> {
    if value >= low && value <= high {
        Ok(value)
    } else {
        Err(format!("{name} must be a finite number from {low} to {high}, got {value}"))
    }
}

/// `expm1(y) / y`, continued to 1 at 0.
fn expm1_ratio(y: f64) -> f64 {
    if y == 0.0 { 1.0 } else { libm::expm1(y) / y }
}

/// `log1p(y) / y`, continued to 1 at 0.
fn log1p_ratio(y: f64) -> f64 {
    if y == 0.0 { 1.0 } else { libm::log1p(y) / y }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(name: &str, shape: Option<f64>) -> String {
        Family::parse(name, shape).err().expect("should be rejected")
    }

    #[test]
    fn every_family_parses_to_a_distribution_of_mean_one() {
        for family in Family::ALL {
            let shape = family.shape_name().map(|_| 2.0);
            assert_eq!(Family::parse(family.name(), shape).unwrap().mean(), 1.0);
        }
    }

    #[test]
    fn rejections_say_what_is_allowed() {
        assert_eq!(
            message("log-normal", Some(1.0)),
            "unknown severity family \"log-normal\"; allowed: lognormal, gamma, weibull, pareto, fixed"
        );
        assert_eq!(message("gamma", None), "gamma needs its shape parameter alpha");
        assert_eq!(message("fixed", Some(1.0)), "fixed takes no shape parameter, got 1");
        assert_eq!(
            message("lognormal", Some(-1.0)),
            "lognormal: sigma must be a finite number above 0 and at most 10, got -1"
        );
        assert_eq!(
            message("gamma", Some(f64::NAN)),
            "gamma: alpha must be a finite number from 0.001 to 1000000, got NaN"
        );
        assert_eq!(
            message("weibull", Some(0.01)),
            "weibull: k must be a finite number from 0.05 to 100, got 0.01"
        );
        assert_eq!(
            message("pareto", Some(1.0)),
            "pareto: alpha must be a finite number above 1 and at most 1000000, got 1"
        );
        assert!(message("pareto", Some(f64::INFINITY)).ends_with("got inf"));
    }
}
