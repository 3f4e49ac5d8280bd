//! Where it is asked whether the grants of tokens hold.

use auth::env::Tokens;
use backend_amp::Settings;
use service_kit::env::Reader;

/// `None` when no issuer's grants are checked, or a fault was remembered.
pub(super) fn read(
    env: &mut Reader<'_>,
    tokens: Option<&Tokens>,
    prometheus: &Settings,
    has_credentials: bool,
) -> Option<grants_dynamodb::Settings> {
    let clients: Option<String> = env.or_default("OAUTH_CLIENTS_TABLE");
    let refresh_tokens: Option<String> = env.or_default("OAUTH_REFRESH_TOKENS_TABLE");
    let endpoint: Option<String> = env.optional("AWS_ENDPOINT_URL_DYNAMODB");
    tokens?.issuers.iter().find(|issuer| issuer.check_grants)?;
    if !has_credentials {
        let reason = "has check_grants, which needs AWS credentials, and there are none";
        env.reject("AUTH_ISSUERS", reason);
    }
    if prometheus.region.is_none() {
        env.reject("AUTH_ISSUERS", "has check_grants, which needs AWS_REGION, which is not set");
    }
    if clients == refresh_tokens {
        env.reject("OAUTH_REFRESH_TOKENS_TABLE", "is OAUTH_CLIENTS_TABLE, and must be another");
    }
    Some(grants_dynamodb::Settings {
        region: prometheus.region.as_ref()?.to_string(),
        endpoint: endpoint.or_else(|| env.optional("AWS_ENDPOINT_URL")),
        clients: clients?,
        refresh_tokens: refresh_tokens?,
    })
}
