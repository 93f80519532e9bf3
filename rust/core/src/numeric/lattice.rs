//! Distributions on a lattice of equally spaced costs, and their transforms.
//!
//! A transform of finitely many points wraps: what lies beyond the last point comes back at the first. Masses are
//! therefore damped by a factor that falls with cost before the transform and raised again after it, which leaves of
//! what wraps one part in e^`DAMPING` (Grübel and Hermesmeier 1999).

use std::sync::Arc;

use rustfft::{Fft, FftPlannerScalar};

use crate::numeric::complex::Complex64;

/// Logarithm of what is left at the last point. Rounding grows by its inverse, to 1e-9 at most.
const DAMPING: f64 = 14.0;

/// Lattice of costs, with its Fourier transforms.
pub(crate) struct Lattice {
    pub step: f64,
    pub points: usize,
    forward: Arc<dyn Fft<f64>>,
    inverse: Arc<dyn Fft<f64>>,
}

impl Lattice {
    /// Costs 0, step, 2 step, ...; `points` is a power of two.
    pub(crate) fn new(step: f64, points: usize) -> Self {
        // The same instructions on every processor. Twiddle factors are the platform's sines and cosines: the only digits
        // of the engine that are.
        let mut planner = FftPlannerScalar::new();
        Self {
            step,
            points,
            forward: planner.plan_fft_forward(points),
            inverse: planner.plan_fft_inverse(points),
        }
    }

    fn damping(&self, point: usize) -> f64 {
        libm::exp(-DAMPING * point as f64 / self.points as f64)
    }

    /// The transform of masses at the first points.
    pub(crate) fn transform(&self, masses: &[f64]) -> Vec<Complex64> {
        let mut values = vec![Complex64::ZERO; self.points];
        for (i, (value, mass)) in values.iter_mut().zip(masses).enumerate() {
            value.re = mass * self.damping(i);
        }
        self.forward.process(&mut values);
        values
    }

    /// The masses of a transform; rounding below 0 is 0.
    pub(crate) fn masses(&self, mut transform: Vec<Complex64>) -> Vec<f64> {
        self.inverse.process(&mut transform);
        let share = 1.0 / self.points as f64;
        let mass = |(i, value): (usize, &Complex64)| (value.re * share / self.damping(i)).max(0.0);
        transform.iter().enumerate().map(mass).collect()
    }

    /// A distribution spread over the lattice: a cost between two points is shared by both so that its mean is kept
    /// (Gerber 1982). `limited_mean(x)` is E[min(cost, x)].
    pub(crate) fn spread(&self, points: usize, limited_mean: impl Fn(f64) -> f64) -> Vec<f64> {
        let means: Vec<f64> = (0..=points).map(|i| limited_mean(i as f64 * self.step)).collect();
        let mut masses = vec![1.0 - means[1] / self.step];
        masses.extend(means.windows(3).map(|m| ((2.0 * m[1] - m[0] - m[2]) / self.step).max(0.0)));
        masses
    }
}
