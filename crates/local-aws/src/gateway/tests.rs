use super::*;
use http::{HeaderValue, Method};
use proptest::prelude::*;
use serde_json::json;
use service_kit::clock::ManualClock;
use std::sync::Mutex;

use crate::sigv4::{Credentials, Verifier};

mod authorizer;
mod iam;

const NOW: i64 = 1_795_191_000_000;
const SOURCE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 10));
const KINDS: [Kind; 2] = [Kind::Rest, Kind::Http];

fn api(kind: Kind, routes: &[(&str, Authorization)]) -> Api {
    let routes = routes.iter().map(|(key, it)| Route::new(key, *it).unwrap()).collect();
    Api::new(kind, routes)
}

fn open(kind: Kind, keys: &[&str]) -> Gateway {
    let routes: Vec<_> = keys.iter().map(|key| (*key, Authorization::None)).collect();
    Gateway::new(api(kind, &routes), Arc::new(ManualClock::new(NOW)))
}

fn request(method: &str, target: &str, headers: &[(&str, &str)]) -> Request<Bytes> {
    let mut request = Request::builder().method(method).uri(target).header("host", "example.com");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Bytes::new()).unwrap()
}

async fn admit(
    gateway: &Gateway,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
) -> Result<Admitted, Refusal> {
    gateway.admit(request(method, target, headers), SOURCE).await
}

/// Status, body and error type of API Gateway's own answer.
fn answer(gateway: &Gateway, refusal: &Refusal) -> (u16, Value, Option<HeaderValue>) {
    let (parts, body) = gateway.refuse(refusal).into_parts();
    assert_eq!(parts.headers["content-type"], "application/json");
    let error_type = parts.headers.get("x-amzn-errortype").cloned();
    (parts.status.as_u16(), serde_json::from_slice(&body).unwrap(), error_type)
}

#[tokio::test]
async fn the_stage_is_in_the_clients_path_and_not_in_the_backends() {
    for kind in KINDS {
        let mut api =
            api(kind, &[("POST /mcp", Authorization::None), ("ANY /", Authorization::None)]);
        api.domain_name = None;
        let gateway = Gateway::new(api, Arc::new(ManualClock::new(NOW)));
        let admitted = admit(&gateway, "POST", "/prod/mcp?a=%20", &[]).await.unwrap();
        let path = match kind {
            Kind::Rest => &admitted.context()["path"],
            Kind::Http => &admitted.context()["http"]["path"],
        };
        assert_eq!(path, "/prod/mcp");
        let own = "abc123defg.execute-api.us-east-1.amazonaws.com";
        assert_eq!(admitted.context()["domainName"], own);
        assert_eq!(admitted.into_request().uri(), "/mcp?a=%20");
        for root in ["/prod", "/prod/"] {
            let admitted = admit(&gateway, "GET", root, &[]).await.unwrap();
            assert_eq!(admitted.into_request().uri(), "/");
        }
        for elsewhere in ["/mcp", "/production/mcp", "/", "/PROD/mcp"] {
            let refusal = admit(&gateway, "POST", elsewhere, &[]).await.unwrap_err();
            assert_eq!(refusal, Refusal::NoStage, "{elsewhere}");
        }
    }
}

#[tokio::test]
async fn a_custom_domain_and_the_default_stage_are_at_the_root() {
    for (stage, domain_name) in [("prod", Some("mcp.example.com")), ("$default", None)] {
        let mut api = api(Kind::Http, &[("POST /mcp", Authorization::None)]);
        api.stage = stage.to_owned();
        api.domain_name = domain_name.map(str::to_owned);
        let gateway = Gateway::new(api, Arc::new(ManualClock::new(NOW)));
        let admitted = admit(&gateway, "POST", "/mcp", &[]).await.unwrap();
        assert_eq!(admitted.context()["http"]["path"], "/mcp");
        assert_eq!(admitted.context()["stage"], stage);
        assert!(admit(&gateway, "POST", "/prod/mcp", &[]).await.is_err());
    }
}

#[tokio::test]
async fn what_no_route_takes_is_answered_as_each_kind_does() {
    for (kind, wanted) in [
        (Kind::Rest, (403, json!({"message": "Missing Authentication Token"}))),
        (Kind::Http, (404, json!({"message": "Not Found"}))),
    ] {
        let gateway = open(kind, &["POST /mcp"]);
        for (method, path) in [("GET", "/mcp"), ("POST", "/mcp/"), ("POST", "/"), ("POST", "/x")] {
            let refusal = admit(&gateway, method, path, &[]).await.unwrap_err();
            let (status, body, _) = answer(&gateway, &refusal);
            assert_eq!((status, body), wanted, "{method} {path}");
        }
    }
}

