//! Person: one year of it, as both lanes without chance see it. Moments and characteristic function come from here.

use std::collections::HashMap;
use std::sync::Arc;

use super::amount::{Amount, Records};
use super::events::year_distribution;
use super::{CostModel, EventType, RiskClass, ServiceMix, Severity, SeverityKind, Year, log_no_event};
use crate::contract::{Cover, Layer, Portion};
use crate::error::{Code, Error};
use crate::numeric::power::integer_power;
use crate::run::{Progress, RunError};
use crate::severity::{Distribution, Truncated, address};

/// Component: one of the independent costs of a person's year.
#[derive(Clone)]
pub(crate) enum Component {
    /// At most one of these amounts, each with its probability. A year of events that a layer bends is so, too.
    Once(Vec<(f64, Amount)>),
    /// Events, each by its rate, and the variance of the frailty that multiplies them all: Poisson where it is 0.
    Events(Vec<(f64, Amount)>, f64),
}

/// The cost of one person's year, prepared for one portion of it: the sum of its components.
#[derive(Clone)]
pub(crate) struct Person(Vec<Component>);

/// Persons prepared for a portion; the years of a band are computed once for each rate.
pub(crate) struct Persons<'a> {
    model: &'a CostModel,
    portion: &'a Portion,
    progress: &'a Progress,
    years: HashMap<(u32, u64), Person>,
    amounts: HashMap<u32, Vec<(f64, Amount)>>,
    /// One distribution for all bands that have the same family and shape, and for all their years of the same ranks.
    distributions: HashMap<(&'static str, u64), Arc<dyn Distribution>>,
    truncated: HashMap<(usize, [u64; 2]), Arc<dyn Distribution>>,
    layers: Vec<Arc<Layer>>,
}

/// Part of the years with a cost: those of some ranks, of which so many have this layer.
struct Part {
    from: f64,
    to: f64,
    probability: f64,
    layer: Layer,
}

impl<'a> Persons<'a> {
    pub(crate) fn new(model: &'a CostModel, portion: &'a Portion, progress: &'a Progress) -> Self {
        Self {
            model,
            portion,
            progress,
            years: HashMap::new(),
            amounts: HashMap::new(),
            distributions: HashMap::new(),
            truncated: HashMap::new(),
            layers: Vec::new(),
        }
    }

