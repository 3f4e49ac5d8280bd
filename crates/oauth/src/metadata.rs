//! What a client says of itself (RFC 7591, section 2): in a registration or in a metadata document.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::client::GrantType;
use crate::client_keys::{ClientKeys, NotClientKeys};
use crate::error::{ErrorCode, OauthError};
use crate::redirect::RedirectUri;

/// The most redirect URIs of a client.
const MAX_REDIRECT_URIS: usize = 10;
/// The longest name that is shown, in characters.
const MAX_NAME: usize = 64;
/// The longest URI that is only said, never fetched.
const MAX_LINK: usize = 2048;
/// A grant that clients name among others and that nobody here has: VS Code does.
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The members that are read; whatever else is said is ignored, and a member that is there twice is
/// refused.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ClientMetadata {
    /// `client_id`: ignored in a registration, the document's own URL in a document.
    pub(crate) client_id: Option<serde_json::Value>,
    /// `client_secret`: ignored in a registration, refused in a document.
    pub(crate) client_secret: Option<IgnoredAny>,
    /// `client_secret_expires_at`: as the secret.
    pub(crate) client_secret_expires_at: Option<IgnoredAny>,
    /// `client_name`
    pub(crate) client_name: Option<String>,
    redirect_uris: Option<Uris>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
    token_endpoint_auth_method: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// `scope`
    pub(crate) scope: Option<String>,
    client_uri: Option<String>,
    logo_uri: Option<String>,
    tos_uri: Option<String>,
    policy_uri: Option<String>,
    /// `jwks`: read only of a client that is to sign.
    jwks: Option<Box<RawValue>>,
    /// `jwks_uri`: never asked.
    jwks_uri: Option<String>,
}

/// A list of texts, or something else in its place, which is an error with a code of its own.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Uris {
    List(Vec<String>),
    Other(IgnoredAny),
}

/// A way to prove who one is that we know, before there is a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    None,
    Basic,
    Post,
    PrivateKeyJwt,
}

impl Method {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "none" => Some(Self::None),
            "client_secret_basic" => Some(Self::Basic),
            "client_secret_post" => Some(Self::Post),
            "private_key_jwt" => Some(Self::PrivateKeyJwt),
            _ => None,
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Basic => "client_secret_basic",
            Self::Post => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
        }
    }
}

impl ClientMetadata {
    /// Reads a JSON object. How long it may be is for the caller to say.
    ///
    /// # Errors
    /// `invalid_client_metadata` when it is none, or a member has the wrong type or is there twice.
    pub fn parse(json: &[u8]) -> Result<Self, OauthError> {
        let invalid = || refuse("the client metadata is not a JSON object of the expected members");
        // A list would be read as the members in their order.
        if json.trim_ascii_start().first() != Some(&b'{') {
            return Err(invalid());
        }
        serde_json::from_slice(json).map_err(|_| invalid())
    }

    /// The name as it may be shown: without characters that cannot be seen or that turn the text
    /// around, and cut.
    pub(crate) fn name(&self) -> Option<String> {
        let shown = self.client_name.iter().flat_map(|name| name.chars());
        let shown: String = shown.filter(|c| !is_hidden(*c)).collect();
        let name: String = shown.trim().chars().take(MAX_NAME).collect();
        let name = name.trim_end();
        (!name.is_empty()).then(|| name.to_owned())
    }

    /// The redirect URIs: 1 to 10 different ones if people are sent back, or none.
    pub(crate) fn redirect_uris(
        &self,
        grants: &[GrantType],
    ) -> Result<Vec<RedirectUri>, OauthError> {
        let refuse = |text: &'static str| OauthError::new(ErrorCode::InvalidRedirectUri, text);
        let texts = match &self.redirect_uris {
            Some(Uris::List(texts)) => texts.as_slice(),
            Some(Uris::Other(_)) => return Err(refuse("redirect_uris is not a list of texts")),
            None => &[],
        };
        if texts.is_empty() && grants.contains(&GrantType::AuthorizationCode) {
            return Err(refuse("there is no redirect URI"));
        }
        if texts.len() > MAX_REDIRECT_URIS {
            return Err(refuse("there are more than 10 redirect URIs"));
        }
        let mut uris: Vec<RedirectUri> = Vec::with_capacity(texts.len());
        for text in texts {
            let uri = text.parse().map_err(|_| {
                refuse(
                    "a redirect URI is neither https, nor http to localhost, 127.0.0.0/8 or [::1], \
                     nor of an app; or it is not in its canonical form",
                )
            })?;
            if uris.contains(&uri) {
                return Err(refuse("a redirect URI is there twice"));
            }
            uris.push(uri);
        }
        Ok(uris)
    }

