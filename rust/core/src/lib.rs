//! The fundholder engine: addressed random draws, cost laws, contracts and risk-pool totals.
//!
//! Numbers only: no Python, no Arrow, no files, no clock and no global state. Imports point one way: numbers, random
//! addresses and errors; severity laws; people, bands and contracts; simulation; measures.

mod complex;
pub mod composition;
pub mod contract;
mod effects;
pub mod error;
pub mod exact;
pub mod fit;
mod lattice;
pub mod measures;
pub mod model;
pub mod moments;
pub mod money;
pub mod people;
pub mod random;
mod sampler;
pub mod severity;
pub mod simd;
pub mod simulate;
pub mod special;
pub mod sums;
mod wide;
