//! The simulation lane: one draw per person and replication, added up to units at any level.
//!
//! A draw is a pure function of seed, person, replication and purpose ([`crate::random`]), and totals are integers, so
//! that the same seed gives the same bits on any number of threads and for people in any order and any batches.
//!
//! ```
//! use fundholder_core::contract::StopLoss;
//! use fundholder_core::measures::moments;
//! use fundholder_core::model::{CostModel, Severity, Year};
//! use fundholder_core::numeric::money::pounds;
//! use fundholder_core::population::{Group, Rows, practice_addresses};
//! use fundholder_core::run::Progress;
//! use fundholder_core::simulate::{Options, Run};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let severity = Severity::parametric("lognormal", 800.0 / 0.3, Some(1.6))?;
//! let model = CostModel::single(Year::Annual { p_any: 0.3, severity });
//! let practices = [Group::new(&model, 0, 0, 7_000), Group::new(&model, 1, 0, 2_000)];
//! let stop_loss = Some(StopLoss::new(20_000.0, 1.0, None)?);
//! let mut run = Run::new(&model, 1, &Options { stop_loss, ..Options::new(200, 1) })?;
//! run.add(&Rows::of_groups(&practices), &practice_addresses(2), &Progress::default())?;
//! let totals = run.finish(&Progress::default())?.remove(0);
//! let practice = &totals.units[0];
//! let net: Vec<f64> = practice.gross.iter().zip(&practice.ceded).map(|(g, c)| pounds(g - c)).collect();
//! let net = moments(&net);
//! println!("mean £{:.0} +- {:.0}", net.mean.value.unwrap(), net.mean.se.unwrap());
//! # assert!((net.mean.value.unwrap() - 4_621_000.0).abs() < 4.0 * net.mean.se.unwrap());
//! # Ok(())
//! # }
//! ```

mod chunk;
mod columns;
mod effects;
mod entries;
mod events;
mod heavy;
mod kernel;
mod options;
mod plan;
mod samplers;
mod services;
mod ties;
mod totals;
mod users;
mod year_columns;

use std::ops::Range;
use std::sync::atomic::Ordering;

use rayon::prelude::*;

use crate::contract::Terms;
use crate::error::{Code, Error, Problem, Value};
use crate::model::{Band, CostModel, Severity, Year};
use crate::numeric::money::{Tally, UNITS_PER_POUND};
use crate::persistence::Persistence;
use crate::population::Rows;
use crate::random::{Source, WORDS};
use crate::run::{Progress, RunError};
use crate::simd::Processor;
use chunk::{Chunk, CostParameters};
use effects::Effects;
use heavy::Heavy;
use kernel::{KernelError, Years};
use plan::{Plan, Slab};
use samplers::Samplers;
use ties::Ties;
use totals::{ColumnKinds, LevelTotals};
use users::Users;

pub use columns::Columns;
pub use options::{MAX_REPLICATIONS, MAX_YEARS, Options};
pub use totals::{Totals, UnitTotals};

/// Number of replications that a slab of people goes through at a time: bounds what a thread holds besides the totals.
const BATCH_OF_REPLICATIONS: usize = 4096;

/// Rejects costs so low that rounding to units of money would change them: £ billions, most likely.
fn check_money(model: &CostModel) -> Result<(), Error> {
    let is_low = |severity: &Severity| severity.mean() < LEAST_MEAN;
    let low = model.bands.iter().filter(|band| match &band.year {
        Year::Annual { severity, .. } => is_low(severity),
        Year::Events { types, .. } => types.iter().any(|of_type| is_low(&of_type.severity)),
    });
    let problem = |band: &Band| {
        let name = band.name.as_deref().map_or(String::new(), |name| format!(", band '{name}'"));
        let allowed = "in £, with a mean of a penny or more to be simulated";
        let text =
            format!("column 'mean'{name}: costs are simulated in hundredths of a penny: must be {allowed}");
        Problem::new(Code::NotAllowed, text).of("mean").must_be(allowed)
    };
    Error::unless_empty(low.map(problem).collect())
}

/// The least mean cost (£) that is simulated: a hundred units of money.
const LEAST_MEAN: f64 = 100.0 / UNITS_PER_POUND;

/// A simulation to which people are added, batch by batch.
pub struct Run {
    samplers: Samplers,
    source: Source,
    effects: Effects,
    terms: Terms,
    /// Number of columns that are kept, and of 64-bit words that they take.
    columns: usize,
    column_words: usize,
    replications: usize,
    years: u32,
    first: u32,
    persistence: Option<Persistence>,
    processor: Processor,
    memory: Option<u64>,
    levels: Vec<LevelTotals>,
    /// Expected cost of everyone so far, in units of money.
    expected: f64,
    /// Where the variance of a cost is infinite: what expected costs are computed from.
    heavy: Option<Heavy>,
}

