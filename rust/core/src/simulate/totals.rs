//! Totals of every unit and replication: whole numbers, so that any order of adding gives the same.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::kernel::KernelError;
use crate::contract::Basis;
use crate::error::{Code, Error};
use crate::numeric::money::Tally;

/// One unit's totals, in units of money, replication by replication.
#[derive(Debug, Default)]
pub struct UnitTotals {
    /// Number of people of the unit.
    pub people: u64,
    /// Gross cost of each replication.
    pub gross: Vec<i64>,
    /// Ceded cost of each replication.
    pub ceded: Vec<i64>,
    /// Net cost with effects held at 1; empty where there are no effects (it is the net cost then).
    pub chance_net: Vec<i64>,
    /// By basis, the expected cost (£) where the variance is infinite, so that a mean of years would not settle; `None`
    /// where it is finite.
    pub heavy_means: [Option<f64>; Basis::ALL.len()],
}

/// Totals of one level, by the numbers of its units.
#[derive(Debug)]
pub struct Totals {
    /// The units, by their numbers.
    pub units: Vec<UnitTotals>,
}

pub(crate) struct LevelTotals {
    replications: usize,
    effects: bool,
    units: Vec<Mutex<UnitTotals>>,
}

impl LevelTotals {
    pub(crate) fn new(replications: usize, effects: bool) -> Self {
        Self { replications, effects, units: Vec::new() }
    }

    /// Number of units when those of a batch are among them.
    pub(crate) fn units_with(&self, units: &[u32]) -> usize {
        units.iter().map(|&unit| unit as usize + 1).fold(self.units.len(), usize::max)
    }

    /// Makes room for the units of a batch and counts their people.
    pub(crate) fn register(&mut self, units: &[u32], counts: &[u64]) -> Result<(), Error> {
        for (&unit, &count) in units.iter().zip(counts) {
            while self.units.len() <= unit as usize {
                self.units.push(Mutex::new(self.empty()?));
            }
            let totals = self.units[unit as usize].get_mut().unwrap_or_else(PoisonError::into_inner);
            totals.people += count;
        }
        Ok(())
    }

    fn empty(&self) -> Result<UnitTotals, Error> {
        let zeros = |needed: bool| {
            let mut column = Vec::new();
            let length = if needed { self.replications } else { 0 };
            column.try_reserve_exact(length).map_err(|_| {
                Error::one(Code::TooLarge, format!(
                    "replications is {length}: no memory is left for the totals of unit {}: must be fewer \
                     replications, or fewer units",
                    self.units.len()
                ))
            })?;
            column.resize(length, 0);
            Ok(column)
        };
        Ok(UnitTotals {
            people: 0,
            gross: zeros(true)?,
            ceded: zeros(true)?,
            chance_net: zeros(self.effects)?,
            heavy_means: Default::default(),
        })
    }

    pub(crate) fn add(&self, unit: usize, years: Range<usize>, tallies: &[Tally]) -> Result<(), KernelError> {
        let mut guard = self.units[unit].lock().unwrap_or_else(PoisonError::into_inner);
        let totals = &mut *guard;
        let add = |column: &mut [i64], amount: fn(&Tally) -> i64| {
            column.iter_mut().zip(tallies).try_for_each(|(sum, tally)| {
                *sum = sum.checked_add(amount(tally)).ok_or(KernelError::Overflow)?;
                Ok(())
            })
        };
        add(&mut totals.gross[years.clone()], |tally| tally.gross)?;
        add(&mut totals.ceded[years.clone()], |tally| tally.ceded)?;
        if self.effects {
            add(&mut totals.chance_net[years], |tally| tally.chance_net)?;
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Totals {
        let open = |unit: Mutex<UnitTotals>| unit.into_inner().unwrap_or_else(PoisonError::into_inner);
        Totals { units: self.units.into_iter().map(open).collect() }
    }
}
