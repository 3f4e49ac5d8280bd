//! What a flood of tokens with unknown keys costs those whose tokens are good: their p99 while a
//! thousand such tokens wait for the issuer, over their p99 without. Only the ratio tells anything;
//! it fails from [`TIMES`] on.
//!
//! What is timed is the CPU of this thread, and what counts is the calmest round, so that others on
//! the machine make no difference. Nobody waits unseen: the issuer answers when the good tokens are
//! through, and if one waited for that, this would never end.
#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up stops")]
#![expect(clippy::print_stdout, reason = "a bench tells what it measured")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use auth::{Issuer, Profile, Verifier};
use futures_util::future::join_all;
use nix::time::ClockId;
use serde_json::json;
use service_kit::clock::ManualClock;
use signer::Signer;

#[expect(dead_code, reason = "the tests need more of it")]
#[path = "../src/signer.rs"]
mod signer;

const RESOURCE: &str = "https://mcp.example.com/mcp";
const NOW: i64 = 1_790_000_000;
const FLOOD: usize = 1000;
const ROUNDS: usize = 20;
const TOKENS: usize = 1000;
/// As many times its p99 without it a good token may take in a flood, but not quite.
const TIMES: f64 = 2.0;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let signer = Signer::es256("k1");
    let publisher = Publisher::start(&signer);
    let url = &publisher.url;
    let clock = Arc::new(ManualClock::new(NOW * 1000));
    let verifier = Verifier::new(vec![issuer(url)], clock.clone());
    let token = |kid: &str, jti: String| token(&signer, url, kid, &jti);
    publisher.answer();
    verifier.verify(&token("k1", "first".to_owned())).await.unwrap();

    let (mut quiet, mut flooded) = (Latencies::default(), Latencies::default());
    for round in 0..ROUNDS {
        let good = |state| (0..TOKENS).map(move |n| format!("{state} {round} {n}"));
        let good = |state| good(state).map(|jti| token("k1", jti)).collect::<Vec<_>>();
        quiet.measure(&verifier, &good("quiet")).await;

        // The next time that an unknown key has the issuer asked.
        clock.advance(Duration::from_secs(60));
        let flood: Vec<_> =
            (0..FLOOD).map(|n| token(&format!("{round}-{n}"), String::new())).collect();
        let flood = join_all(flood.iter().map(|token| verifier.verify(token)));
        let good = good("flooded");
        let (refused, ()) = tokio::join!(flood, async {
            tokio::task::yield_now().await;
            flooded.measure(&verifier, &good).await;
            publisher.answer();
        });
        assert!(refused.iter().all(Result::is_err));
    }
    let asked = publisher.asked.try_iter().count();
    println!("{asked} fetches of the key set in {ROUNDS} minutes with {FLOOD} unknown keys each");
    assert!(asked <= 1 + ROUNDS);
    compare("a new token", quiet.new, flooded.new);
    compare("a known token", quiet.known, flooded.known);
}

/// The p99 of verifications, the first of a token and the second, in the calmest round.
struct Latencies {
    new: Duration,
    known: Duration,
}

impl Default for Latencies {
    fn default() -> Self {
        Self { new: Duration::MAX, known: Duration::MAX }
    }
}

impl Latencies {
    async fn measure(&mut self, verifier: &Verifier, tokens: &[String]) {
        let mut round = [Vec::new(), Vec::new()];
        for token in tokens {
            for latencies in &mut round {
                let started = cpu();
                verifier.verify(token).await.unwrap();
                latencies.push(cpu() - started);
            }
        }
        let [new, known] = round.map(|mut latencies| {
            latencies.sort_unstable();
            latencies[latencies.len() * 99 / 100]
        });
        (self.new, self.known) = (self.new.min(new), self.known.min(known));
    }
}

/// What this thread has used.
fn cpu() -> Duration {
    ClockId::CLOCK_THREAD_CPUTIME_ID.now().unwrap().into()
}

fn compare(what: &str, quiet: Duration, flooded: Duration) {
    let ratio = flooded.as_secs_f64() / quiet.as_secs_f64();
    println!("{what}: p99 {quiet:?}, in a flood {flooded:?}, {ratio:.2} times");
    assert!(ratio < TIMES, "a flood costs those whose tokens are good too much");
}

fn token(signer: &Signer, issuer: &str, kid: &str, jti: &str) -> String {
    let header = json!({ "alg": signer.alg(), "typ": "at+jwt", "kid": kid });
    let claims = json!({
        "iss": issuer, "sub": "someone", "client_id": "client", "aud": RESOURCE, "jti": jti,
        "iat": NOW, "exp": NOW + 24 * 3600, "scope": "mcp/invoke",
    });
    signer.token(&header.to_string(), &claims.to_string())
}

/// An issuer's web server, which answers when it is told.
struct Publisher {
    url: String,
    answer: Sender<()>,
    asked: Receiver<()>,
}

impl Publisher {
    fn start(signer: &Signer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let body = json!({ "keys": [signer.jwk()] }).to_string();
        let text = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let ((answer, told), (asks, asked)) = (channel(), channel());
        thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                let mut lines = BufReader::new(connection.try_clone().unwrap()).lines();
                while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
                asks.send(()).unwrap();
                if told.recv().is_ok() {
                    connection.write_all(text.as_bytes()).unwrap();
                }
            }
        });
        Self { url, answer, asked }
    }

    /// Has one request answered.
    fn answer(&self) {
        self.answer.send(()).unwrap();
    }
}

fn issuer(url: &str) -> Issuer {
    Issuer {
        url: url.to_owned(),
        profile: Profile::AccessToken,
        audience: RESOURCE.to_owned(),
        clients: Vec::new(),
        jwks_uri: format!("{url}/jwks").parse().unwrap(),
        known_keys: None,
        tenant_claim: None,
        tenants: [].into(),
        tenant: None,
        scopes: None,
        check_grants: false,
    }
}
