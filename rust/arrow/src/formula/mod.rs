//! Formulas for the cost of a person: fitted to tables of persons, and applied to them.

mod add_up;
mod apply;
mod codes;
mod features;
mod fit;
mod parts;
mod terms;

pub use add_up::{add_up, places};
pub use apply::{Applied, Formula};
pub use codes::Codes;
pub use fit::{Design, Fit, Fitted};
pub use parts::Source;
