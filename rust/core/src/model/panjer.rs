//! Sums of costs on a lattice: compound distributions by Panjer's recursion (1981), and of two costs.

use super::log_no_event;
use crate::simd::{Processor, Simd, Task};

/// Masses below this are none: a year without events has e^-500 at least.
const NOTHING: f64 = 1e-280;

/// The year on a lattice: a compound Poisson distribution, or with a frailty a negative binomial one. Years with other
/// events than these are left out where `rate` is that of all events.
pub(super) fn compound(intensities: &[f64], rate: f64, frailty: f64) -> Vec<f64> {
    let mut masses = vec![0.0; intensities.len()];
    masses[0] = libm::exp(log_no_event(rate - intensities[0], frailty));
    add_events(intensities, rate, frailty, &mut masses);
    masses
}

/// Years on a lattice in which there is one of the `others` among all events, of which so many are expected, where a
/// frailty ties the others to the priced. With `P` the transform of all years, `P0` of those without another, `D` = 1 + v
/// (rate - f), and f and o the transforms of all intensities and of the others', `P' D = f' P` and
/// `P0' (D + v o) = (f - o)' P0`: so the difference Q has `Q' D = f' Q + o' P0 + v o P0'`, all of positive terms.
pub(super) fn with_other(priced: &[f64], others: &[f64], rate: f64, frailty: f64) -> Vec<f64> {
    let without = compound(priced, rate, frailty);
    let all: Vec<f64> = priced.iter().zip(others).map(|(a, b)| a + b).collect();
    let divisor = 1.0 + frailty * (rate - all[0]);
    let times_point = |masses: &[f64], factor: f64| -> Vec<f64> {
        masses.iter().enumerate().map(|(point, mass)| point as f64 * mass * factor).collect()
    };
    let first_other = convolution(&without, &times_point(others, 1.0 / divisor));
    let of_frailty = convolution(&times_point(&without, frailty / divisor), others);
    let mut masses: Vec<f64> = first_other.iter().zip(of_frailty).map(|(a, b)| a + b).collect();
    let share = frailty * others[0] / (1.0 + frailty * (rate - priced[0]));
    masses[0] = without[0] * libm::expm1(-libm::log1p(-share) / frailty);
    add_events(&all, rate, frailty, &mut masses);
    masses
}

/// Adds to masses, each but the first times its point, what comes of one event more than smaller sums have.
fn add_events(intensities: &[f64], rate: f64, frailty: f64, masses: &mut [f64]) {
    let divisor = 1.0 + frailty * (rate - intensities[0]);
    let sized: Vec<f64> =
        intensities.iter().enumerate().map(|(point, x)| point as f64 * x / divisor).collect();
    let shared: Vec<f64> = match frailty {
        0.0 => Vec::new(),
        _ => intensities.iter().map(|x| frailty * x / divisor).collect(),
    };
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (point, _) in sized.iter().enumerate().filter(|(_, x)| **x != 0.0) {
        match runs.last_mut() {
            Some((_, end)) if *end == point => *end = point + 1,
            _ => runs.push((point, point + 1)),
        }
    }
    Processor::best().run(Recursion { sized: &sized, shared: &shared, runs: &runs, masses });
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
        for (point, mass) in a.iter().enumerate().filter(|(_, mass)| mass.abs() >= NOTHING) {
            sum[point..].iter_mut().zip(b).for_each(|(sum, x)| *sum += mass * x);
        }
    }
}

/// Panjer's recursion: `masses` hold what is not of smaller sums, times their point but for the first; `sized` is cost
/// times expected events of each point, which is not 0 in `runs` only, and `shared` what a frailty adds of them for each
/// point that a sum has come to; empty without one. Plain arithmetic, so that it is the same with any instructions.
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
            if mass.abs() < NOTHING {
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
