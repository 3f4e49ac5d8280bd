//! Who belongs to which tenant, as JSON: `{"who": "tenant"}`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use crate::tenant::TenantId;

/// Tenants by the text of what `K` reads; nobody is there twice.
#[derive(Debug)]
pub(super) struct Tenants<K>(pub(super) BTreeMap<String, TenantId>, PhantomData<K>);

impl<K> Default for Tenants<K> {
    fn default() -> Self {
        Self(BTreeMap::new(), PhantomData)
    }
}

impl<K: FromStr<Err: Display> + Display> FromStr for Tenants<K> {
    type Err = serde_json::Error;

    fn from_str(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }
}

impl<'de, K: FromStr<Err: Display> + Display> Deserialize<'de> for Tenants<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object<K>(PhantomData<K>);

        impl<'de, K: FromStr<Err: Display> + Display> Visitor<'de> for Object<K> {
            type Value = Tenants<K>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of tenants")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tenants<K>, A::Error> {
                let mut tenants = BTreeMap::new();
                while let Some((who, tenant)) = map.next_entry::<Cow<'de, str>, Cow<'de, str>>()? {
                    let of = |err: &dyn Display| A::Error::custom(format_args!("{who}: {err}"));
                    let key = who.parse::<K>().map_err(|err| of(&err))?.to_string();
                    let tenant: TenantId = tenant.parse().map_err(|err| of(&err))?;
                    if tenants.insert(key, tenant).is_some() {
                        return Err(of(&"is there twice"));
                    }
                }
                Ok(Tenants(tenants, PhantomData))
            }
        }

        deserializer.deserialize_map(Object(PhantomData))
    }
}
