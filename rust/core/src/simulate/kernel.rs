//! The inner loop: a chunk of people through a run of replications.
//!
//! For each block of four replications, one pass draws a word per person and replication and puts aside those with a
//! cost; a second turns each of them into gross and ceded cost. Where 32 bits do not settle a draw (the tails, the
//! smallest probabilities), `careful` looks at 64.

use super::chunk::{CHUNK, Chunk};
use super::events::Events;
use crate::contract::Terms;
use crate::money::{MAX_PERSON_YEAR, Tally};
use crate::random::{Purpose, Source, WORDS};
use crate::sampler::{Atoms, Cells, FAST_CELLS, Sampler, TOP_KEY};
use crate::simd::{LANES, ROUNDER, Simd, Task};

/// How the people of a chunk come to their cost of the year.
#[derive(Debug)]
pub(crate) enum Law {
    /// One amount, where there is any.
    Annual(Sampler),
    /// A Poisson number of events.
    Events(Events),
}

/// A draw does not fit the largest person-year.
#[derive(Debug)]
pub(crate) struct Overflow;

/// A chunk's years, replication by replication.
pub(crate) struct Years<'a> {
    pub source: &'a Source,
    pub chunk: &'a Chunk,
    pub law: &'a Law,
    pub terms: Terms,
    /// What each replication multiplies every cost by: empty where there is no practice or national effect.
    pub effects: &'a [f64],
    /// The first replication, a multiple of four.
    pub first: u32,
    /// A tally for each replication; the chunk is added to it.
    pub tallies: &'a mut [Tally],
    pub claimants: &'a mut Claimants,
}

/// The people with a cost in each of four replications, in columns.
pub(crate) struct Claimants {
    count: [usize; WORDS],
    uniform: [[u32; CHUNK + LANES]; WORDS],
    person: [[u32; CHUNK + LANES]; WORDS],
    inverse: [[f32; CHUNK + LANES]; WORDS],
    multiplier: [[f64; CHUNK + LANES]; WORDS],
}

impl Claimants {
    pub(crate) fn new() -> Box<Self> {
        Box::new(Self {
            count: [0; WORDS],
            uniform: [[0; CHUNK + LANES]; WORDS],
            person: [[0; CHUNK + LANES]; WORDS],
            inverse: [[0.0; CHUNK + LANES]; WORDS],
            multiplier: [[0.0; CHUNK + LANES]; WORDS],
        })
    }
}

/// The sixteen places from `at` on.
#[inline(always)]
fn window<T>(column: &[T; CHUNK + LANES], at: usize) -> &[T; LANES] {
    column[at..].first_chunk().expect("a column has sixteen places more than people")
}

#[inline(always)]
fn window_mut<T>(column: &mut [T; CHUNK + LANES], at: usize) -> &mut [T; LANES] {
    column[at..].first_chunk_mut().expect("a column has sixteen places more than people")
}

impl Task for Years<'_> {
    type Output = Result<(), Overflow>;

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) -> Result<(), Overflow> {
        if let Law::Annual(Sampler::Cells(cells)) = self.law {
            let factor = self.effects.iter().copied().fold(1.0, f64::max);
            if self.chunk.most * cells.fast_max() * factor > MAX_PERSON_YEAR {
                return Err(Overflow);
            }
        }
        let blocks = self.tallies.len().div_ceil(WORDS);
        for block in 0..blocks {
            let at = block * WORDS;
            let words = (self.tallies.len() - at).min(WORDS);
            let index = self.first / WORDS as u32 + block as u32;
            match self.law {
                Law::Annual(Sampler::Cells(cells)) => {
                    self.draw::<S, true>(simd, index);
                    for word in 0..words {
                        if self.effects.is_empty() {
                            self.smooth::<S, false>(simd, cells, at + word, word)?;
                        } else {
                            self.smooth::<S, true>(simd, cells, at + word, word)?;
                        }
                    }
                }
                _ => {
                    self.draw::<S, false>(simd, index);
                    for word in 0..words {
                        self.one_by_one(at + word, word)?;
                    }
                }
            }
        }
        Ok(())
    }
}

