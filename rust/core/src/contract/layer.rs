//! Gross, net and ceded cost of a person's year as piecewise linear functions of its gross cost.

use super::StopLoss;
use crate::error::{Error, Problem};

/// Basis of a cost: gross of the contract, net of it, or ceded by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The whole cost, as without a contract.
    Gross,
    /// What the unit keeps.
    Net,
    /// What the contract passes on.
    Ceded,
}

impl Basis {
    /// Every basis, in the order of its number (`basis as usize`).
    pub const ALL: [Self; 3] = [Self::Gross, Self::Net, Self::Ceded];

    /// The name: "gross", "net" or "ceded".
    pub fn name(self) -> &'static str {
        match self {
            Self::Gross => "gross",
            Self::Net => "net",
            Self::Ceded => "ceded",
        }
    }

    /// The basis of a name; others are rejected as the argument `of`.
    pub fn named(name: &str) -> Result<Self, Error> {
        let basis = Self::ALL.into_iter().find(|basis| basis.name() == name);
        let allowed = "'net', 'gross' or 'ceded'";
        basis.ok_or_else(|| Error::many(vec![Problem::argument("of", name, allowed)]))
    }
}

/// Piece of a piecewise linear function of cost: `fixed + gradient * cost` from `from` on, all in £.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Piece {
    pub from: f64,
    pub fixed: f64,
    pub gradient: f64,
}

impl Piece {
    pub(crate) fn at(&self, cost: f64) -> f64 {
        self.fixed + self.gradient * cost
    }
}

/// Layer: the gross, net or ceded cost as a function of the cost of a person's year. It is continuous, never falling,
/// straight between its corners.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Layer(Vec<Piece>);

impl Layer {
    pub(crate) fn new(stop_loss: Option<&StopLoss>, basis: Basis) -> Self {
        let all = Piece { from: 0.0, fixed: 0.0, gradient: 1.0 };
        let nothing = Piece { gradient: 0.0, ..all };
        let Some(s) = stop_loss.filter(|s| s.share > 0.0 && s.limit > 0.0 && basis != Basis::Gross) else {
            return Self(vec![if basis == Basis::Ceded { nothing } else { all }]);
        };
        let mut pieces =
            vec![nothing, Piece { from: s.ceiling, fixed: -s.ceiling * s.share, gradient: s.share }];
        if s.limit.is_finite() {
            pieces.push(Piece { from: s.exhausted_at(), fixed: s.limit, gradient: 0.0 });
        }
        if basis == Basis::Net {
            pieces.iter_mut().for_each(|p| (p.fixed, p.gradient) = (-p.fixed, 1.0 - p.gradient));
        }
        if s.ceiling == 0.0 {
            pieces.remove(0);
        }
        Self(pieces)
    }

    /// A share of the cost.
    pub(crate) fn share(share: f64) -> Self {
        Self(vec![Piece { from: 0.0, fixed: 0.0, gradient: share }])
    }

    /// This layer of what another leaves of a cost.
    pub(crate) fn after(&self, inner: &Self) -> Self {
        let mut pieces: Vec<Piece> = Vec::new();
        for (first, first_end) in inner.pieces() {
            let (low, high) = (first.at(first.from), first.at(first_end));
            if first.gradient == 0.0 {
                pieces.push(Piece { from: first.from, fixed: self.at(low), gradient: 0.0 });
                continue;
            }
            for (second, _) in self.pieces().filter(|(second, end)| second.from < high && *end > low) {
                let from =
                    if second.from > low { (second.from - first.fixed) / first.gradient } else { first.from };
                let fixed = second.fixed + second.gradient * first.fixed;
                pieces.push(Piece { from, fixed, gradient: second.gradient * first.gradient });
            }
        }
        Self::joined(pieces)
    }

    /// The sum of layers of one cost.
    pub(crate) fn sum(layers: &[Self]) -> Self {
        let mut corners: Vec<f64> =
            layers.iter().flat_map(|layer| &layer.0).map(|piece| piece.from).collect();
        corners.sort_unstable_by(f64::total_cmp);
        corners.dedup();
        let at = |from: f64| {
            let here =
                layers.iter().filter_map(|layer| layer.0.iter().rev().find(|piece| from >= piece.from));
            here.fold(Piece { from, fixed: 0.0, gradient: 0.0 }, |sum, piece| Piece {
                fixed: sum.fixed + piece.fixed,
                gradient: sum.gradient + piece.gradient,
                ..sum
            })
        };
        if corners.is_empty() {
            Self::share(0.0)
        } else {
            Self::joined(corners.into_iter().map(at).collect())
        }
    }

    /// Pieces without corners at which nothing changes.
    fn joined(mut pieces: Vec<Piece>) -> Self {
        pieces.dedup_by(|next, piece| (next.fixed, next.gradient) == (piece.fixed, piece.gradient));
        Self(pieces)
    }

    /// Is it nothing, whatever the cost?
    pub(crate) fn is_nothing(&self) -> bool {
        self.proportional() == Some(0.0)
    }

    /// The pieces, each with its end.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = (Piece, f64)> + '_ {
        let ends = self.0.iter().skip(1).map(|p| p.from).chain([f64::INFINITY]);
        self.0.iter().copied().zip(ends)
    }

    /// The gradient of a layer that is a share of the cost from its first pound on.
    pub(crate) fn proportional(&self) -> Option<f64> {
        match self.0.as_slice() {
            [piece] if piece.fixed == 0.0 => Some(piece.gradient),
            _ => None,
        }
    }

    /// The largest value it takes: infinite where it never ends to rise.
    pub(crate) fn bound(&self) -> f64 {
        self.0.last().map_or(f64::INFINITY, |p| if p.gradient == 0.0 { p.fixed } else { f64::INFINITY })
    }

    pub(crate) fn at(&self, cost: f64) -> f64 {
        self.0.iter().rev().find(|p| cost >= p.from).map_or(0.0, |p| p.at(cost))
    }

    /// The smallest cost at which it is above `value`: infinite where there is none.
    pub(crate) fn exceeds(&self, value: f64) -> f64 {
        self.pieces()
            .find(|(p, end)| p.gradient > 0.0 && p.at(*end) > value)
            .map_or(f64::INFINITY, |(p, _)| ((value - p.fixed) / p.gradient).max(p.from))
    }
}
