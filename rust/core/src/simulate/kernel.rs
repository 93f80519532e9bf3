//! The inner loop: a chunk of people through a run of replications.
//!
//! For each block of four replications, one pass draws a word per person and replication and puts aside those with a
//! cost; a second turns each of them into gross and ceded cost. Where 32 bits do not settle a draw (the tails, the
//! smallest probabilities), `careful` looks at 64.

use std::sync::atomic::{AtomicBool, Ordering};

use super::chunk::{CHUNK, Chunk};
use super::events::Events;
use super::services::ServiceTable;
use super::ties::Ties;
use super::users::{Finder, UserYears, Users, filled, lanes, lanes_mut};
use super::year_columns::YearColumns;
use crate::contract::Terms;
use crate::numeric::money::{MAX_PERSON_YEAR, Tally};
use crate::random::{Source, WORD_VALUES, WORDS, unit_interval_of};
use crate::sampler::{AliasTable, FAST_INTERVALS, KEY_SHIFT, QuantileTable, Sampler, TOP_KEY};
use crate::simd::{LANES, ROUNDER, Simd, Task};

/// Sampler of a person's year.
pub(crate) enum YearSampler {
    /// One amount, where there is any.
    Annual(Sampler),
    /// A Poisson number of events.
    Events(Events),
}

/// Words where none are needed.
static NO_WORDS: [u32; CHUNK + LANES] = [0; CHUNK + LANES];

/// Error of the kernel: why a chunk was not drawn to its end.
#[derive(Debug)]
pub(crate) enum KernelError {
    /// A cost or a total does not fit.
    Overflow,
    Interrupted,
}

/// Years of a chunk, replication by replication.
pub(crate) struct Years<'a> {
    pub source: &'a Source,
    pub chunk: &'a Chunk,
    pub sampler: &'a YearSampler,
    pub terms: Terms,
    /// Multiplier of every cost in each replication: empty where there is no practice or national effect.
    pub effects: &'a [f64],
    /// The first replication, a multiple of four and the beginning of a path.
    pub first: u32,
    pub ties: Option<Ties<'a>>,
    /// A tally for each replication; the chunk is added to it.
    pub tallies: &'a mut [Tally],
    /// Columns beside them, where any are kept: those of each replication together.
    pub columns: Option<(&'a YearColumns, &'a mut [i64])>,
    pub users: &'a mut Users,
    /// Set from outside to end the work early.
    pub stop: &'a AtomicBool,
}

impl Task for Years<'_> {
    type Output = Result<(), KernelError>;

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) -> Result<(), KernelError> {
        if let YearSampler::Annual(Sampler::Quantiles(table)) = self.sampler {
            let factor = self.effects.iter().copied().fold(1.0, f64::max);
            if self.chunk.largest_multiplier * table.fast_max() * factor > MAX_PERSON_YEAR {
                return Err(KernelError::Overflow);
            }
        }
        for block in 0..self.tallies.len().div_ceil(WORDS) {
            if self.stop.load(Ordering::Relaxed) {
                return Err(KernelError::Interrupted);
            }
            let at = block * WORDS;
            let words = (self.tallies.len() - at).min(WORDS);
            let index = self.first / WORDS as u32 + block as u32;
            match self.sampler {
                YearSampler::Annual(Sampler::Quantiles(table)) => {
                    self.draw::<S, true>(simd, index);
                    if let Some((YearColumns::Annual(services), _)) = &self.columns {
                        if services.has_profiles() {
                            self.users.draw_profiles(simd, self.chunk, self.source, index);
                        }
                        if services.has_several() {
                            self.users.collect_first_classes(simd, self.chunk);
                        }
                    }
                    for word in 0..words {
                        match self.columns {
                            None => self.add_replication::<S, false>(simd, table, at + word, word),
                            Some(_) => self.add_replication::<S, true>(simd, table, at + word, word),
                        }?;
                    }
                }
                _ => {
                    self.draw::<S, false>(simd, index);
                    for word in 0..words {
                        self.add_one_by_one(simd, at + word, word)?;
                    }
                }
            }
        }
        Ok(())
    }
}

