use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::cimd::pinned;
use crate::client::ClientOrigin;
use crate::memory::MemoryStore;

mod served;

const URL: &str = "https://client.example/oauth/client.json";
const NOW: Time = Time(1_800_000_000);
/// An address of the public internet, as the name leads to.
const PUBLIC: &str = "93.184.216.34";

/// What a server says over TLS, byte for byte.
type Answer = Arc<Mutex<Vec<u8>>>;

/// A server of `client.example` on loopback, and the way to it.
struct Site {
    answer: Answer,
    requests: Arc<Mutex<Vec<String>>>,
    network: Arc<Detour>,
    folder: TempDir,
    store: MemoryStore,
    limits: Limits,
}

/// The internet, but that whoever is permitted to be connected to is on this machine.
#[derive(Debug)]
struct Detour {
    to: SocketAddr,
    addresses: Mutex<Vec<IpAddr>>,
    resolved: AtomicUsize,
}

#[async_trait]
impl Network for Detour {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        self.resolved.fetch_add(1, Ordering::SeqCst);
        let known = host == "client.example";
        known.then(|| self.addresses.lock().unwrap().clone()).ok_or(io::ErrorKind::NotFound.into())
    }

    fn permit(&self, addresses: &[IpAddr]) -> Option<SocketAddr> {
        pinned(addresses).map(|_| self.to)
    }
}

fn document(change: impl FnOnce(&mut Value)) -> String {
    let mut document = json!({
        "client_id": URL,
        "client_name": "Editor",
        "redirect_uris": ["http://127.0.0.1/callback"],
        "token_endpoint_auth_method": "none",
    });
    change(&mut document);
    document.to_string()
}

/// An answer of 200 with these headers, which end in a line break each.
fn ok(headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\n{headers}content-length: {length}\r\n\r\n{body}").into_bytes()
}

fn good() -> Vec<u8> {
    ok("content-type: application/json\r\n", &document(|_| ()))
}

