//! Columns: totals that are kept beside gross and ceded cost, of services and of what single terms cede.

use crate::contract::{Basis, PersonTerms, Portion};
use crate::error::Error;
use crate::model::{Band, CostModel, EventType};
use crate::numeric::money::{UNITS_PER_POUND, units};

/// Columns: which totals are kept beside those of gross and ceded cost.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// Number of services whose cost is kept; 0 for none.
    pub services: usize,
    /// What is ceded by each of these: one term of a contract, which counts alone, with those before it.
    pub cessions: Vec<PersonTerms>,
}

impl Columns {
    /// The columns of contracts on a model, each person term apart and only once; and of each contract the numbers of its
    /// columns. Rejects contracts that leave an infinite variance.
    pub fn of_contracts(
        model: &CostModel,
        contracts: &[PersonTerms],
        services: usize,
    ) -> Result<(Self, Vec<Vec<usize>>), Error> {
        let mut columns = Self { services, cessions: Vec::new() };
        let mut problems = Vec::new();
        let numbers = contracts.iter().map(|contract| {
            let net = Portion { basis: Basis::Net, terms: contract.clone() };
            let bands = model.bands.iter().filter(|band| !band.has_variance(&net));
            problems.extend(bands.map(Band::infinite_variance));
            let number = |terms: PersonTerms| {
                services
                    + columns.cessions.iter().position(|known| *known == terms).unwrap_or_else(|| {
                        columns.cessions.push(terms);
                        columns.cessions.len() - 1
                    })
            };
            contract.apart().into_iter().map(number).collect()
        });
        let numbers = numbers.collect();
        Error::unless_empty(problems)?;
        Ok((columns, numbers))
    }

    /// Number of the columns: services, cessions and, with effects, cessions with the effects held at 1.
    pub(crate) fn count(&self, effects: bool) -> usize {
        self.services + self.cessions.len() * if effects { 2 } else { 1 }
    }
}

/// Binary digits of a share: shares of a cost are whole numbers of 2^-24.
pub(crate) const SHARE_BITS: u32 = 24;

/// An amount as whole units of money and the rest in 2^-24 of one, each added up by itself.
#[inline]
pub(crate) fn add_parts(sums: &mut [i64], column: usize, product: i128) {
    sums[2 * column] += (product >> SHARE_BITS) as i64;
    sums[2 * column + 1] += (product & ((1 << SHARE_BITS) - 1)) as i64;
}

/// The amounts of columns that [`add_parts`] added up, in 2^-24 units of money.
pub(crate) fn put_parts(sums: &[i64], amounts: &mut [i128]) {
    for (amount, parts) in amounts.iter_mut().zip(sums.chunks(2)) {
        *amount = (i128::from(parts[0]) << SHARE_BITS) + i128::from(parts[1]);
    }
}

/// Columns of events, each of one service.
pub(crate) struct EventColumns {
    /// The service of each type.
    services: Vec<usize>,
    columns: Columns,
}

impl EventColumns {
    pub(crate) fn new(types: &[EventType], columns: &Columns) -> Self {
        let services = types.iter().map(|t| t.severity.service().unwrap_or(0)).collect();
        Self { services, columns: columns.clone() }
    }

    /// Adds the columns of a person's year with these costs of each type before effects, in units of money; their sum
    /// is the cost of the year.
    pub(crate) fn add(&self, sums: &mut [i64], costs: &[f64], cost: f64, effect: Option<&f64>) {
        let services = self.columns.services;
        let count = self.services.iter().max().map_or(1, |last| last + 1).max(services);
        let mut amounts = vec![0.0; count];
        self.services.iter().zip(costs).for_each(|(service, cost)| amounts[*service] += cost);
        let factor = effect.copied().unwrap_or(1.0);
        if services > 0 {
            let largest = |a: &usize, b: &usize| amounts[*a].total_cmp(&amounts[*b]).then(b.cmp(a));
            let rest_service = (0..count).max_by(largest).unwrap_or(0);
            let mut rest = libm::rint(cost * factor) as i64;
            for (service, amount) in amounts.iter().enumerate() {
                let part = libm::rint(amount * factor) as i64;
                sums[2 * service] += part;
                rest -= part;
            }
            sums[2 * rest_service] += rest;
        }
        let mut cede = |column: usize, terms: &PersonTerms, factor: f64| {
            let pounds: Vec<f64> = amounts.iter().map(|x| x * factor / UNITS_PER_POUND).collect();
            sums[2 * column] += units(terms.ceded(&pounds));
        };
        for (number, terms) in self.columns.cessions.iter().enumerate() {
            cede(services + number, terms, factor);
            if effect.is_some() {
                cede(services + self.columns.cessions.len() + number, terms, 1.0);
            }
        }
    }
}
