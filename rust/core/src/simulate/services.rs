//! Services of yearly amounts, by their size.
//!
//! What is in proportion to a cost is not computed person by person: costs of years that are shared in one way are added
//! up, and their shares are taken of the sums. All are whole numbers, so that totals do not depend on any order.

use super::chunk::CHUNK;
use super::columns::{Columns, SHARE_BITS, add_parts, put_parts};
use super::entries::{Entry, integer};
use crate::model::{RankClass, ServiceMix, Severity};
use crate::random::WORD_VALUES;
use crate::sampler::{Column, columns};
use crate::simd::ROUNDER;

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
    /// The largest cost of each entry, in units of money less one, of which bent cessions take nothing.
    limits: Vec<f64>,
    entries: Vec<Entry>,
    services: usize,
    cessions: usize,
    effects: bool,
    /// Does a cession bend somewhere?
    is_bent: bool,
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
            limits: Vec::new(),
            entries: Vec::new(),
            services: columns.services,
            cessions: columns.cessions.len(),
            effects,
            is_bent: false,
        };
        severities.iter().for_each(|severity| table.add_severity(severity, columns));
        table.is_bent = table.entries.iter().any(|entry| !entry.bent.is_empty());
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
            let (entry, limit) = Entry::new(&profile.shares, columns);
            self.entries.push(entry);
            self.limits.push(limit);
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

    /// The entry of a class that a random word picks.
    #[inline(always)]
    fn entry(&self, class: u32, word: u32) -> usize {
        pick(&self.starts, &self.picks, class, word)
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
        column < self.services || self.entries.iter().any(|entry| entry.shares[column] > 0)
    }

    /// Adds years of these costs before effects, in units of money, of these classes; words pick their entries.
    #[inline(always)]
    pub(crate) fn add_all(
        &self,
        sums: &mut [i64],
        costs: &[f64],
        (classes, words): (&[u32], &[u32]),
        effect: Option<f64>,
        waiting: &mut [u16; CHUNK],
    ) {
        let rounded = |cost: f64| (cost + ROUNDER) - ROUNDER;
        if let (None, true) = (effect, self.by_entry()) {
            let years = (costs, classes, words);
            let above = match (self.has_profiles(), self.is_bent) {
                (true, true) => self.add_costs::<true, true>(sums, years, waiting),
                (true, false) => self.add_costs::<true, false>(sums, years, waiting),
                (false, true) => self.add_costs::<false, true>(sums, years, waiting),
                (false, false) => self.add_costs::<false, false>(sums, years, waiting),
            };
            for n in waiting.iter().take(above).map(|n| usize::from(*n)) {
                let units = rounded(costs[n]);
                self.add_bent(sums, &self.entries[self.entry(classes[n], words[n])], units, units);
            }
            return;
        }
        for ((cost, class), word) in costs.iter().zip(classes).zip(words) {
            self.add(sums, (*class, *word), rounded(cost * effect.unwrap_or(1.0)), rounded(*cost));
        }
    }

    /// Adds costs by entry, puts the indices of those of which bent cessions take something aside, and counts these.
    #[inline(always)]
    fn add_costs<const PROFILES: bool, const BENT: bool>(
        &self,
        sums: &mut [i64],
        (costs, classes, words): (&[f64], &[u32], &[u32]),
        waiting: &mut [u16; CHUNK],
    ) -> usize {
        // Slices in variables: their addresses stay in registers.
        let (starts, picks, limits) = (&self.starts[..], &self.picks[..], &self.limits[..]);
        let sums = &mut sums[..limits.len()];
        let mut count = 0;
        for (n, ((cost, class), word)) in costs.iter().zip(classes).zip(words).enumerate() {
            let number = if PROFILES { pick(starts, picks, *class, *word) } else { *class as usize };
            sums[number] += integer(*cost);
            if BENT {
                waiting[count & (CHUNK - 1)] = n as u16;
                count += usize::from(*cost > limits[number]);
            }
        }
        count
    }

    /// Adds a person's year of this cost, with effects and with those held at 1, in whole units of money.
    #[inline(always)]
    pub(crate) fn add(&self, sums: &mut [i64], (class, word): (u32, u32), units: f64, held: f64) {
        let number = self.entry(class, word);
        if !self.by_entry() {
            return self.add_one(sums, &self.entries[number], units, held);
        }
        sums[number] += units as i64;
        if self.effects {
            sums[self.entries.len() + number] += held as i64;
        }
        if units.max(held) > self.limits[number] {
            self.add_bent(sums, &self.entries[number], units, held);
        }
    }

    #[inline(always)]
    fn add_bent(&self, sums: &mut [i64], entry: &Entry, units: f64, held: f64) {
        let first = self.entries.len() * self.times();
        entry.cede(units, |number, ceded| sums[first + number] += ceded);
        if self.effects {
            entry.cede(held, |number, ceded| sums[first + self.cessions + number] += ceded);
        }
    }

    #[inline(never)]
    fn add_one(&self, sums: &mut [i64], entry: &Entry, units: f64, held: f64) {
        for (column, share) in entry.shares.iter().enumerate() {
            add_parts(sums, column, units as i128 * i128::from(*share));
            if self.effects && column >= self.services {
                add_parts(sums, column + self.cessions, held as i128 * i128::from(*share));
            }
        }
        entry.cede(units, |number, ceded| sums[2 * (self.services + number)] += ceded);
        if self.effects {
            let first = self.services + self.cessions;
            entry.cede(held, |number, ceded| sums[2 * (first + number)] += ceded);
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
        self.put_shares(costs, 0, own);
        self.put_shares(held, self.services, others);
        amounts[self.services..].iter_mut().zip(bent).for_each(|(amount, units)| {
            *amount += i128::from(*units) << SHARE_BITS;
        });
    }

    /// The parts of costs that are in proportion to them, of columns from `first` on.
    fn put_shares(&self, costs: &[i64], first: usize, amounts: &mut [i128]) {
        amounts.fill(0);
        for (entry, cost) in self.entries.iter().zip(costs).filter(|(_, cost)| **cost != 0) {
            let shares = entry.shares[first..].iter().map(|share| i128::from(*cost) * i128::from(*share));
            amounts.iter_mut().zip(shares).for_each(|(amount, product)| *amount += product);
        }
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
