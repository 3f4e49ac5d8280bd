//! Where an issuer publishes its keys.

use std::fmt;
use std::str::FromStr;

use http::Uri;

use crate::url::{NotAUrl, Url};

/// The address of a key set: `https`, or `http` on this machine; no user, no fragment. A query is
/// fine, some issuers have one key set per application there.
#[derive(Clone, PartialEq, Eq)]
pub struct JwksUri {
    text: String,
    uri: Uri,
}

impl JwksUri {
    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) const fn uri(&self) -> &Uri {
        &self.uri
    }
}

impl FromStr for JwksUri {
    type Err = NotAUrl;

    fn from_str(text: &str) -> Result<Self, NotAUrl> {
        let (place, query) = text.split_once('?').unwrap_or((text, ""));
        Url::parse(place)?;
        // `Uri` would drop a fragment without a word.
        if query.contains('#') {
            return Err(NotAUrl::Path);
        }
        let uri = text.parse().map_err(|_| NotAUrl::Path)?;
        Ok(Self { text: text.to_owned(), uri })
    }
}

impl fmt::Display for JwksUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for JwksUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JwksUri({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_over_tls_or_from_this_machine() {
        use NotAUrl::{Authority, Insecure, Path, Scheme};
        for (text, expected) in [
            ("https://host/.well-known/jwks.json", Ok(())),
            ("https://host:8443/keys?appid=1&x=%20", Ok(())),
            ("https://host?appid=1", Ok(())),
            ("http://127.0.0.1:9000/jwks", Ok(())),
            ("http://[::1]:9000/jwks", Ok(())),
            ("http://localhost/jwks", Ok(())),
            ("http://host/jwks", Err(Insecure)),
            ("http://127.0.0.1@host/jwks", Err(Authority)),
            ("http://localhost.evil.example/jwks", Err(Insecure)),
            ("http://169.254.169.254/latest/meta-data", Err(Insecure)),
            ("https://user:word@host/jwks", Err(Authority)),
            ("https://host/jwks#k1", Err(Path)),
            ("https://host/jwks?a#k1", Err(Path)),
            ("https://host/jwks?a b", Err(Path)),
            ("https://host/jwks?a\r\nX: y", Err(Path)),
            ("https://host/../jwks", Err(Path)),
            ("file:///etc/jwks.json", Err(Scheme)),
            ("/jwks", Err(Scheme)),
            ("", Err(Scheme)),
        ] {
            assert_eq!(text.parse::<JwksUri>().map(|_| ()), expected, "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_parses_is_where_it_says(text in "https?://[ -~]{0,24}") {
            if let Ok(uri) = text.parse::<JwksUri>() {
                assert_eq!(uri.as_str(), text);
                let place = Url::parse(text.split('?').next().unwrap()).unwrap();
                assert_eq!(uri.uri().host(), Some(place.host));
                assert_eq!(uri.uri().port_u16(), place.port);
            }
        }
    }
}
