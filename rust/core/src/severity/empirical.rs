use super::interval::{from_tails, move_origin};
use super::{Distribution, GpdTail, MAX_MOMENT};

const ORDERS: usize = MAX_MOMENT as usize + 1;
/// Records that are gone through between two looks at whether to stop.
const RECORDS_AT_ONCE: usize = 1 << 18;
const NEVER: fn() -> bool = || false;

/// The weighted distribution of observed costs in £, optionally with a generalised Pareto tail.
///
/// The result does not depend on the order of the input: records are sorted by value, then by
/// weight, before anything is summed.
#[derive(Clone, Debug, PartialEq)]
pub struct Empirical {
    values: Vec<f64>,
    probabilities: Vec<f64>,
    /// P(X <= values[i]).
    from_below: Vec<f64>,
    /// P(X > values[i]), the tail included.
    above: Vec<f64>,
    /// partial[i][k] = E[X^k; X <= values[i]].
    partial: Vec<[f64; ORDERS]>,
    tail: Option<GpdTail>,
    mean: f64,
}

impl Empirical {
    /// Largest value accepted, so that fourth moments stay in range.
    pub const MAX_VALUE: f64 = GpdTail::MAX_VALUE;
    /// Share of users at or below the threshold of a fitted tail.
    pub const FIT_QUANTILE: f64 = 0.95;
    /// Fewest records above the threshold that a tail is fitted to.
    pub const MIN_EXCESSES: usize = 50;

    /// The distribution with an atom at each distinct value; values are positive, weights at least 0.
    pub fn new(values: &[f64], weights: &[f64]) -> Result<Self, String> {
        Self::from_records(&records(values, weights)?, None, &NEVER)
    }

    /// The distribution of records, which may be many, with a fitted tail or without; an error too where `stop` says so.
    pub fn of_many(
        values: &[f64],
        weights: &[f64],
        gpd: bool,
        stop: &dyn Fn() -> bool,
    ) -> Result<Self, String> {
        let records = records(values, weights)?;
        if gpd { Self::with_fitted_tail(records, stop) } else { Self::from_records(&records, None, stop) }
    }

    /// As [`Empirical::new`] up to the tail's threshold and the given tail above it. Values above
    /// the threshold are not used; the others share the probability that the tail leaves.
    pub fn with_tail(values: &[f64], weights: &[f64], tail: GpdTail) -> Result<Self, String> {
        let tail = tail.checked()?;
        let mut records = records(values, weights)?;
        records.retain(|&(value, _)| value <= tail.threshold);
        if records.is_empty() {
            return Err(format!(
                "a tail needs at least one value with positive weight at or below its threshold {}",
                tail.threshold
            ));
        }
        Self::from_records(&records, Some(tail), &NEVER)
    }

    /// The distribution with a tail fitted above the weighted 95 % quantile, by probability-weighted
    /// moments with plotting positions (j - 0.35) / n: Hosking & Wallis (1987). The fit keeps the
    /// mean excess that was observed.
    pub fn fit_gpd(values: &[f64], weights: &[f64]) -> Result<Self, String> {
        Self::with_fitted_tail(records(values, weights)?, &NEVER)
    }

    fn with_fitted_tail(mut records: Vec<(f64, f64)>, stop: &dyn Fn() -> bool) -> Result<Self, String> {
        let total = sum(records.iter().map(|r| r.1));
        let mut running = Sum::default();
        let threshold = records
            .iter()
            .find(|&&(_, weight)| {
                running.add(weight);
                running.value() >= Self::FIT_QUANTILE * total
            })
            .or(records.last())
            .map_or(0.0, |&(value, _)| value);
        let body = records.partition_point(|&(value, _)| value <= threshold);
        let excesses = records.split_off(body);
        if excesses.len() < Self::MIN_EXCESSES {
            return Err(format!(
                "a tail needs at least {} records above the 95 % quantile {threshold}, got {}",
                Self::MIN_EXCESSES,
                excesses.len()
            ));
        }
        let weight = sum(excesses.iter().map(|r| r.1));
        let (scale, shape) = probability_weighted_moments(&excesses, threshold, weight);
        let tail = GpdTail { threshold, scale, shape, probability: weight / total };
        let tail = tail.checked().map_err(|message| format!("no tail can be fitted: {message}"))?;
        Self::from_records(&records, Some(tail), stop)
    }

    /// Atoms, ascending.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Probabilities of the atoms; with the tail's they sum to 1.
    pub fn probabilities(&self) -> &[f64] {
        &self.probabilities
    }

