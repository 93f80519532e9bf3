//! Units whose totals have few costs or few atoms: each a distribution on a lattice.

use rayon::prelude::*;

use super::effect_nodes::{ProductNodes, enough_spacing};
use super::lattice_amounts::{Amounts, Sharing};
use super::lattice_distribution::LatticeDistribution;
use super::methods::Atoms;
use super::moment_check::LATTICE_TOLERANCES;
use super::transforms::{MOST_VALUES, Transforms};
use super::windows::Plan;
use super::{Outcome, Prepared, Shape};
use crate::model::Amount;
use crate::numeric::complex::{self, Complex64};
use crate::numeric::lattice::Lattice;
use crate::random_effects::HALF_WIDTH;
use crate::run::RunError;

/// Nodes of an effect, at most: alone, and of the larger where there are two.
const MOST_NODES: f64 = 256.0;
const MOST_OF_TWO: f64 = 96.0;
/// Times as many, where a mean shows that these are too few.
const TIMES_AS_MANY: f64 = 2.0;
/// Frequencies that are worth a transform.
const FEW_VALUES: usize = 64;

impl Prepared<'_> {
    pub(super) fn lattices(
        &self,
        plans: &[Plan],
        lattice: &Lattice,
        tail: usize,
        (atoms, sharing, many_nodes): (Atoms, Sharing, bool),
        (shared, own): (f64, f64),
    ) -> Result<Vec<Outcome>, RunError> {
        let half = lattice.points / 2 + 1;
        // The atoms' own transform follows that of everything.
        let parts = if atoms == Atoms::Some { 2 } else { 1 };
        // As for a series whose last frequency is the last that a distribution of this SD has.
        let enough = |sigma: f64, of: &dyn Fn(&Plan) -> f64| {
            let phases = plans.iter().map(|plan| 8.5 * of(plan) * sigma / plan.moments.all.sd);
            enough_spacing(phases.fold(0.0, f64::max), sigma)
        };
        let largest = |plan: &Plan| plan.practices.iter().map(|people| self.mean(people)).fold(0.0, f64::max);
        let steps =
            [enough(shared, &|plan| plan.moments.all.mean), enough(own, &largest), self.cumulants.spacing];
        let most = if shared * own > 0.0 { MOST_OF_TWO } else { MOST_NODES };
        let most = if many_nodes { TIMES_AS_MANY * most } else { most };
        let least = 2.0 * HALF_WIDTH * shared.max(own) / most;
        let spacing = steps.into_iter().filter(|step| *step > 0.0).fold(f64::INFINITY, f64::min).max(least);
        let nodes = ProductNodes::new([shared, own], spacing);
        let fixed = !self.has_effects();
        let amounts = Amounts { cuts: &self.cuts, lattice, fixed, sharing };
        let of = |amount: &Amount| amounts.transforms(amount, parts);
        let start = |plan: &Plan| (plan.lattice_start(tail) / lattice.step).floor() * lattice.step;
        let practices: usize = plans.iter().map(|plan| plan.practices.len()).sum();
        let mut totals = vec![Vec::with_capacity(parts * half); plans.len()];
        let together = (4 * MOST_VALUES / (nodes.logs.len() * practices)).max(FEW_VALUES);
        for from in (0..parts * half).step_by(together) {
            let range = from..(from + together).min(parts * half);
            let transforms = Transforms { prepared: self, plans, logs: &nodes.logs, range, of };
            let given = transforms.totals(|k| lattice.exponent(k % half), start)?;
            totals.par_iter_mut().zip(given).try_for_each(|(total, practices)| {
                total.extend(self.over_effects(practices, &nodes)?);
                Ok::<(), RunError>(())
            })?;
        }
        let bound = |(class, weight): &(u32, f64)| weight * self.persons[*class as usize].bound();
        let outcome = |(plan, transforms): (&Plan, Vec<Complex64>)| {
            let mut masses = transforms.chunks(half).map(|half| lattice.masses(conjugates(half)));
            let everything = masses.next().unwrap_or_default();
            let on_atoms = match atoms {
                Atoms::All => everything.clone(),
                _ => masses.next().unwrap_or_else(|| vec![0.0; lattice.points]),
            };
            let rest = everything.iter().zip(&on_atoms).map(|(all, atom)| all - atom).collect();
            let most = plan.practices.iter().flatten().map(bound).sum();
            let distribution = LatticeDistribution::new(start(plan), lattice.step, on_atoms, rest, most);
            let below_zero = distribution.below_zero();
            plan.judge(distribution.moments(), below_zero, &plan.windows[tail], LATTICE_TOLERANCES)
                .map(|accuracy| (Shape::Lattice(distribution), accuracy))
        };
        Ok(plans.par_iter().zip(totals).map(outcome).collect())
    }

    /// The transform of a total of practices from its logarithms at the nodes of both effects together.
    pub(super) fn over_effects(
        &self,
        practices: Vec<Vec<Vec<Complex64>>>,
        nodes: &ProductNodes,
    ) -> Result<Vec<Complex64>, RunError> {
        let count = practices[0][0].len();
        let mut total = vec![Complex64::ZERO; count];
        let at_node = |sums: Vec<Complex64>| -> Result<Vec<Complex64>, RunError> {
            self.stopped()?;
            Ok(sums.into_iter().map(complex::exp).collect())
        };
        let given = practices.into_iter().map(|nodes| nodes.into_par_iter().map(at_node).collect());
        let given: Vec<Vec<Vec<Complex64>>> = given.collect::<Result<_, RunError>>()?;
        let mut practice = vec![Complex64::ZERO; count];
        for (n, shared) in nodes.outer.iter().enumerate() {
            self.stopped()?;
            let mut year = vec![Complex64::new(shared.weight, 0.0); count];
            for values in &given {
                practice.fill(Complex64::ZERO);
                for (own, values) in nodes.inner.iter().zip(&values[n..]) {
                    practice.iter_mut().zip(values).for_each(|(sum, value)| *sum += own.weight * value);
                }
                year.iter_mut().zip(&practice).for_each(|(product, value)| *product *= value);
            }
            total.iter_mut().zip(year).for_each(|(sum, value)| *sum += value);
        }
        Ok(total)
    }
}

/// A whole transform from its first half: frequencies beyond are the conjugates of those before.
fn conjugates(half: &[Complex64]) -> Vec<Complex64> {
    let inner = half[1..half.len() - 1].iter().rev().map(|value| value.conj());
    half.iter().copied().chain(inner).collect()
}
