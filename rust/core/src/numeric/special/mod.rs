//! Special functions behind the distributions: normal, incomplete gamma and incomplete beta, and inverses.
//!
//! Every transcendental call goes to the `libm` crate, so results have the same bits on every machine. Functions return
//! NaN for arguments outside their domain; none of them panics.

mod beta;
mod gamma;
mod inverse_gamma;
mod log_gamma;
mod normal;
mod temme;

pub use beta::{beta_i, beta_i_complement};
pub use gamma::{gamma_p, gamma_q};
pub use inverse_gamma::{inverse_gamma_p, inverse_gamma_q};
pub use log_gamma::ln_gamma_1p;
pub use normal::{normal_cdf, normal_inverse_cdf, normal_inverse_survival, normal_survival};

const SQRT_TWO_PI: f64 = 2.5066282746310002;

/// Horner's rule, coefficients lowest power first.
#[inline]
fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}
