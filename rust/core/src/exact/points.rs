//! A person's cost as finitely many amounts: what characteristic functions and lattice laws are summed from.

use std::collections::HashMap;

use crate::complex::{self, Complex64};
use crate::contract::Layer;
use crate::model::{Person, Scaled};
use crate::severity::{Stretch, stretches};

/// A stretch of costs over which a wave turns by no more than this (radians) is two points: their error is its fourth
/// power over 4,320, times the people who meet it. Where few do, it may be longer.
const TURN: f64 = 0.5;
const MOST_TURN: f64 = 6.0;
const FEW: f64 = 1e-2;
/// Costs below this turn are one stretch.
const STILL: f64 = 0.02;
/// Stretches that fewer than this many people of a unit meet need not be cut.
const NOBODY: f64 = 1e-11;

/// Every law cut into stretches, once.
pub(super) struct Cuts(HashMap<usize, Vec<Stretch>>);

impl Cuts {
    pub(super) fn new<'a>(persons: impl Iterator<Item = &'a Person>) -> Self {
        let mut cuts = HashMap::new();
        for person in persons {
            for (_, amount) in person.amounts() {
                cuts.entry(address(amount)).or_insert_with(|| stretches(amount.law.as_ref()));
            }
        }
        Self(cuts)
    }

    pub(super) fn of(&self, amount: &Scaled) -> &[Stretch] {
        self.0.get(&address(amount)).map_or(&[], Vec::as_slice)
    }
}

/// Laws are told apart by where they are: they are shared, and outlive the cuts.
fn address(amount: &Scaled) -> usize {
    std::sync::Arc::as_ptr(&amount.law).cast::<()>() as usize
}

/// The waves at which transforms are taken: angles per £ k * `turn`, damped by `damping` per £.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waves {
    pub turn: f64,
    pub count: usize,
    pub damping: f64,
    /// Costs beyond are damped to nothing.
    pub end: f64,
    /// The most people of one unit.
    pub people: f64,
}

/// ln E[e^((i t - damping) layer(cost))] of one person at each wave from 0 on.
pub(super) fn log_transform(person: &Person, layer: &Layer, cuts: &Cuts, waves: &Waves) -> Vec<Complex64> {
    let mut sums = vec![Complex64::ZERO; waves.count + 1];
    for (rate, amount) in person.amounts() {
        add(&points(amount, layer, cuts.of(amount), waves, rate), rate, waves, &mut sums);
    }
    match person {
        Person::Once { .. } => sums.into_iter().map(complex::ln_1p).collect(),
        Person::Events(_) => sums,
    }
}

/// Adds rate * (E[e^((i t - damping) y)] - 1) to each sum. Lanes of points go through the waves together.
fn add(points: &[(f64, f64)], rate: f64, waves: &Waves, sums: &mut [Complex64]) {
    const LANES: usize = 8;
    for chunk in points.chunks(LANES) {
        let (mut re, mut im, mut weight) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
        let (mut more_re, mut more_im) = ([0.0; LANES], [0.0; LANES]);
        for (lane, (y, w)) in chunk.iter().enumerate() {
            let more = complex::exp_m1(Complex64::new(0.0, waves.turn * y));
            (more_re[lane], more_im[lane], weight[lane]) = (more.re, more.im, rate * w);
            re[lane] = libm::expm1(-waves.damping * y);
        }
        for sum in &mut *sums {
            let (mut all_re, mut all_im) = (0.0, 0.0);
            for lane in 0..LANES {
                all_re += weight[lane] * re[lane];
                all_im += weight[lane] * im[lane];
                let (a, b) = (re[lane] + 1.0, im[lane]);
                re[lane] += a * more_re[lane] - b * more_im[lane];
                im[lane] += a * more_im[lane] + b * more_re[lane];
            }
            sum.re += all_re;
            sum.im += all_im;
        }
    }
}

/// The layer of an amount, given that there is one, as values and weights.
fn points(amount: &Scaled, layer: &Layer, cuts: &[Stretch], waves: &Waves, rate: f64) -> Vec<(f64, f64)> {
    let unit = amount.unit;
    let top = waves.turn * waves.count as f64;
    let mut found = Vec::new();
    let (mut still, mut still_end) = ([0.0; 4], 0.0);
    for (number, (piece, end)) in layer.pieces().enumerate() {
        let (from, to) = (piece.from / unit, end / unit);
        if piece.slope == 0.0 {
            let below = if from > 0.0 { amount.law.survival(from) } else { 1.0 };
            let flat = below - if to.is_finite() { amount.law.survival(to) } else { 0.0 };
            if piece.fixed > 0.0 && flat > 0.0 {
                found.push((piece.fixed, flat));
            }
            continue;
        }
        let mut put = |stretch: &Stretch| {
            let two = stretch.points().into_iter().filter(|(_, weight)| *weight > 0.0);
            found.extend(two.map(|(x, weight)| (piece.at(unit * x), weight)));
        };
        for cut in cuts.iter().filter(|cut| cut.to > from && cut.from < to) {
            let stretch = if cut.from < from || cut.to > to {
                Stretch::of(amount.law.as_ref(), cut.from.max(from), cut.to.min(to))
            } else {
                *cut
            };
            if number == 0 && top * piece.slope * unit * stretch.to <= STILL {
                still.iter_mut().zip(stretch.raw()).for_each(|(sum, m)| *sum += m);
                still_end = stretch.to;
                continue;
            }
            if piece.at(unit * stretch.from) > waves.end {
                // Damped to nothing wherever it is: this and all after it.
                let rest = amount.law.survival(stretch.from) - amount.law.survival(to);
                put(&Stretch { moments: [rest, 0.0, 0.0, 0.0], ..stretch });
                break;
            }
            let turn = top * piece.slope * unit * (stretch.to - stretch.from);
            let met = waves.people * rate * stretch.moments[0];
            let most = (TURN * (FEW / met).sqrt().sqrt()).clamp(TURN, MOST_TURN);
            let parts = if met > NOBODY { (turn / most).ceil().max(1.0) } else { 1.0 };
            if parts == 1.0 {
                put(&stretch);
                continue;
            }
            let width = (stretch.to - stretch.from) / parts;
            for i in 0..parts as u64 {
                let start = stretch.from + i as f64 * width;
                let stop = if i + 1 == parts as u64 { stretch.to } else { start + width };
                put(&Stretch::of(amount.law.as_ref(), start, stop));
            }
        }
        if number == 0 && still[0] > 0.0 {
            let together = Stretch { from: 0.0, to: still_end, moments: still };
            put(&together);
        }
    }
    found
}
