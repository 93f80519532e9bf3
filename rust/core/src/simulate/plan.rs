//! Plan of a batch: slabs of people who are drawn together, of one practice, one unit at every level and one
//! distribution.

use std::ops::Range;

use rayon::prelude::*;

use super::samplers::Samplers;
use crate::population::Rows;

/// People in a slab, about.
const SLAB: u64 = 8192;

/// Piece of a row: some of its people.
#[derive(Debug)]
pub(crate) struct Piece {
    pub row: u32,
    pub members: Range<u64>,
}

/// Slab of people: the unit of work of a thread.
#[derive(Debug)]
pub(crate) struct Slab {
    pub practice: u32,
    pub sampler: usize,
    pub pieces: Range<usize>,
}

/// The people of a batch, cut into slabs.
pub(crate) struct Plan {
    pub pieces: Vec<Piece>,
    pub slabs: Vec<Slab>,
}

impl Plan {
    /// The plan of these rows, without those that can have no cost.
    pub(crate) fn new(rows: &Rows, samplers: &Samplers) -> Self {
        let sampler = |row: u32| samplers.index(rows.band[row as usize] as usize);
        let compare = |&a: &u32, &b: &u32| {
            let (i, j) = (a as usize, b as usize);
            rows.practice[i].cmp(&rows.practice[j]).then_with(|| sampler(a).cmp(&sampler(b))).then_with(
                || {
                    let units = rows.units.iter().map(|level| level[i].cmp(&level[j]));
                    units.fold(std::cmp::Ordering::Equal, |all, level| all.then(level))
                },
            )
        };
        let mut order: Vec<u32> = (0..rows.len() as u32).filter(|&row| rows.can_cost(row as usize)).collect();
        if !order.is_sorted_by(|a, b| compare(a, b).is_le()) {
            order.par_sort_unstable_by(compare);
        }
        let mut plan = Self { pieces: Vec::with_capacity(order.len()), slabs: Vec::new() };
        let (mut start, mut people) = (0, 0);
        for (at, &row) in order.iter().enumerate() {
            let mut first = 0;
            while first < rows.count[row as usize] {
                let count = (rows.count[row as usize] - first).min(SLAB - people);
                plan.pieces.push(Piece { row, members: first..first + count });
                first += count;
                people += count;
                let ends = first == rows.count[row as usize]
                    && order.get(at + 1).is_none_or(|next| compare(&row, next).is_ne());
                if people == SLAB || ends {
                    plan.slabs.push(Slab {
                        practice: rows.practice[row as usize],
                        sampler: sampler(row),
                        pieces: start..plan.pieces.len(),
                    });
                    (start, people) = (plan.pieces.len(), 0);
                }
            }
        }
        plan
    }
}
