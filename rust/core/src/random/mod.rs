//! Draws by address: every draw is a pure function of (seed, identity, replication, purpose).

mod philox;

use crate::numeric::power::integer_power;

pub(crate) use philox::MULTIPLIERS;
pub use philox::{RoundKeys, philox4x32};

/// Purpose of a draw: the last word of the counter, so that no two uses share a random word.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    /// Has the person any cost, and how severe is it (first 32 bits)?
    Draw,
    /// The following 32 bits of the same number, where the first do not settle it.
    Refine,
    /// The effect of a practice in a year.
    PracticeEffect,
    /// The effect of the nation in a year.
    NationalEffect,
    /// How the cost of a person's year is shared by services.
    Profile,
    /// The part of the effect of a practice that stays over the years of a path.
    PermanentEffect,
    /// How the state of health of a person changes over the years of a path.
    Health,
    /// The n-th event of the person's year.
    Event(u32),
}

impl Purpose {
    pub(crate) const fn word(self) -> u32 {
        match self {
            Purpose::Draw => 0,
            Purpose::Refine => 1,
            Purpose::PracticeEffect => 2,
            Purpose::NationalEffect => 3,
            Purpose::Profile => 4,
            Purpose::PermanentEffect => 5,
            Purpose::Health => 6,
            Purpose::Event(n) => 16 + n,
        }
    }
}

/// Number of replications that share one block of a draw: a block has four words, one for each.
pub(crate) const WORDS: usize = 4;

/// Number of values of a random word.
pub(crate) const WORD_VALUES: f64 = integer_power(2.0, 32);

/// The source of all draws of one run.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    pub(crate) keys: RoundKeys,
}

impl Source {
    /// The draws that belong to a seed.
    pub fn new(seed: u64) -> Self {
        Self { keys: RoundKeys::new([seed as u32, (seed >> 32) as u32]) }
    }

    #[inline]
    pub(crate) fn block(&self, identity: u64, index: u32, purpose: Purpose) -> [u32; 4] {
        let counter = [identity as u32, (identity >> 32) as u32, index, purpose.word()];
        philox4x32(counter, &self.keys)
    }

    /// A word that settles how the cost of this identity and replication is shared by services.
    #[inline]
    pub(crate) fn profile(&self, identity: u64, replication: u32) -> u32 {
        let (index, word) = (replication / WORDS as u32, replication as usize % WORDS);
        self.block(identity, index, Purpose::Profile)[word]
    }

    /// A draw of this identity and replication to all 64 bits.
    #[inline]
    pub(crate) fn fine(&self, identity: u64, replication: u32) -> u64 {
        let (index, word) = (replication / WORDS as u32, replication as usize % WORDS);
        let [high, low] = [Purpose::Draw, Purpose::Refine].map(|p| self.block(identity, index, p)[word]);
        u64::from(high) << 32 | u64::from(low)
    }
}

/// 64 random bits, in two halves, as a number in (0, 1).
#[inline]
pub(crate) fn unit_interval(high: u32, low: u32) -> f64 {
    unit_interval_of((u64::from(high) << 32) | u64::from(low))
}

/// 64 random bits as a number in (0, 1).
#[inline]
pub(crate) fn unit_interval_of(bits: u64) -> f64 {
    const STEP: f64 = integer_power(2.0, -64);
    // The largest 64-bit numbers round to 2^64.
    ((bits as f64 + 0.5) * STEP).min(1.0f64.next_down())
}

/// Mixes a number: spreads every bit over all 64 (the finaliser of SplitMix64; Steele, Lea and Flood 2014).
#[inline]
pub fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// The address of a label: FNV-1a (Fowler, Noll and Vo), then mixed.
pub fn label_address(label: &[u8]) -> u64 {
    let hash = label
        .iter()
        .fold(0xCBF2_9CE4_8422_2325u64, |h, &byte| (h ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3));
    mix(hash)
}

/// The address of an integer label: that of its digits, so that 17 and "17" are the same person or practice.
pub fn integer_address(number: i64) -> u64 {
    // A sign and nineteen digits at most.
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut left = number.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + (left % 10) as u8;
        left /= 10;
        if left == 0 {
            break;
        }
    }
    if number < 0 {
        at -= 1;
        digits[at] = b'-';
    }
    label_address(&digits[at..])
}

/// The identity of a row: its practice and its own address within the practice.
#[inline]
pub fn identity(practice: u64, person: u64) -> u64 {
    mix(practice ^ mix(person.wrapping_add(0x9E37_79B9_7F4A_7C15)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_an_integer_the_same_label_as_its_digits() {
        for number in [0, 7, -7, 1_234_567, i64::MAX, i64::MIN] {
            assert_eq!(integer_address(number), label_address(number.to_string().as_bytes()));
        }
    }

    #[test]
    fn are_neighbouring_addresses_far_apart() {
        // Identities of one practice must not overlap when groups of up to a million people follow each other.
        let mut identities: Vec<u64> = (0..10_000).map(|n| identity(label_address(b"A81001"), n)).collect();
        identities.sort_unstable();
        assert!(identities.windows(2).all(|two| two[1] - two[0] > 1_000_000));
    }
}
