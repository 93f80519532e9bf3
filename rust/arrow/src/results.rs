//! Results as tables: totals and summaries of one level, in the order of its labels.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, UInt64Type};
use arrow_array::{
    Array, ArrayRef, FixedSizeListArray, Float64Array, Int64Array, ListArray, RecordBatch, UInt64Array,
};
use arrow_schema::{DataType, Field};
use fundholder_core::contract::Basis;
use fundholder_core::measures::{Estimate, Moments, QuantileRule, SizeBand, moments, shares, systematic_sd};
use fundholder_core::numeric::money::pounds;
use fundholder_core::run::{Progress, RunError, sort};
use fundholder_core::simulate::{Totals, UnitTotals};

use crate::labels::Labels;
use crate::table::table;
use crate::unit_numbers::UnitNumbers;

/// One level of a simulation.
pub struct Level {
    pub name: String,
    pub labels: Labels,
    pub totals: Totals,
}

impl Level {
    pub(crate) fn units(&self) -> Vec<&UnitTotals> {
        self.labels.sorted().iter().map(|&i| &self.totals.units[i as usize]).collect()
    }

    /// The level in one of the `years` of every path.
    pub fn of_year(&self, year: usize, years: usize) -> Self {
        let units = self.totals.units.iter().map(|unit| unit.of_year(year, years)).collect();
        Self { name: self.name.clone(), labels: self.labels.clone(), totals: Totals { units } }
    }

    pub(crate) fn head(&self) -> [(&str, ArrayRef); 2] {
        let people = self.units().iter().map(|unit| unit.people as i64).collect::<Vec<_>>();
        [
            (&self.name, self.labels.column(&self.labels.sorted())),
            ("people", Arc::new(Int64Array::from(people))),
        ]
    }
}

/// One unit's cost (£) in every replication.
fn years(basis: Basis, unit: &UnitTotals) -> Vec<f64> {
    match basis {
        Basis::Gross => unit.gross.iter().copied().map(pounds).collect(),
        Basis::Net => {
            unit.gross.iter().zip(&unit.ceded).map(|(gross, ceded)| pounds(gross - ceded)).collect()
        }
        Basis::Ceded => unit.ceded.iter().copied().map(pounds).collect(),
    }
}

/// A tolerance or probability, and how the caller wrote it.
pub type LabelledNumber = (String, f64);

/// `<by>`, people, gross, net: each unit's cost (£) in every replication; then those of services by name.
pub fn totals_table(
    level: &Level,
    services: &[String],
    progress: &Progress,
) -> Result<RecordBatch, RunError> {
    let units = level.units();
    let replications = units.first().map_or(0, |unit| unit.gross.len());
    let lists = |of: &dyn Fn(&UnitTotals) -> Vec<f64>| -> Result<ArrayRef, RunError> {
        let mut values = Vec::with_capacity(units.len() * replications);
        for unit in &units {
            progress.check()?;
            values.extend(of(unit));
        }
        Ok(yearly(values, replications))
    };
    let [by, people] = level.head();
    let bases = [("gross", Basis::Gross), ("net", Basis::Net)];
    let mut columns = vec![(by.0.to_string(), by.1), (people.0.to_string(), people.1)];
    for (name, basis) in bases {
        columns.push((name.into(), lists(&|unit| years(basis, unit))?));
    }
    for (number, service) in services.iter().enumerate() {
        let of_service = |unit: &UnitTotals| unit.columns[number].iter().copied().map(pounds).collect();
        columns.push((format!("gross_{service}"), lists(&of_service)?));
    }
    Ok(table(columns.iter().map(|(name, array)| (name.as_str(), array.clone())).collect()))
}

/// A column of lists of one number for each replication.
pub(crate) fn yearly(values: Vec<f64>, replications: usize) -> ArrayRef {
    let item = Arc::new(Field::new_list_field(DataType::Float64, false));
    Arc::new(FixedSizeListArray::new(item, replications as i32, Arc::new(Float64Array::from(values)), None))
}

/// The columns of expected costs where the variance is infinite, by basis.
const HEAVY_MEANS: [&str; Basis::ALL.len()] = ["heavy_mean_gross", "heavy_mean_net", "heavy_mean_ceded"];

