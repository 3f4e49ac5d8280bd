//! What belongs to whom, as JSON: `{"who": "what"}`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

/// A JSON object that has a `V` for the text of each `K`, as it is written after it was read; nobody
/// is there twice.
#[derive(Debug)]
pub struct Table<K, V>(BTreeMap<String, V>, PhantomData<K>);

impl<K, V> Table<K, V> {
    /// What belongs to whom.
    #[must_use]
    pub fn into_map(self) -> BTreeMap<String, V> {
        self.0
    }
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self(BTreeMap::new(), PhantomData)
    }
}

impl<K, V> FromStr for Table<K, V>
where
    K: FromStr<Err: Display> + Display,
    V: FromStr<Err: Display>,
{
    type Err = serde_json::Error;

    fn from_str(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }
}

impl<'de, K, V> Deserialize<'de> for Table<K, V>
where
    K: FromStr<Err: Display> + Display,
    V: FromStr<Err: Display>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object<K, V>(PhantomData<(K, V)>);

        impl<'de, K, V> Visitor<'de> for Object<K, V>
        where
            K: FromStr<Err: Display> + Display,
            V: FromStr<Err: Display>,
        {
            type Value = Table<K, V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Table<K, V>, A::Error> {
                let mut table = BTreeMap::new();
                while let Some((who, what)) = map.next_entry::<Cow<'de, str>, Cow<'de, str>>()? {
                    let of = |err: &dyn Display| A::Error::custom(format_args!("{who}: {err}"));
                    let key = who.parse::<K>().map_err(|err| of(&err))?.to_string();
                    let what: V = what.parse().map_err(|err| of(&err))?;
                    if table.insert(key, what).is_some() {
                        return Err(of(&"is there twice"));
                    }
                }
                Ok(Table(table, PhantomData))
            }
        }

        deserializer.deserialize_map(Object(PhantomData))
    }
}
