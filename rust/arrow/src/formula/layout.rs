//! Layout of a fit: its terms in their order, with their names and columns.

use std::collections::HashSet;

use fundholder_core::error::{Code, Error, Problem};
use fundholder_core::fit::{Column, Gram};
use fundholder_core::run::RunError;

use super::design::Design;
use super::features::Reader;
use super::terms::{Role, Term};

/// Rejects terms that files and tables could not tell apart.
pub(super) fn check_names(terms: &[Term]) -> Result<(), RunError> {
    let mut problems = Vec::new();
    let mut seen = HashSet::new();
    for term in terms {
        // Files of terms read both as no level.
        if let Some(level) = term.level.as_deref().filter(|level| ["", "NULL"].contains(level)) {
            let of = term.column.as_deref().unwrap_or("code");
            let text = if level.is_empty() { "empty text" } else { "'NULL'" };
            problems.push(Problem::new(
                Code::NotAllowed,
                format!("column '{of}': a level is {text}: must have a name"),
            ));
        }
        if term.name().contains('\0') {
            let text = format!("term '{}' holds a NUL: no column can be called so", term.name());
            problems.push(Problem::new(Code::NotAllowed, text.replace('\0', "\\0")));
        }
        if term.name() == "term" {
            problems.push(Problem::new(
                Code::NotAllowed,
                "a term is called 'term', as a column of results: must be called otherwise",
            ));
        }
        if !seen.insert(term.name()) {
            problems.push(Problem::new(
                Code::Duplicate,
                format!("two terms are called '{}': must be called apart", term.name()),
            ));
        }
    }
    Error::unless_empty(problems).map_err(RunError::Rejected)
}

/// Terms as they are laid out, each with its column.
struct Layout<'a> {
    reader: &'a Reader,
    gram: &'a Gram,
    terms: Vec<Term>,
    columns: Vec<Option<Column>>,
}

/// The terms in their order, and the column of each.
pub(super) fn lay_out(design: &Design, reader: &Reader, gram: &Gram) -> (Vec<Term>, Vec<Option<Column>>) {
    let mut layout = Layout { reader, gram, terms: Vec::new(), columns: Vec::new() };
    if design.categories.is_empty() {
        layout.put(Role::Intercept, None, None, Column::Intercept, false);
    }
    for (c, name) in design.categories.iter().enumerate() {
        layout.levels(c, Role::Category, name, c == 0);
    }
    for (name, i) in design.flags.iter().zip(0..) {
        layout.put(Role::Flag, Some(name), None, Column::Indicator(i), false);
    }
    let codes = design.codes.iter().flat_map(|codes| codes.names());
    for (name, i) in codes.zip(design.flags.len() as u32..) {
        layout.put(Role::Flag, None, Some(name), Column::Indicator(i), false);
    }
    let need = design.need.iter().map(|name| (Role::Need, name));
    let supply = design.supply.iter().map(|name| (Role::Supply, name));
    for ((role, name), n) in need.chain(supply).zip(0..) {
        layout.put(role, Some(name), None, Column::Number(n), false);
    }
    if let Some(area) = &design.area {
        layout.levels(design.categories.len(), Role::Area, area, false);
    }
    (layout.terms, layout.columns)
}

impl Layout<'_> {
    fn put(
        &mut self,
        role: Role,
        column: Option<&String>,
        level: Option<&String>,
        at: Column,
        reference: bool,
    ) {
        let people = match at {
            Column::Indicator(i) => self.gram.people(i),
            _ => self.gram.rows(),
        };
        let weight = self.gram.total(Column::Intercept);
        self.terms.push(Term {
            people,
            mean: if weight > 0.0 { self.gram.total(at) / weight } else { 0.0 },
            note: reference.then_some("reference"),
            ..Term::new(role, column.cloned(), level.cloned())
        });
        self.columns.push((!reference).then_some(at));
    }

    /// The levels of a column: all of them, or without the most common, the first by name of those.
    fn levels(&mut self, column: usize, role: Role, name: &String, all: bool) {
        let levels = self.reader.levels(column);
        let most = levels.iter().map(|(_, i)| self.gram.people(*i)).max();
        let mut reference = (!all).then_some(()).and(most);
        for (level, i) in &levels {
            let is_reference = reference == Some(self.gram.people(*i));
            if is_reference {
                reference = None;
            }
            self.put(role, Some(name), Some(level), Column::Indicator(*i), is_reference);
        }
    }
}
