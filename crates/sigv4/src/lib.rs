//! Signs requests for AWS (SigV4), with credentials that are kept until they expire.
//!
//! For requests that are written by hand; an SDK client signs its own, with [`Kept`] for its
//! provider.

mod domain;
mod error;
mod kept;
mod sign;

pub use domain::domain;
pub use error::{BoxError, Error};
pub use kept::Kept;
pub use sign::Signer;
