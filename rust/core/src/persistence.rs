//! Persistence: how the years of one person are tied by rank, through a chain of hidden states of health.
//!
//! Each state has its own density over classes of rank, and within a class the rank is uniform. Over all people the rank
//! is uniform in every year, so that each year's distribution is what it is without persistence: a copula.

use std::fmt;

use crate::error::{Code, Error, Problem};
use crate::random::label_address;
use crate::simd::LANES;

/// The most states: a lane of a register for each, and one for what is before the first year.
pub const MOST_STATES: usize = LANES - 1;
/// The most classes of rank.
pub const MOST_CLASSES: usize = 16;

/// Shares and probabilities must add up to 1, and ranks must be uniform, within this.
const ROUNDING: f64 = 1e-6;
/// Number of values of a draw of the next state.
const DRAW_VALUES: f64 = 65_536.0;
/// A class begins at a multiple of this among 2^32 words.
const STEP: u32 = 256;
/// The highest density of a rank within a state's share of its class, which is inverted: words are multiplied by less.
const LARGEST_GRADIENT: f64 = 255.0;

/// Persistence of the people of a cost model.
#[derive(Clone, Debug)]
pub struct Persistence {
    states: usize,
    /// For each state but the first, by the state of the year before: the least draw that goes to it or a later one.
    later: Vec<[u32; LANES]>,
    /// From the highest costs to none.
    classes: Vec<Class>,
}

/// Class of rank.
#[derive(Clone, Debug)]
pub(crate) struct Class {
    /// Where it begins, among all words.
    pub start: u32,
    /// By state, the least word of a year that is in it or in a later one.
    pub from: [u32; LANES],
    /// By state, what a word's distance from there is multiplied by, in 2^-24.
    pub gradient: [u32; LANES],
}

impl Persistence {
    /// A chain of states with shares of people `initial`, and `transitions` by state; years of each state are in the
    /// class of rank that ends at `ends[c]` with probability `shares[state][c]`. Ranks ascend with cost.
    pub fn new(
        initial: &[f64],
        transitions: &[Vec<f64>],
        ends: &[f64],
        shares: &[Vec<f64>],
    ) -> Result<Self, Error> {
        check(initial, transitions, ends, shares)?;
        let (states, classes) = (initial.len(), ends.len());
        let rows: Vec<&[f64]> =
            transitions.iter().map(Vec::as_slice).chain(std::iter::once(initial)).collect();
        let later = (1..states).map(|next| {
            let until = |row: &[f64]| (row[..next].iter().sum::<f64>() * DRAW_VALUES).round() as u32;
            lanes(&rows, until)
        });
        let by_cost: Vec<Vec<f64>> =
            shares.iter().map(|of_state| of_state.iter().rev().copied().collect()).collect();
        let by_cost: Vec<&[f64]> = by_cost.iter().map(Vec::as_slice).collect();
        let word =
            |share: f64| (share * (STEP as f64 * 16_777_216.0)).round().clamp(0.0, u32::MAX.into()) as u32;
        let least = |row: &[f64], class: usize| word(row[..class].iter().sum());
        let start = |class: usize| match class {
            0 => 0,
            _ => word(1.0 - ends[classes - 1 - class]) / STEP * STEP,
        };
        let gradient = |row: &[f64], class: usize| {
            let last = class + 1 == classes;
            let end = |at: u32| if last { 1 << 32 } else { u64::from(at) };
            let width = end(start((class + 1).min(classes - 1))) - u64::from(start(class));
            let share = end(least(row, class + 1)) - u64::from(least(row, class));
            (width << 24).checked_div(share).unwrap_or(0).min(u32::MAX.into()) as u32
        };
        let class = |class: usize| Class {
            start: start(class),
            from: lanes(&by_cost, |row| least(row, class)),
            gradient: lanes(&by_cost, |row| gradient(row, class)),
        };
        Ok(Self { states, later: later.collect(), classes: (0..classes).map(class).collect() })
    }

    /// What stands for the state before the first year.
    pub(crate) fn before(&self) -> u32 {
        self.states as u32
    }

    pub(crate) fn later(&self) -> &[[u32; LANES]] {
        &self.later
    }

    pub(crate) fn classes(&self) -> &[Class] {
        &self.classes
    }

    /// The word of a year in this state, to all 64 bits.
    pub(crate) fn tied(&self, state: u32, bits: u64) -> u64 {
        let (state, high) = (state as usize, (bits >> 32) as u32);
        let class = self.classes.iter().take_while(|class| class.from[state] <= high).last();
        let Some(class) = class else { return bits };
        let within = u128::from(bits - (u64::from(class.from[state]) << 32));
        let inside = ((within * u128::from(class.gradient[state])) >> 24) as u64;
        (u64::from(class.start) << 32).saturating_add(inside)
    }
}

impl fmt::Display for Persistence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of_class =
            |class: &Class| [[class.start; LANES], class.from, class.gradient].into_iter().flatten();
        let words = self.later.iter().flatten().copied().chain(self.classes.iter().flat_map(of_class));
        let bytes: Vec<u8> = words.flat_map(|word| word.to_le_bytes()).collect();
        write!(
            f,
            "{} states, {} classes of rank, {:016x}",
            self.states,
            self.classes.len(),
            label_address(&bytes)
        )
    }
}

