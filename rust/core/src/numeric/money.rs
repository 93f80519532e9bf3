//! Money is an integer: totals are 64-bit counts of a hundredth of a penny, so that sums are the same in any order.

use std::ops::RangeInclusive;

/// Units of money in a pound: hundredths of a penny.
pub const UNITS_PER_POUND: f64 = 10_000.0;

/// Units of money that no person-year may cost (£225 billion); a chunk of such people still adds up without overflow.
pub(crate) const MAX_PERSON_YEAR: f64 = 2_251_799_813_685_248.0; // 2^51

/// The least and the largest amount (£) of an input that is not 0: powers of all between stay within double precision.
pub const AMOUNTS: RangeInclusive<f64> = 1e-9..=1e15;

/// What an amount must be, in words.
pub const AMOUNT: &str = "a finite number of £, 0 or more (0, or from 1e-9 to 1e15)";

/// Whether an amount (£) of an input is served.
pub fn is_amount(pounds: f64) -> bool {
    pounds == 0.0 || AMOUNTS.contains(&pounds)
}

/// Pounds of so many units of money.
#[inline]
pub fn pounds(units: i64) -> f64 {
    units as f64 / UNITS_PER_POUND
}

/// Whole units of money of so many pounds.
#[inline]
pub fn units(pounds: f64) -> i64 {
    libm::rint(pounds * UNITS_PER_POUND) as i64
}

/// Tally: what one draw, one chunk of people or one unit's year adds up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Cost before the contract.
    pub gross: i64,
    /// Cost passed on by the contract.
    pub ceded: i64,
    /// Net cost with practice and national effects held at 1.
    pub chance_net: i64,
}

impl Tally {
    /// Adds another tally, or says that the sum does not fit.
    pub(crate) fn checked_add(self, other: Tally) -> Option<Tally> {
        Some(Tally {
            gross: self.gross.checked_add(other.gross)?,
            ceded: self.ceded.checked_add(other.ceded)?,
            chance_net: self.chance_net.checked_add(other.chance_net)?,
        })
    }
}
