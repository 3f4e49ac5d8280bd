//! Through the client of production, over a socket.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_credential_types::Credentials as AwsCredentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use axum::{Json, Router};
use backend_bedrock::{Bedrock, Error, Model, Prompt, Reply, Settings, Stats};
use serde_json::{Value, json};
use service_kit::clock::SystemClock;

use super::wire::Converse;
use crate::{Config, LocalAws};

fn client(aws: &LocalAws, models: &[&str]) -> Bedrock {
    let keys = aws.credentials();
    let credentials =
        AwsCredentials::new(&keys.access_key_id, &keys.secret_access_key, None, None, "test");
    let settings = Settings {
        region: aws.region().to_owned(),
        models: models.iter().map(|id| Model { id: (*id).to_owned(), price: None }).collect(),
        endpoint: Some(aws.base_url()),
    };
    let https = https::Client::new(https::Settings::default());
    let credentials = SharedCredentialsProvider::new(credentials);
    Bedrock::new(settings, https, credentials, Arc::new(SystemClock))
}

async fn ask(bedrock: &Bedrock, max_tokens: u32) -> Result<Reply, Error> {
    let prompt = Prompt {
        system: "Be brief.".to_owned(),
        user: "One sentence about queues. Another sentence about tables.".to_owned(),
        max_tokens,
    };
    let soon = Instant::now() + Duration::from_secs(20);
    bedrock.converse(&prompt, soon, &mut Stats::default()).await
}

#[tokio::test]
async fn without_a_model_sentences_are_picked_and_the_answer_says_so() {
    let aws = LocalAws::start(Config::default()).await.unwrap();
    let reply = ask(&client(&aws, &["local-extractive"]), 500).await.unwrap();
    assert!(reply.text.starts_with("No language model read this"), "{}", reply.text);
    assert!(reply.text.contains("One sentence about queues."), "{}", reply.text);
    assert_eq!(reply.model, "local-extractive");
    assert!(reply.usage.input_tokens > 10 && !reply.cut);
    assert!(ask(&client(&aws, &["local-extractive"]), 5).await.unwrap().cut);
    let prompt = aws.bedrock().last_prompt().unwrap();
    assert_eq!((prompt.system.as_str(), prompt.model.as_str()), ("Be brief.", "local-extractive"));
    assert_eq!(aws.bedrock().requests(), 2);
}

#[tokio::test]
async fn faults_come_on_demand() {
    let aws = LocalAws::start(Config::default()).await.unwrap();
    let bedrock = client(&aws, &["local-extractive"]);
    aws.bedrock().throttle(1);
    assert!(ask(&bedrock, 500).await.is_ok(), "the client tries again");
    aws.bedrock().deny(1);
    assert!(matches!(ask(&bedrock, 500).await, Err(Error::Denied { .. })));
    aws.bedrock().miss(1);
    assert!(matches!(ask(&bedrock, 500).await, Err(Error::NoModel { .. })));
    aws.bedrock().reply("A lie about [case 1].");
    assert_eq!(ask(&bedrock, 500).await.unwrap().text, "A lie about [case 1].");
    // An ARN is one segment of the path, and decoded.
    let arn = "arn:aws:bedrock:us-east-1:0:inference-profile/us.a-v1:0";
    assert_eq!(ask(&client(&aws, &[arn]), 500).await.unwrap().model, arn);
    assert_eq!(aws.bedrock().last_prompt().unwrap().model, arn);
}

#[tokio::test]
async fn a_model_that_is_not_there_is_passed_over() {
    let aws = LocalAws::start(Config::default()).await.unwrap();
    let reply = ask(&client(&aws, &["nothing", "local-extractive"]), 500).await.unwrap();
    assert_eq!(
        (reply.model.as_str(), reply.passed_over),
        ("local-extractive", vec!["nothing".to_owned()])
    );
}

