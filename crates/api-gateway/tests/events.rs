//! Whole events in, whole answers out.
#![expect(clippy::unwrap_used, reason = "this is a test")]

use api_gateway::{EventError, PayloadFormat, RequestContext, parse_event, render_response};
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full};
use proptest::prelude::*;
use serde_json::{Value, json};

const REST_V1: &str = include_str!("fixtures/rest-v1.json");
const REST_V1_BASE64: &str = include_str!("fixtures/rest-v1-base64.json");
const HTTP_V2: &str = include_str!("fixtures/http-v2.json");

type Parsed = Result<(Request<Full<Bytes>>, PayloadFormat), EventError>;

fn parse(event: impl ToString) -> Parsed {
    parse_event(&Bytes::from(event.to_string()))
}

fn body(request: Request<Full<Bytes>>) -> Bytes {
    let collected = request.into_body().collect();
    futures_util::FutureExt::now_or_never(collected).unwrap().unwrap().to_bytes()
}

fn values<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
}

/// `event` with some fields replaced.
fn with(event: &str, changes: Value) -> Value {
    let mut event: Value = serde_json::from_str(event).unwrap();
    for (name, value) in changes.as_object().unwrap() {
        event[name] = value.clone();
    }
    event
}

#[test]
fn a_rest_event_becomes_the_request_the_client_made() {
    let (request, format) = parse(REST_V1).unwrap();
    assert_eq!(format, PayloadFormat::V1);
    assert_eq!(request.method(), "POST");
    // The stage is not in it, and the parameters are encoded again.
    assert_eq!(request.uri(), "/mcp?q=a&q=b%20%26%20c&step=15s");
    assert_eq!(values(request.headers(), "mcp-method"), ["tools/list"]);
    let context: &RequestContext = request.extensions().get().unwrap();
    assert_eq!(context.source_ip(), Some("203.0.113.10".parse().unwrap()));
    let whole: Value = context.parse().unwrap();
    assert_eq!(whole["authorizer"]["scope"], "prometheus-mcp-server/read");
    assert_eq!(body(request), r#"{"jsonrpc":"2.0","id":7,"method":"tools/list"}"#);
}

#[test]
fn both_of_two_authorization_headers_arrive() {
    let (request, _) = parse(REST_V1).unwrap();
    assert_eq!(values(request.headers(), "authorization"), ["Bearer first", "Bearer second"]);
    // An HTTP API has joined them before; they must not become one credential by being cut.
    let (request, _) = parse(HTTP_V2).unwrap();
    assert_eq!(values(request.headers(), "authorization"), ["Bearer first,Bearer second"]);
}

#[test]
fn a_binary_body_and_a_path_beyond_ascii_arrive_as_sent() {
    let (request, _) = parse(REST_V1_BASE64).unwrap();
    assert_eq!(request.uri(), "/upload%20files/%C3%BCn%C3%AF?name=a%3Db");
    assert_eq!(values(request.headers(), "content-type"), ["application/octet-stream"]);
    assert!(!request.headers().contains_key("x-empty"));
    assert_eq!(&body(request)[..], b"\0\xff\xfeHello");
}

#[test]
fn an_http_api_event_becomes_the_request_the_client_made() {
    let (request, format) = parse(HTTP_V2).unwrap();
    assert_eq!(format, PayloadFormat::V2);
    assert_eq!(request.method(), "POST");
    assert_eq!(request.uri(), "/mcp?q=a&q=b%20%26%20c");
    assert_eq!(values(request.headers(), "cookie"), ["theme=dark; lang=en"]);
    let context: &RequestContext = request.extensions().get().unwrap();
    assert_eq!(context.source_ip(), Some("2001:db8::1".parse().unwrap()));
    assert_eq!(context.request_id().as_deref(), Some("JKJaXmPLvHcESHA="));
    assert_eq!(body(request), r#"{"jsonrpc":"2.0","id":7,"method":"tools/list"}"#);
}

#[test]
fn the_stage_is_taken_off_only_where_api_gateway_put_it() {
    let execute_api = "abc.execute-api.eu-west-1.amazonaws.com";
    for (path, stage, domain, expected) in [
        ("/prod/mcp", "prod", Some(execute_api), "/mcp"),
        ("/prod", "prod", Some(execute_api), "/"),
        ("/prod/", "prod", Some(execute_api), "/"),
        ("/production/mcp", "prod", Some(execute_api), "/production/mcp"),
        ("/mcp", "$default", Some(execute_api), "/mcp"),
        ("/prod/mcp", "prod", None, "/mcp"),
        // A custom domain has its own base path there.
        ("/mcp", "mcp", Some("mcp.example.com"), "/mcp"),
    ] {
        let context = json!({"stage": stage, "domainName": domain, "http": {"method": "GET"}});
        let event = with(
            HTTP_V2,
            json!({"rawPath": path, "rawQueryString": "", "requestContext": context}),
        );
        let (request, _) = parse(event).unwrap();
        assert_eq!(request.uri(), expected, "{path} on {stage} at {domain:?}");
    }
}

#[test]
fn what_is_no_proxy_event_is_told_apart_from_a_bad_request() {
    for event in [
        json!({}),
        json!({"httpMethod": "GET"}),
        json!({"Records": []}),
        json!([]),
        json!("hello"),
        json!({"version": "2.0", "rawPath": "/"}),
        with(REST_V1, json!({"multiValueHeaders": []})),
        with(REST_V1, json!({"body": {}})),
    ] {
        let err = parse(&event).unwrap_err();
        assert!(err.to_string().starts_with("not an API Gateway proxy event"), "{event}: {err}");
    }
    for (event, what) in [
        (with(REST_V1, json!({"httpMethod": "GE T"})), "method"),
        (with(REST_V1, json!({"multiValueHeaders": {"x y": ["1"]}})), "header"),
        (with(REST_V1, json!({"multiValueHeaders": {"x": ["a\u{7f}"]}})), "header"),
        (with(REST_V1, json!({"isBase64Encoded": true})), "body"),
        (with(HTTP_V2, json!({"cookies": ["a\nb"]})), "header"),
    ] {
        let err = parse(&event).unwrap_err();
        assert!(matches!(err, EventError::BadRequest(part) if part == what), "{what}: {err}");
    }
}

#[test]
fn x05_bytes_that_are_no_text_are_a_bad_request_or_arrive_harmless() {
    for (event, what) in [
        (with(REST_V1, json!({"isBase64Encoded": true, "body": "e30"})), "body"),
        (with(REST_V1, json!({"isBase64Encoded": true, "body": "e3=0"})), "body"),
        (with(REST_V1, json!({"isBase64Encoded": true, "body": "\0"})), "body"),
        (with(REST_V1, json!({"httpMethod": "GET\0"})), "method"),
        (with(REST_V1, json!({"multiValueHeaders": {"x": ["\0"]}})), "header"),
        (with(REST_V1, json!({"multiValueHeaders": {"x\0": ["a"]}})), "header"),
        (with(HTTP_V2, json!({"headers": {"x": "a\r\nb: c"}})), "header"),
    ] {
        let err = parse(&event).unwrap_err();
        assert!(matches!(err, EventError::BadRequest(part) if part == what), "{what}: {err}");
    }
    // Whatever is in a path or a query stays one.
    for (path, expected) in [
        ("/mcp%", "/mcp%"),
        ("/mcp%2", "/mcp%2"),
        ("/mcp\0", "/mcp%00"),
        ("/mcp\u{fffd}", "/mcp%EF%BF%BD"),
        ("/mcp?a#b", "/mcp%3Fa%23b"),
    ] {
        let query = json!({"q": ["%", "a\0b"]});
        let changes = json!({"path": path, "multiValueQueryStringParameters": query});
        let (request, _) = parse(with(REST_V1, changes)).unwrap();
        assert_eq!(request.uri().path(), expected);
        assert_eq!(request.uri().query(), Some("q=%25&q=a%00b"));
    }
    // No event of API Gateway is anything but UTF-8.
    let cut = Bytes::from([REST_V1.as_bytes(), b"\xff"].concat());
    assert!(matches!(parse_event(&cut), Err(EventError::NotText)));
}

fn render(response: Response<&[u8]>, format: PayloadFormat) -> String {
    let (parts, body) = response.into_parts();
    String::from_utf8(render_response(&parts, body, format)).unwrap()
}

fn two_of_each() -> Response<&'static [u8]> {
    Response::builder()
        .status(401)
        .header("content-type", "application/json")
        .header("content-length", "8")
        .header("vary", "Origin")
        .header("vary", "Accept")
        .header("set-cookie", "a=1; Secure")
        .header("set-cookie", "b=2")
        .body(&b"{\"a\":\"\n"[..])
        .unwrap()
}

#[test]
fn a_rest_answer_has_every_value_of_every_header() {
    insta::assert_snapshot!(render(two_of_each(), PayloadFormat::V1), @r#"{"statusCode":401,"multiValueHeaders":{"content-type":["application/json"],"vary":["Origin","Accept"],"set-cookie":["a=1; Secure","b=2"]},"body":"{\"a\":\"\n"}"#);
}

#[test]
fn an_http_api_answer_has_joined_headers_and_cookies_apart() {
    insta::assert_snapshot!(render(two_of_each(), PayloadFormat::V2), @r#"{"statusCode":401,"headers":{"content-type":"application/json","vary":"Origin, Accept"},"cookies":["a=1; Secure","b=2"],"body":"{\"a\":\"\n"}"#);
}

#[test]
fn a_body_that_is_not_text_goes_as_base64() {
    let response = Response::new(&b"\0\xff\xfeHello"[..]);
    insta::assert_snapshot!(render(response, PayloadFormat::V1), @r#"{"statusCode":200,"multiValueHeaders":{},"isBase64Encoded":true,"body":"AP/+SGVsbG8="}"#);
}

proptest! {
    #[test]
    fn no_event_panics(text in ".{0,200}", field in "[a-zA-Z0-9]{1,30}", value in "\\PC{0,20}") {
        let _ = parse(&text);
        let _ = parse(with(REST_V1, json!({field.clone(): value})));
        let _ = parse(with(HTTP_V2, json!({field: {value: null}})));
    }

    #[test]
    fn what_a_client_sends_arrives(
        path in "/[a-z/]{0,20}",
        query in prop::collection::btree_map("\\PC{1,8}", prop::collection::vec("\\PC{0,8}", 1..3), 0..3),
        header in "[ -~&&[^ ]]{1,20}",
        text in "\\PC{0,40}",
    ) {
        let event = with(REST_V1, json!({
            "path": path,
            "multiValueQueryStringParameters": query,
            "multiValueHeaders": {"X-Any": [header]},
            "body": text,
        }));
        let (request, _) = parse(event).unwrap();
        prop_assert_eq!(request.uri().path(), path);
        prop_assert_eq!(&request.headers()["x-any"], &header);
        let sent: Vec<_> = query.iter().flat_map(|(k, vs)| vs.iter().map(move |v| (k.clone(), v.clone()))).collect();
        prop_assert_eq!(decoded(request.uri().query().unwrap_or("")), sent);
        prop_assert_eq!(body(request), text.as_bytes());
    }

    #[test]
    fn what_a_service_answers_arrives(status in 100_u16..600, header in "[ -~]{0,20}", body in any::<Vec<u8>>()) {
        let response = Response::builder().status(status).header("x-any", header.trim()).body(&body[..]).unwrap();
        let answer: Value = serde_json::from_str(&render(response, PayloadFormat::V1)).unwrap();
        prop_assert_eq!(&answer["statusCode"], status);
        prop_assert_eq!(&answer["multiValueHeaders"]["x-any"], &json!([header.trim()]));
        let text = answer["body"].as_str().unwrap();
        let arrived = match answer["isBase64Encoded"].as_bool() {
            Some(true) => base64::Engine::decode(&base64::prelude::BASE64_STANDARD, text).unwrap(),
            _ => text.as_bytes().to_vec(),
        };
        prop_assert_eq!(arrived, body);
    }
}

/// The parameters of a query, decoded; written apart from the code under test.
fn decoded(query: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        let mut parts = text.split('%');
        let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
        for part in parts {
            bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
            bytes.extend_from_slice(&part.as_bytes()[2..]);
        }
        String::from_utf8(bytes).unwrap()
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap()).map(|(k, v)| (decode(k), decode(v))).collect()
}

/// What comes instead of an event may be a token, and errors are for the log.
#[test]
fn j41_no_error_repeats_what_came() {
    let headers = r#""httpMethod":"POST","path":"/mcp""#;
    for event in [
        r#""Bearer eyJSECRET""#.to_owned(),
        r#"["eyJSECRET"]"#.to_owned(),
        format!(r#"{{{headers},"headers":"Bearer eyJSECRET"}}"#),
        format!(r#"{{{headers},"multiValueHeaders":"Bearer eyJSECRET"}}"#),
        format!(r#"{{{headers},"headers":{{"Authorization":{{"eyJSECRET":1}}}}}}"#),
        format!(r#"{{{headers},"isBase64Encoded":"eyJSECRET"}}"#),
        format!(r#"{{{headers},"queryStringParameters":"eyJSECRET"}}"#),
        r#"{"version":"2.0","rawPath":"/mcp","requestContext":"eyJSECRET"}"#.to_owned(),
        r#"{"version":"2.0","rawPath":"/mcp","requestContext":{"http":"eyJSECRET"}}"#.to_owned(),
    ] {
        let err = parse_event(&Bytes::from(event.clone())).unwrap_err();
        let source = std::error::Error::source(&err).map(ToString::to_string);
        let said = format!("{err} {err:?} {source:?}");
        assert!(matches!(err, EventError::NotAnEvent { .. }), "{event}: {said}");
        assert!(!said.contains("eyJSECRET"), "{event}: {said}");
    }
}
