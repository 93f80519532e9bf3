//! Cost models.

use std::sync::Arc;

use fundholder_arrow::{annual_model, events_model, model_from_costs, model_table, moments_table};
use fundholder_core::model;
use pyo3::prelude::*;

use crate::contract::StopLoss;
use crate::errors::or_raise;
use crate::tables::{batches, one_batch, table};
use crate::watch::stoppable;

#[pyclass(frozen, module = "fundholder._engine")]
pub(crate) struct CostModel(pub(crate) Arc<model::CostModel>);

#[pymethods]
impl CostModel {
    #[new]
    fn new(costs: &Bound<'_, PyAny>) -> PyResult<Self> {
        let batch = one_batch(costs, "the cost table")?;
        or_raise(costs.py(), annual_model(&batch)).map(|model| Self(Arc::new(model)))
    }

    #[staticmethod]
    fn events(costs: &Bound<'_, PyAny>) -> PyResult<Self> {
        let batch = one_batch(costs, "the table of events")?;
        or_raise(costs.py(), events_model(&batch)).map(|model| Self(Arc::new(model)))
    }

    #[staticmethod]
    #[pyo3(signature = (costs, *, cost, band = None, weight = None, gpd_tail, threads))]
    fn from_costs(
        costs: &Bound<'_, PyAny>,
        cost: &str,
        band: Option<&str>,
        weight: Option<&str>,
        gpd_tail: bool,
        threads: usize,
    ) -> PyResult<(Self, Vec<String>)> {
        let batches = batches(costs, "the table of costs")?;
        let (model, warnings) = stoppable(costs.py(), threads, |progress| {
            model_from_costs(&batches, cost, band, weight, gpd_tail, progress)
        })?;
        Ok((Self(Arc::new(model)), warnings))
    }

    #[getter]
    fn table<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        table(py, model_table(&self.0))
    }

    #[pyo3(signature = (stop_loss = None))]
    fn moments<'py>(
        &self,
        py: Python<'py>,
        stop_loss: Option<&Bound<'py, StopLoss>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let stop_loss = stop_loss.map(|s| s.get().0);
        table(py, stoppable(py, 1, |progress| moments_table(&self.0, stop_loss.as_ref(), progress))?)
    }
}