    /// The tail, if there is one.
    pub fn tail(&self) -> Option<&GpdTail> {
        self.tail.as_ref()
    }

    /// The value of all whose rank is above `from` and at most `to`; none where there are several.
    pub(crate) fn only_value(&self, from: f64, to: f64) -> Option<f64> {
        let first = self.from_below.partition_point(|&below| below <= from);
        let last = self.from_below.partition_point(|&below| below < to);
        (first == last).then(|| self.values.get(first).copied()).flatten()
    }

    /// From records sorted by value, not empty, with positive weights.
    fn from_records(
        records: &[(f64, f64)],
        tail: Option<GpdTail>,
        stop: &dyn Fn() -> bool,
    ) -> Result<Self, String> {
        let going_on = |i: usize| match i.is_multiple_of(RECORDS_AT_ONCE) && stop() {
            true => Err("the work was stopped"),
            false => Ok(()),
        };
        let mut atoms: Vec<(f64, Sum)> = Vec::with_capacity(records.len());
        for (i, &(value, weight)) in records.iter().enumerate() {
            going_on(i)?;
            match atoms.last_mut() {
                Some((last, merged)) if *last == value => merged.add(weight),
                _ => atoms.push((value, Sum::of(weight))),
            }
        }
        let tail_probability = tail.map_or(0.0, |tail| tail.probability);
        let body = 1.0 - tail_probability;
        let total = sum(records.iter().map(|r| r.1));
        let values: Vec<f64> = atoms.iter().map(|a| a.0).collect();
        // Weights that are probabilities already stay as they are, so that a distribution reads back to the bit.
        let done = (total - body).abs() <= 1e-12 * body;
        let share = |weight: f64| if done { weight } else { weight / total * body };
        let probabilities: Vec<f64> = atoms.iter().map(|a| share(a.1.value())).collect();

        let mut from_below = Vec::with_capacity(values.len());
        let mut partial = Vec::with_capacity(values.len());
        let mut sums = [Sum::default(); ORDERS];
        for (i, (value, probability)) in values.iter().zip(&probabilities).enumerate() {
            going_on(i)?;
            let mut term = *probability;
            for sum in &mut sums {
                sum.add(term);
                term *= value;
            }
            let mut moments = sums.map(|sum| sum.value());
            moments[0] = moments[0].min(body);
            from_below.push(moments[0]);
            partial.push(moments);
        }
        // The whole body, without its rounding.
        if let (Some(last), Some(moments)) = (from_below.last_mut(), partial.last_mut()) {
            *last = body;
            moments[0] = body;
        }

        let mut above = vec![0.0; values.len()];
        let mut running = Sum::of(tail_probability);
        for (slot, probability) in above.iter_mut().zip(&probabilities).rev() {
            *slot = running.value().min(1.0);
            running.add(*probability);
        }

        let body_mean = partial.last().map_or(0.0, |moments| moments[1]);
        let tail_mean = tail.map_or(0.0, |t| t.probability * (t.threshold + t.mean_excess()));
        let mean = body_mean + tail_mean;
        Ok(Self { mean, values, probabilities, from_below, above, partial, tail })
    }

    /// Number of atoms at or below `x`.
    fn atoms_up_to(&self, x: f64) -> usize {
        self.values.partition_point(|&value| value <= x)
    }

    /// The tail, where `x` lies in it.
    fn tail_at(&self, x: f64) -> Option<&GpdTail> {
        self.tail.as_ref().filter(|tail| x > tail.threshold)
    }

    /// The atom with this index, or the largest one.
    fn atom(&self, index: usize) -> f64 {
        self.values[index.min(self.values.len() - 1)]
    }
}

impl Distribution for Empirical {
    fn mean(&self) -> f64 {
        self.mean
    }

    fn cdf(&self, x: f64) -> f64 {
        self.partial_moment(0, x)
    }

    fn survival(&self, x: f64) -> f64 {
        if x.is_nan() {
            return x;
        }
        if let Some(tail) = self.tail_at(x) {
            return tail.probability * tail.excess_survival(x - tail.threshold);
        }
        match self.atoms_up_to(x) {
            0 => 1.0,
            n => self.above[n - 1],
        }
    }

    fn inverse_cdf(&self, w: f64) -> f64 {
        if w.is_nan() {
            return w;
        }
        let index = self.from_below.partition_point(|&below| below < w);
        match self.tail {
            Some(tail) if index == self.values.len() => {
                let v = ((1.0 - w) / tail.probability).min(1.0);
                tail.threshold + tail.excess_inverse_survival(v)
            }
            _ => self.atom(index),
        }
    }

