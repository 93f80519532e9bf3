//! Is the sampler's own distribution the family's? The tables are integrated exactly, so chance plays no part.

use super::{FAST_INTERVALS, QuantileTable};
use crate::numeric::power::integer_power;
use crate::severity::{Distribution, Family};

const INTERVALS_PER_OCTAVE: usize = 256;

/// The smallest share that 64 random bits can name, and the finest distance of a double from 1.
const UPPER_OCTAVES: i32 = 64;
const LOWER_OCTAVES: i32 = 51;

const FAMILIES: [(Family, &[f64]); 4] = [
    (Family::Lognormal, &[0.5, 1.388, 1.6, 3.0]),
    (Family::Gamma, &[0.3, 1.0, 5.0]),
    (Family::Weibull, &[0.5, 1.0, 3.0]),
    (Family::Pareto, &[1.5, 2.5, 4.0]),
];

/// A straight piece of the sampled quantile function: `from + rise * x`, x uniform in (0, 1), of this probability.
struct Piece {
    probability: f64,
    from: f64,
    rise: f64,
}

impl Piece {
    /// The probability within the piece of a value up to `x`.
    fn up_to(&self, x: f64) -> f64 {
        let share = if self.rise == 0.0 {
            f64::from(u8::from(self.from <= x))
        } else {
            let crossing = ((x - self.from) / self.rise).clamp(0.0, 1.0);
            if self.rise > 0.0 { crossing } else { 1.0 - crossing }
        };
        share * self.probability
    }

    fn mean(&self) -> f64 {
        self.probability * (self.from + 0.5 * self.rise)
    }

    fn second_moment(&self) -> f64 {
        let Piece { from, rise, .. } = *self;
        self.probability * (from * from + from * rise + rise * rise / 3.0)
    }

    fn limited_mean(&self, limit: f64) -> f64 {
        let (low, high) = (self.from.min(self.from + self.rise), self.from.max(self.from + self.rise));
        if high <= limit {
            return self.mean();
        }
        if low >= limit {
            return self.probability * limit;
        }
        let below = (limit - low) / (high - low);
        self.probability * (below * 0.5 * (low + limit) + (1.0 - below) * limit)
    }
}

struct Table {
    name: String,
    distribution: Box<dyn Distribution>,
    quantiles: QuantileTable,
    /// Away from the middle: pieces on the side of large costs, then on that of small ones.
    upper: Vec<Piece>,
    lower: Vec<Piece>,
}

impl Table {
    fn new(family: Family, shape: Option<f64>) -> Self {
        let distribution = family.distribution(shape).unwrap();
        let quantiles = QuantileTable::new(distribution.as_ref());
        let upper = pieces(UPPER_OCTAVES, |w| quantiles.at(w));
        let lower = pieces(LOWER_OCTAVES, |w| quantiles.at(1.0 - w));
        let shape = shape.map_or(String::new(), |shape| format!(" {shape}"));
        Self { name: format!("{}{shape}", family.name()), distribution, quantiles, upper, lower }
    }

    fn all() -> Vec<Self> {
        let shaped = FAMILIES.iter().flat_map(|(f, shapes)| shapes.iter().map(|&s| Table::new(*f, Some(s))));
        shaped.chain([Table::new(Family::Fixed, None)]).collect()
    }

    /// Sums over all pieces, the least likely first.
    fn sum(&self, of: impl Fn(&Piece) -> f64) -> f64 {
        let side = |pieces: &[Piece]| pieces.iter().rev().map(&of).sum::<f64>();
        side(&self.upper) + side(&self.lower)
    }

    /// Shares below 2^-65 cannot be drawn: this is the cost there.
    fn end(&self) -> f64 {
        self.distribution.inverse_survival(integer_power(2.0, -UPPER_OCTAVES - 1))
    }
}

/// The straight pieces of a function of w in (0, 1/2), by octaves from the middle outwards, read off at two points
/// each.
fn pieces(octaves: i32, value: impl Fn(f64) -> f64) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for octave in 0..octaves {
        let base = integer_power(2.0, -octave - 2);
        let width = base / INTERVALS_PER_OCTAVE as f64;
        for interval in (0..INTERVALS_PER_OCTAVE).rev() {
            let start = base + interval as f64 * width;
            let [near, far] = [0.25, 0.75].map(|x| value(start + x * width));
            let rise = 2.0 * (far - near);
            pieces.push(Piece { probability: width, from: near - 0.25 * rise, rise });
        }
    }
    pieces
}

fn assert_close(what: &str, got: f64, want: f64, tolerance: f64) {
    let error = (got / want - 1.0).abs();
    println!("{what}: {error:.1e}");
    assert!(error <= tolerance, "{what}: got {got:e}, want {want:e}, error {error:.1e}");
}

/// An interval's line is held in single precision: up to 2^-24 of rounding in each of its two numbers, which averages
/// out over hundreds of intervals of like weight. The line misses the quantile function by the square of the interval's
/// relative width, 1/256, times its curvature over 12 or less; in the mean of an interval that cancels to fourth order.
/// The worst that was seen is 3e-9.
const MOMENT: f64 = 1e-8;

#[test]
fn do_the_probabilities_of_the_intervals_add_up_to_one() {
    for table in Table::all() {
        // What is left out is 2^-65 above and 2^-52 below.
        assert!((table.sum(|p| p.probability) - 1.0).abs() < 4e-16, "{}", table.name);
    }
}

#[test]
fn is_the_mean_that_of_the_distribution() {
    for table in Table::all() {
        // Up to the last cost that can be drawn.
        let want = table.distribution.partial_moment(1, table.end());
        assert_close(&format!("{} mean", table.name), table.sum(Piece::mean), want, MOMENT);
    }
}

