//! Philox4x32-10, the counter-based generator of Salmon, Moraes, Dror and Shaw,
//! "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).

pub(crate) const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const ROUNDS: usize = 10;

/// The ten round keys that a key unrolls to, as wide as the lanes that they are combined with.
#[derive(Clone, Copy, Debug)]
pub struct RoundKeys(pub(crate) [[u64; 2]; ROUNDS]);

impl RoundKeys {
    /// The round keys of a key.
    pub fn new(key: [u32; 2]) -> Self {
        let round = |r: usize, i: usize| u64::from(key[i].wrapping_add((r as u32).wrapping_mul(WEYL[i])));
        Self(std::array::from_fn(|r| [round(r, 0), round(r, 1)]))
    }
}

/// Four 32-bit words for one counter.
#[inline]
pub fn philox4x32(counter: [u32; 4], keys: &RoundKeys) -> [u32; 4] {
    let [mut c0, mut c1, mut c2, mut c3] = counter;
    for [k0, k1] in keys.0 {
        let a = u64::from(MULTIPLIERS[0]) * u64::from(c0);
        let b = u64::from(MULTIPLIERS[1]) * u64::from(c2);
        (c0, c1, c2, c3) =
            ((b >> 32) as u32 ^ c1 ^ k0 as u32, b as u32, (a >> 32) as u32 ^ c3 ^ k1 as u32, a as u32);
    }
    [c0, c1, c2, c3]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known answers published with Random123 (kat_vectors, philox 4x32 10).
    #[test]
    fn is_it_the_published_generator() {
        let cases: [([u32; 4], [u32; 2], [u32; 4]); 3] = [
            ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
            ([u32::MAX; 4], [u32::MAX; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
            (
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
            ),
        ];
        for (counter, key, words) in cases {
            assert_eq!(philox4x32(counter, &RoundKeys::new(key)), words);
        }
    }
}
