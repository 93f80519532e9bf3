#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

pub mod analytic_moments;
pub mod contract;
pub mod error;
pub mod exact;
pub mod fit;
pub mod measures;
pub mod model;
pub mod numeric;
pub mod persistence;
pub mod population;
pub mod random;
mod random_effects;
pub mod run;
mod sampler;
pub mod settle;
pub mod severity;
#[allow(unsafe_code)] // processors' vector instructions
pub mod simd;
pub mod simulate;
