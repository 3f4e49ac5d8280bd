//! What a query costs.

use crate::execution::{Execution, Statement};

const MEGABYTE: u64 = 1 << 20;
/// What every query that reads something is billed at least.
const LEAST: u64 = 10 * MEGABYTE;
const TERABYTE: f64 = (1_u64 << 40) as f64;

/// What a query has read, and its price.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cost {
    /// What was read, in bytes.
    pub scanned_bytes: u64,
    /// The price of that, in US dollars: by the megabyte, and of ten at least.
    pub usd: f64,
}

impl Cost {
    /// At this price of a terabyte, in US dollars.
    #[must_use]
    pub fn of(execution: &Execution, usd_per_terabyte: f64) -> Self {
        let free = execution.statement != Statement::Dml || execution.reused;
        let scanned_bytes = if execution.reused { 0 } else { execution.scanned_bytes };
        if free || scanned_bytes == 0 {
            return Self { scanned_bytes, usd: 0.0 };
        }
        let billed = scanned_bytes.div_ceil(MEGABYTE).saturating_mul(MEGABYTE).max(LEAST);
        Self { scanned_bytes, usd: billed as f64 / TERABYTE * usd_per_terabyte }
    }
}

impl std::ops::Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            scanned_bytes: self.scanned_bytes.saturating_add(other.scanned_bytes),
            usd: self.usd + other.usd,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::execution;

    #[test]
    fn a_query_is_billed_by_the_megabyte_and_ten_at_least() {
        let terabyte = 1_u64 << 40;
        for (statement, reused, bytes, usd) in [
            (Statement::Dml, false, terabyte, 5.0),
            (Statement::Dml, false, 1, 5.0 * 10.0 / (1 << 20) as f64),
            (Statement::Dml, false, 10 * MEGABYTE + 1, 5.0 * 11.0 / (1 << 20) as f64),
            (Statement::Dml, false, 0, 0.0),
            (Statement::Dml, true, terabyte, 0.0),
            (Statement::Other, false, terabyte, 0.0),
            (Statement::Explain, false, 0, 0.0),
        ] {
            let execution = Execution { statement, reused, scanned_bytes: bytes, ..execution() };
            let cost = Cost::of(&execution, 5.0);
            assert!((cost.usd - usd).abs() < 1e-12, "{statement:?} {reused} {bytes}: {cost:?}");
        }
    }
}
