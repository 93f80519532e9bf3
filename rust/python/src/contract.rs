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

pub(crate) fn describe(stop_loss: &contract::StopLoss) -> String {
    let limit = stop_loss.limit().map_or("none".into(), |limit| limit.to_string());
    format!("ceiling {}, share {}, limit {limit}", stop_loss.ceiling(), stop_loss.share())
}

/// Bases by name.
pub(crate) mod basis {
    use fundholder_core::contract::Basis;
    use fundholder_core::error::{Code, Error};
    use pyo3::prelude::*;

    use crate::errors::exception;

    const ALL: [Basis; 3] = [Basis::Net, Basis::Gross, Basis::Ceded];

    pub(crate) fn name(basis: Basis) -> &'static str {
        match basis {
            Basis::Gross => "gross",
            Basis::Net => "net",
            Basis::Ceded => "ceded",
        }
    }

    pub(crate) fn named(py: Python<'_>, requested: &str) -> PyResult<Basis> {
        ALL.into_iter().find(|basis| name(*basis) == requested).ok_or_else(|| {
            exception(
                py,
                &Error::one(
                    Code::Argument,
                    format!("of is '{requested}': must be 'net', 'gross' or 'ceded'"),
                ),
            )
        })
    }
}
