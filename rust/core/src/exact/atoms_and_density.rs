//! Is a person's cost smooth, or made of prices?

use crate::contract::Layer;
use crate::model::{Person, Scaled};

/// A distribution of fewer atoms is not smooth, however close they are.
const MANY_ATOMS: usize = 64;
/// A common measure this much smaller than the largest price is none.
const FINEST: f64 = 1e-9;

/// Of one person's cost in a layer.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AtomsAndDensity {
    /// Expected costs above 0.
    pub costs: f64,
    /// Expected costs that have a density.
    pub smooth: f64,
    /// Expected costs that are prices, below where the layer is flat; and those of distributions of many prices.
    pub atoms: f64,
    pub many: f64,
    /// The largest of these prices.
    pub price: f64,
    /// A measure of all prices: 0 where there is none, or no price.
    pub span: f64,
    /// Where the layer is flat and the cost can stand: 0 if nowhere.
    pub flat: f64,
}

impl AtomsAndDensity {
    pub(super) fn new(person: &Person, layer: &Layer) -> Self {
        let mut texture = Self::default();
        for (rate, amount) in person.amounts() {
            texture.add(rate, amount, layer);
        }
        texture
    }

    fn add(&mut self, rate: f64, amount: &Scaled, layer: &Layer) {
        let (distribution, scale) = (amount.distribution.as_ref(), amount.scale);
        self.costs += rate * amount.exceeds(layer, 0.0);
        let above = |cost: f64| distribution.survival(cost / scale);
        let dense = distribution.density_from() * scale;
        for (piece, end) in layer.pieces() {
            let from = piece.from.max(dense);
            let inside =
                if from < end { (if from > 0.0 { above(from) } else { 1.0 }) - above(end) } else { 0.0 };
            if piece.gradient > 0.0 {
                self.smooth += rate * inside;
            } else if above(piece.from) > 0.0 {
                self.flat = self.flat.max(piece.fixed);
            }
        }
        let atoms = distribution.atoms();
        let values = || atoms.iter().map(|(x, _)| layer.at(scale * x)).filter(|y| *y > 0.0);
        for (x, probability) in &atoms {
            let price = layer.at(scale * x);
            if price > 0.0 && price < layer.bound() {
                self.atoms += rate * probability;
                self.many += if atoms.len() >= MANY_ATOMS { rate * probability } else { 0.0 };
                self.price = self.price.max(price);
            }
        }
        let most = values().fold(0.0, f64::max);
        if let Some(span) =
            values().chain((self.span > 0.0).then_some(self.span)).reduce(|a, b| measure(a, b, FINEST * most))
        {
            self.span = if span > FINEST * most { span } else { 0.0 };
        }
    }
}

/// The largest length that measures both, down to about `least`: Euclid's.
pub(super) fn measure(a: f64, b: f64, least: f64) -> f64 {
    let (mut a, mut b) = (a.max(b), a.min(b));
    while b > 0.01 * least {
        let rest = (a - (a / b).round() * b).abs();
        // What rounding leaves is nothing.
        (a, b) = (b, if rest < 1e-9 * a { 0.0 } else { rest });
    }
    a
}