impl Years<'_> {
    #[inline(always)]
    fn draw<S: Simd, const IN_LANES: bool>(&mut self, s: S, index: u32) {
        match self.ties {
            None => self.users.draw::<S, IN_LANES, false>(s, self.chunk, self.source, index, None),
            ties => self.users.draw::<S, IN_LANES, true>(s, self.chunk, self.source, index, ties),
        }
    }

    /// The draw of a person in a replication to all 64 bits, where it stands at `word` of its block.
    #[inline(never)]
    fn fine(&self, person: usize, (year, word): (u32, usize)) -> f64 {
        let (group, lane) = (person / LANES, person % LANES);
        let bits = self.source.fine(self.chunk.identities[group][lane], year);
        let tied = |ties: Ties<'_>| ties.persistence.tied(self.users.states.of[word][group][lane], bits);
        unit_interval_of(self.ties.map_or(bits, tied))
    }

    #[inline(always)]
    fn add_replication<S: Simd, const COLUMNS: bool>(
        &mut self,
        s: S,
        table: &QuantileTable,
        replication: usize,
        word: usize,
    ) -> Result<(), KernelError> {
        match (self.effects.is_empty(), self.terms.is_ceiling()) {
            (true, true) => self.add_in_lanes::<S, false, true, COLUMNS>(s, table, replication, word),
            (true, false) => self.add_in_lanes::<S, false, false, COLUMNS>(s, table, replication, word),
            (false, true) => self.add_in_lanes::<S, true, true, COLUMNS>(s, table, replication, word),
            (false, false) => self.add_in_lanes::<S, true, false, COLUMNS>(s, table, replication, word),
        }
    }

    /// Adds one replication's users whose severity is a quantile table.
    #[inline(always)]
    fn add_in_lanes<S: Simd, const EFFECTS: bool, const CEILING: bool, const COLUMNS: bool>(
        &mut self,
        s: S,
        table: &QuantileTable,
        replication: usize,
        word: usize,
    ) -> Result<(), KernelError> {
        let lines = table.fast_lines();
        let users = &mut *self.users;
        let count = users.count[word];
        // Lanes past the last user multiply by nothing.
        *lanes_mut(&mut users.multiplier[word], count) = [0.0; LANES];

        let service_table = match self.columns.as_ref().map(|(columns, _)| *columns) {
            Some(YearColumns::Annual(table)) => Some(table),
            _ => None,
        };
        let cuts = service_table.map_or(&[][..], ServiceTable::cuts);
        let several = service_table.is_some_and(ServiceTable::has_several);
        let terms = self.terms;
        let rounder = s.doubles_splat(ROUNDER);
        let effect = s.doubles_splat(if EFFECTS { self.effects[replication] } else { 1.0 });
        let (mut gross, mut net, mut chance_net) = (s.longs_zero(), s.longs_zero(), s.longs_zero());
        let mut start = 0;
        let mut waiting = 0;
        while start < count {
            let v = s.singles(lanes(&users.uniform[word], start));
            let low = s.singles_sub(s.singles_splat(1.0), v);
            let side = s.singles_lt(low, v);
            let below_half = s.singles_splat(0.5f32.next_down());
            let w = s.singles_min(s.singles_min(v, low), below_half);
            let bits = s.singles_bits(w);
            let key = s.words_sub(s.words_splat(TOP_KEY), s.words_shr::<{ KEY_SHIFT }>(bits));
            let interval = s.words_add(s.words_shl::<1>(key), side);
            let settled = s.words_le(key, s.words_splat(FAST_INTERVALS / 2 - 1));
            let fraction = s.words_and(s.words_shl::<{ 23 - KEY_SHIFT }>(bits), s.words_splat(0x007F_FFFF));
            let t = s.singles_from_bits(s.words_or(fraction, s.words_splat(1f32.to_bits())));
            let (a, b) = s.gather(lines, interval);
            let value = s.singles_add(a, s.singles_mul(b, t));

            let mut unsettled = !settled & filled(count - start);
            // Nothing is called here: a call would cost every pass its registers.
            while unsettled != 0 {
                let n = start + unsettled.trailing_zeros() as usize;
                unsettled &= unsettled - 1;
                users.multiplier[word][n] = 0.0;
                users.unsettled[waiting] = n as u16;
                waiting += 1;
            }
            let multipliers = s.doubles(lanes(&users.multiplier[word], start));
            let cost = s.doubles_mul(s.doubles_from_singles(value), multipliers);
            if COLUMNS {
                s.doubles_compress(cost, u16::MAX, lanes_mut(&mut users.cost, start));
                let mut class =
                    if several { s.words(lanes(&users.first_class[word], start)) } else { s.words_splat(0) };
                for cut in cuts {
                    class = s.words_add(class, s.singles_lt(s.singles_splat(*cut as f32), value));
                }
                s.words_compress(class, u16::MAX, lanes_mut(&mut users.class, start));
            }
            let mut rounded = s.doubles_add(cost, rounder);
            if EFFECTS {
                chance_net = s.longs_add_bits(chance_net, kept::<S, CEILING>(s, rounded, terms));
                rounded = s.doubles_add(s.doubles_mul(cost, effect), rounder);
            }
            gross = s.longs_add_bits(gross, rounded);
            net = s.longs_add_bits(net, kept::<S, CEILING>(s, rounded, terms));
            start += LANES;
        }
        // `start` bit patterns of the rounder were added beside the amounts.
        let offset = (ROUNDER.to_bits() as i64).wrapping_mul(start as i64);
        let gross = s.longs_sum(gross).wrapping_sub(offset);
        let net = s.longs_sum(net).wrapping_sub(offset);
        let chance_net = if EFFECTS { s.longs_sum(chance_net).wrapping_sub(offset) } else { net };
        self.add(replication, Tally { gross, ceded: gross - net, chance_net })?;

        let mut tally = Tally::default();
        let year = self.first + replication as u32;
        let mut finder = Finder { group: 0, before: 0 };
        for i in 0..waiting {
            let n = usize::from(self.users.unsettled[i]);
            let person = finder.person(&self.users.masks[word], n);
            let cost = careful(self.fine(person, (year, word)), self.chunk, &mut |v| table.at(v), person);
            add(&mut tally, cost, &self.terms, self.effects.get(replication))?;
            if COLUMNS {
                let (group, lane) = (person / LANES, person % LANES);
                let class =
                    service_table.map_or(0, |table| table.class(cost, self.chunk.multipliers[group][lane]));
                self.users.cost[n] = cost;
                self.users.class[n] = class + self.chunk.first_classes[group][lane];
            }
        }
        if COLUMNS {
            self.add_columns(s, replication, word);
        }
        self.add(replication, tally)
    }

    /// Adds the columns of one replication's users of an annual amount, whose costs and classes are known.
    #[inline(always)]
    fn add_columns<S: Simd>(&mut self, s: S, replication: usize, word: usize) {
        let Some((YearColumns::Annual(table), sums)) = &mut self.columns else { return };
        let width = sums.len() / self.tallies.len();
        let sums = &mut sums[replication * width..(replication + 1) * width];
        let users = &mut *self.users;
        let count = users.count[word];
        let words = if table.has_profiles() { &users.bits[word] } else { &NO_WORDS };
        let years = UserYears { costs: &users.cost, classes: &users.class, words, count };
        let effect = self.effects.get(replication).copied().unwrap_or(1.0);
        table.add_all(s, sums, years, effect, &mut users.above);
    }

    /// Adds one replication's users of any other distribution.
    #[inline(always)]
    fn add_one_by_one<S: Simd>(&mut self, s: S, replication: usize, word: usize) -> Result<(), KernelError> {
        let mut tally = Tally::default();
        let year = self.first + replication as u32;
        let mut n = 0;
        for group in 0..2 * self.chunk.group_pairs() {
            let mut mask = self.users.masks[word][group];
            while mask != 0 {
                let person = group * LANES + mask.trailing_zeros() as usize;
                mask &= mask - 1;
                let bits = self.users.bits[word][n];
                let (group, lane) = (person / LANES, person % LANES);
                let (identity, multiplier) =
                    (self.chunk.identities[group][lane], self.chunk.multipliers[group][lane]);
                let careful = |at: &mut dyn FnMut(f64) -> f64| {
                    careful(self.fine(person, (year, word)), self.chunk, at, person)
                };
                let mut of_type: Vec<f64> = Vec::new();
                let cost = match self.sampler {
                    YearSampler::Annual(Sampler::Alias(table)) => observed(self.chunk, table, person, bits)
                        .unwrap_or_else(|| careful(&mut |v| table.at(v))),
                    YearSampler::Annual(sampler) => careful(&mut |v| sampler.at(v)),
                    YearSampler::Events(events) => {
                        let p_any = self.chunk.p_any[person];
                        if self.columns.is_some() {
                            of_type.resize(events.types.len(), 0.0);
                        }
                        let mut each = |number: usize, cost: f64| {
                            if let Some(sum) = of_type.get_mut(number) {
                                *sum += cost * multiplier;
                            }
                        };
                        careful(&mut |v| events.at(self.source, identity, year, p_any, v, &mut each))
                    }
                };
                let effect = self.effects.get(replication);
                add(&mut tally, cost, &self.terms, effect)?;
                match &mut self.columns {
                    Some((YearColumns::Annual(table), _)) => {
                        self.users.cost[n] = cost;
                        self.users.class[n] =
                            table.class(cost, multiplier) + self.chunk.first_classes[group][lane];
                        if table.has_profiles() {
                            self.users.bits[word][n] = self.source.profile(identity, year);
                        }
                    }
                    Some((YearColumns::Events(columns), sums)) => {
                        let width = sums.len() / self.tallies.len();
                        let sums = &mut sums[replication * width..(replication + 1) * width];
                        columns.add(sums, &of_type, cost, effect);
                    }
                    None => {}
                }
                n += 1;
            }
        }
        self.add_columns(s, replication, word);
        self.add(replication, tally)
    }

    #[inline(always)]
    fn add(&mut self, replication: usize, tally: Tally) -> Result<(), KernelError> {
        let sum = &mut self.tallies[replication];
        *sum = sum.checked_add(tally).ok_or(KernelError::Overflow)?;
        Ok(())
    }
}