#[test]
fn every_refusal_has_the_answer_of_aws() {
    let explicit = "User is not authorized to access this resource with an explicit deny";
    let implicit = "User is not authorized to access this resource";
    let failed = Refusal::AuthorizerFailed("why".to_owned());
    let missing = Refusal::Signature(sigv4::Refusal::Missing);
    let message = |text: &str| json!({ "message": text });
    let (rest, http) = (open(Kind::Rest, &[]), open(Kind::Http, &[]));
    for (refusal, of_rest, of_http) in [
        (Refusal::Unauthorized, (401, message("Unauthorized")), (401, "Unauthorized")),
        (Refusal::ExplicitlyDenied, (403, json!({"Message": explicit})), (403, "Forbidden")),
        (Refusal::ImplicitlyDenied, (403, json!({"Message": implicit})), (403, "Forbidden")),
        (failed, (500, json!({"message": null})), (500, "Internal Server Error")),
        (missing, (403, message("Missing Authentication Token")), (403, "Forbidden")),
        (Refusal::NoStage, (403, message("Forbidden")), (404, "Not Found")),
        (Refusal::TooLarge, (413, message("Request Too Long")), (413, "Request Entity Too Large")),
        (
            Refusal::TimedOut,
            (504, message("Endpoint request timed out")),
            (503, "Service Unavailable"),
        ),
        (
            Refusal::BadAnswer,
            (502, message("Internal server error")),
            (500, "Internal Server Error"),
        ),
    ] {
        let (status, body, error_type) = answer(&rest, &refusal);
        assert_eq!((status, body), of_rest, "{refusal}");
        assert!(error_type.is_some());
        let (status, body, error_type) = answer(&http, &refusal);
        assert_eq!((status, body), (of_http.0, message(of_http.1)), "{refusal}");
        assert_eq!(error_type, None);
    }
}

#[test]
fn a_gateway_response_keeps_its_challenge_and_a_proxy_response_does_not() {
    let mut api = api(Kind::Rest, &[]);
    let challenge = HeaderValue::from_static("Bearer resource_metadata=\"https://h/\"");
    api.gateway_responses.unauthorized.insert("www-authenticate", challenge.clone());
    let rest = Gateway::new(api, Arc::new(ManualClock::new(NOW)));
    let own = rest.refuse(&Refusal::Unauthorized);
    assert_eq!(own.headers()["www-authenticate"], challenge);
    assert!(!rest.refuse(&Refusal::ImplicitlyDenied).headers().contains_key("www-authenticate"));
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("www-authenticate", "Bearer"),
        ("www-authenticate", "Basic"),
        ("date", "now"),
        ("server", "ours"),
        ("content-type", "text/plain"),
        ("vary", "Origin"),
    ] {
        headers.append(name, HeaderValue::from_static(value));
    }
    let mut unchanged = headers.clone();
    open(Kind::Http, &[]).pass_on(&mut unchanged);
    assert_eq!(unchanged, headers);
    rest.pass_on(&mut headers);
    let mut names: Vec<_> = headers.keys().map(|name| name.as_str().to_owned()).collect();
    names.sort();
    assert_eq!(
        names,
        [
            "content-type",
            "vary",
            "x-amzn-remapped-date",
            "x-amzn-remapped-server",
            "x-amzn-remapped-www-authenticate"
        ]
    );
    let all: Vec<_> = headers.get_all("x-amzn-remapped-www-authenticate").iter().collect();
    assert_eq!(all, ["Bearer", "Basic"]);
}

#[tokio::test]
async fn a_backend_is_told_whence_a_request_came_and_not_of_the_clients_connection() {
    let gateway = open(Kind::Rest, &["ANY /{proxy+}"]);
    let sent = [
        ("x-amzn-trace-id", "Root=1-00000000-000000000000000000000000"),
        ("connection", "close"),
        ("content-length", "0"),
        ("x-forwarded-for", "198.51.100.7"),
        ("x-forwarded-proto", "http"),
        ("authorization", "Bearer t"),
    ];
    let admitted = admit(&gateway, "GET", "/a", &sent).await.unwrap();
    let request = admitted.into_request();
    let headers = request.headers();
    assert!(!headers.contains_key("connection") && !headers.contains_key("content-length"));
    // What a client says of its origin is before what API Gateway knows of it.
    assert_eq!(headers["x-forwarded-for"], "198.51.100.7, 203.0.113.10");
    assert_eq!(headers["x-forwarded-proto"], "https");
    assert_eq!(headers["authorization"], "Bearer t");
    assert_eq!(headers["x-amzn-trace-id"], "Root=1-00000000-000000000000000000000000");
}

