//! Arrow tables to and from the fundholder engine, with the schema rules: all problems of a table in one pass.

mod budgets;
mod column;
mod costs;
mod distributions;
mod formula;
mod labels;
mod population;
mod results;

pub use budgets::Budgets;
pub use costs::{annual_model, events_model, model_from_costs, model_table, moments_table};
pub use distributions::{
    Level as PeopleLevel, cumulative_table, distribution_table, expected, variance_table,
};
pub use formula::{Applied, Codes, Design, Fit, Fitted, Formula, Source, add_up, places};
pub use labels::{Label, Labels};
pub use population::Reader;
pub use results::{LabelledNumber, Level, size_band_table, summary_table, totals_table};
