use std::sync::Arc;

use super::Distribution;
use super::interval::{from_tails, move_origin};
use crate::numeric::power::integer_power;

/// A distribution given that its rank is above `from` and at most `to`: an atom on an end is cut in two.
pub(crate) struct Truncated {
    inner: Arc<dyn Distribution>,
    from: f64,
    to: f64,
    low: f64,
    high: f64,
    /// E[X^k; rank <= from] and E[X^k; rank <= to].
    below: [[f64; 5]; 2],
}

impl Truncated {
    /// The ranks are from 0 to 1, ascending.
    pub(crate) fn new(inner: Arc<dyn Distribution>, from: f64, to: f64) -> Self {
        let at =
            |rank: f64| if rank > 0.5 { inner.inverse_survival(1.0 - rank) } else { inner.inverse_cdf(rank) };
        let low = if from > 0.0 { at(from) } else { 0.0 };
        let high = if to < 1.0 { at(to) } else { f64::INFINITY };
        let up_to = |x: f64, rank: f64| {
            [0, 1, 2, 3, 4].map(|k| {
                let moment = inner.partial_moment(k, x);
                let cut =
                    if x.is_finite() { (inner.cdf(x) - rank) * integer_power(x, k as i32) } else { 0.0 };
                moment - cut
            })
        };
        let below = [up_to(low, from), up_to(high, to)];
        Self { inner, from, to, low, high, below }
    }

    fn mass(&self) -> f64 {
        self.to - self.from
    }
}

impl Distribution for Truncated {
    fn mean(&self) -> f64 {
        self.partial_moment(1, f64::INFINITY)
    }

    fn cdf(&self, x: f64) -> f64 {
        if self.from > 0.5 {
            return 1.0 - self.survival(x);
        }
        ((self.inner.cdf(x) - self.from) / self.mass()).clamp(0.0, 1.0)
    }

    fn survival(&self, x: f64) -> f64 {
        ((self.inner.survival(x) - (1.0 - self.to)) / self.mass()).clamp(0.0, 1.0)
    }

    fn inverse_cdf(&self, w: f64) -> f64 {
        let rank = self.from + w * self.mass();
        let x = if rank > 0.5 {
            self.inner.inverse_survival((1.0 - self.from) - w * self.mass())
        } else {
            self.inner.inverse_cdf(rank)
        };
        x.clamp(self.low, self.high)
    }

    fn inverse_survival(&self, v: f64) -> f64 {
        let above = (1.0 - self.to) + v * self.mass();
        let x = if above < 0.5 {
            self.inner.inverse_survival(above)
        } else {
            self.inner.inverse_cdf(self.to - v * self.mass())
        };
        x.clamp(self.low, self.high)
    }

    fn partial_moment(&self, k: u32, x: f64) -> f64 {
        if k == 0 || x.is_nan() {
            return self.cdf(x);
        }
        if x < self.low {
            return 0.0;
        }
        let [below_low, below_high] = self.below.map(|moments| moments[k as usize]);
        let up_to = if x >= self.high { below_high } else { self.inner.partial_moment(k, x) };
        ((up_to - below_low) / self.mass()).max(0.0)
    }

    fn interval(&self, a: f64, b: f64) -> [f64; 4] {
        let mut sums = [0.0; 4];
        for (x, probability) in self.atoms().into_iter().filter(|(x, _)| *x > a && *x <= b) {
            let powers = [0, 1, 2, 3].map(|k| probability * integer_power(x - a, k));
            sums.iter_mut().zip(powers).for_each(|(sum, power)| *sum += power);
        }
        let (from, to) = (a.max(self.density_from()), b.min(self.high));
        if from < to {
            let smooth = match sums[0] > 0.0 || self.inner.density_from() > 0.0 {
                true => self.inner.interval(from, to).map(|moment| moment / self.mass()),
                false => from_tails(self, from, to),
            };
            let smooth = move_origin(smooth, from - a);
            sums.iter_mut().zip(smooth).for_each(|(sum, moment)| *sum += moment);
        }
        sums
    }

    fn atoms(&self) -> Vec<(f64, f64)> {
        let inside = |(x, probability): (f64, f64)| {
            let up_to = self.inner.cdf(x);
            let share = (up_to.min(self.to) - (up_to - probability).max(self.from)) / self.mass();
            (share > 0.0 && x >= self.low && x <= self.high).then_some((x, share))
        };
        self.inner.atoms().into_iter().filter_map(inside).collect()
    }

    fn density_from(&self) -> f64 {
        let from = self.inner.density_from();
        if from >= self.high { f64::INFINITY } else { from.max(self.low) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::severity::{Empirical, Lognormal};

    /// Do parts of a distribution add up to it, in every function?
    fn adds_up(inner: Arc<dyn Distribution>, ranks: &[f64], at: &[f64]) {
        let parts: Vec<Truncated> =
            ranks.windows(2).map(|r| Truncated::new(inner.clone(), r[0], r[1])).collect();
        let sum = |of: &dyn Fn(&Truncated) -> f64| parts.iter().map(|p| p.mass() * of(p)).sum::<f64>();
        for &x in at {
            for k in 0..5 {
                let all = inner.partial_moment(k, x);
                let close = 1e-12 * all.max(1e-3);
                assert!((sum(&|p| p.partial_moment(k, x)) - all).abs() <= close, "{k} {x}");
            }
            assert!((sum(&|p| p.survival(x)) - inner.survival(x)).abs() <= 1e-14);
        }
        for ends in at.windows(2).filter(|ends| ends[1] < 1.1 * ends[0] || inner.atoms().len() > 1) {
            let all = inner.interval(ends[0], ends[1]);
            for (k, all) in all.into_iter().enumerate() {
                let got = sum(&|p| p.interval(ends[0], ends[1])[k]);
                // Gauss-Legendre over intervals that a rank cuts differ from those that it does not.
                assert!((got - all).abs() <= 1e-6 * all.max(1e-9), "{k} {ends:?} {got} {all}");
            }
        }
        for part in &parts {
            for w in [1e-9, 0.1, 0.5, 0.9, 1.0 - 1e-9] {
                let x = part.inverse_cdf(w);
                assert!(part.cdf(x) >= w - 1e-12 && part.survival(part.inverse_survival(w)) <= w + 1e-12);
            }
        }
    }

    #[test]
    fn do_ranks_of_a_density_add_up_to_it() {
        let at = [0.01, 0.012, 0.2, 0.21, 1.0, 1.05, 4.0, 4.2, 60.0];
        adds_up(Arc::new(Lognormal::new(1.6).unwrap()), &[0.0, 0.3, 0.9, 0.99, 0.9999, 1.0], &at);
    }

    #[test]
    fn do_ranks_that_cut_atoms_add_up() {
        let values: Vec<f64> = (1..=40).map(|i| f64::from(i * i)).collect();
        let inner = Empirical::new(&values, &vec![1.0; 40]).unwrap();
        adds_up(
            Arc::new(inner),
            &[0.0, 0.01, 0.5, 0.51, 0.99, 1.0],
            &[0.5, 1.0, 16.0, 100.0, 1_000.0, 1_600.0],
        );
    }
}