    /// The grants, of which `response_types` must tell the same.
    pub(crate) fn grants(&self) -> Result<Vec<GrantType>, OauthError> {
        let mut grants = Vec::new();
        match &self.grant_types {
            None => grants.extend([GrantType::AuthorizationCode, GrantType::RefreshToken]),
            Some(names) => {
                for name in names.iter().filter(|name| *name != DEVICE_CODE) {
                    let grant =
                        GrantType::parse(name).ok_or_else(|| refuse("a grant type is unknown"))?;
                    if !grants.contains(&grant) {
                        grants.push(grant);
                    }
                }
            }
        }
        let code = grants.contains(&GrantType::AuthorizationCode);
        if grants.is_empty() || (!code && grants.contains(&GrantType::RefreshToken)) {
            return Err(refuse("refresh_token needs authorization_code, and some grant is needed"));
        }
        let fits = match self.response_types.as_deref() {
            None => true,
            Some([only]) => code && only == "code",
            Some([]) => !code,
            Some(_) => false,
        };
        if fits { Ok(grants) } else { Err(refuse("response_types does not fit grant_types")) }
    }

    /// Whether it prefers to prove who it is with a secret.
    pub(crate) fn wants_secret(&self) -> bool {
        let wanted = self.token_endpoint_auth_method.as_deref();
        wanted.is_some_and(|name| name.starts_with("client_secret_"))
    }

    /// Whether it says nothing of how it will prove who it is.
    pub(crate) fn names_no_method(&self) -> bool {
        self.token_endpoint_auth_method.is_none()
            && self.token_endpoint_auth_methods_supported.is_none()
    }

    /// How the client will prove who it is: as it prefers if we know that, or in another way that
    /// it also knows, without a secret first. `private_key_jwt` is known only of a client that
    /// brings its keys along: of that or `none` it is `none` else.
    pub(crate) fn method(&self) -> Result<Method, OauthError> {
        self.method_of(self.jwks.is_some())
    }

    /// As [`method`](Self::method), of a client that is not asked for keys.
    pub(crate) fn method_without_keys(&self) -> Result<Method, OauthError> {
        self.method_of(false)
    }

    fn method_of(&self, has_keys: bool) -> Result<Method, OauthError> {
        let parse = |name: &str| {
            Method::parse(name).filter(|method| has_keys || *method != Method::PrivateKeyJwt)
        };
        let known = self.token_endpoint_auth_methods_supported.as_deref().unwrap_or_default();
        let known = || known.iter().filter_map(|name| parse(name));
        let wanted = match self.token_endpoint_auth_method.as_deref() {
            Some(name) => parse(name),
            // The default of RFC 7591, unless there is a choice.
            None if self.token_endpoint_auth_methods_supported.is_none() => Some(Method::Basic),
            None => None,
        };
        wanted
            .or_else(|| known().find(|method| *method == Method::None))
            .or_else(|| known().next())
            .ok_or_else(|| {
                refuse(
                    "no token_endpoint_auth_method that is offered is supported; private_key_jwt is \
                     with the keys in jwks",
                )
            })
    }

    /// The keys that the client will sign with.
    pub(crate) fn keys(&self) -> Result<ClientKeys, OauthError> {
        let jwks = self.jwks.as_ref().map_or("", |jwks| jwks.get());
        jwks.parse().map_err(|err: NotClientKeys| {
            OauthError::new(ErrorCode::InvalidClientMetadata, err.to_string())
        })
    }

    /// The links must be of the public web. None is ever followed at registration.
    pub(crate) fn check_links(&self) -> Result<(), OauthError> {
        let links =
            [&self.client_uri, &self.logo_uri, &self.tos_uri, &self.policy_uri, &self.jwks_uri];
        let mut said = links.into_iter().flatten().filter(|link| !link.is_empty());
        if said.all(|link| is_link(link)) {
            Ok(())
        } else {
            Err(refuse("a URI of the client metadata is not one of https with a host name"))
        }
    }
}

pub(crate) fn refuse(text: &'static str) -> OauthError {
    OauthError::new(ErrorCode::InvalidClientMetadata, text)
}

/// Controls, and the characters of Unicode that have no width or set the direction of others.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}'
            | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// `https` and a host that has a name, in visible ASCII.
fn is_link(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
    let top = host.rsplit('.').next().unwrap_or(host);
    let legal = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte);
    text.len() <= MAX_LINK
        && text.bytes().all(legal)
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        && port.bytes().all(|byte| byte.is_ascii_digit())
        && top.starts_with(|c: char| c.is_ascii_alphabetic())
}
