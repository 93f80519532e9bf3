//! A person's cost as finitely many amounts: what characteristic functions and lattice distributions are summed from.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::model::{Amount, Person};
use crate::numeric::complex::{self, Complex64};
use crate::severity::{Distribution, Interval, address, intervals};
use crate::simd::{Processor, Simd, Task};

/// Phase (radians) of the last frequency over an interval of costs up to which the interval is two points: their error
/// is its fourth power over 4,320, times the people who meet it. Where fewer than `FEW_PEOPLE` do, the phase may be
/// larger, up to `MOST_PHASE`.
const PHASE: f64 = 0.5;
const MOST_PHASE: f64 = 6.0;
const FEW_PEOPLE: f64 = 1e-2;
/// Costs up to this phase are one interval.
const LOWEST_PHASE: f64 = 0.02;
/// People of a unit who meet an interval, below which it need not be cut.
const NOBODY: f64 = 1e-11;

/// Cuts: every distribution cut into intervals, once.
pub(super) struct Cuts(HashMap<usize, Vec<Cut>>);

/// Most halvings of an interval.
const HALVINGS: usize = 14;

/// Cut: an interval of a distribution, and its halves, quarters and so on, made when they are first needed.
pub(super) struct Cut {
    pub interval: Interval,
    finer: [OnceLock<Box<[Interval]>>; HALVINGS],
}

impl Cut {
    fn new(interval: Interval) -> Self {
        Self { interval, finer: Default::default() }
    }

    /// The interval in at least this many equal parts.
    fn parts(&self, distribution: &dyn Distribution, parts: f64) -> &[Interval] {
        if parts <= 1.0 {
            return std::slice::from_ref(&self.interval);
        }
        let halvings = (libm::log2(parts).ceil() as usize).min(HALVINGS);
        self.finer[halvings - 1].get_or_init(|| {
            let count = 1 << halvings;
            let Interval { from, to, .. } = self.interval;
            let edge = |i: usize| if i == count { to } else { from + (to - from) * i as f64 / count as f64 };
            (0..count).map(|i| Interval::of(distribution, edge(i), edge(i + 1))).collect()
        })
    }
}

impl Cuts {
    pub(super) fn new<'a>(persons: impl Iterator<Item = &'a Person>) -> Self {
        let mut all = HashMap::new();
        for person in persons {
            for (_, amount) in person.amounts() {
                all.entry(address(&amount.distribution)).or_insert_with(|| cuts(amount));
            }
        }
        Self(all)
    }

    /// What is made of the cuts of an amount; those of a distribution that was made for it alone are made anew.
    pub(super) fn with<T>(&self, amount: &Amount, make: impl FnOnce(&[Cut]) -> T) -> T {
        match self.0.get(&address(&amount.distribution)) {
            Some(cuts) => make(cuts),
            None => make(&cuts(amount)),
        }
    }
}

fn cuts(amount: &Amount) -> Vec<Cut> {
    intervals(amount.distribution.as_ref()).into_iter().map(Cut::new).collect()
}

/// Frequencies at which transforms are taken: phases per £ k * `phase_step` for k = 0 ... `count`, damped by `damping`
/// per £.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frequencies {
    pub phase_step: f64,
    pub count: usize,
    pub damping: f64,
    /// Costs beyond are damped to nothing.
    pub end: f64,
    /// The most people of one unit.
    pub people: f64,
}

/// E[e^((i t - damping) layer(amount))] - 1 at each frequency from 0 on, given that there is an amount.
pub(super) fn transform(amount: &Amount, cuts: &Cuts, frequencies: &Frequencies) -> Vec<Complex64> {
    let mut sums = vec![Complex64::ZERO; frequencies.count + 1];
    add(&cuts.with(amount, |cuts| points(amount, cuts, frequencies)), frequencies, &mut sums);
    sums
}

/// Points that go through the frequencies together.
const LANES: usize = 16;

/// Adds E[e^((i t - damping) y)] - 1 to each sum.
fn add(points: &[(f64, f64)], frequencies: &Frequencies, sums: &mut [Complex64]) {
    let mut lanes = vec![[[0.0; LANES]; 2]; sums.len()];
    for chunk in points.chunks(LANES) {
        let mut phasors = Phasors::default();
        for (lane, (y, weight)) in chunk.iter().enumerate() {
            let step = complex::exp_m1(Complex64::new(0.0, frequencies.phase_step * y));
            (phasors.step_re[lane], phasors.step_im[lane]) = (step.re, step.im);
            phasors.re[lane] = libm::expm1(-frequencies.damping * y);
            phasors.weight[lane] = *weight;
        }
        Processor::best().run(AddPhasors { phasors, lanes: &mut lanes });
    }
    for (sum, [re, im]) in sums.iter_mut().zip(&lanes) {
        *sum += Complex64::new(re.iter().sum(), im.iter().sum());
    }
}