/// A server that speaks the API of OpenAI, and answers what it was sent.
async fn openai(answer: fn(Value) -> (u16, Value)) -> String {
    let chat = move |Json(body): Json<Value>| async move {
        let (status, body) = answer(body);
        (http::StatusCode::from_u16(status).unwrap(), Json(body))
    };
    let models = || async { Json(json!({"data": [{"id": "first"}, {"id": "second"}]})) };
    let router = Router::new()
        .route("/v1/chat/completions", axum::routing::post(chat))
        .route("/v1/models", axum::routing::get(models));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, router).into_future());
    url
}

#[tokio::test]
async fn a_model_of_ones_own_is_asked_in_the_words_of_openai() {
    let url = openai(|body| {
        let said = json!({"role": "assistant", "content": body.to_string()});
        let choice = json!({"message": said, "finish_reason": "length"});
        (200, json!({"choices": [choice], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}))
    })
    .await;
    for (model, id, asked) in [(None, "local-llm", "first"), (Some("second"), "second", "second")] {
        let llm: super::Llm = format!("{url}/v1/").parse().unwrap();
        let llm = Some(llm.with_model(model.map(str::to_owned)));
        let aws = LocalAws::start(Config { llm, ..Config::default() }).await.unwrap();
        let reply = ask(&client(&aws, &[id]), 500).await.unwrap();
        let sent: Value = serde_json::from_str(&reply.text).unwrap();
        assert_eq!((&sent["model"], &sent["max_tokens"]), (&json!(asked), &json!(500)));
        assert_eq!(sent["messages"][0], json!({"role": "system", "content": "Be brief."}));
        assert_eq!(sent["messages"][1]["role"], "user");
        assert_eq!((reply.usage.input_tokens, reply.usage.output_tokens, reply.cut), (7, 3, true));
        let known = aws
            .cases_environment()
            .iter()
            .any(|(name, value)| *name == "BEDROCK_MODEL_IDS" && value == id);
        assert!(known);
    }
}

#[tokio::test]
async fn a_model_that_fails_is_a_failure_of_the_model() {
    let url = openai(|_| (500, json!({"error": "out of memory"}))).await;
    for url in [url.as_str(), "http://127.0.0.1:1"] {
        let llm = Some(url.parse::<super::Llm>().unwrap().with_model(Some("m".to_owned())));
        let aws = LocalAws::start(Config { llm, ..Config::default() }).await.unwrap();
        let err = ask(&client(&aws, &["m"]), 500).await.unwrap_err();
        assert_eq!(err.kind(), "unavailable", "{err}");
    }
}

#[test]
fn where_a_model_is_must_be_a_url_without_secrets() {
    for (text, url) in [
        ("http://localhost:11434", Some("http://localhost:11434")),
        ("http://localhost:8080/v1", Some("http://localhost:8080")),
        ("https://llm.example/api/v1/", Some("https://llm.example/api")),
        ("localhost:11434", None),
        ("ftp://x", None),
        ("http://", None),
        ("http://user:pass@x", None),
        ("http://x/?key=1", None),
        ("", None),
    ] {
        let read = text.parse::<super::Llm>().ok();
        assert_eq!(read.as_ref().map(super::Llm::url), url, "{text}");
    }
}

#[test]
fn a_request_that_makes_no_sense_is_told() {
    let message = |text: &str| json!([{"role": "user", "content": [{"text": text}]}]);
    for (body, words) in [
        (json!({"messages": []}), "must have a message"),
        (json!({"messages": message(" ")}), "blank"),
        (
            json!({"messages": [{"role": "assistant", "content": [{"text": "a"}]}]}),
            "start with a user",
        ),
        (json!({"messages": message("a"), "inferenceConfig": {"maxTokens": 0}}), "maxTokens"),
        (json!({"messages": message("a"), "inferenceConfig": {"temperature": 7}}), "temperature"),
        (json!({}), "missing field"),
    ] {
        let told = format!("{:?}", Converse::parse(body.to_string().as_bytes()).unwrap_err());
        assert!(told.contains(words), "{body}: {told}");
    }
}