#[test]
fn is_the_part_of_the_mean_beyond_64_bits_negligible() {
    for table in Table::all() {
        // The slowest is pareto 1.5: 2^-65 to the power 1/3 is 3e-7.
        let lost = 1.0 - table.distribution.partial_moment(1, table.end());
        assert!(lost < 5e-7, "{}: {lost:e}", table.name);
    }
}

#[test]
fn is_the_second_moment_that_of_the_distribution() {
    for table in Table::all() {
        // Up to the last cost that can be drawn: finite also where the whole moment is not.
        let want = table.distribution.partial_moment(2, table.end());
        assert_close(&format!("{} second", table.name), table.sum(Piece::second_moment), want, MOMENT);
    }
}

#[test]
fn are_limited_means_those_of_the_distribution() {
    for table in Table::all() {
        for limit in [0.1, 1.0, 5.0, 30.0] {
            let want =
                table.distribution.partial_moment(1, limit) + limit * table.distribution.survival(limit);
            let got = table.sum(|piece| piece.limited_mean(limit));
            assert_close(&format!("{} limited at {limit}", table.name), got, want, MOMENT);
        }
    }
}

#[test]
fn is_the_distribution_function_that_of_the_distribution() {
    // Rounding of a cost to single precision moves the probability below it by the density: much, where the
    // distribution is flat, as at the lower end of a pareto.
    const ROUNDING: f64 = 2.0 / (1u32 << 23) as f64;
    for table in Table::all() {
        if table.name == "fixed" {
            continue;
        }
        let quantiles = |w: f64| [table.distribution.inverse_cdf(w), table.distribution.inverse_survival(w)];
        for w in [1e-8, 1e-6, 1e-3, 0.1, 0.5] {
            for (x, lower) in quantiles(w).into_iter().zip([true, false]) {
                let (below, above) = (x * (1.0 - ROUNDING), x * (1.0 + ROUNDING));
                let (got, low, high) = if lower {
                    let rest = integer_power(2.0, -LOWER_OCTAVES - 1);
                    (
                        table.sum(|p| p.up_to(x)) + rest,
                        table.distribution.cdf(below),
                        table.distribution.cdf(above),
                    )
                } else {
                    let got =
                        table.sum(|p| p.probability - p.up_to(x)) + integer_power(2.0, -UPPER_OCTAVES - 1);
                    (got, table.distribution.survival(above), table.distribution.survival(below))
                };
                let side = if lower { "below" } else { "above" };
                let error = (low / got - 1.0).max(got / high - 1.0).max(0.0);
                println!("{} {w:e} {side}: {error:.1e}", table.name);
                // A relative error of the cost counts here times the distribution's elasticity: see `MOMENT`.
                assert!(error < 1e-5, "{} {w:e} {side}: {low:e} <= {got:e} <= {high:e}", table.name);
            }
        }
    }
}

#[test]
fn is_the_cost_at_the_far_quantiles_that_of_the_distribution() {
    for table in Table::all() {
        for w in [1e-8, 1e-6, 1e-3, 0.1, 0.4999] {
            let (upper, lower) = (table.quantiles.at(w), table.quantiles.at(1.0 - w));
            // Curvature: for a power of w, up to 1/256^2 / 12 of the exponent's square.
            let name = |side: &str| format!("{} {w:e} {side}", table.name);
            assert_close(&name("above"), upper, table.distribution.inverse_survival(w), 1e-5);
            assert_close(&name("below"), lower, table.distribution.inverse_cdf(1.0 - (1.0 - w)), 1e-5);
        }
    }
}

#[test]
fn is_every_cost_finite_and_not_negative() {
    let ends = [
        integer_power(2.0, -65),
        integer_power(2.0, -64),
        1e-300,
        f64::MIN_POSITIVE,
        0.5,
        1.0 - f64::EPSILON / 2.0,
    ];
    for table in Table::all() {
        for piece in table.upper.iter().chain(&table.lower) {
            let (a, b) = (piece.from, piece.from + piece.rise);
            // The ends of a piece are recomputed from its middle: rounding may leave them just below zero.
            assert!(
                a.is_finite() && b.is_finite() && a.min(b) >= -1e-15 * a.abs().max(b.abs()),
                "{}",
                table.name
            );
        }
        for v in ends {
            let cost = table.quantiles.at(v);
            assert!(cost.is_finite() && cost >= 0.0, "{} at {v:e}: {cost}", table.name);
        }
    }
}

#[test]
fn does_the_greatest_fast_cost_bound_every_fast_line() {
    for table in Table::all() {
        let most = table.quantiles.fast_max();
        for [a, b] in table.quantiles.fast_lines() {
            for t in [1.0, 2.0] {
                assert!(a + b * t <= most as f32, "{}", table.name);
            }
        }
        // And it is reached, so that nobody is rejected for a cost that cannot be drawn: at the end of the last octave.
        let octaves = FAST_INTERVALS as usize / (2 * INTERVALS_PER_OCTAVE);
        let end = table.distribution.inverse_survival(integer_power(2.0, -(octaves as i32) - 1));
        // A single's rounding, and the line's own end, outside its two nodes.
        assert!(most <= end * (1.0 + 1e-4), "{}: {most} for {end}", table.name);
    }
}

#[test]
fn is_a_fixed_cost_drawn_as_it_is() {
    let table = Table::new(Family::Fixed, None);
    assert!(table.upper.iter().chain(&table.lower).all(|p| p.from == 1.0 && p.rise == 0.0));
}
