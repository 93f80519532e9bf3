//! Diagnoses as a long table: person, code.

use std::collections::HashMap;

use arrow_array::{Array, RecordBatch};
use arrow_cast::cast;
use arrow_schema::DataType;
use fundholder_core::run::{Progress, RunError, sort};

use crate::column::{Problems, required};
use crate::labels::{Label, Labels};
use crate::table::{LabelColumn, TableRules, read_long_table};

/// The codes of each person.
#[derive(Clone, Debug)]
pub struct Codes {
    /// Addresses of persons with numbers of codes, sorted, each once.
    codes: Vec<(u64, u32)>,
    names: Vec<String>,
    /// Codes that the formula does not have.
    pub(super) unknown: Vec<String>,
}

/// Numbers the codes of a formula, as they stand in it; without one, all codes in the order of their names.
impl Codes {
    pub fn read(
        batches: &[RecordBatch],
        known: Option<&[String]>,
        progress: &Progress,
    ) -> Result<Self, RunError> {
        let label = |name: &str| LabelColumn { name: name.into(), nulls: false, organisations: false };
        let rules = TableRules {
            table: "codes".into(),
            labels: vec![label("person"), label("code")],
            numbers: Vec::new(),
            unique: false,
            rows: true,
        };
        let mut read = read_long_table(batches, &rules, progress)?.labels;
        let ((labels, code), (persons, person)) = (read.remove(1), read.remove(0));
        let met: Vec<String> =
            labels.sorted().iter().map(|&i| labels.list()[i as usize].to_string()).collect();
        let names = known.map_or(met, <[String]>::to_vec);
        let numbers: HashMap<&str, u32> = names.iter().map(String::as_str).zip(0..).collect();
        let number = |label: &Label| numbers.get(label.to_string().as_str()).copied();
        let of: Vec<Option<u32>> = labels.list().iter().map(number).collect();
        let unknown = labels.sorted().into_iter().filter(|&i| of[i as usize].is_none());
        let unknown = unknown.map(|i| labels.list()[i as usize].to_string()).collect();
        let addresses: Vec<u64> = persons.list().iter().map(Label::address).collect();
        let mut codes: Vec<(u64, u32)> = (person.iter().zip(&code))
            .filter_map(|(&person, &code)| Some((addresses[person as usize], of[code as usize]?)))
            .collect();
        sort(&mut codes, Ord::cmp, progress)?;
        codes.dedup();
        Ok(Self { codes, names, unknown })
    }

    /// Has nobody a code that the formula has?
    pub(super) fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// How many different codes there are.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// The rows of a batch with their codes.
    pub(super) fn of(&self, batch: &RecordBatch, first: u64, problems: &mut Problems) -> Vec<(u32, u32)> {
        let mut rows = Vec::new();
        let Some(column) = required(batch, "person", problems) else { return rows };
        // A batch may have a few rows of a long dictionary.
        let column = &match column.data_type() {
            DataType::Dictionary(_, values) => cast(column, values).unwrap_or_else(|_| column.clone()),
            _ => column.clone(),
        };
        let mut persons = Labels::default();
        let mut numbers = Vec::with_capacity(column.len());
        persons.read(column, "person", false, first, problems, &mut numbers);
        for (row, &number) in numbers.iter().enumerate() {
            let Some(person) = persons.list().get(number as usize) else { continue };
            let address = person.address();
            let from = self.codes.partition_point(|&(other, _)| other < address);
            let same = self.codes[from..].iter().take_while(|(other, _)| *other == address);
            rows.extend(same.map(|&(_, code)| (row as u32, code)));
        }
        rows
    }
}