/// A value of each row in the lane of its number.
fn lanes(rows: &[&[f64]], value: impl Fn(&[f64]) -> u32) -> [u32; LANES] {
    std::array::from_fn(|lane| rows.get(lane).map_or(0, |row| value(row)))
}

fn check(initial: &[f64], transitions: &[Vec<f64>], ends: &[f64], shares: &[Vec<f64>]) -> Result<(), Error> {
    let (states, classes) = (initial.len(), ends.len());
    let mut problems = Vec::new();
    let mut problem =
        |text: String| problems.push(Problem::new(Code::NotAllowed, format!("persistence: {text}")));
    if !(1..=MOST_STATES).contains(&states) || !(1..=MOST_CLASSES).contains(&classes) {
        problem(format!(
            "{states} states and {classes} classes of rank: must be from 1 to {MOST_STATES} and to {MOST_CLASSES}"
        ));
    }
    let fits =
        |rows: &[Vec<f64>], width: usize| rows.len() == states && rows.iter().all(|r| r.len() == width);
    if !fits(transitions, states) || !fits(shares, classes) {
        problem("rows of another length: must be one for each state".into());
        return Error::unless_empty(problems);
    }
    let ascends = ends.windows(2).all(|two| two[0] < two[1]) && ends.first().is_some_and(|end| *end > 0.0);
    if !ascends || ends.last() != Some(&1.0) {
        problem("classes of rank: must end at ascending ranks, the last at 1".into());
    }
    for row in transitions.iter().chain(shares).map(Vec::as_slice).chain([initial]) {
        let sum: f64 = row.iter().sum();
        if !row.iter().all(|p| (0.0..=1.0).contains(p)) || (sum - 1.0).abs() > ROUNDING {
            problem(format!("probabilities that add up to {sum}: must be from 0 to 1, and add up to 1"));
        }
    }
    Error::unless_empty(std::mem::take(&mut problems))?;
    let weighted = |column: &dyn Fn(usize) -> f64| {
        initial.iter().enumerate().map(|(state, share)| share * column(state)).sum::<f64>()
    };
    for (state, share) in initial.iter().enumerate() {
        let next = weighted(&|from| transitions[from][state]);
        if (next - share).abs() > ROUNDING {
            problems.push(moved(format!(
                "state {} has a share of {share}, and of {next} a year later",
                state + 1
            )));
        }
    }
    let mut below = 0.0;
    for (class, end) in ends.iter().enumerate() {
        let (width, share) = (end - below, weighted(&|state| shares[state][class]));
        if (share - width).abs() > ROUNDING {
            problems.push(moved(format!("{share} of years are in the class of ranks from {below} to {end}")));
        }
        for (state, of_state) in shares.iter().enumerate() {
            if of_state[class] > 0.0 && of_state[class] * LARGEST_GRADIENT < width {
                problems.push(moved(format!(
                    "of state {}, {} of years are in the class of ranks from {below} to {end}: must be 0, or \
                     a {LARGEST_GRADIENT}th of its width or more, so that each year's distribution",
                    state + 1,
                    of_state[class]
                )));
            }
        }
        below = *end;
    }
    Error::unless_empty(problems)
}

fn moved(text: String) -> Problem {
    Problem::new(Code::NotAllowed, format!("persistence: {text}: must stay as it is"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_states() -> Persistence {
        let shares = [vec![0.6, 0.35, 0.05], vec![0.1, 0.15, 0.75]];
        let ends = [0.5, 0.81, 1.0];
        Persistence::new(&[0.8, 0.2], &[vec![0.95, 0.05], vec![0.2, 0.8]], &ends, &shares).unwrap()
    }

    #[test]
    fn are_words_of_all_states_uniform() {
        let persistence = two_states();
        let mut counts = [0.0f64; 100];
        for (state, share) in [(0, 0.8), (1, 0.2)] {
            for n in 0..1_000_000u64 {
                let word = persistence.tied(state, ((u128::from(n) << 64) / 1_000_000) as u64);
                counts[((word >> 32) as usize * 100) >> 32] += share * 1e-6;
            }
        }
        // A million even steps: at each of three corners a step may be on either side.
        assert!(counts.iter().all(|share| (share - 0.01).abs() < 1e-5), "{counts:?}");
    }

    #[test]
    fn rejects_chains_that_move_marginals() {
        let ends = [0.5, 1.0];
        let stays = [vec![0.9, 0.1], vec![0.1, 0.9]];
        let one = |initial: &[f64], transitions: &[Vec<f64>], shares: &[Vec<f64>]| {
            Persistence::new(initial, transitions, &ends, shares).unwrap_err().to_string()
        };
        let right = [vec![0.8, 0.2], vec![0.2, 0.8]];
        assert!(one(&[0.5, 0.4], &stays, &right).contains("add up to 0.9"));
        assert!(one(&[0.6, 0.4], &stays, &right).contains("a year later"));
        assert!(one(&[0.5, 0.5], &stays, &[vec![0.8, 0.2], vec![0.3, 0.7]]).contains("0.55"));
        assert!(Persistence::new(&[0.5, 0.5], &stays, &ends, &right).is_ok());
    }
}
