//! Outcome: what the unit terms of a contract make of a unit's year, from the distribution of its total.

use crate::contract::{Holder, UnitTerm};
use crate::exact::UnitDistribution;
use crate::model::Moments;
use crate::numeric::money::{UNITS_PER_POUND, pounds, units};
use crate::numeric::power::integer_power;
use crate::settle::{Account, Settlement, corners, least_total, settle};

/// An amount (£) that terms move between the holder and others.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Transfer {
    /// Its mean.
    pub mean: f64,
    /// Its SD.
    pub sd: f64,
    /// Probability that it is above 0.
    pub p: f64,
}

/// Outcome of a unit's year under the unit terms of a contract, whose subject is the total of a distribution.
pub struct Outcome<'a> {
    distribution: &'a UnitDistribution,
    terms: &'a [UnitTerm],
    account: Account<'a>,
    /// What the unit keeps.
    pub kept: Moments,
    /// What others bear.
    pub ceded: Transfer,
    /// What the holder is paid.
    pub bonus: Transfer,
    /// What it pays.
    pub penalty: Transfer,
}

impl<'a> Outcome<'a> {
    /// The outcome with this budget (£) and these scores, of terms that were checked.
    pub fn new(
        distribution: &'a UnitDistribution,
        terms: &'a [UnitTerm],
        budget: f64,
        scores: &'a [f64],
    ) -> Self {
        let people = Some(distribution.moments.people as f64);
        let account = Account::of_pounds(0.0, Some(budget), Holder { people, scores });
        let nodes = distribution.nodes(&corners(terms, &account));
        let at = |total: f64| settle_total(terms, &account, units(total));
        let settled: Vec<(f64, i64, Settlement)> =
            nodes.iter().map(|(x, p)| (*p, units(*x), at(*x))).collect();
        let all: f64 = settled.iter().map(|(p, ..)| p).sum();
        let mean = |of: &dyn Fn(i64, &Settlement) -> f64| {
            settled.iter().map(|(p, total, s)| p * of(*total, s)).sum::<f64>() / all
        };
        let kept = |total: i64, s: &Settlement| pounds(s.kept(total));
        let first = mean(&kept);
        let central = |power: i32| mean(&|total, s| integer_power(kept(total, s) - first, power));
        let sd = central(2).max(0.0).sqrt();
        let varies = sd > 1e-9 * first.abs();
        let transfer = |of: fn(&Settlement) -> i64| {
            let first = mean(&|_, s| pounds(of(s)));
            let square = mean(&|_, s| integer_power(pounds(of(s)) - first, 2));
            Transfer {
                mean: first,
                sd: square.max(0.0).sqrt(),
                p: mean(&|_, s| f64::from(u8::from(of(s) > 0))),
            }
        };
        Self {
            distribution,
            terms,
            account,
            kept: Moments {
                mean: first,
                sd,
                cv: (first > 0.0).then(|| sd / first),
                skewness: varies.then(|| central(3) / integer_power(sd, 3)),
                kurtosis: varies.then(|| central(4) / integer_power(sd, 4) - 3.0),
            },
            ceded: transfer(|s| s.ceded),
            bonus: transfer(|s| s.bonus),
            penalty: transfer(|s| s.penalty),
        }
    }

    fn kept(&self, total: i64) -> i64 {
        settle_total(self.terms, &self.account, total).kept(total)
    }

    /// P(kept > x) and P(kept < x): what is kept never falls with the total.
    pub fn beyond(&self, over: f64, under: f64) -> [f64; 2] {
        let total = |value: i64| least_total(value, |total| self.kept(total)).map(pounds);
        let above = (over * UNITS_PER_POUND).floor() as i64 + 1;
        [
            total(above).map_or(0.0, |total| 1.0 - self.distribution.below(total)),
            total((under * UNITS_PER_POUND).ceil() as i64)
                .map_or(1.0, |total| self.distribution.below(total)),
        ]
    }

    /// The quantile of what is kept (£).
    pub fn quantile(&self, probability: f64) -> f64 {
        pounds(self.kept(units(self.distribution.quantile(probability))))
    }
}

fn settle_total(terms: &[UnitTerm], account: &Account<'_>, actual: i64) -> Settlement {
    settle(terms, &Account { actual, ..*account })
}
