//! Contracts: what they do to one person's year.

mod layer;
mod stop_loss;

pub use layer::Basis;
pub(crate) use layer::Layer;
pub use stop_loss::StopLoss;
pub(crate) use stop_loss::Terms;
