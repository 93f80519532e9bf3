//! A person's cost in a layer: how much of it has a density, and how much stands on atoms.

use crate::contract::Layer;
use crate::model::{Person, Scaled};

/// A distribution of fewer atoms is not smooth, however close they are.
const MANY_ATOMS: usize = 64;
/// A common measure this much smaller than the largest atom is none.
const FINEST: f64 = 1e-9;

/// Atoms and density of one person's cost in a layer (£).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AtomsAndDensity {
    /// Expected costs above 0.
    pub costs: f64,
    /// Expected costs that have a density.
    pub smooth: f64,
    /// Expected costs that stand on atoms below the layer's plateau; and those of distributions of many atoms.
    pub atoms: f64,
    pub many_atoms: f64,
    /// The largest of these atoms.
    pub largest_atom: f64,
    /// The length of which all atoms are multiples: 0 where there is none, or no atom.
    pub common_measure: f64,
    /// The cost where the layer is flat and that a person can have: 0 where there is none.
    pub plateau: f64,
}

impl AtomsAndDensity {
    pub(super) fn new(person: &Person, layer: &Layer) -> Self {
        let mut result = Self::default();
        for (rate, amount) in person.amounts() {
            result.add(rate, amount, layer);
        }
        result
    }

    fn add(&mut self, rate: f64, amount: &Scaled, layer: &Layer) {
        let (distribution, scale) = (amount.distribution.as_ref(), amount.scale);
        self.costs += rate * amount.exceeds(layer, 0.0);
        let above = |cost: f64| distribution.survival(cost / scale);
        let density_from = distribution.density_from() * scale;
        for (piece, end) in layer.pieces() {
            let from = piece.from.max(density_from);
            let inside =
                if from < end { (if from > 0.0 { above(from) } else { 1.0 }) - above(end) } else { 0.0 };
            if piece.gradient > 0.0 {
                self.smooth += rate * inside;
            } else if above(piece.from) > 0.0 {
                self.plateau = self.plateau.max(piece.fixed);
            }
        }
        let atoms = distribution.atoms();
        let values = || atoms.iter().map(|(x, _)| layer.at(scale * x)).filter(|y| *y > 0.0);
        for (x, probability) in &atoms {
            let cost = layer.at(scale * x);
            if cost > 0.0 && cost < layer.bound() {
                self.atoms += rate * probability;
                self.many_atoms += if atoms.len() >= MANY_ATOMS { rate * probability } else { 0.0 };
                self.largest_atom = self.largest_atom.max(cost);
            }
        }
        let largest = values().fold(0.0, f64::max);
        let known = (self.common_measure > 0.0).then_some(self.common_measure);
        if let Some(measure) = values().chain(known).reduce(|a, b| common_measure(a, b, FINEST * largest)) {
            self.common_measure = if measure > FINEST * largest { measure } else { 0.0 };
        }
    }
}

/// The largest length of which both are multiples, down to about `least` (Euclid's algorithm).
pub(super) fn common_measure(a: f64, b: f64, least: f64) -> f64 {
    let (mut a, mut b) = (a.max(b), a.min(b));
    while b > 0.01 * least {
        let rest = (a - (a / b).round() * b).abs();
        // What rounding leaves is nothing.
        (a, b) = (b, if rest < 1e-9 * a { 0.0 } else { rest });
    }
    a
}
