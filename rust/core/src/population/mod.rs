//! People: rows of a population, and how many of each risk class are in each practice and unit.

mod composition;
mod group;
mod rows;

pub(crate) use composition::together;
pub use composition::{Composition, Part, People};
pub use group::{Group, practice_addresses};
pub use rows::Rows;
