//! Services of a cost model: mixes from tables, and back.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use fundholder_core::error::{Code, Error, Problem};
use fundholder_core::model::{Band, CostModel, Profile, RankClass, ServiceMix, Year};

use crate::column::{PROBABILITY, Problems};
use crate::labels::Label;
use crate::table::{LabelColumn, NumberColumn, TableRules, read_table, table};

/// Rows of a mix: services and their shares by band, class of ranks and profile.
type Profiles = BTreeMap<Option<Label>, (f64, Vec<f64>)>;
type Classes = BTreeMap<[u64; 2], Profiles>;

/// The model whose costs are shared by services as a table says: rank_from, rank_to, service, share, and, where they
/// differ, band, profile and the probability of the profile.
pub fn model_with_services(model: CostModel, batches: &[RecordBatch]) -> Result<CostModel, Error> {
    let has = |name: &str| batches.iter().any(|batch| batch.column_by_name(name).is_some());
    let labels: Vec<&str> =
        ["service", "band", "profile"].into_iter().filter(|name| *name == "service" || has(name)).collect();
    let mut numbers = vec!["rank_from", "rank_to", "share"];
    numbers.extend(has("probability").then_some("probability"));
    let rules = TableRules {
        table: "the table of services".into(),
        labels: labels
            .iter()
            .map(|&name| LabelColumn { name: name.into(), nulls: name != "service", organisations: false })
            .collect(),
        numbers: numbers
            .iter()
            .map(|&name| NumberColumn { name: name.into(), rule: PROBABILITY, nulls: false })
            .collect(),
        unique: false,
        rows: true,
    };
    let read = read_table(batches, &rules)?;
    let label = |name: &str, row: usize| {
        let (labels, codes) = &read.labels[labels.iter().position(|known| *known == name)?];
        Some(labels.list()[codes[row] as usize].clone()).filter(|label| *label != Label::Null)
    };
    let number = |column: usize, row: usize| read.numbers[column][row].unwrap_or(0.0);
    let services: Vec<String> = read.labels[0].0.list().iter().map(Label::to_string).collect();
    let mut problems = Problems::default();
    let mut bands: BTreeMap<Option<String>, Classes> = BTreeMap::new();
    let mut seen = HashMap::new();
    for row in 0..read.numbers[0].len() {
        let (band, profile) = (label("band", row).map(|label| label.to_string()), label("profile", row));
        let service = read.labels[0].1[row];
        // Numbers that are not negative are in the order of their bits.
        let ranks = [0, 1].map(|column| (number(column, row) + 0.0).to_bits());
        let earlier = *seen.entry((band.clone(), ranks, profile.clone(), service)).or_insert(row);
        if earlier != row {
            let service = services[service as usize].as_str();
            problems.value(Problem::duplicate("service", row as u64, service, earlier as u64));
        }
        let probability = if numbers.len() == 4 { number(3, row) } else { 1.0 };
        let of_profile = || (probability, vec![0.0; services.len()]);
        let profile = bands
            .entry(band)
            .or_default()
            .entry(ranks)
            .or_default()
            .entry(profile)
            .or_insert_with(of_profile);
        profile.1[service as usize] = number(2, row);
        if profile.0 != probability {
            let allowed = format!("{}, as in the other rows of the profile", profile.0);
            problems.value(Problem::cell(
                Code::Inconsistent,
                "probability",
                row as u64,
                probability,
                &allowed,
            ));
        }
    }
    for (number, service) in services.iter().enumerate() {
        let has_share = |profiles: &Profiles| profiles.values().any(|(_, shares)| shares[number] > 0.0);
        if !bands.values().flat_map(BTreeMap::values).any(has_share) {
            let text = format!("column 'service': '{service}' has no share in any profile: must have one");
            problems.value(Problem::new(Code::NotAllowed, text).of("service"));
        }
    }
    let mut mixes: BTreeMap<Option<String>, ServiceMix> = BTreeMap::new();
    for (band, classes) in bands {
        match ServiceMix::new(classes.into_iter().map(rank_class).collect()) {
            Ok(mix) => drop(mixes.insert(band, mix)),
            Err(text) => {
                let of = band.map_or(String::new(), |band| format!(", band '{band}'"));
                problems.value(Problem::new(Code::NotAllowed, format!("services{of}: {text}")));
            }
        }
    }
    let names: Vec<Option<String>> = model.bands.iter().map(|band| band.name.clone()).collect();
    for band in mixes.keys().flatten().filter(|band| !names.iter().flatten().any(|name| name == *band)) {
        let text = format!("column 'band': '{band}' is no band of the cost model");
        problems.value(Problem::new(Code::UnknownLabel, text).of("band"));
    }
    let mut model = model;
    for Band { name, year } in &mut model.bands {
        let mix = mixes.get(name).or_else(|| mixes.get(&None)).cloned();
        match (year, mix) {
            (Year::Annual { severity, .. }, Some(mix)) => *severity = severity.clone().with_mix(mix),
            (Year::Annual { .. }, None) if problems.is_empty() => {
                let band = name.as_deref().unwrap_or_default();
                let text = format!("services: band '{band}' of the cost model has no rows: must have a mix");
                problems.value(Problem::new(Code::MissingLabel, text).of("band"));
            }
            _ => {}
        }
    }
    problems.check()?;
    Ok(CostModel { services, ..model })
}

fn rank_class((ranks, profiles): ([u64; 2], Profiles)) -> RankClass {
    let [from, to] = ranks.map(f64::from_bits);
    let profiles = profiles.into_values().map(|(probability, shares)| Profile { probability, shares });
    RankClass { from, to, profiles: profiles.collect() }
}

/// The mixes of a model as a table that reads back, with the rows of all services in every profile; none where costs are
/// one amount, or events have a service each.
pub fn services_table(model: &CostModel) -> Option<RecordBatch> {
    let (mut bands, mut services) = (Vec::new(), Vec::new());
    let (mut numbers, mut profiles) = ([const { Vec::new() }; 4], Vec::new());
    for Band { name, year } in &model.bands {
        let Year::Annual { severity, .. } = year else { return None };
        for class in severity.mix()?.classes() {
            for (number, profile) in (0_i64..).zip(&class.profiles) {
                for (service, share) in model.services.iter().zip(&profile.shares) {
                    bands.push(name.as_deref());
                    services.push(service.as_str());
                    profiles.push(number);
                    let row = [class.from, class.to, profile.probability, *share];
                    numbers.iter_mut().zip(row).for_each(|(column, x)| column.push(x));
                }
            }
        }
    }
    let [from, to, probability, share] =
        numbers.map(|column| Arc::new(Float64Array::from(column)) as ArrayRef);
    Some(table(vec![
        ("band", Arc::new(StringArray::from(bands)) as ArrayRef),
        ("rank_from", from),
        ("rank_to", to),
        ("profile", Arc::new(Int64Array::from(profiles))),
        ("probability", probability),
        ("service", Arc::new(StringArray::from(services))),
        ("share", share),
    ]))
}
