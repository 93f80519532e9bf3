//! Services of yearly amounts, by their size.
//!
//! What is in proportion to a cost is not computed person by person: costs of years that are shared in one way are added
//! up, and their shares are taken of the sums. All are whole numbers, so that totals do not depend on any order.

use super::columns::{Columns, SHARE_BITS, add_parts, put_parts};
use super::entries::{Entry, integer};
use super::users::{Above, UserYears, filled, lanes, lanes_mut};
use crate::model::{RankClass, ServiceMix, Severity};
use crate::random::WORD_VALUES;
use crate::sampler::{Column, columns};
use crate::simd::{LANES, ROUNDER, Simd};

/// Entries of a table up to which costs are added up by entry.
pub(crate) const MOST_ENTRIES: usize = 512;

/// Pick of an entry: the word below which it is its own, and the other one (Walker 1977).
#[derive(Clone, Copy, Debug)]
struct Pick {
    below: u64,
    own: u32,
    other: u32,
}

/// Service table: entries of yearly amounts by their size.
#[derive(Debug)]
pub(crate) struct ServiceTable {
    /// Whether it is of several severities.
    several: bool,
    /// The largest cost of each class of a severity but the last, before it is scaled, ascending.
    cuts: Vec<f64>,
    /// Where the picks of each class start, and the end of the last.
    starts: Vec<u32>,
    picks: Vec<Pick>,
    /// The largest cost, in units of money less one, of which nothing is ceded but shares.
    limit: f64,
    entries: Vec<Entry>,
    /// Of services and then cessions, the parts of the cost of each entry that are in proportion to it, in 2^-24; none
    /// where there are none.
    shares: Vec<Vec<i64>>,
    services: usize,
    cessions: usize,
    effects: bool,
    /// Is anything ceded by more corners than a line has?
    has_bends: bool,
}

/// Where a table is among classes and their entries.
struct Position {
    class: usize,
    entry: u32,
}

impl ServiceTable {
    /// The table of severities that are alike but for their mixes, whose classes have the same ranks: each has as many
    /// classes, one after the other.
    pub(crate) fn new(severities: &[Severity], columns: &Columns, effects: bool) -> Self {
        let mut table = Self {
            several: severities.len() > 1,
            cuts: Vec::new(),
            starts: vec![0],
            picks: Vec::new(),
            limit: f64::INFINITY,
            entries: Vec::new(),
            shares: vec![Vec::new(); columns.count(false)],
            services: columns.services,
            cessions: columns.cessions.len(),
            effects,
            has_bends: false,
        };
        severities.iter().for_each(|severity| table.add_severity(severity, columns));
        for shares in table.shares.iter_mut().filter(|shares| shares.iter().all(|share| *share == 0)) {
            shares.clear();
        }
        table.has_bends = table.entries.iter().any(Entry::has_bends);
        table
    }

    /// Number of the classes of one severity.
    pub(crate) fn classes(&self) -> u32 {
        self.cuts.len() as u32 + 1
    }

    /// Whether people have classes of their own.
    pub(crate) fn has_several(&self) -> bool {
        self.several
    }

    fn add_severity(&mut self, severity: &Severity, columns: &Columns) {
        let one_way = ServiceMix::of_one(0);
        let classes = severity.mix().unwrap_or(&one_way).classes();
        let mut position = Position { class: 0, entry: self.entries.len() as u32 };
        for profile in classes.iter().flat_map(|class| &class.profiles) {
            let (entry, shares) = Entry::new(&profile.shares, columns);
            self.shares.iter_mut().zip(shares).for_each(|(column, share)| column.push(share));
            self.limit = self.limit.min(entry.limit());
            self.entries.push(entry);
        }
        self.cuts.clear();
        let distribution = severity.distribution();
        let mut from = 0.0;
        for (value, _) in distribution.atoms() {
            let to = distribution.cdf(value);
            self.put(value, (from, to), classes, &mut position);
            from = to;
        }
        for class in classes {
            if class.to > from {
                let cut = distribution.inverse_survival(1.0 - class.to);
                self.put(cut, (from, class.to), classes, &mut position);
                from = class.to;
            }
        }
        self.cuts.pop();
    }

    /// Adds the costs up to a cut, whose ranks these are, with the profiles of all classes among them.
    fn put(&mut self, cut: f64, (from, to): (f64, f64), classes: &[RankClass], position: &mut Position) {
        while classes[position.class].to <= from && position.class + 1 < classes.len() {
            position.entry += classes[position.class].profiles.len() as u32;
            position.class += 1;
        }
        let mut weights = Vec::new();
        let mut entry = position.entry;
        for class in classes[position.class..].iter().take_while(|class| class.from < to) {
            let here = (class.to.min(to) - class.from.max(from)).max(0.0);
            for profile in &class.profiles {
                weights.push((here * profile.probability, entry));
                entry += 1;
            }
        }
        weights.retain(|(weight, _)| *weight > 0.0);
        if weights.is_empty() {
            weights.push((1.0, position.entry));
        }
        self.picks.extend(picks(&weights));
        self.cuts.push(cut);
        self.starts.push(self.picks.len() as u32);
    }

