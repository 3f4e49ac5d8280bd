//! Tokens that must be refused, and those that need not be, behind the gateway and without it.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use local_aws::cognito::Mint;
use service_kit::clock::{Clock as _, SystemClock};

use crate::issuer::{Issuer, granted, reading};
use crate::running::{Answer, Running, call, list, with};
use Said::{Allowed, ByGateway, Invalid, Malformed, Missing, Scope};

/// What a client is told.
#[derive(Clone, Copy, Debug)]
enum Said {
    /// The result.
    Allowed,
    /// By the function: there is no token.
    Missing,
    /// By the function: the token is not valid, and nothing of why.
    Invalid,
    /// By the function: there is more than one token.
    Malformed,
    /// By the function: the token is good, and does not have this scope.
    Scope(&'static str),
    /// By the gateway, which tells no one token from another.
    ByGateway,
}

impl Said {
    /// Status, challenge and body, as the attack table has them.
    fn answer(self, program: &Running) -> (u16, Option<String>, Option<&'static str>) {
        let url = format!("http://{}/.well-known/oauth-protected-resource/mcp", program.address);
        let metadata = format!("resource_metadata=\"{url}\"");
        let missing = format!("Bearer {metadata}, scope=\"cases/read prometheus-mcp-server/read\"");
        let error = |error: &str, description: &str| {
            let description = format!("error_description=\"{description}\"");
            Some(format!("Bearer error=\"{error}\", {description}, {metadata}"))
        };
        match self {
            Allowed => (200, None, None),
            Missing => (401, Some(missing), Some(r#"{"error":"unauthorized"}"#)),
            ByGateway => (401, Some(missing), Some(r#"{"message":"Unauthorized"}"#)),
            Invalid => (
                401,
                error("invalid_token", "the access token is not valid"),
                Some(
                    r#"{"error":"invalid_token","error_description":"the access token is not valid"}"#,
                ),
            ),
            Malformed => (
                400,
                error("invalid_request", "send one access token, in the Authorization header"),
                Some(
                    r#"{"error":"invalid_request","error_description":"send one access token, in the Authorization header"}"#,
                ),
            ),
            Scope(scope) => {
                let challenge = format!(
                    "Bearer error=\"insufficient_scope\", scope=\"{scope}\", {metadata}, \
                     error_description=\"the access token does not allow this operation\""
                );
                (403, Some(challenge), None)
            }
        }
    }
}

#[track_caller]
fn assert_said(program: &Running, behind: bool, case: &str, answer: &Answer, said: Said) {
    let case = format!("{case}, behind a gateway: {behind}");
    let (status, challenge, body) = said.answer(program);
    assert_eq!(answer.status, status, "{case}: {answer:?}");
    // What a function says of itself comes under another name; what the gateway says does not.
    let (told, other) = match behind && !matches!(said, ByGateway) {
        true => ("x-amzn-remapped-www-authenticate", "www-authenticate"),
        false => ("www-authenticate", "x-amzn-remapped-www-authenticate"),
    };
    assert_eq!(answer.header(told), challenge.as_deref(), "{case}");
    assert_eq!(answer.header(other), None, "{case}");
    if let Some(body) = body {
        assert_eq!(answer.text, body, "{case}");
    }
    match said {
        Allowed => answer.assert_result(&case),
        Scope(scope) => {
            let error = answer.json();
            assert_eq!(error["jsonrpc"], "2.0", "{case}: {error}");
            assert!(error["id"] == 7 || error["id"] == "call-1", "{case}: {error}");
            assert_eq!(error["error"]["data"]["requiredScopes"][0], scope, "{case}: {error}");
        }
        Missing | Invalid | Malformed | ByGateway => {}
    }
}

/// A request, what is said to it behind the gateway, and what without one.
type Case = (&'static str, Request<Full<Bytes>>, Said, Said);

fn query(mut request: Request<Full<Bytes>>, bearer: &str) -> Request<Full<Bytes>> {
    let token = bearer.strip_prefix("Bearer ").unwrap();
    *request.uri_mut() = format!("/mcp?access_token={token}").parse().unwrap();
    request
}

/// In this order: the gateway keeps what the authorizer said.
async fn cases(issuer: &Issuer, other: &Issuer) -> Vec<Case> {
    let good = issuer.good().await;
    let expired = issuer.bearer(&reading().with_lifetime_s(-30)).await;
    let client = issuer.bearer(&Mint::access("another").with_scopes(["mcp/invoke"])).await;
    let id = issuer.bearer(&Mint::id("local-client", "ada")).await;
    let pool = other.good().await;
    let issued_by = issuer.pool().issuer().into();
    let forged = other.bearer(&reading().with_claim("iss", issued_by)).await;
    let none = issuer.bearer(&granted("")).await;
    let invoke = issuer.bearer(&granted("mcp/invoke")).await;
    let write = issuer.bearer(&granted("prometheus-mcp-server/write")).await;
    let readonly = issuer.bearer(&granted("prometheus-mcp-server/readonly")).await;
    let prefixed = issuer.bearer(&granted("xprometheus-mcp-server/read")).await;
    const READ: Said = Scope("prometheus-mcp-server/read");
    const INVOKE: Said = Scope("mcp/invoke");
    vec![
        ("no token", list(), ByGateway, Missing),
        ("another scheme", with(list(), "Basic YTpi"), ByGateway, Missing),
        ("garbage", with(list(), "Bearer x.y.z"), ByGateway, Invalid),
        ("an empty token", with(list(), "Bearer "), ByGateway, Invalid),
        ("expired", with(list(), &expired), ByGateway, Invalid),
        ("of another client", with(list(), &client), ByGateway, Invalid),
        ("an ID token", with(list(), &id), ByGateway, Invalid),
        ("of another pool", with(list(), &pool), ByGateway, Invalid),
        ("forged by another pool", with(list(), &forged), ByGateway, Invalid),
        ("a token in the query", query(list(), &good), ByGateway, Missing),
        ("two tokens, good and bad", with(with(list(), &good), &id), ByGateway, Malformed),
        ("two tokens, bad and good", with(with(list(), &id), &good), ByGateway, Malformed),
        ("good, to list", with(list(), &good), Allowed, Allowed),
        ("good, to call", with(call(), &good), Allowed, Allowed),
        ("in small letters", with(call(), &good.replace("Bearer", "bearer")), Allowed, Allowed),
        // The gateway has an answer for the good one now, and lets both pass.
        ("two tokens, a known one last", with(with(list(), &id), &good), Malformed, Malformed),
        ("in the query too", with(query(list(), &good), &good), Malformed, Malformed),
        ("no scope, to list", with(list(), &none), INVOKE, INVOKE),
        ("no scope, to call", with(call(), &none), READ, READ),
        ("may list only, to list", with(list(), &invoke), Allowed, Allowed),
        ("may list only, to call", with(call(), &invoke), READ, READ),
        ("may write", with(call(), &write), Allowed, Allowed),
        ("a scope that begins so", with(call(), &readonly), READ, READ),
        ("a scope that ends so", with(call(), &prefixed), READ, READ),
    ]
}

#[tokio::test]
async fn j01_j03_j04_j13_j15_j17_j18_j21_j22_j23_j25_j26_each_wrong_token_gets_its_own_answer() {
    let (issuer, other) = (Issuer::start().await, Issuer::start().await);
    for gateway in ["rest", "none"] {
        let program = issuer.guard(&["--gateway", gateway], &[]);
        let behind = gateway == "rest";
        for (case, request, behind_gateway, bare) in cases(&issuer, &other).await {
            let said = if behind { behind_gateway } else { bare };
            let answer = program.send(request).await;
            assert_said(&program, behind, case, &answer, said);
        }
    }
}

/// As docs/security/doors.md says it under "Try it".
#[tokio::test]
async fn whoever_runs_the_server_gets_each_wrong_token_for_it() {
    for gateway in ["rest", "none"] {
        let program = Running::start(&["--gateway", gateway]);
        let behind = gateway == "rest";
        let refused = if behind { ByGateway } else { Invalid };
        for (arguments, request, said) in [
            (&["token", "--expired"][..], list(), refused),
            (&["token", "--client", "another"], list(), refused),
            (&["token", "--id-token"], list(), refused),
            (&["token", "--scope", "mcp/invoke"], list(), Allowed),
            (&["token", "--scope", "mcp/invoke"], call(), Scope("prometheus-mcp-server/read")),
            (&["token"], call(), Allowed),
        ] {
            let token = program.told(arguments);
            let answer = program.send(with(request, &format!("Bearer {token}"))).await;
            assert_said(&program, behind, &arguments.join(" "), &answer, said);
        }
    }
}

/// Whoever answers: the gateway, the policy that it keeps, or the function.
#[tokio::test]
async fn j42_a_page_may_read_the_challenge_that_comes_through_the_gateway() {
    let issuer = Issuer::start().await;
    let program = issuer.guard(&[], &[]);
    let none = issuer.bearer(&granted("")).await;
    let mut denied = with(list(), &none);
    *denied.method_mut() = http::Method::GET;
    const INSPECTOR: &str = "http://localhost:6274";
    const OWN: &str = "www-authenticate";
    const REMAPPED: &str = "x-amzn-remapped-www-authenticate";
    for (mut request, status, challenge, shared_with) in [
        (list(), 401, OWN, "*"),
        (with(list(), "Bearer x.y.z"), 401, OWN, "*"),
        (with(list(), &none), 403, REMAPPED, INSPECTOR),
        (denied, 403, OWN, "*"),
    ] {
        request.headers_mut().insert("origin", INSPECTOR.parse().unwrap());
        let answer = program.send(request).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert!(answer.header(challenge).is_some(), "{answer:?}");
        assert_eq!(answer.header("access-control-allow-origin"), Some(shared_with), "{answer:?}");
        assert_eq!(answer.header("access-control-allow-credentials"), None, "{answer:?}");
        let exposed = answer.header("access-control-expose-headers").unwrap().to_ascii_lowercase();
        assert!(exposed.split(", ").any(|name| name == challenge), "{answer:?}");
    }
}

/// Each copy of the program is searched when it ends.
#[tokio::test]
async fn j41_no_line_has_a_token_a_signature_or_the_clients_secret() {
    let (issuer, other) = (Issuer::start().await, Issuer::start().await);
    for gateway in ["rest", "none"] {
        let program = issuer.guard(&["--gateway", gateway], &[]);
        for (_, request, _, _) in cases(&issuer, &other).await {
            program.send(request).await;
        }
        // There is something to look at: who called, and why others could not.
        for part in ["caller.subject=\"local-client\"", "more than one set", "expired"] {
            program.assert_logged(part).await;
        }
    }
    // The tokens of its own issuer, and the secret they are asked for with.
    let program = Running::start(&[]);
    let token = program.token();
    program.send(with(call(), &format!("Bearer {token}"))).await.assert_result("call");
}

/// The gateway keeps the authorizer's answer for a minute; the token ends before that.
#[tokio::test]
async fn z08_a_token_that_ends_while_its_policy_is_kept_is_refused_by_the_function() {
    let issuer = Issuer::start().await;
    let program = issuer.guard(&[], &[]);
    let short = issuer.bearer(&reading().with_lifetime_s(2)).await;
    let ends_ms = SystemClock.unix_ms() + 2_000;
    // Other than a warm-up this is in time on any machine: there are five seconds of leeway.
    let answer = program.send(with(call(), &short)).await;
    assert_said(&program, true, "in time", &answer, Allowed);
    while SystemClock.unix_ms() <= ends_ms + 6_000 {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let answer = program.send(with(call(), &short)).await;
    assert_said(&program, true, "too late", &answer, Invalid);
    program.assert_logged("refused at the door").await;
    let decisions = program.output().matches("decision=\"allow\"").count();
    assert_eq!(decisions, 1, "the authorizer was not asked again: {}", program.output());
}

#[tokio::test]
async fn x09_who_calls_from_where_is_what_the_socket_says() {
    let issuer = Issuer::start().await;
    let program = issuer.guard(&[], &[]);
    let good = issuer.good().await;
    let mut request = with(query(list(), &good), &good);
    for name in ["x-forwarded-for", "x-real-ip", "forwarded", "true-client-ip"] {
        request.headers_mut().insert(name, "198.51.100.7".parse().unwrap());
    }
    assert_eq!(program.send(request).await.status, 400);
    program.assert_logged("source.ip=127.0.0.1").await;
    let log = program.output();
    assert!(!log.contains("198.51.100.7"), "{log}");
}
