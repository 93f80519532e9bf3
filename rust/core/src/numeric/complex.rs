//! Functions of complex numbers with the same digits on every machine.

pub(crate) use rustfft::num_complex::Complex64;

/// e^(i angle) = cos(angle) + i sin(angle).
pub(crate) fn cis(angle: f64) -> Complex64 {
    let (sin, cos) = libm::sincos(angle);
    Complex64::new(cos, sin)
}

/// e^z.
pub(crate) fn exp(z: Complex64) -> Complex64 {
    cis(z.im) * libm::exp(z.re)
}

/// ln(1 + z), accurate for small z and for small 1 + z.
pub(crate) fn ln_1p(z: Complex64) -> Complex64 {
    let (re, square) = (1.0 + z.re, (1.0 + z.re) * (1.0 + z.re) + z.im * z.im);
    let size = if square < 0.25 { libm::log(square) } else { libm::log1p(2.0 * z.re + z.norm_sqr()) };
    Complex64::new(0.5 * size, libm::atan2(z.im, re))
}

/// e^(a + ib) - 1, accurate for small exponents.
pub(crate) fn exp_m1(z: Complex64) -> Complex64 {
    let growth = libm::expm1(z.re);
    let half = libm::sin(0.5 * z.im);
    let (sin, cos) = libm::sincos(z.im);
    Complex64::new(growth * cos - 2.0 * half * half, (growth + 1.0) * sin)
}
