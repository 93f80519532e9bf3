//! Rows of a population in columns, as the engine reads them.

/// Rows of people, or of groups of identical people. Practices, bands and units are numbered by the caller; the number
/// of a practice or unit is the same in every batch of a run.
#[derive(Debug, Default)]
pub struct Rows {
    /// Number of the practice.
    pub practice: Vec<u32>,
    /// Number of the band in the cost model.
    pub band: Vec<u32>,
    /// People that the row stands for.
    pub count: Vec<u64>,
    /// Multiplies every cost.
    pub scale: Vec<f64>,
    /// Probability of any cost: the row's own, or its band's.
    pub p_any: Vec<f64>,
    /// The identity of the row; the n-th person of a group has this identity plus n.
    pub identity: Vec<u64>,
    /// For each level, the unit of each row.
    pub units: Vec<Vec<u32>>,
}

impl Rows {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.practice.len()
    }

    /// Can anyone of the row have a cost?
    pub(crate) fn can_cost(&self, row: usize) -> bool {
        self.count[row] > 0 && self.scale[row] > 0.0 && self.p_any[row] > 0.0
    }

    /// Are there no rows?
    pub fn is_empty(&self) -> bool {
        self.practice.is_empty()
    }
}
