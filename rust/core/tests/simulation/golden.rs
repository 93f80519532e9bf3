//! Did a digit move? Totals of a small population with every distribution, contract term and effect.
//!
//! tests/golden/totals.csv was written by version 0.1.0 of this engine: it says nothing about what is right, only that
//! the same seed still gives the same digits. If it fails, the change is value-breaking: it needs a line in that
//! section of the changelog, and the file is made anew by `cargo test -p fundholder-core --test simulation -- --ignored
//! write_the_totals`.

use std::fmt::Write;

use fundholder_core::simulate::Options;

use super::{every_distribution, every_term, mixed, run};

const GOLDEN: &str = include_str!("../golden/totals.csv");
/// Both ends of a block of four, of the replications drawn at a time, and of the run.
const YEARS: [usize; 8] = [0, 1, 3, 4, 1_000, 4_095, 4_096, 4_100];

fn table() -> String {
    let model = every_distribution();
    let options =
        Options { practice_sd: 0.1, national_sd: 0.03, stop_loss: every_term(), ..super::options(4_101) };
    let totals = run(&model, &mixed(&model, 400), &options);
    let mut table = String::from("unit,replication,gross,ceded,chance_net\n");
    for (unit, totals) in totals[0].units.iter().enumerate() {
        for r in YEARS {
            let [gross, ceded, chance_net] = [totals.gross[r], totals.ceded[r], totals.chance_net[r]];
            writeln!(table, "{unit},{r},{gross},{ceded},{chance_net}").unwrap();
        }
    }
    table
}

#[test]
fn has_no_digit_moved() {
    for (got, want) in table().lines().zip(GOLDEN.lines()) {
        assert_eq!(got, want, "a value-breaking change: the same seed gives other digits");
    }
    assert_eq!(GOLDEN.lines().count(), 1 + 3 * YEARS.len());
}

#[test]
#[ignore = "writes the golden file"]
fn write_the_totals() {
    std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/totals.csv"), table()).unwrap();
}