impl Years<'_> {
    /// Draws a word for each person and each replication of the block, and collects those with a cost.
    #[inline(always)]
    fn draw<S: Simd, const COLUMNS: bool>(&mut self, s: S, index: u32) {
        let chunk = self.chunk;
        let lanes = s.words(&std::array::from_fn(|lane| lane as u32));
        let mut count = [0; WORDS];
        let c = &mut *self.claimants;
        for group in 0..chunk.groups() {
            let purpose = Purpose::Draw.word();
            let words = s.philox(&chunk.identities[group], index, purpose, &self.source.keys);
            let limits = s.words(&chunk.limits[group]);
            let inverses = s.singles(&chunk.inverses[group]);
            let multipliers = s.doubles(&chunk.multipliers[group]);
            let people = s.words_add(lanes, s.words_splat((group * LANES) as u32));
            let occupied = chunk.occupied(group);
            for word in 0..WORDS {
                let mask = s.words_le(words[word], limits) & occupied;
                let at = count[word];
                s.words_compress(words[word], mask, window_mut(&mut c.uniform[word], at));
                s.words_compress(people, mask, window_mut(&mut c.person[word], at));
                if COLUMNS {
                    s.singles_compress(inverses, mask, window_mut(&mut c.inverse[word], at));
                    s.doubles_compress(multipliers, mask, window_mut(&mut c.multiplier[word], at));
                }
                count[word] += mask.count_ones() as usize;
            }
        }
        c.count = count;
    }

    /// Adds one replication's claimants whose severity is a table of cells.
    #[inline(always)]
    fn smooth<S: Simd, const EFFECTS: bool>(
        &mut self,
        s: S,
        cells: &Cells,
        replication: usize,
        word: usize,
    ) -> Result<(), Overflow> {
        let lines = cells.fast_lines();
        let claimants = &mut *self.claimants;
        let count = claimants.count[word];
        // Lanes past the last claimant multiply by nothing.
        *window_mut(&mut claimants.multiplier[word], count) = [0.0; LANES];

        let terms = self.terms;
        let rounder = s.doubles_splat(ROUNDER);
        let effect = s.doubles_splat(if EFFECTS { self.effects[replication] } else { 1.0 });
        let (mut gross, mut passed) = (s.longs_zero(), s.longs_zero());
        let (mut chance_gross, mut chance_passed) = (s.longs_zero(), s.longs_zero());
        let mut tally = Tally::default();
        let mut start = 0;
        while start < count {
            let uniform = s.words(window(&claimants.uniform[word], start));
            let inverse = s.singles(window(&claimants.inverse[word], start));
            let top = s.singles_from_words(s.words_shr::<8>(uniform));
            let v = s.singles_mul(s.singles_add(top, s.singles_splat(0.5)), inverse);
            let low = s.singles_sub(s.singles_splat(1.0), v);
            let side = s.singles_lt(low, v);
            let below_half = s.singles_splat(0.5f32.next_down());
            let w = s.singles_min(s.singles_min(v, low), below_half);
            let bits = s.singles_bits(w);
            let key = s.words_sub(s.words_splat(TOP_KEY), s.words_shr::<15>(bits));
            let cell = s.words_add(s.words_shl::<1>(key), side);
            let settled = s.words_le(key, s.words_splat(FAST_CELLS / 2 - 1));
            let fraction = s.words_and(s.words_shl::<8>(bits), s.words_splat(0x007F_FFFF));
            let t = s.singles_from_bits(s.words_or(fraction, s.words_splat(1f32.to_bits())));
            let (a, b) = s.gather(lines, cell);
            let value = s.singles_add(a, s.singles_mul(b, t));

            let left = count - start;
            let here = if left >= LANES { u16::MAX } else { (1 << left) - 1 };
            let mut unsettled = !settled & here;
            let multipliers = if unsettled == 0 {
                s.doubles(window(&claimants.multiplier[word], start))
            } else {
                let mut kept = *window(&claimants.multiplier[word], start);
                while unsettled != 0 {
                    let lane = unsettled.trailing_zeros() as usize;
                    unsettled &= unsettled - 1;
                    kept[lane] = 0.0;
                    let person = claimants.person[word][start + lane] as usize;
                    let bits = claimants.uniform[word][start + lane];
                    let drawn = careful(
                        self.source,
                        self.chunk,
                        &mut |v| cells.at(v),
                        person,
                        bits,
                        self.first + replication as u32,
                    );
                    add(&mut tally, drawn, &self.terms, self.effects.get(replication))?;
                }
                s.doubles(&kept)
            };
            let cost = s.doubles_mul(s.doubles_from_singles(value), multipliers);
            if EFFECTS {
                let rounded = s.doubles_add(cost, rounder);
                chance_gross = s.longs_add_bits(chance_gross, rounded);
                chance_passed = s.longs_add_bits(chance_passed, ceded(s, rounded, terms));
            }
            let rounded = s.doubles_add(if EFFECTS { s.doubles_mul(cost, effect) } else { cost }, rounder);
            gross = s.longs_add_bits(gross, rounded);
            passed = s.longs_add_bits(passed, ceded(s, rounded, terms));
            start += LANES;
        }
        // `start` bit patterns of the rounder were added beside the amounts.
        let offset = (ROUNDER.to_bits() as i64).wrapping_mul(start as i64);
        let total = |longs| s.longs_sum(longs).wrapping_sub(offset);
        let (gross, passed) = (total(gross), total(passed));
        tally.gross += gross;
        tally.ceded += passed;
        tally.chance_net += if EFFECTS { total(chance_gross) - total(chance_passed) } else { gross - passed };
        self.add(replication, tally)
    }

    /// Adds one replication's claimants of any other law.
    #[inline(always)]
    fn one_by_one(&mut self, replication: usize, word: usize) -> Result<(), Overflow> {
        let mut tally = Tally::default();
        let year = self.first + replication as u32;
        for i in 0..self.claimants.count[word] {
            let person = self.claimants.person[word][i] as usize;
            let bits = self.claimants.uniform[word][i];
            let drawn = match self.law {
                Law::Annual(Sampler::Atoms(atoms)) => observed(self, atoms, person, bits, year),
                Law::Annual(sampler) => {
                    careful(self.source, self.chunk, &mut |v| sampler.at(v), person, bits, year)
                }
                Law::Events(events) => {
                    let identity = self.chunk.identities[person / LANES][person % LANES];
                    let p_any = self.chunk.p_any[person];
                    careful(
                        self.source,
                        self.chunk,
                        &mut |v| events.at(self.source, identity, year, p_any, v),
                        person,
                        bits,
                        year,
                    )
                }
            };
            add(&mut tally, drawn, &self.terms, self.effects.get(replication))?;
        }
        self.add(replication, tally)
    }

    #[inline(always)]
    fn add(&mut self, replication: usize, tally: Tally) -> Result<(), Overflow> {
        let sum = &mut self.tallies[replication];
        *sum = sum.checked_add(tally).ok_or(Overflow)?;
        Ok(())
    }
}