/// Net of the contract, costs in units of money; both carry the rounder.
#[inline(always)] // a closure would not be compiled for the processor of its caller
fn kept<S: Simd, const CEILING: bool>(s: S, rounded: S::Doubles, terms: Terms) -> S::Doubles {
    if CEILING {
        return s.doubles_min(rounded, s.doubles_splat(terms.ceiling + ROUNDER));
    }
    let rounder = s.doubles_splat(ROUNDER);
    let units = s.doubles_sub(rounded, rounder);
    let above = s.doubles_max(s.doubles_sub(units, s.doubles_splat(terms.ceiling)), s.doubles_splat(0.0));
    let shared = s.doubles_mul(above, s.doubles_splat(terms.share));
    let limited = s.doubles_min(shared, s.doubles_splat(terms.limit));
    let ceded = s.doubles_sub(s.doubles_add(limited, rounder), rounder);
    s.doubles_add(s.doubles_sub(units, ceded), rounder)
}

/// A cost among observed ones, where 32 bits are enough: not in the fitted tail, and not where values are so many, or a
/// cost so rare, that a value has few words (below 2^16, its probability would be off by more than 1.5e-5 of itself).
#[inline]
fn observed(chunk: &Chunk, table: &AliasTable, person: usize, bits: u32) -> Option<f64> {
    let words = chunk.p_any[person] * WORD_VALUES;
    let [low, high] = [f64::from(bits), f64::from(bits) + 1.0].map(|end| end / words);
    let enough = table.len() as f64 * 65_536.0 <= words && low >= table.tail_probability() && high <= 1.0;
    enough.then(|| table.at(0.5 * (low + high)) * chunk.multipliers[person / LANES][person % LANES])
}

