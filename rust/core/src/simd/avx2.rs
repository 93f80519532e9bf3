//! AVX2: two registers hold sixteen words or singles, four hold sixteen doubles or longs.
//!
//! Invariant: a value of [`Avx2`] exists only inside [`run`], which is called only where `Processor::available` found
//! AVX2 and POPCNT; hence every intrinsic below is one that this processor has. Loads and stores go through references
//! to arrays of exactly the size that they touch.

use std::arch::x86_64::*;

use super::{LANES, Simd, Task};
use crate::random::{MULTIPLIERS, RoundKeys};

#[derive(Clone, Copy)]
pub(crate) struct Avx2 {
    _only_in_run: (),
}

/// # Safety
/// The processor must have the features named here.
#[target_feature(enable = "avx2,popcnt")]
pub(crate) unsafe fn run<T: Task>(task: T) -> T::Output {
    task.run(Avx2 { _only_in_run: () })
}

/// For each choice among eight lanes, the lanes chosen, in order.
static CHOSEN: [[u32; 8]; 256] = {
    let mut table = [[0; 8]; 256];
    let mut mask = 0;
    while mask < 256 {
        let (mut lane, mut n) = (0, 0);
        while lane < 8 {
            if mask >> lane & 1 == 1 {
                table[mask][n] = lane as u32;
                n += 1;
            }
            lane += 1;
        }
        mask += 1;
    }
    table
};

/// For each choice among four doubles, the halves of the doubles chosen, in order.
static CHOSEN_PAIRS: [[u32; 8]; 16] = {
    let mut table = [[0; 8]; 16];
    let mut mask = 0;
    while mask < 16 {
        let (mut lane, mut n) = (0, 0);
        while lane < 4 {
            if mask >> lane & 1 == 1 {
                table[mask][n] = 2 * lane as u32;
                table[mask][n + 1] = 2 * lane as u32 + 1;
                n += 2;
            }
            lane += 1;
        }
        mask += 1;
    }
    table
};

// The array methods of the standard library are not inlined for certain, and what is not inlined is not compiled for
// this processor: these are.

#[inline(always)]
fn two<A: Copy, B>(a: [A; 2], f: impl Fn(A) -> B) -> [B; 2] {
    [f(a[0]), f(a[1])]
}

#[inline(always)]
fn zip2<A: Copy, B>(a: [A; 2], b: [A; 2], f: impl Fn(A, A) -> B) -> [B; 2] {
    [f(a[0], b[0]), f(a[1], b[1])]
}

#[inline(always)]
fn zip4<A: Copy, B: Copy, C>(a: [A; 4], b: [B; 4], f: impl Fn(A, B) -> C) -> [C; 4] {
    [f(a[0], b[0]), f(a[1], b[1]), f(a[2], b[2]), f(a[3], b[3])]
}

impl Avx2 {
    /// The even (PICK 0x88) or odd (0xDD) words of two registers, in order.
    #[inline(always)]
    fn every_other<const PICK: i32>(self, a: __m256i, b: __m256i) -> __m256i {
        // SAFETY: features, by the invariant of the type.
        unsafe {
            let mixed = _mm256_shuffle_ps::<PICK>(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b));
            _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_castps_si256(mixed))
        }
    }

    #[inline(always)]
    fn compress_words(self, a: [__m256i; 2], mask: u16, to: *mut u32) {
        let low = mask as u8;
        // SAFETY: features; the callers pass sixteen writable places, and the second store starts at most eight in.
        unsafe {
            for (half, choice, at) in [(a[0], low, 0), (a[1], (mask >> 8) as u8, low.count_ones() as usize)] {
                let lanes = _mm256_loadu_si256(CHOSEN[usize::from(choice)].as_ptr().cast());
                let front = _mm256_permutevar8x32_epi32(half, lanes);
                _mm256_storeu_si256(to.add(at).cast(), front);
            }
        }
    }
}

impl Simd for Avx2 {
    type Words = [__m256i; 2];
    type Singles = [__m256; 2];
    type Doubles = [__m256d; 4];
    type Longs = [__m256i; 4];

