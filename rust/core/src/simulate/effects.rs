//! Yearly effects above people: one for each practice, one for everyone.

use std::ops::Range;

use super::Options;
use crate::numeric::special::normal_inverse_cdf;
use crate::random::{Purpose, Source, unit_interval};

/// The address of the national effect: its purpose alone makes it unique.
const NATION: u64 = 0;

pub(crate) struct Effects {
    source: Source,
    practice_sd: f64,
    national_sd: f64,
    /// Share of the variance of a practice's effect (of its logarithm) that stays over the years of a path.
    permanent: f64,
    /// Years of a path.
    years: u32,
}

impl Effects {
    pub(crate) fn new(source: Source, options: &Options) -> Self {
        let Options { practice_sd, national_sd, practice_permanent: permanent, years, .. } = *options;
        Self { source, practice_sd, national_sd, permanent, years }
    }

    pub(crate) fn any(&self) -> bool {
        self.practice_sd > 0.0 || self.national_sd > 0.0
    }

    /// Multipliers of the costs of a practice in each of these years: empty where there are no effects.
    pub(crate) fn of(&self, practice: u64, years: Range<u32>) -> Vec<f64> {
        if !self.any() {
            return Vec::new();
        }
        years
            .map(|year| {
                let of_practice = lognormal(self.practice_sd, || self.of_practice(practice, year));
                let of_all =
                    lognormal(self.national_sd, || self.normal(NATION, year, Purpose::NationalEffect));
                of_practice * of_all
            })
            .collect()
    }

    /// A standard normal number of a practice in a year: one of the path and one of the year.
    fn of_practice(&self, practice: u64, year: u32) -> f64 {
        let of_year = self.normal(practice, year, Purpose::PracticeEffect);
        if self.permanent == 0.0 {
            return of_year;
        }
        let of_path = self.normal(practice, year / self.years, Purpose::PermanentEffect);
        self.permanent.sqrt() * of_path + (1.0 - self.permanent).sqrt() * of_year
    }

    fn normal(&self, identity: u64, index: u32, purpose: Purpose) -> f64 {
        let [high, low, ..] = self.source.block(identity, index, purpose);
        normal_inverse_cdf(unit_interval(high, low))
    }
}

/// A lognormal number of mean 1 and this SD, of a standard normal one.
fn lognormal(sd: f64, normal: impl Fn() -> f64) -> f64 {
    if sd == 0.0 {
        return 1.0;
    }
    let sigma2 = libm::log1p(sd * sd);
    libm::exp(sigma2.sqrt() * normal() - 0.5 * sigma2)
}