    pub(crate) fn of(&mut self, class: &RiskClass) -> Result<Person, RunError> {
        self.progress.check()?;
        let person = match &self.model.bands[class.band as usize].year {
            Year::Annual { severity, .. } => {
                if !self.amounts.contains_key(&class.band) {
                    let amounts = self.amounts(severity);
                    self.amounts.insert(class.band, amounts);
                }
                let amounts = self.amounts[&class.band].iter();
                Person(vec![Component::Once(amounts.map(|(p, a)| (class.p_any * p, a.clone())).collect())])
            }
            year @ Year::Events { types, frailty } => {
                let rate = year.rate();
                let factor = if rate > 0.0 { year.rate_at(class.p_any) / rate } else { 0.0 };
                let key = (class.band, factor.to_bits());
                if !self.years.contains_key(&key) {
                    let person = self.events(types, factor, *frailty)?;
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

    /// The amounts of which a year with a cost is one, each with its probability.
    fn amounts(&mut self, severity: &Severity) -> Vec<(f64, Amount)> {
        let distribution = self.distribution(severity);
        let mut amounts = Vec::new();
        let mut records = Vec::new();
        for Part { from, to, probability, layer } in parts(severity, self.portion) {
            let probability = probability * (to - from);
            match only_value(severity, from, to) {
                _ if (from, to) == (0.0, 1.0) => {
                    let layer = self.layer(layer);
                    amounts.push((probability, Amount::new(distribution.clone(), severity.scale(), layer)));
                }
                Some(value) => records.push((value * severity.scale(), probability, layer)),
                None => {
                    let key = (address(&distribution), [from.to_bits(), to.to_bits()]);
                    let make =
                        || Arc::new(Truncated::new(distribution.clone(), from, to)) as Arc<dyn Distribution>;
                    let some = self.truncated.entry(key).or_insert_with(make).clone();
                    let layer = self.layer(layer);
                    amounts.push((probability, Amount::new(some, severity.scale(), layer)));
                }
            }
        }
        let probability: f64 = records.iter().map(|(_, p, _)| p).sum();
        amounts.extend(Amount::of_records(Records(records)).map(|amount| (probability, amount)));
        amounts
    }

    /// The same layer, and one address for all that are alike.
    fn layer(&mut self, layer: Layer) -> Arc<Layer> {
        if let Some(known) = self.layers.iter().find(|known| ***known == layer) {
            return known.clone();
        }
        self.layers.push(Arc::new(layer));
        self.layers[self.layers.len() - 1].clone()
    }

    /// Independent costs of groups of services, of each of which the contract makes one layer.
    fn events(&mut self, types: &[EventType], factor: f64, frailty: f64) -> Result<Person, RunError> {
        let groups: Vec<(&Vec<usize>, Vec<&EventType>)> = self
            .portion
            .terms
            .groups()
            .iter()
            .map(|(services, terms)| {
                let is_here = |t: &&EventType| services.contains(&t.severity.service().unwrap_or(0));
                (terms, types.iter().filter(|t| t.rate > 0.0).filter(is_here).collect())
            })
            .filter(|(_, types): &(_, Vec<_>)| !types.is_empty())
            .collect();
        for (number, term) in self.portion.terms.terms().iter().enumerate() {
            let on = groups.iter().filter(|(terms, _)| terms.contains(&number)).count();
            if matches!(term.cover, Cover::StopLoss(_)) && on > 1 {
                let text = format!(
                    "terms: term {} is a stop-loss on services of events that another term parts: only simulation adds \
                     them up person by person",
                    number + 1
                );
                return Err(Error::one(Code::NotComputable, text).into());
            }
        }
        let (mut free, mut components) = (Vec::new(), Vec::new());
        for (_, types) in groups {
            let layer =
                self.portion.layer(types[0].severity.mix().and_then(ServiceMix::only).unwrap_or(&[1.0]));
            if layer.is_nothing() {
                continue;
            }
            let layer = self.layer(layer);
            if layer.proportional().is_some() {
                let of_type = |t: &&EventType| {
                    let amount =
                        Amount::new(self.distribution(&t.severity), t.severity.scale(), layer.clone());
                    (t.rate * factor, amount)
                };
                free.extend(types.iter().map(of_type));
                continue;
            }
            let types: Vec<EventType> = types.into_iter().cloned().collect();
            let year = year_distribution(&types, factor, frailty, self.progress)?;
            let amount = |(p, distribution)| (p, Amount::new(distribution, 1.0, layer.clone()));
            components.push(Component::Once(year.into_iter().map(amount).collect()));
        }
        if !free.is_empty() || components.is_empty() {
            components.insert(0, Component::Events(free, frailty));
        }
        if frailty > 0.0 && components.len() > 1 {
            let text = "terms: a stop-loss is on some services of events that share a person's frailty: only simulation \
                        knows how they go together";
            return Err(Error::one(Code::NotComputable, text).into());
        }
        Ok(Person(components))
    }

    fn distribution(&mut self, severity: &Severity) -> Arc<dyn Distribution> {
        match severity.kind() {
            SeverityKind::Parametric { family, shape, distribution } => {
                let key = (family.name(), shape.unwrap_or_default().to_bits());
                self.distributions.entry(key).or_insert_with(|| distribution.clone()).clone()
            }
            SeverityKind::Observed(distribution) => distribution.clone() as Arc<dyn Distribution>,
        }
    }
}

/// The parts of the years with a cost that have layers of their own; those without one are left out.
fn parts(severity: &Severity, portion: &Portion) -> Vec<Part> {
    let Some(mix) = severity.mix() else {
        return vec![Part { from: 0.0, to: 1.0, probability: 1.0, layer: portion.layer(&[1.0]) }];
    };
    let mut parts: Vec<Part> = Vec::new();
    let mut is_single = false;
    for class in mix.classes() {
        let first = parts.len();
        for profile in &class.profiles {
            let layer = portion.layer(&profile.shares);
            match parts[first..].iter_mut().find(|part| part.layer == layer) {
                Some(part) => part.probability += profile.probability,
                None => {
                    let (from, to, probability) = (class.from, class.to, profile.probability);
                    parts.push(Part { from, to, probability, layer });
                }
            }
        }
        let (joins, was_single) = (is_single, first > 0);
        is_single = parts.len() == first + 1;
        if is_single {
            parts[first].probability = 1.0;
        }
        // Classes that are wholly alike are one.
        if joins && was_single && is_single && parts[first - 1].layer == parts[first].layer {
            parts[first - 1].to = class.to;
            parts.truncate(first);
        }
    }
    parts.retain(|part| !part.layer.is_nothing());
    parts
}

/// The value of a severity, before it is scaled, that all years of these ranks have; none where there are several.
fn only_value(severity: &Severity, from: f64, to: f64) -> Option<f64> {
    match severity.kind() {
        SeverityKind::Parametric { distribution, .. } => match distribution.atoms().as_slice() {
            [(value, _)] => Some(*value),
            _ => None,
        },
        SeverityKind::Observed(observed) => observed.only_value(from, to),
    }
}

impl Component {
    fn times(&self, factor: f64) -> Self {
        let times = |amounts: &[(f64, Amount)]| amounts.iter().map(|(r, t)| (*r, t.times(factor))).collect();
        match self {
            Self::Once(amounts) => Self::Once(times(amounts)),
            Self::Events(types, frailty) => Self::Events(times(types), *frailty),
        }
    }

    /// E[cost^k] for k = 1 ... 4; infinite where a moment does not exist.
    fn raw_moments(&self) -> [f64; 4] {
        let [c1, c2, c3, c4] = [1, 2, 3, 4].map(|k| {
            let moment = |(rate, amount): &(f64, Amount)| rate * amount.partial_moment(k, f64::INFINITY);
            self.amounts().iter().map(moment).sum::<f64>()
        });
        match self {
            Self::Once(_) => [c1, c2, c3, c4],
            Self::Events(_, v) => {
                // Moments of the frailty itself.
                let f2 = 1.0 + v;
                let f3 = f2 * (1.0 + 2.0 * v);
                let f4 = f3 * (1.0 + 3.0 * v);
                let m2 = c2 + f2 * c1 * c1;
                let m3 = c3 + 3.0 * f2 * c2 * c1 + f3 * c1 * c1 * c1;
                let m4 = c4
                    + f2 * 4.0 * c3 * c1
                    + f2 * 3.0 * c2 * c2
                    + f3 * 6.0 * c2 * c1 * c1
                    + f4 * integer_power(c1, 4);
                [c1, m2, m3, m4]
            }
        }
    }

    /// Its amounts, each with its rate or probability.
    pub(crate) fn amounts(&self) -> &[(f64, Amount)] {
        let (Self::Once(amounts) | Self::Events(amounts, _)) = self;
        amounts
    }

    /// Logarithm of the probability of none of its costs of which so many are expected.
    pub(crate) fn log_none(&self, expected: f64) -> f64 {
        match self {
            Self::Once(_) => libm::log1p(-expected.min(1.0)),
            Self::Events(_, frailty) => log_no_event(expected, *frailty),
        }
    }

    /// What it never passes; infinite without a bound.
    fn bound(&self) -> f64 {
        let largest = self.amounts().iter().map(|(_, amount)| amount.bound()).fold(0.0, f64::max);
        match self {
            Self::Events(types, _) if !types.is_empty() => f64::INFINITY,
            _ => largest,
        }
    }
}

impl Person {
    /// The person with every cost multiplied.
    pub(crate) fn times(&self, factor: f64) -> Self {
        Self(self.0.iter().map(|component| component.times(factor)).collect())
    }

    /// E[cost^k] for k = 1 ... 4; infinite where a moment does not exist.
    pub(crate) fn raw_moments(&self) -> [f64; 4] {
        let add = |[a1, a2, a3, a4]: [f64; 4], [b1, b2, b3, b4]: [f64; 4]| {
            [
                a1 + b1,
                a2 + 2.0 * a1 * b1 + b2,
                a3 + 3.0 * (a2 * b1 + a1 * b2) + b3,
                a4 + 4.0 * (a3 * b1 + a1 * b3) + 6.0 * a2 * b2 + b4,
            ]
        };
        self.0.iter().map(Component::raw_moments).reduce(add).unwrap_or_default()
    }

    /// Probability of any cost.
    pub(crate) fn p_any(&self) -> f64 {
        let none = |component: &Component| {
            let costs = component.amounts().iter().map(|(rate, amount)| rate * amount.exceeds(0.0));
            component.log_none(costs.sum())
        };
        -libm::expm1(self.0.iter().map(none).sum())
    }

    /// Variance of the frailty that multiplies the rates of its events; 0 for none.
    pub(crate) fn frailty(&self) -> f64 {
        match self.0.as_slice() {
            [Component::Events(_, frailty)] => *frailty,
            _ => 0.0,
        }
    }

    /// Its independent costs.
    pub(crate) fn components(&self) -> &[Component] {
        &self.0
    }

    /// The amounts of all components, each with its rate or probability.
    pub(crate) fn amounts(&self) -> impl Iterator<Item = &(f64, Amount)> {
        self.0.iter().flat_map(Component::amounts)
    }

    /// What its year never passes; infinite without a bound.
    pub(crate) fn bound(&self) -> f64 {
        self.0.iter().map(Component::bound).sum()
    }
}
