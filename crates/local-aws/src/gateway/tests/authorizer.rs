//! The authorizer, with a function that answers what the test says.

use super::*;

/// An authorizer's function: what it was asked, and what it answers.
#[derive(Clone, Default)]
struct Function {
    asked: Arc<Mutex<Vec<Value>>>,
    answer: Arc<Mutex<Option<Result<Value, String>>>>,
}

impl Function {
    fn answering(answer: Result<Value, &str>) -> Self {
        let function = Self::default();
        function.answer(answer);
        function
    }

    fn answer(&self, answer: Result<Value, &str>) {
        *self.answer.lock().unwrap() = Some(answer.map_err(str::to_owned));
    }

    fn authorizer(&self) -> Authorizer {
        let function = self.clone();
        Authorizer::new(move |event| {
            function.asked.lock().unwrap().push(serde_json::from_slice(&event).unwrap());
            let answer = function.answer.lock().unwrap().clone().unwrap();
            std::future::ready(match answer {
                Ok(answer) => Ok(Bytes::from(answer.to_string())),
                Err(message) => Err(FunctionError { message }),
            })
        })
    }

    fn times(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

const ROUTES: [(&str, Authorization); 4] = [
    ("POST /mcp", Authorization::Custom),
    ("GET /tools", Authorization::Custom),
    ("DELETE /clients/{id}", Authorization::Custom),
    ("GET /health", Authorization::None),
];
const BEARER: [(&str, &str); 1] = [("authorization", "Bearer good")];

fn arn(path: &str) -> String {
    format!("arn:aws:execute-api:us-east-1:123456789012:abc123defg/prod/{path}")
}

fn policy(effect: &str, resources: &[&str]) -> Value {
    let resources: Vec<_> = resources.iter().map(|path| arn(path)).collect();
    json!({
        "principalId": "person-1",
        "policyDocument": {"Version": "2012-10-17", "Statement": [
            {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resources},
        ]},
        "context": {"tenantId": "blue", "level": 3, "admin": false},
        "usageIdentifierKey": "ignored",
    })
}

fn gateway(kind: Kind, authorizer: Authorizer) -> (Gateway, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(NOW));
    let gateway = Gateway::new(api(kind, &ROUTES), clock.clone()).with_authorizer(authorizer);
    (gateway, clock)
}

#[tokio::test]
async fn a_rest_authorizer_gets_the_whole_request_but_its_body() {
    let function = Function::answering(Ok(policy("Allow", &["POST/mcp"])));
    let (gateway, _) = gateway(Kind::Rest, function.authorizer());
    let mut request = request("POST", "/mcp?a=1&a=2", &BEARER);
    *request.body_mut() = Bytes::from_static(b"secret");
    let admitted = gateway.admit(request, SOURCE).await.unwrap();
    assert_eq!(
        admitted.context()["authorizer"],
        json!({
            "tenantId": "blue", "level": "3", "admin": "false", "principalId": "person-1",
            "integrationLatency": 0,
        })
    );
    let mut event = function.asked.lock().unwrap()[0].take();
    assert_eq!(event["requestContext"].get("authorizer"), None);
    let context = event["requestContext"].take();
    assert_eq!((&context["stage"], &context["apiId"]), (&json!("prod"), &json!("abc123defg")));
    assert_eq!(context["identity"]["sourceIp"], "203.0.113.10");
    let trace = event["headers"]["X-Amzn-Trace-Id"].clone();
    assert_eq!(
        event,
        json!({
            "resource": "/mcp",
            "path": "/mcp",
            "httpMethod": "POST",
            "headers": {
                "Authorization": "Bearer good", "Host": "example.com", "X-Amzn-Trace-Id": trace,
                "X-Forwarded-For": "203.0.113.10", "X-Forwarded-Port": "443",
                "X-Forwarded-Proto": "https",
            },
            "multiValueHeaders": {
                "Authorization": ["Bearer good"], "Host": ["example.com"],
                "X-Amzn-Trace-Id": [trace], "X-Forwarded-For": ["203.0.113.10"],
                "X-Forwarded-Port": ["443"], "X-Forwarded-Proto": ["https"],
            },
            "queryStringParameters": {"a": "2"},
            "multiValueQueryStringParameters": {"a": ["1", "2"]},
            "pathParameters": null,
            "stageVariables": null,
            "requestContext": null,
            "type": "REQUEST",
            "methodArn": arn("POST/mcp"),
        })
    );
}

#[tokio::test]
async fn an_http_authorizer_gets_format_2_0_and_its_identity_sources() {
    let function = Function::answering(Ok(policy("Allow", &["POST/mcp"])));
    let (gateway, _) = gateway(Kind::Http, function.authorizer());
    let sent = [BEARER[0], ("accept", "a"), ("accept", "b"), ("cookie", "a=1")];
    let admitted = admit(&gateway, "POST", "/mcp?a=1", &sent).await.unwrap();
    let lambda = json!({"lambda": {"tenantId": "blue", "level": 3, "admin": false}});
    assert_eq!(admitted.context()["authorizer"], lambda);
    let mut event = function.asked.lock().unwrap()[0].take();
    assert_eq!(event["requestContext"]["http"]["method"], "POST");
    event["requestContext"].take();
    let trace = event["headers"]["x-amzn-trace-id"].clone();
    assert_eq!(
        event,
        json!({
            "version": "2.0",
            "routeKey": "POST /mcp",
            "rawPath": "/mcp",
            "rawQueryString": "a=1",
            "headers": {
                "accept": "a,b", "authorization": "Bearer good", "host": "example.com",
                "x-amzn-trace-id": trace, "x-forwarded-for": "203.0.113.10",
                "x-forwarded-port": "443", "x-forwarded-proto": "https",
            },
            "requestContext": null,
            "cookies": ["a=1"],
            "queryStringParameters": {"a": "1"},
            "type": "REQUEST",
            "routeArn": arn("POST/mcp"),
            "identitySource": ["Bearer good"],
        })
    );
}

#[tokio::test]
async fn a_request_without_its_identity_source_is_401_without_asking() {
    for kind in KINDS {
        let function = Function::answering(Ok(policy("Allow", &["*"])));
        let (gateway, _) = gateway(kind, function.authorizer());
        for headers in [&[][..], &[("authorization", "")]] {
            let refusal = admit(&gateway, "POST", "/mcp", headers).await.unwrap_err();
            assert_eq!(refusal, Refusal::Unauthorized);
        }
        assert_eq!(function.times(), 0);
        admit(&gateway, "GET", "/health", &[]).await.unwrap();
    }
}

#[tokio::test]
async fn z01_z02_exactly_unauthorized_is_401_and_any_other_failure_500() {
    let no_document = json!({"principalId": "a", "context": {}});
    let bad_effect = policy("allow", &["*"]);
    let number = json!({"principalId": 1, "policyDocument": {"Statement": []}});
    for kind in KINDS {
        for (says, status) in [
            (Err("Unauthorized"), 401),
            (Err("unauthorized"), 500),
            (Err("Unauthorized."), 500),
            (Err("the keys cannot be had"), 500),
            (Ok(json!(null)), 500),
            (Ok(json!("Unauthorized")), 500),
            (Ok(no_document.clone()), 500),
            (Ok(bad_effect.clone()), 500),
            (Ok(number.clone()), 500),
            (Ok(json!({"isAuthorized": true})), 500),
        ] {
            let function = Function::answering(says.clone());
            let (gateway, _) = gateway(kind, function.authorizer());
            for _ in 0..2 {
                let refusal = admit(&gateway, "POST", "/mcp", &BEARER).await.unwrap_err();
                assert_eq!(answer(&gateway, &refusal).0, status, "{kind:?} {says:?}");
            }
            // None of them is cached.
            assert_eq!(function.times(), 2);
        }
    }
}

#[tokio::test]
async fn what_a_function_failed_with_is_not_repeated() {
    let function = Function::answering(Err("cannot read Bearer good"));
    let (gateway, _) = gateway(Kind::Rest, function.authorizer());
    let refusal = admit(&gateway, "POST", "/mcp", &BEARER).await.unwrap_err();
    assert!(!format!("{refusal:?} {refusal}").contains("good"));
}

#[tokio::test]
async fn an_api_without_its_authorizer_is_500() {
    let gateway = Gateway::new(api(Kind::Rest, &ROUTES), Arc::new(ManualClock::new(NOW)));
    let refusal = admit(&gateway, "POST", "/mcp", &BEARER).await.unwrap_err();
    let (status, body, error_type) = answer(&gateway, &refusal);
    assert_eq!((status, body), (500, json!({"message": null})));
    assert_eq!(error_type.unwrap(), "AuthorizerConfigurationException");
}

#[tokio::test]
async fn a_denial_is_cached_and_a_thrown_unauthorized_is_not() {
    for kind in KINDS {
        let function = Function::answering(Ok(policy("Deny", &["POST/mcp"])));
        let (gateway, clock) = gateway(kind, function.authorizer());
        let mut refusals = Vec::new();
        refusals.push(admit(&gateway, "POST", "/mcp", &BEARER).await.unwrap_err());
        function.answer(Ok(policy("Allow", &["POST/mcp"])));
        clock.advance(Duration::from_millis(299_999));
        refusals.push(admit(&gateway, "POST", "/mcp", &BEARER).await.unwrap_err());
        assert_eq!(refusals, [Refusal::ExplicitlyDenied, Refusal::ExplicitlyDenied]);
        clock.advance(Duration::from_millis(1));
        assert!(admit(&gateway, "POST", "/mcp", &BEARER).await.is_ok());
        assert_eq!(function.times(), 2);

        let other = [("authorization", "Bearer other")];
        function.answer(Err("Unauthorized"));
        admit(&gateway, "POST", "/mcp", &other).await.unwrap_err();
        function.answer(Ok(policy("Allow", &["POST/mcp"])));
        assert!(admit(&gateway, "POST", "/mcp", &other).await.is_ok());
    }
}

#[tokio::test]
async fn a_cached_policy_is_judged_for_every_other_route() {
    for kind in KINDS {
        let function = Function::answering(Ok(policy("Allow", &["POST/mcp"])));
        let (gateway, _) = gateway(kind, function.authorizer());
        assert!(admit(&gateway, "POST", "/mcp", &BEARER).await.is_ok());
        for (method, path) in [("GET", "/tools"), ("DELETE", "/clients/x")] {
            let refusal = admit(&gateway, method, path, &BEARER).await.unwrap_err();
            assert_eq!(refusal, Refusal::ImplicitlyDenied, "{method} {path}");
        }
        assert!(admit(&gateway, "POST", "/mcp", &BEARER).await.is_ok());
        assert_eq!(function.times(), 1);
    }
}

#[tokio::test]
async fn without_a_time_to_live_each_request_is_asked_about() {
    let function = Function::answering(Ok(policy("Allow", &["*"])));
    let authorizer = function.authorizer().with_ttl(Duration::ZERO);
    let (gateway, _) = gateway(Kind::Rest, authorizer);
    for _ in 0..3 {
        assert!(admit(&gateway, "GET", "/tools", &BEARER).await.is_ok());
    }
    assert_eq!(function.times(), 3);
}

#[tokio::test]
async fn z07_answers_are_cached_by_the_identity_sources_and_by_nothing_else() {
    let tenant = |name| [BEARER[0], ("x-tenant", name)];
    for (more, asked) in [(None, 1), (Some("method.request.header.X-Tenant"), 2)] {
        let function = Function::answering(Ok(policy("Allow", &["*"])));
        let mut sources = vec![IdentitySource::Header(http::header::AUTHORIZATION)];
        sources.extend(more.map(|source| source.parse().unwrap()));
        let (gateway, _) =
            gateway(Kind::Rest, function.authorizer().with_identity_sources(sources));
        for name in ["blue", "green", "blue"] {
            assert!(admit(&gateway, "POST", "/mcp", &tenant(name)).await.is_ok());
        }
        assert_eq!(function.times(), asked);
        let without = admit(&gateway, "POST", "/mcp", &BEARER).await;
        assert_eq!(without.is_ok(), more.is_none());
    }
}

#[tokio::test]
async fn an_identity_may_be_in_the_query() {
    let function = Function::answering(Ok(policy("Allow", &["*"])));
    let source = "$request.querystring.key".parse().unwrap();
    let (gateway, _) =
        gateway(Kind::Http, function.authorizer().with_identity_sources(vec![source]));
    assert!(admit(&gateway, "POST", "/mcp?key=a%20b", &[]).await.is_ok());
    assert_eq!(function.asked.lock().unwrap()[0]["identitySource"], json!(["a b"]));
    for without in ["/mcp", "/mcp?key=", "/mcp?Key=a"] {
        let refusal = admit(&gateway, "POST", without, &[]).await.unwrap_err();
        assert_eq!(refusal, Refusal::Unauthorized, "{without}");
    }
    for none in
        ["", "key", "method.request.header.", "method.request.path.id", "$request.header.a b"]
    {
        assert_eq!(none.parse::<IdentitySource>(), Err(UnknownIdentitySource), "{none:?}");
    }
}

#[tokio::test]
async fn z09_a_context_of_a_rest_api_has_strings_numbers_and_booleans_only() {
    for bad in [json!(["a"]), json!({"a": "b"}), json!(null)] {
        let mut says = policy("Allow", &["*"]);
        says["context"]["list"] = bad.clone();
        let function = Function::answering(Ok(says));
        let (rest, _) = gateway(Kind::Rest, function.authorizer());
        let refusal = admit(&rest, "POST", "/mcp", &BEARER).await.unwrap_err();
        let text = "context.list is neither a string nor a number nor a boolean";
        assert_eq!(refusal, Refusal::AuthorizerFailed(text.to_owned()), "{bad}");
        let (http, _) = gateway(Kind::Http, function.authorizer());
        let admitted = admit(&http, "POST", "/mcp", &BEARER).await.unwrap();
        assert_eq!(admitted.context()["authorizer"]["lambda"]["list"], bad);
    }
}

#[tokio::test]
async fn z13_a_simple_response_is_allowed_or_403_for_every_route() {
    for (authorized, refusal) in [(true, None), (false, Some(Refusal::ImplicitlyDenied))] {
        let says = json!({"isAuthorized": authorized, "context": {"tenantId": "blue"}});
        let function = Function::answering(Ok(says));
        let (gateway, _) = gateway(Kind::Http, function.authorizer().with_simple_responses(true));
        for (method, path) in [("POST", "/mcp"), ("GET", "/tools")] {
            let admitted = admit(&gateway, method, path, &BEARER).await;
            if let Ok(admitted) = &admitted {
                let tenant = &admitted.context()["authorizer"]["lambda"]["tenantId"];
                assert_eq!(tenant, "blue");
            }
            let refused = admitted.err();
            assert_eq!(refused, refusal);
            if let Some(refused) = refused {
                let answered = answer(&gateway, &refused);
                assert_eq!(answered, (403, json!({"message": "Forbidden"}), None));
            }
        }
        assert_eq!(function.times(), 1);
    }
    // A policy where a simple response is due is not understood.
    let function = Function::answering(Ok(policy("Allow", &["*"])));
    let (gateway, _) = gateway(Kind::Http, function.authorizer().with_simple_responses(true));
    let refusal = admit(&gateway, "POST", "/mcp", &BEARER).await.unwrap_err();
    assert_eq!(answer(&gateway, &refusal).0, 500);
}
