//! Are exact laws of totals right? Against published quantiles and oracles that share no code with them.

use fundholder_core::analytic_moments::Question;
use fundholder_core::contract::{Measure, StopLoss};
use fundholder_core::exact::{UnitLaw, Which, laws};
use fundholder_core::model::{Band, CostModel, Severity, Year};
use fundholder_core::population::Composition;
use fundholder_core::population::Rows;
use fundholder_core::run::Progress;

fn lognormal() -> CostModel {
    let severity = Severity::parametric("lognormal", 800.0 / 0.3, Some(1.6)).unwrap();
    CostModel { bands: vec![Band { name: None, year: Year::Annual { p_any: 0.3, severity } }] }
}

fn question(stop_loss: Option<StopLoss>) -> Question {
    Question { measure: Measure::Net, stop_loss, practice_sd: 0.0, national_sd: 0.0 }
}

/// One practice of one kind of people.
fn practice<T: Send>(
    model: &CostModel,
    count: u64,
    question: &Question,
    read: impl Fn(&UnitLaw) -> T + Sync,
) -> T {
    let rows = Rows {
        practice: vec![0],
        band: vec![0],
        count: vec![count],
        scale: vec![1.0],
        p_any: vec![model.bands[0].year.p_any()],
        identity: vec![0],
        units: vec![vec![0]],
    };
    let mut people = Composition::new(model, 1);
    people.add(&rows, &[1]).unwrap();
    let people = people.finish();
    let found = laws(
        model,
        &people,
        Which { level: 0, only: None, question },
        &Progress::default(),
        |_, _| 0.0,
        |_, law| read(law),
    );
    found.unwrap_or_else(|_| panic!("refused")).remove(0).1
}

#[test]
fn are_the_reference_quantiles_met() {
    let ceiling = StopLoss::new(20_000.0, 1.0, None).unwrap();
    // Computed independently, accurate to 2e-9 (to the pound as written here).
    let cases = [
        (7_000, [4_617_652.0, 4_871_376.0, 5_083_679.0, 5_135_092.0]),
        (100_000, [65_996_633.0, 66_945_322.0, 67_724_250.0, 67_910_975.0]),
    ];
    for (count, want) in cases {
        let read = |law: &UnitLaw| ([0.5, 0.9, 0.99, 0.995].map(|q| law.quantile(q)), law.accuracy);
        let (got, accuracy) = practice(&lognormal(), count, &question(Some(ceiling)), read);
        println!("{count}: {got:?} {accuracy:?}");
        for (got, want) in got.into_iter().zip(want) {
            assert!((got / want - 1.0f64).abs() < 2e-7, "{count}: {got} for {want}");
        }
    }
}
