//! Arrow tables to and from the fundholder engine, with the schema rules: all problems of a table in one pass.

mod column;
mod costs;
mod distributions;
mod formula;
mod identities;
mod labels;
mod lookalikes;
mod observed_costs;
mod population_columns;
mod read_population;
mod results;
mod services;
mod settled;
mod source;
mod table;
mod unit_numbers;

pub use column::Rule;
pub use costs::{annual_model, events_model, model_table, moments_table};
pub use distributions::{
    Level as PeopleLevel, VarianceOptions, cumulative_table, distribution_table, expected, variance_table,
};
pub use formula::{
    Applied, Codes, Design, Distances, Evaluated, Fit, Fitted, Formula, NeedComponent, UnitNeed, add_up,
    need_by_unit, uniforms,
};
pub use labels::{Label, Labels};
pub use observed_costs::model_from_costs;
pub use population_columns::Reader;
pub use read_population::{describe, described_run, draw, read_population};
pub use results::{
    LabelledNumber, Level, integers_table, level_of_table, level_table, size_band_table, summary_table,
    totals_table,
};
pub use services::{model_with_services, services_table};
pub use settled::{ContractColumns, Payment, settled_level, settled_units};
pub use source::{OTHER_COLUMNS, Source, or_empty, unreadable, with_schema};
pub use table::{CheckedTable, LabelColumn, NumberColumn, TableRules, read_long_table, read_table};
pub use unit_numbers::{HolderNumbers, UnitNumbers};
