//! Plain arrays: the reference, and the path for any other processor.

use super::{LANES, Simd};
use crate::random::{MULTIPLIERS, RoundKeys};

#[derive(Clone, Copy)]
pub(crate) struct Portable;

#[inline(always)]
fn map<A: Copy, B>(a: [A; LANES], f: impl Fn(A) -> B) -> [B; LANES] {
    std::array::from_fn(|i| f(a[i]))
}

#[inline(always)]
fn zip<A: Copy, B>(a: [A; LANES], b: [A; LANES], f: impl Fn(A, A) -> B) -> [B; LANES] {
    std::array::from_fn(|i| f(a[i], b[i]))
}

#[inline(always)]
fn compress<A: Copy>(a: [A; LANES], mask: u16, to: &mut [A; LANES]) {
    let mut n = 0;
    for (i, &value) in a.iter().enumerate() {
        to[n] = value;
        n += usize::from(mask >> i & 1);
        if n == LANES {
            break;
        }
    }
}

impl Simd for Portable {
    type Words = [u32; LANES];
    type Singles = [f32; LANES];
    type Doubles = [f64; LANES];
    type Longs = [i64; LANES];

    #[inline(always)]
    fn philox(
        self,
        identities: &[[u64; LANES]; 2],
        index: u32,
        purpose: u32,
        keys: &RoundKeys,
    ) -> [[Self::Words; 4]; 2] {
        identities.map(|identities| {
            let mut c0 = map(identities, |id| id as u32);
            let mut c1 = map(identities, |id| (id >> 32) as u32);
            let mut c2 = [index; LANES];
            let mut c3 = [purpose; LANES];
            for &[k0, k1] in &keys.0 {
                for i in 0..LANES {
                    let a = u64::from(MULTIPLIERS[0]) * u64::from(c0[i]);
                    let b = u64::from(MULTIPLIERS[1]) * u64::from(c2[i]);
                    c0[i] = (b >> 32) as u32 ^ c1[i] ^ k0 as u32;
                    c1[i] = b as u32;
                    c2[i] = (a >> 32) as u32 ^ c3[i] ^ k1 as u32;
                    c3[i] = a as u32;
                }
            }
            [c0, c1, c2, c3]
        })
    }

    #[inline(always)]
    fn words(self, from: &[u32; LANES]) -> Self::Words {
        *from
    }
    #[inline(always)]
    fn words_splat(self, value: u32) -> Self::Words {
        [value; LANES]
    }
    #[inline(always)]
    fn words_add(self, a: Self::Words, b: Self::Words) -> Self::Words {
        zip(a, b, u32::wrapping_add)
    }
    #[inline(always)]
    fn words_sub(self, a: Self::Words, b: Self::Words) -> Self::Words {
        zip(a, b, u32::wrapping_sub)
    }
    #[inline(always)]
    fn words_and(self, a: Self::Words, b: Self::Words) -> Self::Words {
        zip(a, b, |a, b| a & b)
    }
    #[inline(always)]
    fn words_or(self, a: Self::Words, b: Self::Words) -> Self::Words {
        zip(a, b, |a, b| a | b)
    }
    #[inline(always)]
    fn words_shr<const N: u32>(self, a: Self::Words) -> Self::Words {
        map(a, |a| a >> N)
    }
    #[inline(always)]
    fn words_shl<const N: u32>(self, a: Self::Words) -> Self::Words {
        map(a, |a| a << N)
    }
    #[inline(always)]
    fn words_le(self, a: Self::Words, b: Self::Words) -> u16 {
        (0..LANES).fold(0, |mask, i| mask | u16::from(a[i] <= b[i]) << i)
    }
    #[inline(always)]
    fn words_select(self, mask: u16, a: Self::Words, b: Self::Words) -> Self::Words {
        std::array::from_fn(|i| if mask >> i & 1 == 1 { a[i] } else { b[i] })
    }
    #[inline(always)]
    fn words_mul_high(self, a: Self::Words, b: Self::Words) -> Self::Words {
        zip(a, b, |a, b| ((u64::from(a) * u64::from(b)) >> 32) as u32)
    }
    #[inline(always)]
    fn words_lookup(self, table: &[u32; LANES], index: Self::Words) -> Self::Words {
        map(index, |i| table[i as usize % LANES])
    }
    #[inline(always)]
    fn words_compress(self, a: Self::Words, mask: u16, to: &mut [u32; LANES]) {
        compress(a, mask, to);
    }

