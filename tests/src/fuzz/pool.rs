//! Who issues the tokens of the cases, and what becomes of those.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use local_aws::LocalAws;
use local_aws::cognito::Mint;
use serde_json::{Value, json};
use service_kit::clock::ManualClock;

use super::{Dice, mutate_value};

/// When it is, in milliseconds since 1970. It stays so.
const NOW_MS: i64 = 1_795_191_000_000;

/// An issuer that answers for its keys until it is stopped.
pub(super) struct Pool {
    aws: LocalAws,
    pub(super) clock: Arc<ManualClock>,
    /// The environment of a function that takes its tokens.
    pub(super) env: BTreeMap<&'static str, String>,
    /// A good token.
    pub(super) token: String,
    /// A token of a key that is not published.
    pub(super) unknown: String,
}

impl Pool {
    pub(super) async fn start() -> anyhow::Result<Self> {
        let clock = Arc::new(ManualClock::new(NOW_MS));
        let config = local_aws::Config { clock: clock.clone(), ..local_aws::Config::default() };
        let aws = LocalAws::start(config).await?;
        let pool = aws.cognito();
        let (issuer, clients) = (pool.issuer(), ["local-client"]);
        let issuers = json!([{"issuer": issuer, "profile": "cognito", "clients": clients}]);
        let (issuers, resource) = (issuers.to_string(), "https://mcp.example.com/mcp".to_owned());
        let env = BTreeMap::from([("MCP_RESOURCE", resource), ("AUTH_ISSUERS", issuers)]);
        let mint = Mint::access("local-client").with_scopes(["prometheus-mcp-server/read"]);
        let token = pool.mint(&mint).await?;
        let unknown = pool.mint(&mint.with_header("kid", "unknown".into())).await?;
        Ok(Self { aws, clock, env, token, unknown })
    }

    /// The good token, once nobody answers any more.
    pub(super) async fn stop(self) -> anyhow::Result<String> {
        self.aws.stop().await?;
        Ok(self.token)
    }
}

/// What a client might send for `token`.
pub(super) fn credentials(dice: &mut Dice, token: &str) -> Vec<u8> {
    const SCHEMES: [&str; 10] = [
        "Bearer  ",
        "bearer ",
        "BEARER\t",
        "Bearer",
        "Basic ",
        "Digest ",
        "",
        " Bearer ",
        "Bearer,",
        "Bearer \"",
    ];
    let mut parts: Vec<_> = token.split('.').map(str::to_owned).collect();
    let at = dice.below(parts.len());
    match dice.below(6) {
        0 => return format!("{}{token}", dice.pick(&SCHEMES)).into_bytes(),
        1 => {
            let mut bytes = format!("Bearer {token}").into_bytes();
            let at = dice.below(bytes.len());
            bytes[at] ^= 1 << dice.below(8);
            return bytes;
        }
        2 => drop(parts.remove(at)),
        3 => parts.insert(at, dice.pick(&parts)),
        4 => parts[at] = String::new(),
        _ => {
            let at = dice.below(2);
            parts[at] = altered(dice, &parts[at]);
        }
    }
    format!("Bearer {}", parts.join(".")).into_bytes()
}

/// A header or claims with a member changed, or one that would matter to a careless reader.
fn altered(dice: &mut Dice, part: &str) -> String {
    let json = BASE64_URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
    let mut json: Value = serde_json::from_slice(&json).unwrap_or_default();
    let tempting = [
        ("alg", json!("none")),
        ("alg", json!("HS256")),
        ("kid", json!("../../dev/null")),
        ("jku", json!("https://192.0.2.1/jwks.json")),
        ("crit", json!(["exp"])),
        ("exp", json!(1e300)),
        ("iss", json!(["a", "b"])),
        ("scope", json!("prometheus-mcp-server/write")),
    ];
    match dice.below(2) {
        0 => mutate_value(dice, &mut json),
        _ => {
            let (name, value) = dice.pick(&tempting);
            json[name] = value;
        }
    }
    BASE64_URL_SAFE_NO_PAD.encode(json.to_string())
}
