//! Cost models from observed person-years.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use arrow_array::RecordBatch;
use fundholder_core::error::{Code, Problem};
use fundholder_core::model::{Band, CostModel, Profile, RankClass, ServiceMix, Severity, SeverityKind, Year};
use fundholder_core::numeric::money::AMOUNTS;
use fundholder_core::run::{Progress, RunError, sort};
use fundholder_core::severity::{Distribution, Empirical};

use crate::column::{COST, Problems, Rule, WEIGHT};
use crate::labels::Label;
use crate::table::{LabelColumn, NumberColumn, TableRules, read_long_table};

/// Observed costs, however low: their mean is bounded.
const OBSERVED: Rule = Rule::range(0.0, *AMOUNTS.end(), "a finite number of £, 0 or more, at most 1e15");
/// Observed year: its cost, its weight and its row.
type Record = (f64, f64, usize);

/// Records of which a few are expected to carry much: fewer are an example.
const MANY_RECORDS: usize = 50;
/// The largest cost over the next of which a wrong digit is likelier than a heavy tail: with a Pareto of shape 2, 1 in 25.
const FAR_FROM_NEXT: f64 = 5.0;

/// A model from observed person-years, zeros included; and what may not be right of them.
pub fn model_from_costs(
    batches: &[RecordBatch],
    costs: &[String],
    band: Option<&str>,
    weight: Option<&str>,
    gpd: bool,
    progress: &Progress,
) -> Result<(CostModel, Vec<String>), RunError> {
    let number = |(name, rule): (&str, Rule)| NumberColumn { name: name.into(), rule, nulls: false };
    let rules = TableRules {
        table: "the table of costs".into(),
        labels: band
            .iter()
            .map(|&name| LabelColumn { name: name.into(), nulls: false, organisations: false })
            .collect(),
        numbers: costs
            .iter()
            .map(|cost| (cost.as_str(), OBSERVED))
            .chain(weight.map(|name| (name, WEIGHT)))
            .map(number)
            .collect(),
        unique: false,
        rows: true,
    };
    let table = read_long_table(batches, &rules, progress)?;
    let (cost, is_one) = (costs.join(", "), costs.len() == 1);
    let number = |column: usize, row: usize| table.numbers[column][row].unwrap_or(0.0);
    let cost_of = |row: usize| (0..costs.len()).map(|column| number(column, row)).sum::<f64>();
    let mut groups: BTreeMap<Option<Label>, Vec<Record>> = BTreeMap::new();
    for row in 0..table.numbers[0].len() {
        let name = table.labels.first().map(|(labels, codes)| labels.list()[codes[row] as usize].clone());
        let weight = if weight.is_some() { number(costs.len(), row) } else { 1.0 };
        groups.entry(name).or_default().push((cost_of(row), weight, row));
    }
    let mut problems = Problems::default();
    let mut fitted = Vec::new();
    let mut warnings = Vec::new();
    for (name, mut records) in groups {
        progress.check()?;
        // In the order of the values, so that the order of the rows does not matter.
        let by_service = |a: usize, b: usize| {
            let services = (0..costs.len()).map(|column| number(column, a).total_cmp(&number(column, b)));
            services.fold(Ordering::Equal, Ordering::then)
        };
        let compare = |a: &Record, b: &Record| {
            let by_cost = a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1));
            if is_one { by_cost } else { by_cost.then_with(|| by_service(a.2, b.2)) }
        };
        sort(&mut records, compare, progress)?;
        let name = name.map(|label| label.to_string());
        if let Some(largest) = carries_variance(&records) {
            let same = records.iter().filter(|record| record.0 == largest).map(|record| record.2);
            let row = same.min().unwrap_or_default();
            let band = name.as_ref().map_or(String::new(), |name| format!(" of band '{name}'"));
            warnings.push(format!(
                "column '{cost}', row {row}: {largest} carries more than half of the squares of all costs{band}: is it right?"
            ));
        }
        let stop = || progress.check().is_err();
        let services = |row: usize| (0..costs.len()).map(|column| number(column, row)).collect();
        let year = band_from_costs(&records, gpd, &stop).and_then(|(p_any, severity)| {
            let mix = if is_one { None } else { Some(observed_mix(&records, services, &severity)?) };
            let severity = mix.map_or_else(|| severity.clone(), |mix| severity.clone().with_mix(mix));
            Ok(Year::Annual { p_any, severity })
        });
        match year {
            Ok(year) => fitted.push(Band { name, year }),
            Err(text) => {
                let band = name.map_or(String::new(), |name| format!(", band '{name}'"));
                let text = format!("column '{cost}'{band}: {text}");
                problems.value(Problem::new(Code::NotComputable, text).of(&cost));
            }
        }
    }
    progress.check()?;
    problems.check()?;
    let services = if is_one { Vec::new() } else { costs.to_vec() };
    Ok((CostModel { services, ..CostModel::new(fitted) }, warnings))
}

