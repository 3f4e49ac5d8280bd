//! Which request is for which endpoint.

use http::Method;

use crate::paths;

/// An endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route<'a> {
    Discovery,
    Jwks,
    Register,
    /// A registered client looks after itself, under its id.
    Client(&'a str),
    Token,
    Revoke,
    UserInfo,
    Authorize,
    Login,
    Callback,
    Consent,
    Style,
}

/// Whom an endpoint is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// Programs, those in web pages too: any page may read the answers, and none can send cookies.
    Programs,
    /// Browsers that people sit before: no page of others may read anything.
    Browsers,
}

impl<'a> Route<'a> {
    /// The endpoint at a path, which is taken as it is: other spellings of it are no endpoints.
    pub(super) fn of(path: &'a str) -> Option<Self> {
        let canonical = paths::ALIASES.iter().find(|(alias, _)| *alias == path);
        let path = canonical.map_or(path, |(_, path)| path);
        Some(match path {
            paths::SERVER_METADATA | paths::OPENID_CONFIGURATION => Self::Discovery,
            paths::JWKS => Self::Jwks,
            paths::REGISTER => Self::Register,
            paths::TOKEN => Self::Token,
            paths::REVOKE => Self::Revoke,
            paths::USERINFO => Self::UserInfo,
            paths::AUTHORIZE => Self::Authorize,
            paths::LOGIN => Self::Login,
            paths::CALLBACK => Self::Callback,
            paths::CONSENT => Self::Consent,
            paths::STYLE => Self::Style,
            _ => Self::Client(path.strip_prefix(paths::CLIENTS).filter(|id| !id.contains('/'))?),
        })
    }

    /// What the log calls it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Discovery => "discovery",
            Self::Jwks => "jwks",
            Self::Register => "register",
            Self::Client(_) => "client",
            Self::Token => "token",
            Self::Revoke => "revoke",
            Self::UserInfo => "userinfo",
            Self::Authorize => "authorize",
            Self::Login => "login",
            Self::Callback => "callback",
            Self::Consent => "consent",
            Self::Style => "style",
        }
    }

    pub(super) const fn audience(self) -> Audience {
        match self {
            Self::Authorize | Self::Login | Self::Callback | Self::Consent | Self::Style => {
                Audience::Browsers
            }
            _ => Audience::Programs,
        }
    }

    /// The methods there are; beside them `OPTIONS`, for programs.
    pub(super) const fn methods(self) -> &'static [Method] {
        match self {
            Self::Discovery | Self::Jwks | Self::Style => &[Method::GET, Method::HEAD],
            Self::Register | Self::Token | Self::Revoke | Self::Login => &[Method::POST],
            Self::Client(_) => &[Method::GET, Method::DELETE],
            Self::UserInfo | Self::Consent => &[Method::GET, Method::POST],
            Self::Authorize | Self::Callback => &[Method::GET],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x07_only_the_one_spelling_of_a_path_is_an_endpoint() {
        for (path, expected) in [
            ("/oauth/token", Some(Route::Token)),
            ("/token", Some(Route::Token)),
            ("/register", Some(Route::Register)),
            ("/dcr", Some(Route::Register)),
            ("/authorize", Some(Route::Authorize)),
            ("/clients/c_1", Some(Route::Client("c_1"))),
            ("/clients/..%2fc_1", Some(Route::Client("..%2fc_1"))),
            ("/.well-known/openid-configuration", Some(Route::Discovery)),
            ("/.well-known/oauth-authorization-server", Some(Route::Discovery)),
            ("//oauth//token", None),
            ("/oauth/token/", None),
            ("/oauth/%74oken", None),
            ("/oauth/./token", None),
            ("/oauth/../oauth/token", None),
            ("/OAUTH/token", None),
            ("/oauth", None),
            ("/clients", None),
            ("/clients/a/b", None),
            ("/.well-known/oauth-authorization-server/mcp", None),
            ("", None),
        ] {
            assert_eq!(Route::of(path), expected, "{path}");
        }
    }
}
