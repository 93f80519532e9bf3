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
}

impl Effects {
    pub(crate) fn new(source: Source, options: &Options) -> Self {
        Self { source, practice_sd: options.practice_sd, national_sd: options.national_sd }
    }

    pub(crate) fn any(&self) -> bool {
        self.practice_sd > 0.0 || self.national_sd > 0.0
    }

    /// Multipliers of the costs of a practice in each of these years: empty where there are no effects.
    pub(crate) fn of(&self, practice: u64, years: Range<usize>) -> Vec<f64> {
        if !self.any() {
            return Vec::new();
        }
        years
            .map(|year| {
                self.draw(practice, year as u32, Purpose::PracticeEffect, self.practice_sd)
                    * self.draw(NATION, year as u32, Purpose::NationalEffect, self.national_sd)
            })
            .collect()
    }

    /// A lognormal number of mean 1 and this SD.
    fn draw(&self, identity: u64, year: u32, purpose: Purpose, sd: f64) -> f64 {
        if sd == 0.0 {
            return 1.0;
        }
        let [high, low, ..] = self.source.block(identity, year, purpose);
        let sigma2 = libm::log1p(sd * sd);
        let z = normal_inverse_cdf(unit_interval(high, low));
        libm::exp(sigma2.sqrt() * z - 0.5 * sigma2)
    }
}
