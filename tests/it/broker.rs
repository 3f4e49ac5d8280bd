//! People log in by the Cognito of `local-aws`, over HTTP, as a browser would have them.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use local_aws::cognito::{Client, ClientSecret, CognitoConfig, Mint, User};
use local_aws::{Config, LocalAws};
use oauth::{
    Begun, Broker, BrokerError, Form, IdTokenError, Person, Provider, Time, TransactionState,
    Upstream, UpstreamCode,
};
use service_kit::clock::{Clock as _, SystemClock};

const CALLBACK: &str = "https://mcp.example.com/oauth/callback";

struct Site {
    aws: LocalAws,
    broker: Broker,
    browser: https::Client,
}

impl Site {
    /// A pool with ada in it, and a broker that finds out by itself where everything is.
    async fn start(needs_mfa: bool) -> Self {
        let web = Client {
            id: "web".to_owned(),
            secret: Some(ClientSecret::new("s3cret")),
            callbacks: vec![CALLBACK.to_owned()],
            tenant: Some("acme".to_owned()),
            ..Client::default()
        };
        let ada = User {
            name: "ada".to_owned(),
            password: "pw-1".to_owned(),
            email: Some("ada@example.com".to_owned()),
        };
        let cognito =
            CognitoConfig { clients: vec![web], users: vec![ada], ..CognitoConfig::default() };
        let aws = LocalAws::start(Config { cognito, ..Config::default() }).await.expect("a port");
        let provider = Provider {
            upstream: Upstream {
                issuer: aws.cognito().issuer(),
                client_id: "web".to_owned(),
                is_cognito: true,
                tenant_claim: Some("tenant_id".to_owned()),
                needs_mfa,
            },
            client_secret: Some("s3cret".to_owned()),
            scope: "openid email".to_owned(),
            redirect_uri: CALLBACK.to_owned(),
        };
        let browser = https::Client::new(https::Settings::default());
        let broker = Broker::new(provider, browser.clone(), Arc::new(SystemClock));
        Self { aws, broker, browser }
    }

    async fn send(&self, request: http::request::Builder, body: String) -> Response<Bytes> {
        let request = request.body(body.into()).expect("a request");
        self.browser.send(request, 1 << 20).await.expect("an answer")
    }

    /// What comes back to us when ada signs in at `url`.
    async fn sign_in(&self, url: &str) -> Form {
        let page = self.send(Request::get(url), String::new()).await;
        assert_eq!(page.status(), StatusCode::OK);
        let (_, query) = url.split_once('?').expect("a query");
        let login = format!("http://{}/login", self.aws.address);
        let login =
            Request::post(login).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let signed_in = self.send(login, format!("{query}&username=ada&password=pw-1")).await;
        assert_eq!(signed_in.status(), StatusCode::FOUND);
        let location = signed_in.headers()[header::LOCATION].to_str().expect("a location");
        let answer = location.strip_prefix(&format!("{CALLBACK}?")).expect("our callback");
        Form::parse(answer).expect("a query")
    }

    async fn log_in(&self) -> Result<Person, BrokerError> {
        let (step, answer) = self.begin().await;
        self.finish(&step, answer.get("code").expect("a code")).await
    }

    async fn begin(&self) -> (TransactionState, Form) {
        let Begun { location, step } = self.broker.begin(false).await.expect("a provider");
        let answer = self.sign_in(location.as_str()).await;
        let TransactionState::Login { state, .. } = &step else { panic!("a login") };
        assert!(state.is_of(answer.get("state").expect("a state")));
        (step, answer)
    }

    async fn finish(&self, step: &TransactionState, code: &str) -> Result<Person, BrokerError> {
        let TransactionState::Login { nonce, verifier, .. } = step else { panic!("a login") };
        self.broker.finish(&UpstreamCode { code, verifier, nonce }, now()).await
    }
}

fn now() -> Time {
    Time::of(SystemClock.now())
}

#[tokio::test]
async fn who_signs_in_at_cognito_is_known_to_the_authorization_server() {
    let site = Site::start(false).await;
    let person = site.log_in().await.expect("ada is known");
    assert_eq!(person.name.as_deref(), Some("ada@example.com"));
    assert_eq!(person.tenant.as_ref().map(|tenant| tenant.as_str()), Some("acme"));
    assert_eq!(person.subject.len(), 36, "a UUID, as Cognito has them");
    assert_eq!(site.log_in().await.expect("ada again").subject, person.subject);
    assert_eq!(site.aws.cognito().jwks_requests(), 1);
    // Keys change, and nobody notices.
    site.aws.cognito().rotate().await.expect("a key");
    assert_eq!(site.log_in().await.expect("and again").subject, person.subject);
}

#[tokio::test]
async fn k11_k12_a_code_is_good_once_for_the_login_that_it_was_made_for() {
    let site = Site::start(false).await;
    let (step, answer) = site.begin().await;
    let code = answer.get("code").expect("a code");
    site.finish(&step, code).await.expect("ada is known");
    let again = site.finish(&step, code).await.expect_err("used");
    assert_eq!(again.to_string(), "the identity provider refuses the code: 400 Bad Request");
    let (_, theirs) = site.begin().await;
    let (mine, _) = site.begin().await;
    let stolen = site.finish(&mine, theirs.get("code").expect("a code")).await;
    assert!(matches!(stolen, Err(BrokerError::Refused(_))), "{stolen:?}");
}

#[tokio::test]
async fn k12_one_factor_is_not_enough_where_two_are_asked_for() {
    let site = Site::start(true).await;
    let refused = site.log_in().await.expect_err("one factor");
    assert!(matches!(refused, BrokerError::IdToken(IdTokenError::SecondFactor)), "{refused:?}");
}

#[tokio::test]
async fn k12_an_access_token_of_the_pool_is_no_id_token() {
    let site = Site::start(false).await;
    let access = Mint::access("web").with_user("ada").with_claim("nonce", "n".into());
    let token = site.aws.cognito().mint(&access).await.expect("a token");
    let uri = site.aws.cognito().jwks_uri().parse().expect("a URL");
    let keys = auth::PublishedKeys::new("the pool", uri, Arc::new(SystemClock));
    let claims = keys.claims(&token).await.expect("it is signed by the pool");
    // Only that keeps it out: it has no `aud` either.
    let mut as_id = claims.clone();
    as_id.insert("aud".to_owned(), "web".into());
    let upstream = site.broker.upstream();
    assert_eq!(upstream.person(&claims, "n", now()), Err(IdTokenError::Audience));
    assert_eq!(upstream.person(&as_id, "n", now()), Err(IdTokenError::NotAnIdToken));
}
