//! Temporary credentials of one role, a session for each tenant (STS `AssumeRole`).
//!
//! Each session has the tag `tenant_id`, which is `aws:PrincipalTag/tenant_id` in a policy of the
//! role: the same role may do something else for every tenant.
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>

mod answer;
mod error;
mod role;
mod sts;

#[cfg(test)]
mod tests;

pub use error::{BoxError, Error};
pub use role::RoleArn;
pub use sts::{Settings, Sts};
