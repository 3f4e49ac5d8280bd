//! How often things may be asked for: counted in the store, so that the limits hold across instances.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use crate::client::ClientId;
use crate::error::Failure;
use crate::secret::SecretHash;
use crate::store::Store;
use crate::time::Time;

/// What is counted is counted by the minute.
const WINDOW: i64 = 60;

/// The most that is done in a minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Registrations, of one source.
    pub registrations: u32,
    /// Registrations, of everybody together.
    pub registrations_of_all: u32,
    /// Authorization requests, of one source.
    pub authorizations: u32,
    /// Wrong passwords at the development login, of one source.
    pub logins: u32,
    /// Proofs of a client that are wrong, of one source. Right ones are never refused for it.
    pub wrong_proofs: u32,
    /// Access tokens of one client on its own behalf.
    pub machine_tokens: u32,
    /// Client metadata documents that are fetched, for one source.
    pub documents: u32,
    /// The same, for everybody together.
    pub documents_of_all: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            registrations: 20,
            registrations_of_all: 300,
            authorizations: 60,
            logins: 10,
            wrong_proofs: 10,
            machine_tokens: 120,
            documents: 20,
            documents_of_all: 300,
        }
    }
}

/// Where a request comes from, as far as it is counted: an address of IPv4, or a network of IPv6
/// (/64), which one household has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Source(Option<IpAddr>);

impl From<Option<IpAddr>> for Source {
    fn from(address: Option<IpAddr>) -> Self {
        Self(address.map(|address| match address.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
            address @ IpAddr::V4(_) => address,
        }))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(address) => address.fmt(f),
            None => f.write_str("unknown"),
        }
    }
}

/// Something that is counted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Counted<'a> {
    Registration(Source),
    AnyRegistration,
    Authorization(Source),
    WrongPassword(Source),
    WrongProof(&'a ClientId, Source),
    MachineToken(&'a ClientId),
    Document(Source),
    AnyDocument,
}

impl Counted<'_> {
    /// As the store knows it. A client id may be long.
    ///
    /// Anybody can make up client ids, and what is counted is kept for a while: so many of them
    /// share a count that one source has few. Nobody who has the right proof is refused for it.
    fn key(self) -> String {
        let hash = |client: &ClientId| SecretHash::of(client.as_str()).to_text();
        let some = |client| hash(client).chars().take(1).collect::<String>();
        match self {
            Self::Registration(source) => format!("registration#{source}"),
            Self::AnyRegistration => "registration".to_owned(),
            Self::Authorization(source) => format!("authorization#{source}"),
            Self::WrongPassword(source) => format!("login#{source}"),
            Self::WrongProof(client, source) => format!("proof#{}#{source}", some(client)),
            Self::MachineToken(client) => format!("machine#{}", hash(client)),
            Self::Document(source) => format!("document#{source}"),
            Self::AnyDocument => "document".to_owned(),
        }
    }

    const fn most(self, limits: &Limits) -> u32 {
        match self {
            Self::Registration(_) => limits.registrations,
            Self::AnyRegistration => limits.registrations_of_all,
            Self::Authorization(_) => limits.authorizations,
            Self::WrongPassword(_) => limits.logins,
            Self::WrongProof(..) => limits.wrong_proofs,
            Self::MachineToken(_) => limits.machine_tokens,
            Self::Document(_) => limits.documents,
            Self::AnyDocument => limits.documents_of_all,
        }
    }
}

impl Limits {
    /// Counts one more.
    ///
    /// # Errors
    /// [`Failure::TooMany`], or when the store does not answer.
    pub(crate) async fn count<S: Store>(
        &self,
        store: &S,
        what: Counted<'_>,
        now: Time,
    ) -> Result<(), Failure> {
        let into_window = now.0.rem_euclid(WINDOW);
        let count = store.count(&what.key(), Time(now.0 - into_window)).await?;
        if count <= what.most(self) {
            return Ok(());
        }
        let seconds = u64::try_from(WINDOW - into_window).unwrap_or(1);
        Err(Failure::TooMany { retry_after: Duration::from_secs(seconds) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::MemoryStore;

    #[test]
    fn d14_a_household_is_one_source_however_its_addresses_are_written() {
        let source = |text: &str| Source::from(Some(text.parse().unwrap())).to_string();
        for (address, expected) in [
            ("192.0.2.1", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:0db8:0001:0002:ffff::", "2001:db8:1:2::"),
            ("::1", "::"),
        ] {
            assert_eq!(source(address), expected);
        }
        assert_eq!(Source::from(None).to_string(), "unknown");
    }

    #[tokio::test]
    async fn d14_x11_each_client_and_source_has_a_count_of_its_own_that_ends_with_its_minute() {
        let (store, limits) = (MemoryStore::default(), Limits::default());
        let (one, other) = ("c_1".parse().unwrap(), "c_2".parse().unwrap());
        let here = Source::from(Some("192.0.2.1".parse().unwrap()));
        let there = Source::from(Some("192.0.2.2".parse().unwrap()));
        let now = Time(1_800_000_030);
        let count = async |what, now| limits.count(&store, what, now).await;
        for _ in 0..limits.wrong_proofs {
            count(Counted::WrongProof(&one, here), now).await.unwrap();
        }
        match count(Counted::WrongProof(&one, here), now).await {
            Err(Failure::TooMany { retry_after }) => assert_eq!(retry_after.as_secs(), 30),
            other => panic!("{other:?}"),
        }
        for what in [Counted::WrongProof(&one, there), Counted::WrongProof(&other, here)] {
            count(what, now).await.unwrap();
        }
        count(Counted::WrongProof(&one, here), Time(now.0 + 30)).await.unwrap();
    }
}
