//! Composition of a population: how many people of each class are in each practice and unit.
//!
//! A practice of many people who are all different would need a distribution for each of them. Beyond a number of
//! classes, they are spread over a grid of classes: each person is replaced by a weighted few, by interpolation of
//! Lagrange, so that every smooth function of scale and probability keeps its sum. Cumulants without a contract are
//! polynomials of both, and are kept exactly: the first five in the scale, the first three in the probability.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

use crate::error::{Code, Error};
use crate::model::{CostModel, RiskClass, Year, expected_events, log_no_event};
use crate::population::Rows;
use crate::random::mix;

/// Weight of one person: weights are counts of 2^-30 of a person, so that their sums do not depend on the order of
/// people.
const ONE_PERSON: f64 = (1u64 << 30) as f64;
/// Number of risk classes of one practice that stay as they are; more do where people expect so few costs that their
/// total is not smooth.
const MAX_CLASSES: usize = 64;
const FEW_COSTS: f64 = 80.0;
/// Number of risk classes that stay as they are where costs have atoms: their transforms vary too fast for fractions of
/// people.
const MAX_CLASSES_WITH_ATOMS: usize = 8192;
/// Steps of the grid in the logarithm of the scale; finer where costs have atoms, which a ceiling turns into corners.
const SMOOTH_STEP: f64 = 1.0 / 16.0;
const ATOM_STEP: f64 = 1.0 / 128.0;
const SCALE_NODES: usize = 6;
/// Steps of the grid in the probability of any cost.
const PROBABILITY_STEPS: f64 = 16.0;
const PROBABILITY_NODES: usize = 4;
/// Steps of the grid in the logarithm of a rate of events, above and below this share of the rate, over 1 and the variance
/// of the frailty, from which on a year is no polynomial of it: (1 + v r (1 - φ))^(-1/v).
const FREQUENT_STEP: f64 = 1.0 / 8.0;
const RARE_STEP: f64 = 1.0 / 2.0;
const RARE: f64 = 1.0 / 8.0;
const RATE_NODES: usize = 8;
/// Probability of an event from which on it says too little of the rate: such people stay as they are.
const SURE: f64 = 1.0 - 1e-9;

type Key = [u64; 3];

/// Composition of a population, to which people are added.
pub struct Composition {
    bands: Vec<Grid>,
    levels: usize,
    parts: HashMap<Vec<u32>, PartBuilder>,
    practices: Vec<u64>,
}

/// Part as it grows.
#[derive(Default)]
struct PartBuilder {
    people: u64,
    /// Expected costs, in 2^-30.
    costs: u128,
    weights: HashMap<Key, i64, BuildHasherDefault<KeyHasher>>,
    on_grid: bool,
}

/// Grid of a band: how its people are spread over classes.
struct Grid {
    /// Step in the logarithm of the scale.
    step: f64,
    /// The band's own probability of any cost.
    own_p: f64,
    /// Events a year of a person of the band, 0 where there are no events, and the variance of the frailty.
    rate: f64,
    frailty: f64,
}

/// Part of a population: the people of one practice that are in one unit at every level.
#[derive(Debug)]
pub struct Part {
    /// Address of the practice.
    pub(crate) practice: u64,
    /// The unit at each level.
    pub(crate) units: Vec<u32>,
    pub(crate) people: u64,
    /// Numbers of classes, and how many people of each, in 2^-30.
    weights: Vec<(u32, i64)>,
}

/// The people of a population, by risk classes.
#[derive(Debug)]
pub struct People {
    pub(crate) classes: Vec<RiskClass>,
    /// In the order of their practices.
    pub(crate) parts: Vec<Part>,
}

impl Composition {
    /// The composition of nobody yet, with this many levels of units.
    pub fn new(model: &CostModel, levels: usize) -> Self {
        let grid = |year: &Year| {
            let continuous = match year {
                Year::Annual { severity, .. } => severity.distribution().density_from() == 0.0,
                Year::Events { types, .. } => {
                    types.iter().all(|t| t.severity.distribution().density_from() == 0.0)
                }
            };
            Grid {
                step: if continuous { SMOOTH_STEP } else { ATOM_STEP },
                own_p: year.p_any(),
                rate: year.rate(),
                frailty: year.frailty(),
            }
        };
        Self {
            bands: model.bands.iter().map(|band| grid(&band.year)).collect(),
            levels,
            parts: HashMap::new(),
            practices: Vec::new(),
        }
    }

