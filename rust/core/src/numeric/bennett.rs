//! Bennett's inequality: how far a sum of bounded terms can lie above its mean.

/// The distance b with (B / y^2) h(b y / B) = exponent, h(u) = (1 + u) ln(1 + u) - u: a sum of terms up to y whose
/// squares add up to B passes its mean by b with probability e^-exponent at most (Bennett 1962).
pub(crate) fn bennett(y: f64, square: f64, exponent: f64) -> f64 {
    if square <= 0.0 {
        return 0.0;
    }
    let target = exponent * y * y / square;
    let h = |u: f64| (1.0 + u) * libm::log1p(u) - u;
    let mut u = (2.0 * target).sqrt();
    while h(u) < target {
        u *= 2.0;
    }
    // Newton from above on a convex function falls to the root.
    for _ in 0..60 {
        let next = u - (h(u) - target) / libm::log1p(u);
        if next >= u {
            break;
        }
        u = next;
    }
    u * square / y
}
