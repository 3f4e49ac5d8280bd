//! Text models of Amazon Bedrock, by the Converse API.
//!
//! ```no_run
//! # async fn example(bedrock: backend_bedrock::Bedrock) -> Result<(), backend_bedrock::Error> {
//! use std::time::{Duration, Instant};
//!
//! use backend_bedrock::{Prompt, Stats};
//!
//! let prompt = Prompt {
//!     system: "Answer in one sentence.".to_owned(),
//!     user: "What is a support case?".to_owned(),
//!     max_tokens: 200,
//! };
//! let deadline = Instant::now() + Duration::from_secs(20);
//! let reply = bedrock.converse(&prompt, deadline, &mut Stats::default()).await?;
//! println!("{} ({}, {} tokens)", reply.text, reply.model, reply.usage.input_tokens);
//! # Ok(())
//! # }
//! ```

mod bedrock;
mod converse;
mod error;
mod model;

#[cfg(test)]
mod tests;

pub use aws_json::{BoxError, Stats};
pub use bedrock::{Bedrock, Prompt, Reply, Settings};
pub use error::Error;
pub use model::{Model, NotAModel, Price, Usage};
