//! What every answer must be, whatever was asked.

use std::sync::atomic::Ordering;

use serde_json::Value;

use super::store::OURS;
use super::{Ask, Reply, Site};

/// The endpoints for programs, those in web pages too. The last has a client's id behind it.
pub(crate) const PROGRAMS: [&str; 10] = [
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
    "/oauth/jwks",
    "/dcr",
    "/register",
    "/oauth/token",
    "/token",
    "/oauth/revoke",
    "/oauth/userinfo",
    "/clients/",
];
/// The same for everybody, so caches may keep it.
pub(crate) const PUBLIC: [(&str, &str); 4] = [
    (PROGRAMS[0], "public, max-age=300, stale-while-revalidate=300"),
    (PROGRAMS[1], "public, max-age=300, stale-while-revalidate=300"),
    (PROGRAMS[2], "public, max-age=300, stale-while-revalidate=300"),
    ("/oauth/style.css", "public, max-age=300"),
];

const OF_PAGES: [(&str, &str); 6] = [
    (
        "content-security-policy",
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    ("cross-origin-opener-policy", "same-origin"),
];

impl Site {
    pub(super) fn inspect(&self, ask: &Ask, reply: &Reply) {
        let status = reply.status;
        assert!(
            status < 500 || (status == 503 && self.excused.load(Ordering::Relaxed)),
            "{reply:?}"
        );
        let text = String::from_utf8_lossy(&reply.body);
        assert!(!text.contains(OURS), "{reply:?}");
        assert!(ask.method != "HEAD" || reply.body.is_empty(), "{reply:?}");
        for (name, only_with) in [("allow", 405), ("location", 303)] {
            assert_eq!(reply.header(name).is_some(), status == only_with, "{name}: {reply:?}");
        }
        self.is_shared_as_it_should(ask, reply);
        self.is_kept_as_it_should(ask, reply);
        match reply.header("content-type") {
            Some("text/html; charset=utf-8") => {
                for (name, value) in OF_PAGES {
                    reply.has_header(name, Some(value));
                }
                assert!(!reply.text().contains("<script"), "{reply:?}");
            }
            Some("application/json") => is_json(ask, reply),
            Some("text/css; charset=utf-8") => assert_eq!(ask.route(), "/oauth/style.css"),
            Some(other) => panic!("{other}: {reply:?}"),
            None => assert!(reply.body.is_empty(), "{reply:?}"),
        }
        if let Some(location) = reply.header("location") {
            self.is_a_place_to_go(location, reply);
        }
        for cookie in reply.all("set-cookie") {
            self.is_a_good_cookie(cookie);
        }
    }

    /// Programs in web pages may read what is for programs, without cookies (X06).
    fn is_shared_as_it_should(&self, ask: &Ask, reply: &Reply) {
        let path = ask.route();
        let shared = match path.strip_prefix("/clients/") {
            Some(id) => !id.contains('/'),
            None => PROGRAMS.contains(&path),
        };
        let any = shared.then_some("*");
        let exposed = shared.then_some("WWW-Authenticate, Retry-After");
        reply.has_header("access-control-allow-origin", any);
        reply.has_header("access-control-expose-headers", exposed);
        reply.has_header("access-control-allow-credentials", None);
        let asked = shared && ask.method == "OPTIONS";
        for name in ["methods", "headers"] {
            let name = format!("access-control-allow-{name}");
            assert_eq!(reply.header(&name).is_some(), asked, "{name}: {reply:?}");
        }
        assert!(!shared || reply.header("set-cookie").is_none(), "{reply:?}");
    }

    /// No cache keeps what is for one.
    fn is_kept_as_it_should(&self, ask: &Ask, reply: &Reply) {
        let public = PUBLIC.iter().find(|(path, _)| *path == ask.route() && reply.status == 200);
        let expected = public.map_or("no-store", |(_, control)| control);
        reply.has_header("cache-control", Some(expected));
    }

    /// Nobody is sent anywhere but on to our own pages, or to a client that is known (A16, A17).
    fn is_a_place_to_go(&self, location: &str, reply: &Reply) {
        reply.is(303).has_header("referrer-policy", Some("no-referrer"));
        assert!(location.bytes().all(|byte| byte.is_ascii_graphic()), "{reply:?}");
        let place = |url: &str| {
            let base = url.split('?').next().unwrap_or_default().to_owned();
            let Some(rest) = base.strip_prefix("http://") else { return base };
            // Any port of one's own machine.
            let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = match authority.rsplit_once(':') {
                Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
                _ => authority,
            };
            format!("http://{host}/{path}")
        };
        let known = self.places.lock().unwrap().iter().any(|own| place(own) == place(location));
        assert!(location == "/oauth/consent" || known, "{reply:?}");
        assert!(!location.contains('#'), "{reply:?}");
    }

    fn is_a_good_cookie(&self, cookie: &str) {
        let secure = self.issuer.starts_with("https://");
        let prefix = if secure { "__Host-" } else { "" };
        let end =
            if secure { "; HttpOnly; SameSite=Lax; Secure" } else { "; HttpOnly; SameSite=Lax" };
        let rest = cookie.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(end));
        let (pair, age) =
            rest.and_then(|rest| rest.split_once("; Path=/; Max-Age=")).expect(cookie);
        let (name, value) = pair.split_once('=').expect(cookie);
        match (name, age) {
            ("mcp_tx", "600") | ("mcp_sess", "28800") => assert_eq!(value.len(), 43, "{cookie}"),
            _ => panic!("{cookie}"),
        }
    }

    /// Learns where the clients are that register.
    pub(super) fn learn(&self, reply: &Reply) {
        if reply.status == 201 {
            let uris = reply.json()["redirect_uris"].clone();
            let uris = uris.as_array().into_iter().flatten();
            let uris = uris.map(|uri| uri.as_str().unwrap().to_owned());
            self.places.lock().unwrap().extend(uris);
        }
    }
}

/// Errors have their two members, in characters that every client takes (RFC 6749, section 5.2).
fn is_json(ask: &Ask, reply: &Reply) {
    if ask.method == "HEAD" {
        return;
    }
    let body = reply.json();
    if reply.status < 400 {
        return;
    }
    let members = body.as_object().unwrap_or_else(|| panic!("{reply:?}"));
    for (name, value) in members {
        assert!(matches!(&**name, "error" | "error_description"), "{reply:?}");
        let legal = |c: char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\');
        assert!(value.as_str().unwrap().chars().all(legal), "{reply:?}");
    }
    assert_ne!(body["error"], Value::Null, "{reply:?}");
    let wait = reply.header("retry-after").map(|wait| wait.parse::<u64>().unwrap());
    match reply.status {
        429 => assert!(wait.is_some_and(|wait| (1..=60).contains(&wait)), "{reply:?}"),
        503 => assert!(wait.is_some_and(|wait| (1..=5).contains(&wait)), "{reply:?}"),
        _ => assert_eq!(wait, None, "{reply:?}"),
    }
}
