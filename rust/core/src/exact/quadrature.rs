//! A person's cost as finitely many amounts: what characteristic functions and lattice distributions are summed from.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::contract::Layer;
use crate::model::{Person, Scaled};
use crate::numeric::complex::{self, Complex64};
use crate::severity::{Distribution, Interval, intervals};
use crate::simd::{Processor, Simd, Task};

/// An interval of costs over which a frequency turns by no more than this (radians) is two points: their error is its
/// fourth power over 4,320, times the people who meet it. Where few do, it may be longer.
const TURN: f64 = 0.5;
const MOST_TURN: f64 = 6.0;
const FEW: f64 = 1e-2;
/// Costs below this turn are one interval.
const STILL: f64 = 0.02;
/// Intervals that fewer than this many people of a unit meet need not be cut.
const NOBODY: f64 = 1e-11;

/// Every distribution cut into intervals, once.
pub(super) struct Cuts(HashMap<usize, Vec<Cut>>);

/// Halvings of an interval, at most.
const HALVINGS: usize = 14;

/// An interval of a distribution, and its halves, quarters and so on, made when they are first needed.
pub(super) struct Cut {
    pub whole: Interval,
    finer: [OnceLock<Box<[Interval]>>; HALVINGS],
}

impl Cut {
    fn new(whole: Interval) -> Self {
        Self { whole, finer: Default::default() }
    }

    /// The interval in at least this many equal parts.
    fn parts(&self, distribution: &dyn Distribution, parts: f64) -> &[Interval] {
        if parts <= 1.0 {
            return std::slice::from_ref(&self.whole);
        }
        let halvings = (libm::log2(parts).ceil() as usize).min(HALVINGS);
        self.finer[halvings - 1].get_or_init(|| {
            let count = 1 << halvings;
            let Interval { from, to, .. } = self.whole;
            let edge = |i: usize| if i == count { to } else { from + (to - from) * i as f64 / count as f64 };
            (0..count).map(|i| Interval::of(distribution, edge(i), edge(i + 1))).collect()
        })
    }
}

impl Cuts {
    pub(super) fn new<'a>(persons: impl Iterator<Item = &'a Person>) -> Self {
        let mut cuts = HashMap::new();
        for person in persons {
            for (_, amount) in person.amounts() {
                let cut = || intervals(amount.distribution.as_ref()).into_iter().map(Cut::new).collect();
                cuts.entry(address(amount)).or_insert_with(cut);
            }
        }
        Self(cuts)
    }

    pub(super) fn of(&self, amount: &Scaled) -> &[Cut] {
        self.0.get(&address(amount)).map_or(&[], Vec::as_slice)
    }
}

/// Distributions are told apart by where they are: they are shared, and outlive the cuts.
pub(super) fn address(amount: &Scaled) -> usize {
    std::sync::Arc::as_ptr(&amount.distribution).cast::<()>() as usize
}

/// The frequencies at which transforms are taken: angles per £ k * `turn`, damped by `damping` per £.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frequencies {
    pub turn: f64,
    pub count: usize,
    pub damping: f64,
    /// Costs beyond are damped to nothing.
    pub end: f64,
    /// The most people of one unit.
    pub people: f64,
}

/// E[e^((i t - damping) layer(amount))] - 1 at each frequency from 0 on, given that there is an amount.
pub(super) fn transform(
    amount: &Scaled,
    layer: &Layer,
    cuts: &Cuts,
    frequencies: &Frequencies,
) -> Vec<Complex64> {
    let mut sums = vec![Complex64::ZERO; frequencies.count + 1];
    add(&points(amount, layer, cuts.of(amount), frequencies), frequencies, &mut sums);
    sums
}

/// Points that go through the frequencies together.
const LANES: usize = 16;

/// Adds E[e^((i t - damping) y)] - 1 to each sum.
fn add(points: &[(f64, f64)], frequencies: &Frequencies, sums: &mut [Complex64]) {
    let mut lanes = vec![[[0.0; LANES]; 2]; sums.len()];
    for chunk in points.chunks(LANES) {
        let mut turning = Turning::default();
        for (lane, (y, weight)) in chunk.iter().enumerate() {
            let more = complex::exp_m1(Complex64::new(0.0, frequencies.turn * y));
            (turning.more_re[lane], turning.more_im[lane]) = (more.re, more.im);
            turning.re[lane] = libm::expm1(-frequencies.damping * y);
            turning.weight[lane] = *weight;
        }
        Processor::best().run(Add { turning, lanes: &mut lanes });
    }
    for (sum, [re, im]) in sums.iter_mut().zip(&lanes) {
        *sum += Complex64::new(re.iter().sum(), im.iter().sum());
    }
}

