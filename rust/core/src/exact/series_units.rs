//! Units whose totals are smooth: each a Fourier series.

use std::f64::consts::TAU;

use rayon::prelude::*;

use super::effect_nodes::{EffectNodes, enough_nodes};
use super::fourier_series::Series;
use super::quadrature::{self, Frequencies};
use super::transforms::Transforms;
use super::windows::Plan;
use super::{Accuracy, DAMPING, Outcome, Prepared, Shape};
use crate::model::{Amount, Person};
use crate::numeric::complex::{self, Complex64};
use crate::random_effects::{Node, nodes};
use crate::run::RunError;

/// Frequencies smaller than this have died out, in terms of the first.
const SILENT: f64 = 1e-13;

/// How far a distribution may be from the moments lane: its mean in SDs, and its SD. Where costs have kinks in an effect,
/// both lanes interpolate across them, each between nodes of its own, so that they differ: means of real practices by up
/// to 1.3e-5 SDs. Of a transform that is above that at frequency 0 by more than rounding, the power by people explodes.
const SERIES_TOLERANCES: [f64; 3] = [1e-6, 1e-5, 1e-6];
const TOLERANCES_AT_KINKS: [f64; 3] = [5e-5, 5e-5, 1e-6];

impl Prepared<'_> {
    pub(super) fn series(
        &self,
        plans: &[Plan],
        width: f64,
        tail: usize,
        count: usize,
        (shared, own): (f64, f64),
    ) -> Result<Vec<Outcome>, RunError> {
        let people = plans.iter().map(|plan| plan.moments.people).max().unwrap_or(0) as f64;
        let (phase_step, damping) = (TAU / width, DAMPING[tail] / width);
        // Ends are counted from the farthest start.
        let end = 2.0 * width + plans.iter().map(|plan| plan.start).fold(0.0, f64::max);
        let frequencies = Frequencies { phase_step, count, damping, end, people };
        let has_kinks = self.has_kinks();
        let effect_nodes = EffectNodes::new(shared, own, has_kinks);
        let of = |amount: &Amount| quadrature::transform(amount, &self.cuts, &frequencies);
        let transforms =
            Transforms { prepared: self, plans, logs: &effect_nodes.logs, range: 0..count + 1, of };
        let exponent = |k: usize| Complex64::new(-damping, k as f64 * phase_step);
        let totals = transforms.totals(exponent, |plan| plan.start)?;
        let tolerances = self.series_tolerances();
        let outcome = |(plan, sums): (&Plan, Vec<Vec<Vec<Complex64>>>)| {
            let distribution = self.transform(plan, sums, &effect_nodes, &frequencies, shared, own);
            match distribution {
                None => Err(Accuracy::NONE),
                Some(values) => {
                    let series = Series::new(plan.start, width, damping, &values);
                    plan.judge(series.moments(), excess(&values), &plan.windows[tail], tolerances)
                        .map(|accuracy| (Shape::Series(series), accuracy))
                }
            }
        };
        Ok(plans.par_iter().zip(totals).map(outcome).collect())
    }

    pub(super) fn series_tolerances(&self) -> [f64; 3] {
        if self.has_kinks() { TOLERANCES_AT_KINKS } else { SERIES_TOLERANCES }
    }

    /// Is there a bent cost whose density starts above 0? An effect then moves that start across corners of the contract,
    /// where the second derivative of its moments jumps. Of prices alone, whose density starts nowhere (at infinity), the
    /// first one does, at every price: more nodes do not bring a series of them within the tolerances, and a lattice takes
    /// what one misses.
    fn has_kinks(&self) -> bool {
        let bent = |(_, amount): &&(f64, Amount)| amount.layer.proportional().is_none();
        let mut amounts = self.persons.iter().flat_map(Person::amounts).filter(bent);
        self.has_effects()
            && amounts.any(|(_, amount)| {
                let least = amount.distribution.density_from();
                least > 0.0 && least.is_finite()
            })
    }

    /// The transform of a unit's distance from its start, up to where the frequencies have died out; none where they
    /// have not.
    fn transform(
        &self,
        plan: &Plan,
        sums: Vec<Vec<Vec<Complex64>>>,
        effect_nodes: &EffectNodes,
        frequencies: &Frequencies,
        shared: f64,
        own: f64,
    ) -> Option<Vec<Complex64>> {
        if shared == 0.0 && own == 0.0 {
            return alive(sums[0][0].iter().copied().map(complex::exp).collect());
        }
        // The phase of the last frequency over one SD of an effect's normal variate says how many nodes its integral
        // needs.
        let top = frequencies.phase_step * frequencies.count as f64;
        let count = |mean: f64, sigma: f64| enough_nodes(1.5 * top * mean * sigma);
        let total: f64 = plan.practices.iter().map(|people| self.mean(people)).sum();
        let outer = nodes(shared, if shared > 0.0 { count(total, shared) } else { 1 });
        let practices: Vec<Practice> = plan
            .practices
            .iter()
            .zip(sums)
            .map(|(people, sums)| Practice { sums, inner: nodes(own, count(self.mean(people), own)) })
            .collect();
        let mut all = vec![Complex64::ZERO; frequencies.count + 1];
        for node in &outer {
            let mut year = vec![Complex64::new(node.weight, 0.0); frequencies.count + 1];
            for practice in &practices {
                let values = practice.transform(effect_nodes, node.log);
                year.iter_mut().zip(values).for_each(|(product, value)| *product *= value);
            }
            all.iter_mut().zip(year).for_each(|(sum, value)| *sum += value);
        }
        alive(all)
    }
}

/// Practice: logarithms of the transform of its people's total at every node of the effects.
struct Practice {
    sums: Vec<Vec<Complex64>>,
    inner: Vec<Node>,
}

impl Practice {
    /// The transform of its total in a year in which the effect that it shares has this logarithm.
    fn transform(&self, effect_nodes: &EffectNodes, shared: f64) -> Vec<Complex64> {
        let frequencies = self.sums[0].len();
        let mut all = vec![Complex64::ZERO; frequencies];
        let mut given = vec![Complex64::ZERO; frequencies];
        for node in &self.inner {
            given.fill(Complex64::ZERO);
            for (weight, values) in effect_nodes.weights(shared + node.log).into_iter().zip(&self.sums) {
                given.iter_mut().zip(values).for_each(|(sum, value)| *sum += weight * value);
            }
            all.iter_mut().zip(&given).for_each(|(sum, value)| *sum += node.weight * complex::exp(*value));
        }
        all
    }
}

/// By how much the largest of a transform is above that at frequency 0, in terms of it: of a distribution that is damped
/// by one factor, none is.
pub(super) fn excess(values: &[Complex64]) -> f64 {
    let size = |value: &Complex64| libm::hypot(value.re, value.im);
    values.iter().map(size).fold(0.0, f64::max) / values.first().map_or(1.0, size) - 1.0
}

/// The frequencies up to where they have died out, and stayed so for a third as long again.
pub(super) fn alive(mut values: Vec<Complex64>) -> Option<Vec<Complex64>> {
    let size = |value: &Complex64| libm::hypot(value.re, value.im);
    let first = size(values.first()?);
    let loud = |value: &Complex64| size(value) > SILENT * first;
    let last = values.iter().rposition(loud)? + 1;
    if 4 * last > 3 * values.len() {
        return None;
    }
    values.truncate(last);
    Some(values)
}
