//! Person: one year of it, as both lanes without chance see it. Moments and characteristic function come from here.

use std::collections::HashMap;
use std::sync::Arc;

use super::events::year_distribution;
use super::line::power_of_line;
use super::{CostModel, EventType, RiskClass, Severity, SeverityKind, Year};
use crate::contract::Layer;
use crate::numeric::power::integer_power;
use crate::run::{Progress, RunError};
use crate::severity::Distribution;

/// Amount: a distribution of costs that is multiplied by `scale` to be in £.
#[derive(Clone)]
pub(crate) struct Scaled {
    pub distribution: Arc<dyn Distribution>,
    pub scale: f64,
}

/// The gross cost of one person's year, prepared for one layer of it.
#[derive(Clone)]
pub(crate) enum Person {
    /// At most one of these amounts, each with its probability. A year of events that the layer bends is so, too.
    Once(Vec<(f64, Scaled)>),
    /// Poisson events, each by its rate.
    Events(Vec<(f64, Scaled)>),
}

/// Persons prepared for a layer; years of events are computed once for each rate.
pub(crate) struct Persons<'a> {
    model: &'a CostModel,
    layer: &'a Layer,
    progress: &'a Progress,
    years: HashMap<(u32, u64), Person>,
    /// One distribution for all bands that have the same family and shape.
    distributions: HashMap<(&'static str, u64), Arc<dyn Distribution>>,
}

impl<'a> Persons<'a> {
    pub(crate) fn new(model: &'a CostModel, layer: &'a Layer, progress: &'a Progress) -> Self {
        Self { model, layer, progress, years: HashMap::new(), distributions: HashMap::new() }
    }

    pub(crate) fn of(&mut self, class: &RiskClass) -> Result<Person, RunError> {
        self.progress.check()?;
        let person = match &self.model.bands[class.band as usize].year {
            Year::Annual { severity, .. } => Person::Once(vec![(class.p_any, self.amount(severity))]),
            year @ Year::Events(types) => {
                let rate = year.rate();
                let factor = if rate > 0.0 { year.rate_at(class.p_any) / rate } else { 0.0 };
                let key = (class.band, factor.to_bits());
                if !self.years.contains_key(&key) {
                    let person = self.events(types, factor)?;
                    self.years.insert(key, person);
                }
                self.years[&key].clone()
            }
        };
        Ok(person.times(class.scale))
    }

    pub(crate) fn all(mut self, classes: &[RiskClass]) -> Result<Vec<Person>, RunError> {
        classes.iter().map(|class| self.of(class)).collect()
    }

    fn events(&mut self, types: &[EventType], factor: f64) -> Result<Person, RunError> {
        if self.layer.proportional().is_some() {
            let amounts = types.iter().map(|t| (t.rate * factor, self.amount(&t.severity)));
            return Ok(Person::Events(amounts.collect()));
        }
        let amount = |(p, distribution)| (p, Scaled { distribution, scale: 1.0 });
        let year = year_distribution(types, factor, self.progress)?;
        Ok(Person::Once(year.into_iter().map(amount).collect()))
    }

    fn amount(&mut self, severity: &Severity) -> Scaled {
        let distribution = match severity.kind() {
            SeverityKind::Parametric { family, shape, distribution } => {
                let key = (family.name(), shape.unwrap_or_default().to_bits());
                self.distributions.entry(key).or_insert_with(|| distribution.clone()).clone()
            }
            SeverityKind::Observed(distribution) => distribution.clone() as Arc<dyn Distribution>,
        };
        Scaled { distribution, scale: severity.scale() }
    }
}

impl Scaled {
    /// E[layer(cost)^k; cost <= x] in £^k.
    pub(crate) fn partial_moment(&self, layer: &Layer, k: u32, x: f64) -> f64 {
        let up_to = |j: u32, x: f64| {
            self.distribution.partial_moment(j, x / self.scale) * integer_power(self.scale, j as i32)
        };
        layer
            .pieces()
            .filter(|(piece, _)| piece.from < x)
            .map(|(piece, end)| {
                let between = |j: u32| {
                    let below = if piece.from > 0.0 { up_to(j, piece.from) } else { 0.0 };
                    up_to(j, end.min(x)) - below
                };
                power_of_line(k, piece.fixed, piece.gradient, between)
            })
            .sum()
    }

    /// P(layer(cost) > y)
    pub(crate) fn exceeds(&self, layer: &Layer, y: f64) -> f64 {
        self.distribution.survival(layer.exceeds(y) / self.scale)
    }

    pub(crate) fn times(&self, factor: f64) -> Self {
        Self { distribution: self.distribution.clone(), scale: self.scale * factor }
    }
}

impl Person {
    /// The person with every cost multiplied.
    pub(crate) fn times(&self, factor: f64) -> Self {
        let times = |amounts: &[(f64, Scaled)]| amounts.iter().map(|(r, t)| (*r, t.times(factor))).collect();
        match self {
            Person::Once(amounts) => Person::Once(times(amounts)),
            Person::Events(types) => Person::Events(times(types)),
        }
    }

    /// E[layer^k] for k = 1 ... 4; infinite where a moment does not exist.
    pub(crate) fn raw_moments(&self, layer: &Layer) -> [f64; 4] {
        let [c1, c2, c3, c4] = [1, 2, 3, 4].map(|k| {
            let moment =
                |(rate, amount): &(f64, Scaled)| rate * amount.partial_moment(layer, k, f64::INFINITY);
            self.amounts().iter().map(moment).sum::<f64>()
        });
        match self {
            Person::Once(_) => [c1, c2, c3, c4],
            Person::Events(_) => {
                let m2 = c2 + c1 * c1;
                let m3 = c3 + 3.0 * c2 * c1 + c1 * c1 * c1;
                [c1, m2, m3, c4 + 4.0 * c3 * c1 + 3.0 * c2 * c2 + 6.0 * c2 * c1 * c1 + integer_power(c1, 4)]
            }
        }
    }

    /// Its amounts, each with its rate or probability.
    pub(crate) fn amounts(&self) -> &[(f64, Scaled)] {
        let (Person::Once(amounts) | Person::Events(amounts)) = self;
        amounts
    }
}
