//! The Prometheus tools an agent calls: `ExecuteQuery`, `ExecuteRangeQuery`, `ListMetrics`,
//! `GetServerInfo` and `GetAvailableWorkspaces`.
//!
//! Each answers twice. The structured result is what Prometheus said, complete and in the shape
//! its callers have always seen, up to a budget that says what it leaves out and how to go on. The
//! text is what a model can afford to read: figures, a sparkline, a map of names; never the same
//! data once more.

mod answer;
mod arguments;
mod budget;
mod caret;
mod columns;
mod errors;
pub mod execute_query;
pub mod execute_range_query;
pub mod get_available_workspaces;
pub mod get_server_info;
mod labels;
pub mod list_metrics;
mod names;
mod place;
mod provenance;
mod selection;
mod spec;
mod stats;
mod table;
mod text;
pub mod time;
pub mod window;

pub use execute_query::ExecuteQuery;
pub use execute_range_query::ExecuteRangeQuery;
pub use get_available_workspaces::GetAvailableWorkspaces;
pub use get_server_info::GetServerInfo;
pub use list_metrics::ListMetrics;