/// What the contract cedes of costs in units of money; both carry the rounder.
#[inline(always)] // a closure would not be compiled for the processor of its caller
fn ceded<S: Simd>(s: S, rounded: S::Doubles, terms: Terms) -> S::Doubles {
    let units = s.doubles_sub(rounded, s.doubles_splat(ROUNDER));
    let above = s.doubles_max(s.doubles_sub(units, s.doubles_splat(terms.ceiling)), s.doubles_splat(0.0));
    let shared = s.doubles_mul(above, s.doubles_splat(terms.share));
    let limited = s.doubles_min(shared, s.doubles_splat(terms.limit));
    s.doubles_add(limited, s.doubles_splat(ROUNDER))
}

/// A cost among observed ones: 32 bits are enough, but for the fitted tail and the smallest probabilities.
#[inline]
fn observed(years: &Years<'_>, atoms: &Atoms, person: usize, bits: u32, year: u32) -> f64 {
    let (group, lane) = (person / LANES, person % LANES);
    if years.chunk.inverses[group][lane] > 0.0 {
        let v = (f64::from(bits) + 0.5) / (years.chunk.p_any[person] * 2f64.powi(32));
        if v < 1.0
            && let Some(value) = atoms.body(v)
        {
            return value * years.chunk.multipliers[group][lane];
        }
    }
    careful(years.source, years.chunk, &mut |v| atoms.at(v), person, bits, year)
}

/// The cost of one person in one year, before effects, in units of money, from 64 random bits.
#[inline(never)]
fn careful(
    source: &Source,
    chunk: &Chunk,
    at: &mut dyn FnMut(f64) -> f64,
    person: usize,
    bits: u32,
    year: u32,
) -> f64 {
    let (group, lane) = (person / LANES, person % LANES);
    let low = source.refinement(chunk.identities[group][lane], year);
    let v = crate::random::unit_interval(bits, low) / chunk.p_any[person];
    if v < 1.0 { at(v) * chunk.multipliers[group][lane] } else { 0.0 }
}

/// Adds one person's cost of the year under the contract.
#[inline]
fn add(tally: &mut Tally, cost: f64, terms: &Terms, effect: Option<&f64>) -> Result<(), Overflow> {
    let settle = |cost: f64| {
        let units = libm::rint(cost);
        if units > MAX_PERSON_YEAR {
            return Err(Overflow);
        }
        let ceded = libm::rint(((units - terms.ceiling).max(0.0) * terms.share).min(terms.limit)) as i64;
        Ok((units as i64, ceded))
    };
    let (gross, ceded) = settle(cost * effect.copied().unwrap_or(1.0))?;
    let chance_net = match effect {
        None => gross - ceded,
        Some(_) => {
            let (gross, ceded) = settle(cost)?;
            gross - ceded
        }
    };
    let sum = tally.checked_add(Tally { gross, ceded, chance_net }).ok_or(Overflow)?;
    *tally = sum;
    Ok(())
}
