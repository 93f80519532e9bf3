//! Sums of costs on a lattice: compound distributions by Panjer's recursion (1981), and of two costs.

use super::log_no_event;
use crate::simd::{Processor, Simd, Task};

/// Masses below this are none: a year without events has e^-500 at least.
const NOTHING: f64 = 1e-280;

/// The year on a lattice: a compound Poisson distribution, or with a frailty a negative binomial one.
pub(super) fn compound(intensities: &[f64], rate: f64, frailty: f64) -> Vec<f64> {
    let divisor = 1.0 + frailty * (rate - intensities[0]);
    let sized: Vec<f64> =
        intensities.iter().enumerate().map(|(point, x)| point as f64 * x / divisor).collect();
    let shared: Vec<f64> = match frailty {
        0.0 => Vec::new(),
        _ => intensities.iter().map(|x| frailty * x / divisor).collect(),
    };
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (point, _) in sized.iter().enumerate().filter(|(_, x)| **x > 0.0) {
        match runs.last_mut() {
            Some((_, end)) if *end == point => *end = point + 1,
            _ => runs.push((point, point + 1)),
        }
    }
    let mut masses = vec![0.0; intensities.len()];
    masses[0] = libm::exp(log_no_event(rate - intensities[0], frailty));
    Processor::best().run(Recursion { sized: &sized, shared: &shared, runs: &runs, masses: &mut masses });
    masses
}

/// The sum of two independent costs on a lattice.
pub(super) fn convolution(a: &[f64], b: &[f64]) -> Vec<f64> {
    let mut sum = vec![0.0; b.len()];
    Processor::best().run(Convolution { a, b, sum: &mut sum });
    sum
}

/// The masses of the sum of two costs, as far as the lattice goes; `sum` is to be 0.
struct Convolution<'a> {
    a: &'a [f64],
    b: &'a [f64],
    sum: &'a mut [f64],
}

impl Task for Convolution<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Self { a, b, sum } = self;
        for (point, mass) in a.iter().enumerate().filter(|(_, mass)| **mass >= NOTHING) {
            sum[point..].iter_mut().zip(b).for_each(|(sum, x)| *sum += mass * x);
        }
    }
}

/// Panjer's recursion: `masses` but for its first is to be 0; `sized` is cost times expected events of each point, which
/// is above 0 in `runs` only, and `shared` what a frailty adds of them for each point that a sum has come to; empty without
/// one. Plain arithmetic, so that it is the same with any instructions.
struct Recursion<'a> {
    sized: &'a [f64],
    shared: &'a [f64],
    runs: &'a [(usize, usize)],
    masses: &'a mut [f64],
}

impl Task for Recursion<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Self { sized, shared, runs, masses } = self;
        for point in 0..masses.len() {
            if point > 0 {
                masses[point] /= point as f64;
            }
            let mass = masses[point];
            if mass < NOTHING {
                continue;
            }
            for &(start, end) in runs {
                let Some(sums) = masses.get_mut(point + start..) else { break };
                for (sum, x) in sums.iter_mut().zip(&sized[start..end]) {
                    *sum += mass * x;
                }
                if let Some(shared) = shared.get(start..end) {
                    let steps = mass * point as f64;
                    sums.iter_mut().zip(shared).for_each(|(sum, x)| *sum += steps * x);
                }
            }
        }
    }
}
