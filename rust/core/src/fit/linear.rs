//! A linear formula of what is known of a person.

use super::{Column, Features};

/// Linear formula: its coefficients.
#[derive(Clone, Debug)]
pub struct Linear {
    constant: f64,
    indicators: Vec<f64>,
    numbers: Vec<f64>,
}

impl Linear {
    /// A formula of so many indicators and columns of numbers, with coefficients of 0.
    pub fn new(indicators: usize, numbers: usize) -> Self {
        Self { constant: 0.0, indicators: vec![0.0; indicators], numbers: vec![0.0; numbers] }
    }

    /// Adds to the coefficient of a column.
    pub fn add(&mut self, column: Column, coefficient: f64) {
        match column {
            Column::Intercept => self.constant += coefficient,
            Column::Indicator(i) => self.indicators[i as usize] += coefficient,
            Column::Number(n) => self.numbers[n as usize] += coefficient,
        }
    }

    /// The value of the formula for each row.
    pub fn of(&self, features: &Features) -> Vec<f64> {
        let value = |row: usize| {
            let indicators = features.of(row).iter().map(|&i| self.indicators[i as usize]);
            self.constant + indicators.sum::<f64>()
        };
        let mut values: Vec<f64> = (0..features.rows).map(value).collect();
        for (&coefficient, column) in self.numbers.iter().zip(&features.numbers) {
            for (value, x) in values.iter_mut().zip(column) {
                *value += coefficient * x;
            }
        }
        values
    }
}
