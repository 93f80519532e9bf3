//! Ties between the years of a path: a person's states of health, and the words that they make of independent ones.

use super::chunk::GROUPS;
use crate::persistence::Persistence;
use crate::random::{Purpose, Source, WORDS};
use crate::simd::{LANES, Simd};

/// Years of a path whose changes of state share a block of random words: sixteen bits each.
const YEARS_OF_BLOCK: u32 = 2 * WORDS as u32;

/// Ties between years: replication `path * years + year` is a year of a path.
#[derive(Clone, Copy)]
pub(crate) struct Ties<'a> {
    pub persistence: &'a Persistence,
    pub years: u32,
}

/// States of the people of a chunk, year by year. Columns start at cache lines.
#[repr(C, align(64))]
pub(crate) struct States {
    /// The latest state of each person.
    latest: [[u32; LANES]; GROUPS],
    /// The random words of their changes.
    words: [[[u32; LANES]; WORDS]; GROUPS],
    /// Their states in each of four replications.
    pub of: [[[u32; LANES]; GROUPS]; WORDS],
}

impl States {
    pub(crate) const NEW: Self = Self {
        latest: [[0; LANES]; GROUPS],
        words: [[[0; LANES]; WORDS]; GROUPS],
        of: [[[0; LANES]; GROUPS]; WORDS],
    };
}

impl Ties<'_> {
    /// Draws the words of changes of two groups, where the replication is the first that uses them.
    #[inline(always)]
    pub(crate) fn draw<S: Simd>(
        self,
        s: S,
        states: &mut States,
        (group_pair, identities): (usize, &[[u64; LANES]; 2]),
        replication: u32,
        source: &Source,
    ) {
        let (path, year) = (replication / self.years, replication % self.years);
        if !year.is_multiple_of(YEARS_OF_BLOCK) {
            return;
        }
        let index = path * self.years.div_ceil(YEARS_OF_BLOCK) + year / YEARS_OF_BLOCK;
        let words = s.philox(identities, index, Purpose::Health.word(), &source.keys);
        #[allow(clippy::needless_range_loop)] // an iterator over registers is not inlined for certain
        for half in 0..2 {
            for word in 0..WORDS {
                s.words_compress(words[half][word], u16::MAX, &mut states.words[2 * group_pair + half][word]);
            }
        }
    }

    /// The words of a group in this replication, which stands at `word` of its block.
    #[inline(always)]
    pub(crate) fn tie<S: Simd>(
        self,
        s: S,
        states: &mut States,
        group: usize,
        (replication, word): (u32, usize),
        bits: S::Words,
    ) -> S::Words {
        let Self { persistence, years } = self;
        let year = replication % years;
        let at = year % YEARS_OF_BLOCK;
        let both = s.words(&states.words[group][at as usize / 2]);
        let draw = if at.is_multiple_of(2) {
            s.words_and(both, s.words_splat(0xFFFF))
        } else {
            s.words_shr::<16>(both)
        };
        let before =
            if year == 0 { s.words_splat(persistence.before()) } else { s.words(&states.latest[group]) };
        let mut state = s.words_splat(0);
        for (number, least) in persistence.later().iter().enumerate() {
            let moves = s.words_le(s.words_lookup(least, before), draw);
            state = s.words_select(moves, s.words_splat(number as u32 + 1), state);
        }
        s.words_compress(state, u16::MAX, &mut states.latest[group]);
        s.words_compress(state, u16::MAX, &mut states.of[word][group]);

        let [mut start, mut from, mut gradient] = [s.words_splat(0); 3];
        for class in persistence.classes() {
            let least = s.words_lookup(&class.from, state);
            let passed = s.words_le(least, bits);
            start = s.words_select(passed, s.words_splat(class.start), start);
            from = s.words_select(passed, least, from);
            gradient = s.words_select(passed, s.words_lookup(&class.gradient, state), gradient);
        }
        let within = s.words_mul_high(s.words_sub(bits, from), gradient);
        // The middle of 256 words, which are not told apart here.
        s.words_add(start, s.words_add(s.words_shl::<8>(within), s.words_splat(128)))
    }
}
