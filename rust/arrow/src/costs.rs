//! Cost models from tables, and back.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::builder::{Float64Builder, ListBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef, Float64Array, RecordBatch, StringArray};
use arrow_cast::cast;
use arrow_schema::{DataType, Field};
use fundholder_core::contract::Portion;
use fundholder_core::error::{Code, Error, Problem};
use fundholder_core::model::{
    Band, CostModel, EventType, MAX_RATE, ServiceMix, Severity, SeverityKind, Year,
};
use fundholder_core::run::{Progress, RunError};
use fundholder_core::severity::{Empirical, Family, GpdTail};

use crate::column::{
    COST, FRAILTY_SD, PROBABILITY, Problems, RATE, Rule, check_unique_columns, each, numbers, required,
};
use crate::labels::{Label, Labels};
use crate::table::table;

/// The name in a table of a distribution of observed costs.
const EMPIRICAL: &str = "empirical";
const TAIL: [&str; 4] = ["tail_threshold", "tail_scale", "tail_shape", "tail_probability"];

/// The column of the SD of frailties.
const FRAILTY: &str = "frailty_sd";

/// A model of yearly amounts: band, p_any, family, mean, shape.
pub fn annual_model(batch: &RecordBatch) -> Result<CostModel, Error> {
    let mut problems = Problems::default();
    if batch.column_by_name(FRAILTY).is_some() {
        let text = format!("column '{FRAILTY}': is of events, whose rates it varies: CostModel.events");
        problems.value(Problem::new(Code::NotAllowed, text).of(FRAILTY));
    }
    let p_any = column(batch, "p_any", &PROBABILITY, &mut problems);
    let severities = severities(batch, &mut problems);
    let names = band_names(batch, false, &mut problems);
    let mut seen: HashMap<&str, u64> = HashMap::new();
    for (row, name) in (0..).zip(&names) {
        let Some(name) = name.as_deref() else { continue };
        let earlier = *seen.entry(name).or_insert(row);
        if earlier != row {
            problems.value(Problem::duplicate("band", row, name, earlier));
        }
    }
    problems.check()?;
    let years = p_any.into_iter().zip(severities.into_iter().flatten());
    let years = years.map(|(p_any, severity)| Year::Annual { p_any, severity });
    Ok(CostModel::new(names.into_iter().zip(years).map(|(name, year)| Band { name, year }).collect()))
}

/// A model of events: band, rate, family, mean, shape; several rows of a band are several types of event. The SD of the
/// frailty is that of its column, or else the one given.
pub fn events_model(batch: &RecordBatch, frailty_sd: f64) -> Result<CostModel, Error> {
    let mut problems = Problems::default();
    let frailties = frailties(batch, frailty_sd, &mut problems);
    let rates = column(batch, "rate", &RATE, &mut problems);
    let severities = severities(batch, &mut problems);
    let names = band_names(batch, true, &mut problems);
    let (services, service_of) = event_services(batch, &mut problems);
    let mut bands: Vec<(Option<String>, Vec<EventType>, f64)> = Vec::new();
    let types = rates.into_iter().zip(severities).enumerate();
    for (name, (row, (rate, severity))) in names.into_iter().zip(types) {
        let Some(severity) = severity else { continue };
        let severity = match service_of.get(row) {
            Some(&service) => severity.with_mix(ServiceMix::of_one(service as usize)),
            None => severity,
        };
        let event = EventType { rate, severity };
        let frailty = frailties.get(row).copied().unwrap_or_default();
        match bands.iter_mut().find(|(other, ..)| *other == name) {
            Some((_, types, of_band)) => {
                if *of_band != frailty {
                    let allowed = "the same in all rows of a band";
                    problems.value(Problem::cell(Code::NotAllowed, FRAILTY, row as u64, frailty, allowed));
                }
                types.push(event);
            }
            None => bands.push((name, vec![event], frailty)),
        }
    }
    for (name, types, _) in &bands {
        let rate: f64 = types.iter().map(|t| t.rate).sum();
        if rate > MAX_RATE {
            let name = name.as_deref().unwrap_or("");
            problems.value(Problem::new(Code::NotAllowed, format!(
                "column 'rate', band '{name}': {rate} events per person-year over all types: must be at most {MAX_RATE}"
            )).of("rate"));
        }
    }
    problems.check()?;
    let band = |(name, types, sd): (_, _, f64)| Band { name, year: Year::Events { types, frailty: sd * sd } };
    Ok(CostModel { services, ..CostModel::new(bands.into_iter().map(band).collect()) })
}

