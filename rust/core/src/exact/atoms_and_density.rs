//! A person's cost in a layer: how much of it has a density, and how much stands on atoms.

use crate::model::{Amount, Person};
use crate::numeric::common_measure::common_measure;

/// A distribution of fewer atoms is not smooth, however close they are.
const MANY_ATOMS: usize = 64;

/// Logarithm of a probability of none that is 0: finite, because weights of people may be negative.
const CERTAIN: f64 = -1e3;

/// Atoms and density of one person's cost in a layer (£).
#[derive(Clone, Debug, Default)]
pub(super) struct AtomsAndDensity {
    /// Expected costs above 0.
    pub costs: f64,
    /// Expected costs that have a density.
    pub smooth: f64,
    /// Logarithm of the probability that no cost has one, and that there is no cost.
    pub log_no_density: f64,
    pub log_none: f64,
    /// Expected costs that stand on atoms below the layer's plateau; and those of distributions of many atoms.
    pub atoms: f64,
    pub many_atoms: f64,
    /// The largest of these atoms.
    pub largest_atom: f64,
    /// The length of which all atoms are multiples, the plateau among them; none where there is none, or no atom.
    pub measure: Option<f64>,
    /// The cost where the layer is flat and that a person can have: 0 where there is none.
    pub plateau: f64,
}

impl AtomsAndDensity {
    pub(super) fn new(person: &Person) -> Self {
        let mut result = Self::default();
        let mut values = Vec::new();
        for component in person.components() {
            let before = (result.smooth, result.costs);
            for (rate, amount) in component.amounts() {
                result.add(*rate, amount, &mut values);
            }
            result.log_no_density += component.log_none(result.smooth - before.0);
            result.log_none += component.log_none(result.costs - before.1).max(CERTAIN);
        }
        result.measure = common_measure(&values, 0.0);
        result
    }

    fn add(&mut self, rate: f64, amount: &Amount, values: &mut Vec<f64>) {
        let (distribution, scale, layer) =
            (amount.distribution.as_ref(), amount.scale, amount.layer.as_ref());
        self.costs += rate * amount.exceeds(0.0);
        let rate = rate * amount.weight();
        let above = |cost: f64| if cost > 0.0 { distribution.survival(cost / scale) } else { 1.0 };
        let density_from = distribution.density_from() * scale;
        for (piece, end) in layer.pieces() {
            let from = piece.from.max(density_from);
            if piece.gradient > 0.0 {
                self.smooth += if from < end { rate * (above(from) - above(end)) } else { 0.0 };
            } else if above(piece.from) > 0.0 {
                self.plateau = self.plateau.max(piece.fixed);
                values.extend((piece.fixed > 0.0).then_some(piece.fixed));
            }
        }
        let atoms = distribution.atoms();
        for (x, probability) in &atoms {
            let cost = layer.at(scale * x);
            if cost > 0.0 && cost < layer.bound() {
                self.atoms += rate * probability;
                self.many_atoms += if atoms.len() >= MANY_ATOMS { rate * probability } else { 0.0 };
                self.largest_atom = self.largest_atom.max(cost);
                values.push(cost);
            }
        }
    }
}
