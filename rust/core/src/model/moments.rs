//! Mean, SD and skewness of a person's year in closed form, with or without a stop-loss.

use super::compound::Compound;
use super::line::power_of_line;
use super::{Band, Severity, Year};
use crate::contract::StopLoss;
use crate::error::{Problem, Refusal};

/// Moments of one person's net cost of the year, in £.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    pub mean: f64,
    pub sd: f64,
    /// SD over mean; none where nothing is kept.
    pub cv: Option<f64>,
    /// None where it is infinite or the cost does not vary.
    pub skewness: Option<f64>,
}

impl Band {
    /// Moments of one person's year net of the stop-loss; refuses a variance that is infinite.
    pub fn moments(&self, stop_loss: Option<&StopLoss>) -> Result<Moments, Refusal> {
        let raw = match &self.year {
            Year::Annual { p_any, severity } => {
                std::array::from_fn(|k| annual(*p_any, severity, k as u32 + 1, stop_loss))
            }
            Year::Events(types) => Compound::new(types).raw_moments(stop_loss),
        };
        central(raw).ok_or_else(|| {
            let name = self.name.as_deref().map_or(String::new(), |b| format!("band '{b}': "));
            Refusal::many(vec![Problem::new(format!(
                "{name}the variance of a person's cost is infinite: give a ceiling without a limit, or for pareto \
                 an alpha above 2, or for an observed law a tail with a shape below 0.5"
            ))])
        })
    }
}

/// From the first three raw moments; none where the second is infinite.
fn central([m1, m2, m3]: [f64; 3]) -> Option<Moments> {
    if !m2.is_finite() {
        return None;
    }
    let variance = (m2 - m1 * m1).max(0.0);
    let sd = variance.sqrt();
    // Below this share of the second moment, a variance is rounding error of a cost that does not vary.
    let varies = variance > 1e-14 * m2;
    let skewness = (m3 - 3.0 * m1 * m2 + 2.0 * m1 * m1 * m1) / (variance * sd);
    Some(Moments {
        mean: m1,
        sd: if varies { sd } else { 0.0 },
        cv: (m1 > 0.0).then(|| if varies { sd / m1 } else { 0.0 }),
        skewness: (varies && skewness.is_finite()).then_some(skewness),
    })
}

/// E[net^k] of a year with at most one amount: the net cost is straight between the ceiling and where the limit bites.
fn annual(p_any: f64, severity: &Severity, k: u32, stop_loss: Option<&StopLoss>) -> f64 {
    let between = |j: u32, from: f64, to: f64| {
        let below = if from < 0.0 { 0.0 } else { severity.partial_moment(j, from) };
        severity.partial_moment(j, to) - below
    };
    let Some(s) = stop_loss else {
        return p_any * between(k, -1.0, f64::INFINITY);
    };
    let (ceiling, end) = (s.ceiling(), s.exhausted_at());
    let line = |fixed, slope, from, to| power_of_line(k, fixed, slope, |j| between(j, from, to));
    let mut moment = between(k, -1.0, ceiling) + line(ceiling * s.share(), 1.0 - s.share(), ceiling, end);
    if end.is_finite() {
        moment += line(-s.ceded(end), 1.0, end, f64::INFINITY);
    }
    p_any * moment
}
