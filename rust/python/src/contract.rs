//! Contracts.

use fundholder_arrow::settled_units;
use fundholder_core::contract::{
    self, CapBasis, CorridorBand, Cover, Gate, Of, PersonTerms, Rate, SharedSavings,
};
use fundholder_core::model::CostModel;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::errors::or_raise;
use crate::tables::{one_batch, table};
use crate::watch::stoppable;

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

/// A term on the services of these names (none: all): a stop-loss, or a carve-out where there is none.
pub(crate) type PersonTerm<'py> = (Option<Vec<String>>, Option<Bound<'py, StopLoss>>);

/// The person terms of a model, and the services that are looked at.
pub(crate) fn person_terms(
    py: Python<'_>,
    model: &CostModel,
    terms: Vec<PersonTerm<'_>>,
    scope: Option<Vec<String>>,
) -> PyResult<PersonTerms> {
    let cover = |s: Option<Bound<'_, StopLoss>>| s.map_or(Cover::CarveOut, |s| Cover::StopLoss(s.get().0));
    let terms = terms.into_iter().map(|(services, stop_loss)| (services, cover(stop_loss))).collect();
    or_raise(py, PersonTerms::named(terms, scope, &model.services))
}

type Bands = Vec<(f64, f64, f64)>;
type Rows = Vec<(f64, f64)>;

/// The number of a score (none: rates by people), and rows; a number alone is the same for every unit.
#[derive(FromPyObject)]
enum AnyRate {
    Constant(f64),
    Table((Option<usize>, Rows)),
}

/// The two shares and least rates, the cap, whether it is of savings, the loss limit, and of each gate its score, its rows
/// and whether it is straight between them.
type Savings = (Vec<AnyRate>, Option<AnyRate>, bool, Option<AnyRate>, Vec<(usize, Rows, bool)>);

/// The parameters of a term, in the order of the engine's, told apart by their shape.
#[derive(FromPyObject)]
enum Parameters {
    QuotaShare(f64),
    ProviderPayment((f64, f64, f64)),
    AggregateStopLoss((f64, f64, f64, bool)),
    Corridor((Bands, Bands)),
    SharedSavings(Savings),
}

fn rate(rate: AnyRate) -> Rate {
    match rate {
        AnyRate::Constant(rate) => Rate::Constant(rate),
        AnyRate::Table((score, rows)) => Rate::Table(score.map_or(Of::People, Of::Score), rows),
    }
}

#[pyclass(frozen, module = "fundholder._engine")]
pub(crate) struct UnitTerm(pub(crate) contract::UnitTerm);

#[pymethods]
impl UnitTerm {
    #[new]
    fn new(py: Python<'_>, parameters: Parameters) -> PyResult<Self> {
        let bands =
            |bands: Bands| bands.into_iter().map(|(from, to, share)| CorridorBand { from, to, share });
        let term = match parameters {
            Parameters::QuotaShare(share) => contract::UnitTerm::QuotaShare { share },
            Parameters::AggregateStopLoss((attachment, share, limit, of_budget)) => {
                contract::UnitTerm::AggregateStopLoss { attachment, share, limit, of_budget }
            }
            Parameters::Corridor((above, below)) => {
                contract::UnitTerm::Corridor { above: bands(above).collect(), below: bands(below).collect() }
            }
            Parameters::ProviderPayment((fixed, above, below)) => {
                contract::UnitTerm::ProviderPayment { fixed, above, below }
            }
            Parameters::SharedSavings((rates, cap, of_savings, loss_limit, gates)) => {
                let rates: Vec<Rate> = rates.into_iter().map(rate).collect();
                let [share, loss_share, msr, mlr] =
                    rates.try_into().map_err(|_| PyTypeError::new_err("four rates"))?;
                let cap_basis = if of_savings { CapBasis::Savings } else { CapBasis::Payment };
                let (cap, loss_limit) = (cap.map(rate), loss_limit.map(rate));
                let gate = |(score, rows, straight)| Gate { score, rows, straight };
                let gates = gates.into_iter().map(gate).collect();
                let terms = SharedSavings { gates, share, loss_share, msr, mlr, cap, cap_basis, loss_limit };
                contract::UnitTerm::SharedSavings(Box::new(terms))
            }
        };
        or_raise(py, term.checked()).map(Self)
    }
}

/// Ceded, bonus, penalty and kept (£) of units: a row for each, with its cost and what terms compare it with.
#[pyfunction]
pub(crate) fn settle<'py>(
    py: Python<'py>,
    terms: Vec<PyRef<'_, UnitTerm>>,
    units: &Bound<'py, PyAny>,
    scores: Vec<String>,
) -> PyResult<Bound<'py, PyAny>> {
    let terms: Vec<_> = terms.iter().map(|term| term.0.clone()).collect();
    let units = one_batch(units, "units")?;
    table(py, stoppable(py, 1, |progress| settled_units(&terms, &units, &scores, progress))?)
}
