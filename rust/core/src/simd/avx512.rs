//! AVX-512: one register holds sixteen words or singles, two hold sixteen doubles or longs.
//!
//! Invariant: a value of [`Avx512`] exists only inside [`run`], which is called only where `Processor::available` found
//! F, DQ, BW, VL and POPCNT; hence every intrinsic below is one that this processor has. Loads and stores go through
//! references to arrays of exactly the size that they touch.

use std::arch::x86_64::*;

use super::{LANES, Simd, Task};
use crate::random::{MULTIPLIERS, RoundKeys};

#[derive(Clone, Copy)]
pub(crate) struct Avx512 {
    _only_in_run: (),
}

/// # Safety
/// The processor must have the features named here.
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,popcnt")]
pub(crate) unsafe fn run<T: Task>(task: T) -> T::Output {
    task.run(Avx512 { _only_in_run: () })
}

type Pair<A> = [A; 2];

#[inline(always)]
fn zip<A: Copy, B>(a: Pair<A>, b: Pair<A>, f: impl Fn(A, A) -> B) -> Pair<B> {
    [f(a[0], b[0]), f(a[1], b[1])]
}

impl Simd for Avx512 {
    type Words = __m512i;
    type Singles = __m512;
    type Doubles = Pair<__m512d>;
    type Longs = Pair<__m512i>;

    #[inline(always)]
    fn philox(
        self,
        identities: &[[u64; LANES]; 2],
        index: u32,
        purpose: u32,
        keys: &RoundKeys,
    ) -> [[Self::Words; 4]; 2] {
        // SAFETY: features by the invariant of the type; the four loads cover the identities.
        unsafe {
            // A word stands in the low half of a 64-bit lane; what is in the high half is never read.
            let m0 = _mm512_set1_epi64(i64::from(MULTIPLIERS[0]));
            let m1 = _mm512_set1_epi64(i64::from(MULTIPLIERS[1]));
            let start: *const u64 = identities.as_ptr().cast();
            let mut c0 = [_mm512_setzero_si512(); 4];
            let mut c1 = c0;
            for i in 0..4 {
                c0[i] = _mm512_loadu_si512(start.add(8 * i).cast());
                c1[i] = _mm512_srli_epi64::<32>(c0[i]);
            }
            let mut c2 = [_mm512_set1_epi64(i64::from(index)); 4];
            let mut c3 = [_mm512_set1_epi64(i64::from(purpose)); 4];
            for &[k0, k1] in &keys.0 {
                let k0 = _mm512_set1_epi64(k0 as i64);
                let k1 = _mm512_set1_epi64(k1 as i64);
                for i in 0..4 {
                    let a = _mm512_mul_epu32(c0[i], m0);
                    let b = _mm512_mul_epu32(c2[i], m1);
                    // 0x96 is the truth table of a three-way exclusive or.
                    c0[i] = _mm512_ternarylogic_epi64::<0x96>(_mm512_srli_epi64::<32>(b), c1[i], k0);
                    c1[i] = b;
                    c2[i] = _mm512_ternarylogic_epi64::<0x96>(_mm512_srli_epi64::<32>(a), c3[i], k1);
                    c3[i] = a;
                }
            }
            let low_halves = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
            let mut words = [[c0[0]; 4]; 2];
            for h in 0..2 {
                for (word, c) in words[h].iter_mut().zip([c0, c1, c2, c3]) {
                    *word = _mm512_permutex2var_epi32(c[2 * h], low_halves, c[2 * h + 1]);
                }
            }
            words
        }
    }

