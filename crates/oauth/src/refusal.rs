//! How an authorization ends early: with a page, or with an error for the client.

use http::StatusCode;

use crate::error::OauthError;
use crate::location::Location;

/// How an authorization ends before it is granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// A page for the person. The browser is sent nowhere.
    Page(Refusal),
    /// The browser goes back to the client, which is told.
    Return {
        /// What the client is told.
        error: OauthError,
        /// Where to, with the error in it.
        location: Location,
    },
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Page(refusal)
    }
}

/// Why a person is shown an error page. Nothing of the request is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The query is malformed, or something is there twice.
    #[error("the link is malformed")]
    Malformed,
    /// The query is over 8 KiB, has over 32 parameters, or a `state` over 2 KiB.
    #[error("the link is too long")]
    TooLong,
    /// A form is over 64 KiB.
    #[error("the form is too big")]
    TooBig,
    /// `client_id` is missing or names no client.
    #[error("the client is unknown")]
    UnknownClient,
    /// `redirect_uri` is missing, or none of the client's.
    #[error("the redirect URI is not one of the client's")]
    RedirectUri,
    /// The login or consent was not begun in this browser, or so long ago that it is forgotten.
    #[error("no login was begun in this browser")]
    NotBegun,
    /// It took too long.
    #[error("the login took too long")]
    Expired,
    /// It was answered before.
    #[error("the login was answered before")]
    AlreadyUsed,
    /// What came back from the login elsewhere is not what was sent there.
    #[error("what came back from the login does not fit")]
    Mismatch,
    /// The identity provider vouches for nobody who is let in.
    #[error("the identity provider's answer is not accepted")]
    NotVouchedFor,
    /// The form was not sent from our own page, or not by who was asked.
    #[error("the form is not from the page that was shown")]
    Forged,
    /// There were too many requests from here.
    #[error("there were too many requests")]
    TooMany,
    /// Something of ours, or of who knows the people, does not answer.
    #[error("a part of the service does not answer")]
    Unavailable,
}

impl Refusal {
    /// The status of its page.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Forged => StatusCode::FORBIDDEN,
            Self::TooBig => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}
