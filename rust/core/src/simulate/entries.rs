//! Entries: years that are shared by services in one way, and what cessions take of them.

use super::columns::{Columns, SHARE_BITS};
use crate::contract::{Basis, Layer, PersonTerms, Piece, Terms};
use crate::numeric::money::UNITS_PER_POUND;
use crate::simd::ROUNDER;

/// Cession that is not in proportion to the cost.
#[derive(Debug)]
pub(crate) struct Cession {
    /// Its number.
    number: usize,
    /// The cost (units of money) up to which it takes nothing.
    corner: f64,
    /// The share that it takes from there on, and the most that it takes.
    gradient: f64,
    limit: f64,
    /// The layer in £ of one that has more corners.
    layer: Option<Box<Layer>>,
}

impl Cession {
    fn new(number: usize, terms: &PersonTerms, layer: Layer) -> Self {
        let pieces: Vec<Piece> = layer.pieces().map(|(piece, _)| piece).collect();
        let corner = layer.exceeds(0.0) * UNITS_PER_POUND;
        let line = |gradient: f64, limit: f64| Self { number, corner, gradient, limit, layer: None };
        if let Some(stop_loss) = terms.only_stop_loss() {
            // As in the kernel, to the last unit.
            let Terms { ceiling, share, limit } = Terms::new(Some(*stop_loss));
            return Self { corner: ceiling, ..line(share, limit) };
        }
        match pieces.as_slice() {
            [Piece { fixed: 0.0, gradient: 0.0, .. }, Piece { gradient, .. }] => {
                line(*gradient, f64::INFINITY)
            }
            _ => Self { layer: Some(Box::new(layer)), ..line(0.0, 0.0) },
        }
    }

    #[inline(always)]
    fn of(&self, units: f64) -> i64 {
        if let Some(layer) = &self.layer {
            return integer(layer.at(units / UNITS_PER_POUND) * UNITS_PER_POUND);
        }
        integer(((units - self.corner).max(0.0) * self.gradient).min(self.limit))
    }
}

/// Entry: years that are shared by services in one way.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Of services and then cessions, the parts that are in proportion to the cost, in 2^-24.
    pub shares: Vec<i64>,
    /// Cessions that are not in proportion, by the cost up to which they take nothing.
    pub bent: Vec<Cession>,
}

impl Entry {
    /// The entry, and the cost (units of money) up to which no bent cession takes anything.
    pub(crate) fn new(shares: &[f64], columns: &Columns) -> (Self, f64) {
        let integers = integer_shares(shares);
        // What is ceded of a service is a part of the very cost that is kept of it.
        let shares: Vec<f64> = integers.iter().map(|share| *share as f64 / ALL_OF_IT).collect();
        let mut of_columns = if columns.services > 0 { integers } else { Vec::new() };
        let mut bent = Vec::new();
        for (number, terms) in columns.cessions.iter().enumerate() {
            let layer = terms.layer(&shares, Basis::Ceded);
            of_columns.push(layer.proportional().map_or(0, integer_share));
            if layer.proportional().is_none() {
                bent.push(Cession::new(number, terms, layer));
            }
        }
        bent.sort_by(|a, b| a.corner.total_cmp(&b.corner));
        let limit = bent.first().map_or(f64::INFINITY, |cession| cession.corner);
        (Self { shares: of_columns, bent }, limit - 1.0)
    }

    /// Hands on what bent cessions take of a cost, each with its number.
    #[inline(always)]
    pub(crate) fn cede(&self, units: f64, mut each: impl FnMut(usize, i64)) {
        for cession in self.bent.iter().take_while(|cession| units > cession.corner) {
            each(cession.number, cession.of(units));
        }
    }
}

/// All of a cost, in the units of its shares.
const ALL_OF_IT: f64 = (1_u32 << SHARE_BITS) as f64;

/// The nearest integer of a number that is not negative and below 2^51.
#[inline(always)]
pub(crate) fn integer(units: f64) -> i64 {
    (units + ROUNDER).to_bits() as i64 - ROUNDER.to_bits() as i64
}

fn integer_share(share: f64) -> i64 {
    libm::rint(share * ALL_OF_IT) as i64
}

/// Shares that add up to all of it: the largest has what rounding leaves.
fn integer_shares(shares: &[f64]) -> Vec<i64> {
    let mut integers: Vec<i64> = shares.iter().copied().map(integer_share).collect();
    let rest = (1 << SHARE_BITS) - integers.iter().sum::<i64>();
    if let Some(largest) = integers.iter_mut().max() {
        *largest += rest;
    }
    integers
}