    fn inverse_survival(&self, v: f64) -> f64 {
        if v.is_nan() {
            return v;
        }
        match self.tail {
            Some(tail) if v < tail.probability => {
                tail.threshold + tail.excess_inverse_survival(v / tail.probability)
            }
            _ => self.atom(self.above.partition_point(|&above| above > v)),
        }
    }

    /// Sums over the atoms, and the tail's partial moment in closed form. NaN for `k` above 4.
    fn partial_moment(&self, k: u32, x: f64) -> f64 {
        if x.is_nan() || k > MAX_MOMENT {
            return f64::NAN;
        }
        let body = match self.atoms_up_to(x) {
            0 => 0.0,
            n => self.partial[n - 1][k as usize],
        };
        self.tail_at(x)
            .map_or(body, |tail| body + tail.probability * tail.partial_moment(k, x - tail.threshold))
    }

    fn interval(&self, a: f64, b: f64) -> [f64; 4] {
        let mut sums = self.tail_at(b).map_or([0.0; 4], |tail| {
            let from = a.max(tail.threshold);
            move_origin(from_tails(self, from, b), from - a)
        });
        for i in self.atoms_up_to(a)..self.atoms_up_to(b) {
            let mut term = self.probabilities[i];
            for sum in &mut sums {
                *sum += term;
                term *= self.values[i] - a;
            }
        }
        sums
    }

    fn atoms(&self) -> Vec<(f64, f64)> {
        self.values.iter().copied().zip(self.probabilities.iter().copied()).collect()
    }

    fn density_from(&self) -> f64 {
        self.tail.map_or(f64::INFINITY, |tail| tail.threshold)
    }
}

/// The checked records (value, weight) with positive weight, sorted by value, then weight.
fn records(values: &[f64], weights: &[f64]) -> Result<Vec<(f64, f64)>, String> {
    if values.len() != weights.len() {
        return Err(format!(
            "there must be one weight for each value, got {} values and {} weights",
            values.len(),
            weights.len()
        ));
    }
    let max = Empirical::MAX_VALUE;
    if let Some(value) = values.iter().find(|&&value| !(value > 0.0 && value <= max)) {
        return Err(format!("values must be finite numbers above 0 and at most {max:e}, got {value}"));
    }
    if let Some(weight) = weights.iter().find(|&&weight| !(weight >= 0.0 && weight <= max)) {
        return Err(format!("weights must be finite numbers from 0 to {max:e}, got {weight}"));
    }
    let mut records: Vec<(f64, f64)> =
        values.iter().copied().zip(weights.iter().copied()).filter(|r| r.1 > 0.0).collect();
    if records.is_empty() {
        return Err("there must be at least one value with a weight above 0".to_string());
    }
    records.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    Ok(records)
}

/// Scale and shape from E[Y] and E[Y (1 - F(Y))], Hosking & Wallis (1987); their shape has the
/// opposite sign. With equal weights the plotting position is (j - 0.35) / n.
fn probability_weighted_moments(records: &[(f64, f64)], threshold: f64, total: f64) -> (f64, f64) {
    let mut before = Sum::default();
    let mut mean = Sum::default();
    let mut upper = Sum::default();
    for &(value, weight) in records {
        let position = (before.value() + 0.65 * weight) / total;
        let term = (value - threshold) * (weight / total);
        mean.add(term);
        upper.add(term * (1.0 - position));
        before.add(weight);
    }
    let (mean, upper) = (mean.value(), upper.value());
    let shape = 1.0 - 2.0 * upper / (mean - 2.0 * upper);
    (mean * (1.0 - shape), shape)
}

/// A compensated sum: Neumaier (1974).
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    sum: f64,
    lost: f64,
}

impl Sum {
    fn of(value: f64) -> Self {
        Self { sum: value, lost: 0.0 }
    }

    fn add(&mut self, value: f64) {
        let sum = self.sum + value;
        self.lost +=
            if self.sum.abs() >= value.abs() { (self.sum - sum) + value } else { (value - sum) + self.sum };
        self.sum = sum;
    }

    fn value(&self) -> f64 {
        self.sum + self.lost
    }
}

fn sum(terms: impl Iterator<Item = f64>) -> f64 {
    let mut total = Sum::default();
    terms.for_each(|term| total.add(term));
    total.value()
}
