//! What a contract does to one person's year.

use crate::error::{Problem, Refusal};
use crate::money::UNITS_PER_POUND;

/// A specific stop-loss: `share` of a person's cost above `ceiling` is ceded, at most `limit`. Money in £.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StopLoss {
    ceiling: f64,
    share: f64,
    limit: f64,
}

impl StopLoss {
    /// `limit` is infinite where there is none.
    pub fn new(ceiling: f64, share: f64, limit: Option<f64>) -> Result<Self, Refusal> {
        let mut problems = Vec::new();
        let mut check = |name: &str, value: f64, good: bool, allowed: &str| {
            if !good {
                problems.push(Problem::argument(name, value, allowed));
            }
        };
        let money = |x: f64| x.is_finite() && x >= 0.0;
        check("ceiling", ceiling, money(ceiling), "a finite number of £, 0 or more");
        check("share", share, (0.0..=1.0).contains(&share), "a number from 0 to 1");
        if let Some(limit) = limit {
            check("limit", limit, money(limit), "a finite number of £, 0 or more");
        }
        Refusal::unless_empty(problems)?;
        Ok(Self { ceiling, share, limit: limit.unwrap_or(f64::INFINITY) })
    }

    pub fn ceiling(&self) -> f64 {
        self.ceiling
    }

    pub fn share(&self) -> f64 {
        self.share
    }

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

/// Which cost of a person's year is looked at: before the contract, kept after it, or passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    Gross,
    Net,
    Ceded,
}

/// A stretch of a piecewise linear function of cost: `fixed + slope * cost` from `from` on, all in £.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Piece {
    pub from: f64,
    pub fixed: f64,
    pub slope: f64,
}

impl Piece {
    pub(crate) fn at(&self, cost: f64) -> f64 {
        self.fixed + self.slope * cost
    }
}

/// A measure as a function of the cost of a person's year: continuous, never falling, straight between its corners.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Layer(Vec<Piece>);

impl Layer {
    pub(crate) fn new(stop_loss: Option<&StopLoss>, measure: Measure) -> Self {
        let all = Piece { from: 0.0, fixed: 0.0, slope: 1.0 };
        let nothing = Piece { slope: 0.0, ..all };
        let Some(s) = stop_loss.filter(|s| s.share > 0.0 && s.limit > 0.0 && measure != Measure::Gross)
        else {
            return Self(vec![if measure == Measure::Ceded { nothing } else { all }]);
        };
        let mut pieces =
            vec![nothing, Piece { from: s.ceiling, fixed: -s.ceiling * s.share, slope: s.share }];
        if s.limit.is_finite() {
            pieces.push(Piece { from: s.exhausted_at(), fixed: s.limit, slope: 0.0 });
        }
        if measure == Measure::Net {
            pieces.iter_mut().for_each(|p| (p.fixed, p.slope) = (-p.fixed, 1.0 - p.slope));
        }
        if s.ceiling == 0.0 {
            pieces.remove(0);
        }
        Self(pieces)
    }

    /// The stretches, each with its end.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = (Piece, f64)> + '_ {
        let ends = self.0.iter().skip(1).map(|p| p.from).chain([f64::INFINITY]);
        self.0.iter().copied().zip(ends)
    }

    /// A share of the cost, from its first pound on: its slope.
    pub(crate) fn proportional(&self) -> Option<f64> {
        match self.0.as_slice() {
            [piece] if piece.fixed == 0.0 => Some(piece.slope),
            _ => None,
        }
    }

    /// The largest value it takes: infinite where it never ends to rise.
    pub(crate) fn bound(&self) -> f64 {
        self.0.last().map_or(f64::INFINITY, |p| if p.slope == 0.0 { p.fixed } else { f64::INFINITY })
    }

    pub(crate) fn at(&self, cost: f64) -> f64 {
        self.0.iter().rev().find(|p| cost >= p.from).map_or(0.0, |p| p.at(cost))
    }

    /// The smallest cost at which it is above `value`: infinite where there is none.
    pub(crate) fn exceeds(&self, value: f64) -> f64 {
        self.pieces()
            .find(|(p, end)| p.slope > 0.0 && p.at(*end) > value)
            .map_or(f64::INFINITY, |(p, _)| ((value - p.fixed) / p.slope).max(p.from))
    }
}

/// The terms in units of money, as whole numbers held in doubles.
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

    /// Is all above the ceiling ceded, and nothing else to look at?
    pub(crate) fn is_ceiling(&self) -> bool {
        self.share == 1.0 && self.limit == f64::INFINITY
    }
}
