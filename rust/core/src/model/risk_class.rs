//! Risk classes: what a cost model needs to know of a person.

/// People who are alike: of one band, with one scale and one probability of any cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RiskClass {
    pub band: u32,
    pub scale: f64,
    pub p_any: f64,
}
