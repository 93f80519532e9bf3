//! People: rows of a population, and how many of each risk class are in each practice and unit.

mod composition;
mod rows;

pub(crate) use composition::together;
pub use composition::{Composition, Part, People};
pub use rows::Rows;
