//! Is the result the same, to the last unit, however the work is cut?

use fundholder_core::run::thread_pool;
use fundholder_core::simd::Processor;
use fundholder_core::simulate::{Options, Totals};

use super::{Row, assert_same, every_distribution, every_term, mixed, options, run, try_run};

const ROWS: u32 = 3_001;
const REPLICATIONS: u32 = 37;

fn all_terms() -> Options {
    Options { stop_loss: every_term(), practice_sd: 0.1, national_sd: 0.03, ..options(REPLICATIONS) }
}

/// Without effects and with a plain ceiling the loops are others.
fn every_contract() -> [Options; 2] {
    [all_terms(), Options { stop_loss: super::ceiling(2_000.0), ..options(REPLICATIONS) }]
}

#[test]
fn on_any_number_of_threads() {
    let model = every_distribution();
    let people = mixed(&model, ROWS);
    for options in every_contract() {
        let on = |threads| thread_pool(threads).unwrap().install(|| run(&model, &people, &options));
        let one = on(1);
        for threads in [2, 7] {
            let many = on(threads);
            assert_same(&one, &many, &format!("{threads} threads"));
        }
    }
}

#[test]
fn on_every_processor() {
    let model = every_distribution();
    let people = mixed(&model, ROWS);
    for options in every_contract() {
        let baseline = run(&model, &people, &Options { processor: Processor::Baseline, ..options.clone() });
        for processor in Processor::ALL.into_iter().filter(|processor| processor.available()) {
            let other = run(&model, &people, &Options { processor, ..options.clone() });
            assert_same(&baseline, &other, processor.name());
        }
    }
}

#[test]
fn in_any_order_of_rows() {
    let model = every_distribution();
    let people = mixed(&model, ROWS);
    let mut other: Vec<Row> = people.iter().rev().copied().collect();
    // 3,001 is prime: every seventeenth row, round and round.
    let strided: Vec<Row> = (0..people.len()).map(|i| people[i * 17 % people.len()]).collect();
    other.rotate_left(1_234);
    for options in every_contract() {
        let first = run(&model, &people, &options);
        assert_same(&first, &run(&model, &other, &options), "reversed and rotated");
        assert_same(&first, &run(&model, &strided, &options), "strided");
    }
}

#[test]
fn in_batches_of_any_size() {
    let model = every_distribution();
    let people = mixed(&model, 700);
    let together = run(&model, &people, &all_terms());
    for size in [1, 2, 97, 512, 699] {
        let batches: Vec<&[Row]> = people.chunks(size).collect();
        let parts = try_run(&model, &batches, &all_terms()).unwrap();
        assert_same(&together, &parts, &format!("batches of {size}"));
    }
}

#[test]
fn practice_by_practice() {
    let model = every_distribution();
    let people = mixed(&model, ROWS);
    let together = run(&model, &people, &all_terms());
    let (some, others): (Vec<Row>, Vec<Row>) = people.iter().partition(|row| row.practice < 2);
    let parts = [run(&model, &some, &all_terms()), run(&model, &others, &all_terms())];
    for practice in 0..5 {
        let part = &parts[usize::from(practice >= 2)][1].units[practice];
        let unit = &together[1].units[practice];
        assert!(part.gross == unit.gross && part.ceded == unit.ceded && part.chance_net == unit.chance_net);
    }
    // Units across the two runs add up.
    for (u, unit) in together[0].units.iter().enumerate() {
        for r in 0..REPLICATIONS as usize {
            let sum =
                |of: fn(&Totals, usize, usize) -> i64| parts.iter().map(|p| of(&p[0], u, r)).sum::<i64>();
            assert_eq!(unit.gross[r], sum(|t, u, r| t.units[u].gross[r]));
            assert_eq!(unit.ceded[r], sum(|t, u, r| t.units[u].ceded[r]));
            assert_eq!(unit.chance_net[r], sum(|t, u, r| t.units[u].chance_net[r]));
        }
    }
}

#[test]
fn for_a_group_and_its_people_one_by_one() {
    let model = every_distribution();
    let groups = mixed(&model, 200);
    let mut people = Vec::new();
    for row in &groups {
        for n in 0..row.count {
            people.push(Row { count: 1, identity: row.identity.wrapping_add(n), ..*row });
        }
    }
    assert!(people.len() > groups.len());
    // A group larger than anything that is drawn together, whose identities pass the largest number.
    let large =
        Row { band: 2, count: 20_011, scale: 1.0, p_any: 0.3, identity: u64::MAX - 10_000, ..groups[0] };
    let mut groups = groups;
    groups.push(large);
    people.extend((0..large.count).map(|n| Row {
        count: 1,
        identity: large.identity.wrapping_add(n),
        ..large
    }));
    for options in every_contract() {
        assert_same(&run(&model, &groups, &options), &run(&model, &people, &options), "groups");
    }
}

#[test]
fn for_the_first_replications_of_a_longer_run() {
    let model = every_distribution();
    let people = mixed(&model, 120);
    for base in every_contract() {
        let longest = run(&model, &people, &Options { replications: 4_102, ..base.clone() });
        // Around a block of four, and around the replications that are drawn at a time.
        for replications in [1, 2, 3, 4, 5, 4_095, 4_096, 4_097] {
            let shorter = run(&model, &people, &Options { replications, ..base.clone() });
            for (longest, shorter) in longest.iter().zip(&shorter) {
                for (longest, shorter) in longest.units.iter().zip(&shorter.units) {
                    let k = replications as usize;
                    assert_eq!(shorter.gross.len(), k);
                    assert!(longest.gross[..k] == shorter.gross, "{k}");
                    assert!(longest.ceded[..k] == shorter.ceded, "{k}");
                    assert!(longest.chance_net.get(..k).unwrap_or_default() == shorter.chance_net, "{k}");
                }
            }
        }
    }
}

#[test]
fn not_on_another_seed_or_for_another_person() {
    let model = every_distribution();
    let people = mixed(&model, 50);
    let mut others = people.clone();
    others.iter_mut().for_each(|row| row.identity ^= 1 << 40);
    let first = run(&model, &people, &options(100));
    let seed = run(&model, &people, &Options { seed: super::SEED ^ (1 << 33), ..options(100) });
    let person = run(&model, &others, &options(100));
    for other in [seed, person] {
        assert!(first[0].units[0].gross != other[0].units[0].gross);
    }
}
