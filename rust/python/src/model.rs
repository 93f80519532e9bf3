//! Cost models.

use std::sync::Arc;

use fundholder_arrow::{
    annual_model, events_model, model_from_costs, model_table, model_with_services, moments_table,
    services_table,
};
use fundholder_core::contract::{Basis, Portion};
use fundholder_core::{model, persistence};
use pyo3::prelude::*;

use crate::contract::{PersonTerm, person_terms};
use crate::errors::or_raise;
use crate::tables::{batches, one_batch, table};
use crate::watch::stoppable;

#[pyclass(frozen, module = "fundholder._engine")]
pub(crate) struct CostModel(pub(crate) Arc<model::CostModel>);

/// How the years of a person are tied.
#[pyclass(frozen, module = "fundholder._engine")]
pub(crate) struct Persistence(pub(crate) persistence::Persistence);

#[pymethods]
impl Persistence {
    #[new]
    fn new(
        py: Python<'_>,
        initial: Vec<f64>,
        transitions: Vec<Vec<f64>>,
        ends: Vec<f64>,
        shares: Vec<Vec<f64>>,
    ) -> PyResult<Self> {
        or_raise(py, persistence::Persistence::new(&initial, &transitions, &ends, &shares)).map(Self)
    }
}

#[pymethods]
impl CostModel {
    #[new]
    #[pyo3(signature = (costs, services = None))]
    fn new(costs: &Bound<'_, PyAny>, services: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let py = costs.py();
        let model = or_raise(py, annual_model(&one_batch(costs, "the cost table")?))?;
        let model = match services {
            Some(services) => or_raise(py, model_with_services(model, &batches(services, "services")?))?,
            None => model,
        };
        Ok(Self(Arc::new(model)))
    }

    #[staticmethod]
    fn events(costs: &Bound<'_, PyAny>, frailty_sd: f64) -> PyResult<Self> {
        let batch = one_batch(costs, "the table of events")?;
        or_raise(costs.py(), events_model(&batch, frailty_sd)).map(|model| Self(Arc::new(model)))
    }

    #[staticmethod]
    #[pyo3(signature = (costs, *, cost, band = None, weight = None, gpd_tail, threads))]
    fn from_costs(
        costs: &Bound<'_, PyAny>,
        cost: Vec<String>,
        band: Option<&str>,
        weight: Option<&str>,
        gpd_tail: bool,
        threads: usize,
    ) -> PyResult<(Self, Vec<String>)> {
        let batches = batches(costs, "the table of costs")?;
        let (model, warnings) = stoppable(costs.py(), threads, |progress| {
            model_from_costs(&batches, &cost, band, weight, gpd_tail, progress)
        })?;
        Ok((Self(Arc::new(model)), warnings))
    }

    #[getter]
    fn table<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        table(py, model_table(&self.0))
    }

    #[getter]
    fn services(&self) -> Vec<String> {
        self.0.services.clone()
    }

    /// How costs are shared by services, as a table that reads back; none where they are one amount or events.
    #[getter]
    fn services_table<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        services_table(&self.0).map(|batch| table(py, batch)).transpose()
    }

    fn moments<'py>(
        &self,
        py: Python<'py>,
        terms: Vec<PersonTerm<'py>>,
        services: Option<Vec<String>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let portion = Portion { basis: Basis::Net, terms: person_terms(py, &self.0, terms, services)? };
        table(py, stoppable(py, 1, |progress| moments_table(&self.0, &portion, progress))?)
    }
}
