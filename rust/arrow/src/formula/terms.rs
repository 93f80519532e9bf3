//! The terms of a formula, and their table.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};

use crate::table::table;

/// What a term is in a formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Intercept,
    Category,
    Flag,
    Need,
    Supply,
    Area,
}

impl Role {
    const ALL: [(Role, &'static str); 6] = [
        (Role::Intercept, "intercept"),
        (Role::Category, "category"),
        (Role::Flag, "flag"),
        (Role::Need, "need"),
        (Role::Supply, "supply"),
        (Role::Area, "area"),
    ];

    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(role, _)| *role == self).map_or("", |(_, name)| name)
    }

    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name)| *name == text).map(|(role, _)| *role)
    }

    /// May a term of this role have a column, or not, and a level, or not?
    pub fn allows(self, column: bool, level: bool) -> bool {
        match self {
            Role::Intercept => !column && !level,
            Role::Category | Role::Area => column && level,
            Role::Flag => column != level,
            Role::Need | Role::Supply => column && !level,
        }
    }

    /// Is it held at the national mean where a budget is set?
    pub fn neutral(self) -> bool {
        matches!(self, Role::Supply | Role::Area)
    }
}

/// A term: one of everyone, of a level of a column, of a column, or of a code (a flag without a column).
#[derive(Clone, Debug)]
pub(super) struct Term {
    pub role: Role,
    pub column: Option<String>,
    pub level: Option<String>,
    pub coefficient: f64,
    pub standard_error: Option<f64>,
    pub people: u64,
    pub mean: f64,
    pub note: Option<&'static str>,
}

impl Term {
    /// A term without numbers.
    pub fn new(role: Role, column: Option<String>, level: Option<String>) -> Self {
        let (coefficient, mean) = (0.0, 0.0);
        Self { role, column, level, coefficient, standard_error: None, people: 0, mean, note: None }
    }

    pub fn name(&self) -> String {
        match (&self.column, &self.level) {
            (Some(column), Some(level)) => format!("{column}={level}"),
            (Some(name), None) | (None, Some(name)) => name.clone(),
            (None, None) => self.role.name().into(),
        }
    }
}

/// The columns of `Formula.coefficients`.
pub(super) fn terms_table(terms: &[Term]) -> RecordBatch {
    let texts = |of: &dyn Fn(&Term) -> Option<String>| -> ArrayRef {
        Arc::new(StringArray::from_iter(terms.iter().map(of)))
    };
    let numbers = |of: &dyn Fn(&Term) -> Option<f64>| -> ArrayRef {
        Arc::new(Float64Array::from_iter(terms.iter().map(of)))
    };
    table(vec![
        ("term", texts(&|term| Some(term.name()))),
        ("role", texts(&|term| Some(term.role.name().into()))),
        ("column", texts(&|term| term.column.clone())),
        ("level", texts(&|term| term.level.clone())),
        ("coefficient", numbers(&|term| Some(term.coefficient))),
        ("standard_error", numbers(&|term| term.standard_error)),
        ("people", Arc::new(Int64Array::from_iter_values(terms.iter().map(|term| term.people as i64)))),
        ("mean", numbers(&|term| Some(term.mean))),
        ("note", texts(&|term| term.note.map(Into::into))),
    ])
}

/// A square of numbers by terms.
pub(super) fn square_table(terms: &[Term], numbers: &[f64]) -> RecordBatch {
    let names: Vec<String> = terms.iter().map(Term::name).collect();
    let mut columns: Vec<(&str, ArrayRef)> = vec![("term", Arc::new(StringArray::from_iter_values(&names)))];
    for (c, name) in names.iter().enumerate() {
        let column = (0..names.len()).map(|row| numbers[row * names.len() + c]);
        columns.push((name, Arc::new(Float64Array::from_iter_values(column))));
    }
    table(columns)
}
