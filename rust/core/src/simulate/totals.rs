//! Totals of every unit and replication: whole numbers, so that any order of adding gives the same.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::columns::SHARE_BITS;
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
    /// Totals of the columns that are kept: services, cessions and, with effects, cessions with the effects held at 1.
    pub columns: Vec<Vec<i64>>,
    /// By basis, the expected cost (£) where the variance is infinite, so that a mean of years would not settle; `None`
    /// where it is finite.
    pub heavy_means: [Option<f64>; Basis::ALL.len()],
}

impl UnitTotals {
    /// The totals of one of the `years` of every path; what is expected where the variance is infinite holds for each.
    pub fn of_year(&self, year: usize, years: usize) -> Self {
        let of = |amounts: &Vec<i64>| amounts.iter().skip(year).step_by(years).copied().collect();
        Self {
            people: self.people,
            gross: of(&self.gross),
            ceded: of(&self.ceded),
            chance_net: of(&self.chance_net),
            columns: self.columns.iter().map(of).collect(),
            heavy_means: self.heavy_means,
        }
    }
}

/// Totals of one level, by the numbers of its units.
#[derive(Debug)]
pub struct Totals {
    /// The units, by their numbers.
    pub units: Vec<UnitTotals>,
}

/// Kinds of columns: how many are of services, which add up to gross cost, and which have fractions.
#[derive(Clone)]
pub(crate) struct ColumnKinds {
    pub services: usize,
    pub fractions: Vec<bool>,
}

/// Sums of a column, replication by replication.
enum ColumnSums {
    /// Units of money.
    Integer(Vec<i64>),
    /// 2^-24 units of money.
    Fractions(Vec<i128>),
}

struct UnitSums {
    totals: UnitTotals,
    columns: Vec<ColumnSums>,
}

pub(crate) struct LevelTotals {
    replications: usize,
    effects: bool,
    columns: ColumnKinds,
    units: Vec<Mutex<UnitSums>>,
}

impl LevelTotals {
    pub(crate) fn new(replications: usize, effects: bool, columns: ColumnKinds) -> Self {
        Self { replications, effects, columns, units: Vec::new() }
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
            totals.totals.people += count;
        }
        Ok(())
    }

    fn empty(&self) -> Result<UnitSums, Error> {
        let zeros = |needed: bool| self.zeros(if needed { self.replications } else { 0 });
        let column = |fractions: &bool| match fractions {
            true => self.zeros(self.replications).map(ColumnSums::Fractions),
            false => self.zeros(self.replications).map(ColumnSums::Integer),
        };
        let columns = self.columns.fractions.iter().map(column).collect::<Result<_, _>>()?;
        let totals = UnitTotals {
            people: 0,
            gross: zeros(true)?,
            ceded: zeros(true)?,
            chance_net: zeros(self.effects)?,
            columns: Vec::new(),
            heavy_means: Default::default(),
        };
        Ok(UnitSums { totals, columns })
    }

    fn zeros<T: Clone + Default>(&self, length: usize) -> Result<Vec<T>, Error> {
        let mut column = Vec::new();
        column.try_reserve_exact(length).map_err(|_| {
            Error::one(
                Code::TooLarge,
                format!(
                    "replications is {length}: no memory is left for the totals of unit {}: must be fewer \
                     replications, or fewer units",
                    self.units.len()
                ),
            )
        })?;
        column.resize(length, T::default());
        Ok(column)
    }

    /// Adds the tallies of years, and the columns of each of them, in 2^-24 units of money.
    pub(crate) fn add(
        &self,
        unit: usize,
        years: Range<usize>,
        tallies: &[Tally],
        columns: &[i128],
    ) -> Result<(), KernelError> {
        let mut guard = self.units[unit].lock().unwrap_or_else(PoisonError::into_inner);
        let UnitSums { totals, columns: sums } = &mut *guard;
        let add = |column: &mut [i64], amount: fn(&Tally) -> i64| {
            column.iter_mut().zip(tallies).try_for_each(|(sum, tally)| {
                *sum = sum.checked_add(amount(tally)).ok_or(KernelError::Overflow)?;
                Ok(())
            })
        };
        add(&mut totals.gross[years.clone()], |tally| tally.gross)?;
        add(&mut totals.ceded[years.clone()], |tally| tally.ceded)?;
        let width = sums.len();
        for (number, column) in sums.iter_mut().enumerate() {
            let amounts = columns.iter().skip(number).step_by(width);
            match column {
                ColumnSums::Fractions(sums) => {
                    sums[years.clone()].iter_mut().zip(amounts).for_each(|(sum, amount)| *sum += amount);
                }
                ColumnSums::Integer(sums) => {
                    let units = amounts.map(|amount| (amount >> SHARE_BITS) as i64);
                    sums[years.clone()].iter_mut().zip(units).for_each(|(sum, amount)| *sum += amount);
                }
            }
        }
        if self.effects {
            add(&mut totals.chance_net[years], |tally| tally.chance_net)?;
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Totals {
        let services = self.columns.services;
        let open = |unit: Mutex<UnitSums>| {
            let UnitSums { mut totals, columns } = unit.into_inner().unwrap_or_else(PoisonError::into_inner);
            totals.columns = columns.into_iter().map(ColumnSums::rounded).collect();
            add_up_to(&totals.gross, &mut totals.columns[..services]);
            totals
        };
        Totals { units: self.units.into_iter().map(open).collect() }
    }
}

impl ColumnSums {
    /// In whole units of money.
    fn rounded(self) -> Vec<i64> {
        const HALF: i128 = 1 << (SHARE_BITS - 1);
        match self {
            Self::Integer(sums) => sums,
            Self::Fractions(sums) => {
                sums.into_iter().map(|sum| ((sum + HALF) >> SHARE_BITS) as i64).collect()
            }
        }
    }
}

/// Makes services add up to the gross cost: the largest has what rounding leaves.
fn add_up_to(gross: &[i64], services: &mut [Vec<i64>]) {
    for (year, gross) in gross.iter().enumerate() {
        let rest = gross - services.iter().map(|service| service[year]).sum::<i64>();
        if let Some(largest) = services.iter_mut().max_by_key(|service| service[year]) {
            largest[year] += rest;
        }
    }
}