    /// Adds rows; `addresses` are those of the practices, by number.
    pub fn add(&mut self, rows: &Rows, addresses: &[u64]) -> Result<(), Error> {
        self.practices.extend(&addresses[self.practices.len()..]);
        let mut location = Vec::new();
        for row in 0..rows.len() {
            location.clear();
            location.push(rows.practice[row]);
            location.extend(rows.units.iter().map(|level| level[row]));
            if !self.parts.contains_key(&location) {
                self.parts.insert(location.clone(), PartBuilder::default());
            }
            let Some(part) = self.parts.get_mut(&location) else { continue };
            part.people += rows.count[row];
            if rows.can_cost(row) {
                let class =
                    RiskClass { band: rows.band[row], scale: rows.scale[row], p_any: rows.p_any[row] };
                part.add(&self.bands, class, rows.count[row]).ok_or_else(too_many)?;
            }
        }
        Ok(())
    }

    /// The population, its classes in ascending order of band, scale and probability, whatever order they came in.
    pub fn finish(self) -> People {
        let mut numbers: BTreeMap<Key, u32> = BTreeMap::new();
        for key in self.parts.values().flat_map(|part| part.weights.keys()) {
            numbers.insert(*key, 0);
        }
        numbers.values_mut().zip(0..).for_each(|(number, i)| *number = i);
        let mut parts: Vec<Part> = self
            .parts
            .into_iter()
            .map(|(location, part)| {
                let mut weights: Vec<(u32, i64)> = part
                    .weights
                    .into_iter()
                    .filter(|w| w.1 != 0)
                    .map(|(key, w)| (numbers[&key], w))
                    .collect();
                weights.sort_unstable();
                let practice = self.practices[location[0] as usize];
                Part { practice, units: location[1..].to_vec(), people: part.people, weights }
            })
            .collect();
        parts.sort_unstable_by(|a, b| (a.practice, &a.weights).cmp(&(b.practice, &b.weights)));
        debug_assert!(parts.iter().all(|part| part.units.len() == self.levels));
        People { classes: numbers.into_keys().map(class_of).collect(), parts }
    }
}

fn too_many() -> Error {
    Error::one(
        Code::TooLarge,
        "column 'count': the people of one class in one practice add up to more than 8 billion: must be fewer",
    )
}

fn key(class: RiskClass) -> Key {
    [u64::from(class.band), class.scale.to_bits(), class.p_any.to_bits()]
}

fn class_of([band, scale, p_any]: Key) -> RiskClass {
    RiskClass { band: band as u32, scale: f64::from_bits(scale), p_any: f64::from_bits(p_any) }
}

impl PartBuilder {
    /// None where there is no room.
    fn add(&mut self, bands: &[Grid], class: RiskClass, count: u64) -> Option<()> {
        let count = i64::try_from(count).ok()?;
        if self.on_grid {
            return self.spread(bands, class, count);
        }
        let slot = self.weights.entry(key(class)).or_default();
        *slot = slot.checked_add(count.checked_mul(ONE_PERSON as i64)?)?;
        self.costs += u128::from((class.p_any * ONE_PERSON) as u64) * count as u128;
        let classes = self.weights.len();
        let many = classes > MAX_CLASSES
            && (bands.iter().all(|band| band.step == SMOOTH_STEP) || classes > MAX_CLASSES_WITH_ATOMS);
        if many && self.costs as f64 > FEW_COSTS * ONE_PERSON {
            self.on_grid = true;
            for (key, weight) in std::mem::take(&mut self.weights) {
                self.spread(bands, class_of(key), weight / ONE_PERSON as i64)?;
            }
        }
        Some(())
    }

    fn spread(&mut self, bands: &[Grid], class: RiskClass, count: i64) -> Option<()> {
        let grid = &bands[class.band as usize];
        let scales = grid.scales(class.scale);
        for (p_any, share) in grid.probabilities(class.p_any).into_iter().filter(|(p, _)| *p > 0.0) {
            for (scale, weight) in scales {
                let weight = libm::rint(weight * share * ONE_PERSON) as i64;
                if weight != 0 {
                    let slot = self.weights.entry(key(RiskClass { scale, p_any, ..class })).or_default();
                    *slot = slot.checked_add(weight.checked_mul(count)?)?;
                }
            }
        }
        Some(())
    }
}

impl Grid {
    fn scales(&self, scale: f64) -> [(f64, f64); SCALE_NODES] {
        let first = (libm::log(scale) / self.step).floor() - (SCALE_NODES / 2 - 1) as f64;
        let nodes = std::array::from_fn(|i| libm::exp((first + i as f64) * self.step));
        lagrange(nodes, scale)
    }