impl Run {
    /// A run over `levels` levels of units. Rejects options that are out of range.
    pub fn new(model: &CostModel, levels: usize, options: &Options) -> Result<Self, Error> {
        options.check()?;
        check_money(model)?;
        let source = Source::new(options.seed);
        let effects = Effects::new(source, options);
        let replications = options.replications as usize;
        let columns = options.columns.count(effects.any());
        let samplers = Samplers::new(model, options, effects.any());
        let fractions: Vec<bool> = (0..columns).map(|column| samplers.has_fractions(column)).collect();
        let kinds = ColumnKinds { services: options.columns.services, fractions };
        Ok(Self {
            samplers,
            source,
            terms: Terms::new(options.stop_loss),
            column_words: columns + kinds.fractions.iter().filter(|fraction| **fraction).count(),
            columns,
            replications,
            years: options.years,
            first: options.first,
            persistence: options.persistence.clone(),
            processor: options.processor,
            memory: options.memory,
            levels: (0..levels)
                .map(|_| LevelTotals::new(replications, effects.any(), kinds.clone()))
                .collect(),
            effects,
            expected: 0.0,
            heavy: Heavy::new(model, levels, options),
        })
    }

    /// Draws all replications of these people, in parallel on the rayon pool in which it is called. `addresses` are those of the
    /// practices, by number. An error leaves totals that are of no use: not all of these people are in them.
    pub fn add(&mut self, rows: &Rows, addresses: &[u64], progress: &Progress) -> Result<(), RunError> {
        self.check_room(rows)?;
        let units = self.levels.iter().zip(&rows.units);
        let units: u64 = units.map(|(level, units)| level.units_with(units) as u64).sum();
        self.check_memory(units)?;
        for (level, units) in self.levels.iter_mut().zip(&rows.units) {
            level.register(units, &rows.count).map_err(RunError::Rejected)?;
        }
        if let Some(heavy) = &mut self.heavy {
            heavy.people.add(rows, addresses)?;
        }
        let plan = Plan::new(rows, &self.samplers);
        let this = &*self;
        plan.slabs.par_iter().try_for_each_init(
            || (Chunk::new(), Users::new()),
            |(chunk, users), slab| this.slab(rows, &plan, slab, addresses, progress, chunk, users),
        )
    }

    /// Rejects so many units, of all levels together, if their totals are larger than memory.
    pub fn check_memory(&self, units: u64) -> Result<(), Error> {
        let columns = self.column_words + if self.effects.any() { 3 } else { 2 };
        let bytes_of_a_year = units * columns as u64 * size_of::<i64>() as u64;
        let needed = u128::from(bytes_of_a_year) * self.replications as u128;
        let Some(free) = self.memory.filter(|&free| needed > u128::from(free)) else { return Ok(()) };
        let most = free / bytes_of_a_year;
        let allowed = if most > 0 { format!("at most {most}") } else { "fewer, of fewer units".into() };
        let gigabytes = |bytes: f64| bytes / 1e9;
        let text = format!(
            "replications is {}: the totals of {units} units need {:.1} GB, and {:.1} GB of memory are free: must be \
             {allowed} (or give fewer levels or units in one run)",
            self.replications,
            gigabytes(needed as f64),
            gigabytes(free as f64),
        );
        let problem = Problem::new(Code::TooLarge, text).of("replications").must_be(&allowed);
        let value = Some(Value::Integer(self.replications as i64));
        Err(Error::many(vec![Problem { value, ..problem }]))
    }

    /// The totals of each level.
    pub fn finish(self, progress: &Progress) -> Result<Vec<Totals>, RunError> {
        let mut levels: Vec<Totals> = self.levels.into_iter().map(LevelTotals::finish).collect();
        self.heavy.map_or(Ok(()), |heavy| heavy.put_means(&mut levels, progress))?;
        Ok(levels)
    }

    /// Totals are 64-bit: rejects people whose expected cost leaves no room above it.
    fn check_room(&mut self, rows: &Rows) -> Result<(), RunError> {
        let room = i64::MAX as f64 / 16.0;
        for i in 0..rows.len() {
            if rows.can_cost(i) {
                let mean = self.samplers.mean(rows.band[i] as usize, rows.p_any[i]) * UNITS_PER_POUND;
                self.expected += rows.count[i] as f64 * rows.scale[i] * mean;
            }
        }
        if self.expected < room {
            return Ok(());
        }
        Err(RunError::Rejected(Error::one(
            Code::TooLarge,
            format!(
                "the expected cost of the population is £{:e}: totals hold at most £{:e} of expected cost; \
             use larger units of money, or smaller scales, counts or means",
                self.expected / UNITS_PER_POUND,
                room / UNITS_PER_POUND
            ),
        )))
    }

