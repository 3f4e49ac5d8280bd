use super::*;

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Parser as _;
use local_aws::cognito::Mint;
use service_kit::clock::ManualClock;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::args::Args;

const NOW_MS: i64 = 1_795_191_000_000;
const LIST: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;

/// The whole server at a time of the test's own.
struct Site {
    address: SocketAddr,
    aws: LocalAws,
    clock: Arc<ManualClock>,
    serving: JoinHandle<()>,
}

impl Site {
    async fn start(arguments: &[&str]) -> Self {
        Self::start_with(arguments, &[]).await
    }

    /// With these variables in the environment of the process.
    async fn start_with(arguments: &[&str], process: &[(&str, &str)]) -> Self {
        let clock = Arc::new(ManualClock::new(NOW_MS));
        let aws = local_aws::Config { clock: clock.clone(), ..local_aws::Config::default() };
        let aws = LocalAws::start(aws).await.unwrap();
        let args = Args::try_parse_from([&["mcp-local"], arguments].concat()).unwrap().serve;
        let listener = serve::bind(args.host, 0).await.unwrap();
        let address = listener.local_addr().unwrap();
        let process: BTreeMap<_, _> = process.iter().copied().collect();
        let url = endpoint(address, None);
        let env = Environment::new(&process, &Sources::choose(&process), &aws, url, args.no_auth);
        let (_, config) = configuration(&env).unwrap();
        let deployment = deployment(&config, &env, &aws, None, &args, clock.clone()).unwrap();
        let answer = move |request, source| deployment.clone().answer(request, source);
        let serving = tokio::spawn(serve::run(
            listener,
            serve::MAX_CONNECTIONS,
            answer,
            std::future::pending(),
        ));
        Self { address, aws, clock, serving }
    }

    /// What comes for these bytes, up to the end of the connection.
    async fn send(&self, bytes: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    /// The first line of the answer to `tools/list` with this token.
    async fn list(&self, token: &str) -> String {
        let length = LIST.len();
        let request = format!(
            "POST /mcp HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\
             content-type: application/json\r\nauthorization: Bearer {token}\r\n\r\n{LIST}"
        );
        self.send(&request).await.lines().next().unwrap().to_owned()
    }

    async fn token(&self) -> String {
        let day = Mint::access("local-client").with_lifetime_s(24 * 3_600);
        let scopes = ["prometheus-mcp-server/read"];
        self.aws.cognito().mint(&day.with_scopes(scopes)).await.unwrap()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

#[test]
fn the_endpoint_is_one_that_this_machine_reaches() {
    for (address, stage, expected) in [
        ("127.0.0.1:8787", None, "http://127.0.0.1:8787/mcp"),
        ("0.0.0.0:80", None, "http://127.0.0.1:80/mcp"),
        ("[::]:8787", None, "http://127.0.0.1:8787/mcp"),
        ("[::1]:8787", None, "http://[::1]:8787/mcp"),
        ("127.0.0.1:8787", Some("prod"), "http://127.0.0.1:8787/prod/mcp"),
    ] {
        assert_eq!(endpoint(address.parse().unwrap(), stage), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn x04_a_client_that_does_not_end_its_body_is_told_so() {
    for arguments in [&["--no-auth"][..], &["--gateway", "none"], &[]] {
        let site = Site::start(arguments).await;
        let started = tokio::time::Instant::now();
        let answer = site
            .send("POST /mcp HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{\"jsonrpc\"")
            .await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{arguments:?}: {answer}");
        assert!(started.elapsed() >= serve::PATIENCE);
    }
}

/// 10 MB at the gateway; what the function itself takes is less.
#[tokio::test]
async fn a_body_that_is_too_long_for_the_gateway_is_told_so() {
    const MOST: usize = 10 << 20;
    let (site, bare) =
        (Site::start(&["--no-auth"]).await, Site::start(&["--no-auth", "--gateway", "none"]).await);
    for (site, length, body) in [
        (&site, MOST, "the body is over 1048576 bytes"),
        (&site, MOST + 1, "\r\n\r\n{\"message\":\"Request Too Long\"}"),
        (&bare, MOST + 1, "\r\n\r\n"),
    ] {
        let head = format!(
            "POST /mcp HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\
             content-type: application/json\r\n\r\n"
        );
        let answer = site.send(&(head + &"a".repeat(length))).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{length}: {answer}");
        assert!(answer.contains(body), "{length}: {answer}");
    }
}

/// A Prometheus that never answers. API Gateway waits for 29 seconds.
#[tokio::test(start_paused = true)]
async fn a_call_that_takes_too_long_is_answered_before_the_gateway_gives_up_unless_it_streams() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ExecuteQuery","arguments":{"query":"up"}}}"#;
    let length = call.len();
    let request = format!(
        "POST /mcp HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\
         content-type: application/json\r\n\r\n{call}"
    );
    for (mode, gateway, at_most) in [
        ("buffered", "rest", Some(28)),
        ("buffered", "none", Some(28)),
        ("streaming", "rest", None),
    ] {
        let process = [("PROMETHEUS_URL", url.as_str()), ("RESPONSE_MODE", mode)];
        let site = Site::start_with(&["--no-auth", "--gateway", gateway], &process).await;
        let started = tokio::time::Instant::now();
        let answer = site.send(&request).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{mode} {gateway}: {answer}");
        assert!(answer.contains("\"isError\":true"), "{mode} {gateway}: {answer}");
        let took = started.elapsed().as_secs();
        assert!(at_most.is_none_or(|most| took <= most), "{mode} {gateway}: {took} s");
        assert!(at_most.is_some() || took > 29, "{mode} {gateway}: {took} s");
    }
}

#[tokio::test]
async fn j31_j32_a_retired_keys_tokens_are_good_until_the_keys_are_asked_for_again() {
    for arguments in [&[][..], &["--gateway", "none"]] {
        let site = Site::start(arguments).await;
        let cognito = site.aws.cognito();
        let old = site.token().await;
        assert_eq!(site.list(&old).await, "HTTP/1.1 200 OK");
        cognito.rotate().await.unwrap();
        let new = site.token().await;
        for token in [&new, &old, &new] {
            assert_eq!(site.list(token).await, "HTTP/1.1 200 OK", "{arguments:?}");
        }
        cognito.retire().await.unwrap();
        site.clock.advance(Duration::from_secs(59 * 60));
        for token in [&old, &new] {
            assert_eq!(site.list(token).await, "HTTP/1.1 200 OK", "{arguments:?}");
        }
        // Past the hour that keys are good for, and the minute of the gateway.
        site.clock.advance(Duration::from_secs(2 * 60));
        for (token, status) in [(&old, "401 Unauthorized"), (&new, "200 OK")] {
            assert_eq!(site.list(token).await, format!("HTTP/1.1 {status}"), "{arguments:?}");
        }
    }
}
