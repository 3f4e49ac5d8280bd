//! Events for the authorizer, as API Gateway sends them and as it never would.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use anyhow::ensure;
use bytes::Bytes;
use fn_authorizer::{Authorizer, Config, VARS};
use futures_util::FutureExt as _;
use serde_json::Value;
use service_kit::env::Reader;

use super::pool::{Pool, credentials};
use super::{Dice, mutate_bytes, mutate_json};

const EVENTS: [&str; 7] = [
    include_str!("../../../crates/auth/src/authorizer/fixtures/rest-v1.json"),
    include_str!("../../../crates/auth/src/authorizer/fixtures/rest-v1-base64.json"),
    include_str!("../../../crates/auth/src/authorizer/fixtures/rest-v1-multi-value-only.json"),
    include_str!("../../../crates/auth/src/authorizer/fixtures/http-v1.json"),
    include_str!("../../../crates/auth/src/authorizer/fixtures/http-v2.json"),
    include_str!("../../../crates/auth/src/authorizer/fixtures/alb.json"),
    include_str!("../../../crates/auth/src/authorizer/fixtures/token.json"),
];
/// How many of those are for an authorizer of requests.
const UNDERSTOOD: usize = 5;

/// The authorizer, and one token that it lets pass.
pub struct Gate {
    authorizer: Authorizer,
    token: String,
}

impl Gate {
    /// Makes a key and a token, and has the authorizer fetch the key; as of [`Site`](super::Site).
    ///
    /// # Errors
    /// When there is no port, no key, or a form of event is not understood.
    pub async fn start() -> anyhow::Result<Self> {
        let pool = Pool::start().await?;
        let mut env = Reader::new(&pool.env, VARS);
        let config = Config::read(&mut env);
        let config = env.finish(|| config)?;
        let authorizer = fn_authorizer::service(&config, pool.clock.clone());
        for (n, event) in EVENTS.into_iter().enumerate() {
            let answer = authorizer.decide(with_token(event, &pool.token).into()).await;
            ensure!(answer.is_ok() == (n < UNDERSTOOD), "{answer:?} to {event}");
        }
        // Its key is looked for once.
        let answer = authorizer.decide(with_token(EVENTS[0], &pool.unknown).into()).await;
        ensure!(answer.is_err_and(|err| err.to_string() == "Unauthorized"), "an unknown key");
        Ok(Self { authorizer, token: pool.stop().await? })
    }

    /// Has the `n`th case decided.
    ///
    /// # Errors
    /// When it panics, waits for ever, lets pass who has no good token, opens more than the routes of
    /// the stage, or tells what is not to be told.
    pub async fn attempt(&self, n: u64) -> Result<(), String> {
        let event = Bytes::from(self.case(n));
        // Time is paused: it passes only while nothing else can happen.
        let day = Duration::from_secs(24 * 60 * 60);
        let answer = tokio::time::timeout(day, self.authorizer.decide(event.clone()));
        let said = match AssertUnwindSafe(answer).catch_unwind().await {
            Err(_) => return Err("a panic".to_owned()),
            Ok(Err(_)) => return Err("no answer within a day".to_owned()),
            Ok(Ok(Ok(answer))) => {
                let has_token = String::from_utf8_lossy(&event).contains(&self.token);
                if !has_token {
                    return Err("someone without the token may pass".to_owned());
                }
                self.judge(&answer)?;
                String::from_utf8_lossy(&answer).into_owned()
            }
            Ok(Ok(Err(err))) if err.to_string() != "Unauthorized" => return Err(err.to_string()),
            // With all its sources.
            Ok(Ok(Err(err))) => format!("{err:?}"),
        };
        let told = self.token.split('.').any(|part| said.contains(part));
        if told { Err(format!("it says the token: {said}")) } else { Ok(()) }
    }

    /// The `n`th case: an event with credentials, changed in up to two places.
    pub fn case(&self, n: u64) -> Vec<u8> {
        let mut dice = Dice(n ^ 0x5bd1_e995);
        let credentials = match dice.below(2) {
            0 => format!("Bearer {}", self.token).into_bytes(),
            _ => credentials(&mut dice, &self.token),
        };
        let credentials = Value::from(String::from_utf8_lossy(&credentials)).to_string();
        let mut event = dice.pick(&EVENTS).replace("\"Bearer TOKEN\"", &credentials).into_bytes();
        for _ in 0..dice.below(3) {
            match dice.below(4) {
                0 => mutate_bytes(&mut dice, &mut event),
                _ => event = mutate_json(&mut dice, &event),
            }
        }
        event
    }

    /// Whether a policy opens routes of one stage, one by one, and tells texts only.
    fn judge(&self, answer: &[u8]) -> Result<(), String> {
        let policy: Value = serde_json::from_slice(answer).map_err(|err| err.to_string())?;
        let statements = &policy["policyDocument"]["Statement"];
        let narrow = |resource: &Value| {
            let route = resource.as_str().and_then(|arn| arn.splitn(3, '/').nth(2));
            // Of any tool, and nothing else: its one wildcard is at the end.
            let of_tools = resource.as_str().and_then(|arn| arn.strip_suffix("/POST/tools/*"));
            if let Some(stage) = of_tools {
                return !stage.contains(['*', '?']);
            }
            let narrow = route.is_some_and(|route| ROUTES.contains(&route));
            narrow && !resource.to_string().contains(['*', '?'])
        };
        let resources = statements[0]["Resource"].as_array().map_or(&[][..], Vec::as_slice);
        let context = policy["context"].as_object();
        let fine = statements.as_array().is_some_and(|all| all.len() == 1)
            && statements[0]["Effect"] == "Allow"
            && !resources.is_empty()
            && resources.iter().all(narrow)
            && policy["principalId"] == "local-client"
            && context.is_some_and(|context| context.values().all(Value::is_string));
        if fine { Ok(()) } else { Err(format!("a policy that is none: {policy}")) }
    }
}

/// What a policy opens one by one.
const ROUTES: [&str; 5] = ["POST/mcp", "GET/mcp", "DELETE/mcp", "GET/tools", "GET/openapi.json"];

fn with_token(event: &str, token: &str) -> String {
    event.replace("Bearer TOKEN", &format!("Bearer {token}"))
}
