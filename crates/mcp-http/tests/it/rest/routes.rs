//! Which requests are answered, whose, and what browsers are told.

use std::collections::BTreeSet;

use http::Method;
use mcp_core::{Caller, Granted};
use mcp_http::rest::{RestService, RestSettings};
use mcp_http::{InsufficientScope, Settings};
use serde_json::json;

use super::fixture::{Ask, forecasts, weather, with};

fn caller(scopes: &[&str]) -> Caller {
    let scopes: BTreeSet<_> = scopes.iter().map(|&scope| scope.to_owned()).collect();
    Caller { scopes: Granted::Only(scopes), ..Caller::default() }
}

#[tokio::test]
async fn each_route_has_its_methods_and_names_them() {
    let service = forecasts();
    for (path, allowed) in [
        ("/", "GET, HEAD, OPTIONS"),
        ("/tools", "GET, HEAD, OPTIONS"),
        ("/openapi.json", "GET, HEAD, OPTIONS"),
        ("/tools/map", "POST, OPTIONS"),
        ("/tools/nothing", "POST, OPTIONS"),
    ] {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "X"] {
            let method: Method = method.parse().unwrap();
            let said = Ask::new(method.clone(), path, "").send(&service).await;
            if method == Method::OPTIONS {
                assert_eq!((said.status.as_u16(), said.header("allow")), (204, Some(allowed)));
            } else if allowed.split(", ").all(|one| one != method.as_str()) {
                assert_eq!(said.status, 405, "{method} {path}");
                assert_eq!(said.header("allow"), Some(allowed), "{method} {path}");
            } else {
                assert_ne!(said.status, 405, "{method} {path}");
            }
            if method == Method::HEAD {
                assert!(said.body.is_empty());
            }
        }
    }
}

#[tokio::test]
async fn a_caller_needs_the_scopes_of_what_it_calls_and_is_told_all_of_them() {
    let service = forecasts();
    for (path, scopes, lacks) in [
        ("/tools", &[][..], Some(&["mcp/invoke"][..])),
        ("/openapi.json", &[], Some(&["mcp/invoke"])),
        ("/tools", &["mcp/invoke"], None),
        ("/openapi.json", &["mcp/invoke"], None),
        ("/tools/map", &["weather/read"], Some(&["mcp/invoke"])),
        ("/tools/map", &["mcp/invoke"], None),
        ("/tools/nothing", &["x"], Some(&["mcp/invoke"])),
        (
            "/tools/forecast",
            &["mcp/invoke", "weather/read"],
            Some(&["weather/ask", "weather/read"]),
        ),
        ("/tools/forecast", &["weather/ask", "weather/read"], None),
        ("/", &[], None),
    ] {
        let ask = match path.strip_prefix("/tools/") {
            Some(_) => Ask::post(path, r#"{"city":"Bern"}"#),
            None => Ask::get(path),
        };
        // The body of who may not is not even looked at.
        let said = ask.extension(caller(scopes)).send(&service).await;
        let told = said.extensions.get().map(|InsufficientScope(scopes)| scopes.clone());
        match lacks {
            Some(lacks) => {
                assert_eq!(said.fault(), (403, "insufficient_scope".to_owned()), "{path}");
                assert_eq!(told.unwrap(), lacks, "{path}");
            }
            None => {
                assert_ne!(said.status, 403, "{path} {scopes:?}");
                assert_eq!(told, None);
            }
        }
    }
}

#[tokio::test]
async fn a_page_that_may_not_call_is_turned_away_and_one_that_may_can_read() {
    let service = forecasts();
    for path in ["/", "/tools", "/tools/map", "/openapi.json"] {
        let method = if path == "/tools/map" { Method::POST } else { Method::GET };
        for (origin, may) in [("http://localhost:6274", true), ("https://evil.example", false)] {
            for asked in [method.clone(), Method::OPTIONS] {
                let ask = Ask::new(asked.clone(), path, "").header("origin", origin);
                let ask = ask.header("access-control-request-method", method.as_str());
                let said = ask.send(&service).await;
                assert_eq!(said.header("vary"), Some("origin"), "{path}");
                if may {
                    assert!(said.status.is_success(), "{path}: {said:?}");
                    assert_eq!(said.header("access-control-allow-origin"), Some(origin));
                    let methods = said.header("access-control-allow-methods");
                    let told = (asked == Method::OPTIONS).then_some(method.as_str());
                    assert_eq!(methods, told, "{path}");
                } else {
                    assert_eq!(said.fault(), (403, "origin_not_allowed".to_owned()), "{path}");
                    assert_eq!(said.header("access-control-allow-origin"), None);
                }
            }
        }
    }
}

#[tokio::test]
async fn too_much_is_refused_unread() {
    let service = with(Settings { body_limit: 20, ..Settings::default() });
    let long = Ask::call("echo", json!({"text": "far more than twenty bytes"}));
    assert_eq!(long.send(&service).await.fault(), (413, "payload_too_large".to_owned()));
    let short = Ask::call("echo", json!({"text": "hi"}));
    assert_eq!(short.send(&service).await.status, 200);
    for (length, status) in [(8_000, 200), (9_000, 414)] {
        let ask = Ask::get(&format!("/tools?q={}", "x".repeat(length)));
        assert_eq!(ask.send(&service).await.status, status);
    }
}

/// Never "last wins".
#[tokio::test]
async fn j25_two_authorizations_are_none() {
    let ask = Ask::call("map", json!({})).header("authorization", "a").header("authorization", "b");
    assert_eq!(ask.send(&forecasts()).await.fault(), (400, "invalid_request".to_owned()));
}

#[tokio::test]
async fn who_is_shown_only_what_it_may_call_is_told_of_nothing_else() {
    let server = weather().list_only_callable(true).build().unwrap();
    let service = RestService::new(server, RestSettings::default());
    for (scopes, shown) in
        [(&["mcp/invoke"][..], false), (&["mcp/invoke", "weather/ask", "weather/read"], true)]
    {
        for ask in [Ask::get("/tools"), Ask::get("/openapi.json"), Ask::call("nothing", json!({}))]
        {
            let said = ask.extension(caller(scopes)).send(&service).await;
            let text = str::from_utf8(&said.body).unwrap().to_owned();
            assert_eq!(text.contains("forecast"), shown, "{text}");
            assert!(text.contains("map"), "{text}");
        }
    }
    let all = Ask::get("/tools").extension(caller(&["mcp/invoke"])).send(&forecasts()).await;
    assert_eq!(all.json()["tools"].as_array().unwrap().len(), 7);
}
