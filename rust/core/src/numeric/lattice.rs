//! Distributions on a lattice of equally spaced costs, and their transforms.
//!
//! A transform of finitely many points wraps: what lies beyond the last point comes back at the first. Masses are
//! therefore damped by a factor that falls with cost before the transform and raised again after it, which leaves of
//! what wraps one part in e^damping (Grübel and Hermesmeier 1999).

use std::sync::Arc;

use rustfft::{Fft, FftPlannerScalar};

use crate::numeric::complex::Complex64;

/// Lattice of costs, with its Fourier transforms.
pub(crate) struct Lattice {
    pub step: f64,
    pub points: usize,
    /// Logarithm of what is left beyond the last point. Rounding there grows by its inverse.
    damping: f64,
    /// What is left at each point.
    damped: Vec<f64>,
    forward: Arc<dyn Fft<f64>>,
    inverse: Arc<dyn Fft<f64>>,
}

impl Lattice {
    /// Costs 0, step, 2 step, ...; `points` is a power of two.
    pub(crate) fn new(step: f64, points: usize, damping: f64) -> Self {
        // The same instructions on every processor. Twiddle factors are the platform's sines and cosines: the only digits
        // of the engine that are.
        let mut planner = FftPlannerScalar::new();
        Self {
            step,
            points,
            damping,
            damped: (0..points).map(|i| libm::exp(-damping * i as f64 / points as f64)).collect(),
            forward: planner.plan_fft_forward(points),
            inverse: planner.plan_fft_inverse(points),
        }
    }

    /// What a frequency of a transform multiplies a cost by in the exponent, per £.
    pub(crate) fn exponent(&self, frequency: usize) -> Complex64 {
        Complex64::new(-self.damping, -std::f64::consts::TAU * frequency as f64)
            / (self.points as f64 * self.step)
    }

    /// The transform of masses at the first points.
    pub(crate) fn transform(&self, masses: &[f64]) -> Vec<Complex64> {
        let mut values = vec![Complex64::ZERO; self.points];
        for (value, (mass, damped)) in values.iter_mut().zip(masses.iter().zip(&self.damped)) {
            value.re = mass * damped;
        }
        self.forward.process(&mut values);
        values
    }

    /// The masses of a transform.
    pub(crate) fn masses(&self, mut transform: Vec<Complex64>) -> Vec<f64> {
        self.inverse.process(&mut transform);
        let share = 1.0 / self.points as f64;
        transform.iter().zip(&self.damped).map(|(value, damped)| value.re * share / damped).collect()
    }
}
