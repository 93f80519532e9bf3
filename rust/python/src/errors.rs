//! Refusals as the package's exceptions.

use fundholder_core::error::{Kind, Refusal};
use pyo3::prelude::*;

/// The Python exception of a refusal: `fundholder.InputError`, or `InputTypeError` where only types are wrong.
pub(crate) fn exception(py: Python<'_>, refusal: &Refusal) -> PyErr {
    let name = match refusal.kind {
        Kind::Value => "InputError",
        Kind::Type => "InputTypeError",
    };
    let problems: Vec<String> = refusal.problems.iter().map(ToString::to_string).collect();
    let made = py
        .import("fundholder._errors")
        .and_then(|module| module.getattr(name)?.call1((problems, refusal.more)));
    match made {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    }
}

pub(crate) fn or_raise<T>(py: Python<'_>, result: Result<T, Refusal>) -> PyResult<T> {
    result.map_err(|refusal| exception(py, &refusal))
}
