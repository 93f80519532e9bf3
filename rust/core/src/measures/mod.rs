//! Measures: estimates from simulated years, each with its Monte Carlo standard error, and outcomes of unit terms.

mod estimate;
mod outcome;
mod quantile;
mod size_bands;

pub use estimate::{Estimate, Moments, Shares, moments, shares, systematic_sd};
pub use outcome::{Outcome, Transfer};
pub use quantile::QuantileRule;
pub use size_bands::{SizeBand, size_bands};
