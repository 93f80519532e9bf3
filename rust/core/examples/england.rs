//! A small England: how far does a practice's year land from its mean, by size of list, before and after a ceiling?
//!
//! `cargo run --release -p fundholder-core --example england`. All numbers are invented and round.

use std::error::Error;

use fundholder_core::analytic_moments::Valuation;
use fundholder_core::contract::{Basis, StopLoss};
use fundholder_core::exact::{UnitDistribution, unit_distributions};
use fundholder_core::measures::{SizeBand, size_bands};
use fundholder_core::model::{Band, CostModel, Severity, Year};
use fundholder_core::population::{Group, People, Rows, practice_addresses};
use fundholder_core::random::mix;
use fundholder_core::run::Progress;
use fundholder_core::simulate::{Options, Run};

const PRACTICES: u32 = 300;
const YEARS: u32 = 500;
const CEILING: f64 = 20_000.0;
/// Ends of the bands of list sizes.
const SIZES: [u64; 3] = [4_000, 8_000, 16_000];
/// Shares of people by age, the same for both sexes.
const AGES: [(&str, f64); 4] = [("0-17", 0.21), ("18-44", 0.36), ("45-69", 0.30), ("70+", 0.13)];

/// A band for each age and sex: probability of any cost in a year, mean and sigma of that cost.
fn model() -> Result<CostModel, String> {
    let mut bands = Vec::new();
    for (sex, more_users) in [("female", 1.2), ("male", 1.0)] {
        let years = [(0.20, 1_200.0, 1.5), (0.22, 1_800.0, 1.5), (0.35, 2_800.0, 1.5), (0.60, 4_500.0, 1.3)];
        for ((age, _), (p_any, mean, sigma)) in AGES.iter().zip(years) {
            let severity = Severity::parametric("lognormal", mean, Some(sigma))?;
            let year = Year::Annual { p_any: p_any * more_users, severity };
            bands.push(Band { name: Some(format!("{age} {sex}")), year });
        }
    }
    Ok(CostModel::new(bands))
}

/// Lists from 1,000 to 25,000 people, most of them small.
fn population(model: &CostModel) -> Vec<Group> {
    let mut groups = Vec::new();
    for practice in 0..PRACTICES {
        let uniform = (mix(u64::from(practice)) >> 40) as f64 / (1u64 << 24) as f64;
        let list = 1_000.0 + 24_000.0 * uniform * uniform;
        for (band, (_, share)) in AGES.iter().chain(&AGES).enumerate() {
            let count = (0.5 * list * share) as u64;
            groups.push(Group::new(model, practice, band as u32, count));
        }
    }
    groups
}

/// Mean over the practices of a size of their coefficient of variation (%).
fn mean_cv(units: &[UnitDistribution], size: &SizeBand) -> f64 {
    let inside = units.iter().filter(|unit| {
        let people = unit.moments.people;
        people >= size.from && size.to.is_none_or(|to| people < to)
    });
    100.0 * inside.filter_map(|unit| unit.moments.all.cv).sum::<f64>() / size.units as f64
}

pub fn main() -> Result<(), Box<dyn Error>> {
    let model = model()?;
    let groups = population(&model);
    let ceiling = StopLoss::new(CEILING, 1.0, None)?;

    // Whole distributions, without chance.
    let people = People::of_groups(&model, &groups)?;
    let exact = |stop_loss| unit_distributions(&model, &people, 0, &Valuation::new(Basis::Net, stop_loss));
    let (gross, net) = (exact(None)?, exact(Some(ceiling))?);

    // The same practices, every person's years drawn.
    let options = Options { stop_loss: Some(ceiling), ..Options::new(YEARS, 2026) };
    let mut run = Run::new(&model, 1, &options)?;
    run.add(&Rows::of_groups(&groups), &practice_addresses(PRACTICES), &Progress::default())?;
    let totals = run.finish(&Progress::default())?.remove(0);

    println!("CV of a year's cost in %, before and after a ceiling of £{CEILING} a person");
    println!("{:>17} {:>9} {:>15} {:>29}", "list", "practices", "exact", "simulated");
    for size in size_bands(&totals.units, &SIZES, &[], &Progress::default())? {
        let list = match size.to {
            Some(to) => format!("{} to {}", size.from, to - 1),
            None => format!("{} and more", size.from),
        };
        let simulated = [&size.cv_gross, &size.cv_net].map(|cv| {
            let percent = |x: Option<f64>| 100.0 * x.unwrap_or(f64::NAN);
            format!("{:5.2} ± {:4.2}", percent(cv.value), percent(cv.se))
        });
        println!(
            "{list:>17} {:>9}   {:5.2} / {:5.2}   {} / {}",
            size.units,
            mean_cv(&gross, &size),
            mean_cv(&net, &size),
            simulated[0],
            simulated[1],
        );
    }
    let worst = gross.iter().chain(&net).map(|unit| unit.accuracy.mean_error).fold(0.0, f64::max);
    println!("Exact means are within {worst:.0e} SDs of those in closed form.");
    Ok(())
}
