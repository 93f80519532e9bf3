//! The fundholder engine: addressed random draws, cost distributions, contracts and risk-pool totals.
//!
//! Numbers only: no Python, no Arrow, no files, no clock and no global state. Imports point one way: numbers, random
//! addresses and errors; severity distributions; people, bands and contracts; simulation; measures.

pub mod analytic_moments;
pub mod contract;
pub mod error;
pub mod exact;
pub mod fit;
pub mod measures;
pub mod model;
pub mod numeric;
pub mod population;
pub mod random;
mod random_effects;
pub mod run;
mod sampler;
pub mod severity;
pub mod simd;
pub mod simulate;