    #[allow(clippy::too_many_arguments)]
    fn slab(
        &self,
        rows: &Rows,
        plan: &Plan,
        slab: &Slab,
        addresses: &[u64],
        progress: &Progress,
        chunk: &mut Chunk,
        users: &mut Users,
    ) -> Result<(), RunError> {
        let sampler = &self.samplers.years[slab.sampler];
        // A batch starts with a path and with a block of words.
        let of_paths = self.years as usize * WORDS;
        let batch = BATCH_OF_REPLICATIONS / of_paths * of_paths;
        let ties = self.persistence.as_ref().map(|persistence| Ties { persistence, years: self.years });
        for start in (0..self.replications).step_by(batch) {
            let years = start..self.replications.min(start + batch);
            let first = self.first + start as u32;
            let replications = first..first + years.len() as u32;
            let effects = self.effects.of(addresses[slab.practice as usize], replications);
            let mut tallies = vec![Tally::default(); years.len()];
            let columns = self.samplers.columns[slab.sampler].as_ref();
            let width = columns.map_or(0, |columns| columns.sums(self.columns));
            let mut sums = vec![0; years.len() * width];
            let mut draw = |chunk: &mut Chunk| -> Result<(), RunError> {
                let drawn = (chunk.len * years.len()) as u64;
                self.processor
                    .run(Years {
                        source: &self.source,
                        chunk,
                        sampler,
                        terms: self.terms,
                        effects: &effects,
                        first,
                        ties,
                        tallies: &mut tallies,
                        columns: columns.map(|columns| (columns, sums.as_mut_slice())),
                        users,
                        stop: &progress.stop,
                    })
                    .map_err(run_error)?;
                progress.drawn.fetch_add(drawn, Ordering::Relaxed);
                chunk.clear();
                Ok(())
            };
            chunk.clear();
            for piece in &plan.pieces[slab.pieces.clone()] {
                let row = piece.row as usize;
                let parameters = CostParameters {
                    p_any: rows.p_any[row],
                    multiplier: rows.scale[row]
                        * self.samplers.scale(rows.band[row] as usize)
                        * UNITS_PER_POUND,
                    first_class: self.samplers.first_class(rows.band[row] as usize),
                };
                let mut members = piece.members.clone();
                while !members.is_empty() {
                    let count = chunk.room().min((members.end - members.start) as usize);
                    chunk.push(rows.identity[row].wrapping_add(members.start), count, parameters);
                    members.start += count as u64;
                    if chunk.room() == 0 {
                        draw(chunk)?;
                    }
                }
            }
            if chunk.len > 0 {
                draw(chunk)?;
            }
            let mut amounts = vec![0; years.len() * self.columns];
            if let Some(columns) = columns.filter(|_| width > 0 && self.columns > 0) {
                let each = sums.chunks(width).zip(amounts.chunks_mut(self.columns));
                each.for_each(|(sums, amounts)| columns.put_amounts(sums, amounts));
            }
            self.flush(rows, plan, slab, years, (&tallies, &amounts))?;
        }
        Ok(())
    }

    fn flush(
        &self,
        rows: &Rows,
        plan: &Plan,
        slab: &Slab,
        years: Range<usize>,
        (tallies, columns): (&[Tally], &[i128]),
    ) -> Result<(), RunError> {
        let row = plan.pieces[slab.pieces.start].row as usize;
        for (level, units) in self.levels.iter().zip(&rows.units) {
            level.add(units[row] as usize, years.clone(), tallies, columns).map_err(run_error)?;
        }
        Ok(())
    }
}

fn run_error(error: KernelError) -> RunError {
    match error {
        KernelError::Overflow => too_large(),
        KernelError::Interrupted => RunError::Interrupted,
    }
}

fn too_large() -> RunError {
    RunError::Rejected(Error::one(
        Code::TooLarge,
        "a simulated cost is larger than totals hold (£225 billion for one person-year, £922 trillion for a unit): \
         give a ceiling, a sampler with a lighter tail, or smaller scales",
    ))
}

/// A batch has room for paths of the most years.
const _: () = assert!(BATCH_OF_REPLICATIONS >= MAX_YEARS as usize * WORDS);
