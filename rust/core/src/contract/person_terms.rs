//! Person terms: what is taken off one person's year, service by service.

use super::{Basis, Layer, StopLoss};
use crate::error::{Code, Error, Problem};

/// Shares that add up to all but for rounding.
const ROUNDING: f64 = 1e-12;

/// What a term takes of the cost that it is on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cover {
    /// All of it.
    CarveOut,
    /// The part above a ceiling.
    StopLoss(StopLoss),
}

impl Cover {
    fn layer(&self, basis: Basis) -> Layer {
        match self {
            Self::StopLoss(stop_loss) => Layer::new(Some(stop_loss), basis),
            Self::CarveOut => Layer::share(if basis == Basis::Net { 0.0 } else { 1.0 }),
        }
    }
}

/// Person term: what is taken of a person's cost of some services.
#[derive(Clone, Debug, PartialEq)]
pub struct PersonTerm {
    /// Numbers of the services, ascending; `None` for all.
    pub services: Option<Vec<usize>>,
    /// What is taken.
    pub cover: Cover,
}

impl PersonTerm {
    /// Is it on this service?
    pub fn is_on(&self, service: usize) -> bool {
        self.services.as_ref().is_none_or(|services| services.contains(&service))
    }
}

/// Person terms of a contract, each of what those before it left, and the services that are looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PersonTerms {
    terms: Vec<PersonTerm>,
    /// Services in scope; `None` for all.
    scope: Option<Vec<usize>>,
    /// Services that are treated alike, each group with the terms that are on it, over all services but for those out of
    /// scope.
    groups: Vec<(Vec<usize>, Vec<usize>)>,
    /// Terms whose cessions count; `None` for all.
    counted: Option<Vec<usize>>,
}

impl PersonTerms {
    /// The terms of a model with so many services (1 where it has none). A term is on all or on none of the services of
    /// each stop-loss before it: how much of what is left belongs to one of them alone is not agreed.
    pub fn new(terms: Vec<PersonTerm>, scope: Option<Vec<usize>>, services: usize) -> Result<Self, Error> {
        let mut problems = Vec::new();
        for (number, term) in terms.iter().enumerate() {
            for (earlier, before) in terms[..number].iter().enumerate() {
                let mut shared = (0..services).filter(|&s| before.is_on(s)).map(|s| term.is_on(s));
                let mixed = shared.clone().any(|on| on) && !shared.all(|on| on);
                if mixed && matches!(before.cover, Cover::StopLoss(_)) {
                    let text = format!(
                        "terms: term {} is on some services of term {}, a stop-loss before it: must be on all of them, \
                         or on none, or come before it",
                        number + 1,
                        earlier + 1
                    );
                    problems.push(Problem::new(Code::Inconsistent, text));
                }
            }
        }
        Error::unless_empty(problems)?;
        let mut groups: Vec<(Vec<usize>, Vec<usize>)> = Vec::new();
        for service in (0..services).filter(|s| scope.as_ref().is_none_or(|scope| scope.contains(s))) {
            let on: Vec<usize> = (0..terms.len()).filter(|&term| terms[term].is_on(service)).collect();
            match groups.iter_mut().find(|(_, terms)| *terms == on) {
                Some((members, _)) => members.push(service),
                None => groups.push((vec![service], on)),
            }
        }
        Ok(Self { terms, scope, groups, counted: None })
    }

    /// The terms on services by name, of a model that has these; services that it lacks are rejected together.
    pub fn named(
        terms: Vec<(Option<Vec<String>>, Cover)>,
        scope: Option<Vec<String>>,
        names: &[String],
    ) -> Result<Self, Error> {
        let mut problems = Vec::new();
        let allowed = match names {
            [] => "None: the cost model has no services".into(),
            names => format!("services of the cost model: {}", names.join(", ")),
        };
        let mut numbers = |services: Option<Vec<String>>| {
            let mut numbers = Vec::new();
            for service in services? {
                match names.iter().position(|name| *name == service) {
                    Some(number) => numbers.push(number),
                    None => {
                        let problem = Problem::argument("services", service.as_str(), &allowed);
                        problems.push(Problem { code: Code::UnknownLabel, ..problem });
                    }
                }
            }
            numbers.sort_unstable();
            numbers.dedup();
            Some(numbers)
        };
        let scope = numbers(scope);
        let terms =
            terms.into_iter().map(|(services, cover)| PersonTerm { services: numbers(services), cover });
        let terms = terms.collect();
        Error::unless_empty(problems)?;
        Self::new(terms, scope, names.len().max(1))
    }

