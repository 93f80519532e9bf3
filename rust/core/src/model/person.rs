//! One person's year as both lanes without chance see it: moments and characteristic function come from here.

use std::collections::HashMap;
use std::sync::Arc;

use super::events::year_law;
use super::line::power_of_line;
use super::{CostModel, EventType, Severity, SeverityKind, Year};
use crate::contract::Layer;
use crate::population::Kind;
use crate::severity::Law;

/// A law of costs in units of `unit` £.
#[derive(Clone)]
pub(crate) struct Scaled {
    pub law: Arc<dyn Law>,
    pub unit: f64,
}

/// The gross cost of one person's year, prepared for one layer of it.
#[derive(Clone)]
pub(crate) enum Person {
    /// At most one amount. A year of events that the layer bends is one amount, too.
    Once { p_any: f64, amount: Scaled },
    /// Poisson events, each by its rate.
    Events(Vec<(f64, Scaled)>),
}

/// Prepares persons for a layer; years of events are computed once for each rate.
pub(crate) struct Persons<'a> {
    model: &'a CostModel,
    layer: &'a Layer,
    years: HashMap<(u32, u64), Person>,
    /// One law for all bands that have the same family and shape.
    laws: HashMap<(&'static str, u64), Arc<dyn Law>>,
}

impl<'a> Persons<'a> {
    pub(crate) fn new(model: &'a CostModel, layer: &'a Layer) -> Self {
        Self { model, layer, years: HashMap::new(), laws: HashMap::new() }
    }

    pub(crate) fn of(&mut self, kind: &Kind) -> Person {
        let person = match &self.model.bands[kind.band as usize].year {
            Year::Annual { severity, .. } => {
                Person::Once { p_any: kind.p_any, amount: self.amount(severity) }
            }
            year @ Year::Events(types) => {
                let rate = year.rate();
                let more = if rate > 0.0 { year.rate_at(kind.p_any) / rate } else { 0.0 };
                let key = (kind.band, more.to_bits());
                if !self.years.contains_key(&key) {
                    let person = self.events(types, more);
                    self.years.insert(key, person);
                }
                self.years[&key].clone()
            }
        };
        person.times(kind.scale)
    }

    pub(crate) fn all(mut self, kinds: &[Kind]) -> Vec<Person> {
        kinds.iter().map(|kind| self.of(kind)).collect()
    }

    fn events(&mut self, types: &[EventType], more: f64) -> Person {
        if self.layer.proportional().is_some() {
            return Person::Events(types.iter().map(|t| (t.rate * more, self.amount(&t.severity))).collect());
        }
        match year_law(types, more) {
            Some((p_any, law)) => Person::Once { p_any, amount: Scaled { law: Arc::new(law), unit: 1.0 } },
            None => Person::Events(Vec::new()),
        }
    }

    fn amount(&mut self, severity: &Severity) -> Scaled {
        let law = match severity.kind() {
            SeverityKind::Parametric { family, shape, law } => {
                let key = (family.name(), shape.unwrap_or_default().to_bits());
                self.laws.entry(key).or_insert_with(|| law.clone()).clone()
            }
            SeverityKind::Observed(law) => law.clone() as Arc<dyn Law>,
        };
        Scaled { law, unit: severity.unit() }
    }
}

impl Scaled {
    /// E[layer(cost)^k; cost <= x] in £^k.
    pub(crate) fn partial_moment(&self, layer: &Layer, k: u32, x: f64) -> f64 {
        let up_to = |j: u32, x: f64| self.law.partial_moment(j, x / self.unit) * self.unit.powi(j as i32);
        layer
            .pieces()
            .filter(|(piece, _)| piece.from < x)
            .map(|(piece, end)| {
                let between = |j: u32| {
                    let below = if piece.from > 0.0 { up_to(j, piece.from) } else { 0.0 };
                    up_to(j, end.min(x)) - below
                };
                power_of_line(k, piece.fixed, piece.slope, between)
            })
            .sum()
    }

    /// P(layer(cost) > y)
    pub(crate) fn exceeds(&self, layer: &Layer, y: f64) -> f64 {
        self.law.survival(layer.exceeds(y) / self.unit)
    }

    pub(crate) fn times(&self, factor: f64) -> Self {
        Self { law: self.law.clone(), unit: self.unit * factor }
    }
}

impl Person {
    /// The person with every cost multiplied.
    pub(crate) fn times(&self, factor: f64) -> Self {
        match self {
            Person::Once { p_any, amount } => Person::Once { p_any: *p_any, amount: amount.times(factor) },
            Person::Events(types) => {
                Person::Events(types.iter().map(|(r, t)| (*r, t.times(factor))).collect())
            }
        }
    }

    /// E[layer^k] for k = 1 ... 4; infinite where a moment does not exist.
    pub(crate) fn raw_moments(&self, layer: &Layer) -> [f64; 4] {
        match self {
            Person::Once { p_any, amount } => {
                [1, 2, 3, 4].map(|k| p_any * amount.partial_moment(layer, k, f64::INFINITY))
            }
            Person::Events(types) => {
                let [c1, c2, c3, c4] = [1, 2, 3, 4].map(|k| {
                    types
                        .iter()
                        .map(|(rate, t)| rate * t.partial_moment(layer, k, f64::INFINITY))
                        .sum::<f64>()
                });
                let m2 = c2 + c1 * c1;
                let m3 = c3 + 3.0 * c2 * c1 + c1 * c1 * c1;
                [c1, m2, m3, c4 + 4.0 * c3 * c1 + 3.0 * c2 * c2 + 6.0 * c2 * c1 * c1 + c1.powi(4)]
            }
        }
    }

    /// Its amounts, each with its rate or probability.
    pub(crate) fn amounts(&self) -> Vec<(f64, &Scaled)> {
        match self {
            Person::Once { p_any, amount } => vec![(*p_any, amount)],
            Person::Events(types) => types.iter().map(|(rate, amount)| (*rate, amount)).collect(),
        }
    }
}
