//! The role that is assumed.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// The ARN of a role: `arn:PARTITION:iam::ACCOUNT:role/PATH/NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleArn(String);

impl RoleArn {
    /// The ARN as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RoleArn {
    type Err = Error;

    fn from_str(given: &str) -> Result<Self, Error> {
        let of_name = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b);
        let legal = given.len() <= 2048
            && match given.split(':').collect::<Vec<_>>()[..] {
                ["arn", partition, "iam", "", account, role] => {
                    (partition == "aws" || partition.starts_with("aws-"))
                        && partition.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
                        && account.len() == 12
                        && account.bytes().all(|b| b.is_ascii_digit())
                        && role.strip_prefix("role/").is_some_and(|path| {
                            path.split('/')
                                .all(|part| !part.is_empty() && part.bytes().all(of_name))
                        })
                }
                _ => false,
            };
        if legal {
            Ok(Self(given.to_owned()))
        } else {
            Err(Error::InvalidRoleArn { given: given.to_owned() })
        }
    }
}

impl fmt::Display for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_the_arn_of_a_role_is_one() {
        for (given, legal) in [
            ("arn:aws:iam::123456789012:role/tenants", true),
            ("arn:aws-us-gov:iam::123456789012:role/mcp/of.tenants_1@x", true),
            ("arn:aws-cn:iam::123456789012:role/a", true),
            ("", false),
            ("tenants", false),
            ("arn:aws:iam::123456789012:user/tenants", false),
            ("arn:aws:iam::123456789012:role/", false),
            ("arn:aws:iam::123456789012:role//a", false),
            ("arn:aws:iam::123456789012:role/*", false),
            ("arn:aws:iam::123456789012:role/a b", false),
            ("arn:aws:iam::12345:role/a", false),
            ("arn:aws:iam:us-east-1:123456789012:role/a", false),
            ("arn:aws:sts::123456789012:assumed-role/a/b", false),
            ("arn:evil:iam::123456789012:role/a", false),
            ("arn:aws:iam::123456789012:role/a:b", false),
        ] {
            assert_eq!(given.parse::<RoleArn>().is_ok(), legal, "{given:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_parses_renders_back(
            given in ".*|arn:aws:iam::[0-9]{11,13}:role/[a-z/:]{0,9}",
        ) {
            if let Ok(arn) = given.parse::<RoleArn>() {
                prop_assert_eq!(arn.to_string(), given);
            }
        }
    }
}
