//! Risk classes: what a cost model needs to know of a person.

/// People who are alike: of one band, with one scale and one probability of any cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RiskClass {
    /// Number of the band in the cost model.
    pub band: u32,
    /// Multiplies every cost.
    pub scale: f64,
    /// Probability of any cost in a year.
    pub p_any: f64,
}