/// Gross cost and the columns that are kept, in units of money: replication by replication of each unit, in the order of
/// the units' names.
pub fn integers_table(level: &Level) -> RecordBatch {
    let units = level.units();
    let kept = units.first().map_or(0, |unit| unit.columns.len());
    let column = |of: &dyn Fn(&UnitTotals) -> &[i64]| -> ArrayRef {
        Arc::new(Int64Array::from(units.iter().map(|unit| of(unit)).collect::<Vec<_>>().concat()))
    };
    let names: Vec<String> = (0..kept).map(|number| format!("column_{number}")).collect();
    let mut columns = vec![("gross", column(&|unit| &unit.gross))];
    columns.extend(
        names.iter().enumerate().map(|(number, name)| (name.as_str(), column(&|unit| &unit.columns[number]))),
    );
    table(columns)
}

/// A level as a table that makes the same level again: its labels and the integers of its totals, by number of the unit.
pub fn level_table(level: &Level) -> RecordBatch {
    let units = &level.totals.units;
    let replications = units.first().map_or(0, |unit| unit.gross.len());
    let order: Vec<u32> = (0..units.len() as u32).collect();
    let (integers, texts) = level.labels.columns(&order);
    let lists = |of: fn(&UnitTotals) -> &[i64]| -> ArrayRef {
        let values = Int64Array::from(units.iter().map(of).collect::<Vec<_>>().concat());
        let item = Arc::new(Field::new_list_field(DataType::Int64, false));
        Arc::new(FixedSizeListArray::new(item, replications as i32, Arc::new(values), None))
    };
    let people: ArrayRef = Arc::new(UInt64Array::from_iter_values(units.iter().map(|unit| unit.people)));
    let mut columns = vec![("integer", integers), ("text", texts), ("people", people)];
    columns.extend([("gross", lists(|unit| &unit.gross)), ("ceded", lists(|unit| &unit.ceded))]);
    let kept: ListArray = ListArray::from_iter_primitive::<Int64Type, _, _>(
        units.iter().map(|unit| Some(unit.columns.iter().flatten().copied().map(Some).collect::<Vec<_>>())),
    );
    columns.push(("columns", Arc::new(kept)));
    if units.iter().any(|unit| !unit.chance_net.is_empty()) {
        columns.push(("chance_net", lists(|unit| &unit.chance_net)));
    }
    let means = Basis::ALL.map(|basis| units.iter().map(move |unit| unit.heavy_means[basis as usize]));
    let means = means.map(|means| Arc::new(Float64Array::from_iter(means)) as ArrayRef);
    columns.extend(HEAVY_MEANS.into_iter().zip(means));
    table(columns)
}

/// The level of a table that [`level_table`] made; none for any other table.
pub fn level_of_table(name: String, batch: &RecordBatch) -> Option<Level> {
    let column = |name: &str| batch.column_by_name(name);
    let integers = column("integer")?.as_primitive_opt::<Int64Type>()?;
    let texts = column("text")?.as_string_opt::<i32>()?;
    let people = column("people")?.as_primitive_opt::<UInt64Type>()?;
    let lists = |name: &str, unit: usize| -> Option<Vec<i64>> {
        let list = column(name)?.as_fixed_size_list_opt()?.value(unit);
        Some(list.as_primitive_opt::<Int64Type>()?.values().to_vec())
    };
    let unit = |i: usize| {
        let chance_net = column("chance_net").map_or(Some(Vec::new()), |_| lists("chance_net", i))?;
        let (gross, ceded) = (lists("gross", i)?, lists("ceded", i)?);
        let mut heavy_means = [None; HEAVY_MEANS.len()];
        for (mean, name) in heavy_means.iter_mut().zip(HEAVY_MEANS) {
            let means = column(name)?.as_primitive_opt::<Float64Type>()?;
            *mean = means.is_valid(i).then(|| means.value(i));
        }
        let all = column("columns")?.as_list_opt::<i32>()?.value(i);
        let all = all.as_primitive_opt::<Int64Type>()?.values();
        let columns = all.chunks(gross.len().max(1)).map(<[i64]>::to_vec).collect();
        Some(UnitTotals { people: people.value(i), gross, ceded, chance_net, columns, heavy_means })
    };
    let units = (0..batch.num_rows()).map(unit).collect::<Option<Vec<_>>>()?;
    Some(Level { name, labels: Labels::of_columns(integers, texts), totals: Totals { units } })
}

