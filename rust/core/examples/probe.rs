use fundholder_core::{contract::StopLoss, model::*, people::Rows, random, simd::Level, simulate::*};
use std::time::Instant;
fn main() {
    let n = 100_000usize;
    let reps = 100u32;
    let model = CostModel {
        bands: vec![Band {
            name: None,
            year: Year::Annual {
                p_any: 0.3,
                severity: Severity::parametric("lognormal", 800.0 / 0.3, Some(1.6)).unwrap(),
            },
        }],
    };
    let pr = |i: usize| random::mix(i as u64) as f64 / 2f64.powi(64);
    for groups in [false, true] {
        let rows = if groups {
            Rows {
                practice: (0..20).collect(),
                band: vec![0; 20],
                count: vec![n as u64 / 20; 20],
                scale: vec![1.0; 20],
                p_any: vec![0.3; 20],
                identity: (0..20).map(|i| random::identity(i, 1)).collect(),
                units: vec![(0..20).collect()],
            }
        } else {
            Rows {
                practice: (0..n).map(|i| (i / 10000) as u32).collect(),
                band: vec![0; n],
                count: vec![1; n],
                scale: (0..n).map(|i| 0.8 + 0.4 * pr(i)).collect(),
                p_any: (0..n).map(|i| 0.2 + 0.2 * pr(i + n)).collect(),
                identity: (0..n).map(|i| random::identity(i as u64, 1)).collect(),
                units: vec![(0..n).map(|i| (i / 10000) as u32).collect()],
            }
        };
        for level in Level::ALL {
            let mut best = f64::INFINITY;
            for _ in 0..15 {
                let o = Options {
                    replications: reps,
                    seed: 1,
                    stop_loss: Some(StopLoss::new(20000.0, 1.0, None).unwrap()),
                    practice_sd: 0.0,
                    national_sd: 0.0,
                    threads: 1,
                    processor: level,
                };
                let t0 = Instant::now();
                let mut run = Run::new(&model, 1, &o).unwrap();
                let t1 = Instant::now();
                run.add(&rows, &(0..20).map(|i| i as u64).collect::<Vec<_>>(), &Progress::default()).unwrap();
                let t2 = Instant::now();
                let tot = run.finish();
                best = best.min((t2 - t1).as_secs_f64() * 1e9 / (n as f64 * reps as f64));
                let _ = (t0, tot);
            }
            println!("{groups} {} {best:.3}", level.name());
        }
    }
}
