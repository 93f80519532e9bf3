//! The population: rows of people, batch by batch.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::RecordBatch;
use fundholder_core::error::{Code, Error, Problem};
use fundholder_core::model::{Band, CostModel, MAX_RATE, Year};
use fundholder_core::population::Rows;
use fundholder_core::random::{identity, label_address, mix};

use crate::column::{
    COUNT, EVENT_PROBABILITY, PROBABILITY, Problems, Rule, SCALE, check_unique_columns, each, listed,
    numbers, required,
};
use crate::identities::person_addresses;
use crate::labels::{Label, Labels};
use crate::lookalikes::check_lookalikes;

/// Reads the batches of one population into the engine's columns; practices and units keep their numbers throughout.
pub struct Reader {
    model: Arc<CostModel>,
    /// Numbers of the model's bands by name; empty where the model has one band and rows need none.
    band_names: HashMap<String, u32>,
    levels: Vec<String>,
    practices: Labels,
    addresses: Vec<u64>,
    bands: Labels,
    /// The model's number of each label in `bands`, if it has one, and whether its absence has been reported.
    band_numbers: Vec<Option<u32>>,
    reported: Vec<bool>,
    units: Vec<Labels>,
    unit_addresses: Vec<Vec<u64>>,
    /// Rows met so far of each practice, for rows without an identity of their own.
    numbered: Vec<u64>,
    rows: u64,
    digest: u128,
    /// Do rows have identities of their own?
    named: bool,
    /// What a user may not have meant: known from the first batch on.
    warnings: Option<Vec<String>>,
}

impl Reader {
    /// `levels` are the columns whose values are units.
    pub fn new(model: Arc<CostModel>, levels: &[String]) -> Self {
        let names = model.bands.iter().zip(0..);
        let band_names = names.filter_map(|(band, i)| band.name.clone().map(|name| (name, i))).collect();
        Self {
            model,
            band_names,
            levels: levels.to_vec(),
            practices: Labels::of_organisations(),
            addresses: Vec::new(),
            bands: Labels::default(),
            band_numbers: Vec::new(),
            reported: Vec::new(),
            units: vec![Labels::of_organisations(); levels.len()],
            unit_addresses: vec![Vec::new(); levels.len()],
            numbered: Vec::new(),
            rows: 0,
            digest: 0,
            named: false,
            warnings: None,
        }
    }

    /// The addresses of practices, by their numbers.
    pub fn addresses(&self) -> &[u64] {
        &self.addresses
    }

    /// Levels that are read.
    pub fn levels(&self) -> usize {
        self.levels.len()
    }

    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// A digest of all that decides the result, the same for any order of rows that have identities of their own.
    pub fn digest(&self) -> u128 {
        self.digest
    }

    /// What a user may not have meant, in words.
    pub fn warnings(&self) -> &[String] {
        self.warnings.as_deref().unwrap_or_default()
    }

    /// Whether rows have identities of their own.
    pub(crate) fn is_named(&self) -> bool {
        self.named
    }

    /// The labels of each level.
    pub fn into_units(self) -> Vec<Labels> {
        self.units
    }

    /// Appends the rows of a batch.
    pub fn read(&mut self, batch: &RecordBatch, rows: &mut Rows) -> Result<(), Error> {
        let mut problems = Problems::default();
        let from = rows.len();
        let first = self.rows;
        self.rows += batch.num_rows() as u64;

        let read = ["practice", "band", "count", "scale", "p_any", "person"];
        check_unique_columns(
            batch,
            read.into_iter().chain(self.levels.iter().map(String::as_str)),
            &mut problems,
        );
        if self.warnings.is_none() {
            self.warnings = Some(check_lookalikes(batch.schema_ref(), &self.levels, &mut problems));
        }
        if let Some(practice) = required(batch, "practice", &mut problems) {
            self.practices.read(practice, "practice", false, first, &mut problems, &mut rows.practice);
        }
        for label in &self.practices.list()[self.addresses.len()..] {
            self.addresses.push(label.address());
        }
        self.read_bands(batch, first, &mut problems, &mut rows.band);
        rows.units.resize(self.levels.len(), Vec::new());
        for ((name, labels), codes) in self.levels.iter().zip(&mut self.units).zip(&mut rows.units) {
            // What is wrong with a practice is named once, as a practice.
            let mut ignored = Problems::default();
            let problems = if name == "practice" { &mut ignored } else { &mut problems };
            if let Some(column) = required(batch, name, problems) {
                labels.read(column, name, true, first, problems, codes);
            }
        }
        read_numbers(batch, "count", &COUNT, 1.0, first, &mut problems, |x| rows.count.push(x as u64));
        read_numbers(batch, "scale", &SCALE, 1.0, first, &mut problems, |x| rows.scale.push(x));
        self.read_probabilities(batch, first, &mut problems, rows);
        let people =
            batch.column_by_name("person").map(|column| person_addresses(column, first, &mut problems));
        self.named |= people.is_some();
        problems.check()?;
        self.identify(from, people, rows);
        self.add_to_digest(from, rows);
        Ok(())
    }

