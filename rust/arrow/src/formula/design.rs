//! Design of a fit: what is fitted on what.

use std::sync::Arc;

use super::codes::Codes;
use super::features::{AMOUNT, ANY_NUMBER};
use super::person_columns::{LevelColumn, Levels, PersonColumns};

/// What is fitted on what.
#[derive(Clone, Debug, Default)]
pub struct Design {
    pub cost: String,
    pub categories: Vec<String>,
    pub flags: Vec<String>,
    pub codes: Option<Arc<Codes>>,
    pub need: Vec<String>,
    pub supply: Vec<String>,
    pub area: Option<String>,
    pub weight: Option<String>,
    pub cluster: Option<String>,
    /// Are categories, flags and need held at 0 or more?
    pub not_negative: bool,
    /// Are columns that add nothing left out, rather than rejected?
    pub drop: bool,
}

impl Design {
    pub(super) fn person_columns(&self) -> PersonColumns {
        let column = |name: &String| LevelColumn { name: name.clone(), levels: Levels::Met };
        let numbers = self.need.iter().chain(&self.supply).map(|name| (name.clone(), ANY_NUMBER));
        let amounts = std::iter::once(&self.cost).chain(&self.weight).map(|name| (name.clone(), AMOUNT));
        PersonColumns {
            levels: self.categories.iter().chain(&self.area).map(column).collect(),
            flags: self.flags.clone(),
            codes: self.codes.clone(),
            numbers: numbers.chain(amounts).collect(),
            units: self.cluster.iter().map(|name| (name.clone(), false)).collect(),
            count: false,
            ..PersonColumns::default()
        }
    }

    /// Columns of numbers that costs are fitted on; the cost follows them.
    pub(super) fn regressors(&self) -> usize {
        self.need.len() + self.supply.len()
    }
}
