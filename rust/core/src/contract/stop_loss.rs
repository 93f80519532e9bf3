//! A specific stop-loss: what is ceded of one person's year.

use std::fmt;

use crate::error::{Error, Problem};
use crate::numeric::money::{AMOUNT, UNITS_PER_POUND, is_amount};

/// Specific stop-loss: `share` of a person's cost above `ceiling` is ceded, at most `limit`. Money in £.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StopLoss {
    pub(super) ceiling: f64,
    pub(super) share: f64,
    pub(super) limit: f64,
}

impl StopLoss {
    /// A stop-loss; `limit` is `None` where there is none. Rejects money that is not served, and a share outside of 0
    /// to 1.
    pub fn new(ceiling: f64, share: f64, limit: Option<f64>) -> Result<Self, Error> {
        let mut problems = Vec::new();
        let mut check = |name: &str, value: f64, good: bool, allowed: &str| {
            if !good {
                problems.push(Problem::argument(name, value, allowed));
            }
        };
        check("ceiling", ceiling, is_amount(ceiling), AMOUNT);
        check("share", share, (0.0..=1.0).contains(&share), "a number from 0 to 1");
        if let Some(limit) = limit {
            check("limit", limit, is_amount(limit), AMOUNT);
        }
        Error::unless_empty(problems)?;
        Ok(Self { ceiling, share, limit: limit.unwrap_or(f64::INFINITY) })
    }

    /// The cost of a person (£ a year) above which a share is ceded.
    pub fn ceiling(&self) -> f64 {
        self.ceiling
    }

    /// The share of the cost above the ceiling that is ceded, from 0 to 1.
    pub fn share(&self) -> f64 {
        self.share
    }

    /// The most that is ceded of one person (£ a year); `None` without a limit.
    pub fn limit(&self) -> Option<f64> {
        self.limit.is_finite().then_some(self.limit)
    }

    /// The cost from which on nothing more is ceded: infinite without a limit.
    pub(crate) fn exhausted_at(&self) -> f64 {
        if self.share == 0.0 { self.ceiling } else { self.ceiling + self.limit / self.share }
    }

    /// The part of a person's yearly cost (£) that is ceded (£).
    pub fn ceded(&self, cost: f64) -> f64 {
        ((cost - self.ceiling).max(0.0) * self.share).min(self.limit)
    }
}

impl fmt::Display for StopLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = self.limit().map_or("none".into(), |limit| limit.to_string());
        write!(f, "ceiling {}, share {}, limit {limit}", self.ceiling, self.share)
    }
}

/// Terms of a stop-loss in units of money, as whole numbers held in doubles.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub ceiling: f64,
    pub share: f64,
    pub limit: f64,
}

impl Terms {
    pub(crate) fn new(stop_loss: Option<StopLoss>) -> Self {
        let units = |pounds: f64| libm::rint(pounds * UNITS_PER_POUND);
        match stop_loss {
            Some(s) => Self { ceiling: units(s.ceiling), share: s.share, limit: units(s.limit) },
            None => Self { ceiling: f64::INFINITY, share: 1.0, limit: f64::INFINITY },
        }
    }

    /// What is ceded of a person's cost.
    #[inline]
    pub(crate) fn ceded(&self, units: f64) -> i64 {
        libm::rint(((units - self.ceiling).max(0.0) * self.share).min(self.limit)) as i64
    }

    /// Is all above the ceiling ceded, and nothing else to look at?
    pub(crate) fn is_ceiling(&self) -> bool {
        self.share == 1.0 && self.limit == f64::INFINITY
    }
}