    /// One stop-loss on all cost, or nothing.
    pub fn of_stop_loss(stop_loss: Option<StopLoss>) -> Self {
        let term = |stop_loss| PersonTerm { services: None, cover: Cover::StopLoss(stop_loss) };
        let terms: Vec<PersonTerm> = stop_loss.map(term).into_iter().collect();
        let groups = vec![(vec![0], (0..terms.len()).collect())];
        Self { terms, scope: None, groups, counted: None }
    }

    /// The same, of whose cessions only those of these terms count.
    pub fn counting(&self, terms: Vec<usize>) -> Self {
        Self { counted: Some(terms), ..self.clone() }
    }

    /// The stop-loss on all cost that is all there is; none where there is anything else.
    pub fn only_stop_loss(&self) -> Option<&StopLoss> {
        match self.terms.as_slice() {
            [PersonTerm { services: None, cover: Cover::StopLoss(stop_loss) }] if self.scope.is_none() => {
                Some(stop_loss)
            }
            _ => None,
        }
    }

    /// The terms, in their order.
    pub fn terms(&self) -> &[PersonTerm] {
        &self.terms
    }

    /// Groups of services that are treated alike, each with the terms that are on it.
    pub(crate) fn groups(&self) -> &[(Vec<usize>, Vec<usize>)] {
        &self.groups
    }

    /// Goes through the terms: each takes its part of the sum of what is left of the groups that it is on, which are one
    /// from then on. Gives what counts as ceded, and what is left.
    fn go_through<T>(
        &self,
        of_group: impl Fn(&[usize]) -> T,
        sum: impl Fn(Vec<T>) -> T,
        split: impl Fn(&Cover, &T) -> [T; 2],
    ) -> [Vec<T>; 2] {
        let groups = self.groups.iter();
        let mut left: Vec<(T, &[usize])> =
            groups.map(|(services, terms)| (of_group(services), terms.as_slice())).collect();
        let mut all_ceded = Vec::new();
        for (number, term) in self.terms.iter().enumerate() {
            let (on, off): (Vec<_>, Vec<_>) =
                left.into_iter().partition(|(_, terms)| terms.contains(&number));
            left = off;
            let (subjects, on): (Vec<T>, Vec<&[usize]>) = on.into_iter().unzip();
            let Some(&terms) = on.first() else { continue };
            let [ceded, kept] = split(&term.cover, &sum(subjects));
            if self.counted.as_ref().is_none_or(|counted| counted.contains(&number)) {
                all_ceded.push(ceded);
            }
            left.push((kept, terms));
        }
        [all_ceded, left.into_iter().map(|(rest, _)| rest).collect()]
    }

    /// What counts as ceded (£) of these costs (£) by service.
    pub(crate) fn ceded(&self, costs: &[f64]) -> f64 {
        let of_group = |services: &[usize]| services.iter().filter_map(|&s| costs.get(s)).sum();
        let split = |cover: &Cover, subject: &f64| {
            let ceded = match cover {
                Cover::CarveOut => *subject,
                Cover::StopLoss(stop_loss) => stop_loss.ceded(*subject),
            };
            [ceded, subject - ceded]
        };
        let [ceded, _] = self.go_through(of_group, |parts| parts.iter().sum(), split);
        ceded.iter().sum()
    }

    /// Each term apart, with those before it on the same services: what is ceded by it, and nothing else.
    pub fn apart(&self) -> Vec<Self> {
        (0..self.terms.len()).map(|number| self.only(number)).collect()
    }

