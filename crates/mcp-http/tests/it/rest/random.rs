//! Whatever is sent, the façade answers, and never blames itself.

use http::{HeaderName, HeaderValue, Method, Uri};
use proptest::prelude::*;
use serde_json::Value;

use super::fixture::{Ask, service};

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let name = "text|region|where|shard|dry|[a-z]{0,4}";
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::hash_map(name, inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => value().prop_map(|value| value.to_string().into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 0..64),
        1 => (0..200_usize).prop_map(|deep| "[".repeat(deep).into_bytes()),
    ]
}

fn headers() -> impl Strategy<Value = Vec<(&'static str, Vec<u8>)>> {
    const NAMES: [&str; 7] = [
        "accept",
        "content-type",
        "origin",
        "authorization",
        "traceparent",
        "access-control-request-method",
        "access-control-request-headers",
    ];
    let value = prop_oneof![
        "application/json|text/plain|\\*/\\*|http://localhost|[ -~]{0,16}"
            .prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..12),
    ];
    prop::collection::vec((prop::sample::select(&NAMES[..]), value), 0..5)
}

proptest! {
    #[test]
    fn nothing_that_is_sent_is_a_fault_of_the_server(
        method in prop_oneof![3 => Just("POST".to_owned()), 2 => Just("GET".to_owned()), 1 => "[A-Z]{1,7}"],
        // But for those that fail whatever comes, or take their time.
        path in "/|/tools|/openapi.json|/tools/(echo|routed|asks|logs|[!-~]{0,9})|/[!-~]{0,20}",
        headers in headers(),
        body in body(),
    ) {
        prop_assume!(path.parse::<Uri>().is_ok() && !path.ends_with("/hangs"));
        let mut ask = Ask::new(method.parse::<Method>().unwrap(), &path, body);
        for (name, value) in headers {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                ask = ask.raw_header(HeaderName::from_static(name), value);
            }
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let said = runtime.block_on(ask.send(&service()));
        let status = said.status.as_u16();
        prop_assert!(
            matches!(status, 200 | 204 | 400 | 403 | 404 | 405 | 414 | 415 | 422),
            "{status}"
        );
        if status >= 400 && method != "HEAD" {
            said.fault();
        }
    }
}
