//! Contracts.

use fundholder_core::contract;
use pyo3::prelude::*;

use crate::errors::or_raise;

#[pyclass(frozen, module = "fundholder._engine")]
pub(crate) struct StopLoss(pub(crate) contract::StopLoss);

#[pymethods]
impl StopLoss {
    #[new]
    #[pyo3(signature = (ceiling, share = 1.0, limit = None))]
    fn new(py: Python<'_>, ceiling: f64, share: f64, limit: Option<f64>) -> PyResult<Self> {
        or_raise(py, contract::StopLoss::new(ceiling, share, limit)).map(Self)
    }

    fn ceded(&self, cost: f64) -> f64 {
        self.0.ceded(cost)
    }
}