    #[inline(always)]
    fn philox(
        self,
        identities: &[[u64; LANES]; 2],
        index: u32,
        purpose: u32,
        keys: &RoundKeys,
    ) -> [[Self::Words; 4]; 2] {
        // SAFETY: features; the loads cover the identities.
        unsafe {
            // A word stands in the low half of a 64-bit lane; what is in the high half is never read.
            let m0 = _mm256_set1_epi64x(i64::from(MULTIPLIERS[0]));
            let m1 = _mm256_set1_epi64x(i64::from(MULTIPLIERS[1]));
            let start: *const __m256i = identities.as_ptr().cast();
            let mut words = [[[_mm256_setzero_si256(); 2]; 4]; 2];
            for h in 0..4 {
                // Two registers at a time: more would not fit beside the constants.
                let mut c0 = [_mm256_loadu_si256(start.add(2 * h)), _mm256_loadu_si256(start.add(2 * h + 1))];
                let mut c1 = two(c0, |id| _mm256_srli_epi64::<32>(id));
                let mut c2 = [_mm256_set1_epi64x(i64::from(index)); 2];
                let mut c3 = [_mm256_set1_epi64x(i64::from(purpose)); 2];
                for &[k0, k1] in &keys.0 {
                    let k0 = _mm256_set1_epi64x(k0 as i64);
                    let k1 = _mm256_set1_epi64x(k1 as i64);
                    for i in 0..2 {
                        let a = _mm256_mul_epu32(c0[i], m0);
                        let b = _mm256_mul_epu32(c2[i], m1);
                        // The key joins what is there early: the chain waits for the products alone.
                        let high = |product| _mm256_srli_epi64::<32>(product);
                        c0[i] = _mm256_xor_si256(high(b), _mm256_xor_si256(c1[i], k0));
                        c1[i] = b;
                        c2[i] = _mm256_xor_si256(high(a), _mm256_xor_si256(c3[i], k1));
                        c3[i] = a;
                    }
                }
                for (word, c) in words[h / 2].iter_mut().zip([c0, c1, c2, c3]) {
                    word[h % 2] = self.every_other::<0x88>(c[0], c[1]);
                }
            }
            words
        }
    }

