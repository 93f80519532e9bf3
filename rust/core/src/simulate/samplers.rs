//! Samplers of a cost model: tables to draw from. bands that differ only in their mean share one.

use std::sync::Arc;

use super::Options;
use super::columns::EventColumns;
use super::events::{EventType, Events};
use super::kernel::YearSampler;
use super::services::{MOST_ENTRIES, ServiceTable};
use super::year_columns::YearColumns;
use crate::model::{self, CostModel, RankClass, ServiceMix, Severity, SeverityKind, Year};
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
    /// Index in `years`, and among the mixes of that distribution.
    sampler: usize,
    mix: usize,
    scale: f64,
    year: Year,
}

impl Samplers {
    pub(crate) fn new(model: &CostModel, options: &Options, effects: bool) -> Self {
        let (columns, ranked) = (&options.columns, options.persistence.is_some());
        let (mut years, mut of_years) = (Vec::new(), Vec::new());
        let kept = columns.count(false) > 0;
        // By index in `years`, the severities that differ in their mixes; none for events.
        let mut annual: Vec<Vec<Severity>> = Vec::new();
        let mut samplers: Vec<(Severity, Arc<Sampler>)> = Vec::new();
        let mut bands = Vec::new();
        for band in &model.bands {
            let (sampler, mix, scale) = match &band.year {
                Year::Annual { severity, .. } => {
                    let fits = |others: &Vec<Severity>| share_table(others, severity, kept);
                    let index = annual.iter().position(fits).unwrap_or_else(|| {
                        years.push(YearSampler::Annual(severity_sampler(severity, ranked)));
                        of_years.push(None);
                        annual.push(Vec::new());
                        years.len() - 1
                    });
                    let known = annual[index].iter().position(|other| !kept || other.mix() == severity.mix());
                    let mix = known.unwrap_or_else(|| {
                        annual[index].push(severity.clone());
                        annual[index].len() - 1
                    });
                    (index, mix, severity.scale())
                }
                Year::Events { types, .. } => {
                    years.push(YearSampler::Events(events(&band.year, types, &mut samplers)));
                    of_years.push(kept.then(|| YearColumns::Events(EventColumns::new(types, columns))));
                    annual.push(Vec::new());
                    (years.len() - 1, 0, 1.0)
                }
            };
            bands.push(BandSampler { sampler, mix, scale, year: band.year.clone() });
        }
        for (of_year, severities) in of_years.iter_mut().zip(&annual) {
            if kept && !severities.is_empty() {
                *of_year = Some(YearColumns::Annual(ServiceTable::new(severities, columns, effects)));
            }
        }
        Self { years, columns: of_years, bands }
    }

    /// The first class of a band in the service table of its sampler.
    pub(crate) fn first_class(&self, band: usize) -> u32 {
        let BandSampler { sampler, mix, .. } = &self.bands[band];
        match &self.columns[*sampler] {
            Some(YearColumns::Annual(table)) => *mix as u32 * table.classes(),
            _ => 0,
        }
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

/// May a severity share a sampler, and where columns are kept a service table, with these?
fn share_table(others: &[Severity], severity: &Severity, kept: bool) -> bool {
    let Some(first) = others.first().filter(|first| same_distribution(first, severity)) else { return false };
    if !kept {
        return true;
    }
    let entries =
        |severity: &Severity| classes(severity).iter().map(|class| class.profiles.len()).sum::<usize>();
    let all: usize = others.iter().chain([severity]).map(entries).sum();
    let ranks = |severity| classes(severity).iter().map(|class| class.to);
    let alike = ranks(first).eq(ranks(severity));
    alike && all <= MOST_ENTRIES || others.iter().any(|other| other.mix() == severity.mix())
}

fn classes(severity: &Severity) -> &[RankClass] {
    severity.mix().map_or(&[], ServiceMix::classes)
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

/// The sampler of a severity; where years are tied by rank, one whose values descend.
fn severity_sampler(severity: &Severity, ranked: bool) -> Sampler {
    match severity.kind() {
        SeverityKind::Parametric { distribution, .. } => {
            Sampler::Quantiles(QuantileTable::new(distribution.as_ref()))
        }
        SeverityKind::Observed(distribution) if ranked => Sampler::Ranked(distribution.clone()),
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
                let made = Arc::new(severity_sampler(&t.severity, false));
                samplers.push((t.severity.clone(), made.clone()));
                made
            });
            EventType { cumulative, scale: t.severity.scale(), sampler }
        })
        .collect();
    Events { types, year: year.clone() }
}