    fn read_bands(&mut self, batch: &RecordBatch, first: u64, problems: &mut Problems, bands: &mut Vec<u32>) {
        let from = bands.len();
        if self.band_names.is_empty()
            || (self.model.bands.len() == 1 && batch.column_by_name("band").is_none())
        {
            bands.resize(from + batch.num_rows(), 0);
            return;
        }
        let Some(column) = required(batch, "band", problems) else { return };
        self.bands.read(column, "band", false, first, problems, bands);
        for label in &self.bands.list()[self.band_numbers.len()..] {
            self.band_numbers.push(label.key().and_then(|key| self.band_names.get(&key).copied()));
            self.reported.push(false);
        }
        for (i, band) in bands[from..].iter_mut().enumerate() {
            // A wrong type has been named already, and left no labels.
            let Some(label) = self.bands.list().get(*band as usize) else { continue };
            match self.band_numbers[*band as usize] {
                Some(number) => *band = number,
                None => {
                    if !std::mem::replace(&mut self.reported[*band as usize], true) && *label != Label::Null {
                        let names: Vec<&str> =
                            self.model.bands.iter().filter_map(|b| b.name.as_deref()).collect();
                        problems.value(Problem::cell(
                            Code::UnknownLabel,
                            "band",
                            first + i as u64,
                            label,
                            &format!("a band of the cost model: {}", listed(&names)),
                        ));
                    }
                    *band = 0;
                }
            }
        }
    }

    fn read_probabilities(&self, batch: &RecordBatch, first: u64, problems: &mut Problems, rows: &mut Rows) {
        let bands = &rows.band;
        let probabilities: Vec<f64> = self.model.bands.iter().map(|band| band.year.p_any()).collect();
        let own = |i: usize| bands.get(i).map_or(0.0, |&band| probabilities[band as usize]);
        let from = rows.p_any.len();
        let Some(column) = batch.column_by_name("p_any") else {
            rows.p_any.extend((from..from + batch.num_rows()).map(own));
            return;
        };
        let events = self.model.bands.iter().any(|band| matches!(band.year, Year::Events { .. }));
        let rule = if events { EVENT_PROBABILITY } else { PROBABILITY };
        if let Some(column) = numbers(column, "p_any", first, problems) {
            let p_any = &mut rows.p_any;
            each(&column, "p_any", &rule, true, first, problems, |p| {
                let i = p_any.len();
                p_any.push(p.unwrap_or_else(|| own(i)));
            });
            let largest: Vec<Option<f64>> = self.model.bands.iter().map(|b| largest_p_any(&b.year)).collect();
            for (i, (&p, &band)) in rows.p_any.iter().zip(bands).enumerate().skip(from) {
                let Some(largest) = largest[band as usize].filter(|&largest| p > largest) else { continue };
                // Rounding may put the band's own above it.
                if p != own(i) {
                    let row = first + (i - from) as u64;
                    let allowed = allowed_p_any(largest);
                    problems.value(Problem::cell(Code::NotAllowed, "p_any", row, p, &allowed));
                }
            }
        }
    }

    fn identify(&mut self, from: usize, people: Option<Vec<u64>>, rows: &mut Rows) {
        self.numbered.resize(self.addresses.len(), 0);
        for i in from..rows.len() {
            let practice = rows.practice[i] as usize;
            let person = match &people {
                Some(people) => people[i - from],
                None => {
                    self.numbered[practice] += 1;
                    self.numbered[practice] - 1
                }
            };
            rows.identity.push(identity(self.addresses[practice], person));
        }
    }

    fn add_to_digest(&mut self, from: usize, rows: &Rows) {
        for (labels, addresses) in self.units.iter().zip(&mut self.unit_addresses) {
            // A unit called "null" is not the unit without a name.
            let told_apart = |label: &Label| label.address() ^ u64::from(*label == Label::Null);
            addresses.extend(labels.list()[addresses.len()..].iter().map(told_apart));
        }
        let name = |band: &Band| label_address(band.name.as_deref().unwrap_or_default().as_bytes());
        let bands: Vec<u64> = self.model.bands.iter().map(name).collect();
        for i in from..rows.len() {
            let band = bands[rows.band[i] as usize];
            let numbers = [band, rows.count[i], rows.scale[i].to_bits(), rows.p_any[i].to_bits()];
            let units =
                rows.units.iter().zip(&self.unit_addresses).map(|(unit, address)| address[unit[i] as usize]);
            let low = numbers
                .into_iter()
                .chain(units)
                .fold(rows.identity[i], |hash, x| mix(hash ^ x.wrapping_add(hash << 6)));
            let row = u128::from(mix(low)) << 64 | u128::from(low);
            self.digest = self.digest.wrapping_add(row);
        }
    }
}

/// The largest probability of any cost that a person of a band may have instead of the band's own; none where 1 is.
fn largest_p_any(year: &Year) -> Option<f64> {
    match year {
        Year::Annual { .. } => None,
        Year::Events { .. } if year.p_any() == 0.0 => Some(0.0),
        Year::Events { .. } => Some(year.p_any_at(MAX_RATE)),
    }
}

/// What a band of events with this largest probability allows.
fn allowed_p_any(largest: f64) -> String {
    if largest == 0.0 {
        return "0 or null in a band without events".to_owned();
    }
    let shown = (largest * 1e6).floor() / 1e6;
    format!("at most {shown}: more would mean over {MAX_RATE} events a year")
}

/// A numeric column that may be absent: then every row has the default.
fn read_numbers(
    batch: &RecordBatch,
    name: &str,
    rule: &Rule,
    default: f64,
    first: u64,
    problems: &mut Problems,
    mut put: impl FnMut(f64),
) {
    match batch.column_by_name(name) {
        None => (0..batch.num_rows()).for_each(|_| put(default)),
        Some(column) => {
            if let Some(column) = numbers(column, name, first, problems) {
                each(&column, name, rule, false, first, problems, |x| put(x.unwrap_or(0.0)));
            }
        }
    }
}
