//! Groups: identical people of one practice, as a program of its own says who there is.

use super::{Composition, People, Rows};
use crate::error::Error;
use crate::model::CostModel;
use crate::random::{identity, integer_address};

/// A group of identical people of one practice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Group {
    /// Number of the practice, from 0.
    pub practice: u32,
    /// Number of their band in the cost model.
    pub band: u32,
    /// Number of people.
    pub count: u64,
    /// Multiplies every cost of theirs.
    pub scale: f64,
    /// Probability that one of them has any cost in a year.
    pub p_any: f64,
}

impl Group {
    /// People who cost what their band costs: of scale 1, and with the band's probability of any cost.
    ///
    /// # Panics
    /// If the model has no such band.
    pub fn new(model: &CostModel, practice: u32, band: u32, count: u64) -> Self {
        Self { practice, band, count, scale: 1.0, p_any: model.bands[band as usize].year.p_any() }
    }
}

impl Rows {
    /// Rows of groups, with one level of units: the practices.
    pub fn of_groups(groups: &[Group]) -> Self {
        let practice: Vec<u32> = groups.iter().map(|group| group.practice).collect();
        let practices = practice.iter().max().map_or(0, |&last| last + 1);
        let addresses = practice_addresses(practices);
        let mut rows_so_far = vec![0; practices as usize];
        let identity = |&practice: &u32| {
            let row = &mut rows_so_far[practice as usize];
            *row += 1;
            identity(addresses[practice as usize], *row - 1)
        };
        Self {
            identity: practice.iter().map(identity).collect(),
            band: groups.iter().map(|group| group.band).collect(),
            count: groups.iter().map(|group| group.count).collect(),
            scale: groups.iter().map(|group| group.scale).collect(),
            p_any: groups.iter().map(|group| group.p_any).collect(),
            units: vec![practice.clone()],
            practice,
        }
    }
}

impl People {
    /// The people of some groups, with one level of units: the practices. An error where a class of a practice has
    /// more people than weights can count.
    pub fn of_groups(model: &CostModel, groups: &[Group]) -> Result<Self, Error> {
        let rows = Rows::of_groups(groups);
        let practices = rows.practice.iter().max().map_or(0, |&last| last + 1);
        let mut people = Composition::new(model, 1);
        people.add(&rows, &practice_addresses(practices))?;
        Ok(people.finish())
    }
}

/// Addresses of so many practices whose labels are their numbers.
pub fn practice_addresses(practices: u32) -> Vec<u64> {
    (0..i64::from(practices)).map(integer_address).collect()
}
