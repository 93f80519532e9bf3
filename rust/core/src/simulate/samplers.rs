//! Samplers of a cost model: tables to draw from. bands that differ only in their mean share one.

use std::sync::Arc;

use super::columns::{Columns, EventColumns};
use super::events::{EventType, Events};
use super::kernel::YearSampler;
use super::services::ServiceTable;
use super::year_columns::YearColumns;
use crate::model::{self, CostModel, Severity, SeverityKind, Year};
use crate::sampler::{AliasTable, QuantileTable, Sampler};

/// Samplers of all bands.
pub(crate) struct Samplers {
    /// One for each distribution of a year.
    pub years: Vec<YearSampler>,
    /// The columns of each, where any are kept.
    pub columns: Vec<Option<YearColumns>>,
    bands: Vec<BandSampler>,
}

/// Sampler of one band.
struct BandSampler {
    /// Index in `years`.
    sampler: usize,
    scale: f64,
    year: Year,
}

impl Samplers {
    pub(crate) fn new(model: &CostModel, columns: &Columns, effects: bool) -> Self {
        let (mut years, mut columns_of) = (Vec::new(), Vec::new());
        let kept = columns.count(false) > 0;
        let mut annual: Vec<(Severity, usize)> = Vec::new();
        let mut samplers: Vec<(Severity, Arc<Sampler>)> = Vec::new();
        let bands = model
            .bands
            .iter()
            .map(|band| {
                let (sampler, scale) = match &band.year {
                    Year::Annual { severity, .. } => {
                        let same = |other: &Severity| {
                            same_distribution(other, severity) && !(kept && other.mix() != severity.mix())
                        };
                        let known = annual.iter().find(|(other, _)| same(other));
                        let index = known.map(|(_, index)| *index).unwrap_or_else(|| {
                            years.push(YearSampler::Annual(severity_sampler(severity)));
                            let table = kept
                                .then(|| YearColumns::Annual(ServiceTable::new(severity, columns, effects)));
                            columns_of.push(table);
                            annual.push((severity.clone(), years.len() - 1));
                            years.len() - 1
                        });
                        (index, severity.scale())
                    }
                    Year::Events(types) => {
                        years.push(YearSampler::Events(events(&band.year, types, &mut samplers)));
                        columns_of.push(kept.then(|| YearColumns::Events(EventColumns::new(types, columns))));
                        (years.len() - 1, 1.0)
                    }
                };
                BandSampler { sampler, scale, year: band.year.clone() }
            })
            .collect();
        Self { years, columns: columns_of, bands }
    }

    /// Index in `years` of a band's sampler.
    pub(crate) fn index(&self, band: usize) -> usize {
        self.bands[band].sampler
    }

    /// Whether the sums of a column have fractions of a unit of money.
    pub(crate) fn has_fractions(&self, column: usize) -> bool {
        self.columns.iter().flatten().any(|columns| match columns {
            YearColumns::Annual(table) => table.has_fractions(column),
            YearColumns::Events(_) => false,
        })
    }

    /// Scale of a band: what the values of its sampler are multiplied by to be £.
    pub(crate) fn scale(&self, band: usize) -> f64 {
        self.bands[band].scale
    }

    /// Expected cost (£) of a person of a band.
    pub(crate) fn mean(&self, band: usize, p_any: f64) -> f64 {
        self.bands[band].year.mean_at(p_any)
    }
}

/// Are two severities of one distribution, apart from their scale?
fn same_distribution(a: &Severity, b: &Severity) -> bool {
    match (a.kind(), b.kind()) {
        (
            SeverityKind::Parametric { family: f, shape: s, .. },
            SeverityKind::Parametric { family: g, shape: t, .. },
        ) => f == g && s == t,
        (SeverityKind::Observed(a), SeverityKind::Observed(b)) => Arc::ptr_eq(a, b),
        _ => false,
    }
}

fn severity_sampler(severity: &Severity) -> Sampler {
    match severity.kind() {
        SeverityKind::Parametric { distribution, .. } => {
            Sampler::Quantiles(QuantileTable::new(distribution.as_ref()))
        }
        SeverityKind::Observed(distribution) => Sampler::Alias(AliasTable::new(distribution)),
    }
}

fn events(year: &Year, types: &[model::EventType], samplers: &mut Vec<(Severity, Arc<Sampler>)>) -> Events {
    let rate: f64 = types.iter().map(|t| t.rate).sum();
    let mut cumulative = 0.0;
    let types = types
        .iter()
        .map(|t| {
            cumulative += t.rate / rate;
            let known = samplers.iter().find(|(other, _)| same_distribution(other, &t.severity));
            let sampler = known.map(|(_, sampler)| sampler.clone()).unwrap_or_else(|| {
                let made = Arc::new(severity_sampler(&t.severity));
                samplers.push((t.severity.clone(), made.clone()));
                made
            });
            EventType { cumulative, scale: t.severity.scale(), sampler }
        })
        .collect();
    Events { types, year: year.clone() }
}
