//! Alias table: observed costs, each drawn with its own probability by one look-up (Walker 1977; construction of Vose
//! 1991).

#[cfg(test)]
mod tests;

use crate::severity::{Empirical, GpdTail};

/// Column of a table: one atom, and what fills the rest.
#[derive(Debug)]
pub(crate) struct Column {
    /// Share of the column that is its own atom; the rest is the other's.
    pub cut: f64,
    pub other: u32,
}

/// Columns, each as likely as the others, of atoms with these probabilities.
pub(crate) fn columns(probabilities: &[f64]) -> Vec<Column> {
    let n = probabilities.len() as f64;
    let mut scaled: Vec<f64> = probabilities.iter().map(|p| p * n).collect();
    let (mut below, mut above): (Vec<u32>, Vec<u32>) =
        (0..scaled.len() as u32).partition(|&i| scaled[i as usize] < 1.0);
    let mut columns: Vec<Column> = (0..scaled.len() as u32).map(|other| Column { cut: 1.0, other }).collect();
    while let (Some(less), Some(&more)) = (below.pop(), above.last()) {
        columns[less as usize] = Column { cut: scaled[less as usize], other: more };
        scaled[more as usize] -= 1.0 - scaled[less as usize];
        if scaled[more as usize] < 1.0 {
            above.pop();
            below.push(more);
        }
    }
    columns
}

/// Alias table of observed costs (£), with or without a fitted tail.
#[derive(Debug)]
pub(crate) struct AliasTable {
    columns: Vec<Column>,
    values: Vec<f64>,
    tail: Option<GpdTail>,
}

impl AliasTable {
    pub(crate) fn new(distribution: &Empirical) -> Self {
        // Given that the cost is not in the tail.
        let body: f64 = 1.0 - distribution.tail().map_or(0.0, |tail| tail.probability);
        let probabilities: Vec<f64> = distribution.probabilities().iter().map(|p| p / body).collect();
        let columns = columns(&probabilities);
        Self { columns, values: distribution.values().to_vec(), tail: distribution.tail().copied() }
    }

    /// Number of values: with more of them, more random bits are needed to give each its own probability.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// The share of draws in the tail: those with the smallest v.
    pub(crate) fn tail_probability(&self) -> f64 {
        self.tail.map_or(0.0, |tail| tail.probability)
    }

    #[inline]
    pub(crate) fn at(&self, v: f64) -> f64 {
        let probability = self.tail_probability();
        match &self.tail {
            Some(tail) if v < probability => tail.threshold + tail.excess_inverse_survival(v / probability),
            _ => self.body((v - probability) / (1.0 - probability)),
        }
    }

    #[inline]
    fn body(&self, v: f64) -> f64 {
        let position = v * self.columns.len() as f64;
        let i = (position as usize).min(self.columns.len() - 1);
        let Column { cut, other } = self.columns[i];
        self.values[if position - (i as f64) < cut { i } else { other as usize }]
    }
}