#[tokio::test]
async fn a_rest_apis_event_has_everything_once_and_in_lists() {
    let gateway = open(Kind::Rest, &["POST /tools/{name}"]);
    let sent = [("accept", "a"), ("accept", "b"), ("user-agent", "test/1")];
    let mut request = request("POST", "/tools/a%20b?q=1&q=%C3%BC+x&empty=", &sent);
    *request.body_mut() = Bytes::from_static(b"{\"a\":1}");
    let admitted = gateway.admit(request, SOURCE).await.unwrap();
    let mut event: Value = serde_json::from_slice(&admitted.event()).unwrap();
    assert_eq!(event["headers"]["Accept"], "b");
    assert_eq!(event["multiValueHeaders"]["Accept"], json!(["a", "b"]));
    assert_eq!(event["queryStringParameters"], json!({"q": "ü x", "empty": ""}));
    let lists = json!({"q": ["1", "ü x"], "empty": [""]});
    assert_eq!(event["multiValueQueryStringParameters"], lists);
    assert_eq!(event["pathParameters"], json!({"name": "a b"}));
    assert_eq!(
        (&event["resource"], &event["path"]),
        (&json!("/tools/{name}"), &json!("/tools/a%20b"))
    );
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("{\"a\":1}"), &json!(false)));
    let context = event["requestContext"].take();
    assert_eq!(
        context,
        json!({
            "resourceId": "a1b2c3",
            "resourcePath": "/tools/{name}",
            "httpMethod": "POST",
            "path": "/tools/a%20b",
            "accountId": "123456789012",
            "protocol": "HTTP/1.1",
            "stage": "prod",
            "apiId": "abc123defg",
            "domainPrefix": "mcp",
            "domainName": "mcp.example.com",
            "requestId": "c6af9ac6-7b61-41e6-9a41-000000000001",
            "extendedRequestId": "TmQ8yEdKIAMFhGg=",
            "requestTime": "20/Nov/2026:16:10:00 +0000",
            "requestTimeEpoch": NOW,
            "identity": {
                "accessKey": null, "accountId": null, "apiKey": null, "apiKeyId": null,
                "caller": null, "cognitoAuthenticationProvider": null,
                "cognitoAuthenticationType": null, "cognitoIdentityId": null,
                "cognitoIdentityPoolId": null, "principalOrgId": null, "user": null,
                "userArn": null, "sourceIp": "203.0.113.10", "userAgent": "test/1",
            },
        })
    );
}

#[tokio::test]
async fn an_http_apis_event_joins_what_comes_twice() {
    let gateway = open(Kind::Http, &["$default"]);
    let sent = [("accept", "a"), ("accept", "b"), ("cookie", "a=1; b=2"), ("user-agent", "test/1")];
    let mut request = request("POST", "/x?q=1&q=%C3%BC", &sent);
    *request.body_mut() = Bytes::from_static(b"\xff");
    let admitted = gateway.admit(request, SOURCE).await.unwrap();
    let event: Value = serde_json::from_slice(&admitted.event()).unwrap();
    assert_eq!(event["headers"]["accept"], "a,b");
    assert_eq!(event["cookies"], json!(["a=1", "b=2"]));
    assert_eq!(event["headers"].get("cookie"), None);
    assert_eq!(event["rawQueryString"], "q=1&q=%C3%BC");
    assert_eq!(event["queryStringParameters"], json!({"q": "1,ü"}));
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("/w=="), &json!(true)));
    assert_eq!(
        event["requestContext"],
        json!({
            "accountId": "123456789012",
            "apiId": "abc123defg",
            "domainName": "mcp.example.com",
            "domainPrefix": "mcp",
            "http": {
                "method": "POST", "path": "/x", "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.10", "userAgent": "test/1",
            },
            "requestId": "c6af9ac6-7b61-41e6-9a41-000000000001",
            "routeKey": "$default",
            "stage": "prod",
            "time": "20/Nov/2026:16:10:00 +0000",
            "timeEpoch": NOW,
        })
    );
}

#[test]
fn an_arn_names_the_partition_of_its_region_and_the_path_as_it_came() {
    for (region, partition) in
        [("us-east-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
    {
        let api = Api { region: region.to_owned(), ..api(Kind::Rest, &[]) };
        for (path, resource) in [("/mcp", "mcp"), ("/", ""), ("/a/../%2f", "a/../%2f")] {
            let arn = api.arn(&Method::POST, path);
            let wanted = format!(
                "arn:{partition}:execute-api:{region}:123456789012:abc123defg/prod/POST/{resource}"
            );
            assert_eq!(arn, wanted);
        }
    }
}

proptest! {
    #[test]
    fn any_request_is_an_event_or_a_refusal(
        target in "/[!-~]{0,40}",
        name in "[a-z-]{1,20}",
        value in proptest::collection::vec(any::<u8>(), 0..40),
        body in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for kind in KINDS {
            let gateway = open(kind, &["ANY /", "ANY /{proxy+}", "GET /a/{b}"]);
            let request = Request::get(target.as_str()).header(name.as_str(), value.as_slice());
            let Ok(request) = request.body(Bytes::from(body.clone())) else { return Ok(()) };
            if let Ok(admitted) = runtime.block_on(gateway.admit(request, SOURCE)) {
                let event: Value = serde_json::from_slice(&admitted.event()).unwrap();
                prop_assert!(event["requestContext"].is_object());
                let path = if kind == Kind::Rest { &event["path"] } else { &event["rawPath"] };
                let backend = admitted.into_request();
                prop_assert_eq!(path.as_str().unwrap(), backend.uri().path());
            }
        }
    }
}
