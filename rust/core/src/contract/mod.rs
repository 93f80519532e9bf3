//! Contracts: what they do to one person's year, and to the total of a unit.

mod layer;
mod person_terms;
mod stop_loss;
mod unit_terms;

pub use layer::Basis;
pub(crate) use layer::{Layer, Piece};
pub use person_terms::{Cover, PersonTerm, PersonTerms, Portion};
pub use stop_loss::StopLoss;
pub(crate) use stop_loss::Terms;
pub use unit_terms::{CapBasis, CorridorBand, Gate, Holder, Of, Rate, SharedSavings, UnitTerm};