    #[inline(always)]
    fn words(self, from: &[u32; LANES]) -> Self::Words {
        // SAFETY: features; the load covers the array.
        unsafe { _mm512_loadu_si512(from.as_ptr().cast()) }
    }
    #[inline(always)]
    fn words_splat(self, value: u32) -> Self::Words {
        // SAFETY: features, here and in every block below that has no comment of its own.
        unsafe { _mm512_set1_epi32(value as i32) }
    }
    #[inline(always)]
    fn words_add(self, a: Self::Words, b: Self::Words) -> Self::Words {
        unsafe { _mm512_add_epi32(a, b) }
    }
    #[inline(always)]
    fn words_sub(self, a: Self::Words, b: Self::Words) -> Self::Words {
        unsafe { _mm512_sub_epi32(a, b) }
    }
    #[inline(always)]
    fn words_and(self, a: Self::Words, b: Self::Words) -> Self::Words {
        unsafe { _mm512_and_si512(a, b) }
    }
    #[inline(always)]
    fn words_or(self, a: Self::Words, b: Self::Words) -> Self::Words {
        unsafe { _mm512_or_si512(a, b) }
    }
    #[inline(always)]
    fn words_shr<const N: u32>(self, a: Self::Words) -> Self::Words {
        unsafe { _mm512_srli_epi32::<N>(a) }
    }
    #[inline(always)]
    fn words_shl<const N: u32>(self, a: Self::Words) -> Self::Words {
        unsafe { _mm512_slli_epi32::<N>(a) }
    }
    #[inline(always)]
    fn words_le(self, a: Self::Words, b: Self::Words) -> u16 {
        unsafe { _mm512_cmple_epu32_mask(a, b) }
    }
    #[inline(always)]
    fn words_select(self, mask: u16, a: Self::Words, b: Self::Words) -> Self::Words {
        unsafe { _mm512_mask_blend_epi32(mask, b, a) }
    }
    #[inline(always)]
    fn words_mul_high(self, a: Self::Words, b: Self::Words) -> Self::Words {
        unsafe {
            let even = _mm512_srli_epi64::<32>(_mm512_mul_epu32(a, b));
            let odd = _mm512_mul_epu32(_mm512_srli_epi64::<32>(a), _mm512_srli_epi64::<32>(b));
            _mm512_mask_blend_epi32(0xAAAA, even, odd)
        }
    }
    #[inline(always)]
    fn words_lookup(self, table: &[u32; LANES], index: Self::Words) -> Self::Words {
        let table = self.words(table);
        unsafe { _mm512_permutexvar_epi32(index, table) }
    }
    #[inline(always)]
    fn words_compress(self, a: Self::Words, mask: u16, to: &mut [u32; LANES]) {
        // A compressing store is microcoded on some processors: compress in the register, then store all of it.
        // SAFETY: features; the store covers the array.
        unsafe {
            let front = _mm512_maskz_compress_epi32(mask, a);
            _mm512_storeu_si512(to.as_mut_ptr().cast(), front);
        }
    }

