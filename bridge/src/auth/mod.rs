//! How requests prove who calls.

mod signature;
mod token;

use std::fmt;

use bytes::Bytes;
use http::Request;

pub(crate) use signature::Signature;
pub(crate) use token::Token;

use crate::failure::Failure;

/// What goes with each request.
pub(crate) enum Proof {
    /// Nothing.
    None,
    /// AWS Signature Version 4.
    Signature(Signature),
    /// A bearer token.
    Token(Token),
}

impl Proof {
    /// The request with its proof; nothing of it may change after this.
    pub(crate) async fn put(&self, request: Request<Bytes>) -> Result<Request<Bytes>, Failure> {
        match self {
            Self::None => Ok(request),
            Self::Signature(signature) => signature.put(request).await,
            Self::Token(token) => token.put(request).await,
        }
    }

    /// What was proven with was refused: it is got anew. Whether that can help.
    pub(crate) fn forget(&self) -> bool {
        match self {
            Self::None => false,
            Self::Signature(signature) => signature.forget(),
            Self::Token(token) => token.forget(),
        }
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Signature(signature) => write!(f, "Signature({signature})"),
            Self::Token(_) => f.write_str("Token"),
        }
    }
}
