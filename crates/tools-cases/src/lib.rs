//! The support-case tools an agent calls: `query_athena`, `analyze_with_bedrock`,
//! `get_case_summary`, `get_rca_analysis`, `get_service_trends`, `analyze_case_summaries`, and
//! `get_query_results` for what outlived its call; the resource `cases://schema` and two prompts.
//!
//! A server is given all of them by [`Cases::offer`]. Callers need the scope `cases/read`.
//!
//! SQL of a caller's runs only if it reads ([`guard`]); the other tools bind what they are given.
//! Whatever comes out of a case is data: in text it is one line without what steers a reader unseen,
//! addresses of people are hidden, and a model reads it within a fence, and is held to the cases
//! it was given.

mod analyze_case_summaries;
mod analyze_with_bedrock;
mod answer;
mod arguments;
mod cases;
mod days;
mod domain;
mod errors;
mod follow;
mod get_case_summary;
mod get_query_results;
mod get_rca_analysis;
mod get_service_trends;
pub mod guard;
mod hints;
mod model;
mod prompts;
mod provenance;
mod query_athena;
mod schema;
mod selection;
mod spec;
mod text;

pub use analyze_case_summaries::AnalyzeCaseSummaries;
pub use analyze_with_bedrock::AnalyzeWithBedrock;
pub use cases::{Cases, Settings};
pub use get_case_summary::GetCaseSummary;
pub use get_query_results::GetQueryResults;
pub use get_rca_analysis::GetRcaAnalysis;
pub use get_service_trends::GetServiceTrends;
pub use query_athena::QueryAthena;
