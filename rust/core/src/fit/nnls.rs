//! Least squares with some coefficients at 0 or more (Lawson and Hanson 1974, chapter 23), started from all columns
//! rather than from none.

use super::equations::{Cholesky, Equations};

/// Share of the steepest gradient that rounding leaves of one that is 0.
const ZERO_GRADIENT: f64 = 1e-12;

/// The columns that are not held at 0, their coefficients, and their Cholesky factor. None where `stop` says so.
pub(super) fn nnls(
    equations: &Equations,
    columns: &[usize],
    bound: &[bool],
    stop: &dyn Fn() -> bool,
) -> Option<(Vec<usize>, Vec<f64>, Cholesky)> {
    let mut coefficients = vec![0.0; bound.len()];
    let mut free = columns.to_vec();
    let zero_gradient = ZERO_GRADIENT * equations.steepest_gradient(columns);
    let mut cholesky = Cholesky::default();
    loop {
        equations.change(&mut cholesky, &free, stop)?;
        for (&c, b) in free.iter().zip(equations.solve(&free, &cholesky)) {
            coefficients[c] = b;
        }
        let before = free.len();
        free.retain(|&c| !bound[c] || coefficients[c] > 0.0);
        if free.len() == before {
            break;
        }
    }
    // Columns that rounding puts out again as soon as they come in, as long as nothing else comes in.
    let mut out = vec![false; bound.len()];
    loop {
        let now: Vec<f64> = free.iter().map(|&c| coefficients[c]).collect();
        let held = columns.iter().copied().filter(|&c| !free.contains(&c) && !out[c]);
        let steepest = held
            .map(|c| (c, equations.gradient(c, &free, &now)))
            .filter(|&(_, gradient)| gradient > zero_gradient)
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        let Some((enter, _)) = steepest else { return Some((free, now, cholesky)) };
        coefficients[enter] = 0.0;
        free.push(enter);
        free.sort_unstable();
        loop {
            equations.change(&mut cholesky, &free, stop)?;
            let solution = equations.solve(&free, &cholesky);
            move_towards(&solution, &free, bound, &mut coefficients);
            let before = free.len();
            free.retain(|&c| !bound[c] || coefficients[c] > 0.0);
            if free.len() == before {
                break;
            }
        }
        if free.contains(&enter) {
            out.fill(false);
        } else {
            out[enter] = true;
        }
    }
}

/// Moves coefficients towards a solution, as far as all that are bound stay at 0 or more; those that stop are 0.
fn move_towards(solution: &[f64], free: &[usize], bound: &[bool], coefficients: &mut [f64]) {
    let way = |c: usize, b: f64| {
        if bound[c] && b <= 0.0 {
            coefficients[c] / (coefficients[c] - b).max(f64::MIN_POSITIVE)
        } else {
            1.0
        }
    };
    let ways: Vec<f64> = free.iter().zip(solution).map(|(&c, &b)| way(c, b)).collect();
    let step = ways.iter().copied().fold(1.0, f64::min);
    for ((&c, &b), &way) in free.iter().zip(solution).zip(&ways) {
        let stops = bound[c] && way <= step && b <= 0.0;
        coefficients[c] = if stops {
            0.0
        } else if step == 1.0 {
            b
        } else {
            coefficients[c] + step * (b - coefficients[c])
        };
    }
}
