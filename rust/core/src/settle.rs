//! Settlement of a unit's year under the unit terms of a contract, in whole units of money.
//!
//! Each share is rounded once to a unit of money; the rest stays where it was, so that nothing is lost.

use crate::contract::{CapBasis, CorridorBand, Gate, Holder, Rate, SharedSavings, UnitTerm};
use crate::error::{Code, Error, Problem};
use crate::numeric::money::{pounds, units};
use crate::run::{Progress, RunError};

/// Account: the cost of a unit's year and what it is compared with.
#[derive(Clone, Copy, Debug)]
pub struct Account<'a> {
    /// Cost, in units of money.
    pub actual: i64,
    /// Budget, in units of money, where there is one.
    pub budget: Option<i64>,
    /// Whose it is.
    pub holder: Holder<'a>,
}

impl<'a> Account<'a> {
    /// An account in £.
    pub fn of_pounds(actual: f64, budget: Option<f64>, holder: Holder<'a>) -> Self {
        Self { actual: units(actual), budget: budget.map(units), holder }
    }
}

/// Settlement of an account, in units of money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settlement {
    /// What others bear of the cost: below 0 where the holder pays them.
    pub ceded: i64,
    /// Share of savings that is paid to the holder.
    pub bonus: i64,
    /// Share of losses that the holder pays.
    pub penalty: i64,
}

impl Settlement {
    /// What the holder keeps of this cost.
    pub fn kept(&self, actual: i64) -> i64 {
        actual - self.ceded - self.bonus + self.penalty
    }
}

/// Checks the order of terms, and that accounts have what terms need; `name` says which account it is, as "in row 3".
pub fn check(
    terms: &[UnitTerm],
    accounts: &[Account<'_>],
    name: impl Fn(usize) -> String,
) -> Result<(), Error> {
    let mut problems = Vec::new();
    if let Some(last) = terms.iter().position(UnitTerm::is_last).filter(|last| last + 1 < terms.len()) {
        let text = format!(
            "terms: term {} of {} settles the deviation from the budget: must be the last term",
            last + 1,
            terms.len()
        );
        problems.push(Problem::new(Code::Inconsistent, text));
    }
    let needs_budget = terms.iter().any(UnitTerm::needs_budget);
    for (row, account) in accounts.iter().enumerate() {
        if needs_budget && account.budget.is_none() {
            let text =
                format!("budget: missing {}: must be given where a term compares cost with it", name(row));
            problems.push(Problem::new(Code::MissingLabel, text));
        }
        for (rate_name, rate) in terms.iter().flat_map(UnitTerm::rates) {
            let Some(of) = rate.depends_on().filter(|_| rate.of(&account.holder).is_none()) else { continue };
            let value = of.value(&account.holder).map_or("missing".into(), |value| value.to_string());
            let text = format!(
                "{}: {value} {}: must be in the table of rates of {rate_name}, from its first row on",
                of.name(),
                name(row)
            );
            problems.push(Problem::new(Code::NotAllowed, text));
        }
        if gates(terms).any(|gate| gate.share(&account.holder).is_none()) {
            let text = format!("scores: missing {}: must be given where a gate reads one", name(row));
            problems.push(Problem::new(Code::MissingLabel, text));
        }
    }
    Error::unless_empty(problems)
}

/// The gates of all terms.
fn gates(terms: &[UnitTerm]) -> impl Iterator<Item = &Gate> {
    terms.iter().flat_map(|term| match term {
        UnitTerm::SharedSavings(terms) => terms.gates.iter(),
        _ => [].iter(),
    })
}

/// Units: what is settled, each column as long as `actual`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Units<'a> {
    /// Costs (£).
    pub actual: &'a [f64],
    /// Budgets (£), where there are any.
    pub budget: Option<&'a [f64]>,
    /// People, where they are known.
    pub people: Option<&'a [f64]>,
    /// A column for each score.
    pub scores: &'a [&'a [f64]],
}

/// Number of units that are settled between two looks at whether to stop.
const UNITS_AT_ONCE: usize = 1 << 16;

