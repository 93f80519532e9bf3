//! Observed costs, each drawn with its own probability by one look-up (Walker 1977; construction of Vose 1991).

#[cfg(test)]
mod tests;

use crate::severity::{Empirical, GpdTail};

#[derive(Debug)]
struct Column {
    /// Share of the column that is its own atom; the rest is the other's.
    cut: f64,
    other: u32,
}

#[derive(Debug)]
pub(crate) struct Atoms {
    columns: Vec<Column>,
    values: Vec<f64>,
    /// Where there is a tail, the atom past the last value stands for it.
    tail: Option<GpdTail>,
}

impl Atoms {
    pub(crate) fn new(law: &Empirical) -> Self {
        let tail = law.tail().map(|tail| tail.probability);
        let probabilities: Vec<f64> = law.probabilities().iter().copied().chain(tail).collect();
        let n = probabilities.len() as f64;
        let mut scaled: Vec<f64> = probabilities.iter().map(|p| p * n).collect();
        let (mut small, mut large): (Vec<u32>, Vec<u32>) =
            (0..scaled.len() as u32).partition(|&i| scaled[i as usize] < 1.0);
        let mut columns: Vec<Column> =
            (0..scaled.len() as u32).map(|other| Column { cut: 1.0, other }).collect();
        while let (Some(less), Some(&more)) = (small.pop(), large.last()) {
            columns[less as usize] = Column { cut: scaled[less as usize], other: more };
            scaled[more as usize] -= 1.0 - scaled[less as usize];
            if scaled[more as usize] < 1.0 {
                large.pop();
                small.push(more);
            }
        }
        Self { columns, values: law.values().to_vec(), tail: law.tail().copied() }
    }

    /// The atom at v, and where v stands within it.
    #[inline]
    fn find(&self, v: f64) -> (usize, f64) {
        let place = v * self.columns.len() as f64;
        let i = (place as usize).min(self.columns.len() - 1);
        let within = place - i as f64;
        let Column { cut, other } = self.columns[i];
        if within < cut { (i, within / cut) } else { (other as usize, (within - cut) / (1.0 - cut)) }
    }

    /// The cost at v, unless v is in the tail.
    #[inline]
    pub(crate) fn body(&self, v: f64) -> Option<f64> {
        self.values.get(self.find(v).0).copied()
    }

    #[inline]
    pub(crate) fn at(&self, v: f64) -> f64 {
        let (i, within) = self.find(v);
        match (&self.tail, self.values.get(i)) {
            (_, Some(&value)) => value,
            // The tail's quantile is infinite at 0.
            (Some(tail), None) => tail.threshold + tail.excess_inverse_survival(within.max(1e-18)),
            (None, None) => 0.0,
        }
    }
}
