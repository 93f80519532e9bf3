//! Least squares of cost on what is known of people: the normal equations in one pass, robust errors in a second.
//!
//! Sums of products are exact ([`Gram`]), so that they are the same for people in any order and any parts, and parts
//! can be added up on threads of the caller's own.
//!
//! ```
//! use fundholder_core::fit::{Column, Features, Gram, Linear, solve};
//! use fundholder_core::run::Progress;
//! use fundholder_core::simd::Processor;
//!
//! // Four people: their age band (an indicator of each), their need and their cost (numbers).
//! let people = Features {
//!     rows: 4,
//!     starts: vec![0, 1, 2, 3, 4],
//!     indicators: vec![0, 1, 0, 1],
//!     numbers: vec![vec![0.5, 1.5, -1.0, 4.0], vec![301.0, 603.0, 298.0, 608.0]],
//! };
//! let mut gram = Gram::new(2, false);
//! gram.add(&people, None, Processor::best(), &Progress::default());
//! let columns = [Column::Indicator(0), Column::Indicator(1), Column::Number(0)];
//! let never = || false; // nobody stops it
//! let solution = solve(&gram, &columns, Column::Number(1), &[false; 3], &never).unwrap();
//! assert_eq!(solution.coefficients, [300.0, 600.0, 2.0]);
//!
//! let mut formula = Linear::new(2, 1);
//! columns.iter().zip(&solution.coefficients).for_each(|(&column, &b)| formula.add(column, b));
//! let need = Features { numbers: vec![people.numbers[0].clone()], ..people };
//! assert_eq!(formula.of(&need), [301.0, 603.0, 298.0, 608.0]);
//! ```

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

/// Features: what is known of the people of a batch. A few indicators of each (their age and sex, their diagnoses), and
/// numbers.
#[derive(Clone, Debug, Default)]
pub struct Features {
    /// Number of people.
    pub rows: usize,
    /// The indicators of row i are `indicators[starts[i]..starts[i + 1]]`, each once.
    pub starts: Vec<u32>,
    /// Numbers of indicators, row after row.
    pub indicators: Vec<u32>,
    /// Columns of finite numbers.
    pub numbers: Vec<Vec<f64>>,
}

impl Features {
    /// Features of numbers alone, without indicators.
    pub fn plain(numbers: Vec<Vec<f64>>) -> Self {
        let rows = numbers.first().map_or(0, Vec::len);
        Self { rows, starts: vec![0; rows + 1], indicators: Vec::new(), numbers }
    }

    /// Leaves out the rows that are not kept.
    pub fn retain(&mut self, keep: &[bool]) {
        let kept: Vec<usize> = (0..self.rows).filter(|&row| keep[row]).collect();
        let indicators = kept.iter().flat_map(|&row| self.of(row)).copied().collect();
        let mut starts = vec![0];
        starts.extend(kept.iter().scan(0, |end, &row| {
            *end += self.of(row).len() as u32;
            Some(*end)
        }));
        let numbers =
            self.numbers.iter().map(|column| kept.iter().map(|&row| column[row]).collect()).collect();
        *self = Self { rows: kept.len(), starts, indicators, numbers };
    }

    /// The indicators of a row.
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
    /// One for those who have the indicator of this number.
    Indicator(u32),
    /// The column of numbers with this index.
    Number(u32),
}
