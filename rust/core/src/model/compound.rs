//! The moments of a year of Poisson events.
//!
//! Without a ceiling they are the cumulants of a compound Poisson law. With one, the law of the year up to the last
//! corner of the contract comes from Panjer's recursion (1981) on a grid, with severities spread over the two
//! neighbouring points so that limited means are kept (Gerber 1982). A ceiling that the year does not reach is no
//! ceiling: the grid would be too coarse for the events below it.

use super::line::power_of_line;
use super::{EventType, SeverityKind};
use crate::contract::StopLoss;
use crate::severity::Family;

/// Points of the grid. The error of a second moment falls with its square: two grids extrapolate it away (Richardson).
const POINTS: usize = 4096;

pub(super) struct Compound<'a> {
    types: &'a [EventType],
    rate: f64,
}

impl<'a> Compound<'a> {
    pub(super) fn new(types: &'a [EventType]) -> Self {
        Self { types, rate: types.iter().map(|t| t.rate).sum() }
    }

    /// E[net^k] for k = 1, 2, 3.
    pub(super) fn raw_moments(&self, stop_loss: Option<&StopLoss>) -> [f64; 3] {
        let gross = self.gross();
        let Some(stop_loss) = stop_loss.filter(|s| !self.never_reaches(s.ceiling(), gross)) else {
            return gross;
        };
        let coarse = self.net(stop_loss, gross, POINTS / 2);
        let fine = self.net(stop_loss, gross, POINTS);
        std::array::from_fn(|k| fine[k] + (fine[k] - coarse[k]) / 3.0)
    }

    fn gross(&self) -> [f64; 3] {
        let cumulant = |k: u32| -> f64 {
            self.types.iter().map(|t| t.rate * t.severity.partial_moment(k, f64::INFINITY)).sum()
        };
        let [c1, c2, c3] = [1, 2, 3].map(cumulant);
        [c1, c2 + c1 * c1, c3 + 3.0 * c2 * c1 + c1 * c1 * c1]
    }

    /// Is a ceiling so far out that no moment feels it? Neither many events (15 SDs above the mean) nor a few large
    /// ones (a tenth of the ceiling each) get there with more than a 1e-7 of any moment.
    fn never_reaches(&self, ceiling: f64, [m1, m2, _]: [f64; 3]) -> bool {
        let far = m1 + 15.0 * (m2 - m1 * m1).max(0.0).sqrt() < ceiling;
        far && (1..=3).all(|k| {
            let moment = |x| self.types.iter().map(|t| t.rate * t.severity.partial_moment(k, x)).sum::<f64>();
            let all = moment(f64::INFINITY);
            all.is_finite() && all - moment(ceiling / 10.0) <= 1e-7 * all
        })
    }

    /// E[min(severity, x)], over all types.
    fn limited_mean(&self, x: f64) -> f64 {
        let one = |t: &EventType| {
            let s = &t.severity;
            t.rate * (s.partial_moment(1, x) + x * (1.0 - s.partial_moment(0, x)))
        };
        self.types.iter().map(one).sum::<f64>() / self.rate
    }

    fn net(&self, s: &StopLoss, gross: [f64; 3], points: usize) -> [f64; 3] {
        let limited = s.limit().is_some();
        // Past the last corner the net cost is a straight line.
        let end = if limited { s.exhausted_at() } else { s.ceiling() };
        let (fixed, slope) =
            if limited { (-s.ceded(end), 1.0) } else { (s.ceiling() * s.share(), 1.0 - s.share()) };
        let moment = |j: u32| if j == 0 { 1.0 } else { gross[j as usize - 1] };
        let line = |k| power_of_line(k, fixed, slope, moment);
        let mut moments = [1, 2, 3].map(line);
        if end > 0.0 && self.rate > 0.0 {
            let step = self.step(end / points as f64);
            let points = (end / step) as usize + 1;
            for (n, probability) in self.law(step, points).into_iter().enumerate() {
                let cost = n as f64 * step;
                let (net, straight) = (cost - s.ceded(cost), fixed + slope * cost);
                for (k, moment) in moments.iter_mut().enumerate() {
                    let power = k as i32 + 1;
                    *moment += probability * (net.powi(power) - straight.powi(power));
                }
            }
        }
        moments
    }

    /// At most `step`, and a part of the first fixed price, so that years of that price stand on the grid.
    fn step(&self, step: f64) -> f64 {
        let fixed = |t: &&EventType| {
            matches!(t.severity.kind(), SeverityKind::Parametric { family: Family::Fixed, .. })
        };
        match self.types.iter().find(fixed).map(|t| t.severity.mean()) {
            Some(price) if price > step => price / (price / step).ceil(),
            _ => step,
        }
    }

    /// The probabilities of the year's cost at the first points of a grid.
    fn law(&self, step: f64, points: usize) -> Vec<f64> {
        let means: Vec<f64> = (0..=points).map(|j| self.limited_mean(j as f64 * step)).collect();
        let mut severity = vec![1.0 - means[1] / step];
        severity.extend(means.windows(3).map(|m| (2.0 * m[1] - m[0] - m[2]) / step));
        let mut law: Vec<f64> = vec![libm::exp(-self.rate * (1.0 - severity[0]))];
        for n in 1..points {
            let sum: f64 = (1..=n).map(|j| j as f64 * severity[j] * law[n - j]).sum();
            law.push(sum * self.rate / n as f64);
        }
        law
    }
}
