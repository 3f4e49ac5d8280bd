//! The public keys of a client that signs to prove who it is (RFC 7591, section 2: `jwks`).

use std::fmt;
use std::str::FromStr;

use auth::KeySet;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The most keys of a client: one that signs, one before and one after it, and some to spare.
const MAX_KEYS: usize = 5;
/// The members of private and of symmetric keys (RFC 7518, sections 6.2.2, 6.3.2 and 6.4).
const SECRET: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The public keys of a client: 1 to 5, each for RS256 or ES256 and with a name of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ClientKeys(KeySet);

/// Why there are no keys that a client may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotClientKeys {
    /// It is not a JWKS document.
    #[error("jwks is not a key set")]
    Malformed,
    /// There is none, or there are more than 5.
    #[error("jwks has no key, or more than 5")]
    Count,
    /// There is a key in it that nobody else should know.
    #[error("jwks has a private or symmetric key: send the public ones only, and make new ones")]
    Secret,
    /// Some key would never be used.
    #[error("a key of jwks is not one of RS256 or ES256 with a kid that no other has")]
    Unusable,
}

impl ClientKeys {
    /// To verify with.
    pub(crate) const fn key_set(&self) -> &KeySet {
        &self.0
    }
}

/// From a JWKS document (RFC 7517, section 5). All its keys are taken, or none.
impl FromStr for ClientKeys {
    type Err = NotClientKeys;

    fn from_str(json: &str) -> Result<Self, NotClientKeys> {
        #[derive(Deserialize)]
        struct Document {
            keys: Vec<Map<String, Value>>,
        }
        let document: Document =
            serde_json::from_str(json).map_err(|_| NotClientKeys::Malformed)?;
        let keys = document.keys;
        if !(1..=MAX_KEYS).contains(&keys.len()) {
            return Err(NotClientKeys::Count);
        }
        if keys.iter().any(|key| SECRET.iter().any(|member| key.contains_key(*member))) {
            return Err(NotClientKeys::Secret);
        }
        let set: KeySet = json.parse().map_err(|_| NotClientKeys::Unusable)?;
        if set.len() == keys.len() { Ok(Self(set)) } else { Err(NotClientKeys::Unusable) }
    }
}

/// As a JWKS document, with what is needed of each key and no more.
impl fmt::Display for ClientKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;
    use crate::keys::SigningKey;
    use crate::keys::tests::rsa_pkcs8;

    /// The public key of a fresh key of P-256, as a client publishes it.
    fn key() -> Value {
        public(&SigningKey::generate().unwrap())
    }

    fn public(key: &SigningKey) -> Value {
        use crate::keys::Signer as _;
        serde_json::to_value(key.public()).unwrap()
    }

    fn parse(keys: &[Value]) -> Result<ClientKeys, NotClientKeys> {
        json!({ "keys": keys }).to_string().parse()
    }

    fn with(mut key: Value, name: &str, value: Value) -> Value {
        key[name] = value;
        key
    }

    #[test]
    fn public_keys_are_taken_and_written_as_they_are_read() {
        let rsa = public(&SigningKey::from_pkcs8(rsa_pkcs8()).unwrap());
        for keys in [vec![key()], vec![rsa.clone()], vec![key(), rsa, key(), key(), key()]] {
            let taken = parse(&keys).unwrap();
            assert_eq!(taken.key_set().len(), keys.len());
            assert_eq!(taken.to_string().parse::<ClientKeys>().unwrap(), taken);
            assert_eq!(serde_json::to_string(&taken).unwrap(), taken.to_string());
        }
    }

    #[test]
    fn d09_keys_that_would_never_be_used_or_are_secret_are_refused() {
        use NotClientKeys::{Count, Secret, Unusable};
        let (good, one) = (key(), key());
        for (keys, expected) in [
            (vec![], Count),
            ((0..6).map(|_| key()).collect(), Count),
            (vec![with(good.clone(), "d", json!("AA"))], Secret),
            (vec![good.clone(), with(key(), "d", json!(null))], Secret),
            (vec![json!({ "kty": "oct", "kid": "k", "k": "AA" })], Secret),
            (vec![json!({ "kty": "oct", "kid": "k" })], Unusable),
            (vec![good.clone(), json!({ "kty": "OKP", "kid": "k", "crv": "Ed25519" })], Unusable),
            (vec![with(good.clone(), "use", json!("enc"))], Unusable),
            (vec![with(good.clone(), "alg", json!("RS256"))], Unusable),
            (vec![with(good.clone(), "x", json!("AA"))], Unusable),
            (vec![with(good.clone(), "kid", json!(null))], Unusable),
            (vec![with(good.clone(), "kid", json!("../key"))], Unusable),
            (vec![good.clone(), good.clone()], Unusable),
            (vec![good.clone(), with(one.clone(), "kid", good["kid"].clone()), one], Unusable),
        ] {
            assert_eq!(parse(&keys), Err(expected), "{keys:?}");
        }
        for text in ["", "{}", "[]", r#"{"keys":{}}"#, r#"{"keys":[1]}"#, r#"{"keys":null}"#] {
            assert_eq!(text.parse::<ClientKeys>(), Err(NotClientKeys::Malformed), "{text}");
        }
        let twice = format!(r#"{{"keys":[{{"kid":"k",{}]}}"#, &good.to_string()[1..]);
        assert_eq!(twice.parse::<ClientKeys>(), Err(Unusable));
    }
}
