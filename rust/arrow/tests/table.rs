//! Are all problems of a table said at once, each with its code, column, row, value and what is allowed?

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, UInt64Array};
use fundholder_arrow::{LabelColumn, NumberColumn, Rule, TableRules, read_table};
use fundholder_core::error::{Code, Error, ErrorKind, Value};

fn rules(unique: bool) -> TableRules {
    let rule = Rule {
        low: 0.0,
        high: 10.0,
        above_low: true,
        integer: false,
        smallest: 0.0,
        allowed: "above 0, at most 10".into(),
    };
    TableRules {
        table: "units".into(),
        labels: vec![LabelColumn { name: "practice".into(), nulls: false, organisations: true }],
        numbers: vec![NumberColumn { name: "cost".into(), rule, nulls: false }],
        unique,
        rows: true,
    }
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
        .unwrap()
}

fn codes(error: &Error) -> Vec<Code> {
    error.problems.iter().map(|problem| problem.code).collect()
}

#[test]
fn every_cell_of_every_batch_is_looked_at() {
    let first = batch(vec![
        ("practice", Arc::new(StringArray::from(vec![Some("A"), None])) as ArrayRef),
        ("cost", Arc::new(Float64Array::from(vec![Some(1.0), Some(0.0)]))),
    ]);
    let second = batch(vec![
        ("practice", Arc::new(StringArray::from(vec!["B"])) as ArrayRef),
        ("cost", Arc::new(Float64Array::from(vec![None]))),
    ]);
    let error = read_table(&[first, second], &rules(false)).unwrap_err();
    assert_eq!(codes(&error), [Code::Null, Code::NotAllowed, Code::Null]);
    let [label, number, null] = &error.problems[..] else { panic!("{error}") };
    assert_eq!((label.column.as_deref(), label.row), (Some("practice"), Some(1)));
    assert_eq!((number.row, &number.value), (Some(1), &Some(Value::Number(0.0))));
    assert_eq!(number.allowed.as_deref(), Some("above 0, at most 10"));
    // Rows are those of the table, not of the batch.
    assert_eq!((null.column.as_deref(), null.row, &null.value), (Some("cost"), Some(2), &Some(Value::Null)));
}

#[test]
fn a_duplicate_names_the_row_that_it_repeats() {
    let labels = Arc::new(StringArray::from(vec!["A", "B", "A"])) as ArrayRef;
    let costs = Arc::new(Float64Array::from(vec![1.0; 3]));
    let table = [batch(vec![("practice", labels), ("cost", costs)])];
    assert!(read_table(&table, &rules(false)).is_ok());
    let error = read_table(&table, &rules(true)).unwrap_err();
    assert_eq!(codes(&error), [Code::Duplicate]);
    assert_eq!(error.to_string(), "column 'practice', row 2: 'A' is a duplicate of row 0: must be unique");
}

#[test]
fn columns_are_missing_of_a_wrong_type_or_there_twice() {
    let numbers = Arc::new(Float64Array::from(vec![1.0])) as ArrayRef;
    let error = read_table(&[batch(vec![("practice", numbers.clone())])], &rules(false)).unwrap_err();
    assert_eq!(codes(&error), [Code::MissingColumn, Code::WrongType]);
    assert_eq!(error.kind, ErrorKind::Value);
    let text = Arc::new(StringArray::from(vec!["A"])) as ArrayRef;
    let only_types = batch(vec![("practice", text.clone()), ("cost", text.clone())]);
    assert_eq!(read_table(&[only_types], &rules(false)).unwrap_err().kind, ErrorKind::Type);
    let twice = batch(vec![("practice", text), ("cost", numbers.clone()), ("cost", numbers)]);
    assert_eq!(codes(&read_table(&[twice], &rules(false)).unwrap_err()), [Code::DuplicateColumn]);
}

#[test]
fn a_table_without_rows_is_rejected_where_it_needs_one() {
    let empty = batch(vec![
        ("practice", Arc::new(StringArray::from(Vec::<&str>::new())) as ArrayRef),
        ("cost", Arc::new(Float64Array::from(Vec::<f64>::new()))),
    ]);
    assert_eq!(codes(&read_table(std::slice::from_ref(&empty), &rules(false)).unwrap_err()), [Code::Empty]);
    assert!(read_table(&[empty], &TableRules { rows: false, ..rules(false) }).is_ok());
}

#[test]
fn unsigned_labels_are_the_same_as_signed_ones() {
    let costs = || Arc::new(Float64Array::from(vec![1.0, 2.0])) as ArrayRef;
    let unsigned = Arc::new(UInt64Array::from(vec![7, 8])) as ArrayRef;
    let rules = rules(true);
    let table = read_table(&[batch(vec![("practice", unsigned), ("cost", costs())])], &rules).unwrap();
    let signed = Arc::new(Int64Array::from(vec![7, 8])) as ArrayRef;
    assert_eq!(table.table(&rules).column(0), &signed);
    let large = Arc::new(UInt64Array::from(vec![7, u64::MAX])) as ArrayRef;
    let table = read_table(&[batch(vec![("practice", large), ("cost", costs())])], &rules).unwrap();
    // Past the range of int64, the labels of a column are their digits.
    let digits = Arc::new(StringArray::from(vec!["7", "18446744073709551615"])) as ArrayRef;
    assert_eq!(table.table(&rules).column(0), &digits);
}
