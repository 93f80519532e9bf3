//! Logarithms of the characteristic functions of risk classes, and of the totals of their people.

use std::collections::HashMap;

use rayon::prelude::*;

use super::Lane;
use super::quadrature;
use super::windows::Plan;
use crate::model::{Person, Scaled};
use crate::numeric::complex::{self, Complex64};

/// ln of the transforms of persons: of each class that is met, at each place, at each frequency.
pub(super) struct Transforms {
    number: Vec<u32>,
    values: Vec<Vec<Vec<Complex64>>>,
}

impl Transforms {
    /// `of` gives the transform of an amount less 1: people who differ only in how often they have it share it.
    pub(super) fn new(
        lane: &Lane<'_>,
        plans: &[Plan],
        logs: &[f64],
        of: impl Fn(&Scaled) -> Vec<Complex64> + Sync,
    ) -> Self {
        let mut number = vec![u32::MAX; lane.persons.len()];
        let mut classes: Vec<usize> = plans
            .iter()
            .flat_map(|plan| plan.practices.iter().flatten())
            .map(|(class, _)| *class as usize)
            .collect();
        classes.sort_unstable();
        classes.dedup();
        classes.iter().zip(0..).for_each(|(&class, i)| number[class] = i);
        let mut places = HashMap::new();
        let mut amounts: Vec<&Scaled> = Vec::new();
        for (_, amount) in classes.iter().flat_map(|&class| lane.persons[class].amounts()) {
            places.entry(name(amount)).or_insert_with(|| {
                amounts.push(amount);
                amounts.len() - 1
            });
        }
        let tasks: Vec<(usize, f64)> =
            logs.iter().flat_map(|&log| (0..amounts.len()).map(move |i| (i, log))).collect();
        let shared: Vec<Vec<Complex64>> =
            tasks.par_iter().map(|&(i, log)| of(&amounts[i].times(libm::exp(log)))).collect();
        let value = |class: usize, place: usize| {
            let person = &lane.persons[class];
            let mut sums: Vec<Complex64> = Vec::new();
            for (rate, amount) in person.amounts() {
                let values = &shared[place * amounts.len() + places[&name(amount)]];
                sums.resize(values.len(), Complex64::ZERO);
                sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += rate * value);
            }
            if matches!(person, Person::Once { .. }) {
                sums.iter_mut().for_each(|sum| *sum = complex::ln_1p(*sum));
            }
            sums
        };
        let values = classes
            .par_iter()
            .map(|&class| (0..logs.len()).map(|place| value(class, place)).collect())
            .collect();
        Self { number, values }
    }

    /// ln of the transform of all these people's total at a place, less that of a fixed cost `center`.
    pub(super) fn sum(
        &self,
        people: &[(u32, f64)],
        place: usize,
        exponent: impl Fn(usize) -> Complex64,
        center: f64,
    ) -> Vec<Complex64> {
        let mut sums: Vec<Complex64> = Vec::new();
        for (class, weight) in people {
            let values = &self.values[self.number[*class as usize] as usize][place];
            sums.resize(values.len(), Complex64::ZERO);
            sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += weight * value);
        }
        sums.iter_mut().enumerate().for_each(|(k, sum)| *sum -= exponent(k) * center);
        sums
    }
}

/// What amounts that are the same have in common.
fn name(amount: &Scaled) -> (usize, u64) {
    (quadrature::address(amount), amount.scale.to_bits())
}
