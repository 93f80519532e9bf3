//! A smooth distribution as a damped Fourier series: any of its probabilities and quantiles is one short sum.

use crate::numeric::complex::{self, Complex64};

/// The distribution on [start, start + width]: with y the distance from the start, the density is e^(damping y) times
/// the Fourier series of these coefficients (Abate and Whitt 1992).
#[derive(Clone, Debug)]
pub(super) struct Series {
    pub start: f64,
    pub width: f64,
    damping: f64,
    /// Coefficient of each frequency over its exponent: those of the distribution function.
    terms: Vec<Term>,
    constant: f64,
}

/// Probability of a cell that is rounding error.
const NO_MASS: f64 = 1e-15;

#[derive(Clone, Copy, Debug)]
struct Term {
    coefficient: Complex64,
    integral: Complex64,
}

impl Series {
    /// From the transform at frequencies 0, 1, ... of the distance from the start.
    pub(super) fn new(start: f64, width: f64, damping: f64, transform: &[Complex64]) -> Self {
        let phase_step = std::f64::consts::TAU / width;
        let terms: Vec<Term> = transform
            .iter()
            .enumerate()
            .map(|(k, value)| {
                // Frequencies below 0 are the conjugates of those above.
                let coefficient = value * if k == 0 { 1.0 } else { 2.0 } / width;
                let exponent = Complex64::new(damping, -(k as f64) * phase_step);
                Term { coefficient, integral: coefficient / exponent }
            })
            .collect();
        let constant = -terms.iter().map(|term| term.integral.re).sum::<f64>();
        Self { start, width, damping, terms, constant }
    }

    /// Distribution function and density at a distance from the start.
    fn at(&self, y: f64) -> (f64, f64) {
        let step = complex::cis(-std::f64::consts::TAU * y / self.width);
        let mut frequency = Complex64::ONE;
        let (mut cumulative, mut density) = (0.0, 0.0);
        for term in &self.terms {
            cumulative += term.integral.re * frequency.re - term.integral.im * frequency.im;
            density += term.coefficient.re * frequency.re - term.coefficient.im * frequency.im;
            frequency *= step;
        }
        let growth = libm::exp(self.damping * y);
        (growth * cumulative + self.constant, growth * density)
    }

    pub(super) fn cdf(&self, x: f64) -> f64 {
        let y = x - self.start;
        if y <= 0.0 {
            0.0
        } else if y >= self.width {
            1.0
        } else {
            self.at(y).0.clamp(0.0, 1.0)
        }
    }

    pub(super) fn density(&self, x: f64) -> f64 {
        let y = x - self.start;
        if y <= 0.0 || y >= self.width { 0.0 } else { self.at(y).1.max(0.0) }
    }

    /// Two costs in each cell between these edges that keep its mass, mean and variance, of integrals of the distribution
    /// function as a cubic between its values and densities at the edges.
    pub(super) fn nodes(&self, edges: &[f64]) -> Vec<(f64, f64)> {
        let at: Vec<(f64, f64)> = edges.iter().map(|x| self.at(x - self.start)).collect();
        let mut nodes = Vec::with_capacity(2 * edges.len());
        for (ends, values) in edges.windows(2).zip(at.windows(2)) {
            let ((low, density_low), (high, density_high)) = (values[0], values[1]);
            let (from, width) = (ends[0], ends[1] - ends[0]);
            let mass = high - low;
            if mass.abs() < NO_MASS {
                continue;
            }
            let integral = width * (0.5 * (low + high) + width / 12.0 * (density_low - density_high));
            let first = width
                * width
                * (0.15 * low + 0.35 * high + width * (density_low / 30.0 - density_high / 20.0));
            let mean = ((width * high - integral) / mass).clamp(0.0, width);
            let variance = (width * width * high - 2.0 * first) / mass - mean * mean;
            let sd = variance.clamp(0.0, width * width / 4.0).sqrt();
            for y in [mean - sd, mean + sd] {
                nodes.push((from + y.clamp(0.0, width), 0.5 * mass));
            }
        }
        nodes
    }

    /// Newton's steps, kept within what is known to hold the quantile.
    pub(super) fn quantile(&self, probability: f64, guess: f64) -> f64 {
        let (mut low, mut high) = (0.0, self.width);
        let mut y = (guess - self.start).clamp(0.0, self.width);
        for _ in 0..200 {
            let (cumulative, density) = self.at(y);
            if cumulative < probability {
                low = y
            } else {
                high = y
            }
            let newton = y - (cumulative - probability) / density;
            let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
            if (next - y).abs() <= 1e-13 * self.width {
                return self.start + next;
            }
            y = next;
        }
        self.start + y
    }

    /// Mass, mean and variance of the distribution within the window, in closed form.
    pub(super) fn moments(&self) -> [f64; 3] {
        let (w, rise) = (self.width, libm::exp(self.damping * self.width));
        let phase_step = std::f64::consts::TAU / w;
        let mut sums = [0.0; 3];
        for (k, term) in self.terms.iter().enumerate() {
            let c = Complex64::new(self.damping, -(k as f64) * phase_step);
            let flat = (rise - 1.0) / c;
            let first = (w * rise - flat) / c;
            let second = (w * w * rise - 2.0 * first) / c;
            for (sum, part) in sums.iter_mut().zip([flat, first, second]) {
                *sum += (term.coefficient * part).re;
            }
        }
        let [mass, first, second] = sums;
        let mean = first / mass;
        [mass, self.start + mean, second / mass - mean * mean]
    }
}
