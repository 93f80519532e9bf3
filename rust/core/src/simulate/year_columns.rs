//! Columns of a year, of whatever kind its distribution is.

use super::columns::{EventColumns, put_parts};
use super::services::ServiceTable;

/// Columns of a person's year beside gross and ceded cost.
pub(crate) enum YearColumns {
    /// By the size of one amount.
    Annual(ServiceTable),
    /// By the type of each event.
    Events(EventColumns),
}

impl YearColumns {
    /// Number of the sums of a replication, where there are so many columns.
    pub(crate) fn sums(&self, columns: usize) -> usize {
        match self {
            Self::Annual(table) => table.sums(),
            Self::Events(_) => 2 * columns,
        }
    }

    /// The amounts of the columns of a replication from its sums, in 2^-24 units of money.
    pub(crate) fn put_amounts(&self, sums: &[i64], amounts: &mut [i128]) {
        match self {
            Self::Annual(table) => table.put_amounts(sums, amounts),
            Self::Events(_) => put_parts(sums, amounts),
        }
    }
}