    #[inline(always)]
    fn singles(self, from: &[f32; LANES]) -> Self::Singles {
        *from
    }
    #[inline(always)]
    fn singles_splat(self, value: f32) -> Self::Singles {
        [value; LANES]
    }
    #[inline(always)]
    fn singles_add(self, a: Self::Singles, b: Self::Singles) -> Self::Singles {
        zip(a, b, |a, b| a + b)
    }
    #[inline(always)]
    fn singles_sub(self, a: Self::Singles, b: Self::Singles) -> Self::Singles {
        zip(a, b, |a, b| a - b)
    }
    #[inline(always)]
    fn singles_mul(self, a: Self::Singles, b: Self::Singles) -> Self::Singles {
        zip(a, b, |a, b| a * b)
    }
    #[inline(always)]
    fn singles_min(self, a: Self::Singles, b: Self::Singles) -> Self::Singles {
        zip(a, b, |a, b| if a < b { a } else { b })
    }
    #[inline(always)]
    fn singles_lt(self, a: Self::Singles, b: Self::Singles) -> Self::Words {
        zip(a, b, |a, b| u32::from(a < b))
    }
    #[inline(always)]
    fn singles_bits(self, a: Self::Singles) -> Self::Words {
        map(a, f32::to_bits)
    }
    #[inline(always)]
    fn singles_from_bits(self, a: Self::Words) -> Self::Singles {
        map(a, f32::from_bits)
    }
    #[inline(always)]
    fn singles_from_words(self, a: Self::Words) -> Self::Singles {
        map(a, |a| a as i32 as f32)
    }
    #[inline(always)]
    fn singles_compress(self, a: Self::Singles, mask: u16, to: &mut [f32; LANES]) {
        compress(a, mask, to);
    }
    #[inline(always)]
    fn gather(self, lines: &[[f32; 2]], index: Self::Words) -> (Self::Singles, Self::Singles) {
        let last = lines.len() - 1;
        let chosen = map(index, |i| lines[(i as usize).min(last)]);
        (map(chosen, |line| line[0]), map(chosen, |line| line[1]))
    }

    #[inline(always)]
    fn doubles(self, from: &[f64; LANES]) -> Self::Doubles {
        *from
    }
    #[inline(always)]
    fn doubles_splat(self, value: f64) -> Self::Doubles {
        [value; LANES]
    }
    #[inline(always)]
    fn doubles_from_singles(self, a: Self::Singles) -> Self::Doubles {
        map(a, f64::from)
    }
    #[inline(always)]
    fn doubles_add(self, a: Self::Doubles, b: Self::Doubles) -> Self::Doubles {
        zip(a, b, |a, b| a + b)
    }
    #[inline(always)]
    fn doubles_sub(self, a: Self::Doubles, b: Self::Doubles) -> Self::Doubles {
        zip(a, b, |a, b| a - b)
    }
    #[inline(always)]
    fn doubles_mul(self, a: Self::Doubles, b: Self::Doubles) -> Self::Doubles {
        zip(a, b, |a, b| a * b)
    }
    #[inline(always)]
    fn doubles_min(self, a: Self::Doubles, b: Self::Doubles) -> Self::Doubles {
        zip(a, b, |a, b| if a < b { a } else { b })
    }
    #[inline(always)]
    fn doubles_max(self, a: Self::Doubles, b: Self::Doubles) -> Self::Doubles {
        zip(a, b, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    fn doubles_lt(self, a: Self::Doubles, b: Self::Doubles) -> u16 {
        (0..LANES).fold(0, |mask, i| mask | u16::from(a[i] < b[i]) << i)
    }
    #[inline(always)]
    fn doubles_compress(self, a: Self::Doubles, mask: u16, to: &mut [f64; LANES]) {
        compress(a, mask, to);
    }

    #[inline(always)]
    fn longs_zero(self) -> Self::Longs {
        [0; LANES]
    }
    #[inline(always)]
    fn longs_add_bits(self, a: Self::Longs, b: Self::Doubles) -> Self::Longs {
        std::array::from_fn(|i| a[i].wrapping_add(b[i].to_bits() as i64))
    }
    #[inline(always)]
    fn longs_lanes(self, a: Self::Longs) -> [i64; LANES] {
        a
    }
}