/// The SD of the frailty of each row.
fn frailties(batch: &RecordBatch, given: f64, problems: &mut Problems) -> Vec<f64> {
    if !FRAILTY_SD.allows(given) {
        problems.value(Problem::argument(FRAILTY, given, &FRAILTY_SD.allowed));
    }
    if batch.column_by_name(FRAILTY).is_none() {
        return vec![given; batch.num_rows()];
    }
    if given > 0.0 {
        problems.value(Problem::argument(FRAILTY, given, "0 where the table has such a column"));
    }
    column(batch, FRAILTY, &FRAILTY_SD, problems)
}

/// The services of events, and that of each row; none where the table has no such column.
fn event_services(batch: &RecordBatch, problems: &mut Problems) -> (Vec<String>, Vec<u32>) {
    let (mut labels, mut codes) = (Labels::default(), Vec::new());
    if let Some(column) = batch.column_by_name("service") {
        labels.read(column, "service", false, 0, problems, &mut codes);
    }
    (labels.list().iter().map(Label::to_string).collect(), codes)
}

/// A numeric column without nulls.
fn column(batch: &RecordBatch, name: &str, rule: &Rule, problems: &mut Problems) -> Vec<f64> {
    let mut values = Vec::with_capacity(batch.num_rows());
    if let Some(column) = required(batch, name, problems).and_then(|c| numbers(c, name, 0, problems)) {
        each(&column, name, rule, false, 0, problems, |x| values.push(x.unwrap_or(0.0)));
    }
    values
}

/// A numeric column that may be absent or hold nulls.
fn optional(batch: &RecordBatch, name: &str, problems: &mut Problems) -> Vec<Option<f64>> {
    let column = batch.column_by_name(name).and_then(|c| numbers(c, name, 0, problems));
    match column {
        None => vec![None; batch.num_rows()],
        Some(column) => column.iter().collect(),
    }
}

/// The names of the bands; the one band of a model may have none, and with events it may have several rows.
fn band_names(batch: &RecordBatch, events: bool, problems: &mut Problems) -> Vec<Option<String>> {
    let rows = batch.num_rows();
    if rows == 0 {
        problems.value(Problem::new(Code::Empty, "the cost table is empty: must have a row for each band"));
    }
    let all_null = batch.column_by_name("band").is_none_or(|band| band.logical_null_count() == rows);
    if all_null && (rows <= 1 || events) {
        return vec![None; rows];
    }
    let Some(column) = required(batch, "band", problems) else { return Vec::new() };
    let mut labels = Labels::default();
    let mut codes = Vec::new();
    labels.read(column, "band", false, 0, problems, &mut codes);
    codes.into_iter().map(|code| labels.list().get(code as usize).map(Label::to_string)).collect()
}

