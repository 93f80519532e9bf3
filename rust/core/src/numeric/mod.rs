//! Numbers: special functions, exact sums, complex numbers, lattices, money.

pub(crate) mod bennett;
pub(crate) mod common_measure;
pub(crate) mod complex;
pub(crate) mod double_double;
pub mod exact_sums;
pub(crate) mod lattice;
pub mod money;
pub mod power;
pub mod special;