/// The estimates of each unit, each followed by its Monte Carlo standard error.
pub fn summary_table(
    level: &Level,
    basis: Basis,
    budgets: Option<&UnitNumbers>,
    thresholds: &[LabelledNumber],
    quantiles: &[LabelledNumber],
    progress: &Progress,
) -> Result<RecordBatch, RunError> {
    let budgets = budgets.map(|budgets| budgets.of(&level.labels, &level.labels.sorted())).transpose()?;
    let units = level.units();
    let replications = units.first().map_or(0, |unit| unit.gross.len());
    let rules: Vec<QuantileRule> =
        quantiles.iter().map(|(_, q)| QuantileRule::new(*q, replications)).collect();

    let mut columns: Vec<(String, Vec<Estimate>)> = Vec::new();
    let mut used_budgets = Vec::with_capacity(units.len());
    for (row, unit) in units.iter().enumerate() {
        progress.check()?;
        let mut years = years(basis, unit);
        let heavy_mean = unit.heavy_means[basis as usize];
        let known = |moments: Moments| match heavy_mean {
            Some(mean) => moments.without_variance(mean),
            None => moments,
        };
        let all = known(moments(&years));
        let chance = match basis {
            Basis::Net if !unit.chance_net.is_empty() => {
                known(moments(&unit.chance_net.iter().copied().map(pounds).collect::<Vec<_>>()))
            }
            _ => all.clone(),
        };
        let budget = budgets.as_ref().map_or(all.mean.value.unwrap_or(0.0), |budgets| budgets[row]);
        used_budgets.push(budget);
        let mut at = 0;
        let mut put = |name: &dyn Fn() -> String, estimate: Estimate| {
            if row == 0 {
                columns.push((name(), Vec::with_capacity(units.len())));
            }
            columns[at].1.push(estimate);
            at += 1;
        };
        put(&|| "expected".into(), all.mean);
        put(&|| "sd".into(), all.sd);
        put(&|| "cv".into(), all.cv);
        put(&|| "skewness".into(), all.skewness);
        if basis == Basis::Net {
            put(&|| "chance_sd".into(), chance.sd);
            let systematic =
                if heavy_mean.is_some() { Estimate::default() } else { systematic_sd(&all, &chance) };
            put(&|| "systematic_sd".into(), systematic);
        }
        let tolerances: Vec<_> = thresholds.iter().map(|(_, t)| shares(&years, budget, *t)).collect();
        for ((text, _), share) in thresholds.iter().zip(&tolerances) {
            put(&|| format!("p_over_{text}"), share.over);
            put(&|| format!("p_under_{text}"), share.under);
            put(&|| format!("p_outside_{text}"), share.outside);
        }
        sort(&mut years, f64::total_cmp, progress)?;
        for ((text, _), rule) in quantiles.iter().zip(&rules) {
            put(&|| format!("q{text}"), rule.of(&years));
        }
    }
    let [by, people] = level.head();
    let mut named: Vec<(String, ArrayRef)> = vec![(by.0.into(), by.1), (people.0.into(), people.1)];
    for (name, estimates) in columns {
        let se = format!("{name}_se");
        let first = name == "expected";
        named.push((name, Arc::new(Float64Array::from_iter(estimates.iter().map(|e| e.value)))));
        named.push((se, Arc::new(Float64Array::from_iter(estimates.iter().map(|e| e.se)))));
        if first {
            named.push(("budget".into(), Arc::new(Float64Array::from(std::mem::take(&mut used_budgets)))));
        }
    }
    Ok(table(named.iter().map(|(name, array)| (name.as_str(), array.clone())).collect()))
}

/// The national summary by size of list.
pub fn size_band_table(bands: &[SizeBand], thresholds: &[LabelledNumber]) -> RecordBatch {
    let integers = |of: &dyn Fn(&SizeBand) -> Option<u64>| -> ArrayRef {
        Arc::new(Int64Array::from_iter(bands.iter().map(|band| of(band).map(|n| n as i64))))
    };
    let mut columns: Vec<(String, ArrayRef)> = vec![
        ("people_from".into(), integers(&|band| Some(band.from))),
        ("people_below".into(), integers(&|band| band.to)),
        ("units".into(), integers(&|band| Some(band.units))),
        ("people".into(), integers(&|band| Some(band.people))),
    ];
    let mut put = |name: String, of: &dyn Fn(&SizeBand) -> Estimate| {
        let se = format!("{name}_se");
        columns.push((name, Arc::new(Float64Array::from_iter(bands.iter().map(|band| of(band).value)))));
        columns.push((se, Arc::new(Float64Array::from_iter(bands.iter().map(|band| of(band).se)))));
    };
    put("ceded_share".into(), &|band| band.ceded);
    put("cv".into(), &|band| band.cv_net);
    put("cv_gross".into(), &|band| band.cv_gross);
    for (i, (text, _)) in thresholds.iter().enumerate() {
        put(format!("p_outside_{text}"), &|band| band.outside_net[i]);
        put(format!("p_outside_{text}_gross"), &|band| band.outside_gross[i]);
    }
    table(columns.iter().map(|(name, array)| (name.as_str(), array.clone())).collect())
}
