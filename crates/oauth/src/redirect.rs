//! Redirect URIs: which may be registered, and which registered one a request means.

use std::fmt;
use std::str::FromStr;

use crate::web_url::{MAX_URL, WebUrl, is_path, is_query, split_query};

/// The schemes of well-known apps that are no names of domains.
const APP_SCHEMES: [&str; 4] = ["claude", "cursor", "vscode", "vscode-insiders"];

/// A redirect URI that may be registered, kept and compared as the text it is.
///
/// Each is judged by its own class, whatever `application_type` says: real clients register all
/// classes at once. Only canonical forms are taken, so that no two texts mean the same place: at
/// most 2048 characters, no userinfo, fragment, wildcard, dot segments or hidden ones, no host in
/// another form than its shortest, no port that goes without saying.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectUri {
    uri: String,
    class: RedirectClass,
}

/// What kind of place it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectClass {
    /// `https` somewhere.
    Web,
    /// `http` on the machine of the person: any port will do (RFC 8252, section 7.3).
    Loopback,
    /// A scheme of an app's own: a well-known one, or the name of a domain backwards (RFC 8252,
    /// section 7.1).
    App,
}

/// The text may not be registered as a redirect URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a redirect URI that may be registered")]
pub struct NotARedirectUri;

impl RedirectUri {
    /// As it was registered, to the byte.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.uri
    }

    /// What kind of place it is.
    #[must_use]
    pub const fn class(&self) -> RedirectClass {
        self.class
    }

    /// Whether a request that says `presented` means this one: the same text, but for the port of a
    /// loopback address.
    #[must_use]
    pub fn is_meant_by(&self, presented: &str) -> bool {
        if self.uri == presented {
            return true;
        }
        self.class == RedirectClass::Loopback
            && match (WebUrl::parse(&self.uri), WebUrl::parse(presented)) {
                (Some(own), Some(other)) => own == WebUrl { port: own.port, ..other },
                _ => false,
            }
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.uri)
    }
}

impl FromStr for RedirectUri {
    type Err = NotARedirectUri;

    fn from_str(text: &str) -> Result<Self, NotARedirectUri> {
        let class = match WebUrl::parse(text) {
            Some(url) if url.https => RedirectClass::Web,
            Some(url) if url.is_loopback() => RedirectClass::Loopback,
            None if is_app(text) => RedirectClass::App,
            _ => return Err(NotARedirectUri),
        };
        Ok(Self { uri: text.to_owned(), class })
    }
}

/// `scheme://authority/path` or `scheme:/path`, perhaps with a query. The list of schemes leaves
/// out those that browsers act upon themselves, such as `javascript`: none has a dot.
fn is_app(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let (authority, rest) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len())),
        None => ("", rest),
    };
    let (path, query) = split_query(rest);
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    text.len() <= MAX_URL
        && (APP_SCHEMES.contains(&scheme) || is_reversed_domain(scheme))
        && authority.bytes().all(legal)
        && (path.starts_with('/') || (path.is_empty() && !authority.is_empty()))
        && is_path(path)
        && query.is_none_or(is_query)
}