    #[inline(always)]
    fn singles(self, from: &[f32; LANES]) -> Self::Singles {
        // SAFETY: features; the load covers the array.
        unsafe { _mm512_loadu_ps(from.as_ptr()) }
    }
    #[inline(always)]
    fn singles_splat(self, value: f32) -> Self::Singles {
        unsafe { _mm512_set1_ps(value) }
    }
    #[inline(always)]
    fn singles_add(self, a: Self::Singles, b: Self::Singles) -> Self::Singles {
        unsafe { _mm512_add_ps(a, b) }
    }
    #[inline(always)]
    fn singles_sub(self, a: Self::Singles, b: Self::Singles) -> Self::Singles {
        unsafe { _mm512_sub_ps(a, b) }
    }
    #[inline(always)]
    fn singles_mul(self, a: Self::Singles, b: Self::Singles) -> Self::Singles {
        unsafe { _mm512_mul_ps(a, b) }
    }
    #[inline(always)]
    fn singles_min(self, a: Self::Singles, b: Self::Singles) -> Self::Singles {
        unsafe { _mm512_min_ps(a, b) }
    }
    #[inline(always)]
    fn singles_lt(self, a: Self::Singles, b: Self::Singles) -> Self::Words {
        unsafe {
            let mask = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b);
            _mm512_maskz_set1_epi32(mask, 1)
        }
    }
    #[inline(always)]
    fn singles_bits(self, a: Self::Singles) -> Self::Words {
        unsafe { _mm512_castps_si512(a) }
    }
    #[inline(always)]
    fn singles_from_bits(self, a: Self::Words) -> Self::Singles {
        unsafe { _mm512_castsi512_ps(a) }
    }
    #[inline(always)]
    fn singles_from_words(self, a: Self::Words) -> Self::Singles {
        unsafe { _mm512_cvtepi32_ps(a) }
    }
    #[inline(always)]
    fn singles_compress(self, a: Self::Singles, mask: u16, to: &mut [f32; LANES]) {
        // SAFETY: features; the store covers the array.
        unsafe { _mm512_storeu_ps(to.as_mut_ptr(), _mm512_maskz_compress_ps(mask, a)) }
    }
    #[inline(always)]
    fn gather(self, lines: &[[f32; 2]], index: Self::Words) -> (Self::Singles, Self::Singles) {
        assert!(!lines.is_empty() && lines.len() <= i32::MAX as usize);
        // SAFETY: features; every index is brought to at most the last pair, and a pair is eight bytes.
        unsafe {
            let index = _mm512_min_epu32(index, _mm512_set1_epi32(lines.len() as i32 - 1));
            // Sixteen loads: the gather instruction is slower on every processor that was measured.
            let base: *const i64 = lines.as_ptr().cast();
            let mut at = [0u32; LANES];
            _mm512_storeu_si512(at.as_mut_ptr().cast(), index);
            let p = |i: usize| base.add(at[i] as usize).read_unaligned();
            let low = _mm512_set_epi64(p(7), p(6), p(5), p(4), p(3), p(2), p(1), p(0));
            let high = _mm512_set_epi64(p(15), p(14), p(13), p(12), p(11), p(10), p(9), p(8));
            let first = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
            let second = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
            (
                _mm512_castsi512_ps(_mm512_permutex2var_epi32(low, first, high)),
                _mm512_castsi512_ps(_mm512_permutex2var_epi32(low, second, high)),
            )
        }
    }

    #[inline(always)]
    fn doubles(self, from: &[f64; LANES]) -> Self::Doubles {
        // SAFETY: features; the two loads cover the array.
        unsafe { [_mm512_loadu_pd(from.as_ptr()), _mm512_loadu_pd(from.as_ptr().add(8))] }
    }
    #[inline(always)]
    fn doubles_splat(self, value: f64) -> Self::Doubles {
        unsafe { [_mm512_set1_pd(value); 2] }
    }
    #[inline(always)]
    fn doubles_from_singles(self, a: Self::Singles) -> Self::Doubles {
        unsafe {
            [_mm512_cvtps_pd(_mm512_castps512_ps256(a)), _mm512_cvtps_pd(_mm512_extractf32x8_ps::<1>(a))]
        }
    }
    #[inline(always)]
    fn doubles_add(self, a: Self::Doubles, b: Self::Doubles) -> Self::Doubles {
        zip(a, b, |a, b| unsafe { _mm512_add_pd(a, b) })
    }
    #[inline(always)]
    fn doubles_sub(self, a: Self::Doubles, b: Self::Doubles) -> Self::Doubles {
        zip(a, b, |a, b| unsafe { _mm512_sub_pd(a, b) })
    }
    #[inline(always)]
    fn doubles_mul(self, a: Self::Doubles, b: Self::Doubles) -> Self::Doubles {
        zip(a, b, |a, b| unsafe { _mm512_mul_pd(a, b) })
    }
    #[inline(always)]
    fn doubles_min(self, a: Self::Doubles, b: Self::Doubles) -> Self::Doubles {
        zip(a, b, |a, b| unsafe { _mm512_min_pd(a, b) })
    }
    #[inline(always)]
    fn doubles_max(self, a: Self::Doubles, b: Self::Doubles) -> Self::Doubles {
        zip(a, b, |a, b| unsafe { _mm512_max_pd(a, b) })
    }
    #[inline(always)]
    fn doubles_lt(self, a: Self::Doubles, b: Self::Doubles) -> u16 {
        let [low, high] = zip(a, b, |a, b| unsafe { _mm512_cmp_pd_mask::<_CMP_LT_OQ>(a, b) });
        u16::from(low) | u16::from(high) << 8
    }
    #[inline(always)]
    fn doubles_compress(self, a: Self::Doubles, mask: u16, to: &mut [f64; LANES]) {
        let low = mask as u8;
        // SAFETY: features; the second store starts at most eight places in, and covers eight.
        unsafe {
            let start = to.as_mut_ptr();
            _mm512_storeu_pd(start, _mm512_maskz_compress_pd(low, a[0]));
            _mm512_storeu_pd(
                start.add(low.count_ones() as usize),
                _mm512_maskz_compress_pd((mask >> 8) as u8, a[1]),
            );
        }
    }

    #[inline(always)]
    fn longs_zero(self) -> Self::Longs {
        unsafe { [_mm512_setzero_si512(); 2] }
    }
    #[inline(always)]
    fn longs_add_bits(self, a: Self::Longs, b: Self::Doubles) -> Self::Longs {
        unsafe {
            [
                _mm512_add_epi64(a[0], _mm512_castpd_si512(b[0])),
                _mm512_add_epi64(a[1], _mm512_castpd_si512(b[1])),
            ]
        }
    }
    #[inline(always)]
    fn longs_sum(self, a: Self::Longs) -> i64 {
        unsafe { _mm512_reduce_add_epi64(_mm512_add_epi64(a[0], a[1])) }
    }
    #[inline(always)]
    fn longs_lanes(self, a: Self::Longs) -> [i64; LANES] {
        let mut lanes = [0; LANES];
        for (i, half) in a.into_iter().enumerate() {
            // SAFETY: features; each store covers a half of the array.
            unsafe { _mm512_storeu_si512(lanes.as_mut_ptr().add(8 * i).cast(), half) }
        }
        lanes
    }
}
