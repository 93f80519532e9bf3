//! Measures of simulated years: estimates, each with its Monte Carlo standard error.

mod estimate;
mod quantile;
mod size_bands;

pub use estimate::{Estimate, Moments, Shares, moments, shares, systematic_sd};
pub use quantile::QuantileRule;
pub use size_bands::{SizeBand, size_bands};