impl Site {
    async fn start() -> Self {
        let issued = rcgen::generate_simple_self_signed(["client.example".to_owned()]).unwrap();
        let key = issued.signing_key.serialize_der().try_into().unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![issued.cert.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let to = listener.local_addr().unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), issued.cert.pem()).unwrap();
        let (answer, requests) = (Answer::default(), Arc::<Mutex<Vec<String>>>::default());
        let (says, seen) = (Arc::clone(&answer), Arc::clone(&requests));
        tokio::spawn(async move {
            let acceptor = TlsAcceptor::from(Arc::new(config));
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let mut request = vec![0; 4096];
                let length = stream.read(&mut request).await.unwrap_or_default();
                seen.lock().unwrap().push(String::from_utf8_lossy(&request[..length]).into_owned());
                let answer = says.lock().unwrap().clone();
                tokio::spawn(async move {
                    let _ = stream.write_all(&answer).await;
                    // Open until the other side has had enough.
                    while !matches!(stream.read(&mut [0; 64]).await, Ok(0) | Err(_)) {}
                });
            }
        });
        *answer.lock().unwrap() = good();
        let network = Detour {
            to,
            addresses: Mutex::new(vec![PUBLIC.parse().unwrap()]),
            resolved: AtomicUsize::new(0),
        };
        Self {
            answer,
            requests,
            network: Arc::new(network),
            folder,
            store: MemoryStore::default(),
            limits: Limits::default(),
        }
    }

    fn documents(&self) -> Documents {
        let ca_file = Some(self.folder.path().join("ca.pem"));
        let https = https::Client::new(https::Settings { ca_file, ..Default::default() });
        let network: Arc<dyn Network> = self.network.clone();
        Documents::on(network, https, "mcp/invoke".parse().unwrap())
    }

    async fn ask(
        &self,
        documents: &Documents,
        url: &str,
        now: Time,
    ) -> Result<Option<Client>, Failure> {
        let source = Source::from(Some("192.0.2.1".parse().unwrap()));
        let url = url.parse().unwrap();
        documents.client(&url, source, &self.limits, &self.store, now).await
    }

    /// What is made of this answer by who has not asked before.
    async fn first(&self, answer: Vec<u8>) -> Option<Client> {
        *self.answer.lock().unwrap() = answer;
        self.ask(&self.documents(), URL, NOW).await.unwrap()
    }

    fn fetches(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

#[tokio::test]
async fn s11_a_document_is_fetched_over_tls_from_the_one_address_that_was_looked_at() {
    let site = Site::start().await;
    let client = site.first(good()).await.unwrap();
    assert_eq!((client.id.as_str(), client.origin), (URL, ClientOrigin::MetadataDocument));
    assert_eq!(client.expires_at, Some(NOW.after(Duration::from_secs(3600))));
    let requests = site.requests.lock().unwrap().clone();
    let [request] = &requests[..] else { panic!("{requests:?}") };
    assert!(request.starts_with("GET /oauth/client.json HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("\r\nhost: client.example\r\n"), "{request}");
    assert!(request.contains("\r\naccept: application/json\r\n"), "{request}");
    let chatgpt = document(|document| {
        document["token_endpoint_auth_method"] = "private_key_jwt".into();
        document["token_endpoint_auth_methods_supported"] = json!(["private_key_jwt", "none"]);
        document["jwks_uri"] = "https://client.example/jwks".into();
    });
    let client = site.first(ok("content-type: application/json\r\n", &chatgpt)).await.unwrap();
    assert!(client.is_public());
    assert_eq!(site.fetches(), 2, "no keys are fetched");
}

#[tokio::test]
async fn s02_s04_a_host_with_any_address_that_is_not_public_is_not_connected_to() {
    let site = Site::start().await;
    for addresses in [
        vec!["127.0.0.1"],
        vec!["169.254.169.254"],
        vec!["169.254.170.2"],
        vec!["10.0.0.1"],
        vec!["::1"],
        vec!["fd00:ec2::254"],
        vec!["::ffff:169.254.169.254"],
        vec!["64:ff9b::a9fe:a9fe"],
        vec![PUBLIC, "10.0.0.1"],
        vec!["10.0.0.1", PUBLIC],
        vec![],
    ] {
        let parsed = addresses.iter().map(|address| address.parse().unwrap()).collect();
        *site.network.addresses.lock().unwrap() = parsed;
        assert_eq!(site.first(good()).await, None, "{addresses:?}");
    }
    assert_eq!(site.fetches(), 0);
}

#[tokio::test]
async fn s03_a_name_is_resolved_once_for_a_fetch() {
    let site = Site::start().await;
    assert!(site.first(good()).await.is_some());
    assert_eq!(site.network.resolved.load(Ordering::SeqCst), 1);
    let unknown = site.ask(&site.documents(), "https://other.example/c", NOW).await.unwrap();
    assert_eq!(unknown, None);
}

#[tokio::test]
async fn s05_s06_what_is_no_whole_small_document_of_json_is_not_taken() {
    let site = Site::start().await;
    let json = "content-type: application/json\r\n";
    let fine = document(|_| ());
    let big = document(|document| document["padding"] = "x".repeat(5 * 1024).into());
    let raw = |text: String| text.into_bytes();
    let moved = format!("HTTP/1.1 302 Found\r\nlocation: {URL}\r\ncontent-length: 0\r\n\r\n");
    for (case, answer) in [
        ("redirect", raw(moved)),
        ("not found", raw("HTTP/1.1 404 X\r\ncontent-length: 0\r\n\r\n".to_owned())),
        ("too big", ok(json, &big)),
        (
            "chunked without end",
            raw(format!(
                "HTTP/1.1 200 OK\r\n{json}transfer-encoding: chunked\r\n\r\n{}",
                format!("400\r\n{}\r\n", "x".repeat(0x400)).repeat(8)
            )),
        ),
        ("compressed", ok(&format!("{json}content-encoding: gzip\r\n"), &fine)),
        ("html", ok("content-type: text/html\r\n", &fine)),
        ("no type", ok("", &fine)),
        ("two types", ok(&format!("{json}content-type: text/html\r\n"), &fine)),
        ("not JSON", ok(json, "<html>")),
        ("a list", ok(json, "[]")),
        ("another id", ok(json, &document(|it| it["client_id"] = "https://x.example/".into()))),
        ("a secret", ok(json, &document(|it| it["client_secret"] = "s".into()))),
        ("no name", ok(json, &document(|it| it["client_name"] = Value::Null))),
        (
            "a script",
            ok(json, &document(|it| it["redirect_uris"] = json!(["javascript:alert(1)"]))),
        ),
        ("not HTTP", raw("SSH-2.0-OpenSSH\r\n".to_owned())),
        ("a big head", ok(&format!("{json}x: {}\r\n", "y".repeat(32 << 10)), &fine)),
    ] {
        assert_eq!(site.first(answer).await, None, "{case}");
    }
    assert!(site.first(good()).await.is_some());
}

#[tokio::test(start_paused = true)]
async fn s06_a_server_that_drips_is_not_waited_for() {
    let site = Site::start().await;
    let cut = good()[..good().len() - 1].to_vec();
    let started = tokio::time::Instant::now();
    assert_eq!(site.first(cut).await, None);
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
}

#[tokio::test]
async fn s12_a_document_is_kept_as_long_as_it_says_and_no_longer_good_when_it_turns_bad() {
    let site = Site::start().await;
    let documents = site.documents();
    let long = "content-type: application/json\r\ncache-control: max-age=600\r\n";
    *site.answer.lock().unwrap() = ok(long, &document(|_| ()));
    let at = |seconds| Time(NOW.0 + seconds);
    assert!(site.ask(&documents, URL, at(0)).await.unwrap().is_some());
    assert!(site.ask(&documents, URL, at(599)).await.unwrap().is_some());
    assert_eq!(site.fetches(), 1);
    *site.answer.lock().unwrap() = ok(long, "{}");
    assert_eq!(site.ask(&documents, URL, at(600)).await.unwrap(), None);
    // Nobody asks again for a minute, whatever it is by then.
    *site.answer.lock().unwrap() = good();
    assert_eq!(site.ask(&documents, URL, at(659)).await.unwrap(), None);
    assert_eq!(site.fetches(), 2);
    assert!(site.ask(&documents, URL, at(660)).await.unwrap().is_some());
}

#[tokio::test]
async fn many_who_ask_at_a_time_cause_one_fetch() {
    let site = Arc::new(Site::start().await);
    let documents = Arc::new(site.documents());
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (site, documents) = (Arc::clone(&site), Arc::clone(&documents));
        asking.spawn(async move { site.ask(&documents, URL, NOW).await.unwrap().is_some() });
    }
    assert!(asking.join_all().await.into_iter().all(|found| found));
    assert_eq!(site.fetches(), 1);
}

#[tokio::test]
async fn s10_urls_that_are_made_up_cost_little_and_push_out_no_good_document() {
    let site = Site::start().await;
    let documents = site.documents();
    assert!(site.ask(&documents, URL, NOW).await.unwrap().is_some());
    let mut refused = 0;
    for n in 0..10_000 {
        let url = format!("https://c{n}.example/client.json");
        match site.ask(&documents, &url, NOW).await {
            Ok(None) => {}
            Err(Failure::TooMany { .. }) => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    let asked = site.network.resolved.load(Ordering::SeqCst);
    assert_eq!(asked, site.limits.documents as usize, "the first one among them");
    assert_eq!(refused, 10_000 - (asked - 1));
    assert!(documents.recent.lock().unwrap().len() <= recent::CAPACITY);
    assert!(site.ask(&documents, URL, NOW).await.unwrap().is_some(), "still known");
    assert_eq!(site.fetches(), 1);
}