/// The cost of one person in one year, before effects, in units of money, from a number of 64 random bits.
#[inline(never)]
fn careful(fine: f64, chunk: &Chunk, at: &mut dyn FnMut(f64) -> f64, person: usize) -> f64 {
    let (group, lane) = (person / LANES, person % LANES);
    let v = fine / chunk.p_any[person];
    if v < 1.0 { at(v) * chunk.multipliers[group][lane] } else { 0.0 }
}

/// Adds one person's cost of the year under the contract.
#[inline]
fn add(tally: &mut Tally, cost: f64, terms: &Terms, effect: Option<&f64>) -> Result<(), KernelError> {
    let settle = |cost: f64| {
        let units = libm::rint(cost);
        if units > MAX_PERSON_YEAR {
            return Err(KernelError::Overflow);
        }
        Ok((units as i64, terms.ceded(units)))
    };
    let (gross, ceded) = settle(cost * effect.copied().unwrap_or(1.0))?;
    let chance_net = match effect {
        None => gross - ceded,
        Some(_) => {
            let (gross, ceded) = settle(cost)?;
            gross - ceded
        }
    };
    let sum = tally.checked_add(Tally { gross, ceded, chance_net }).ok_or(KernelError::Overflow)?;
    *tally = sum;
    Ok(())
}
