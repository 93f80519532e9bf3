//! The extension module: Python's types and the engine's, and nothing else.

mod contract;
mod errors;
mod formula;
mod model;
mod people;
mod simulation;
mod tables;
mod watch;

use fundholder_core::numeric::special;
use fundholder_core::simd::Processor;
use pyo3::prelude::*;

#[pymodule]
mod _engine {
    #[pymodule_export]
    use super::contract::{StopLoss, UnitTerm, settle};
    #[pymodule_export]
    use super::errors::codes;
    #[pymodule_export]
    use super::formula::{Formula, add_up, fit, need_by_unit, uniforms};
    #[pymodule_export]
    use super::model::{CostModel, Persistence};
    #[pymodule_export]
    use super::people::{People, Valuation};
    #[pymodule_export]
    use super::simulation::{Simulation, simulate};
    #[pymodule_export]
    use super::tables::read_table;
    #[pymodule_export]
    use super::{gamma_p, processors};
    #[pymodule_export]
    #[allow(non_upper_case_globals)] // a name of Python's
    const version: &str = env!("CARGO_PKG_VERSION");
}

/// The instruction sets that this processor can run, the widest first.
#[pyfunction]
fn processors() -> Vec<&'static str> {
    let available = Processor::ALL.into_iter().filter(|processor| processor.available());
    available.map(Processor::name).collect()
}

/// P(X <= x) of a gamma distribution of scale 1: the regularised lower incomplete gamma function.
#[pyfunction]
fn gamma_p(shape: f64, x: f64) -> f64 {
    special::gamma_p(shape, x)
}
