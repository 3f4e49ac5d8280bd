//! What a key is called.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// The most characters of an alias, `alias/` included.
const MAX_ALIAS: usize = 256;

/// What a key is called: its id, its ARN, the name of an alias, or the ARN of one.
///
/// An id is a UUID, or `mrk-` and 32 hexadecimal digits where the key is one of several regions. In
/// another account a key is called by an ARN.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KeyId(String);

impl KeyId {
    /// As KMS is told.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyId {
    type Err = Error;

    fn from_str(given: &str) -> Result<Self, Error> {
        let legal = match given.split(':').collect::<Vec<_>>()[..] {
            [local] => is_id(local) || is_alias(local),
            ["arn", partition, "kms", region, account, resource] => {
                (partition == "aws" || partition.starts_with("aws-"))
                    && [partition, region].into_iter().all(is_words)
                    && account.len() == 12
                    && account.bytes().all(|b| b.is_ascii_digit())
                    && (resource.strip_prefix("key/").is_some_and(is_id) || is_alias(resource))
            }
            _ => false,
        };
        if legal {
            Ok(Self(given.to_owned()))
        } else {
            Err(Error::InvalidKeyId { given: given.to_owned() })
        }
    }
}

fn is_id(id: &str) -> bool {
    let is_hex =
        |part: &str, length| part.len() == length && part.bytes().all(|b| b.is_ascii_hexdigit());
    match id.split('-').collect::<Vec<_>>()[..] {
        ["mrk", of_many] => is_hex(of_many, 32),
        [a, b, c, d, e] => {
            [(a, 8), (b, 4), (c, 4), (d, 4), (e, 12)].iter().all(|(part, n)| is_hex(part, *n))
        }
        _ => false,
    }
}

fn is_alias(alias: &str) -> bool {
    let of_name = |b: u8| b.is_ascii_alphanumeric() || b"/_-".contains(&b);
    alias.len() <= MAX_ALIAS
        && alias
            .strip_prefix("alias/")
            .is_some_and(|name| !name.is_empty() && name.bytes().all(of_name))
}

/// A partition or a region.
fn is_words(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";
    const MANY: &str = "mrk-1234abcd12ab34cd56ef1234567890ab";

    #[test]
    fn a_key_is_called_by_its_id_an_alias_or_the_arn_of_either() {
        let arn = |resource: &str| format!("arn:aws:kms:eu-west-1:123456789012:{resource}");
        let longest = format!("alias/{}", "a".repeat(250));
        for legal in [
            ID.to_owned(),
            MANY.to_owned(),
            "alias/mcp/tokens_2026-12".to_owned(),
            longest.clone(),
            arn(&format!("key/{ID}")),
            arn(&format!("key/{MANY}")),
            arn("alias/tokens"),
            format!("arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/{ID}"),
        ] {
            assert!(legal.parse::<KeyId>().is_ok(), "{legal:?}");
        }
        for illegal in [
            String::new(),
            "tokens".to_owned(),
            "alias/".to_owned(),
            "alias/a b".to_owned(),
            "alias/a:b".to_owned(),
            "alias/*".to_owned(),
            longest + "a",
            format!("key/{ID}"),
            format!("{ID}0"),
            format!(" {ID}"),
            format!("{ID}\n"),
            ID.replace('a', "g"),
            ID.replace('-', ""),
            MANY.replace("mrk", "mrc"),
            arn(ID),
            arn(""),
            arn("key/tokens"),
            arn("key/*"),
            arn(&format!("key/{ID}:1")),
            arn(&format!("key/{ID}")).replace("aws", "evil"),
            arn(&format!("key/{ID}")).replace("kms", "iam"),
            arn(&format!("key/{ID}")).replace("eu-west-1", ""),
            arn(&format!("key/{ID}")).replace("123456789012", "12"),
        ] {
            assert!(illegal.parse::<KeyId>().is_err(), "{illegal:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_parses_renders_back(
            given in ".*|alias/[a-z/:]{0,9}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        ) {
            if let Ok(id) = given.parse::<KeyId>() {
                prop_assert_eq!(id.to_string(), given);
            }
        }
    }
}
