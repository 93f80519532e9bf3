//! Columns of a population that are not read though one that is read was meant, by their names.

use arrow_schema::{DataType, Schema};
use fundholder_core::error::{Code, Problem};
use strsim::osa_distance;

use crate::column::{Problems, is_numeric};

/// What columns that are read are called elsewhere. A population of lists without `count` is one of single persons, so
/// that everything published sizes are called is here.
const ALSO_CALLED: [(&str, &[&str]); 4] = [
    (
        "count",
        &[
            "counts",
            "headcount",
            "list_size",
            "listsize",
            "number_of_patients",
            "patients",
            "people",
            "persons",
            "pop",
            "population",
            "registered",
            "registered_patients",
            "total_patients",
        ],
    ),
    ("scale", &["scales", "scaling"]),
    ("p_any", &["pany", "p_cost"]),
    ("person", &["person_id", "patient", "patient_id"]),
];
const READ: [&str; 6] = ["practice", "band", "count", "scale", "p_any", "person"];

/// Columns that are not read, with the column that each was meant to be by its name. `levels` are read.
fn lookalikes<'a>(schema: &'a Schema, levels: &[String]) -> Vec<(&'a str, &'static str)> {
    let is_read = |name: &str| READ.contains(&name) || levels.iter().any(|level| level == name);
    let names = schema.fields().iter().filter(|field| !is_read(field.name()));
    let meant =
        names.filter_map(|field| Some((field.name().as_str(), meant_by(field.name(), field.data_type())?)));
    meant.filter(|(_, meant)| schema.column_with_name(meant).is_none()).collect()
}

fn meant_by(name: &str, data_type: &DataType) -> Option<&'static str> {
    let plain = name.trim().to_lowercase().replace([' ', '-'], "_");
    let called = |(column, others): &(&'static str, &[&str])| {
        (plain == *column || others.contains(&plain.as_str())).then_some(*column)
    };
    // A county is no count.
    let slip = |column: &&'static str| is_numeric(data_type) && osa_distance(&plain, column) == 1;
    let exact = READ.into_iter().find(|column| plain == *column);
    exact.or_else(|| ALSO_CALLED.iter().find_map(called)).or_else(|| READ.into_iter().find(slip))
}

/// Names a column that holds the people of each row under another name than `count`, where rows would else be single
/// persons; gives a warning for each other column that is not read though one that is read was meant.
pub(crate) fn check_lookalikes(schema: &Schema, levels: &[String], problems: &mut Problems) -> Vec<String> {
    let mut warnings = Vec::new();
    for (name, meant) in lookalikes(schema, levels) {
        if meant == "count" && schema.column_with_name("person").is_none() {
            let allowed = "called 'count' if it says how many people a row stands for, and left out if not";
            let text = format!(
                "column '{name}' of the population is not read, and without 'count' a row is one person: must be {allowed}"
            );
            problems.value(Problem::new(Code::MissingColumn, text).of(name).must_be(allowed));
        } else {
            warnings.push(format!("column '{name}' of the population is ignored: is it '{meant}'?"));
        }
    }
    warnings
}
