//! Tail bounds: how far from its mean a unit's total can lie. Inequalities, so that a window holds all but a known
//! share of the distribution.

use crate::model::Person;
use crate::numeric::bennett::bennett;
use crate::population::People;

/// Truncations at which sums are bounded: a factor of sqrt(2) apart.
const TRUNCATIONS: usize = 160;

/// Exponents of Chernoff's bounds that are tried: a factor of 2^(1/4) apart.
const STEPS: u32 = 104;

/// Tail bounds of sums of people's costs, for one multiplier of all costs. Of each risk class at each truncation y:
/// P(cost > y), E[cost^2; cost <= y], E[cost; cost > y] and E[cost^2; cost > y].
pub(super) struct TailBounds {
    truncations: Vec<f64>,
    classes: Vec<[f64; 4]>,
    means: Vec<f64>,
    /// Variance of each class's frailty; empty where none has one.
    frailties: Vec<f64>,
}

/// Tail bound of a sum: distances from its mean that are passed with no more than a given probability.
#[derive(Clone, Copy, Debug)]
pub(super) struct TailBound {
    pub mean: f64,
    pub below: f64,
    pub above: f64,
    /// Parts of the mean and the second moment made by costs that a window that ends there may leave out.
    pub lost: [f64; 2],
}

impl TailBounds {
    pub(super) fn new(people: &People, persons: &[Person], factor: f64) -> Self {
        let persons: Vec<Person> = persons.iter().map(|person| person.times(factor)).collect();
        let means: Vec<f64> = persons.iter().map(|person| person.raw_moments()[0]).collect();
        let smallest = means.iter().copied().filter(|m| *m > 0.0).fold(f64::INFINITY, f64::min);
        let mut truncations: Vec<f64> =
            (0..TRUNCATIONS).map(|i| smallest * libm::exp2(0.5 * i as f64 - 2.0)).collect();
        // Nobody's cost is above the bound.
        let amounts = || persons.iter().flat_map(Person::amounts);
        let bound = amounts().map(|(_, amount)| amount.bound()).fold(0.0, f64::max);
        if bound.is_finite() {
            truncations.retain(|y| *y < bound);
            truncations.push(bound);
        }
        debug_assert_eq!(people.classes.len(), persons.len());
        let mut classes = Vec::with_capacity(persons.len() * truncations.len());
        for person in &persons {
            for &y in &truncations {
                let mut sums = [0.0; 4];
                for (rate, amount) in person.amounts() {
                    let x = amount.layer.exceeds(y);
                    let tail = amount.exceeds(y);
                    sums[0] += rate * tail;
                    let [first, square] = [1, 2].map(|k| amount.partial_moment(k, x));
                    sums[1] += rate * square;
                    let [mean, all] = [1, 2].map(|k| amount.partial_moment(k, f64::INFINITY));
                    sums[2] += rate * (mean - first).max(0.0);
                    sums[3] += rate * (all - square).max(0.0);
                }
                classes.push(sums);
            }
        }
        let mut frailties: Vec<f64> = persons.iter().map(Person::frailty).collect();
        if frailties.iter().all(|frailty| *frailty == 0.0) {
            frailties.clear();
        }
        Self { truncations, classes, means, frailties }
    }

    /// Tail bound of the sum over these people: passed below with probability `below` and above with `above`, at most.
    pub(super) fn bound(&self, weights: &[(u32, f64)], below: f64, above: f64) -> TailBound {
        let mean: f64 = weights.iter().map(|(class, weight)| weight * self.means[*class as usize]).sum();
        let count = self.truncations.len();
        let at = |index: usize| {
            let mut sums = [0.0; 4];
            for (class, weight) in weights {
                let of_class = &self.classes[*class as usize * count + index];
                sums.iter_mut().zip(of_class).for_each(|(sum, x)| *sum += weight * x);
            }
            sums.map(|sum: f64| sum.max(0.0))
        };
        let mut bound = TailBound { mean, below: mean, above: f64::INFINITY, lost: [0.0; 2] };
        // The tail falls with the truncation: the first that is rare enough, and some beyond, give the nearest bounds.
        let first = partition_point(count, |index| at(index)[0] > 0.5 * above);
        let last = count.min(first + 5);
        for index in first.min(count - 1)..last.max(first.min(count - 1) + 1) {
            let (y, [_, square, lost, lost_square]) = (self.truncations[index], at(index));
            let exponent = libm::log(2.0 / above);
            let of_frailties = self.frailty_variance(weights, index);
            let distance = match of_frailties {
                // Bennett (1962), for costs that are at most y.
                0.0 => bennett(y, square, exponent),
                _ => self.under_frailty(weights, index, exponent),
            };
            if distance < bound.above {
                (bound.above, bound.lost) = (distance, [lost, lost_square]);
            }
            // Sums of costs that are not negative (Maurer 2003), of the costs up to y.
            let square = square + of_frailties;
            bound.below = bound.below.min(lost + (2.0 * square * libm::log(1.0 / below)).sqrt());
        }
        bound
    }

    /// Of a class, the mean and the second moment of costs up to a truncation.
    fn up_to(&self, class: u32, index: usize) -> [f64; 2] {
        let class = class as usize;
        let [_, square, lost, _] = self.classes[class * self.truncations.len() + index];
        [(self.means[class] - lost).max(0.0), square]
    }

    /// What frailties add to the variance of costs up to a truncation.
    fn frailty_variance(&self, weights: &[(u32, f64)], index: usize) -> f64 {
        if self.frailties.is_empty() {
            return 0.0;
        }
        let of_class = |(class, weight): &(u32, f64)| {
            let [mean, _] = self.up_to(*class, index);
            weight * self.frailties[*class as usize] * mean * mean
        };
        weights.iter().map(of_class).sum()
    }

    /// The least of Chernoff's bounds on the distance from the mean of costs up to a truncation. Given the frailty, the
    /// logarithm of E[e^(t cost)] is at most that of Bennett; over the frailty, it is that of a gamma distribution.
    fn under_frailty(&self, weights: &[(u32, f64)], index: usize, exponent: f64) -> f64 {
        let y = self.truncations[index];
        let distance = |t: f64| {
            let beyond = (libm::expm1(t * y) - t * y) / (y * y);
            let of_class = |(class, weight): &(u32, f64)| {
                let ([mean, square], v) = (self.up_to(*class, index), self.frailties[*class as usize]);
                let given = t * mean + beyond * square;
                let over = match v {
                    0.0 => given,
                    _ if v * given < 1.0 => -libm::log1p(-v * given) / v,
                    _ => f64::INFINITY,
                };
                weight * (over - t * mean)
            };
            (exponent + weights.iter().map(of_class).sum::<f64>()) / t
        };
        let largest =
            |(class, _): &(u32, f64)| y + self.frailties[*class as usize] * self.means[*class as usize];
        let first = 1e-6 / weights.iter().map(largest).fold(0.0, f64::max);
        let steps = (0..STEPS).map(|step| distance(first * libm::exp2(0.25 * f64::from(step))));
        steps.fold(f64::INFINITY, f64::min)
    }
}

/// The first index that lacks a property that only the first indices have.
fn partition_point(count: usize, has: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = (low + high) / 2;
        if has(middle) { low = middle + 1 } else { high = middle }
    }
    low
}
