//! Expected costs where the variance is infinite: they are computed, for simulated means would not settle.

use super::{Options, Totals};
use crate::analytic_moments::{Valuation, heavy_means};
use crate::contract::Basis;
use crate::model::CostModel;
use crate::population::Composition;
use crate::run::{Progress, RunError};

/// A population whose mean cost over years would not settle.
pub(super) struct Heavy {
    model: CostModel,
    pub(super) people: Composition,
    /// The bases whose variance is infinite.
    valuations: Vec<Valuation>,
}

impl Heavy {
    pub(super) fn new(model: &CostModel, levels: usize, options: &Options) -> Option<Self> {
        let Options { stop_loss, practice_sd, national_sd, .. } = *options;
        let of = |basis| Valuation { practice_sd, national_sd, ..Valuation::new(basis, stop_loss) };
        let mut valuations = Basis::ALL.map(of).to_vec();
        let heavy =
            |valuation: &Valuation| model.bands.iter().any(|band| !band.has_variance(&valuation.portion));
        valuations.retain(heavy);
        let people = Composition::new(model, levels);
        (!valuations.is_empty()).then(|| Self { model: model.clone(), people, valuations })
    }

    pub(super) fn put_means(self, levels: &mut [Totals], progress: &Progress) -> Result<(), RunError> {
        let people = self.people.finish();
        for valuation in &self.valuations {
            for (i, level) in levels.iter_mut().enumerate() {
                let means = heavy_means(&self.model, &people, i, valuation, progress)?;
                for (unit, mean) in level.units.iter_mut().zip(means) {
                    unit.heavy_means[valuation.portion.basis as usize] = mean;
                }
            }
        }
        Ok(())
    }
}
