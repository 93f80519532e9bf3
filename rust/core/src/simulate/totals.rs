//! Totals of every unit and replication: whole numbers, so that any order of adding gives the same.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::kernel::Overflow;
use crate::money::Tally;

/// One unit's totals, in units of money, replication by replication.
#[derive(Debug, Default)]
pub struct UnitTotals {
    pub people: u64,
    pub gross: Vec<i64>,
    pub ceded: Vec<i64>,
    /// Net cost with effects held at 1; empty where there are no effects (it is the net cost then).
    pub chance_net: Vec<i64>,
}

/// Totals of one level, by the numbers of its units.
#[derive(Debug)]
pub struct Totals {
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

    /// Makes room for the units of a batch and counts their people.
    pub(crate) fn register(&mut self, units: &[u32], counts: &[u64]) {
        for (&unit, &count) in units.iter().zip(counts) {
            while self.units.len() <= unit as usize {
                let zeros = || vec![0; self.replications];
                self.units.push(Mutex::new(UnitTotals {
                    people: 0,
                    gross: zeros(),
                    ceded: zeros(),
                    chance_net: if self.effects { zeros() } else { Vec::new() },
                }));
            }
            let totals = self.units[unit as usize].get_mut().unwrap_or_else(PoisonError::into_inner);
            totals.people += count;
        }
    }

    pub(crate) fn add(&self, unit: usize, years: Range<usize>, tallies: &[Tally]) -> Result<(), Overflow> {
        let mut guard = self.units[unit].lock().unwrap_or_else(PoisonError::into_inner);
        let totals = &mut *guard;
        let add = |column: &mut [i64], amount: fn(&Tally) -> i64| {
            column.iter_mut().zip(tallies).try_for_each(|(sum, tally)| {
                *sum = sum.checked_add(amount(tally)).ok_or(Overflow)?;
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
