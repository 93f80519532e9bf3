//! Moments and probabilities of one unit's simulated years.
//!
//! Standard errors of moments come from influence functions: the estimate moves by about the mean of the influences of
//! the years drawn, so its error is their SD over the square root of their number (Hampel 1974).

/// Estimate: a figure and its Monte Carlo standard error. Either is missing where it is not defined: the error of
/// anything from one replication (of a spread: of two), the coefficient of variation of nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    /// The figure.
    pub value: Option<f64>,
    /// Its Monte Carlo standard error.
    pub se: Option<f64>,
}

impl Estimate {
    pub(crate) fn new(value: f64, se: f64) -> Self {
        let finite = |x: f64| x.is_finite().then_some(x);
        // What is not defined has no error.
        Self { value: finite(value), se: finite(value).and(finite(se)) }
    }
}

/// The first moments of one unit's years.
#[derive(Clone, Debug)]
pub struct Moments {
    /// Mean, in the unit of the years.
    pub mean: Estimate,
    /// Standard deviation, with n - 1.
    pub sd: Estimate,
    /// SD over mean.
    pub cv: Estimate,
    /// Third central moment over the cube of the SD.
    pub skewness: Estimate,
    /// Each year's squared deviation from the mean, less the variance: the influence on the variance.
    variance_influence: Vec<f64>,
    variance: f64,
}

/// Standard error from influences: the root of their mean square over their number.
fn standard_error(influences: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = influences.len() as f64;
    (influences.map(|x| x * x).sum::<f64>() / n / n).sqrt()
}

/// Mean, SD, coefficient of variation and skewness of years, each with its standard error.
pub fn moments(years: &[f64]) -> Moments {
    let n = years.len() as f64;
    let mean = years.iter().sum::<f64>() / n;
    let deviations: Vec<f64> = years.iter().map(|x| x - mean).collect();
    let squares: f64 = deviations.iter().map(|d| d * d).sum();
    let variance = squares / (n - 1.0);
    let third = deviations.iter().map(|d| d * d * d).sum::<f64>() / n;
    let sd = variance.sqrt();
    let skewness = third / (variance * sd);
    let variance_influence: Vec<f64> = deviations.iter().map(|d| d * d - squares / n).collect();
    let se = |influence: &dyn Fn(f64, f64) -> f64| {
        standard_error(deviations.iter().zip(&variance_influence).map(|(&d, &v)| influence(d, v)))
    };
    // Two years are always one SD from their mean: they say nothing of the error of a spread.
    let of_spread = |error: f64| if n > 2.0 { error } else { f64::NAN };
    let sd_se = if sd == 0.0 { 0.0 } else { se(&|_, v| v / (2.0 * sd)) };
    let cv_se = if sd == 0.0 { 0.0 } else { se(&|d, v| v / (2.0 * sd * mean) - sd * d / (mean * mean)) };
    let skewness_se = se(&|d, v| {
        (d * d * d - third - 3.0 * variance * d) / (variance * sd) - 1.5 * skewness * v / variance
    });
    Moments {
        mean: Estimate::new(mean, sd / n.sqrt()),
        sd: Estimate::new(sd, of_spread(sd_se)),
        cv: Estimate::new(sd / mean, of_spread(cv_se)),
        skewness: Estimate::new(skewness, of_spread(skewness_se)),
        variance_influence,
        variance,
    }
}

impl Moments {
    /// These where the variance is infinite: the mean that is known, and no spread; nothing has an error.
    pub fn without_variance(self, mean: f64) -> Self {
        let mean = Estimate { value: Some(mean), se: None };
        let none = Estimate::default();
        Self { mean, sd: none, cv: none, skewness: none, ..self }
    }

    /// How each year moves the coefficient of variation; the years are those the moments are of.
    pub(crate) fn cv_influences<'a>(&'a self, years: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
        let mean = self.mean.value.unwrap_or(0.0);
        let sd = self.variance.sqrt();
        years.iter().zip(&self.variance_influence).map(move |(x, v)| {
            if sd == 0.0 || mean == 0.0 {
                0.0
            } else {
                v / (2.0 * sd * mean) - sd * (x - mean) / (mean * mean)
            }
        })
    }
}

/// The SD that effects add to that of chance alone, from the same draws with and without them: variances add up.
/// Where the difference of the variances comes out below 0 the estimate is 0, and its error the root of the
/// difference's.
pub fn systematic_sd(all: &Moments, chance: &Moments) -> Estimate {
    let difference = all.variance - chance.variance;
    let influences = all.variance_influence.iter().zip(&chance.variance_influence);
    let error = standard_error(influences.map(|(a, c)| a - c));
    let error = if all.variance_influence.len() > 2 { error } else { f64::NAN };
    let sd = difference.max(0.0).sqrt();
    Estimate::new(
        if difference.is_nan() { f64::NAN } else { sd },
        if error == 0.0 {
            0.0
        } else if sd > 0.0 {
            error / (2.0 * sd)
        } else {
            error.sqrt()
        },
    )
}

/// Shares of years beyond a tolerance around the budget.
#[derive(Clone, Copy, Debug)]
pub struct Shares {
    /// Share of years above the budget by more than the tolerance.
    pub over: Estimate,
    /// Share of years below it by more than the tolerance.
    pub under: Estimate,
    /// Share of years on either side.
    pub outside: Estimate,
}

/// Shares of years beyond a tolerance (a share of the budget). The budget is held fixed. Standard errors are those of
/// the Jeffreys posterior, which stays above 0 where no year, or every year, is beyond the tolerance (Brown, Cai and
/// DasGupta 2001).
pub fn shares(years: &[f64], budget: f64, tolerance: f64) -> Shares {
    let n = years.len() as f64;
    let count = |beyond: &dyn Fn(f64) -> bool| years.iter().filter(|&&x| beyond(x)).count() as f64;
    let over = count(&|x| x > budget * (1.0 + tolerance));
    let under = count(&|x| x < budget * (1.0 - tolerance));
    let share = |k: f64| {
        let middle = (k + 0.5) / (n + 1.0);
        let error = (middle * (1.0 - middle) / (n + 2.0)).sqrt();
        Estimate::new(k / n, if n > 1.0 { error } else { f64::NAN })
    };
    Shares { over: share(over), under: share(under), outside: share(over + under) }
}
