//! A person logs in: from a client's registration to its tokens, as it goes with a browser.

use std::net::TcpListener;
use std::slice::from_ref;

use bytes::Bytes;
use http::{Request, header};
use http_body_util::Full;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Value, json};

use crate::running::{Answer, Running, call, list, post, with};

// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const REDIRECT: &str = "http://127.0.0.1:4711/callback";

/// What a person and a client have after a login.
struct Tokens {
    client: String,
    registration_token: String,
    access: String,
    refresh: String,
}

fn form(path: &str, pairs: &[(&str, &str)]) -> Request<Full<Bytes>> {
    let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let body: Vec<_> =
        pairs.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    Request::post(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::from(body.join("&")))
        .unwrap()
}

/// As a browser sends it: from a page of the server, with its cookies.
fn of_browser(mut request: Request<Full<Bytes>>, cookies: &[String]) -> Request<Full<Bytes>> {
    request.headers_mut().insert("sec-fetch-site", "same-origin".parse().unwrap());
    request.headers_mut().insert(header::COOKIE, cookies.join("; ").parse().unwrap());
    request
}

/// The name and the value of the cookie that is set.
fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
}

/// The value of a hidden field.
fn hidden(page: &str, name: &str) -> String {
    let field = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap().1;
    field.split('"').next().unwrap().to_owned()
}

fn get(target: &str) -> Request<Full<Bytes>> {
    Request::get(target).body(Full::default()).unwrap()
}

fn password(program: &Running) -> String {
    let (_, rest) = program.banner.split_once("log in as dev with ").unwrap();
    rest.lines().next().unwrap().to_owned()
}

async fn log_in(program: &Running) -> Tokens {
    let metadata = json!({
        "client_name": "Editor", "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "none"
    });
    let registered = program.send(post("/dcr", &metadata)).await.json();
    let client = registered["client_id"].as_str().unwrap().to_owned();
    let registration_token = registered["registration_access_token"].as_str().unwrap().to_owned();
    program.remember_parts(&registration_token);

    let query = format!(
        "client_id={client}&redirect_uri={REDIRECT}&response_type=code&state=s&code_challenge_method=S256\
         &code_challenge={CHALLENGE}&resource={}",
        program.endpoint
    );
    let page = program.send(get(&format!("/oauth/authorize?{query}"))).await;
    assert_eq!(page.status, 200, "{page:?}");
    let transaction = cookie(&page);
    let (state, password) = (hidden(&page.text, "state"), password(program));
    let wrong = [("user", "dev"), ("password", "wrong"), ("state", &*state)];
    let again =
        program.send(of_browser(form("/oauth/login", &wrong), from_ref(&transaction))).await;
    assert_eq!(again.status, 422, "{again:?}");
    let right = [("user", "dev"), ("password", &*password), ("state", &*state)];
    let logged_in =
        program.send(of_browser(form("/oauth/login", &right), from_ref(&transaction))).await;
    assert_eq!((logged_in.status, logged_in.header("location")), (303, Some("/oauth/consent")));

    let cookies = [transaction, cookie(&logged_in)];
    program.remember_parts(&cookies.join(" "));
    let page = program.send(of_browser(get("/oauth/consent"), &cookies)).await;
    assert!(page.text.contains("127.0.0.1:4711"), "{page:?}");
    let csrf = hidden(&page.text, "csrf");
    let yes = [("csrf", &*csrf), ("decision", "approve")];
    let answered = program.send(of_browser(form("/oauth/consent", &yes), &cookies)).await;
    let location = answered.header("location").unwrap();
    let (_, code) = location.split_once("code=").unwrap();
    let code = code.split('&').next().unwrap();
    program.remember_parts(code);
    assert!(location.contains("&state=s&iss=http%3A%2F%2F127.0.0.1"), "{location}");

    let pairs = [
        ("grant_type", "authorization_code"),
        ("client_id", &*client),
        ("code", &percent_decode_str(code).decode_utf8_lossy()),
        ("code_verifier", VERIFIER),
    ];
    let answer = program.send(form("/oauth/token", &pairs)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let (access, refresh) = tokens_of(program, &answer.json());
    Tokens { client, registration_token, access, refresh }
}

fn tokens_of(program: &Running, answer: &Value) -> (String, String) {
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    let tokens = (text("access_token"), text("refresh_token"));
    program.remember_parts(&tokens.0);
    program.remember_parts(&tokens.1);
    tokens
}

async fn refresh(program: &Running, tokens: &Tokens) -> Answer {
    let pairs = [
        ("grant_type", "refresh_token"),
        ("client_id", &*tokens.client),
        ("refresh_token", &*tokens.refresh),
    ];
    program.send(form("/oauth/token", &pairs)).await
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

#[tokio::test]
async fn a_client_registers_sends_its_person_to_log_in_and_calls() {
    let program = Running::start(&[]);
    let tokens = log_in(&program).await;
    program.send(with(list(), &bearer(&tokens.access))).await.assert_result("list");
    program.send(with(call(), &bearer(&tokens.access))).await.assert_result("call");
    let renewed = refresh(&program, &tokens).await;
    let (access, _) = tokens_of(&program, &renewed.json());
    program.send(with(call(), &bearer(&access))).await.assert_result("renewed");
    // Machines still have theirs.
    let machine = program.token();
    program.send(with(call(), &bearer(&machine))).await.assert_result("machine");
}

#[tokio::test]
async fn clients_and_logins_outlive_the_server_where_they_are_kept() {
    let data = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let arguments = ["--port", &port, "--data", data.path().to_str().unwrap()];
    let before = Running::start(&arguments);
    let tokens = log_in(&before).await;
    drop(before);
    let program = Running::start(&arguments);
    program.send(with(call(), &bearer(&tokens.access))).await.assert_result("token of before");
    let renewed = refresh(&program, &tokens).await;
    let (access, _) = tokens_of(&program, &renewed.json());
    program.send(with(call(), &bearer(&access))).await.assert_result("renewed");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(data.path().join("signing-key.der")).unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o600, "nobody else reads the key");
    }
}

#[tokio::test]
async fn d19_a_client_that_is_deleted_gets_nothing_more() {
    let program = Running::start(&[]);
    let tokens = log_in(&program).await;
    let client = format!("/clients/{}", tokens.client);
    let delete = Request::delete(&client).body(Full::default()).unwrap();
    let deleted = program.send(with(delete, &bearer(&tokens.registration_token))).await;
    assert_eq!(deleted.status, 204, "{deleted:?}");
    assert_eq!(refresh(&program, &tokens).await.status, 401);
    // Nobody has used it within the last minute, so it is asked about.
    let refused = program.send(with(call(), &bearer(&tokens.access))).await;
    assert_eq!(refused.status, 401, "{refused:?}");
    let machine = program.token();
    program.send(with(call(), &bearer(&machine))).await.assert_result("a machine's");
}

#[tokio::test]
async fn with_a_prometheus_of_ones_own_no_request_is_signed_for_this_machines_tables() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{nobody}");
    let program = Running::start_with(&[], &[("PROMETHEUS_URL", &url)]);
    let tokens = log_in(&program).await;
    program.send(with(list(), &bearer(&tokens.access))).await.assert_result("list");
}

#[tokio::test]
async fn k17_where_others_can_reach_the_server_nobody_logs_in_by_a_list() {
    let program = Running::start(&["--host", "0.0.0.0"]);
    assert!(!program.banner.contains("log in as"), "{}", program.banner);
    let metadata = program.send(get("/.well-known/oauth-authorization-server")).await;
    assert_eq!(metadata.status, 404, "{metadata:?}");
}
