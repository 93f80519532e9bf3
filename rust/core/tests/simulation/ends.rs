//! Where does a run end early, and does it say why?

use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use fundholder_core::model::CostModel;
use fundholder_core::run::{Progress, RunError, thread_pool};
use fundholder_core::simulate::{Options, Run};

use super::{
    Row, addresses, annual, events, every_distribution, group, mixed, options, rows, run, severity, try_run,
};

fn error(model: &CostModel, people: &[Row], options: &Options) -> String {
    match try_run(model, &[people], options) {
        Err(RunError::Rejected(error)) => error.to_string(),
        other => panic!("should be rejected: {other:?}"),
    }
}

/// £225 billion: 2^51 units.
const LARGEST: f64 = 225_179_981_368.524_8;

#[test]
fn is_a_person_year_above_the_limit_rejected() {
    for make in [
        |cost| annual(1.0, severity("fixed", cost, None)),
        |cost| events(&[(4.0, severity("fixed", cost, None))]),
    ] {
        let model = make(LARGEST * 1.001);
        let message = error(&model, &[group(&model, 1, 1)], &options(100));
        assert!(message.contains("£225 billion for one person-year"), "{message}");
    }
}

#[test]
fn is_the_largest_person_year_accepted_and_exact() {
    let model = annual(1.0, severity("fixed", LARGEST, None));
    let totals = run(&model, &[group(&model, 1, 1)], &options(100));
    assert!(totals[0].units[0].gross.iter().all(|&x| x == 1 << 51));
}

#[test]
fn is_an_effect_that_takes_a_person_year_above_the_limit_rejected() {
    let model = annual(1.0, severity("fixed", LARGEST / 2.0, None));
    run(&model, &[group(&model, 1, 1)], &options(1_000));
    let message = error(&model, &[group(&model, 1, 1)], &Options { national_sd: 1.0, ..options(1_000) });
    assert!(message.contains("one person-year"), "{message}");
}

#[test]
fn is_an_expected_cost_that_leaves_no_room_rejected_before_anything_is_drawn() {
    // 2^63 / 16 units are £57.6tn.
    let model = annual(0.5, severity("gamma", 1e9, Some(1.0)));
    let progress = Progress::default();
    let mut run = Run::new(&model, 2, &options(10)).unwrap();
    let outcome = run.add(&rows(&[group(&model, 1, 120_000)]), &addresses(), &progress);
    let Err(RunError::Rejected(error)) = outcome else { panic!("should be rejected") };
    assert!(error.to_string().starts_with("the expected cost of the population is £6e13"), "{error}");
    assert_eq!(progress.drawn.load(Ordering::Relaxed), 0);
}

#[test]
fn are_the_expected_costs_of_all_batches_counted_together() {
    let model = annual(0.5, severity("gamma", 1e9, Some(1.0)));
    let batch = [group(&model, 1, 60_000)];
    assert!(try_run(&model, &[&batch], &options(1)).is_ok());
    assert!(matches!(try_run(&model, &[&batch, &batch], &options(1)), Err(RunError::Rejected(_))));
}

#[test]
fn is_a_unit_whose_year_does_not_fit_rejected_and_not_wrapped() {
    // £50tn expected, and a practice effect that passes 18.4 in about one year of 250 (lognormal, SD 3): the sum passes
    // 2^63 units, while every person-year stays far below its own limit.
    let model = annual(1.0, severity("fixed", 1e9, None));
    let people = [group(&model, 1, 50_000)];
    let large_effects = Options { practice_sd: 3.0, ..options(1_000) };
    let message = error(&model, &people, &large_effects);
    assert!(message.contains("£922 trillion for a unit"), "{message}");
    // The same people of two practices, each with its own effect, in units of a tenth as many: they fit.
    let few = [Row { count: 50, ..people[0] }];
    assert!(run(&model, &few, &large_effects)[0].units[0].gross.iter().all(|&x| x > 0));
}

#[test]
fn is_the_progress_the_number_of_person_years_drawn() {
    let model = every_distribution();
    let people = mixed(&model, 900);
    let progress = Progress::default();
    let mut run = Run::new(&model, 2, &options(4_100)).unwrap();
    run.add(&rows(&people), &addresses(), &progress).unwrap();
    // People who can have no cost are not drawn.
    let drawn =
        people.iter().filter(|row| row.scale > 0.0 && row.p_any > 0.0).map(|row| row.count).sum::<u64>();
    assert_eq!(progress.drawn.load(Ordering::Relaxed), drawn * 4_100);
}

#[test]
fn does_a_run_stop_soon_after_it_is_told_to() {
    // A minute's work, and more.
    let model = annual(0.3, severity("lognormal", 800.0, Some(1.6)));
    let people = rows(&[group(&model, 1, 10_000_000)]);
    let progress = Progress::default();
    let mut run = Run::new(&model, 2, &options(10_000)).unwrap();
    let at_stop = thread::scope(|scope| {
        let watch = scope.spawn(|| {
            while progress.drawn.load(Ordering::Relaxed) == 0 {
                thread::sleep(Duration::from_millis(1));
            }
            progress.stop.store(true, Ordering::Relaxed);
            progress.drawn.load(Ordering::Relaxed)
        });
        let pool = thread_pool(2).unwrap();
        let outcome = pool.install(|| run.add(&people, &addresses(), &progress));
        assert!(matches!(outcome, Err(RunError::Interrupted)));
        watch.join().unwrap()
    });
    // Without a clock: each of two threads may finish what it is at, and one piece more that it has just begun; a piece
    // is 512 people through 4,096 years at most.
    let after = progress.drawn.load(Ordering::Relaxed) - at_stop;
    assert!(after <= 2 * 2 * 512 * 4_096, "{after} person-years were drawn after the stop");
}

#[test]
fn is_nothing_drawn_when_stopped_before_the_start() {
    let model = every_distribution();
    let progress = Progress::default();
    progress.stop.store(true, Ordering::Relaxed);
    let mut run = Run::new(&model, 2, &options(10)).unwrap();
    assert!(matches!(
        run.add(&rows(&mixed(&model, 99)), &addresses(), &progress),
        Err(RunError::Interrupted)
    ));
    assert_eq!(progress.drawn.load(Ordering::Relaxed), 0);
}
