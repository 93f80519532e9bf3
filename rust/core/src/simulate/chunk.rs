//! People of one unit who are drawn together: everything the kernel reads, in lanes.

use crate::numeric::power::integer_power;
use crate::random::WORD_VALUES;
use crate::simd::LANES;

/// Number of people in a chunk: their columns and their users of four replications stay in the first-level cache.
pub(crate) const CHUNK: usize = 512;
pub(crate) const GROUPS: usize = CHUNK / LANES;

/// Probability of any cost below which 32 random bits are too coarse a uniform number within the severity.
const SMALLEST_FAST: f64 = 1.0 / 64.0;

/// Cost parameters: what identical people share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CostParameters {
    /// Probability of any cost in the year, above 0.
    pub p_any: f64,
    /// What a sampler's value is multiplied by, in units of money.
    pub multiplier: f64,
    /// The first of their classes in the service table.
    pub first_class: u32,
}

/// Chunk of people in columns. Columns start at cache lines, so that sixteen lanes never straddle two.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Chunk {
    pub identities: [[u64; LANES]; GROUPS],
    /// A person has a cost if their first 32 bits are below `p_any * 2^32`, so never if they are above its floor.
    pub limits: [[u32; LANES]; GROUPS],
    /// 2^-31 / p_any: from 31 bits to a uniform number within the severity. 0 sends every user to refinement.
    pub inverses: [[f32; LANES]; GROUPS],
    pub multipliers: [[f64; LANES]; GROUPS],
    pub first_classes: [[u32; LANES]; GROUPS],
    pub p_any: [f64; CHUNK],
    pub len: usize,
    pub largest_multiplier: f64,
}

impl Chunk {
    pub(crate) fn new() -> Box<Self> {
        Box::new(Self {
            len: 0,
            identities: [[0; LANES]; GROUPS],
            limits: [[0; LANES]; GROUPS],
            inverses: [[0.0; LANES]; GROUPS],
            multipliers: [[0.0; LANES]; GROUPS],
            first_classes: [[0; LANES]; GROUPS],
            p_any: [0.0; CHUNK],
            largest_multiplier: 0.0,
        })
    }

    pub(crate) fn clear(&mut self) {
        self.len = 0;
        self.largest_multiplier = 0.0;
    }

    pub(crate) fn room(&self) -> usize {
        CHUNK - self.len
    }

    /// Adds `count` people with consecutive identities; the caller has seen that there is room.
    pub(crate) fn push(&mut self, first: u64, count: usize, parameters: CostParameters) {
        const HALF_STEP: f64 = integer_power(2.0, -31);
        let limit = (parameters.p_any * WORD_VALUES).min(f64::from(u32::MAX)) as u32;
        let inverse =
            if parameters.p_any < SMALLEST_FAST { 0.0 } else { (HALF_STEP / parameters.p_any) as f32 };
        for at in self.len..self.len + count {
            let (group, lane) = (at / LANES, at % LANES);
            self.identities[group][lane] = first.wrapping_add((at - self.len) as u64);
            self.limits[group][lane] = limit;
            self.inverses[group][lane] = inverse;
            self.multipliers[group][lane] = parameters.multiplier;
            self.first_classes[group][lane] = parameters.first_class;
            self.p_any[at] = parameters.p_any;
        }
        self.len += count;
        self.largest_multiplier = self.largest_multiplier.max(parameters.multiplier);
    }

    /// Pairs of groups that hold people.
    pub(crate) fn group_pairs(&self) -> usize {
        self.len.div_ceil(2 * LANES)
    }

    /// The lanes of a group that hold people.
    pub(crate) fn occupied(&self, group: usize) -> u16 {
        match self.len.saturating_sub(group * LANES) {
            left @ 0..LANES => (1 << left) - 1,
            _ => u16::MAX,
        }
    }
}
