//! Contracts: what they do to one person's year, and to the total of a unit.

mod layer;
mod stop_loss;
mod unit_terms;

pub use layer::Basis;
pub(crate) use layer::Layer;
pub use stop_loss::StopLoss;
pub(crate) use stop_loss::Terms;
pub use unit_terms::{CapBasis, CorridorBand, Rate, SharedSavings, UnitTerm};
