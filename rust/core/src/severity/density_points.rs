use super::{Distribution, Empirical};

/// A density that is known by the probabilities of many close points: each stands for the costs around it.
pub(crate) struct DensityPoints(pub Empirical);

impl Distribution for DensityPoints {
    fn mean(&self) -> f64 {
        self.0.mean()
    }

    fn cdf(&self, x: f64) -> f64 {
        self.0.cdf(x)
    }

    fn survival(&self, x: f64) -> f64 {
        self.0.survival(x)
    }

    fn inverse_cdf(&self, w: f64) -> f64 {
        self.0.inverse_cdf(w)
    }

    fn inverse_survival(&self, v: f64) -> f64 {
        self.0.inverse_survival(v)
    }

    fn partial_moment(&self, k: u32, x: f64) -> f64 {
        self.0.partial_moment(k, x)
    }

    fn interval(&self, a: f64, b: f64) -> [f64; 4] {
        self.0.interval(a, b)
    }
}
