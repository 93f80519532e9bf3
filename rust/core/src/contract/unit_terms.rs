//! Terms of a contract on the total of a unit, and rates that depend on its size.

use crate::error::{Error, Problem};
use crate::numeric::money::{AMOUNT, is_amount};

const SHARE: &str = "a number from 0 to 1";
const RATE: &str = "a finite number, 0 or more";

/// Holder: what is known of a unit that rates depend on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Holder<'a> {
    /// Its people, where they are known.
    pub people: Option<f64>,
    /// Its scores, in the order of the contract's.
    pub scores: &'a [f64],
}

/// What a rate depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// The people of the unit.
    People,
    /// A score, by its number among the contract's.
    Score(usize),
}

/// Rate: one number, or a table of rates by size or score, straight between its rows and constant after the last.
#[derive(Clone, Debug, PartialEq)]
pub enum Rate {
    /// The same for every unit.
    Constant(f64),
    /// Sizes or scores, ascending, each with its rate.
    Table(Of, Vec<(f64, f64)>),
}

impl Rate {
    /// The rate of a unit; none where what it depends on is not known, or below the first row.
    pub fn of(&self, holder: &Holder<'_>) -> Option<f64> {
        match self {
            Self::Constant(rate) => Some(*rate),
            Self::Table(of, rows) => straight(rows, of.value(holder)?),
        }
    }

    /// What it depends on.
    pub fn depends_on(&self) -> Option<Of> {
        match self {
            Self::Constant(_) => None,
            Self::Table(of, _) => Some(*of),
        }
    }

    fn values(&self) -> Vec<f64> {
        match self {
            Self::Constant(rate) => vec![*rate],
            Self::Table(_, rows) => rows.iter().map(|row| row.1).collect(),
        }
    }
}

impl Of {
    /// The value of a unit, where it is known.
    pub fn value(self, holder: &Holder<'_>) -> Option<f64> {
        match self {
            Self::People => holder.people,
            Self::Score(number) => holder.scores.get(number).copied(),
        }
    }

    /// The argument that has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Score(_) => "scores",
        }
    }
}

/// Gate: the share of a reward that a score earns.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// The number of the score among the contract's.
    pub score: usize,
    /// Scores, ascending, each with the share that is earned; below the first, none is.
    pub rows: Vec<(f64, f64)>,
    /// Is the share straight between rows? Otherwise it is that of the last row that is met.
    pub straight: bool,
}

impl Gate {
    /// The share that a unit earns; none where its score is not known.
    pub fn share(&self, holder: &Holder<'_>) -> Option<f64> {
        let score = *holder.scores.get(self.score)?;
        let met = self.rows.partition_point(|row| row.0 <= score).checked_sub(1);
        Some(match met {
            None => 0.0,
            Some(_) if self.straight => straight(&self.rows, score)?,
            Some(row) => self.rows[row].1,
        })
    }
}

/// The value at `x` of rows that ascend, straight between them and constant after the last; none before the first.
fn straight(rows: &[(f64, f64)], x: f64) -> Option<f64> {
    let above = rows.partition_point(|row| row.0 <= x);
    let (from, low) = *rows.get(above.checked_sub(1)?)?;
    Some(match rows.get(above) {
        Some((to, high)) => low + (high - low) * ((x - from) / (to - from)),
        None => low,
    })
}

/// Do the rows of a table ascend from 0 or more?
fn ascend(rows: &[(f64, f64)]) -> bool {
    !rows.is_empty()
        && rows.iter().all(|row| row.0.is_finite() && row.0 >= 0.0)
        && rows.windows(2).all(|rows| rows[0].0 < rows[1].0)
}

/// Band of a corridor: of deviations `from` ... `to`, as shares of the budget, the holder bears `share`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CorridorBand {
    /// Where it begins.
    pub from: f64,
    /// Where it ends: infinite for the last.
    pub to: f64,
    /// The holder's share.
    pub share: f64,
}

/// What the cap of shared savings bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapBasis {
    /// What is paid to the holder.
    Payment,
    /// The savings that are shared.
    Savings,
}

/// Shared savings: rates of the budget, but for the two shares.
#[derive(Clone, Debug, PartialEq)]
pub struct SharedSavings {
    /// What the holder's share of savings needs: each gate multiplies it, before a cap.
    pub gates: Vec<Gate>,
    /// The holder's share of savings.
    pub share: Rate,
    /// The holder's share of losses.
    pub loss_share: Rate,
    /// Least savings that are shared, from their first pound on.
    pub msr: Rate,
    /// Least losses that are shared, from their first pound on.
    pub mlr: Rate,
    /// The most that counts of savings, or of what is paid for them.
    pub cap: Option<Rate>,
    /// Which of the two.
    pub cap_basis: CapBasis,
    /// The most that the holder pays.
    pub loss_limit: Option<Rate>,
}

