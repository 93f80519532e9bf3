//! Logarithms of the characteristic functions of totals: sums over people of those of their risk classes.

use std::collections::HashMap;
use std::ops::Range;

use rayon::prelude::*;

use super::Prepared;
use super::windows::Plan;
use crate::model::{Amount, Component};
use crate::numeric::complex::{self, Complex64};
use crate::run::RunError;
use crate::severity::address;

/// Values of transforms that are held at once, at most: classes beyond are added after them.
pub(super) const MOST_VALUES: usize = 1 << 24;

/// Logarithms of the transforms of the totals of each practice of each plan, by node of the effects and frequency.
pub(super) type Totals = Vec<Vec<Vec<Vec<Complex64>>>>;

/// Transforms to be taken, at the nodes of the effects with these logarithms.
pub(super) struct Transforms<'a, F> {
    pub prepared: &'a Prepared<'a>,
    pub plans: &'a [Plan],
    pub logs: &'a [f64],
    /// Numbers of the values that are taken.
    pub range: Range<usize>,
    /// The transform of an amount less 1: people who differ only in how often they have it share it.
    pub of: F,
}

impl<F: Fn(&Amount) -> Vec<Complex64> + Sync> Transforms<'_, F> {
    /// The totals, less those of a fixed cost: `exponent` is that of £1 at each value, `start` the cost of a plan, which
    /// its practices share as they do its mean.
    pub(super) fn totals(
        &self,
        exponent: impl Fn(usize) -> Complex64 + Sync,
        start: impl Fn(&Plan) -> f64 + Sync,
    ) -> Result<Totals, RunError> {
        let mut classes: Vec<u32> = self
            .plans
            .iter()
            .flat_map(|plan| plan.practices.iter().flatten())
            .map(|(class, _)| *class)
            .collect();
        classes.sort_unstable();
        classes.dedup();
        let nobody = || vec![vec![Complex64::ZERO; self.range.len()]; self.logs.len()];
        let mut totals: Totals =
            self.plans.iter().map(|plan| plan.practices.iter().map(|_| nobody()).collect()).collect();
        for some in classes.chunks((MOST_VALUES / (self.logs.len() * self.range.len())).max(1)) {
            let values = self.values(some)?;
            totals.par_iter_mut().zip(self.plans).for_each(|(practices, plan)| {
                for (sums, people) in practices.iter_mut().zip(&plan.practices) {
                    // People are in the order of their classes.
                    let from = people.partition_point(|(class, _)| *class < some[0]);
                    for (class, weight) in &people[from..] {
                        let Ok(number) = some.binary_search(class) else { break };
                        for (sum, values) in sums.iter_mut().zip(&values[number]) {
                            sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += weight * value);
                        }
                    }
                }
            });
        }
        totals.par_iter_mut().zip(self.plans).for_each(|(practices, plan)| {
            let start = start(plan);
            let means: Vec<f64> = plan.practices.iter().map(|people| self.prepared.mean(people)).collect();
            let total: f64 = means.iter().sum();
            for (nodes, mean) in practices.iter_mut().zip(means) {
                let fixed = start * if total > 0.0 { mean / total } else { 0.0 };
                if fixed > 0.0 {
                    for sums in nodes {
                        sums.iter_mut()
                            .zip(self.range.clone())
                            .for_each(|(sum, k)| *sum -= exponent(k) * fixed);
                    }
                }
            }
        });
        Ok(totals)
    }

    /// Logarithms of the transforms of persons: of each of these classes, at each node, at each frequency.
    fn values(&self, classes: &[u32]) -> Result<Vec<Vec<Vec<Complex64>>>, RunError> {
        let persons = &self.prepared.persons;
        let mut index = HashMap::new();
        let mut amounts: Vec<&Amount> = Vec::new();
        for (_, amount) in classes.iter().flat_map(|&class| persons[class as usize].amounts()) {
            index.entry(amount_key(amount)).or_insert_with(|| {
                amounts.push(amount);
                amounts.len() - 1
            });
        }
        let tasks: Vec<(usize, f64)> =
            self.logs.iter().flat_map(|&log| (0..amounts.len()).map(move |i| (i, log))).collect();
        let values_of = |amount: &Amount| {
            let mut values = (self.of)(amount)[self.range.clone()].to_vec();
            values.iter_mut().for_each(|value| *value *= amount.weight());
            values
        };
        let task = |&(i, log): &(usize, f64)| {
            self.prepared.stopped()?;
            Ok(values_of(&amounts[i].times(libm::exp(log))))
        };
        let shared: Vec<Vec<Complex64>> = tasks.par_iter().map(task).collect::<Result<_, RunError>>()?;
        let value = |class: u32, node: usize| {
            let of_component = |component: &Component| {
                let mut sums = vec![Complex64::ZERO; self.range.len()];
                for (rate, amount) in component.amounts() {
                    let values = &shared[node * amounts.len() + index[&amount_key(amount)]];
                    sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += rate * value);
                }
                match component {
                    Component::Once(_) => sums.iter_mut().for_each(|sum| *sum = complex::ln_1p(*sum)),
                    // Of the negative binomial distribution.
                    Component::Events(_, v) if *v > 0.0 => {
                        sums.iter_mut().for_each(|sum| *sum = complex::ln_1p(*sum * -*v) * (-1.0 / v));
                    }
                    Component::Events(..) => {}
                }
                sums
            };
            let add = |mut sums: Vec<Complex64>, others: Vec<Complex64>| {
                sums.iter_mut().zip(others).for_each(|(sum, other)| *sum += other);
                sums
            };
            persons[class as usize].components().iter().map(of_component).reduce(add).unwrap_or_default()
        };
        let at_nodes = |&class: &u32| (0..self.logs.len()).map(|node| value(class, node)).collect();
        Ok(classes.par_iter().map(at_nodes).collect())
    }
}

/// Key of an amount: the same for amounts of one distribution, scale and layer.
fn amount_key(amount: &Amount) -> (usize, u64, usize) {
    (address(&amount.distribution), amount.scale.to_bits(), std::sync::Arc::as_ptr(&amount.layer) as usize)
}
