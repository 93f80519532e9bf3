//! Tables of labels and numbers, read and checked in one pass: the reader behind every small table of the package.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Float64Array, RecordBatch, RecordBatchOptions};
use arrow_schema::{Field, Schema};
use fundholder_core::error::{Code, Error, Problem, Value};
use fundholder_core::run::{Progress, RunError};

use crate::column::{Problems, Rule, check_unique_columns, each, numbers};
use crate::labels::Labels;
use crate::source::slices;

/// A column of labels: text, whole numbers, or a dictionary of them.
#[derive(Clone, Debug)]
pub struct LabelColumn {
    /// Its name.
    pub name: String,
    /// Whether null is a label.
    pub nulls: bool,
    /// Whether it names organisations: two labels that differ by case or outer space alone are rejected.
    pub organisations: bool,
}

impl LabelColumn {
    fn new_labels(&self) -> Labels {
        if self.organisations { Labels::of_organisations() } else { Labels::default() }
    }
}

/// A column of numbers.
#[derive(Clone, Debug)]
pub struct NumberColumn {
    /// Its name.
    pub name: String,
    /// What its numbers must be.
    pub rule: Rule,
    /// Whether nulls are allowed.
    pub nulls: bool,
}

/// The columns of a table that are read.
#[derive(Clone, Debug)]
pub struct TableRules {
    /// What messages call the table.
    pub table: String,
    /// Columns of labels.
    pub labels: Vec<LabelColumn>,
    /// Columns of numbers.
    pub numbers: Vec<NumberColumn>,
    /// Whether no two rows may have the same labels.
    pub unique: bool,
    /// Whether a table must have a row.
    pub rows: bool,
}

/// A table whose every cell is allowed.
#[derive(Debug, Default)]
pub struct CheckedTable {
    /// For each column of labels, the labels and the number of each row's.
    pub labels: Vec<(Labels, Vec<u32>)>,
    /// For each column of numbers, the number of each row.
    pub numbers: Vec<Vec<Option<f64>>>,
}

/// Reads the columns of a table, or rejects all its problems at once.
pub fn read_table(batches: &[RecordBatch], rules: &TableRules) -> Result<CheckedTable, Error> {
    match read_long_table(batches, rules, &Progress::default()) {
        Err(RunError::Rejected(error)) => Err(error),
        read => Ok(read.expect("nobody tells it to stop")),
    }
}

/// Rows that are read between two looks at whether to stop.
const ROWS_AT_ONCE: usize = 1 << 18;

/// The same of a table that may be long: it ends early where it is told to stop.
pub fn read_long_table(
    batches: &[RecordBatch],
    rules: &TableRules,
    progress: &Progress,
) -> Result<CheckedTable, RunError> {
    let mut problems = Problems::default();
    let mut read = CheckedTable {
        labels: rules.labels.iter().map(|column| (column.new_labels(), Vec::new())).collect(),
        numbers: vec![Vec::new(); rules.numbers.len()],
    };
    let label_names = rules.labels.iter().map(|column| &column.name);
    let names: Vec<&String> = label_names.chain(rules.numbers.iter().map(|column| &column.name)).collect();
    let mut first = 0;
    for batch in batches.iter().flat_map(|batch| slices(batch, ROWS_AT_ONCE)) {
        progress.check()?;
        if first == 0 {
            check_columns(&batch, &rules.table, &names, &mut problems);
        }
        for (column, (labels, codes)) in rules.labels.iter().zip(&mut read.labels) {
            if let Some(array) = batch.column_by_name(&column.name) {
                labels.read(array, &column.name, column.nulls, first, &mut problems, codes);
            }
        }
        for (column, values) in rules.numbers.iter().zip(&mut read.numbers) {
            let array = batch.column_by_name(&column.name);
            if let Some(array) = array.and_then(|array| numbers(array, &column.name, first, &mut problems)) {
                each(&array, &column.name, &column.rule, column.nulls, first, &mut problems, |x| {
                    values.push(x);
                });
            }
        }
        first += batch.num_rows() as u64;
    }
    if first == 0 && rules.rows {
        problems.value(empty(&rules.table));
    }
    if rules.unique && problems.is_empty() {
        read.check_unique(rules, &mut problems, progress)?;
    }
    problems.check()?;
    Ok(read)
}

/// The problem of a table without rows.
pub(crate) fn empty(table: &str) -> Problem {
    let text = format!("{table} is empty: must have a row (a reader is empty once it has been read)");
    Problem::new(Code::Empty, text)
}

/// Names columns that are missing, or there more than once.
pub(crate) fn check_columns(batch: &RecordBatch, table: &str, names: &[&String], problems: &mut Problems) {
    let has: Vec<&str> = batch.schema_ref().fields().iter().map(|field| field.name().as_str()).collect();
    for name in names {
        if !has.contains(&name.as_str()) {
            problems.value(Problem::missing_column(name, table, &has));
        }
    }
    check_unique_columns(batch, names.iter().map(|name| name.as_str()), problems);
}

impl CheckedTable {
    fn check_unique(
        &self,
        rules: &TableRules,
        problems: &mut Problems,
        progress: &Progress,
    ) -> Result<(), RunError> {
        let rows = self.labels.first().map_or(0, |(_, codes)| codes.len());
        let mut seen: HashMap<Vec<u32>, u64> = HashMap::with_capacity(rows);
        for row in 0..rows {
            if row % ROWS_AT_ONCE == 0 {
                progress.check()?;
            }
            let key = self.labels.iter().map(|(_, codes)| codes[row]).collect();
            let earlier = *seen.entry(key).or_insert(row as u64);
            if earlier == row as u64 {
                continue;
            }
            let label = |i: usize| {
                let (labels, codes) = &self.labels[i];
                &labels.list()[codes[row] as usize]
            };
            let mut problem = Problem::duplicate(&rules.labels[0].name, row as u64, label(0), earlier);
            if rules.labels.len() > 1 {
                let others: Vec<String> = (1..rules.labels.len())
                    .map(|i| format!("{} {}", rules.labels[i].name, label(i)))
                    .collect();
                problem.text = format!(
                    "column '{}', row {row}: {} with {} is a duplicate of row {earlier}: must be unique",
                    rules.labels[0].name,
                    Value::from(label(0)),
                    others.join(", ")
                );
            }
            problems.value(problem);
        }
        Ok(())
    }

    /// The table of the columns that were read, in the order of the rules: labels, then numbers.
    pub fn table(&self, rules: &TableRules) -> RecordBatch {
        let labels = rules.labels.iter().zip(&self.labels);
        let labels = labels.map(|(column, (labels, codes))| (&column.name, labels.column(codes)));
        let numbers =
            rules.numbers.iter().zip(&self.numbers).map(|(column, values)| {
                (&column.name, Arc::new(Float64Array::from(values.clone())) as ArrayRef)
            });
        table(labels.chain(numbers).map(|(name, array)| (name.as_str(), array)).collect())
    }
}

/// A batch of columns that may hold nulls.
pub(crate) fn table(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let fields: Vec<Field> =
        columns.iter().map(|(name, a)| Field::new(*name, a.data_type().clone(), true)).collect();
    let rows = columns.first().map_or(0, |(_, array)| array.len());
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
        .expect("columns of one table have one length")
}
