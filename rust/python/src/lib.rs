//! The extension module: Python's types and the engine's, and nothing else.

mod contract;
mod errors;
mod formula;
mod model;
mod people;
mod simulation;
mod tables;
mod watch;

use fundholder_core::simd::Processor;
use pyo3::prelude::*;

#[pymodule]
mod _engine {
    #[pymodule_export]
    use super::contract::StopLoss;
    #[pymodule_export]
    use super::formula::{Formula, add_up, fit, places};
    #[pymodule_export]
    use super::model::CostModel;
    #[pymodule_export]
    use super::people::{People, Terms};
    #[pymodule_export]
    use super::processor_levels;
    #[pymodule_export]
    use super::simulation::{Simulation, simulate};
    #[pymodule_export]
    #[allow(non_upper_case_globals)] // a name of Python's
    const version: &str = env!("CARGO_PKG_VERSION");
}

/// The instruction sets that this processor can run, the widest first.
#[pyfunction]
fn processor_levels() -> Vec<&'static str> {
    let available = Processor::ALL.into_iter().filter(|level| level.available());
    available.map(Processor::name).collect()
}