    fn only(&self, number: usize) -> Self {
        let on: Vec<&Vec<usize>> = self.groups.iter().map(|g| &g.1).filter(|g| g.contains(&number)).collect();
        let meets = |term: &usize| *term == number || *term < number && on.iter().any(|g| g.contains(term));
        let needed: Vec<usize> = (0..=number).filter(meets).collect();
        let mut groups: Vec<(Vec<usize>, Vec<usize>)> = Vec::new();
        for (services, terms) in &self.groups {
            let here = (0..needed.len()).filter(|&i| terms.contains(&needed[i])).collect();
            match groups.iter_mut().find(|(_, known)| *known == here) {
                Some((members, _)) => members.extend(services),
                None => groups.push((services.clone(), here)),
            }
        }
        groups.iter_mut().for_each(|(services, _)| services.sort_unstable());
        let counted = (needed.len() > 1).then(|| vec![needed.len() - 1]);
        let terms = needed.into_iter().map(|term| self.terms[term].clone()).collect();
        Self { terms, groups, scope: self.scope.clone(), counted }
    }

    /// The layer of a year whose cost is shared by services in this way.
    pub(crate) fn layer(&self, shares: &[f64], basis: Basis) -> Layer {
        let share_of = |services: &[usize]| {
            let share: f64 = services.iter().filter_map(|&s| shares.get(s)).sum();
            if (share - 1.0).abs() <= ROUNDING { 1.0 } else { share }
        };
        if basis == Basis::Gross {
            let all: Vec<usize> = self.groups.iter().flat_map(|(services, _)| services).copied().collect();
            return Layer::share(share_of(&all));
        }
        let of_group = |services: &[usize]| Layer::share(share_of(services));
        let split = |cover: &Cover, subject: &Layer| {
            [Basis::Ceded, Basis::Net].map(|basis| cover.layer(basis).after(subject))
        };
        let [ceded, left] = self.go_through(of_group, |layers| Layer::sum(&layers), split);
        Layer::sum(if basis == Basis::Ceded { &ceded } else { &left })
    }
}

/// Portion: what of a person's year is looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Portion {
    /// Gross, net or ceded.
    pub basis: Basis,
    /// The terms that make it so.
    pub terms: PersonTerms,
}

impl Portion {
    pub(crate) fn layer(&self, shares: &[f64]) -> Layer {
        self.terms.layer(shares, self.basis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stop_loss(services: &[usize], ceiling: f64) -> PersonTerm {
        let cover = Cover::StopLoss(StopLoss::new(ceiling, 1.0, None).unwrap());
        PersonTerm { services: (!services.is_empty()).then(|| services.to_vec()), cover }
    }

    #[test]
    fn is_a_stack_what_its_terms_make_of_a_cost_one_after_another() {
        let carve = PersonTerm { services: Some(vec![3]), cover: Cover::CarveOut };
        let terms =
            PersonTerms::new(vec![carve, stop_loss(&[0, 1], 300.0), stop_loss(&[0, 1, 2], 700.0)], None, 4)
                .unwrap();
        let shares = [0.1, 0.3, 0.4, 0.2];
        for cost in [0.0, 10.0, 700.0, 750.0, 800.0, 990.0, 1_000.0, 2_000.0, 1e6] {
            let left = f64::min(0.4 * cost, 300.0) + 0.4 * cost;
            let net = left.min(700.0);
            let [gross, kept, ceded] = Basis::ALL.map(|basis| terms.layer(&shares, basis).at(cost));
            assert!((gross - cost).abs() < 1e-9 && (kept - net).abs() < 1e-9, "{cost} {kept} {net}");
            assert!((ceded - (cost - net)).abs() < 1e-9);
            let carved = terms.counting(vec![0]).layer(&shares, Basis::Ceded).at(cost);
            assert!((carved - 0.2 * cost).abs() < 1e-9);
        }
    }

    #[test]
    fn is_a_term_on_part_of_an_earlier_stop_loss_rejected() {
        let error = PersonTerms::new(vec![stop_loss(&[0, 1], 1.0), stop_loss(&[1, 2], 1.0)], None, 3);
        assert!(error.unwrap_err().to_string().contains("term 2 is on some services of term 1"));
        assert!(PersonTerms::new(vec![stop_loss(&[0, 1], 1.0), stop_loss(&[2], 1.0)], None, 3).is_ok());
    }
}