    /// Whether the entry of a class is not its number: it is picked at random.
    pub(crate) fn has_profiles(&self) -> bool {
        self.picks.len() + 1 > self.starts.len() || self.picks.len() != self.entries.len()
    }

    /// The largest cost of each class but the last, before it is scaled, ascending: few, or they are searched.
    pub(crate) fn cuts(&self) -> &[f64] {
        &self.cuts
    }

    /// The class of a cost.
    pub(crate) fn class(&self, cost: f64, multiplier: f64) -> u32 {
        self.cuts.partition_point(|cut| cut * multiplier < cost) as u32
    }

    fn by_entry(&self) -> bool {
        self.entries.len() <= MOST_ENTRIES
    }

    fn times(&self) -> usize {
        if self.effects { 2 } else { 1 }
    }

    /// Number of the sums of a replication. By entry: costs, costs with the effects held at 1, bent cessions, and those
    /// with the effects held at 1. Else two parts of each column.
    pub(crate) fn sums(&self) -> usize {
        match self.by_entry() {
            true => (self.entries.len() + self.cessions) * self.times(),
            false => 2 * (self.services + self.cessions * self.times()),
        }
    }

    /// Whether a column has a part that is in proportion to costs, so that its sums have fractions.
    pub(crate) fn has_fractions(&self, column: usize) -> bool {
        let held = column >= self.services + self.cessions;
        let column = if held { column - self.cessions } else { column };
        !self.shares[column].is_empty()
    }

    /// Adds years of users, with this effect and, where there are effects, with those held at 1.
    #[inline(always)]
    pub(crate) fn add_all<S: Simd>(
        &self,
        s: S,
        sums: &mut [i64],
        years: UserYears,
        effect: f64,
        above: &mut Above,
    ) {
        if !self.by_entry() {
            for n in 0..years.count {
                let entry = pick(&self.starts, &self.picks, years.classes[n], years.words[n]);
                self.add_one(sums, entry, rounded(years.costs[n] * effect), rounded(years.costs[n]));
            }
            return;
        }
        let (sums, ceded) = sums.split_at_mut(self.entries.len() * self.times());
        for (part, factor) in [effect, 1.0].into_iter().take(self.times()).enumerate() {
            let sums = &mut sums[part * self.entries.len()..][..self.entries.len()];
            let ceded = &mut ceded[part * self.cessions..][..self.cessions];
            if self.has_profiles() {
                self.add_costs::<true>(sums, years, factor);
                self.add_ceded::<S, true>(s, ceded, years, factor, above);
            } else {
                self.add_costs::<false>(sums, years, factor);
                self.add_ceded::<S, false>(s, ceded, years, factor, above);
            }
        }
    }

    /// Adds costs by entry.
    #[inline(always)]
    fn add_costs<const PROFILES: bool>(&self, sums: &mut [i64], years: UserYears, factor: f64) {
        // Slices in variables: their addresses stay in registers.
        let (starts, picks) = (&self.starts[..], &self.picks[..]);
        let users = years.costs.iter().zip(years.classes).zip(years.words).take(years.count);
        for ((cost, class), word) in users {
            let entry = if PROFILES { pick(starts, picks, *class, *word) } else { *class as usize };
            sums[entry] += integer(cost * factor);
        }
    }

    /// Adds what is ceded of costs that is not in proportion to them.
    #[inline(always)]
    fn add_ceded<S: Simd, const PROFILES: bool>(
        &self,
        s: S,
        sums: &mut [i64],
        years: UserYears,
        factor: f64,
        above: &mut Above,
    ) {
        if self.limit == f64::INFINITY {
            return;
        }
        let count = self.collect_above::<S, PROFILES>(s, years, factor, above);
        let above = || {
            let users = above.units.iter().zip(&above.classes).zip(&above.words).take(count);
            users.map(|((units, class), word)| {
                let entry =
                    if PROFILES { pick(&self.starts, &self.picks, *class, *word) } else { *class as usize };
                (*units, &self.entries[entry])
            })
        };
        // As many bit patterns of the rounder are added beside the amounts.
        let offset = (ROUNDER.to_bits() as i64).wrapping_mul(count as i64);
        for (group, sums) in sums.chunks_mut(LANES).enumerate() {
            let mut ceded = s.longs_zero();
            for (units, entry) in above() {
                ceded = s.longs_add_bits(ceded, entry.ceded_in_lanes(s, group, units));
            }
            let ceded = s.longs_lanes(ceded);
            sums.iter_mut().zip(ceded).for_each(|(sum, ceded)| *sum += ceded.wrapping_sub(offset));
        }
        if self.has_bends {
            for (units, entry) in above() {
                entry.ceded_by_bends(units).for_each(|(number, ceded)| sums[number] += ceded);
            }
        }
    }

