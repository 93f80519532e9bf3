//! Cost models: bands, each with the distribution of a person's year.
//!
//! ```
//! use fundholder_core::contract::StopLoss;
//! use fundholder_core::model::{Band, CostModel, EventType, Severity, Year};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Adults: one amount a year, or none. Elderly: Poisson events of two types.
//! let amount = Severity::parametric("lognormal", 2_000.0, Some(1.6))?;
//! let visit = Severity::parametric("fixed", 36.0, None)?;
//! let stay = Severity::parametric("gamma", 4_000.0, Some(0.8))?;
//! let events = vec![EventType { rate: 4.0, severity: visit }, EventType { rate: 0.3, severity: stay }];
//! let model = CostModel::new(vec![
//!     Band { name: Some("adult".into()), year: Year::Annual { p_any: 0.3, severity: amount } },
//!     Band { name: Some("elderly".into()), year: Year::Events { types: events, frailty: 0.0 } },
//! ]);
//! let stop_loss = StopLoss::new(20_000.0, 1.0, None)?;
//! for band in &model.bands {
//!     let (gross, net) = (band.moments(None)?, band.moments(Some(&stop_loss))?);
//!     println!("mean £{:.0}, SD £{:.0}, net of the ceiling £{:.0}", gross.mean, gross.sd, net.sd);
//!     # assert!(net.sd < gross.sd);
//! }
//! # assert_eq!(model.bands[0].moments(None)?.mean, 600.0);
//! # Ok(())
//! # }
//! ```

mod amount;
mod event_lattices;
mod events;
mod line;
mod moments;
mod panjer;
mod person;
mod risk_class;
mod service_mix;

use std::sync::Arc;

use crate::numeric::money::AMOUNTS;
use crate::numeric::power::integer_power;
use crate::random::{label_address, mix};
use crate::severity::{Distribution, Empirical, Family};

pub(crate) use amount::Amount;
pub(crate) use moments::Cumulants;
pub use moments::Moments;
pub(crate) use person::{Component, Person, Persons};
pub use risk_class::RiskClass;
pub use service_mix::{Profile, RankClass, ServiceMix};

/// Severity: the distribution of a cost in £, given that there is one.
#[derive(Clone)]
pub struct Severity {
    kind: SeverityKind,
    /// What its standardised values are multiplied by to be £: the mean of a parametric family, 1 for observed costs.
    scale: f64,
    /// How its cost is shared by services; `None` where the model has none.
    mix: Option<Arc<ServiceMix>>,
}

/// Distribution of a severity before it is scaled.
#[derive(Clone)]
pub enum SeverityKind {
    /// A family standardised to mean 1.
    Parametric {
        /// The family.
        family: Family,
        /// Its shape; `None` for the fixed distribution.
        shape: Option<f64>,
        /// The distribution of both, of mean 1.
        distribution: Arc<dyn Distribution>,
    },
    /// Observed costs in £.
    Observed(Arc<Empirical>),
}

impl Severity {
    /// A family with this mean (£) and shape; the message says what is allowed.
    pub fn parametric(family: &str, mean: f64, shape: Option<f64>) -> Result<Self, String> {
        let family = Family::from_name(family)?;
        let distribution = family.distribution(shape)?.into();
        if !AMOUNTS.contains(&mean) {
            return Err(format!(
                "mean is {mean:e}: must be from £{:e} to £{:e}",
                AMOUNTS.start(),
                AMOUNTS.end()
            ));
        }
        Ok(Self { kind: SeverityKind::Parametric { family, shape, distribution }, scale: mean, mix: None })
    }

    /// The distribution of observed costs (£).
    pub fn observed(distribution: Empirical) -> Self {
        Self { kind: SeverityKind::Observed(Arc::new(distribution)), scale: 1.0, mix: None }
    }

    /// The same, shared by services in this way.
    pub fn with_mix(self, mix: ServiceMix) -> Self {
        Self { mix: Some(Arc::new(mix)), ..self }
    }

    /// How its cost is shared by services; `None` where the model has none.
    pub fn mix(&self) -> Option<&ServiceMix> {
        self.mix.as_deref()
    }

    /// The service that all its cost is of; none where there is no such one.
    pub fn service(&self) -> Option<usize> {
        self.mix()?.only()?.iter().position(|share| *share == 1.0)
    }

    /// The distribution before it is scaled.
    pub fn kind(&self) -> &SeverityKind {
        &self.kind
    }

    /// What its standardised values are multiplied by to be £: the mean of a parametric family, 1 for observed costs.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// The distribution of the cost over [`scale`](Self::scale).
    pub fn distribution(&self) -> &dyn Distribution {
        match &self.kind {
            SeverityKind::Parametric { distribution, .. } => distribution.as_ref(),
            SeverityKind::Observed(distribution) => distribution.as_ref(),
        }
    }

    /// Mean in £.
    pub fn mean(&self) -> f64 {
        self.scale * self.distribution().mean()
    }

    /// E[X^k; X <= x] in £^k.
    pub(crate) fn partial_moment(&self, k: u32, x: f64) -> f64 {
        self.distribution().partial_moment(k, x / self.scale) * integer_power(self.scale, k as i32)
    }
}

/// Type of event: how often a year, and at what cost.
#[derive(Clone)]
pub struct EventType {
    /// Events a year of one person, 0 or more; at most [`MAX_RATE`] over all types.
    pub rate: f64,
    /// Cost of one event.
    pub severity: Severity,
}

