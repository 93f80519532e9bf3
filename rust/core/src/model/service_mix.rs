//! Service mix: how the cost of a year is shared by services, by the rank of the year among those with a cost.

/// Sums that are all but for rounding.
const ROUNDING: f64 = 1e-9;

/// Profile: one way in which the cost of a year is shared by services.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// Probability among the years of the class.
    pub probability: f64,
    /// Share of each service; they add up to 1.
    pub shares: Vec<f64>,
}

/// Rank class: the years whose rank among those with a cost is above `from` and at most `to`.
#[derive(Clone, Debug, PartialEq)]
pub struct RankClass {
    /// The rank at which it begins.
    pub from: f64,
    /// The rank at which it ends.
    pub to: f64,
    /// The ways in which the cost of its years is shared.
    pub profiles: Vec<Profile>,
}

/// Service mix: rank classes from 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceMix(Vec<RankClass>);

impl ServiceMix {
    /// The mix of these classes, or what is wrong with them.
    pub fn new(mut classes: Vec<RankClass>) -> Result<Self, String> {
        classes.sort_unstable_by(|a, b| a.from.total_cmp(&b.from));
        let mut end = 0.0;
        for RankClass { from, to, profiles } in &mut classes {
            if !(*from >= 0.0 && *to <= 1.0 && from < to) {
                return Err(format!("ranks from {from} to {to}: must be ascending, from 0 to 1"));
            }
            match *from - end {
                gap if gap > ROUNDING => {
                    return Err(format!(
                        "ranks from {end} to {from} have no class: must be from 0 to 1 without gaps"
                    ));
                }
                gap if gap < -ROUNDING => {
                    return Err(format!("ranks from {from} to {end} have two classes: must not overlap"));
                }
                _ => *from = end,
            }
            end = *to;
            let all: f64 = profiles.iter().map(|profile| profile.probability).sum();
            if (all - 1.0).abs() > ROUNDING {
                return Err(format!(
                    "ranks from {from} to {to}: probabilities of profiles add up to {all}: must add up to 1"
                ));
            }
            for profile in profiles {
                let all: f64 = profile.shares.iter().sum();
                if profile.shares.iter().any(|share| !(0.0..=1.0).contains(share)) {
                    return Err(format!("ranks from {from} to {to}: shares must be from 0 to 1"));
                }
                if (all - 1.0).abs() > ROUNDING {
                    return Err(format!(
                        "ranks from {from} to {to}: shares add up to {all}: must add up to 1"
                    ));
                }
            }
        }
        if end != 1.0 {
            return Err(format!("ranks end at {end}: must be from 0 to 1 without gaps"));
        }
        Ok(Self(classes))
    }

    /// All cost of one service.
    pub fn of_one(service: usize) -> Self {
        let mut shares = vec![0.0; service + 1];
        shares[service] = 1.0;
        Self(vec![RankClass { from: 0.0, to: 1.0, profiles: vec![Profile { probability: 1.0, shares }] }])
    }

    /// The classes, ascending.
    pub fn classes(&self) -> &[RankClass] {
        &self.0
    }

    /// The shares of years that are all shared in one way.
    pub fn only(&self) -> Option<&[f64]> {
        match self.0.as_slice() {
            [RankClass { profiles, .. }] if profiles.len() == 1 => Some(&profiles[0].shares),
            _ => None,
        }
    }

    pub(super) fn digest(&self, put: &mut impl FnMut(u64)) {
        for class in &self.0 {
            put(class.to.to_bits());
            for profile in &class.profiles {
                put(profile.probability.to_bits());
                profile.shares.iter().for_each(|share| put(share.to_bits()));
            }
        }
    }
}