    /// Collects the years of which more may be ceded than a share, and counts them.
    #[inline(always)]
    fn collect_above<S: Simd, const PROFILES: bool>(
        &self,
        s: S,
        years: UserYears,
        factor: f64,
        above: &mut Above,
    ) -> usize {
        let rounder = s.doubles_splat(ROUNDER);
        let mut count = 0;
        for start in (0..years.count).step_by(LANES) {
            let costs = s.doubles_mul(s.doubles(lanes(years.costs, start)), s.doubles_splat(factor));
            let units = s.doubles_sub(s.doubles_add(costs, rounder), rounder);
            let mask = s.doubles_lt(s.doubles_splat(self.limit), units) & filled(years.count - start);
            let classes = s.words(lanes(years.classes, start));
            s.doubles_compress(units, mask, lanes_mut(&mut above.units, count));
            s.words_compress(classes, mask, lanes_mut(&mut above.classes, count));
            if PROFILES {
                let words = s.words(lanes(years.words, start));
                s.words_compress(words, mask, lanes_mut(&mut above.words, count));
            }
            count += mask.count_ones() as usize;
        }
        count
    }

    #[inline(never)]
    fn add_one(&self, sums: &mut [i64], entry: usize, units: f64, held: f64) {
        let in_proportion = self.shares.iter().enumerate().filter(|(_, shares)| !shares.is_empty());
        for (column, share) in in_proportion.map(|(column, shares)| (column, shares[entry])) {
            add_parts(sums, column, units as i128 * i128::from(share));
            if self.effects && column >= self.services {
                add_parts(sums, column + self.cessions, held as i128 * i128::from(share));
            }
        }
        let mut cede = |units: f64, first: usize| {
            self.entries[entry].ceded(units).for_each(|(number, ceded)| sums[2 * (first + number)] += ceded);
        };
        cede(units, self.services);
        if self.effects {
            cede(held, self.services + self.cessions);
        }
    }

    /// The amounts of the columns of a replication from its sums, in 2^-24 units of money.
    pub(crate) fn put_amounts(&self, sums: &[i64], amounts: &mut [i128]) {
        if !self.by_entry() {
            return put_parts(sums, amounts);
        }
        let (costs, bent) = sums.split_at(self.entries.len() * self.times());
        let (costs, held) = costs.split_at(self.entries.len());
        let (own, others) = amounts.split_at_mut(self.services + self.cessions);
        put_shares(costs, &self.shares, own);
        put_shares(held, &self.shares[self.services..], others);
        amounts[self.services..].iter_mut().zip(bent).for_each(|(amount, units)| {
            *amount += i128::from(*units) << SHARE_BITS;
        });
    }
}

/// The parts of the costs of entries that are in proportion to them, by column.
fn put_shares(costs: &[i64], shares: &[Vec<i64>], amounts: &mut [i128]) {
    for (amount, shares) in amounts.iter_mut().zip(shares) {
        *amount = costs.iter().zip(shares).map(|(cost, share)| i128::from(*cost) * i128::from(*share)).sum();
    }
}

#[inline(always)]
fn pick(starts: &[u32], picks: &[Pick], class: u32, word: u32) -> usize {
    let (start, end) = (starts[class as usize], starts[class as usize + 1]);
    let position = u64::from(word) * u64::from(end - start);
    let pick = picks[start as usize + (position >> 32) as usize];
    // Without a branch, which nobody could foresee.
    let own = u32::from(position & 0xFFFF_FFFF < pick.below).wrapping_neg();
    (pick.own & own | pick.other & !own) as usize
}

/// A cost that is below 2^51, to the unit.
#[inline(always)]
fn rounded(cost: f64) -> f64 {
    (cost + ROUNDER) - ROUNDER
}

/// Picks of entries with these weights: as many, each as likely as the other, of one entry or another.
fn picks(weights: &[(f64, u32)]) -> Vec<Pick> {
    let all: f64 = weights.iter().map(|(weight, _)| weight).sum();
    let probabilities: Vec<f64> = weights.iter().map(|(weight, _)| weight / all).collect();
    let pick = |(column, (_, own)): (Column, &(f64, u32))| Pick {
        below: (column.cut * WORD_VALUES) as u64,
        own: *own,
        other: weights[column.other as usize].1,
    };
    columns(&probabilities).into_iter().zip(weights).map(pick).collect()
}
