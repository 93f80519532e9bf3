//! Integer powers with the same digits on every machine: the standard library leaves the digits of its own open.

/// `x^n` by binary exponentiation, in the order of LLVM's runtime (`__powidf2`); exact for powers of two from 2^-1022
/// to 2^1023.
#[inline]
pub const fn integer_power(x: f64, n: i32) -> f64 {
    let (mut power, mut square, mut left) = (1.0, x, n.unsigned_abs());
    loop {
        if left & 1 == 1 {
            power *= square;
        }
        left /= 2;
        if left == 0 {
            break;
        }
        square *= square;
    }
    if n < 0 { 1.0 / power } else { power }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::mix;

    #[test]
    fn are_powers_of_two_exact() {
        for n in -1022..=1023 {
            assert_eq!(integer_power(2.0, n), libm::ldexp(1.0, n), "{n}");
        }
    }

    #[test]
    fn are_small_powers_their_products() {
        for i in 0..10_000 {
            let x = (mix(i) >> 11) as f64 * integer_power(2.0, -50) - 4.0;
            assert_eq!(integer_power(x, 0), 1.0);
            assert_eq!(integer_power(x, 1), x);
            assert_eq!(integer_power(x, 2), x * x);
            assert_eq!(integer_power(x, 3), x * (x * x));
            assert_eq!(integer_power(x, 4), (x * x) * (x * x));
            assert_eq!(integer_power(x, -2), 1.0 / (x * x));
        }
    }
}