    #[inline(always)]
    fn words(self, from: &[u32; LANES]) -> Self::Words {
        // SAFETY: features; the two loads cover the array.
        unsafe {
            let start: *const __m256i = from.as_ptr().cast();
            [_mm256_loadu_si256(start), _mm256_loadu_si256(start.add(1))]
        }
    }
    #[inline(always)]
    fn words_splat(self, value: u32) -> Self::Words {
        // SAFETY: features, here and in every block below that has no comment of its own.
        unsafe { [_mm256_set1_epi32(value as i32); 2] }
    }
    #[inline(always)]
    fn words_add(self, a: Self::Words, b: Self::Words) -> Self::Words {
        zip2(a, b, |a, b| unsafe { _mm256_add_epi32(a, b) })
    }
    #[inline(always)]
    fn words_sub(self, a: Self::Words, b: Self::Words) -> Self::Words {
        zip2(a, b, |a, b| unsafe { _mm256_sub_epi32(a, b) })
    }
    #[inline(always)]
    fn words_and(self, a: Self::Words, b: Self::Words) -> Self::Words {
        zip2(a, b, |a, b| unsafe { _mm256_and_si256(a, b) })
    }
    #[inline(always)]
    fn words_or(self, a: Self::Words, b: Self::Words) -> Self::Words {
        zip2(a, b, |a, b| unsafe { _mm256_or_si256(a, b) })
    }
    #[inline(always)]
    fn words_shr<const N: u32>(self, a: Self::Words) -> Self::Words {
        // The shift by a register whose count is a constant compiles to the shift by that constant.
        two(a, |a| unsafe { _mm256_srl_epi32(a, _mm_cvtsi32_si128(N as i32)) })
    }
    #[inline(always)]
    fn words_shl<const N: u32>(self, a: Self::Words) -> Self::Words {
        two(a, |a| unsafe { _mm256_sll_epi32(a, _mm_cvtsi32_si128(N as i32)) })
    }
    #[inline(always)]
    fn words_le(self, a: Self::Words, b: Self::Words) -> u16 {
        let [low, high] = zip2(a, b, |a, b| unsafe {
            let le = _mm256_cmpeq_epi32(_mm256_min_epu32(a, b), a);
            _mm256_movemask_ps(_mm256_castsi256_ps(le)) as u16
        });
        low | high << 8
    }
    #[inline(always)]
    fn words_select(self, mask: u16, a: Self::Words, b: Self::Words) -> Self::Words {
        let halves = [i32::from(mask & 0xFF), i32::from(mask >> 8)];
        let [low, high] = two(halves, |half| unsafe {
            let bits = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
            _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32(half), bits), bits)
        });
        unsafe { [_mm256_blendv_epi8(b[0], a[0], low), _mm256_blendv_epi8(b[1], a[1], high)] }
    }
    #[inline(always)]
    fn words_mul_high(self, a: Self::Words, b: Self::Words) -> Self::Words {
        zip2(a, b, |a, b| unsafe {
            let even = _mm256_srli_epi64::<32>(_mm256_mul_epu32(a, b));
            let odd = _mm256_mul_epu32(_mm256_srli_epi64::<32>(a), _mm256_srli_epi64::<32>(b));
            _mm256_blend_epi32::<0xAA>(even, odd)
        })
    }
    #[inline(always)]
    fn words_lookup(self, table: &[u32; LANES], index: Self::Words) -> Self::Words {
        let [low, high] = self.words(table);
        // A permutation reads the low three bits of an index; the fourth is brought to where a blend looks.
        two(index, |index| unsafe {
            let low = _mm256_castsi256_ps(_mm256_permutevar8x32_epi32(low, index));
            let high = _mm256_castsi256_ps(_mm256_permutevar8x32_epi32(high, index));
            let choice = _mm256_castsi256_ps(_mm256_slli_epi32::<28>(index));
            _mm256_castps_si256(_mm256_blendv_ps(low, high, choice))
        })
    }
    #[inline(always)]
    fn words_compress(self, a: Self::Words, mask: u16, to: &mut [u32; LANES]) {
        self.compress_words(a, mask, to.as_mut_ptr());
    }

    #[inline(always)]
    fn singles(self, from: &[f32; LANES]) -> Self::Singles {
        // SAFETY: features; the two loads cover the array.
        unsafe { [_mm256_loadu_ps(from.as_ptr()), _mm256_loadu_ps(from.as_ptr().add(8))] }
    }
    #[inline(always)]
    fn singles_splat(self, value: f32) -> Self::Singles {
        unsafe { [_mm256_set1_ps(value); 2] }
    }
    #[inline(always)]
    fn singles_add(self, a: Self::Singles, b: Self::Singles) -> Self::Singles {
        zip2(a, b, |a, b| unsafe { _mm256_add_ps(a, b) })
    }
    #[inline(always)]
    fn singles_sub(self, a: Self::Singles, b: Self::Singles) -> Self::Singles {
        zip2(a, b, |a, b| unsafe { _mm256_sub_ps(a, b) })
    }
    #[inline(always)]
    fn singles_mul(self, a: Self::Singles, b: Self::Singles) -> Self::Singles {
        zip2(a, b, |a, b| unsafe { _mm256_mul_ps(a, b) })
    }
    #[inline(always)]
    fn singles_min(self, a: Self::Singles, b: Self::Singles) -> Self::Singles {
        zip2(a, b, |a, b| unsafe { _mm256_min_ps(a, b) })
    }
    #[inline(always)]
    fn singles_lt(self, a: Self::Singles, b: Self::Singles) -> Self::Words {
        zip2(a, b, |a, b| unsafe {
            let lt = _mm256_castps_si256(_mm256_cmp_ps::<_CMP_LT_OQ>(a, b));
            _mm256_srli_epi32::<31>(lt)
        })
    }
    #[inline(always)]
    fn singles_bits(self, a: Self::Singles) -> Self::Words {
        two(a, |a| unsafe { _mm256_castps_si256(a) })
    }
    #[inline(always)]
    fn singles_from_bits(self, a: Self::Words) -> Self::Singles {
        two(a, |a| unsafe { _mm256_castsi256_ps(a) })
    }
    #[inline(always)]
    fn singles_from_words(self, a: Self::Words) -> Self::Singles {
        two(a, |a| unsafe { _mm256_cvtepi32_ps(a) })
    }
    #[inline(always)]
    fn singles_compress(self, a: Self::Singles, mask: u16, to: &mut [f32; LANES]) {
        self.compress_words(self.singles_bits(a), mask, to.as_mut_ptr().cast());
    }
    #[inline(always)]
    fn gather(self, lines: &[[f32; 2]], index: Self::Words) -> (Self::Singles, Self::Singles) {
        assert!(!lines.is_empty() && lines.len() <= i32::MAX as usize);
        let [mut first, mut second] = [index; 2];
        for h in 0..2 {
            // SAFETY: features; every index is brought to at most the last pair, and a pair is eight bytes.
            unsafe {
                let index = _mm256_min_epu32(index[h], _mm256_set1_epi32(lines.len() as i32 - 1));
                let base = lines.as_ptr().cast();
                let low = _mm256_i32gather_epi64::<8>(base, _mm256_castsi256_si128(index));
                let high = _mm256_i32gather_epi64::<8>(base, _mm256_extracti128_si256::<1>(index));
                first[h] = self.every_other::<0x88>(low, high);
                second[h] = self.every_other::<0xDD>(low, high);
            }
        }
        (self.singles_from_bits(first), self.singles_from_bits(second))
    }

    #[inline(always)]
    fn doubles(self, from: &[f64; LANES]) -> Self::Doubles {
        // SAFETY: features; the four loads cover the array.
        zip4([0, 4, 8, 12], [from; 4], |i, from| unsafe { _mm256_loadu_pd(from.as_ptr().add(i)) })
    }
    #[inline(always)]
    fn doubles_splat(self, value: f64) -> Self::Doubles {
        unsafe { [_mm256_set1_pd(value); 4] }
    }
    #[inline(always)]
    fn doubles_from_singles(self, a: Self::Singles) -> Self::Doubles {
        unsafe {
            [
                _mm256_cvtps_pd(_mm256_castps256_ps128(a[0])),
                _mm256_cvtps_pd(_mm256_extractf128_ps::<1>(a[0])),
                _mm256_cvtps_pd(_mm256_castps256_ps128(a[1])),
                _mm256_cvtps_pd(_mm256_extractf128_ps::<1>(a[1])),
            ]
        }
    }
    #[inline(always)]
    fn doubles_add(self, a: Self::Doubles, b: Self::Doubles) -> Self::Doubles {
        zip4(a, b, |a, b| unsafe { _mm256_add_pd(a, b) })
    }
    #[inline(always)]
    fn doubles_sub(self, a: Self::Doubles, b: Self::Doubles) -> Self::Doubles {
        zip4(a, b, |a, b| unsafe { _mm256_sub_pd(a, b) })
    }
    #[inline(always)]
    fn doubles_mul(self, a: Self::Doubles, b: Self::Doubles) -> Self::Doubles {
        zip4(a, b, |a, b| unsafe { _mm256_mul_pd(a, b) })
    }
    #[inline(always)]
    fn doubles_min(self, a: Self::Doubles, b: Self::Doubles) -> Self::Doubles {
        zip4(a, b, |a, b| unsafe { _mm256_min_pd(a, b) })
    }
    #[inline(always)]
    fn doubles_max(self, a: Self::Doubles, b: Self::Doubles) -> Self::Doubles {
        zip4(a, b, |a, b| unsafe { _mm256_max_pd(a, b) })
    }
    #[inline(always)]
    fn doubles_lt(self, a: Self::Doubles, b: Self::Doubles) -> u16 {
        let quarters =
            zip4(a, b, |a, b| unsafe { _mm256_movemask_pd(_mm256_cmp_pd::<_CMP_LT_OQ>(a, b)) as u16 });
        quarters[0] | quarters[1] << 4 | quarters[2] << 8 | quarters[3] << 12
    }
    #[inline(always)]
    fn doubles_compress(self, a: Self::Doubles, mask: u16, to: &mut [f64; LANES]) {
        let mut at = 0;
        for (i, quarter) in a.into_iter().enumerate() {
            let choice = mask >> (4 * i) & 0xF;
            // SAFETY: features; `at` is at most four times the quarters already written, so the store ends inside.
            unsafe {
                let lanes = _mm256_loadu_si256(CHOSEN_PAIRS[usize::from(choice)].as_ptr().cast());
                let front = _mm256_permutevar8x32_epi32(_mm256_castpd_si256(quarter), lanes);
                _mm256_storeu_si256(to.as_mut_ptr().add(at).cast(), front);
            }
            at += choice.count_ones() as usize;
        }
    }

    #[inline(always)]
    fn longs_zero(self) -> Self::Longs {
        unsafe { [_mm256_setzero_si256(); 4] }
    }
    #[inline(always)]
    fn longs_add_bits(self, a: Self::Longs, b: Self::Doubles) -> Self::Longs {
        zip4(a, b, |a, b| unsafe { _mm256_add_epi64(a, _mm256_castpd_si256(b)) })
    }
    #[inline(always)]
    fn longs_lanes(self, a: Self::Longs) -> [i64; LANES] {
        let mut lanes = [0i64; LANES];
        for (i, quarter) in a.into_iter().enumerate() {
            // SAFETY: features; each store covers a quarter of the array.
            unsafe { _mm256_storeu_si256(lanes.as_mut_ptr().add(4 * i).cast(), quarter) }
        }
        lanes
    }
}
