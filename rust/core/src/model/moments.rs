//! Mean, SD and skewness of a person's year in closed form, with or without a stop-loss.

use super::person::Persons;
use super::{Band, CostModel, RiskClass, ServiceMix, Severity, Year};
use crate::contract::{Basis, PersonTerms, Portion, StopLoss};
use crate::error::{Code, Error, Problem};
use crate::numeric::power::integer_power;
use crate::run::{Progress, RunError};

/// The first four cumulants of a cost, in powers of £; infinite where they do not exist.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Cumulants(pub [f64; 4]);

impl Cumulants {
    pub(crate) fn from_raw([m1, m2, m3, m4]: [f64; 4]) -> Self {
        let k2 = m2 - m1 * m1;
        // Below this share of the second moment, a variance is rounding error of a cost that does not vary.
        if m2.is_finite() && k2 <= 1e-14 * m2 {
            return Self([m1, 0.0, 0.0, 0.0]);
        }
        let k3 = m3 - 3.0 * m1 * m2 + 2.0 * m1 * m1 * m1;
        let k4 = m4 - 4.0 * m1 * m3 - 3.0 * m2 * m2 + 12.0 * m1 * m1 * m2 - 6.0 * integer_power(m1, 4);
        let exists = |x: f64| if x.is_finite() { x } else { f64::INFINITY };
        Self([m1, exists(k2), exists(k3), exists(k4)])
    }

    pub(crate) fn add(&mut self, other: &Self, times: f64) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, x)| *sum += times * x);
    }
}

/// Moments of a cost of the year, in £: of one person or of a unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    /// Mean (£).
    pub mean: f64,
    /// Standard deviation (£).
    pub sd: f64,
    /// SD over mean; none where nothing is kept.
    pub cv: Option<f64>,
    /// None where it is infinite or the cost does not vary.
    pub skewness: Option<f64>,
    /// Excess over that of a normal distribution; none as the skewness.
    pub kurtosis: Option<f64>,
}

impl Moments {
    /// None where the variance is infinite.
    pub(crate) fn from_cumulants(Cumulants([k1, k2, k3, k4]): Cumulants) -> Option<Self> {
        if !k2.is_finite() {
            return None;
        }
        let sd = k2.max(0.0).sqrt();
        let standard = |k: f64, power: i32| (sd > 0.0 && k.is_finite()).then(|| k / integer_power(sd, power));
        Some(Self {
            mean: k1,
            sd,
            cv: (k1 > 0.0).then(|| sd / k1),
            skewness: standard(k3, 3),
            kurtosis: standard(k4, 4),
        })
    }
}

impl Band {
    /// Moments of one person's year net of the stop-loss; rejects a variance that is infinite.
    pub fn moments(&self, stop_loss: Option<&StopLoss>) -> Result<Moments, Error> {
        let portion = Portion { basis: Basis::Net, terms: PersonTerms::of_stop_loss(stop_loss.copied()) };
        match self.stoppable_moments(&portion, &Progress::default()) {
            Err(RunError::Rejected(error)) => Err(error),
            moments => Ok(moments.expect("nobody tells it to stop").0),
        }
    }

    /// Moments of a portion of one person's year, and the probability of any cost in it. Of a year that may have many
    /// types of events: ends early where it is told to stop.
    pub fn stoppable_moments(
        &self,
        portion: &Portion,
        progress: &Progress,
    ) -> Result<(Moments, f64), RunError> {
        if !self.has_variance(portion) {
            return Err(Error::many(vec![self.infinite_variance()]).into());
        }
        let model = CostModel::new(vec![self.clone()]);
        let class = RiskClass { band: 0, scale: 1.0, p_any: self.year.p_any() };
        let person = Persons::new(&model, portion, progress).of(&class)?;
        let cumulants = Cumulants::from_raw(person.raw_moments());
        let moments = Moments::from_cumulants(cumulants).ok_or_else(|| vec![self.infinite_variance()]);
        Ok((moments.map_err(Error::many)?, person.p_any()))
    }

    /// Is the variance of this portion of a person's cost finite? Where the layer of the largest years has no bound, its
    /// tail is the severities'.
    pub(crate) fn has_variance(&self, portion: &Portion) -> bool {
        let is_bounded = |shares: &[f64]| portion.layer(shares).bound().is_finite();
        let largest = |mix: &ServiceMix| {
            mix.classes().last().is_none_or(|c| c.profiles.iter().all(|p| is_bounded(&p.shares)))
        };
        let finite = |severity: &Severity| {
            severity.mix().map_or_else(|| is_bounded(&[1.0]), largest)
                || severity.partial_moment(2, f64::INFINITY).is_finite()
        };
        match &self.year {
            Year::Annual { severity, .. } => finite(severity),
            Year::Events { types, .. } => types.iter().all(|t| t.rate == 0.0 || finite(&t.severity)),
        }
    }

    /// The problem of a band whose variance is infinite.
    pub(crate) fn infinite_variance(&self) -> Problem {
        let name = self.name.as_deref().map_or(String::new(), |b| format!("band '{b}': "));
        Problem::new(
            Code::NotComputable,
            format!(
                "{name}the variance of a person's cost is infinite: give a ceiling without a limit, or for pareto an alpha \
             above 2, or for an observed distribution a tail with a shape below 0.5"
            ),
        )
    }
}
