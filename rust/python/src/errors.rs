//! Errors of the engine as the package's exceptions.

use fundholder_core::error::{Code, Error, ErrorKind, Problem, Value};
use fundholder_core::run::RunError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// The Python exception of an error: `fundholder.InputError`, or `InputTypeError` where only types are wrong.
pub(crate) fn exception(py: Python<'_>, error: &Error) -> PyErr {
    let name = match error.kind {
        ErrorKind::Value => "InputError",
        ErrorKind::Type => "InputTypeError",
    };
    let make = || {
        let module = py.import("fundholder._errors")?;
        let class = module.getattr("Problem")?;
        let problems = error.problems.iter().map(|p| python_problem(py, &class, p));
        module.getattr(name)?.call1((problems.collect::<PyResult<Vec<_>>>()?, error.more))
    };
    make().map_or_else(|error| error, PyErr::from_value)
}

fn python_problem<'py>(
    py: Python<'py>,
    class: &Bound<'py, PyAny>,
    problem: &Problem,
) -> PyResult<Bound<'py, PyAny>> {
    let named = PyDict::new(py);
    named.set_item("code", problem.code.name())?;
    named.set_item("column", &problem.column)?;
    named.set_item("row", problem.row)?;
    named.set_item("allowed", &problem.allowed)?;
    match &problem.value {
        Some(Value::Number(number)) => named.set_item("value", number)?,
        Some(Value::Integer(number)) => named.set_item("value", number)?,
        Some(Value::Text(text)) => named.set_item("value", text)?,
        Some(Value::Null) | None => {}
    }
    class.call((&problem.text,), Some(&named))
}

/// The value of a result, or the exception of why there is none.
pub(crate) fn or_raise<T>(py: Python<'_>, result: Result<T, impl Into<RunError>>) -> PyResult<T> {
    result.map_err(|error| match error.into() {
        RunError::Rejected(error) => exception(py, &error),
        RunError::Interrupted => exception(py, &Error::one(Code::Interrupted, "the work was stopped")),
    })
}

/// The names of all codes.
#[pyfunction]
pub(crate) fn codes() -> Vec<&'static str> {
    Code::ALL.iter().map(|(_, name)| *name).collect()
}
