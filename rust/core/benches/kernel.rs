//! How long does a person-year take? Nanoseconds per draw are the reciprocal of the throughput that is printed.
//!
//! One thread; a practice of 10,000 people at a time, a hundred years; lognormal costs of £800 a head, three in ten
//! with any. `cargo bench -p fundholder-core --bench kernel`.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use fundholder_core::contract::StopLoss;
use fundholder_core::model::{Band, CostModel, Severity, Year};
use fundholder_core::numeric::power::integer_power;
use fundholder_core::population::Rows;
use fundholder_core::random::{identity, mix};
use fundholder_core::run::{Progress, thread_pool};
use fundholder_core::simd::Processor;
use fundholder_core::simulate::{Options, Run};

const PEOPLE: u32 = 100_000;
const PRACTICES: u32 = 10;
const YEARS: u32 = 100;

fn model() -> CostModel {
    let severity = Severity::parametric("lognormal", 800.0 / 0.3, Some(1.6)).unwrap();
    CostModel::new(vec![Band { name: None, year: Year::Annual { p_any: 0.3, severity } }])
}

/// Everyone with a probability and a scale of their own.
fn individuals() -> Rows {
    let people = 0..PEOPLE;
    let practice: Vec<u32> = people.clone().map(|i| i / (PEOPLE / PRACTICES)).collect();
    let uniform = |i: u32| mix(u64::from(i)) as f64 * integer_power(2.0, -64);
    Rows {
        band: vec![0; PEOPLE as usize],
        count: vec![1; PEOPLE as usize],
        scale: people.clone().map(|i| 0.8 + 0.4 * uniform(i)).collect(),
        p_any: people.clone().map(|i| 0.2 + 0.2 * uniform(i + PEOPLE)).collect(),
        identity: people.map(|i| identity(u64::from(i), 1)).collect(),
        units: vec![practice.clone()],
        practice,
    }
}

/// A row for each practice.
fn groups() -> Rows {
    let practice: Vec<u32> = (0..PRACTICES).collect();
    let n = practice.len();
    Rows {
        band: vec![0; n],
        count: vec![u64::from(PEOPLE / PRACTICES); n],
        scale: vec![1.0; n],
        p_any: vec![0.3; n],
        identity: practice.iter().map(|&i| identity(u64::from(i), 1)).collect(),
        units: vec![practice.clone()],
        practice,
    }
}

fn person_years(c: &mut Criterion) {
    let model = model();
    let pool = thread_pool(1).unwrap();
    let addresses: Vec<u64> = (0..u64::from(PRACTICES)).collect();
    let ceiling = StopLoss::new(20_000.0, 1.0, None).unwrap();
    let share = StopLoss::new(20_000.0, 0.8, Some(100_000.0)).unwrap();
    for (people, rows) in [("individuals", individuals()), ("groups", groups())] {
        let mut group = c.benchmark_group(people);
        group.throughput(Throughput::Elements(u64::from(PEOPLE) * u64::from(YEARS)));
        group.sample_size(20);
        for processor in Processor::ALL.into_iter().filter(|processor| processor.available()) {
            for (name, stop_loss) in
                [("gross", None), ("ceiling", Some(ceiling)), ("share and limit", Some(share))]
            {
                let options = Options { stop_loss, processor, ..Options::new(YEARS, 1) };
                group.bench_function(BenchmarkId::new(processor.name(), name), |b| {
                    // The tables are made before; adding people again only adds to the totals.
                    let mut run = Run::new(&model, 1, &options).unwrap();
                    pool.install(|| b.iter(|| run.add(&rows, &addresses, &Progress::default()).unwrap()));
                });
            }
        }
        group.finish();
    }
}

criterion_group!(benches, person_years);
criterion_main!(benches);
