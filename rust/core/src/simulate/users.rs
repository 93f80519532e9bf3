//! Users: the people of a chunk who have a cost, drawn for four replications at a time.

use super::chunk::{CHUNK, Chunk, GROUPS};
use super::ties::{States, Ties};
use crate::random::{Purpose, Source, WORDS};
use crate::simd::{LANES, Simd};

/// Users: the people with a cost in each of four replications. Columns start at cache lines.
#[repr(C, align(64))]
pub(crate) struct Users {
    /// Uniform numbers within the severity, for distributions that are drawn in lanes.
    pub uniform: [[f32; CHUNK + LANES]; WORDS],
    pub multiplier: [[f64; CHUNK + LANES]; WORDS],
    /// Costs of one replication before effects, where columns are kept.
    pub cost: [f64; CHUNK + LANES],
    /// Their classes in the service table.
    pub class: [u32; CHUNK + LANES],
    /// The first of the classes of each of them, where they differ.
    pub first_class: [[u32; CHUNK + LANES]; WORDS],
    pub above: Above,
    /// Indices of those whose severity needs more bits.
    pub unsettled: [u16; CHUNK],
    /// The random words, for distributions that are drawn one by one, or those that pick profiles.
    pub bits: [[u32; CHUNK + LANES]; WORDS],
    /// Lanes of each group that have a cost; the columns are in this order.
    pub masks: [[u16; GROUPS]; WORDS],
    pub count: [usize; WORDS],
    pub states: States,
}

/// Years of which more may be ceded than a share: their costs in units of money, their classes, and words that pick their
/// entries.
pub(crate) struct Above {
    pub units: [f64; CHUNK + LANES],
    pub classes: [u32; CHUNK + LANES],
    pub words: [u32; CHUNK + LANES],
}

impl Above {
    const NONE: Self =
        Self { units: [0.0; CHUNK + LANES], classes: [0; CHUNK + LANES], words: [0; CHUNK + LANES] };
}

/// Years of users: their costs before effects, in units of money, their classes, and words that pick their entries.
#[derive(Clone, Copy)]
pub(crate) struct UserYears<'a> {
    pub costs: &'a [f64; CHUNK + LANES],
    pub classes: &'a [u32; CHUNK + LANES],
    pub words: &'a [u32; CHUNK + LANES],
    pub count: usize,
}

impl Users {
    pub(crate) fn new() -> Box<Self> {
        Box::new(Self {
            count: [0; WORDS],
            masks: [[0; GROUPS]; WORDS],
            uniform: [[0.0; CHUNK + LANES]; WORDS],
            multiplier: [[0.0; CHUNK + LANES]; WORDS],
            cost: [0.0; CHUNK + LANES],
            class: [0; CHUNK + LANES],
            first_class: [[0; CHUNK + LANES]; WORDS],
            above: Above::NONE,
            unsettled: [0; CHUNK],
            bits: [[0; CHUNK + LANES]; WORDS],
            states: States::NEW,
        })
    }
}

/// Finder of people by their rank among those with a cost, in ascending order.
pub(crate) struct Finder {
    pub group: usize,
    /// People with a cost before the group.
    pub before: usize,
}

impl Finder {
    #[inline]
    pub(crate) fn person(&mut self, masks: &[u16; GROUPS], n: usize) -> usize {
        loop {
            let mask = masks[self.group];
            let here = mask.count_ones() as usize;
            if n < self.before + here {
                let rest = (self.before..n).fold(mask, |mask, _| mask & (mask - 1));
                return self.group * LANES + rest.trailing_zeros() as usize;
            }
            self.before += here;
            self.group += 1;
        }
    }
}

/// The lanes of a column that are filled, where so many of it are left.
#[inline(always)]
pub(crate) fn filled(left: usize) -> u16 {
    if left >= LANES { u16::MAX } else { (1 << left) - 1 }
}

/// The sixteen lanes from `at` on, which is at most the number of people.
#[inline(always)]
pub(crate) fn lanes<T>(column: &[T; CHUNK + LANES], at: usize) -> &[T; LANES] {
    column[at.min(CHUNK)..].first_chunk().expect("a column has sixteen lanes more than people")
}

