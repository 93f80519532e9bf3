//! Units whose totals have few costs or few atoms: each a distribution on a lattice.

use rayon::prelude::*;

use super::effect_nodes::enough_nodes;
use super::lattice_distribution::{self, LatticeDistribution};
use super::transforms::Transforms;
use super::windows::Plan;
use super::{Outcome, Prepared, Shape};
use crate::model::Scaled;
use crate::numeric::complex::{self, Complex64};
use crate::numeric::lattice::Lattice;
use crate::random_effects::nodes;
use crate::run::RunError;

/// How far a distribution may be from the moments lane: its mean in SDs, and its SD.
const LATTICE_TOLERANCES: [f64; 2] = [1e-4, 1e-4];

impl Prepared<'_> {
    pub(super) fn lattices(
        &self,
        plans: Vec<Plan>,
        lattice: &Lattice,
        atomic: bool,
        shared: f64,
        own: f64,
    ) -> Result<Vec<Outcome>, RunError> {
        let frequencies = lattice.points / 2 + 1;
        // As for a series whose last frequency is the last that a distribution of this SD has.
        let count = |sigma: f64, of: &dyn Fn(&Plan) -> f64| {
            let phases = plans.iter().map(|plan| 8.5 * of(plan) * sigma / plan.moments.all.sd);
            enough_nodes(phases.fold(0.0, f64::max))
        };
        let largest = |plan: &Plan| plan.practices.iter().map(|people| self.mean(people)).fold(0.0, f64::max);
        let outer = nodes(shared, count(shared, &|plan| plan.moments.all.mean));
        let inner = nodes(own, count(own, &largest));
        let of = |amount: &Scaled| lattice_distribution::transform(amount, self.layer, &self.cuts, lattice);
        let mut totals = vec![vec![Complex64::ZERO; frequencies]; plans.len()];
        for shared in &outer {
            let mut years: Vec<Vec<Vec<Complex64>>> = plans
                .iter()
                .map(|plan| vec![vec![Complex64::ZERO; frequencies]; plan.practices.len()])
                .collect();
            for own in &inner {
                self.stopped()?;
                let transforms = Transforms::new(self, &plans, &[shared.log + own.log], of);
                years.par_iter_mut().zip(&plans).for_each(|(year, plan)| {
                    for (sums, people) in year.iter_mut().zip(&plan.practices) {
                        let values = transforms.sum(people, 0, |_| Complex64::ZERO, 0.0);
                        let distribution =
                            values.into_iter().map(complex::exp).chain(std::iter::repeat(Complex64::ONE));
                        sums.iter_mut().zip(distribution).for_each(|(sum, value)| *sum += own.weight * value);
                    }
                });
            }
            for (total, year) in totals.iter_mut().zip(years) {
                for (k, sum) in total.iter_mut().enumerate() {
                    *sum += shared.weight * year.iter().map(|practice| practice[k]).product::<Complex64>();
                }
            }
        }
        let outcome = |(plan, half): (Plan, Vec<Complex64>)| {
            let mut values = half;
            values.resize(lattice.points, Complex64::ZERO);
            for k in 1..lattice.points / 2 {
                values[lattice.points - k] = values[k].conj();
            }
            let distribution = LatticeDistribution::new(lattice.step, lattice.masses(values), atomic);
            let judged = plan
                .judge(distribution.moments(), &plan.lattice_window, LATTICE_TOLERANCES)
                .map(|accuracy| (Shape::Lattice(distribution), accuracy));
            (plan, judged)
        };
        Ok(plans.into_par_iter().zip(totals).map(outcome).collect())
    }
}
