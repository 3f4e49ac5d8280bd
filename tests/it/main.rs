//! End-to-end tests, one module a subject.
#![cfg(test)]

mod bridge;
mod broker;
mod cases;
mod client_probes;
mod doors;
mod fuzz;
mod lambda;
mod lambda_authorizer;
mod lambda_doors;
mod lambda_health;
mod layers;
mod prometheus_tools;
mod promql_oracle;
mod replies_match_the_schemas;
mod stand_ins;