/// The severity of each row; none where it has been rejected.
fn severities(batch: &RecordBatch, problems: &mut Problems) -> Vec<Option<Severity>> {
    check_unique_columns(
        batch,
        ["band", "p_any", "rate", "family", "mean", "shape", "service", FRAILTY].into_iter(),
        problems,
    );
    let Some(families) = required(batch, "family", problems) else { return Vec::new() };
    let mut labels = Labels::default();
    let mut codes = Vec::new();
    labels.read(families, "family", false, 0, problems, &mut codes);
    let mean = required(batch, "mean", problems).cloned();
    let mean = mean.and_then(|column| numbers(&column, "mean", 0, problems));
    let shape = optional(batch, "shape", problems);
    let tails = TAIL.map(|name| optional(batch, name, problems));
    if !problems.is_empty() && (mean.is_none() || labels.list().is_empty()) {
        return Vec::new();
    }
    let mut read = |row: usize| {
        let mut reject = |name: &str, text: String| {
            let text = format!("column '{name}', row {row}: {text}");
            let problem = Problem::new(Code::NotAllowed, text).of(name);
            problems.value(Problem { row: Some(row as u64), ..problem });
            None
        };
        let family = labels.list()[codes[row] as usize].to_string();
        if family == EMPIRICAL {
            let tail = tails.each_ref().map(|column| column.get(row).copied().flatten());
            return match observed(batch, row, tail) {
                Ok(distribution) => Some(Severity::observed(distribution)),
                Err(text) => reject("values", text),
            };
        }
        // A null has been named as such.
        if labels.list()[codes[row] as usize] == Label::Null {
            return None;
        }
        let family = match Family::from_name(&family) {
            Ok(family) => family,
            Err(text) => return reject("family", format!("{text}, {EMPIRICAL}")),
        };
        let shape = shape.get(row).copied().flatten();
        let mean = mean.as_ref().filter(|mean| mean.is_valid(row)).map(|mean| mean.value(row));
        let mut good = true;
        if let Err(text) = family.distribution(shape) {
            reject("shape", text);
            good = false;
        }
        match mean {
            Some(mean) if COST.allows(mean) => {
                let severity = Severity::parametric(family.name(), mean, shape);
                if good { severity.ok() } else { None }
            }
            Some(mean) => reject("mean", format!("{mean}: must be {}", COST.allowed)),
            None => reject("mean", format!("null: must be {}", COST.allowed)),
        }
    };
    (0..batch.num_rows()).map(&mut read).collect()
}

/// The observed distribution of a row that a model's table holds.
fn observed(batch: &RecordBatch, row: usize, tail: [Option<f64>; 4]) -> Result<Empirical, String> {
    let list = |name: &str| -> Result<Vec<f64>, String> {
        let missing =
            || format!("a row of family {EMPIRICAL} needs lists of numbers 'values' and 'probabilities'");
        let column = batch.column_by_name(name).ok_or_else(missing)?;
        let to = DataType::List(Arc::new(Field::new_list_field(DataType::Float64, true)));
        let column = cast(column, &to).map_err(|_| missing())?;
        let lists = column.as_list::<i32>();
        if lists.is_null(row) {
            return Err(missing());
        }
        let numbers = lists.value(row);
        let numbers = numbers.as_primitive::<Float64Type>();
        numbers.iter().map(|x| x.ok_or_else(missing)).collect()
    };
    let (values, probabilities) = (list("values")?, list("probabilities")?);
    match tail {
        [Some(threshold), Some(scale), Some(shape), Some(probability)] => {
            let tail = GpdTail { threshold, scale, shape, probability };
            Empirical::with_tail(&values, &probabilities, tail)
        }
        [None, None, None, None] => Empirical::new(&values, &probabilities),
        _ => Err(format!("a tail needs all of {}", TAIL.join(", "))),
    }
}

