//! Formulas for the cost of a person: fitted to tables of persons, and applied to them.

mod add_up;
mod apply;
mod codes;
mod design;
mod evaluate;
mod features;
mod fit;
mod layout;
mod parts;
mod person_columns;
mod person_costs;
mod terms;
mod unit_need;

pub use add_up::{add_up, uniforms};
pub use apply::{Applied, Formula};
pub use codes::Codes;
pub use design::Design;
pub use evaluate::{Distances, Evaluated};
pub use fit::{Fit, Fitted};
pub use unit_need::{NeedComponent, UnitNeed, need_by_unit};