/// Such as `com.example.app`.
fn is_reversed_domain(scheme: &str) -> bool {
    let Some((top, rest)) = scheme.split_once('.') else { return false };
    let legal = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    top.len() >= 2
        && top.bytes().all(|byte| byte.is_ascii_lowercase())
        && rest.split('.').all(|label| !label.is_empty() && label.bytes().all(legal))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    use RedirectClass::{App, Loopback, Web};

    fn class(text: &str) -> Option<RedirectClass> {
        text.parse::<RedirectUri>().ok().map(|uri| uri.class())
    }

    #[track_caller]
    fn refused(texts: &[&str]) {
        for text in texts {
            assert_eq!(class(text), None, "{text:?}");
        }
    }

    #[test]
    fn each_uri_is_judged_by_its_own_class() {
        for (text, expected) in [
            ("https://claude.ai/api/mcp/auth_callback", Web),
            ("https://vscode.dev/redirect", Web),
            ("https://host.example:8443/cb?tenant=a", Web),
            ("https://localhost/cb", Web),
            ("http://localhost/callback", Loopback),
            ("http://127.0.0.1/", Loopback),
            ("http://127.0.0.1:33418/", Loopback),
            ("http://127.1.2.3:1/cb", Loopback),
            ("http://[::1]:3334/oauth/callback", Loopback),
            ("cursor://anysphere.cursor-mcp/oauth/callback", App),
        ] {
            assert_eq!(class(text), Some(expected), "{text:?}");
            assert_eq!(text.parse::<RedirectUri>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn d01_schemes_that_a_browser_acts_upon_are_refused_in_any_case() {
        let schemes = ["javascript", "data", "file", "vbscript", "blob", "about", "ws", "wss"];
        for scheme in schemes {
            let mut mixed = scheme.to_owned();
            mixed.get_mut(..1).unwrap().make_ascii_uppercase();
            for scheme in [scheme, &mixed, &scheme.to_uppercase()] {
                for rest in ["alert(1)", "/cb", "//host/cb", "//localhost/cb", "text/html,x", ""] {
                    refused(&[&format!("{scheme}:{rest}"), &format!(" {scheme}:{rest}")]);
                }
            }
        }
        refused(&["java\nscript:/x", "\tjavascript:/x", "view-source:https://host/"]);
    }

    #[test]
    fn d02_http_leads_to_the_persons_machine_only() {
        refused(&[
            "http://host.example/cb",
            "http://localhost.evil/cb",
            "http://evil.localhost/cb",
            "http://127.0.0.1.nip.io/cb",
            "http://0.0.0.0/cb",
            "https://0.0.0.0/cb",
            "http://[::]/cb",
            "http://[::2]/cb",
            "http://10.0.0.1/cb",
            "http://128.0.0.1/cb",
            "/cb",
            "//localhost/cb",
            "cb",
            "",
            "http:/localhost/cb",
            "http:localhost/cb",
            "https://host/cb#",
            "https://host/cb#x",
            "http://localhost/cb#x",
            "cursor://host/cb#x",
        ]);
    }

    #[test]
    fn d03_only_canonical_forms_are_taken() {
        refused(&[
            "https://user@host/cb",
            "https://user:word@host/cb",
            "https://@host/cb",
            "http://127.0.0.1:4311@evil/cb",
            "https://*.example/cb",
            "https://host/*",
            "https://host/?*",
            "https://host/cb\n",
            "https://host/c b",
            " https://host/cb",
            "https://host\\cb/",
            "https://host/\\cb",
            "https://host/x/../cb",
            "https://host/./cb",
            "https://host/%2e%2e/cb",
            "https://host/%2E/cb",
            "https://host:443/cb",
            "http://localhost:80/cb",
            "HTTPS://host/cb",
            "https://HOST/cb",
            "http://LOCALHOST/cb",
            "https://host./cb",
            "http://localhost./cb",
            "http://127.1/cb",
            "http://2130706433/cb",
            "http://0x7f000001/cb",
            "http://0x7f.0.0.1/cb",
            "http://0177.0.0.1/cb",
            "http://127.0.0.1./cb",
            "http://[0:0:0:0:0:0:0:1]/cb",
            "http://[::ffff:127.0.0.1]/cb",
            "http://[::ffff:7f00:1]/cb",
            "https://hö.example/cb",
            "https://host/é",
            "https://host",
            "cursor://user@host/cb",
            "cursor://host/../cb",
            "cursor://host/%2e%2e/cb",
            "cursor://host\\cb",
            "cursor://host/c b",
        ]);
    }

    #[test]
    fn d04_apps_have_known_schemes_or_domains_of_their_own() {
        for text in [
            "cursor://anysphere.cursor-mcp/oauth/callback",
            "vscode://vscode.github-authentication/did-authenticate?windowId=1",
            "vscode-insiders://publisher.extension",
            "claude://callback",
            "claude:/callback",
            "com.example.app:/oauth2redirect",
            "com.example.app:///oauth2redirect",
            "com.example-2.app://callback",
        ] {
            assert_eq!(class(text), Some(App), "{text:?}");
        }
        refused(&[
            "slack://callback",
            "ms-settings:/x",
            "x-apple.systempreferences:/x",
            "Cursor://callback",
            "cursor:callback",
            "cursor:",
            "cursor://",
            "cursor://host:1/cb",
            "host.example:8080/cb",
            "com..example:/cb",
            "com.:/cb",
            ".com:/cb",
            "COM.example:/cb",
            "1.com:/cb",
        ]);
    }

    #[test]
    fn a02_a_request_names_the_uri_to_the_byte() {
        let own: RedirectUri = "https://host.example/cb".parse().unwrap();
        assert!(own.is_meant_by("https://host.example/cb"));
        for presented in [
            "https://other.example/cb",
            "https://host.example/cb2",
            "https://host.example/c",
            "https://host.example/",
            "https://host.example/cb/",
            "https://host.example/cb?x=1",
            "https://host.example/cb?",
            "https://host.example/cb#",
            "https://host.example/CB",
            "https://HOST.example/cb",
            "https://host.example/cb/../x",
            "https://host.example/x/../cb",
            "https://host.example/%63b",
            "https://user@host.example/cb",
            "https://host.example:443/cb",
            "http://host.example/cb",
            "https://host.example/cb ",
            "",
        ] {
            assert!(!own.is_meant_by(presented), "{presented:?}");
        }
        let own: RedirectUri = "http://127.0.0.1:4311/cb".parse().unwrap();
        for presented in [
            "http://127.0.0.1:4311@evil/cb",
            "http://127.0.0.1:4311@evil:1/cb",
            "http://u@127.0.0.1:4311/cb",
            "http://127.0.0.1:4311/cb/../x",
            "http://127.0.0.1:4311/cb#x",
            "http://127.0.0.1:4311/cb/",
            "http://127.0.0.1:4311/cb?x",
            "http://127.0.0.1.evil:4311/cb",
            "https://127.0.0.1:4311/cb",
        ] {
            assert!(!own.is_meant_by(presented), "{presented:?}");
        }
    }

    #[test]
    fn a04_any_port_of_the_same_loopback_host_will_do() {
        for (registered, presented, meant) in [
            ("http://127.0.0.1/callback", "http://127.0.0.1:49152/callback", true),
            ("http://127.0.0.1:33418/", "http://127.0.0.1:1/", true),
            ("http://127.0.0.1:33418/", "http://127.0.0.1/", true),
            ("http://localhost/callback", "http://localhost:3118/callback", true),
            ("http://[::1]:1/cb?a=b", "http://[::1]:2/cb?a=b", true),
            ("http://localhost:1/cb", "http://127.0.0.1:1/cb", false),
            ("http://127.0.0.1:1/cb", "http://localhost:1/cb", false),
            ("http://127.0.0.1:1/cb", "http://127.0.0.2:1/cb", false),
            ("http://127.0.0.1:1/cb", "http://[::1]:1/cb", false),
            ("http://127.0.0.1:1/cb", "http://127.0.0.1:2/cb2", false),
            ("http://127.0.0.1:1/cb?a=b", "http://127.0.0.1:2/cb?a=c", false),
            ("http://127.0.0.1:1/cb?a=b", "http://127.0.0.1:2/cb", false),
            ("http://127.0.0.1:1/cb", "http://127.0.0.1:0/cb", false),
            ("http://127.0.0.1:1/cb", "http://127.0.0.1:65536/cb", false),
            ("http://127.0.0.1:1/cb", "http://127.0.0.1:/cb", false),
        ] {
            let uri: RedirectUri = registered.parse().unwrap();
            assert_eq!(uri.is_meant_by(presented), meant, "{registered} {presented}");
        }
    }

    #[test]
    fn a05_the_port_of_a_web_uri_is_part_of_it() {
        let own: RedirectUri = "https://localhost:8443/cb".parse().unwrap();
        assert!(!own.is_meant_by("https://localhost:8444/cb"));
        assert!(!own.is_meant_by("https://localhost/cb"));
    }

    #[test]
    fn a06_another_way_to_write_the_address_is_another_address() {
        let own: RedirectUri = "http://127.0.0.1/cb".parse().unwrap();
        for host in [
            "2130706433",
            "0x7f000001",
            "0x7f.0.0.1",
            "0177.0.0.1",
            "127.1",
            "127.0.0.1.",
            "[::ffff:7f00:1]",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(!own.is_meant_by(&format!("http://{host}/cb")), "{host}");
            assert!(!own.is_meant_by(&format!("http://{host}:8787/cb")), "{host}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_taken_is_canonical(
            text in "\\PC{0,40}|(https?|cursor|com\\.x|data)[:/]{1,3}(localhost|127\\.0\\.0\\.1|\\[::1\\]|[a-zA-Z.@*]{1,5})(:[0-9]{0,5})?[!-~]{0,12}"
        ) {
            if let Ok(uri) = text.parse::<RedirectUri>() {
                prop_assert!(uri.is_meant_by(&text));
                let parsed = url::Url::parse(&text);
                prop_assert_eq!(parsed.as_ref().map(url::Url::as_str), Ok(text.as_str()));
            }
        }

        /// Whatever is taken for a registered loopback URI leads to that host and path.
        #[test]
        fn what_means_a_loopback_uri_stays_on_the_machine(
            presented in "http://(localhost|127\\.0\\.0\\.1)[!-~]{0,6}(:[0-9]{1,5})?/cb[!-~]{0,3}"
        ) {
            let own: RedirectUri = "http://127.0.0.1/cb".parse().unwrap();
            if own.is_meant_by(&presented) {
                let url = url::Url::parse(&presented).unwrap();
                prop_assert_eq!((url.host_str(), url.path()), (Some("127.0.0.1"), "/cb"));
                prop_assert_eq!((url.query(), url.username()), (None, ""));
            }
        }
    }
}
