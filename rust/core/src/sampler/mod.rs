//! Samplers: tables from a uniform number to a cost.

mod alias_table;
mod quantile_table;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::severity::{Distribution, Empirical};

pub(crate) use alias_table::{AliasTable, Column, columns};
pub(crate) use quantile_table::{FAST_INTERVALS, KEY_SHIFT, QuantileTable, TOP_KEY};

/// Sampler of one severity: costs are `scale * at(v)` with v uniform in (0, 1).
#[derive(Debug)]
pub(crate) enum Sampler {
    /// A continuous distribution standardised to mean 1.
    Quantiles(QuantileTable),
    /// Observed costs in £, with or without a fitted tail.
    Alias(AliasTable),
    /// Observed costs in £, by rank.
    Ranked(Arc<Empirical>),
}

impl Sampler {
    /// The value of a uniform number: but of alias tables, what a share `v` of draws exceeds.
    #[inline]
    pub(crate) fn at(&self, v: f64) -> f64 {
        match self {
            Sampler::Quantiles(table) => table.at(v),
            Sampler::Alias(table) => table.at(v),
            Sampler::Ranked(distribution) => distribution.inverse_survival(v),
        }
    }
}
