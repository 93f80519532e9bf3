//! Is every implementation the portable one, bit for bit?

use super::portable::Portable;
use super::*;
use crate::random::{Source, mix, philox4x32};

/// Everything that the operations give on one set of inputs, as bits.
struct Everything {
    seed: u64,
}

impl Task for Everything {
    type Output = Vec<u64>;

    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> Vec<u64> {
        let keys = Source::new(self.seed).keys;
        let identities =
            std::array::from_fn(|h| std::array::from_fn(|i| mix(self.seed + (16 * h + i) as u64)));
        let [raw, second_half] = s.philox(&identities, 7, 3, &keys);
        let mask = (mix(self.seed) & 0xFFFF) as u16;
        let numbers: [f64; LANES] = std::array::from_fn(|i| (mix(self.seed ^ i as u64) >> 20) as f64 / 1e6);
        let other: [f64; LANES] = std::array::from_fn(|i| numbers[LANES - 1 - i] * 1.000_001);
        let lines: Vec<[f32; 2]> = (0..100).map(|i| [i as f32 + 0.25, -(i as f32)]).collect();

        let mut out = Vec::new();
        let mut put_words = |w: S::Words, mask: u16| {
            let mut to = [0; LANES];
            s.words_compress(w, mask, &mut to);
            out.extend(to[..mask.count_ones() as usize].iter().map(|&x| u64::from(x)));
        };
        for w in raw.into_iter().chain(second_half) {
            put_words(w, u16::MAX);
            put_words(w, mask);
        }
        let [a, b, c, _] = raw;
        put_words(s.words_add(a, b), u16::MAX);
        put_words(s.words_sub(a, b), u16::MAX);
        put_words(s.words_and(a, b), u16::MAX);
        put_words(s.words_or(a, s.words_splat(5)), u16::MAX);
        put_words(s.words_shr::<8>(a), u16::MAX);
        put_words(s.words_shl::<3>(a), u16::MAX);
        put_words(s.words_select(mask, a, b), u16::MAX);
        put_words(s.words_mul_high(a, b), u16::MAX);
        put_words(s.words_lookup(&std::array::from_fn(|i| i as u32 * 7), c), u16::MAX);
        let x = s.singles_from_words(s.words_shr::<8>(a));
        let y = s.singles_from_words(s.words_shr::<8>(b));
        let v = s.singles_mul(s.singles_add(x, s.singles_splat(0.5)), s.singles_splat(3e-7));
        for single in [x, v, s.singles_sub(x, y), s.singles_min(x, y)] {
            put_words(s.singles_bits(single), u16::MAX);
        }
        put_words(s.singles_lt(x, y), u16::MAX);
        put_words(s.singles_bits(s.singles_from_bits(c)), u16::MAX);
        let (first, second) = s.gather(&lines, s.words_shr::<25>(a));
        put_words(s.singles_bits(first), u16::MAX);
        put_words(s.singles_bits(second), u16::MAX);
        out.push(u64::from(s.words_le(a, b)));
        out.push(u64::from(s.words_le(a, a)));

        let mut singles = [0.0; LANES];
        s.singles_compress(v, mask, &mut singles);
        out.extend(singles[..mask.count_ones() as usize].iter().map(|x| u64::from(x.to_bits())));
        let (p, q) = (s.doubles(&numbers), s.doubles(&other));
        out.extend([s.doubles_lt(p, q), s.doubles_lt(q, p), s.doubles_lt(p, p)].map(u64::from));
        let mut total = s.longs_zero();
        for d in [
            s.doubles_add(p, s.doubles_splat(ROUNDER)),
            s.doubles_sub(p, q),
            s.doubles_mul(p, q),
            s.doubles_min(p, q),
            s.doubles_max(p, q),
            s.doubles_from_singles(v),
        ] {
            for mask in [u16::MAX, mask] {
                let mut to = [0.0; LANES];
                s.doubles_compress(d, mask, &mut to);
                out.extend(to[..mask.count_ones() as usize].iter().map(|x: &f64| x.to_bits()));
            }
            total = s.longs_add_bits(total, d);
            out.extend(s.longs_lanes(total).map(|lane| lane as u64));
            out.push(s.longs_sum(total) as u64);
        }
        out
    }
}

#[test]
fn does_every_processor_level_give_the_bits_of_the_portable_one() {
    for processor in Processor::ALL.into_iter().filter(|processor| processor.available()) {
        for seed in 0..500 {
            let here = processor.run(Everything { seed });
            assert_eq!(here, Everything { seed }.run(Portable), "{} at seed {seed}", processor.name());
        }
    }
}

#[test]
fn is_the_portable_philox_the_scalar_one() {
    let source = Source::new(42);
    let identities: [[u64; LANES]; 2] =
        std::array::from_fn(|h| std::array::from_fn(|i| mix((16 * h + i) as u64)));
    let blocks = Portable.philox(&identities, 9, 4, &source.keys);
    for (n, &id) in identities.as_flattened().iter().enumerate() {
        let expected = philox4x32([id as u32, (id >> 32) as u32, 9, 4], &source.keys);
        assert_eq!(std::array::from_fn(|w| blocks[n / LANES][w][n % LANES]), expected);
    }
}

#[test]
fn does_an_index_past_the_end_read_the_last_pair() {
    struct Past;
    impl Task for Past {
        type Output = [f32; LANES];
        #[inline(always)]
        fn run<S: Simd>(self, s: S) -> Self::Output {
            let mut to = [0.0; LANES];
            let (first, _) = s.gather(&[[1.0, 0.0], [2.0, 0.0]], s.words_splat(u32::MAX));
            s.singles_compress(first, u16::MAX, &mut to);
            to
        }
    }
    for processor in Processor::ALL {
        assert_eq!(processor.run(Past), [2.0; LANES]);
    }
}