/// The model as a table that reads back as the same model.
pub fn model_table(model: &CostModel) -> RecordBatch {
    let mut rows: Vec<(Option<&str>, f64, &Severity)> = Vec::new();
    for band in &model.bands {
        let name = band.name.as_deref();
        match &band.year {
            Year::Annual { p_any, severity } => rows.push((name, *p_any, severity)),
            Year::Events { types, .. } => rows.extend(types.iter().map(|t| (name, t.rate, &t.severity))),
        }
    }
    let events = model.bands.iter().any(|band| matches!(band.year, Year::Events { .. }));
    let numbers = |of: &dyn Fn(&Severity) -> Option<f64>| -> ArrayRef {
        Arc::new(Float64Array::from_iter(rows.iter().map(|row| of(row.2))))
    };
    let family = |severity: &Severity| match severity.kind() {
        SeverityKind::Parametric { family, .. } => family.name(),
        SeverityKind::Observed(_) => EMPIRICAL,
    };
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        ("band", Arc::new(StringArray::from_iter(rows.iter().map(|row| row.0)))),
        (
            if events { "rate" } else { "p_any" },
            Arc::new(Float64Array::from_iter_values(rows.iter().map(|r| r.1))),
        ),
        ("family", Arc::new(StringArray::from_iter_values(rows.iter().map(|row| family(row.2))))),
        ("mean", numbers(&|severity| Some(severity.mean()))),
        (
            "shape",
            numbers(&|severity| match severity.kind() {
                SeverityKind::Parametric { shape, .. } => *shape,
                SeverityKind::Observed(_) => None,
            }),
        ),
    ];
    let frailty = |year: &Year| match year {
        Year::Events { types, frailty } => vec![frailty.sqrt(); types.len()],
        Year::Annual { .. } => Vec::new(),
    };
    let frailties: Vec<f64> = model.bands.iter().flat_map(|band| frailty(&band.year)).collect();
    if frailties.iter().any(|sd| *sd > 0.0) {
        columns.push((FRAILTY, Arc::new(Float64Array::from(frailties))));
    }
    if events && !model.services.is_empty() {
        let service = |severity: &Severity| Some(model.services[severity.service()?].as_str());
        columns.push(("service", Arc::new(StringArray::from_iter(rows.iter().map(|row| service(row.2))))));
    }
    if rows.iter().any(|row| family(row.2) == EMPIRICAL) {
        let lists = |of: fn(&Empirical) -> &[f64]| -> ArrayRef {
            let mut builder = ListBuilder::new(Float64Builder::new());
            for row in &rows {
                match row.2.kind() {
                    SeverityKind::Observed(distribution) => {
                        builder.append_value(of(distribution).iter().map(|&x| Some(x)))
                    }
                    SeverityKind::Parametric { .. } => builder.append_null(),
                }
            }
            Arc::new(builder.finish())
        };
        columns.push(("values", lists(|distribution| distribution.values())));
        columns.push(("probabilities", lists(|distribution| distribution.probabilities())));
        let parts: [fn(&GpdTail) -> f64; 4] = [|t| t.threshold, |t| t.scale, |t| t.shape, |t| t.probability];
        for (name, part) in TAIL.into_iter().zip(parts) {
            let of = |severity: &Severity| match severity.kind() {
                SeverityKind::Observed(distribution) => distribution.tail().map(part),
                SeverityKind::Parametric { .. } => None,
            };
            columns.push((name, numbers(&of)));
        }
    }
    table(columns)
}

/// band, mean, sd, cv, skewness and p_any of a portion of a person's yearly cost.
pub fn moments_table(
    model: &CostModel,
    portion: &Portion,
    progress: &Progress,
) -> Result<RecordBatch, RunError> {
    let mut problems = Vec::new();
    let mut moments = Vec::new();
    for band in &model.bands {
        match band.stoppable_moments(portion, progress) {
            Ok(of_band) => moments.push(of_band),
            Err(RunError::Rejected(error)) => problems.extend(error.problems),
            Err(interrupted) => return Err(interrupted),
        }
    }
    Error::unless_empty(problems)?;
    let names = model.bands.iter().map(|band| band.name.as_deref());
    Ok(table(vec![
        ("band", Arc::new(StringArray::from_iter(names)) as ArrayRef),
        ("mean", Arc::new(Float64Array::from_iter_values(moments.iter().map(|(m, _)| m.mean)))),
        ("sd", Arc::new(Float64Array::from_iter_values(moments.iter().map(|(m, _)| m.sd)))),
        ("cv", Arc::new(Float64Array::from_iter(moments.iter().map(|(m, _)| m.cv)))),
        ("skewness", Arc::new(Float64Array::from_iter(moments.iter().map(|(m, _)| m.skewness)))),
        ("p_any", Arc::new(Float64Array::from_iter_values(moments.iter().map(|(_, p_any)| *p_any)))),
    ]))
}