#[inline(always)]
pub(crate) fn lanes_mut<T>(column: &mut [T; CHUNK + LANES], at: usize) -> &mut [T; LANES] {
    column[at.min(CHUNK)..].first_chunk_mut().expect("a column has sixteen lanes more than people")
}

impl Users {
    /// Draws a word for each person and each replication of the block, `TIED` to those of the path's other years where
    /// there are `ties`, and collects those with a cost: their uniform numbers within the severity and multipliers where severities are drawn in `LANES`, else their words.
    #[inline(always)]
    pub(crate) fn draw<S: Simd, const IN_LANES: bool, const TIED: bool>(
        &mut self,
        s: S,
        chunk: &Chunk,
        source: &Source,
        index: u32,
        ties: Option<Ties<'_>>,
    ) {
        let mut count = [0; WORDS];
        let c = self;
        for (group_pair, identities) in
            chunk.identities.as_chunks::<2>().0.iter().take(chunk.group_pairs()).enumerate()
        {
            let mut words = s.philox(identities, index, Purpose::Draw.word(), &source.keys);
            #[allow(clippy::needless_range_loop)] // as below
            if let Some(ties) = ties.filter(|_| TIED) {
                for word in 0..WORDS {
                    let replication = index * WORDS as u32 + word as u32;
                    ties.draw(s, &mut c.states, (group_pair, identities), replication, source);
                    for half in 0..2 {
                        let group = 2 * group_pair + half;
                        words[half][word] =
                            ties.tie(s, &mut c.states, group, (replication, word), words[half][word]);
                    }
                }
            }
            // By index: an iterator over registers is not inlined for certain, and what is not is many times slower.
            #[allow(clippy::needless_range_loop)]
            for half in 0..2 {
                let group = 2 * group_pair + half;
                let limits = s.words(&chunk.limits[group]);
                let inverses = s.singles(&chunk.inverses[group]);
                let multipliers = s.doubles(&chunk.multipliers[group]);
                let occupied = chunk.occupied(group);
                for word in 0..WORDS {
                    let bits = words[half][word];
                    let mask = s.words_le(bits, limits) & occupied;
                    let at = count[word];
                    if IN_LANES {
                        let top = s.singles_from_words(s.words_shr::<1>(bits));
                        let uniform = s.singles_mul(s.singles_add(top, s.singles_splat(0.5)), inverses);
                        s.singles_compress(uniform, mask, lanes_mut(&mut c.uniform[word], at));
                        s.doubles_compress(multipliers, mask, lanes_mut(&mut c.multiplier[word], at));
                    } else {
                        s.words_compress(bits, mask, lanes_mut(&mut c.bits[word], at));
                    }
                    c.masks[word][group] = mask;
                    count[word] += mask.count_ones() as usize;
                }
            }
        }
        c.count = count;
    }

    /// Collects the first classes of people with a cost.
    #[inline(always)]
    pub(crate) fn collect_first_classes<S: Simd>(&mut self, s: S, chunk: &Chunk) {
        for word in 0..WORDS {
            let mut count = 0;
            for (first_classes, mask) in
                chunk.first_classes.iter().zip(self.masks[word]).take(2 * chunk.group_pairs())
            {
                let to = lanes_mut(&mut self.first_class[word], count);
                s.words_compress(s.words(first_classes), mask, to);
                count += mask.count_ones() as usize;
            }
        }
    }

    /// Draws a word for each person and each replication of the block, and collects those of people with a cost: they
    /// pick profiles.
    #[inline(always)]
    pub(crate) fn draw_profiles<S: Simd>(&mut self, s: S, chunk: &Chunk, source: &Source, index: u32) {
        let c = self;
        let mut count = [0; WORDS];
        let all = chunk.identities.as_chunks::<2>().0.iter().take(chunk.group_pairs());
        for (group_pair, identities) in all.enumerate() {
            let words = s.philox(identities, index, Purpose::Profile.word(), &source.keys);
            #[allow(clippy::needless_range_loop)] // as in `draw`
            for half in 0..2 {
                for word in 0..WORDS {
                    let mask = c.masks[word][2 * group_pair + half];
                    s.words_compress(words[half][word], mask, lanes_mut(&mut c.bits[word], count[word]));
                    count[word] += mask.count_ones() as usize;
                }
            }
        }
    }
}
