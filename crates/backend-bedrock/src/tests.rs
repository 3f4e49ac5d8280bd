//! The whole crate against a scripted Bedrock on loopback.

mod server;

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use serde_json::json;
use service_kit::clock::ManualClock;

use crate::{Bedrock, Error, Model, Price, Prompt, Reply, Settings, Stats, Usage};
use server::{Server, refused, said};

/// 2026-12-01T12:00:00Z
const NOW_MS: i64 = 1_796_126_400_000;
const FIRST: &str = "arn:aws:bedrock:us-east-1:1:inference-profile/us.first";

fn bedrock(url: &str) -> Bedrock {
    let price = Some(Price { input: 1.0, output: 5.0 });
    let settings = Settings {
        region: "us-east-1".to_owned(),
        models: vec![
            Model { id: FIRST.to_owned(), price },
            Model { id: "second".to_owned(), price: None },
        ],
        endpoint: Some(url.to_owned()),
    };
    let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "tests");
    let https = https::Client::new(https::Settings::default());
    let provider = SharedCredentialsProvider::new(credentials);
    Bedrock::new(settings, https, provider, Arc::new(ManualClock::new(NOW_MS)))
}

async fn ask(server: &Server) -> Result<(Reply, Stats), Error> {
    let prompt = Prompt { system: "be brief".to_owned(), user: "why?".to_owned(), max_tokens: 100 };
    let (deadline, mut stats) = (Instant::now() + Duration::from_secs(20), Stats::default());
    let reply = bedrock(&server.url).converse(&prompt, deadline, &mut stats).await?;
    Ok((reply, stats))
}

#[tokio::test]
async fn the_first_model_is_asked_signed_and_its_tokens_are_priced() {
    let server = Server::start(|_, _| said("because")).await;
    let (reply, stats) = ask(&server).await.unwrap();
    let usage = Usage { input_tokens: 1_000_000, output_tokens: 10 };
    assert_eq!((reply.text.as_str(), reply.model.as_str()), ("because", FIRST));
    assert_eq!((reply.usage, reply.cut, stats.http_calls), (usage, false, 1));
    assert!((reply.usd.unwrap() - 1.00005).abs() < 1e-9);
    let [asked] = &server.asked()[..] else { panic!("one request") };
    assert!(asked.signed);
    assert_eq!(
        asked.path,
        "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.first/converse"
    );
    assert_eq!(
        asked.body,
        json!({
            "system": [{"text": "be brief"}],
            "messages": [{"role": "user", "content": [{"text": "why?"}]}],
            "inferenceConfig": {"maxTokens": 100, "temperature": 0.0},
        })
    );
}

#[tokio::test]
async fn another_model_is_asked_when_one_cannot_be() {
    for (status, code, message) in [
        (403, "AccessDeniedException", "You don't have access to the model with this id."),
        (404, "ResourceNotFoundException", "This model version has reached the end of its life."),
        (400, "ValidationException", "The provided model identifier is invalid."),
        (400, "ValidationException", "Invocation with on-demand throughput isn't supported."),
        (429, "ThrottlingException", "Too many tokens"),
        (503, "ServiceUnavailableException", "try later"),
    ] {
        let server = Server::start(move |asked, _| match asked.path.contains("second") {
            true => said("ok"),
            false => refused(status, code, message),
        })
        .await;
        let (reply, _) = ask(&server).await.unwrap_or_else(|err| panic!("{message}: {err}"));
        assert_eq!(reply.model, "second", "{message}");
        assert_eq!((reply.usd, reply.passed_over), (None, vec![FIRST.to_owned()]));
    }
}

#[tokio::test]
async fn what_no_model_would_take_is_asked_once() {
    let server =
        Server::start(|_, _| refused(400, "ValidationException", "Input is too long.")).await;
    let err = ask(&server).await.unwrap_err();
    assert_eq!((err.kind(), server.asked().len()), ("rejected", 1));
    assert_eq!(
        err.to_string(),
        format!("the model {FIRST} refused the prompt: Input is too long.")
    );
}

#[tokio::test]
async fn the_last_model_is_asked_until_it_is_not_throttled() {
    let server = Server::start(|asked, before| match (asked.path.contains("second"), before) {
        (true, 4) => said("at last"),
        _ => refused(429, "ThrottlingException", "slow down"),
    })
    .await;
    let (reply, stats) = ask(&server).await.unwrap();
    assert_eq!((reply.text.as_str(), stats.http_calls), ("at last", 7));
}

#[tokio::test]
async fn a_denial_names_the_action_and_what_may_pass_comes_first() {
    let denied = "User: arn:aws:sts::1:assumed-role/r is not authorized to perform: \
                  bedrock:InvokeModel on resource: arn:aws:bedrock:::foundation-model/x";
    let server = Server::start(move |_, _| refused(403, "AccessDeniedException", denied)).await;
    let Error::Denied { action, .. } = ask(&server).await.unwrap_err() else { panic!("denied") };
    assert!(action.starts_with("bedrock:InvokeModel on second"), "{action}");

    let server = Server::start(move |asked, _| match asked.path.contains("second") {
        true => refused(403, "AccessDeniedException", denied),
        false => refused(503, "ServiceUnavailableException", "try later"),
    })
    .await;
    let err = ask(&server).await.unwrap_err();
    assert_eq!((err.kind(), err.is_retryable()), ("unavailable", true));
}

#[tokio::test]
async fn no_text_is_no_answer_and_a_cut_one_says_so() {
    let server = Server::start(|_, _| said(" ")).await;
    assert_eq!(ask(&server).await.unwrap_err().kind(), "empty");
    let server = Server::start(|_, _| {
        let (status, _, mut body) = said("half");
        body["stopReason"] = json!("max_tokens");
        (status, "", body)
    })
    .await;
    assert!(ask(&server).await.unwrap().0.cut);
}
