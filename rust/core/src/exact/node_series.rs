//! Units whose totals an effect makes smooth, but not a series interpolated over it: costs that are certain, or that
//! vary little beside the effect. Each is a Fourier series whose transform is taken at every node of the effects.

use std::f64::consts::TAU;

use super::effect_nodes::{ProductNodes, enough_spacing};
use super::fourier_series::Series;
use super::quadrature::{self, Frequencies};
use super::series_units::{alive, excess};
use super::transforms::{MOST_VALUES, Transforms};
use super::windows::Plan;
use super::{Accuracy, DAMPING, Outcome, Prepared, Shape};
use crate::model::Amount;
use crate::numeric::complex::Complex64;
use crate::run::RunError;

/// Products of values that are worth their time: some ten seconds.
const MOST_PRODUCTS: f64 = 2e10;

impl Prepared<'_> {
    pub(super) fn series_at_nodes(
        &self,
        plans: &[Plan],
        width: f64,
        tail: usize,
        count: usize,
        (shared, own): (f64, f64),
    ) -> Result<Vec<Outcome>, RunError> {
        let one = |plan: &Plan| self.at_nodes(plan, width, tail, count, (shared, own));
        // One after another: the transforms of one take all threads, and all memory that they may.
        plans.iter().map(one).collect()
    }

    fn at_nodes(
        &self,
        plan: &Plan,
        width: f64,
        tail: usize,
        count: usize,
        (shared, own): (f64, f64),
    ) -> Result<Outcome, RunError> {
        let (phase_step, damping) = (TAU / width, DAMPING[tail] / width);
        let farthest = plan.start + width;
        let frequencies = Frequencies {
            phase_step,
            count,
            damping,
            end: farthest + width,
            people: plan.moments.people as f64,
        };
        // A total moves in proportion to the effect, or less. Within the window its phase goes round no faster than
        // that of the window's end, so that no frequency is taken for another.
        let top = phase_step * count as f64 * farthest;
        let spacing = [shared, own]
            .into_iter()
            .filter(|sigma| *sigma > 0.0)
            .map(|sigma| enough_spacing(top * sigma, sigma))
            .fold(f64::INFINITY, f64::min);
        let nodes = ProductNodes::new([shared, own], spacing);
        let practices = plan.practices.len();
        let products = (nodes.outer.len() * nodes.inner.len() * practices) as f64 * count as f64;
        if products > MOST_PRODUCTS {
            return Ok(Err(Accuracy::NONE));
        }
        let of = |amount: &Amount| quadrature::transform(amount, &self.cuts, &frequencies);
        let exponent = |k: usize| Complex64::new(-damping, k as f64 * phase_step);
        let together = (MOST_VALUES / (nodes.logs.len() * practices)).clamp(1, count + 1);
        let mut values = Vec::with_capacity(count + 1);
        for from in (0..=count).step_by(together) {
            let range = from..(from + together).min(count + 1);
            let one = std::slice::from_ref(plan);
            let transforms = Transforms { prepared: self, plans: one, logs: &nodes.logs, range, of };
            for practices in transforms.totals(exponent, |plan| plan.start)? {
                values.extend(self.over_effects(practices, &nodes)?);
            }
        }
        let Some(values) = alive(values) else { return Ok(Err(Accuracy::NONE)) };
        let series = Series::new(plan.start, width, damping, &values);
        Ok(plan
            .judge(series.moments(), excess(&values), &plan.windows[tail], self.series_tolerances())
            .map(|accuracy| (Shape::Series(series), accuracy)))
    }
}
