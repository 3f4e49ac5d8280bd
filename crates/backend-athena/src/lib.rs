//! Athena queries: started, watched, read and stopped; Glue for the columns of a table.
//!
//! ```no_run
//! # async fn example(athena: backend_athena::Athena) -> Result<(), backend_athena::Error> {
//! use std::time::{Duration, Instant};
//!
//! use backend_athena::{Query, Stats, Watched};
//!
//! let until = Instant::now() + Duration::from_secs(20);
//! let mut stats = Stats::default();
//! let query = Query::new("SELECT rca_category, count(*) FROM case_summary GROUP BY 1");
//! // Whatever happens to this future, a query that nobody holds is stopped.
//! let held = athena.start(query, until, &mut stats).await?;
//! match athena.watch(held.id(), until, &mut stats, |_| {}).await? {
//!     Watched::Succeeded(execution) => {
//!         let rows = athena.rows(&execution, 100, until, &mut stats).await?;
//!         println!("{:?} {} bytes", rows.rows, execution.scanned_bytes);
//!     }
//!     Watched::Running(_) => println!("later, by {}", held.release()),
//! }
//! # Ok(())
//! # }
//! ```

mod athena;
mod cost;
mod error;
mod execution;
mod held;
mod literal;
mod rows;
mod table;
#[cfg(test)]
mod tests;
mod watch;
mod wire;

pub use athena::{Athena, Query, Settings, WorkGroup};
pub use aws_json::{BoxError, Error as ServiceError, Stats};
pub use cost::Cost;
pub use error::Error;
pub use execution::{Execution, ExecutionId, State, Statement};
pub use held::Held;
pub use literal::text;
pub use rows::{Column, Rows};
pub use table::Table;
pub use watch::Watched;
