//! Does a population mean the same in any of the types it can come in, and is everything wrong with it said at once?

use std::sync::Arc;

use arrow_array::types::{Int8Type, UInt32Type};
use arrow_array::{
    Array, ArrayRef, DictionaryArray, Float64Array, Int8Array, Int16Array, Int32Array, Int64Array,
    LargeStringArray, RecordBatch, StringArray, StringViewArray, UInt8Array, UInt16Array, UInt32Array,
    UInt64Array,
};
use fundholder_arrow::Reader;
use fundholder_core::error::{Error, ErrorKind};
use fundholder_core::model::{Band, CostModel, Severity, Year};
use fundholder_core::population::Rows;

fn model(bands: &[Option<&str>]) -> Arc<CostModel> {
    let severity = Severity::parametric("lognormal", 2_000.0, Some(1.4)).unwrap();
    let bands = bands.iter().enumerate().map(|(i, name)| Band {
        name: name.map(str::to_string),
        year: Year::Annual { p_any: 0.1 + 0.1 * i as f64, severity: severity.clone() },
    });
    Arc::new(CostModel::new(bands.collect()))
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
        .unwrap()
}

fn read(model: &Arc<CostModel>, batch: &RecordBatch) -> Result<(Reader, Rows), Error> {
    let mut reader = Reader::new(model.clone(), &["practice".to_string()]);
    let mut rows = Rows::default();
    reader.read(batch, &mut rows)?;
    Ok((reader, rows))
}

fn problems(model: &Arc<CostModel>, batch: &RecordBatch) -> Error {
    read(model, batch).err().expect("should be rejected")
}

/// Labels 17, 4, 17 in every type that can hold them.
fn labels() -> Vec<ArrayRef> {
    let texts = ["17", "4", "17"];
    let dictionary: DictionaryArray<Int8Type> = texts.into_iter().collect();
    let keys = UInt32Array::from(vec![2, 0, 2]);
    // With an entry that no row uses, and integers as values.
    let integers =
        DictionaryArray::<UInt32Type>::new(keys, Arc::new(Int64Array::from(vec![4, 99, 17])) as ArrayRef);
    vec![
        Arc::new(StringArray::from_iter_values(texts)),
        Arc::new(LargeStringArray::from_iter_values(texts)),
        Arc::new(StringViewArray::from_iter_values(texts)),
        Arc::new(dictionary),
        Arc::new(integers),
        Arc::new(Int8Array::from(vec![17, 4, 17])),
        Arc::new(Int16Array::from(vec![17, 4, 17])),
        Arc::new(Int32Array::from(vec![17, 4, 17])),
        Arc::new(Int64Array::from(vec![17, 4, 17])),
        Arc::new(UInt8Array::from(vec![17, 4, 17])),
        Arc::new(UInt16Array::from(vec![17, 4, 17])),
        Arc::new(UInt32Array::from(vec![17, 4, 17])),
        Arc::new(UInt64Array::from(vec![17, 4, 17])),
    ]
}

#[test]
fn are_people_the_same_in_every_type_of_practice_and_person() {
    let model = model(&[None]);
    let (first, first_rows) = read(&model, &batch(vec![("practice", labels()[0].clone())])).unwrap();
    for practice in labels() {
        let kind = practice.data_type().clone();
        let (reader, rows) = read(&model, &batch(vec![("practice", practice)])).unwrap();
        assert_eq!(rows.practice, [0, 1, 0], "{kind}");
        assert_eq!(rows.units, [[0, 1, 0]], "{kind}");
        assert_eq!(reader.addresses(), first.addresses(), "{kind}");
        assert_eq!(rows.identity, first_rows.identity, "{kind}");
        assert_eq!(reader.digest(), first.digest(), "{kind}");
    }
    let identities: Vec<Vec<u64>> = labels()
        .into_iter()
        .map(|person| {
            let practice: ArrayRef = Arc::new(StringArray::from(vec!["A", "A", "B"]));
            read(&model, &batch(vec![("practice", practice), ("person", person)])).unwrap().1.identity
        })
        .collect();
    assert!(identities.iter().all(|other| *other == identities[0]));
    // The person 17 of another practice is somebody else.
    assert_ne!(identities[0][0], identities[0][2]);
}

#[test]
fn is_the_band_found_by_its_name_in_every_type() {
    let model = model(&[Some("4"), Some("17")]);
    for band in labels() {
        let kind = band.data_type().clone();
        let practice: ArrayRef = Arc::new(StringArray::from(vec!["A", "A", "B"]));
        let (_, rows) = read(&model, &batch(vec![("practice", practice), ("band", band)])).unwrap();
        assert_eq!(rows.band, [1, 0, 1], "{kind}");
        assert_eq!(rows.p_any, [0.2, 0.1, 0.2], "{kind}");
    }
}