/// Unit term: what of a unit's cost is not its own.
#[derive(Clone, Debug, PartialEq)]
pub enum UnitTerm {
    /// A share of the cost is ceded.
    QuotaShare {
        /// The share.
        share: f64,
    },
    /// Of cost above the attachment a share is ceded, at most the limit. Both in £, or as shares of the budget.
    AggregateStopLoss {
        /// The cost above which it pays.
        attachment: f64,
        /// The share that is ceded.
        share: f64,
        /// The most that is ceded; infinite without a limit.
        limit: f64,
        /// Are attachment and limit shares of the budget?
        of_budget: bool,
    },
    /// The holder bears its share of each band of the deviation from the budget.
    Corridor {
        /// Of cost above the budget.
        above: Vec<CorridorBand>,
        /// Of cost below the budget.
        below: Vec<CorridorBand>,
    },
    /// The payer bears the deviation from the budget, and shares it.
    SharedSavings(Box<SharedSavings>),
    /// Care is paid at its price up to `fixed` of the budget for it, and beyond at a share of the price; where it is less,
    /// a share of the difference stays with the holder.
    ProviderPayment {
        /// The share of the budget that is paid for in any case.
        fixed: f64,
        /// The share of the price of care above it that is paid.
        above: f64,
        /// The share of the price of care that falls short of it that is not paid.
        below: f64,
    },
}

impl UnitTerm {
    /// Does it compare the cost with a budget?
    pub fn needs_budget(&self) -> bool {
        !matches!(self, Self::QuotaShare { .. } | Self::AggregateStopLoss { of_budget: false, .. })
    }

    /// Does it settle the deviation from the budget, so that nothing may come after it?
    pub fn is_last(&self) -> bool {
        matches!(self, Self::Corridor { .. } | Self::SharedSavings(_))
    }

    /// Rates, each with its name.
    pub fn rates(&self) -> Vec<(&'static str, &Rate)> {
        let Self::SharedSavings(s) = self else {
            return Vec::new();
        };
        let always = [("share", &s.share), ("loss_share", &s.loss_share), ("msr", &s.msr), ("mlr", &s.mlr)];
        let optional = [("cap", &s.cap), ("loss_limit", &s.loss_limit)];
        always.into_iter().chain(optional.into_iter().filter_map(|(n, r)| Some((n, r.as_ref()?)))).collect()
    }

    /// The term, or all that is wrong with it.
    pub fn checked(self) -> Result<Self, Error> {
        let mut problems = Vec::new();
        let mut check = |name: &str, value: f64, good: bool, allowed: &str| {
            if !good {
                problems.push(Problem::argument(name, value, allowed));
            }
        };
        let is_share = |share: f64| (0.0..=1.0).contains(&share);
        match &self {
            Self::QuotaShare { share } => check("share", *share, is_share(*share), SHARE),
            Self::AggregateStopLoss { attachment, share, limit, of_budget } => {
                check("share", *share, is_share(*share), SHARE);
                let (good, allowed): (fn(f64) -> bool, _) =
                    if *of_budget { (is_rate, RATE) } else { (is_amount, AMOUNT) };
                check("attachment", *attachment, good(*attachment), allowed);
                check("limit", *limit, *limit == f64::INFINITY || good(*limit), allowed);
            }
            Self::Corridor { above, below } => {
                for (name, bands) in [("bands", above), ("below", below)] {
                    let mut from = 0.0;
                    for band in bands {
                        check(
                            name,
                            band.from,
                            band.from == from,
                            "bands from 0 on, without gaps or overlaps",
                        );
                        check(name, band.to, band.to > band.from, "the end of a band, above its beginning");
                        check(name, band.share, is_share(band.share), "the holder's share, from 0 to 1");
                        from = band.to;
                    }
                    check(name, from, from == f64::INFINITY, "bands of which the last has no end");
                }
            }
            Self::SharedSavings(terms) => {
                for (name, rate) in self.rates() {
                    let (good, allowed): (fn(f64) -> bool, _) = if name.ends_with("share") {
                        (|x| (0.0..=1.0).contains(&x), SHARE)
                    } else {
                        (is_rate, RATE)
                    };
                    for value in rate.values() {
                        check(name, value, good(value), allowed);
                    }
                    if let Rate::Table(_, rows) = rate {
                        check(
                            name,
                            f64::NAN,
                            ascend(rows),
                            "rows of size or score (0 or more, ascending) and rate",
                        );
                    }
                }
                for (at, share) in terms.gates.iter().flat_map(|gate| &gate.rows) {
                    check("gate", *at, *at >= 0.0 && at.is_finite(), "a score, 0 or more");
                    check("gate", *share, is_share(*share), "the share of a reward, from 0 to 1");
                }
                for gate in &terms.gates {
                    check(
                        "gate",
                        f64::NAN,
                        ascend(&gate.rows),
                        "rows of score (0 or more, ascending) and share",
                    );
                }
            }
            Self::ProviderPayment { fixed, above, below } => {
                check("fixed", *fixed, is_rate(*fixed), RATE);
                check("above", *above, is_share(*above), SHARE);
                check("below", *below, is_share(*below), SHARE);
            }
        }
        Error::unless_empty(problems)?;
        Ok(self)
    }
}

fn is_rate(rate: f64) -> bool {
    (0.0..=1e6).contains(&rate)
}
