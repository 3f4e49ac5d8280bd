//! How long everything holds.

use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long everything holds. The default is made for people at work: an access token that is
/// lost is of no use soon, and a client is logged in again four times a year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// A login and consent under way.
    pub transaction: Duration,
    /// An authorization code.
    pub code: Duration,
    /// A session that is not used.
    pub session_idle: Duration,
    /// A session, however often it is used.
    pub session: Duration,
    /// An access token.
    pub access_token: Duration,
    /// A refresh token that is not used.
    pub refresh_token: Duration,
    /// How long a refresh token may be used again once it was: the answer may have been lost.
    pub grace: Duration,
    /// How often it may be, in that time.
    pub graces: u32,
    /// A grant, however often it is used.
    pub grant: Duration,
    /// A registered client that nobody has allowed anything yet.
    pub unused_client: Duration,
    /// A registered client that is not used any more.
    pub client: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            transaction: 10 * MINUTE,
            code: MINUTE,
            session_idle: 30 * MINUTE,
            session: 8 * HOUR,
            access_token: 15 * MINUTE,
            refresh_token: 30 * DAY,
            grace: MINUTE,
            graces: 4,
            grant: 90 * DAY,
            unused_client: DAY,
            client: 90 * DAY,
        }
    }
}
