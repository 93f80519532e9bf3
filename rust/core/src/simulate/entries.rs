//! Entries: years that are shared by services in one way, and what cessions take of them.

use super::columns::{Columns, SHARE_BITS};
use crate::contract::{Basis, Layer, PersonTerms, Piece, Terms};
use crate::numeric::money::UNITS_PER_POUND;
use crate::simd::{LANES, ROUNDER, Simd};

/// Lines: what cessions take that are not in proportion to the cost, each in a lane: nothing up to a corner (units of
/// money), a share of what is above it, and a limit at most.
#[derive(Clone, Debug)]
struct Lines {
    corners: [f64; LANES],
    shares: [f64; LANES],
    limits: [f64; LANES],
}

impl Lines {
    const NOTHING: Self = Self { corners: [0.0; LANES], shares: [0.0; LANES], limits: [0.0; LANES] };

    /// What each takes of a cost, to the unit, with the rounder.
    #[inline(always)]
    fn of<S: Simd>(&self, s: S, units: S::Doubles) -> S::Doubles {
        let above = s.doubles_max(s.doubles_sub(units, s.doubles(&self.corners)), s.doubles_splat(0.0));
        let shared = s.doubles_mul(above, s.doubles(&self.shares));
        s.doubles_add(s.doubles_min(shared, s.doubles(&self.limits)), s.doubles_splat(ROUNDER))
    }

    fn at(&self, lane: usize, units: f64) -> i64 {
        integer(((units - self.corners[lane]).max(0.0) * self.shares[lane]).min(self.limits[lane]))
    }
}

/// Cession with more corners than a line has.
#[derive(Debug)]
struct Bend {
    /// Its number.
    number: usize,
    /// The cost (units of money) up to which it takes nothing.
    corner: f64,
    /// What it takes, in £.
    layer: Layer,
}

impl Bend {
    fn at(&self, units: f64) -> i64 {
        if units > self.corner {
            integer(self.layer.at(units / UNITS_PER_POUND) * UNITS_PER_POUND)
        } else {
            0
        }
    }
}

/// Entry: years that are shared by services in one way.
#[derive(Debug)]
pub(crate) struct Entry {
    limit: f64,
    /// What else is ceded.
    lines: Vec<Lines>,
    bends: Vec<Bend>,
}

impl Entry {
    /// The entry, and of services and then cessions the parts that are in proportion to the cost, in 2^-24.
    pub(crate) fn new(shares: &[f64], columns: &Columns) -> (Self, Vec<i64>) {
        let integers = integer_shares(shares);
        // What is ceded of a service is a part of the very cost that is kept of it.
        let shares: Vec<f64> = integers.iter().map(|share| *share as f64 / ALL_OF_IT).collect();
        let mut in_proportion = if columns.services > 0 { integers } else { Vec::new() };
        let lines = vec![Lines::NOTHING; columns.cessions.len().div_ceil(LANES)];
        let mut entry = Self { limit: f64::INFINITY, lines, bends: Vec::new() };
        for (number, terms) in columns.cessions.iter().enumerate() {
            let layer = terms.layer(&shares, Basis::Ceded);
            in_proportion.push(layer.proportional().map_or(0, integer_share));
            if layer.proportional().is_none() {
                let corner = entry.bend(number, terms, layer);
                entry.limit = entry.limit.min(corner - 1.0);
            }
        }
        (entry, in_proportion)
    }

    /// Adds a cession that is not in proportion to the cost, and gives its first corner.
    fn bend(&mut self, number: usize, terms: &PersonTerms, layer: Layer) -> f64 {
        let pieces: Vec<Piece> = layer.pieces().map(|(piece, _)| piece).collect();
        let corner = layer.exceeds(0.0) * UNITS_PER_POUND;
        let (corner, share, limit) = match (terms.only_stop_loss(), pieces.as_slice()) {
            (Some(stop_loss), _) => {
                // As in the kernel, to the last unit.
                let Terms { ceiling, share, limit } = Terms::new(Some(*stop_loss));
                (ceiling, share, limit)
            }
            (None, [Piece { fixed: 0.0, gradient: 0.0, .. }, Piece { gradient, .. }]) => {
                (corner, *gradient, f64::INFINITY)
            }
            _ => {
                self.bends.push(Bend { number, corner, layer });
                return corner;
            }
        };
        let (lines, lane) = (&mut self.lines[number / LANES], number % LANES);
        (lines.corners[lane], lines.shares[lane], lines.limits[lane]) = (corner, share, limit);
        corner
    }

    /// The largest cost, in units of money less one, of which nothing is ceded but shares.
    pub(crate) fn limit(&self) -> f64 {
        self.limit
    }

    pub(crate) fn has_bends(&self) -> bool {
        !self.bends.is_empty()
    }

    /// What the lines of a group of sixteen cessions take of a cost, to the unit, with the rounder.
    #[inline(always)]
    pub(crate) fn ceded_in_lanes<S: Simd>(&self, s: S, group: usize, units: f64) -> S::Doubles {
        self.lines[group].of(s, s.doubles_splat(units))
    }

    /// What cessions with more corners take of a cost, each with its number.
    pub(crate) fn ceded_by_bends(&self, units: f64) -> impl Iterator<Item = (usize, i64)> {
        self.bends.iter().map(move |bend| (bend.number, bend.at(units)))
    }

    /// What is ceded of a cost that is not in proportion to it, each cession with its number.
    pub(crate) fn ceded(&self, units: f64) -> impl Iterator<Item = (usize, i64)> {
        let lines = self.lines.iter().enumerate().flat_map(move |(group, lines)| {
            (0..LANES).map(move |lane| (group * LANES + lane, lines.at(lane, units)))
        });
        lines.filter(|(_, ceded)| *ceded > 0).chain(self.ceded_by_bends(units))
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
