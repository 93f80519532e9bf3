//! Sixteen lanes at a time, on three kinds of processor, with the same bits on each.
//!
//! Every operation is IEEE 754 single or double precision without contraction, or integer, so a result does not
//! depend on which implementation ran. This module and its three implementations hold all `unsafe` of the engine.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;
#[cfg(test)]
mod tests;

use crate::random::RoundKeys;

pub(crate) const LANES: usize = 16;

/// Doubles at and above this have no fractional bits: adding it rounds to an integer, which then stands in the low
/// bits.
pub(crate) const ROUNDER: f64 = 4_503_599_627_370_496.0; // 2^52

/// One family of instructions. All pointers stay inside: every method is safe for any argument.
pub(crate) trait Simd: Copy {
    /// Sixteen 32-bit words.
    type Words: Copy;
    /// Sixteen single-precision numbers.
    type Singles: Copy;
    /// Sixteen double-precision numbers.
    type Doubles: Copy;
    /// Sixteen 64-bit integers.
    type Longs: Copy;

    /// Philox blocks of twice sixteen identities at (index, purpose): four words of each.
    fn philox(
        self,
        identities: &[[u64; LANES]; 2],
        index: u32,
        purpose: u32,
        keys: &RoundKeys,
    ) -> [[Self::Words; 4]; 2];

    fn words(self, from: &[u32; LANES]) -> Self::Words;
    fn words_splat(self, value: u32) -> Self::Words;
    fn words_add(self, a: Self::Words, b: Self::Words) -> Self::Words;
    fn words_sub(self, a: Self::Words, b: Self::Words) -> Self::Words;
    fn words_and(self, a: Self::Words, b: Self::Words) -> Self::Words;
    fn words_or(self, a: Self::Words, b: Self::Words) -> Self::Words;
    fn words_shr<const N: u32>(self, a: Self::Words) -> Self::Words;
    fn words_shl<const N: u32>(self, a: Self::Words) -> Self::Words;
    /// Bit i is set where a[i] <= b[i], unsigned.
    fn words_le(self, a: Self::Words, b: Self::Words) -> u16;
    /// The lanes of a where the bits of `mask` are set, and of b elsewhere.
    fn words_select(self, mask: u16, a: Self::Words, b: Self::Words) -> Self::Words;
    /// The high 32 bits of the products, unsigned.
    fn words_mul_high(self, a: Self::Words, b: Self::Words) -> Self::Words;
    /// The words of a table at the low four bits of `index`.
    fn words_lookup(self, table: &[u32; LANES], index: Self::Words) -> Self::Words;
    /// Writes the lanes chosen by `mask` to the front of `to`, in order; what follows them is unspecified.
    fn words_compress(self, a: Self::Words, mask: u16, to: &mut [u32; LANES]);

    fn singles(self, from: &[f32; LANES]) -> Self::Singles;
    fn singles_splat(self, value: f32) -> Self::Singles;
    fn singles_add(self, a: Self::Singles, b: Self::Singles) -> Self::Singles;
    fn singles_sub(self, a: Self::Singles, b: Self::Singles) -> Self::Singles;
    fn singles_mul(self, a: Self::Singles, b: Self::Singles) -> Self::Singles;
    /// The smaller of the two (of equal ones, b).
    fn singles_min(self, a: Self::Singles, b: Self::Singles) -> Self::Singles;
    /// 1 where a < b, else 0.
    fn singles_lt(self, a: Self::Singles, b: Self::Singles) -> Self::Words;
    fn singles_bits(self, a: Self::Singles) -> Self::Words;
    fn singles_from_bits(self, a: Self::Words) -> Self::Singles;
    /// Integers below 2^31 as numbers, to the nearest.
    fn singles_from_words(self, a: Self::Words) -> Self::Singles;
    fn singles_compress(self, a: Self::Singles, mask: u16, to: &mut [f32; LANES]);
    /// The two numbers of each line at `index`; an index past the end reads the last line.
    fn gather(self, lines: &[[f32; 2]], index: Self::Words) -> (Self::Singles, Self::Singles);

    fn doubles(self, from: &[f64; LANES]) -> Self::Doubles;
    fn doubles_splat(self, value: f64) -> Self::Doubles;
    fn doubles_from_singles(self, a: Self::Singles) -> Self::Doubles;
    fn doubles_add(self, a: Self::Doubles, b: Self::Doubles) -> Self::Doubles;
    fn doubles_sub(self, a: Self::Doubles, b: Self::Doubles) -> Self::Doubles;
    fn doubles_mul(self, a: Self::Doubles, b: Self::Doubles) -> Self::Doubles;
    fn doubles_min(self, a: Self::Doubles, b: Self::Doubles) -> Self::Doubles;
    fn doubles_max(self, a: Self::Doubles, b: Self::Doubles) -> Self::Doubles;
    /// Bit i is set where a[i] < b[i].
    fn doubles_lt(self, a: Self::Doubles, b: Self::Doubles) -> u16;
    fn doubles_compress(self, a: Self::Doubles, mask: u16, to: &mut [f64; LANES]);

    fn longs_zero(self) -> Self::Longs;
    /// Adds the bit patterns of doubles, as integers that wrap.
    fn longs_add_bits(self, a: Self::Longs, b: Self::Doubles) -> Self::Longs;
    fn longs_lanes(self, a: Self::Longs) -> [i64; LANES];
    #[inline(always)]
    fn longs_sum(self, a: Self::Longs) -> i64 {
        self.longs_lanes(a).into_iter().fold(0, i64::wrapping_add)
    }
}

/// A computation written once for any implementation.
pub(crate) trait Task {
    type Output;
    /// Implementations are `#[inline(always)]`, so that the body is compiled for the processor that `Processor::run`
    /// chose.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// The instructions that a run uses. Results are the same with each; speed is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Processor {
    /// AVX-512 F, DQ, BW and VL of x86-64.
    Avx512,
    /// AVX2 of x86-64.
    Avx2,
    /// What the compiler assumes of every processor of the target.
    Baseline,
}

impl Processor {
    /// All processors, those with the widest instructions first.
    pub const ALL: [Processor; 3] = [Processor::Avx512, Processor::Avx2, Processor::Baseline];

    /// Name of the processor, as in options and provenance.
    pub fn name(self) -> &'static str {
        match self {
            Processor::Avx512 => "avx512",
            Processor::Avx2 => "avx2",
            Processor::Baseline => "baseline",
        }
    }

    /// Can this processor run it?
    #[cfg(target_arch = "x86_64")]
    pub fn available(self) -> bool {
        match self {
            Processor::Avx512 => {
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("popcnt")
            }
            Processor::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("popcnt"),
            Processor::Baseline => true,
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    pub fn available(self) -> bool {
        self == Processor::Baseline
    }

    /// The widest instructions that this processor has.
    pub fn best() -> Processor {
        Self::ALL.into_iter().find(|processor| processor.available()).unwrap_or(Processor::Baseline)
    }

    /// Runs a task with these instructions, or with the baseline where the processor does not have them.
    pub(crate) fn run<T: Task>(self, task: T) -> T::Output {
        match self {
            // SAFETY: `available` has just found every feature that the function is compiled with.
            #[cfg(target_arch = "x86_64")]
            Processor::Avx512 if self.available() => unsafe { avx512::run(task) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Processor::Avx2 if self.available() => unsafe { avx2::run(task) },
            _ => task.run(portable::Portable),
        }
    }
}
