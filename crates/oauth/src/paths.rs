//! Where the endpoints are, below the issuer.

/// What clients read first (RFC 8414).
pub(crate) const SERVER_METADATA: &str = "/.well-known/oauth-authorization-server";
/// The same, for clients of OpenID Connect.
pub(crate) const OPENID_CONFIGURATION: &str = "/.well-known/openid-configuration";
pub(crate) const JWKS: &str = "/oauth/jwks";
pub(crate) const REGISTER: &str = "/dcr";
/// Before a registered client's id.
pub(crate) const CLIENTS: &str = "/clients/";
pub(crate) const AUTHORIZE: &str = "/oauth/authorize";
/// Where the form of the development login goes.
pub(crate) const LOGIN: &str = "/oauth/login";
/// Where an identity provider sends people back to.
pub const CALLBACK: &str = "/oauth/callback";
pub(crate) const CONSENT: &str = "/oauth/consent";
pub(crate) const STYLE: &str = "/oauth/style.css";
pub(crate) const TOKEN: &str = "/oauth/token";
pub(crate) const REVOKE: &str = "/oauth/revoke";
pub(crate) const USERINFO: &str = "/oauth/userinfo";

/// Where clients of 2025-03-26 look when they find no metadata, and what is meant.
pub(crate) const ALIASES: [(&str, &str); 3] =
    [("/register", REGISTER), ("/authorize", AUTHORIZE), ("/token", TOKEN)];
