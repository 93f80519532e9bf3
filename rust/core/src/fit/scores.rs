//! Scores: residuals times columns, added up by cluster. They are what errors by cluster are made of.

use super::{Column, Features};
use crate::numeric::exact_sums::GroupSums;

/// Sums of scores (weighted residual times column) by cluster.
#[derive(Clone, Debug)]
pub struct Scores {
    /// One for each indicator, and one for everyone.
    columns: usize,
    /// Of each cluster, the residuals of people with each indicator, then of everyone.
    indicators: GroupSums,
    numbers: GroupSums,
    /// Which clusters have rows.
    clusters: Vec<bool>,
}

impl Scores {
    /// Empty sums over so many indicators and columns of numbers.
    pub fn new(indicators: usize, numbers: usize) -> Self {
        Self {
            columns: indicators + 1,
            indicators: GroupSums::new(1),
            numbers: GroupSums::new(numbers),
            clusters: Vec::new(),
        }
    }

    /// Adds rows with their weighted residuals and clusters.
    pub fn add(&mut self, features: &Features, residuals: &[f64], clusters: &[u32]) {
        let (mut groups, mut values) = (Vec::new(), Vec::new());
        for (row, (&residual, &cluster)) in residuals.iter().zip(clusters).enumerate() {
            self.clusters.resize(self.clusters.len().max(cluster as usize + 1), false);
            self.clusters[cluster as usize] = true;
            let of_cluster = cluster * self.columns as u32;
            groups.extend(features.of(row).iter().map(|i| of_cluster + i));
            groups.push(of_cluster + self.columns as u32 - 1);
            values.resize(groups.len(), residual);
        }
        self.indicators.add(&groups, &[&values]);
        let times = |column: &Vec<f64>| column.iter().zip(residuals).map(|(x, e)| x * e).collect();
        let products: Vec<Vec<f64>> = features.numbers.iter().map(times).collect();
        let products: Vec<&[f64]> = products.iter().map(Vec::as_slice).collect();
        self.numbers.add(clusters, &products);
    }

    /// Whether a row of this cluster has been added.
    pub fn has(&self, cluster: u32) -> bool {
        self.clusters.get(cluster as usize).is_some_and(|&has| has)
    }

    /// The sum over clusters, in this order, of the products of the scores of all pairs of columns, row by row.
    pub fn products(&self, columns: &[Column], clusters: &[u32]) -> Vec<f64> {
        let size = columns.len();
        let mut sums = vec![0.0; size * size];
        for &cluster in clusters {
            let first = cluster as usize * self.columns;
            let score = |column: &Column| match *column {
                Column::Intercept => self.indicators.sum(first + self.columns - 1, 0),
                Column::Indicator(i) => self.indicators.sum(first + i as usize, 0),
                Column::Number(n) => self.numbers.sum(cluster as usize, n as usize),
            };
            let scores = columns.iter().map(score).enumerate().filter(|(_, score)| *score != 0.0);
            let scores: Vec<(usize, f64)> = scores.collect();
            for &(i, a) in &scores {
                for &(j, b) in &scores {
                    sums[i * size + j] += a * b;
                }
            }
        }
        sums
    }
}
