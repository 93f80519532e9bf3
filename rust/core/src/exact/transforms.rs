//! Logarithms of the characteristic functions of risk classes, and of the totals of their people.

use std::collections::HashMap;

use rayon::prelude::*;

use super::Prepared;
use super::quadrature;
use super::windows::Plan;
use crate::model::{Person, Scaled};
use crate::numeric::complex::{self, Complex64};

/// Logarithms of the transforms of persons: of each risk class that is met, at each node of the effects, at each
/// frequency.
pub(super) struct Transforms {
    /// Number of each class in `values`.
    number: Vec<u32>,
    /// By class, node and frequency.
    values: Vec<Vec<Vec<Complex64>>>,
}

impl Transforms {
    /// `of` gives the transform of an amount less 1: people who differ only in how often they have it share it.
    pub(super) fn new(
        prepared: &Prepared<'_>,
        plans: &[Plan],
        logs: &[f64],
        of: impl Fn(&Scaled) -> Vec<Complex64> + Sync,
    ) -> Self {
        let mut number = vec![u32::MAX; prepared.persons.len()];
        let mut classes: Vec<usize> = plans
            .iter()
            .flat_map(|plan| plan.practices.iter().flatten())
            .map(|(class, _)| *class as usize)
            .collect();
        classes.sort_unstable();
        classes.dedup();
        classes.iter().zip(0..).for_each(|(&class, i)| number[class] = i);
        let mut index = HashMap::new();
        let mut amounts: Vec<&Scaled> = Vec::new();
        for (_, amount) in classes.iter().flat_map(|&class| prepared.persons[class].amounts()) {
            index.entry(amount_key(amount)).or_insert_with(|| {
                amounts.push(amount);
                amounts.len() - 1
            });
        }
        let tasks: Vec<(usize, f64)> =
            logs.iter().flat_map(|&log| (0..amounts.len()).map(move |i| (i, log))).collect();
        let shared: Vec<Vec<Complex64>> =
            tasks.par_iter().map(|&(i, log)| of(&amounts[i].times(libm::exp(log)))).collect();
        let value = |class: usize, node: usize| {
            let person = &prepared.persons[class];
            let mut sums: Vec<Complex64> = Vec::new();
            for (rate, amount) in person.amounts() {
                let values = &shared[node * amounts.len() + index[&amount_key(amount)]];
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
            .map(|&class| (0..logs.len()).map(|node| value(class, node)).collect())
            .collect();
        Self { number, values }
    }

    /// Logarithm of the transform of all these people's total at a node, less that of a fixed cost `center`.
    pub(super) fn sum(
        &self,
        people: &[(u32, f64)],
        node: usize,
        exponent: impl Fn(usize) -> Complex64,
        center: f64,
    ) -> Vec<Complex64> {
        let mut sums: Vec<Complex64> = Vec::new();
        for (class, weight) in people {
            let values = &self.values[self.number[*class as usize] as usize][node];
            sums.resize(values.len(), Complex64::ZERO);
            sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += weight * value);
        }
        sums.iter_mut().enumerate().for_each(|(k, sum)| *sum -= exponent(k) * center);
        sums
    }
}

/// Key of an amount: the same for amounts of one distribution and scale.
fn amount_key(amount: &Scaled) -> (usize, u64) {
    (quadrature::address(amount), amount.scale.to_bits())
}