/// Phasors of some points: their weights, e^(i t y - damping y) - 1 at one frequency, and what one more frequency
/// multiplies it by, less 1.
#[derive(Clone, Copy, Default)]
struct Phasors {
    weight: [f64; LANES],
    re: [f64; LANES],
    im: [f64; LANES],
    step_re: [f64; LANES],
    step_im: [f64; LANES],
}

/// Adds the phasors of some points to all frequencies: plain arithmetic, so that it is the same with any instructions.
struct AddPhasors<'a> {
    phasors: Phasors,
    lanes: &'a mut [[[f64; LANES]; 2]],
}

impl Task for AddPhasors<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Phasors { weight, mut re, mut im, step_re, step_im } = self.phasors;
        for [sum_re, sum_im] in self.lanes {
            for lane in 0..LANES {
                sum_re[lane] += weight[lane] * re[lane];
                sum_im[lane] += weight[lane] * im[lane];
                let (a, b) = (re[lane] + 1.0, im[lane]);
                re[lane] += a * step_re[lane] - b * step_im[lane];
                im[lane] += a * step_im[lane] + b * step_re[lane];
            }
        }
    }
}

/// The layer of an amount, given that there is one, as values and weights.
fn points(amount: &Amount, cuts: &[Cut], frequencies: &Frequencies) -> Vec<(f64, f64)> {
    let scale = amount.scale;
    let top = frequencies.phase_step * frequencies.count as f64;
    let mut points = Vec::new();
    let (mut lowest, mut lowest_end) = ([0.0; 4], 0.0);
    for (number, (piece, end)) in amount.layer.pieces().enumerate() {
        let (from, to) = (piece.from / scale, end / scale);
        if piece.gradient == 0.0 {
            let below = if from > 0.0 { amount.distribution.survival(from) } else { 1.0 };
            let flat = below - if to.is_finite() { amount.distribution.survival(to) } else { 0.0 };
            if piece.fixed > 0.0 && flat > 0.0 {
                points.push((piece.fixed, flat));
            }
            continue;
        }
        let mut put = |interval: &Interval| {
            let two = interval.points().into_iter().filter(|(_, weight)| *weight > 0.0);
            points.extend(two.map(|(x, weight)| (piece.at(scale * x), weight)));
        };
        for cut in cuts.iter().filter(|cut| cut.interval.to > from && cut.interval.from < to) {
            let uncut = cut.interval;
            let inside = uncut.from >= from && uncut.to <= to;
            let clipped;
            let cut = if inside {
                cut
            } else {
                clipped = Cut::new(Interval::of(
                    amount.distribution.as_ref(),
                    uncut.from.max(from),
                    uncut.to.min(to),
                ));
                &clipped
            };
            let interval = cut.interval;
            if number == 0 && top * piece.gradient * scale * interval.to <= LOWEST_PHASE {
                lowest.iter_mut().zip(interval.raw()).for_each(|(sum, m)| *sum += m);
                lowest_end = interval.to;
                continue;
            }
            if piece.at(scale * interval.from) > frequencies.end {
                // Damped to nothing wherever it is: this and all after it.
                let rest = amount.distribution.survival(interval.from) - amount.distribution.survival(to);
                put(&Interval { moments: [rest, 0.0, 0.0, 0.0], ..interval });
                break;
            }
            let phase = top * piece.gradient * scale * (interval.to - interval.from);
            let people = frequencies.people * interval.moments[0];
            let most = (PHASE * (FEW_PEOPLE / people).sqrt().sqrt()).clamp(PHASE, MOST_PHASE);
            let parts = if people > NOBODY { phase / most } else { 1.0 };
            cut.parts(amount.distribution.as_ref(), parts).iter().for_each(&mut put);
        }
        if number == 0 && lowest[0] > 0.0 {
            let together = Interval { from: 0.0, to: lowest_end, moments: lowest };
            put(&together);
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn do_all_processors_add_the_same_bits() {
        let mut phasors = Phasors::default();
        for lane in 0..LANES {
            let at = lane as f64;
            phasors.weight[lane] = 0.1 + 0.01 * at;
            (phasors.re[lane], phasors.im[lane]) = (-0.001 * at, 0.002 * at);
            (phasors.step_re[lane], phasors.step_im[lane]) = (-0.0003 * at, 0.017 * at);
        }
        let bits = |processor: Processor| -> Vec<u64> {
            let mut lanes = vec![[[0.0; LANES]; 2]; 300];
            processor.run(AddPhasors { phasors, lanes: &mut lanes });
            lanes.into_iter().flatten().flatten().map(f64::to_bits).collect()
        };
        for processor in Processor::ALL.into_iter().filter(|processor| processor.available()) {
            assert_eq!(bits(processor), bits(Processor::Baseline), "{}", processor.name());
        }
    }
}
