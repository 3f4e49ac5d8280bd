//! `OAUTH_DEVELOPMENT_USERS`: people who may log in on one's own machine.

use std::collections::BTreeMap;
use std::str::FromStr;

use oauth::{DevUser, SecretHash};

/// The people; their passwords are not kept.
#[derive(Clone, Debug)]
pub(super) struct People(pub(super) Vec<DevUser>);

/// The text is no list of people. It is not told what it was: there are passwords in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a JSON object of names and passwords, none of them empty")]
pub(super) struct NotPeople;

impl FromStr for People {
    type Err = NotPeople;

    fn from_str(json: &str) -> Result<Self, NotPeople> {
        let people: BTreeMap<String, String> = serde_json::from_str(json).map_err(|_| NotPeople)?;
        let empty = |(name, password): (&String, &String)| name.is_empty() || password.is_empty();
        if people.is_empty() || people.iter().any(empty) {
            return Err(NotPeople);
        }
        let user = |(name, password): (String, String)| DevUser {
            name,
            password: SecretHash::of(&password),
            tenant: None,
        };
        Ok(Self(people.into_iter().map(user).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_have_names_and_passwords_which_no_error_repeats() {
        let People(people) = r#"{"ada":"one","ben":"two"}"#.parse().unwrap();
        assert_eq!(people[0].name, "ada");
        assert!(people[0].password.is_of("one") && people[1].password.is_of("two"));
        for text in ["", "{}", r#"{"ada":""}"#, r#"{"":"x"}"#, r#"{"ada":"secret-1""#, "[]"] {
            let told = text.parse::<People>().unwrap_err().to_string();
            assert!(!told.contains("secret-1"), "{told}");
        }
    }
}
