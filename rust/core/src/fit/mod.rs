//! Least squares of cost on what is known of people: the normal equations in one pass, robust errors in a second.

mod constant_runs;
mod equations;
mod gram;
mod linear;
mod nnls;
mod packed_pairs;
mod scores;
mod solve;
mod tile;
mod units;

pub use gram::{Gram, MOST_ROWS};
pub use linear::Linear;
pub use scores::Scores;
pub use solve::{Solution, Status, solve};
pub use units::UnitFeatures;

/// What is known of the people of a batch: a few indicators of each (their age and sex, their diagnoses), and numbers.
#[derive(Clone, Debug, Default)]
pub struct Features {
    pub rows: usize,
    /// The indicators of row i are `indicators[starts[i]..starts[i + 1]]`, each once.
    pub starts: Vec<u32>,
    pub indicators: Vec<u32>,
    /// Columns of finite numbers.
    pub numbers: Vec<Vec<f64>>,
}

impl Features {
    /// Numbers alone, without indicators.
    pub fn plain(numbers: Vec<Vec<f64>>) -> Self {
        let rows = numbers.first().map_or(0, Vec::len);
        Self { rows, starts: vec![0; rows + 1], indicators: Vec::new(), numbers }
    }

    #[inline]
    pub fn of(&self, row: usize) -> &[u32] {
        &self.indicators[self.starts[row] as usize..self.starts[row + 1] as usize]
    }
}

/// A column of the design.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// One for everyone.
    Intercept,
    Indicator(u32),
    Number(u32),
}
