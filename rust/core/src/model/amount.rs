//! Amount: a cost of which a contract makes a layer.

use std::sync::Arc;

use super::line::power_of_line;
use crate::contract::{Layer, Piece};
use crate::numeric::power::integer_power;
use crate::severity::{Distribution, Empirical};

/// Records of costs, each with its probability and a layer of its own, in £.
pub(crate) struct Records(pub Vec<(f64, f64, Layer)>);

/// Amount: a distribution of costs that is multiplied by `scale` to be in £, and the layer that is made of it.
#[derive(Clone)]
pub(crate) struct Amount {
    pub distribution: Arc<dyn Distribution>,
    pub scale: f64,
    pub layer: Arc<Layer>,
    /// Records of which `distribution` holds the layers that are above 0, with what their costs are multiplied by, and
    /// the share of them that is above 0.
    records: Option<(Arc<Records>, f64, f64)>,
}

impl Amount {
    pub(crate) fn new(distribution: Arc<dyn Distribution>, scale: f64, layer: Arc<Layer>) -> Self {
        Self { distribution, scale, layer, records: None }
    }

    /// The layers of records; none where there is no record with a probability and a layer that may be above 0.
    pub(crate) fn of_records(records: Records) -> Option<Self> {
        let all = Arc::new(Layer::share(1.0));
        if records.0.iter().all(|(_, _, layer)| layer.proportional().is_some()) {
            let (values, weights) = values_above_0(&records, 1.0);
            return Some(Self::new(Arc::new(Empirical::new(&values, &weights).ok()?), 1.0, all));
        }
        Self::at(Arc::new(records), 1.0)
    }

    fn at(records: Arc<Records>, factor: f64) -> Option<Self> {
        let all: f64 = records.0.iter().map(|(_, weight, _)| weight).sum();
        let (mut values, mut weights) = values_above_0(&records, factor);
        let above: f64 = weights.iter().sum();
        if values.is_empty() {
            (values, weights) = (vec![1.0], vec![1.0]);
        }
        let distribution = Arc::new(Empirical::new(&values, &weights).ok()?);
        let layer = Arc::new(Layer::share(1.0));
        Some(Self { distribution, scale: 1.0, layer, records: Some((records, factor, above / all)) })
    }

    /// The amount with the cost multiplied.
    pub(crate) fn times(&self, factor: f64) -> Self {
        match &self.records {
            Some((records, so_far, _)) if factor != 1.0 => {
                Self::at(records.clone(), so_far * factor).unwrap_or_else(|| self.clone())
            }
            _ => Self { scale: self.scale * factor, ..self.clone() },
        }
    }

    /// The share of amounts that `distribution` holds: the layers of others are 0.
    pub(crate) fn weight(&self) -> f64 {
        self.records.as_ref().map_or(1.0, |(_, _, above)| *above)
    }

    /// E[layer(cost)^k; cost <= x] in £^k, for k from 1.
    pub(crate) fn partial_moment(&self, k: u32, x: f64) -> f64 {
        let up_to = |j: u32, x: f64| {
            self.distribution.partial_moment(j, x / self.scale) * integer_power(self.scale, j as i32)
        };
        let moment = |(piece, end): (Piece, f64)| {
            let between = |j: u32| {
                let below = if piece.from > 0.0 { up_to(j, piece.from) } else { 0.0 };
                up_to(j, end.min(x)) - below
            };
            power_of_line(k, piece.fixed, piece.gradient, between)
        };
        self.weight() * self.layer.pieces().filter(|(piece, _)| piece.from < x).map(moment).sum::<f64>()
    }

    /// P(layer(cost) > y)
    pub(crate) fn exceeds(&self, y: f64) -> f64 {
        self.weight() * self.distribution.survival(self.layer.exceeds(y) / self.scale)
    }

    /// What the layer never passes; infinite without a bound.
    pub(crate) fn bound(&self) -> f64 {
        match &self.records {
            Some((records, ..)) => records.0.iter().map(|(_, _, layer)| layer.bound()).fold(0.0, f64::max),
            None => self.layer.bound(),
        }
    }
}

/// The layers that are above 0, with their probabilities.
fn values_above_0(records: &Records, factor: f64) -> (Vec<f64>, Vec<f64>) {
    let value = |(cost, weight, layer): &(f64, f64, Layer)| (layer.at(cost * factor), *weight);
    records.0.iter().map(value).filter(|(value, weight)| *value > 0.0 && *weight > 0.0).unzip()
}
