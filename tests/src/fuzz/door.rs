//! The same cases at the door of the MCP function, with credentials that are good, or nearly.

use fn_mcp::{Config, Function, VARS};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use serde_json::Value;
use service_kit::env::Reader;

use super::pool::{Pool, credentials};
use super::{Dice, ask, case, judge};

/// The function behind its door, and one token that opens it.
pub struct Site {
    function: Function,
    token: String,
}

impl Site {
    /// Makes a key and a token, and has the function fetch the key. All that is left to do later is
    /// done without the issuer; so time may be paused then, which sockets do not go well with.
    ///
    /// # Errors
    /// When there is no port, no key, or the function does not take the token.
    pub async fn start() -> anyhow::Result<Self> {
        let pool = Pool::start().await?;
        let mut env = Reader::new(&pool.env, VARS);
        let config = Config::read(&mut env);
        let config = env.finish(|| config)?;
        let function = fn_mcp::service(&config, pool.clock.clone())?;
        // The one is let in, and has brought nothing. The key of the other is looked for once.
        for (token, status) in [(&pool.token, 415), (&pool.unknown, 401)] {
            let request = Request::post("/mcp")
                .header(header::AUTHORIZATION, format!("Bearer {token}"))
                .body(Vec::new())?;
            let expect = |_: &Method, reply: &Response<Vec<u8>>| match reply.status() {
                told if told.as_u16() == status => Ok(()),
                told => Err(format!("{told} and not {status}")),
            };
            ask(function.clone(), request, expect).await.map_err(anyhow::Error::msg)?;
        }
        Ok(Self { function, token: pool.stop().await? })
    }

    /// Asks the function the `n`th case.
    ///
    /// # Errors
    /// When it panics, waits for ever, lets in who has no good token, or answers what no client should
    /// see.
    pub async fn attempt(&self, n: u64) -> Result<(), String> {
        let request = self.case(n);
        let opens = self.opens(&request);
        let path = request.uri().path().to_owned();
        let reply =
            |method: &Method, reply: &Response<Vec<u8>>| self.judge(method, &path, opens, reply);
        ask(self.function.clone(), request, reply).await
    }

    /// The `n`th case, with credentials.
    pub fn case(&self, n: u64) -> Request<Vec<u8>> {
        let mut request = case(n);
        let mut dice = Dice(!n);
        let credentials = match dice.below(16) {
            0..8 => vec![format!("Bearer {}", self.token).into_bytes()],
            8 => vec![],
            9 => (0..2).map(|_| credentials(&mut dice, &self.token)).collect(),
            _ => vec![credentials(&mut dice, &self.token)],
        };
        request.headers_mut().remove(header::AUTHORIZATION);
        for value in credentials.iter().filter_map(|value| HeaderValue::from_bytes(value).ok()) {
            request.headers_mut().append(header::AUTHORIZATION, value);
        }
        if dice.below(16) == 0 {
            let uri = format!("/mcp?access_token={}", self.token);
            *request.uri_mut() = Uri::try_from(uri).unwrap_or_default();
        }
        if dice.below(8) == 0 {
            let (method, path) = dice.pick(&REST);
            (*request.method_mut(), *request.uri_mut()) = (method, Uri::from_static(path));
        }
        request
    }

    /// Whether a request has the one good token, and nothing else that could be one.
    fn opens(&self, request: &Request<Vec<u8>>) -> bool {
        let mut values = request.headers().get_all(header::AUTHORIZATION).iter();
        let (first, second) = (values.next(), values.next());
        let text = first.filter(|_| second.is_none()).and_then(|value| value.to_str().ok());
        // Spaces around a header's value are none of it.
        let text = text.map(|text| text.trim_matches([' ', '\t']));
        let pair = text.and_then(|text| text.split_once(' '));
        let bearer = pair.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let in_query = request.uri().query().is_some_and(|query| query.contains("access_token"));
        bearer.is_some_and(|(_, token)| token == self.token) && !in_query
    }

    fn judge(
        &self,
        method: &Method,
        path: &str,
        opens: bool,
        reply: &Response<Vec<u8>>,
    ) -> Result<(), String> {
        let (status, body) = (reply.status(), String::from_utf8_lossy(reply.body()));
        if self.token.split('.').any(|part| body.contains(part)) {
            return Err("it says the token".to_owned());
        }
        // A browser asks before it sends credentials, and what is at the root everyone may know.
        if status.is_success() && !opens && method != Method::OPTIONS && path != "/" {
            return Err(format!("{status} without a good token"));
        }
        let refused = [StatusCode::UNAUTHORIZED, StatusCode::BAD_REQUEST].contains(&status);
        match reply.headers().get(header::WWW_AUTHENTICATE) {
            Some(_) if opens => Err(format!("a challenge to a good token: {status}")),
            Some(challenge) if refused => {
                let error = serde_json::from_slice::<Value>(reply.body()).unwrap_or_default();
                let is_bearer = challenge.as_bytes().starts_with(b"Bearer ");
                let told = if of_rest(path) { &error["error"]["code"] } else { &error["error"] };
                match is_bearer && told.is_string() {
                    true => Ok(()),
                    false => Err(format!("{challenge:?} with {body}")),
                }
            }
            _ if of_rest(path) => judge_rest(method, reply),
            _ => judge(method, reply),
        }
    }
}

/// A route of REST, or nearly one.
const REST: [(Method, &str); 7] = [
    (Method::POST, "/tools/ExecuteQuery"),
    (Method::POST, "/tools/ExecuteQuery?query=up"),
    (Method::POST, "/tools/NoSuchTool"),
    (Method::GET, "/tools"),
    (Method::GET, "/openapi.json"),
    (Method::PUT, "/tools/"),
    (Method::GET, "/"),
];

fn of_rest(path: &str) -> bool {
    matches!(path, "/" | "/tools" | "/openapi.json") || path.starts_with("/tools/")
}

/// An answer of REST is a JSON object, and no fault of the server's.
fn judge_rest(method: &Method, reply: &Response<Vec<u8>>) -> Result<(), String> {
    let status = reply.status();
    if status.is_server_error() {
        return Err(format!("a server error: {status}"));
    }
    if *method == Method::HEAD || status == StatusCode::NO_CONTENT {
        return Ok(());
    }
    let body: Value = serde_json::from_slice(reply.body()).map_err(|err| err.to_string())?;
    match status.is_success() || body["error"]["code"].is_string() {
        true if body.is_object() => Ok(()),
        _ => Err(format!("{status} with {body}")),
    }
}
