//! A list of people with passwords, for one's own machine only.

use std::fmt;
use std::net::IpAddr;

use auth::TenantId;

use crate::authorize::AuthorizeSettings;
use crate::consent::SentFrom;
use crate::form::Form;
use crate::login::{Person, Waiting};
use crate::refusal::Refusal;
use crate::secret::SecretHash;
use crate::time::Time;
use crate::transaction::Transaction;

/// Somebody who may log in.
#[derive(Clone, Debug)]
pub struct DevUser {
    /// The name they log in with, which is their `sub` too.
    pub name: String,
    /// The hash of their password: a random one, which needs no slow hash.
    pub password: SecretHash,
    /// Their tenant.
    pub tenant: Option<TenantId>,
}

/// The people who may log in on one's own machine. There is none anywhere else.
#[derive(Clone)]
pub struct DevLogin {
    users: Vec<DevUser>,
}

/// People may not log in by a list here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DevLoginRefused {
    /// This is AWS Lambda.
    #[error("the development login is not for AWS Lambda")]
    Lambda,
    /// Others can reach the server.
    #[error("the development login is for loopback addresses only, not for {0}")]
    Reachable(IpAddr),
    /// The issuer is not on this machine.
    #[error("the development login is for issuers at http://127.0.0.1 or http://localhost only")]
    Issuer,
    /// Nobody could log in.
    #[error("the development login needs a user")]
    Nobody,
}

impl DevLogin {
    /// For a server that listens at `address` as `issuer`; `None` is AWS Lambda.
    ///
    /// # Errors
    /// When others than the people of this machine could log in.
    pub fn new(
        users: Vec<DevUser>,
        address: Option<IpAddr>,
        issuer: &str,
    ) -> Result<Self, DevLoginRefused> {
        let address = address.ok_or(DevLoginRefused::Lambda)?;
        if !address.to_canonical().is_loopback() {
            return Err(DevLoginRefused::Reachable(address));
        }
        if !is_local(issuer) {
            return Err(DevLoginRefused::Issuer);
        }
        if users.is_empty() {
            return Err(DevLoginRefused::Nobody);
        }
        Ok(Self { users })
    }

    /// Reads the login form: `user`, `password`, and the `state` of the transaction that waits,
    /// which was found by the browser's cookie. `None`: the name or the password is wrong.
    ///
    /// # Errors
    /// A page, when it is not the form that was shown to this browser.
    pub fn submitted(
        &self,
        form: &Form,
        sent_from: SentFrom<'_>,
        transaction: Option<&Transaction>,
        settings: &AuthorizeSettings,
        now: Time,
    ) -> Result<Option<Person>, Refusal> {
        if !sent_from.is_own_page(&settings.issuer) {
            return Err(Refusal::Forged);
        }
        Waiting::of(form, transaction, now)?;
        let field = |name| form.get(name).unwrap_or_default();
        Ok(self.who(field("user"), field("password"), now))
    }

    /// Everybody is looked at, whatever the answer: how long it takes tells nothing.
    fn who(&self, name: &str, password: &str, now: Time) -> Option<Person> {
        let mut found = None;
        for user in &self.users {
            let (is_name, is_password) = (user.name == name, user.password.is_of(password));
            if is_name & is_password {
                found = Some(user);
            }
        }
        found.map(|user| Person {
            subject: user.name.clone(),
            name: None,
            tenant: user.tenant.clone(),
            authenticated_at: now,
        })
    }
}

impl fmt::Debug for DevLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DevLogin").field("users", &self.users.len()).finish()
    }
}

/// Whether a URL names this machine, whatever its port.
fn is_local(url: &str) -> bool {
    let Some(authority) = url.strip_prefix("http://") else { return false };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    ["127.0.0.1", "localhost", "[::1]"].contains(&host)
        && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorize::tests::NOW;

    const LOOPBACK: &str = "127.0.0.1";
    const ISSUER: &str = "http://127.0.0.1:8787";

    fn users() -> Vec<DevUser> {
        let user = |name: &str, password| DevUser {
            name: name.to_owned(),
            password: SecretHash::of(password),
            tenant: None,
        };
        vec![user("ana", "one"), user("ben", "two")]
    }

    fn made(address: &str, issuer: &str) -> Result<(), DevLoginRefused> {
        DevLogin::new(users(), Some(address.parse().unwrap()), issuer).map(|_| ())
    }

    #[test]
    fn k17_there_is_none_where_others_could_log_in() {
        for address in [LOOPBACK, "127.0.0.2", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(made(address, ISSUER), Ok(()), "{address}");
        }
        let on_lambda = DevLogin::new(users(), None, ISSUER);
        assert_eq!(on_lambda.unwrap_err(), DevLoginRefused::Lambda);
        for address in ["0.0.0.0", "::", "10.0.0.1", "192.168.1.2", "::ffff:10.0.0.1", "fe80::1"] {
            let refused = DevLoginRefused::Reachable(address.parse().unwrap());
            assert_eq!(made(address, ISSUER), Err(refused));
        }
        for issuer in
            ["http://127.0.0.1", "http://localhost:8787", "http://[::1]:1", "http://[::1]"]
        {
            assert_eq!(made(LOOPBACK, issuer), Ok(()), "{issuer}");
        }
        for issuer in [
            "https://mcp.example.com",
            "http://mcp.example.com",
            "http://127.0.0.1.example.com",
            "http://127.0.0.1@example.com",
            "http://127.0.0.1:1@example.com",
            "http://localhost/x",
        ] {
            assert_eq!(made(LOOPBACK, issuer), Err(DevLoginRefused::Issuer), "{issuer}");
        }
        let nobody = DevLogin::new(vec![], Some(LOOPBACK.parse().unwrap()), ISSUER);
        assert_eq!(nobody.unwrap_err(), DevLoginRefused::Nobody);
    }

    #[test]
    fn people_log_in_with_their_own_password_only() {
        let login = DevLogin::new(users(), Some(LOOPBACK.parse().unwrap()), ISSUER).unwrap();
        for (name, password, ok) in [
            ("ana", "one", true),
            ("ben", "two", true),
            ("ana", "two", false),
            ("ANA", "one", false),
            ("ana", "one ", false),
            ("ana", "", false),
            ("", "", false),
            ("eve", "one", false),
        ] {
            let person = login.who(name, password, NOW);
            assert_eq!(person.is_some(), ok, "{name} {password}");
            assert!(person.is_none_or(|person| person.subject == name));
        }
    }
}
