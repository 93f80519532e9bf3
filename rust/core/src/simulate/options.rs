//! Options of a run.

use super::columns::Columns;
use crate::contract::StopLoss;
use crate::error::{Error, Problem};
use crate::persistence::Persistence;
use crate::random::WORDS;
use crate::simd::Processor;

/// The most replications of one run: the address of a draw has room for four times as many.
pub const MAX_REPLICATIONS: u32 = 1 << 30;

/// The most years of a path.
pub const MAX_YEARS: u32 = 100;

/// Options of a run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Simulated years of each person, those of all paths, from 1 to [`MAX_REPLICATIONS`].
    pub replications: u32,
    /// Years of a path: replication `path * years + year` is one of them.
    pub years: u32,
    /// The first replication, a multiple of four and of `years`.
    pub first: u32,
    /// How the years of a person are tied; `None` where they are independent.
    pub persistence: Option<Persistence>,
    /// Share of the variance of a practice's effect that stays over the years of a path, from 0 to 1.
    pub practice_permanent: f64,
    /// Seed of all draws: the same seed gives the same years.
    pub seed: u64,
    /// The contract; `None` for none.
    pub stop_loss: Option<StopLoss>,
    /// Totals that are kept beside those of gross and ceded cost: of services, and of terms of other contracts.
    pub columns: Columns,
    /// SD of a yearly effect of mean 1 that multiplies all costs of a practice.
    pub practice_sd: f64,
    /// SD of a yearly effect of mean 1 that multiplies all costs.
    pub national_sd: f64,
    /// Instructions that are used. Results do not depend on them.
    pub processor: Processor,
    /// Bytes that totals may take; `None` where nobody knows.
    pub memory: Option<u64>,
}

impl Options {
    /// Options without a contract and without yearly effects.
    pub fn new(replications: u32, seed: u64) -> Self {
        Self {
            replications,
            years: 1,
            first: 0,
            persistence: None,
            practice_permanent: 0.0,
            seed,
            stop_loss: None,
            columns: Columns::default(),
            practice_sd: 0.0,
            national_sd: 0.0,
            processor: Processor::best(),
            memory: None,
        }
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        let mut problems = Vec::new();
        if !(1..=MAX_REPLICATIONS).contains(&self.replications) {
            let allowed = format!("a whole number from 1 to {MAX_REPLICATIONS}");
            problems.push(Problem::argument("replications", self.replications, &allowed));
        }
        if !(1..=MAX_YEARS).contains(&self.years) || !self.replications.is_multiple_of(self.years) {
            let allowed =
                format!("a whole number from 1 to {MAX_YEARS}, of which replications are a multiple");
            problems.push(Problem::argument("years", self.years, &allowed));
        } else if !self.first.is_multiple_of(self.years * WORDS as u32) || self.first > MAX_REPLICATIONS {
            let allowed = format!("a multiple of {WORDS} paths, at most {MAX_REPLICATIONS}");
            problems.push(Problem::argument("first", self.first, &allowed));
        }
        if !(0.0..=1.0).contains(&self.practice_permanent) {
            problems.push(Problem::argument(
                "practice_permanent",
                self.practice_permanent,
                "a number from 0 to 1",
            ));
        }
        for (name, sd) in [("practice_sd", self.practice_sd), ("national_sd", self.national_sd)] {
            if !(sd.is_finite() && sd >= 0.0) {
                problems.push(Problem::argument(name, sd, "a finite number, 0 or more"));
            }
        }
        Error::unless_empty(problems)
    }
}
