//! Events, each with a severity: referrals, admissions, courses of treatment.

use crate::model::{Year, log_no_event, next_event};
use crate::random::{Purpose, Source, unit_interval};
use crate::sampler::Sampler;

/// One type of event of a band.
#[derive(Debug)]
pub(crate) struct EventType {
    /// Share of the band's events that are of this type or an earlier one.
    pub cumulative: f64,
    /// What the sampler's values are multiplied by to be £.
    pub scale: f64,
    pub sampler: std::sync::Arc<Sampler>,
}

/// Year of events: the types, and the rates of all.
pub(crate) struct Events {
    pub types: Vec<EventType>,
    /// The distribution of the year: rates by probability of any event.
    pub year: Year,
}

impl Events {
    /// The cost of a year in £ with at least one event; v, uniform in (0, 1), settles how many. `each` sees the type of
    /// each event, and its cost.
    pub(crate) fn at(
        &self,
        source: &Source,
        identity: u64,
        year: u32,
        p_any: f64,
        v: f64,
        each: &mut dyn FnMut(usize, f64),
    ) -> f64 {
        (0..number_of_events(self.year.rate_at(p_any), self.year.frailty(), p_any, v))
            .map(|n| {
                let [high, low, share, _] = source.block(identity, year, Purpose::Event(n));
                let share = unit_interval(share, 0);
                let last = self.types.len() - 1;
                let number = self.types.iter().position(|event| share < event.cumulative).unwrap_or(last);
                let event = &self.types[number];
                let cost = event.scale * event.sampler.at(unit_interval(high, low));
                each(number, cost);
                cost
            })
            .sum()
    }
}

/// The number of events, given that there are any, by inversion: the smallest v have the most events, as the
/// smallest v of an amount are the largest costs.
fn number_of_events(rate: f64, frailty: f64, p_any: f64, v: f64) -> u32 {
    let mut left = (1.0 - v) * p_any;
    let ratio = |n| {
        let [more, fewer] = next_event(rate, frailty, n);
        more / fewer
    };
    let mut term = ratio(0) * libm::exp(log_no_event(rate, frailty));
    let mut n = 1;
    // Past the mean, terms fall faster than geometrically, or geometrically with a frailty; the bound ends the search
    // where `left` is rounding error.
    let most = (2.0 * rate + 100.0) * (1.0 + frailty * rate);
    while left >= term && f64::from(n) < most {
        left -= term;
        term *= ratio(n);
        n += 1;
    }
    n
}