/// The largest cost of sorted records, if there are many, and it is far from the next and has more than half of the sum of
/// their squares.
fn carries_variance(records: &[Record]) -> Option<f64> {
    let square = |(cost, weight, _): &Record| weight * cost * cost;
    let (last, others) = records.split_last()?;
    let positive = others.iter().filter(|record| square(record) > 0.0).count();
    let rest: f64 = others.iter().map(square).sum();
    let far = others.last().is_some_and(|next| last.0 >= FAR_FROM_NEXT * next.0);
    (positive + 1 >= MANY_RECORDS && far && square(last) > rest).then_some(last.0)
}

fn band_from_costs(
    records: &[Record],
    gpd: bool,
    stop: &dyn Fn() -> bool,
) -> Result<(f64, Severity), String> {
    let all: f64 = records.iter().map(|record| record.1).sum();
    let positive = records.iter().filter(|record| record.0 > 0.0).map(|record| (record.0, record.1));
    let (values, weights): (Vec<f64>, Vec<f64>) = positive.unzip();
    let positive: f64 = weights.iter().sum();
    if positive <= 0.0 {
        return Err("no person-year with weight has a cost: at least one must".into());
    }
    let distribution = Empirical::of_many(&values, &weights, gpd, stop)?;
    if !AMOUNTS.contains(&distribution.mean()) {
        return Err(format!(
            "the mean of costs above 0 is {:e}: must be {}",
            distribution.mean(),
            COST.allowed
        ));
    }
    Ok((positive / all, Severity::observed(distribution)))
}

/// Shares of services, each with its weight.
type Weighted = Vec<(f64, Vec<f64>)>;

/// The mix of observed costs above 0: each keeps its own, and those beyond the threshold of a tail share theirs.
fn observed_mix(
    records: &[Record],
    services: impl Fn(usize) -> Vec<f64>,
    severity: &Severity,
) -> Result<ServiceMix, String> {
    let SeverityKind::Observed(observed) = severity.kind() else {
        return Err("costs that were not observed".into());
    };
    let mut classes: Vec<(f64, Weighted)> = Vec::new();
    let threshold = observed.tail().map_or(f64::INFINITY, |tail| tail.threshold);
    for (cost, weight, row) in records.iter().filter(|record| record.0 > 0.0 && record.1 > 0.0) {
        let shares: Vec<f64> = services(*row).iter().map(|service| service / cost).collect();
        let of = if *cost > threshold { f64::INFINITY } else { *cost };
        match classes.last_mut() {
            Some((last, profiles)) if *last == of => {
                match profiles.iter_mut().find(|(_, known)| *known == shares) {
                    Some((sum, _)) => *sum += weight,
                    None => profiles.push((*weight, shares)),
                }
            }
            _ => classes.push((of, vec![(*weight, shares)])),
        }
    }
    let mut from = 0.0;
    let last = classes.len() - 1;
    let class = |(number, (cost, profiles)): (usize, (f64, Weighted))| {
        let all: f64 = profiles.iter().map(|(weight, _)| weight).sum();
        let profile = |(weight, shares)| Profile { probability: weight / all, shares };
        let to = if number == last { 1.0 } else { observed.cdf(cost) };
        let class = RankClass { from, to, profiles: profiles.into_iter().map(profile).collect() };
        from = to;
        class
    };
    ServiceMix::new(classes.into_iter().enumerate().map(class).collect())
}