fn people(order: &[usize]) -> RecordBatch {
    let take = |column: [f64; 4]| -> ArrayRef {
        Arc::new(Float64Array::from_iter_values(order.iter().map(|&i| column[i])))
    };
    let text = |column: [&str; 4]| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(order.iter().map(|&i| column[i])))
    };
    batch(vec![
        ("practice", text(["A", "B", "A", "C"])),
        ("person", text(["p1", "p2", "p3", "p1"])),
        ("scale", take([1.0, 2.0, 0.5, 1.0])),
        ("count", take([1.0, 3.0, 1.0, 0.0])),
        ("p_any", take([0.1, 0.2, 0.0, 1.0])),
    ])
}

#[test]
fn is_the_digest_the_same_for_any_order_of_rows_and_batches() {
    let model = model(&[None]);
    let digest = |orders: &[&[usize]]| {
        let mut reader = Reader::new(model.clone(), &["practice".to_string()]);
        orders.iter().for_each(|order| reader.read(&people(order), &mut Rows::default()).unwrap());
        reader.digest()
    };
    let one_batch = digest(&[&[0, 1, 2, 3]]);
    assert_eq!(digest(&[&[3, 1, 0, 2]]), one_batch);
    assert_eq!(digest(&[&[2], &[3, 0], &[1]]), one_batch);
    assert_ne!(digest(&[&[0, 1, 2]]), one_batch);
    assert_ne!(digest(&[&[0, 1, 2, 3, 3]]), one_batch);
}

#[test]
fn are_rows_without_identity_numbered_through_all_batches() {
    let model = model(&[None]);
    let practices = ["A", "B", "A", "A", "B"];
    let practice_column: ArrayRef = Arc::new(StringArray::from_iter_values(practices));
    let (_, at_once) = read(&model, &batch(vec![("practice", practice_column.clone())])).unwrap();
    let mut reader = Reader::new(model.clone(), &["practice".to_string()]);
    let mut rows = Rows::default();
    for (start, length) in [(0, 2), (2, 1), (3, 2)] {
        reader.read(&batch(vec![("practice", practice_column.slice(start, length))]), &mut rows).unwrap();
    }
    assert_eq!(rows.identity, at_once.identity);
    let mut distinct = rows.identity.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), practices.len());
}

#[test]
fn are_all_problems_of_a_table_named_at_once() {
    let model = model(&[Some("young"), Some("old")]);
    let error = problems(
        &model,
        &batch(vec![
            (
                "practice",
                Arc::new(StringArray::from(vec![Some("A"), None, Some("B"), Some("B")])) as ArrayRef,
            ),
            ("band", Arc::new(StringArray::from(vec!["young", "old", "older", "young"]))),
            ("count", Arc::new(Float64Array::from(vec![1.0, 1.5, -1.0, 2.0]))),
            ("scale", Arc::new(Float64Array::from(vec![f64::NAN, 1.0, f64::INFINITY, 1.0]))),
            ("p_any", Arc::new(Float64Array::from(vec![Some(1.0), None, Some(1.01), Some(-0.1)]))),
            ("person", Arc::new(Float64Array::from(vec![1.0; 4]))),
        ]),
    );
    let message = error.to_string();
    assert_eq!(error.kind, ErrorKind::Value);
    for part in [
        "column 'practice', row 1: null: must be",
        "column 'band', row 2: 'older': must be a band of the cost model: young, old",
        "column 'count', row 1: 1.5: must be",
        "column 'count', row 2: -1: must be",
        "column 'scale', row 0: NaN: must be",
        "column 'scale', row 2: inf: must be",
        "column 'p_any', row 2: 1.01: must be",
        "column 'p_any', row 3: -0.1: must be",
        "column 'person' is double: must be an integer or a string",
    ] {
        assert!(message.contains(part), "{part} is not in\n{message}");
    }
    assert_eq!(error.problems.len(), 9, "{message}");
}

#[test]
fn is_a_wrong_type_alone_a_type_error_and_a_missing_column_named_with_those_there_are() {
    let model = model(&[Some("young"), Some("old")]);
    let error = problems(&model, &batch(vec![("pcn", Arc::new(StringArray::from(vec!["x"])) as ArrayRef)]));
    let message = error.to_string();
    assert!(message.contains("column 'practice' is missing: the table has pcn"), "{message}");
    assert!(message.contains("column 'band' is missing: the table has pcn"), "{message}");
    let floats: ArrayRef = Arc::new(Float64Array::from(vec![1.0]));
    let young: ArrayRef = Arc::new(StringArray::from(vec!["young"]));
    let error = problems(&model, &batch(vec![("practice", floats), ("band", young)]));
    assert_eq!(error.kind, ErrorKind::Type);
    assert!(error.to_string().contains("column 'practice' is double"), "{error}");
}