/// Ceded, bonus, penalty and kept (£) of units.
pub fn settle_units(
    terms: &[UnitTerm],
    units: &Units<'_>,
    progress: &Progress,
) -> Result<[Vec<f64>; 4], RunError> {
    let of_units = units.scores.len();
    let count = units.actual.len();
    let scores: Vec<f64> = (0..count).flat_map(|row| units.scores.iter().map(move |s| s[row])).collect();
    let account = |row: usize| {
        let at = |column: Option<&[f64]>| column.map(|values| values[row]);
        let holder = Holder { people: at(units.people), scores: &scores[row * of_units..][..of_units] };
        Account::of_pounds(units.actual[row], at(units.budget), holder)
    };
    let mut columns: [Vec<f64>; 4] = std::array::from_fn(|_| Vec::with_capacity(count));
    for start in (0..count).step_by(UNITS_AT_ONCE) {
        progress.check()?;
        let accounts: Vec<_> = (start..count.min(start + UNITS_AT_ONCE)).map(account).collect();
        check(terms, &accounts, |row| format!("in row {}", start + row))?;
        for account in &accounts {
            let s = settle(terms, account);
            let row = [s.ceded, s.bonus, s.penalty, s.kept(account.actual)];
            columns.iter_mut().zip(row).for_each(|(column, units)| column.push(pounds(units)));
        }
    }
    Ok(columns)
}

/// The settlement of an account that was checked.
pub fn settle(terms: &[UnitTerm], account: &Account<'_>) -> Settlement {
    let mut all = Settlement::default();
    settle_each(terms, account, |_, settlement| {
        all.ceded += settlement.ceded;
        all.bonus += settlement.bonus;
        all.penalty += settlement.penalty;
    });
    all
}

/// The settlement of each term by itself, of what those before it left.
pub fn settle_each(terms: &[UnitTerm], account: &Account<'_>, mut each: impl FnMut(usize, &Settlement)) {
    let budget = account.budget.unwrap_or(0);
    let mut kept = account.actual;
    for (number, term) in terms.iter().enumerate() {
        let mut settlement = Settlement::default();
        match term {
            UnitTerm::QuotaShare { share } => settlement.ceded = times(kept, *share),
            UnitTerm::AggregateStopLoss { attachment, share, limit, of_budget } => {
                let amount = |x: f64| if *of_budget { times(budget, x) } else { units(x) };
                let excess = (kept - amount(*attachment)).max(0);
                let limit = if limit.is_finite() { amount(*limit) } else { i64::MAX };
                settlement.ceded = times(excess, *share).min(limit);
            }
            UnitTerm::Corridor { above, below } => {
                let deviation = kept - budget;
                let bands = if deviation > 0 { above } else { below };
                settlement.ceded = deviation.signum() * ceded_by_bands(bands, deviation.abs(), budget);
            }
            UnitTerm::SharedSavings(terms) => {
                settlement.ceded = kept - budget;
                let (bonus, penalty) = shared(terms, budget - kept, budget, &account.holder);
                (settlement.bonus, settlement.penalty) = (bonus, penalty);
            }
            UnitTerm::ProviderPayment { fixed, above, below } => {
                let deviation = kept - times(budget, *fixed);
                let paid = if deviation > 0 { above } else { below };
                settlement.ceded = times(deviation, 1.0 - paid);
            }
        }
        kept = settlement.kept(kept);
        each(number, &settlement);
    }
}

/// Totals (£) at which what these terms make of an account's year may bend or jump, ascending.
pub fn corners(terms: &[UnitTerm], account: &Account<'_>) -> Vec<f64> {
    let budget = pounds(account.budget.unwrap_or(0));
    let mut corners = Vec::new();
    for (number, term) in terms.iter().enumerate() {
        // Where a term bends what those before it left, which never falls: the least total that leaves so much.
        let before = |kept: f64| {
            let leaves = |actual: i64| settle(&terms[..number], &Account { actual, ..*account }).kept(actual);
            least_total(units(kept), leaves)
        };
        corners.extend(bends(term, budget, &account.holder).into_iter().filter_map(before).map(pounds));
    }
    corners.retain(|corner| *corner > 0.0);
    corners.sort_unstable_by(f64::total_cmp);
    corners.dedup();
    corners
}

