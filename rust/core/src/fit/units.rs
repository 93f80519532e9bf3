//! Features of the people of each unit, added up: a linear formula of the totals is the total of the formula.

use super::{Column, Features};
use crate::numeric::exact_sums::GroupSums;

/// Totals of people, indicators and numbers by unit.
#[derive(Clone, Debug)]
pub struct UnitFeatures {
    indicators: usize,
    people: Vec<u64>,
    /// Of each unit, people with each indicator.
    with_indicator: Vec<u64>,
    numbers: GroupSums,
}

impl UnitFeatures {
    /// Empty totals over so many indicators and columns of numbers.
    pub fn new(indicators: usize, numbers: usize) -> Self {
        Self { indicators, people: Vec::new(), with_indicator: Vec::new(), numbers: GroupSums::new(numbers) }
    }

    /// Adds rows, each with its unit and the people that it stands for.
    pub fn add(&mut self, features: &Features, units: &[u32], people: Option<&[u64]>) {
        let most = units.iter().max().map_or(0, |&unit| unit as usize + 1);
        self.reserve(most);
        for (row, &unit) in units.iter().enumerate() {
            let count = people.map_or(1, |people| people[row]);
            let unit = unit as usize;
            self.people[unit] += count;
            for &indicator in features.of(row) {
                self.with_indicator[unit * self.indicators + indicator as usize] += count;
            }
        }
        match people {
            None => {
                let columns: Vec<&[f64]> = features.numbers.iter().map(Vec::as_slice).collect();
                self.numbers.add(units, &columns);
            }
            Some(people) => {
                let times = |column: &Vec<f64>| -> Vec<f64> {
                    column.iter().zip(people).map(|(x, &n)| x * n as f64).collect()
                };
                let columns: Vec<Vec<f64>> = features.numbers.iter().map(times).collect();
                let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
                self.numbers.add(units, &columns);
            }
        }
    }

    fn reserve(&mut self, units: usize) {
        if units > self.people.len() {
            self.people.resize(units, 0);
            self.with_indicator.resize(units * self.indicators, 0);
            self.numbers.reserve(units);
        }
    }

    /// Adds the totals of other rows.
    pub fn merge(&mut self, other: Self) {
        self.reserve(other.people.len());
        for (people, more) in self.people.iter_mut().zip(&other.people) {
            *people += more;
        }
        for (people, more) in self.with_indicator.iter_mut().zip(&other.with_indicator) {
            *people += more;
        }
        self.numbers.merge(other.numbers);
    }

    /// The people of a unit; nobody where it has not been met.
    pub fn people(&self, unit: usize) -> u64 {
        self.people.get(unit).copied().unwrap_or(0)
    }

    /// The sum of a column over the people of a unit.
    pub fn total(&self, unit: usize, column: Column) -> f64 {
        match column {
            Column::Intercept => self.people(unit) as f64,
            Column::Indicator(i) => self.with_indicator[unit * self.indicators + i as usize] as f64,
            Column::Number(n) => self.numbers.sum(unit, n as usize),
        }
    }
}
