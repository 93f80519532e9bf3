//! Units whose totals have few costs or few atoms: each a distribution on a lattice.

use rayon::prelude::*;

use super::effect_nodes::enough_nodes;
use super::lattice_distribution::{Amounts, LatticeDistribution};
use super::methods::Atoms;
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
        plans: &[Plan],
        lattice: &Lattice,
        tail: usize,
        atoms: Atoms,
        (shared, own): (f64, f64),
    ) -> Result<Vec<Outcome>, RunError> {
        let half = lattice.points / 2 + 1;
        // The atoms' own transform follows that of everything.
        let parts = if atoms == Atoms::Some { 2 } else { 1 };
        // As for a series whose last frequency is the last that a distribution of this SD has.
        let count = |sigma: f64, of: &dyn Fn(&Plan) -> f64| {
            let phases = plans.iter().map(|plan| 8.5 * of(plan) * sigma / plan.moments.all.sd);
            enough_nodes(phases.fold(0.0, f64::max))
        };
        let largest = |plan: &Plan| plan.practices.iter().map(|people| self.mean(people)).fold(0.0, f64::max);
        let outer = nodes(shared, count(shared, &|plan| plan.moments.all.mean));
        let inner = nodes(own, count(own, &largest));
        let (fixed, apart) = (!self.has_effects(), atoms != Atoms::None);
        let amounts = Amounts { layer: self.layer, cuts: &self.cuts, lattice, fixed, apart };
        let of = |amount: &Scaled| amounts.transforms(amount, parts);
        let start = |plan: &Plan| (plan.lattice_start(tail) / lattice.step).floor() * lattice.step;
        let mut totals = vec![vec![Complex64::ZERO; parts * half]; plans.len()];
        for shared in &outer {
            let mut years: Vec<Vec<Vec<Complex64>>> = plans
                .iter()
                .map(|plan| vec![vec![Complex64::ZERO; parts * half]; plan.practices.len()])
                .collect();
            for own in &inner {
                let logs = [shared.log + own.log];
                let transforms = Transforms { prepared: self, plans, logs: &logs, count: parts * half, of };
                let given = transforms.totals(|k| lattice.exponent(k % half), start)?;
                years.par_iter_mut().zip(given).for_each(|(year, practices)| {
                    for (sums, nodes) in year.iter_mut().zip(practices) {
                        let values = nodes.into_iter().flatten().map(complex::exp);
                        sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += own.weight * value);
                    }
                });
            }
            for (total, year) in totals.iter_mut().zip(years) {
                for (k, sum) in total.iter_mut().enumerate() {
                    *sum += shared.weight * year.iter().map(|practice| practice[k]).product::<Complex64>();
                }
            }
        }
        let outcome = |(plan, transforms): (&Plan, Vec<Complex64>)| {
            let mut masses = transforms.chunks(half).map(|half| lattice.masses(conjugates(half)));
            let everything = masses.next().unwrap_or_default();
            let on_atoms = match atoms {
                Atoms::All => everything.clone(),
                _ => masses.next().unwrap_or_else(|| vec![0.0; lattice.points]),
            };
            let rest = everything.iter().zip(&on_atoms).map(|(all, atom)| all - atom).collect();
            let most = plan.practices.iter().flatten().map(|(_, weight)| weight * self.layer.bound()).sum();
            let distribution = LatticeDistribution::new(start(plan), lattice.step, on_atoms, rest, most);
            plan.judge(distribution.moments(), &plan.windows[tail], LATTICE_TOLERANCES)
                .map(|accuracy| (Shape::Lattice(distribution), accuracy))
        };
        Ok(plans.par_iter().zip(totals).map(outcome).collect())
    }
}

/// A whole transform from its first half: frequencies beyond are the conjugates of those before.
fn conjugates(half: &[Complex64]) -> Vec<Complex64> {
    let inner = half[1..half.len() - 1].iter().rev().map(|value| value.conj());
    half.iter().copied().chain(inner).collect()
}