/// Points at one frequency, less 1, and what one more frequency multiplies them by, less 1.
#[derive(Clone, Copy, Default)]
struct Turning {
    weight: [f64; LANES],
    re: [f64; LANES],
    im: [f64; LANES],
    more_re: [f64; LANES],
    more_im: [f64; LANES],
}

/// Adds a few points to all frequencies: plain arithmetic, so that it is the same with any instructions.
struct Add<'a> {
    turning: Turning,
    lanes: &'a mut [[[f64; LANES]; 2]],
}

impl Task for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Turning { weight, mut re, mut im, more_re, more_im } = self.turning;
        for [sum_re, sum_im] in self.lanes {
            for lane in 0..LANES {
                sum_re[lane] += weight[lane] * re[lane];
                sum_im[lane] += weight[lane] * im[lane];
                let (a, b) = (re[lane] + 1.0, im[lane]);
                re[lane] += a * more_re[lane] - b * more_im[lane];
                im[lane] += a * more_im[lane] + b * more_re[lane];
            }
        }
    }
}

/// The layer of an amount, given that there is one, as values and weights.
fn points(amount: &Scaled, layer: &Layer, cuts: &[Cut], frequencies: &Frequencies) -> Vec<(f64, f64)> {
    let scale = amount.scale;
    let top = frequencies.turn * frequencies.count as f64;
    let mut found = Vec::new();
    let (mut still, mut still_end) = ([0.0; 4], 0.0);
    for (number, (piece, end)) in layer.pieces().enumerate() {
        let (from, to) = (piece.from / scale, end / scale);
        if piece.gradient == 0.0 {
            let below = if from > 0.0 { amount.distribution.survival(from) } else { 1.0 };
            let flat = below - if to.is_finite() { amount.distribution.survival(to) } else { 0.0 };
            if piece.fixed > 0.0 && flat > 0.0 {
                found.push((piece.fixed, flat));
            }
            continue;
        }
        let mut put = |interval: &Interval| {
            let two = interval.points().into_iter().filter(|(_, weight)| *weight > 0.0);
            found.extend(two.map(|(x, weight)| (piece.at(scale * x), weight)));
        };
        for cut in cuts.iter().filter(|cut| cut.whole.to > from && cut.whole.from < to) {
            let whole = cut.whole;
            let inside = whole.from >= from && whole.to <= to;
            let bent;
            let cut = if inside {
                cut
            } else {
                bent = Cut::new(Interval::of(
                    amount.distribution.as_ref(),
                    whole.from.max(from),
                    whole.to.min(to),
                ));
                &bent
            };
            let interval = cut.whole;
            if number == 0 && top * piece.gradient * scale * interval.to <= STILL {
                still.iter_mut().zip(interval.raw()).for_each(|(sum, m)| *sum += m);
                still_end = interval.to;
                continue;
            }
            if piece.at(scale * interval.from) > frequencies.end {
                // Damped to nothing wherever it is: this and all after it.
                let rest = amount.distribution.survival(interval.from) - amount.distribution.survival(to);
                put(&Interval { moments: [rest, 0.0, 0.0, 0.0], ..interval });
                break;
            }
            let turn = top * piece.gradient * scale * (interval.to - interval.from);
            let met = frequencies.people * interval.moments[0];
            let most = (TURN * (FEW / met).sqrt().sqrt()).clamp(TURN, MOST_TURN);
            let parts = if met > NOBODY { turn / most } else { 1.0 };
            cut.parts(amount.distribution.as_ref(), parts).iter().for_each(&mut put);
        }
        if number == 0 && still[0] > 0.0 {
            let together = Interval { from: 0.0, to: still_end, moments: still };
            put(&together);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn do_all_processor_levels_add_the_same_bits() {
        let mut turning = Turning::default();
        for lane in 0..LANES {
            let at = lane as f64;
            turning.weight[lane] = 0.1 + 0.01 * at;
            (turning.re[lane], turning.im[lane]) = (-0.001 * at, 0.002 * at);
            (turning.more_re[lane], turning.more_im[lane]) = (-0.0003 * at, 0.017 * at);
        }
        let bits = |level: Processor| -> Vec<u64> {
            let mut lanes = vec![[[0.0; LANES]; 2]; 300];
            level.run(Add { turning, lanes: &mut lanes });
            lanes.into_iter().flatten().flatten().map(f64::to_bits).collect()
        };
        for level in Processor::ALL.into_iter().filter(|level| level.available()) {
            assert_eq!(bits(level), bits(Processor::Baseline), "{}", level.name());
        }
    }
}
