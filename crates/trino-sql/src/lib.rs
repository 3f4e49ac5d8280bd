//! Trino's SQL over tables in memory: what stands in for Athena's engine on one machine.
//!
//! DataFusion plans and runs; what is Trino's is put before and after it:
//!
//! ```text
//! text ─→ tokens, parameters bound ─→ parsed ─→ rewritten ─→ DataFusion ─→ printed as Trino prints
//!   └─→ SHOW, DESCRIBE: answered from the catalog, in the lines of Hive
//! ```
//!
//! Statements only read: there is nothing to write to. What Trino has and this has not: `UNNEST …
//! WITH ORDINALITY` and of more than one array, `MATCH_RECOGNIZE`, lambdas, maps (`histogram`,
//! `map_agg`), `typeof`, time zones other than UTC, `try` around an expression that fails; and
//! literals of integers are `bigint`.

mod answer;
mod bind;
mod database;
mod dates;
mod dialect;
mod error;
mod functions;
mod json;
mod print;
mod rewrite;
mod show;
mod templates;
#[cfg(test)]
mod tests;
mod types;
mod unnest;
mod values;

pub use answer::{Answer, Column, Statement};
pub use database::{Database, Running, Table};
pub use error::Error;
