//! Refusals as the package's exceptions.

use fundholder_core::error::{Error, ErrorKind};
use pyo3::prelude::*;

/// The Python exception of a error: `fundholder.InputError`, or `InputTypeError` where only types are wrong.
pub(crate) fn exception(py: Python<'_>, error: &Error) -> PyErr {
    let name = match error.kind {
        ErrorKind::Value => "InputError",
        ErrorKind::Type => "InputTypeError",
    };
    let problems: Vec<String> = error.problems.iter().map(ToString::to_string).collect();
    let made = py
        .import("fundholder._errors")
        .and_then(|module| module.getattr(name)?.call1((problems, error.more)));
    match made {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    }
}

pub(crate) fn or_raise<T>(py: Python<'_>, result: Result<T, Error>) -> PyResult<T> {
    result.map_err(|error| exception(py, &error))
}
