//! From a uniform number to a cost: the tables that the simulation draws from.

mod alias_table;
mod quantile_table;
#[cfg(test)]
mod tests;

pub(crate) use alias_table::Atoms;
pub(crate) use quantile_table::{Cells, FAST_CELLS, KEY_SHIFT, TOP_KEY};

/// One severity, ready to be drawn: costs are `unit * at(v)` with v uniform in (0, 1).
#[derive(Debug)]
pub(crate) enum Sampler {
    /// A continuous law standardised to mean 1.
    Cells(Cells),
    /// Observed costs in £, with or without a fitted tail.
    Atoms(Atoms),
}

impl Sampler {
    #[inline]
    pub(crate) fn at(&self, v: f64) -> f64 {
        match self {
            Sampler::Cells(cells) => cells.at(v),
            Sampler::Atoms(atoms) => atoms.at(v),
        }
    }
}