/// The largest total of a unit that is looked at (£100 trillion), in units of money.
const MOST: i64 = 1_000_000_000_000_000_000;

/// The least total at which a function that never falls is at least `value`; none where it never is.
pub(crate) fn least_total(value: i64, of: impl Fn(i64) -> i64) -> Option<i64> {
    if of(MOST) < value {
        return None;
    }
    let (mut below, mut enough) = (-1, MOST);
    while enough - below > 1 {
        let middle = below + (enough - below) / 2;
        if of(middle) < value { below = middle } else { enough = middle }
    }
    Some(enough)
}

/// Costs (£) at which one term bends or jumps.
fn bends(term: &UnitTerm, budget: f64, holder: &Holder<'_>) -> Vec<f64> {
    match term {
        UnitTerm::QuotaShare { .. } => Vec::new(),
        UnitTerm::AggregateStopLoss { attachment, share, limit, of_budget } => {
            let unit = if *of_budget { budget } else { 1.0 };
            vec![attachment * unit, (attachment + limit / share) * unit]
        }
        UnitTerm::Corridor { above, below } => {
            let ends = |bands: &[CorridorBand], side: f64| -> Vec<f64> {
                bands.iter().map(|band| budget * (1.0 + side * band.from)).collect()
            };
            [ends(above, 1.0), ends(below, -1.0)].concat()
        }
        UnitTerm::SharedSavings(terms) => {
            let rate = |rate: &Rate| rate.of(holder).unwrap_or(0.0);
            let share = share_of_savings(terms, holder);
            let cap = terms.cap.as_ref().map_or(f64::INFINITY, rate);
            let capped = if terms.cap_basis == CapBasis::Payment { cap / share } else { cap };
            let limit = terms.loss_limit.as_ref().map_or(f64::INFINITY, rate) / rate(&terms.loss_share);
            let deviations = [-capped, -rate(&terms.msr), 0.0, rate(&terms.mlr), limit];
            deviations.map(|deviation| budget * (1.0 + deviation)).to_vec()
        }
        UnitTerm::ProviderPayment { fixed, .. } => vec![budget * fixed],
    }
    .into_iter()
    .filter(|bend| bend.is_finite())
    .collect()
}

/// What others bear of a deviation in either direction.
fn ceded_by_bands(bands: &[CorridorBand], deviation: i64, budget: i64) -> i64 {
    let end = |share: f64| if share.is_finite() { times(budget, share) } else { i64::MAX };
    let in_band = |band: &CorridorBand| (deviation.min(end(band.to)) - end(band.from)).max(0);
    bands.iter().map(|band| times(in_band(band), 1.0 - band.share)).sum()
}

/// Bonus and penalty of savings, which are below 0 where they are losses. A threshold that is met exactly pays.
fn shared(terms: &SharedSavings, savings: i64, budget: i64, holder: &Holder<'_>) -> (i64, i64) {
    let rate = |rate: &Rate| rate.of(holder).unwrap_or(0.0);
    let of_budget = |terms: &Rate| times(budget, rate(terms));
    if savings > 0 && savings >= of_budget(&terms.msr) {
        let cap = terms.cap.as_ref().map_or(i64::MAX, of_budget);
        let bonus = match terms.cap_basis {
            CapBasis::Payment => times(savings, share_of_savings(terms, holder)).min(cap),
            CapBasis::Savings => times(savings.min(cap), share_of_savings(terms, holder)),
        };
        (bonus, 0)
    } else if savings < 0 && -savings >= of_budget(&terms.mlr) {
        let limit = terms.loss_limit.as_ref().map_or(i64::MAX, of_budget);
        (0, times(-savings, rate(&terms.loss_share)).min(limit))
    } else {
        (0, 0)
    }
}

/// The holder's share of savings, as far as its scores earn it.
fn share_of_savings(terms: &SharedSavings, holder: &Holder<'_>) -> f64 {
    let earned = terms.gates.iter().map(|gate| gate.share(holder).unwrap_or(0.0));
    terms.share.of(holder).unwrap_or(0.0) * earned.product::<f64>()
}

/// A share of an amount, rounded once.
fn times(amount: i64, share: f64) -> i64 {
    libm::rint(amount as f64 * share) as i64
}
