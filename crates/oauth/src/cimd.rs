//! Clients that are known by a metadata document at the URL that is their id
//! (draft-ietf-oauth-client-id-metadata-document): which URLs are looked at, which machines may be
//! asked, which documents are taken, and for how long. Nothing here waits for anything.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use std::time::Duration;

use auth::Scopes;

use crate::client::{AuthMethod, Client, ClientId, ClientOrigin, GrantType};
use crate::error::OauthError;
use crate::metadata::{ClientMetadata, Method};
use crate::time::Time;
use crate::web_url::{Host, WebUrl};

/// The longest document, in bytes.
pub const MAX_DOCUMENT: usize = 5 * 1024;
/// How long a document is kept at least, at most, and if it does not say.
const SHORTEST: Duration = Duration::from_secs(5 * 60);
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
const USUAL: Duration = Duration::from_secs(60 * 60);

/// A `client_id` that is the URL of a metadata document: `https`, a host that has a name, the
/// standard port, and a path, all in canonical form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentUrl(ClientId);

/// The text is not the URL of a metadata document, and nobody is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the URL of a client metadata document")]
pub struct NotADocumentUrl;

/// Why a document is not taken. For the log: the caller is told `invalid_client`, and nothing that
/// somebody else's machine answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// It is too long.
    #[error("the document is longer than {MAX_DOCUMENT} bytes")]
    TooLong,
    /// Its media type is not one of JSON.
    #[error("the document is not said to be JSON")]
    ContentType,
    /// `client_id` is not the URL it was found at.
    #[error("the document is for another client id")]
    OtherClient,
    /// There is a secret in it, or the client is to have one.
    #[error("the document has a secret or wants one")]
    Secret,
    /// It has no name.
    #[error("the document names no client")]
    NoName,
    /// It is not what may be registered either.
    #[error(transparent)]
    Metadata(#[from] OauthError),
}

impl DocumentUrl {
    /// The URL as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The host that vouches for the client, to be resolved, and to be shown to people.
    #[must_use]
    pub fn host(&self) -> &str {
        match WebUrl::parse(self.as_str()).map(|url| url.host) {
            Some(Host::Name(name)) => name,
            _ => "",
        }
    }
}

impl fmt::Display for DocumentUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for DocumentUrl {
    type Err = NotADocumentUrl;

    fn from_str(text: &str) -> Result<Self, NotADocumentUrl> {
        let url = WebUrl::parse(text).ok_or(NotADocumentUrl)?;
        // A name without a dot is one of this machine or this network.
        let named = matches!(url.host, Host::Name(name) if name.contains('.'));
        if url.https && named && url.port.is_none() && url.path != "/" {
            text.parse().map(Self).map_err(|_| NotADocumentUrl)
        } else {
            Err(NotADocumentUrl)
        }
    }
}

/// The address to connect to, of all that a host name stands for: none if any of them is not on the
/// public internet. Connect to this one, and do not resolve the name again.
#[must_use]
pub fn pinned(addresses: &[IpAddr]) -> Option<IpAddr> {
    addresses.first().copied().filter(|_| addresses.iter().all(|address| is_public(*address)))
}

/// Whether an address is on the public internet, and is no other address in disguise (IANA's
/// special-purpose registries; RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !SPECIAL_V4.iter().any(|(network, bits)| {
            let shift = 32 - bits;
            address.to_bits() >> shift == network.to_bits() >> shift
        }),
        IpAddr::V6(address) => {
            let within = |(network, bits): &(Ipv6Addr, u32)| {
                let shift = 128 - bits;
                address.to_bits() >> shift == network.to_bits() >> shift
            };
            within(&GLOBAL_V6) && !SPECIAL_V6.iter().any(within)
        }
    }
}

/// What is not on the public internet.
const SPECIAL_V4: [(Ipv4Addr, u32); 15] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    // Shared by the customers of a carrier.
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // The metadata services of AWS are here.
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    // Relays of 6to4.
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // Multicast.
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    // Reserved, and broadcast.
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// All that is given out for the public internet. Loopback, private, link-local and multicast
/// addresses are elsewhere, and so are IPv4 addresses as such and behind NAT64.
const GLOBAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// What of it is for something else.
const SPECIAL_V6: [(Ipv6Addr, u32); 4] = [
    // Protocols, of which Teredo hides an IPv4 address.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    // 6to4, which hides one too.
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// The client that the document at `url` describes. It is public, may do what people allow it, up
/// to `scopes`, and is good for as long as `cache_control` says, within 5 minutes and a day.
///
/// # Errors
/// [`DocumentError`].
pub fn client_of_document(
    url: &DocumentUrl,
    content_type: Option<&str>,
    cache_control: Option<&str>,
    body: &[u8],
    scopes: &Scopes,
    now: Time,
) -> Result<Client, DocumentError> {
    if body.len() > MAX_DOCUMENT {
        return Err(DocumentError::TooLong);
    }
    if !content_type.is_some_and(is_json) {
        return Err(DocumentError::ContentType);
    }
    let document = ClientMetadata::parse(body)?;
    if document.client_id.as_ref().and_then(serde_json::Value::as_str) != Some(url.as_str()) {
        return Err(DocumentError::OtherClient);
    }
    let secret = document.client_secret.is_some() || document.client_secret_expires_at.is_some();
    if secret || document.wants_secret() {
        return Err(DocumentError::Secret);
    }
    // There is nobody to give a secret to: the default of RFC 7591 cannot be meant.
    if !document.names_no_method() && document.method_without_keys()? != Method::None {
        return Err(DocumentError::Secret);
    }
    let name = document.name().ok_or(DocumentError::NoName)?;
    let grant_types = document.grants()?;
    if grant_types.contains(&GrantType::ClientCredentials) {
        return Err(DocumentError::Secret);
    }
    document.check_links()?;
    Ok(Client {
        id: url.0.clone(),
        origin: ClientOrigin::MetadataDocument,
        name: Some(name),
        redirect_uris: document.redirect_uris(&grant_types)?,
        grant_types,
        auth_method: AuthMethod::None,
        scopes: scopes.clone(),
        tenant: None,
        created_at: now,
        expires_at: Some(now.after(lifetime(cache_control))),
        registration_token: None,
    })
}

/// `application/json`, or a kind of it.
fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let subtype = essence.strip_prefix("application/");
    subtype.is_some_and(|subtype| subtype == "json" || subtype.ends_with("+json"))
}

/// How long a document is kept, by its `Cache-Control` (RFC 9111, section 5.2.2).
fn lifetime(cache_control: Option<&str>) -> Duration {
    let directives = || cache_control.unwrap_or_default().split(',').map(str::trim);
    let is = |name: &str| directives().any(|directive| directive.eq_ignore_ascii_case(name));
    if is("no-store") || is("no-cache") {
        return SHORTEST;
    }
    let seconds = directives().find_map(|directive| {
        let (name, value) = directive.split_once('=')?;
        let value = value.trim_matches('"');
        let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        // More seconds than can be counted are many.
        let seconds = || value.parse().unwrap_or(u64::MAX);
        (digits && name.eq_ignore_ascii_case("max-age")).then(seconds)
    });
    seconds.map_or(USUAL, Duration::from_secs).clamp(SHORTEST, LONGEST)
}

#[cfg(test)]
mod tests;