/// The distribution of one person's year.
#[derive(Clone)]
pub enum Year {
    /// One amount, with a probability.
    Annual {
        /// Probability of any cost in the year.
        p_any: f64,
        /// The amount, given that there is one.
        severity: Severity,
    },
    /// Events of several types: Poisson, given a person's frailty of the year, which multiplies all rates.
    Events {
        /// The types.
        types: Vec<EventType>,
        /// Variance of the frailty, which has a gamma distribution of mean 1: 0 for none.
        frailty: f64,
    },
}

/// The highest rate of events in a person-year for which the simulation draws them one by one.
pub const MAX_RATE: f64 = 500.0;

impl Year {
    /// Probability of any cost in the year.
    pub fn p_any(&self) -> f64 {
        match self {
            Year::Annual { p_any, .. } => *p_any,
            Year::Events { .. } => self.p_any_at(self.rate()),
        }
    }

    /// Probability of any event where so many are expected.
    pub fn p_any_at(&self, rate: f64) -> f64 {
        -libm::expm1(log_no_event(rate, self.frailty()))
    }

    /// Events in a year; 0 for a distribution without events.
    pub(crate) fn rate(&self) -> f64 {
        match self {
            Year::Annual { .. } => 0.0,
            Year::Events { types, .. } => types.iter().map(|t| t.rate).sum(),
        }
    }

    /// Events in a year of a person with this probability of any: the distribution's own rate for its own probability,
    /// which rounds to 1 where the rate is large.
    pub fn rate_at(&self, p_any: f64) -> f64 {
        if p_any == self.p_any() { self.rate() } else { expected_events(p_any, self.frailty()) }
    }

    /// Variance of the frailty; 0 for a distribution without one.
    pub(crate) fn frailty(&self) -> f64 {
        match self {
            Year::Annual { .. } => 0.0,
            Year::Events { frailty, .. } => *frailty,
        }
    }

    /// Expected cost (£) of a person with this probability of any cost and scale 1.
    pub fn mean_at(&self, p_any: f64) -> f64 {
        match self {
            Year::Annual { severity, .. } => p_any * severity.mean(),
            Year::Events { types, .. } => {
                let rate = self.rate();
                let factor = if rate > 0.0 { self.rate_at(p_any) / rate } else { 0.0 };
                types.iter().map(|t| factor * t.rate * t.severity.mean()).sum()
            }
        }
    }
}

/// Logarithm of the probability of no event, of so many that are expected: negative binomial where there is a frailty.
pub(crate) fn log_no_event(expected: f64, frailty: f64) -> f64 {
    if frailty > 0.0 { -libm::log1p(frailty * expected) / frailty } else { -expected }
}

/// Expected events of which the probability of any is this.
pub(crate) fn expected_events(p_any: f64, frailty: f64) -> f64 {
    let exponent = -libm::log1p(-p_any);
    if frailty > 0.0 { libm::expm1(frailty * exponent) / frailty } else { exponent }
}

/// The probability of n + 1 events over that of n, where so many are expected: numerator and denominator.
pub(crate) fn next_event(expected: f64, frailty: f64, n: u32) -> [f64; 2] {
    let n = f64::from(n);
    [expected * (1.0 + frailty * n), (1.0 + frailty * expected) * (n + 1.0)]
}

/// A band of people with one distribution.
#[derive(Clone)]
pub struct Band {
    /// Name of the band; `None` where the model has a single band without a name.
    pub name: Option<String>,
    /// A year of one person of the band.
    pub year: Year,
}

/// Cost model: what the people of every band cost.
#[derive(Clone)]
pub struct CostModel {
    /// The bands, by their numbers.
    pub bands: Vec<Band>,
    /// Names of the services by which costs are shared; empty where costs are one amount.
    pub services: Vec<String>,
}

impl CostModel {
    /// A model of a single band without a name.
    pub fn single(year: Year) -> Self {
        Self::new(vec![Band { name: None, year }])
    }

    /// A model of these bands, whose costs are one amount.
    pub fn new(bands: Vec<Band>) -> Self {
        Self { bands, services: Vec::new() }
    }

    /// A digest of everything that decides a draw, the same for any order of the bands.
    pub fn digest(&self) -> u64 {
        let services = self.services.iter().map(|name| mix(label_address(name.as_bytes())));
        self.bands.iter().map(Band::digest).chain(services).fold(0, u64::wrapping_add)
    }
}

impl Band {
    fn digest(&self) -> u64 {
        let mut hash = 0;
        let mut put = |x: u64| hash = mix(hash ^ mix(x.wrapping_add(1)));
        put(self.name.as_deref().map_or(0, |name| label_address(name.as_bytes())));
        match &self.year {
            Year::Annual { p_any, severity } => {
                put(0);
                put(p_any.to_bits());
                severity.digest(&mut put);
            }
            Year::Events { types, frailty } => {
                put(types.len() as u64);
                if *frailty > 0.0 {
                    put(frailty.to_bits());
                }
                for event in types {
                    put(event.rate.to_bits());
                    event.severity.digest(&mut put);
                }
            }
        }
        hash
    }
}

impl Severity {
    fn digest(&self, put: &mut impl FnMut(u64)) {
        self.mix.iter().for_each(|mix| mix.digest(put));
        put(self.scale.to_bits());
        match &self.kind {
            SeverityKind::Parametric { family, shape, .. } => {
                put(label_address(family.name().as_bytes()));
                put(shape.unwrap_or_default().to_bits());
            }
            SeverityKind::Observed(distribution) => {
                put(distribution.values().len() as u64);
                distribution
                    .values()
                    .iter()
                    .chain(distribution.probabilities())
                    .for_each(|x| put(x.to_bits()));
                if let Some(tail) = distribution.tail() {
                    let terms = [tail.threshold, tail.scale, tail.shape, tail.probability];
                    terms.iter().for_each(|x| put(x.to_bits()));
                }
            }
        }
    }
}
