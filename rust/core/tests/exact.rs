//! Are exact distributions of totals right? Against published quantiles and oracles that share no code with them.

use fundholder_core::analytic_moments::Valuation;
use fundholder_core::contract::{Basis, StopLoss};
use fundholder_core::exact::{ReadLimit, UnitDistribution, UnitSelection, distributions};
use fundholder_core::model::{Band, CostModel, Severity, Year};
use fundholder_core::population::Composition;
use fundholder_core::population::Rows;
use fundholder_core::run::Progress;

fn lognormal() -> CostModel {
    let severity = Severity::parametric("lognormal", 800.0 / 0.3, Some(1.6)).unwrap();
    CostModel::new(vec![Band { name: None, year: Year::Annual { p_any: 0.3, severity } }])
}

fn valuation(stop_loss: Option<StopLoss>) -> Valuation {
    Valuation::new(Basis::Net, stop_loss)
}

/// One practice of one class of people.
fn practice<T: Send>(
    model: &CostModel,
    count: u64,
    valuation: &Valuation,
    read: impl Fn(&UnitDistribution) -> T + Sync,
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
    let distribution = distributions(
        model,
        &people,
        UnitSelection { level: 0, only: None, valuation },
        &Progress::default(),
        |_, _| ReadLimit { total: 0.0, tail: 1.0 },
        |_, distribution| read(distribution),
    );
    distribution.unwrap_or_else(|_| panic!("rejected")).remove(0).1
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
        let read = |distribution: &UnitDistribution| {
            ([0.5, 0.9, 0.99, 0.995].map(|q| distribution.quantile(q)), distribution.accuracy)
        };
        let (got, accuracy) = practice(&lognormal(), count, &valuation(Some(ceiling)), read);
        println!("{count}: {got:?} {accuracy:?}");
        for (got, want) in got.into_iter().zip(want) {
            assert!((got / want - 1.0f64).abs() < 2e-7, "{count}: {got} for {want}");
        }
    }
}
