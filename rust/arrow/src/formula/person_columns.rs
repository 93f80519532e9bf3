//! Which columns of persons a formula reads.

use std::collections::HashMap;
use std::sync::Arc;

use super::codes::Codes;
use crate::column::Rule;

/// The levels of a column that are indicators.
#[derive(Clone, Debug)]
pub(super) enum Levels {
    /// Those met, numbered as they come.
    Met,
    /// These, and no others.
    Known(HashMap<String, u32>),
}

/// A column whose levels are indicators: each row has one.
#[derive(Clone, Debug)]
pub(super) struct LevelColumn {
    pub name: String,
    pub levels: Levels,
}

/// What is read.
#[derive(Clone)]
pub(super) struct PersonColumns {
    /// What messages call the table.
    pub table: &'static str,
    pub levels: Vec<LevelColumn>,
    pub flags: Vec<String>,
    pub codes: Option<Arc<Codes>>,
    pub numbers: Vec<(String, Rule)>,
    /// Columns whose values are units, and whether null is one of them.
    pub units: Vec<(String, bool)>,
    /// Is `count` read: people that a row stands for?
    pub count: bool,
    /// Is a person who comes twice in a unit rejected, where persons have names?
    pub once: bool,
}

impl Default for PersonColumns {
    fn default() -> Self {
        Self {
            table: "persons",
            levels: Vec::new(),
            flags: Vec::new(),
            codes: None,
            numbers: Vec::new(),
            units: Vec::new(),
            count: false,
            once: false,
        }
    }
}

impl PersonColumns {
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        let person = self.codes.iter().map(|_| "person");
        let names = self.levels.iter().map(|l| &l.name).chain(&self.flags);
        let units = self.units.iter().map(|(name, _)| name);
        let numbers = self.numbers.iter().map(|(name, _)| name);
        names.chain(units).chain(numbers).map(String::as_str).chain(person)
    }
}