    fn probabilities(&self, p_any: f64) -> Vec<(f64, f64)> {
        if p_any == self.own_p {
            return vec![(p_any, 1.0)];
        }
        if self.rate > 0.0 {
            return self.rates(p_any);
        }
        let last = PROBABILITY_STEPS - (PROBABILITY_NODES - 1) as f64;
        let first =
            ((p_any * PROBABILITY_STEPS).floor() - (PROBABILITY_NODES / 2 - 1) as f64).clamp(0.0, last);
        let nodes: [f64; PROBABILITY_NODES] = std::array::from_fn(|i| (first + i as f64) / PROBABILITY_STEPS);
        lagrange(nodes, p_any).to_vec()
    }

    /// Probabilities of the rates of events around that of this probability.
    fn rates(&self, p_any: f64) -> Vec<(f64, f64)> {
        let rate = expected_events(p_any, self.frailty);
        let origin = RARE / (1.0 + self.frailty);
        let step = |from: f64| if from >= 0.0 { FREQUENT_STEP } else { RARE_STEP };
        let logarithm = libm::log(rate / origin);
        let first = (logarithm / step(logarithm)).floor() - (RATE_NODES / 2 - 1) as f64;
        let p: [f64; RATE_NODES] = std::array::from_fn(|i| {
            let node = first + i as f64;
            -libm::expm1(log_no_event(origin * libm::exp(node * step(node)), self.frailty))
        });
        if p[RATE_NODES - 1] > SURE {
            return vec![(p_any, 1.0)];
        }
        // The rates that rounded probabilities stand for.
        let weights = lagrange(p.map(|p| expected_events(p, self.frailty)), rate);
        p.into_iter().zip(weights.map(|(_, weight)| weight)).collect()
    }
}

/// The weights by which values of a function at the nodes give its value at x (Lagrange).
fn lagrange<const N: usize>(nodes: [f64; N], x: f64) -> [(f64, f64); N] {
    std::array::from_fn(|i| {
        let others = (0..N).filter(|&j| j != i);
        (nodes[i], others.map(|j| (x - nodes[j]) / (nodes[i] - nodes[j])).product())
    })
}

impl People {
    /// People of each unit of a level, by its number.
    pub fn sizes(&self, level: usize) -> Vec<u64> {
        self.units(level).iter().map(|parts| parts.iter().map(|part| part.people).sum()).collect()
    }

    /// The parts of each unit of a level, by number of the unit, in the order of their practices.
    pub(crate) fn units(&self, level: usize) -> Vec<Vec<&Part>> {
        let mut units: Vec<Vec<&Part>> = Vec::new();
        for part in &self.parts {
            let unit = part.units[level] as usize;
            if units.len() <= unit {
                units.resize_with(unit + 1, Vec::new);
            }
            units[unit].push(part);
        }
        units
    }
}

impl People {
    /// All parts.
    pub(crate) fn all(&self) -> Vec<&Part> {
        self.parts.iter().collect()
    }

    /// Pools of these numbers of people, each one practice with everybody's mix of classes.
    pub(crate) fn pools(&self, sizes: &[u64]) -> Self {
        let all = self.all();
        let people: u64 = all.iter().map(|part| part.people).sum();
        let shares = together(&all);
        let part = |(unit, &size): (u32, &u64)| {
            let weight = |w: f64| libm::rint(w / people as f64 * size as f64 * ONE_PERSON) as i64;
            Part {
                practice: u64::from(unit),
                units: vec![unit],
                people: size,
                weights: shares.iter().map(|(class, w)| (*class, weight(*w))).collect(),
            }
        };
        Self { classes: self.classes.clone(), parts: (0..).zip(sizes).map(part).collect() }
    }
}

/// People of each class in these parts together.
pub(crate) fn together(parts: &[&Part]) -> Vec<(u32, f64)> {
    let weights = match parts {
        [part] => part.weights.clone(),
        _ => {
            let mut sums: BTreeMap<u32, i128> = BTreeMap::new();
            for (class, weight) in parts.iter().flat_map(|part| &part.weights) {
                *sums.entry(*class).or_default() += i128::from(*weight);
            }
            return sums.into_iter().map(|(class, weight)| (class, weight as f64 / ONE_PERSON)).collect();
        }
    };
    weights.into_iter().map(|(class, weight)| (class, weight as f64 / ONE_PERSON)).collect()
}

/// Hasher of keys: three words, mixed as draws are.
#[derive(Default)]
struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = mix(self.0 ^ word);
    }
}
