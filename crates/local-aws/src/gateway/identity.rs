//! Who calls, and how a `requestContext` says so.

use std::sync::Arc;

use http::request::Parts;
use serde_json::{Map, Value, json};

use super::authorizer::Verdict;
use super::respond::Refusal;
use crate::sigv4::{Principal, Verifier};

/// Who may call routes with [`Authorization::Iam`](super::Authorization::Iam). No identity policy
/// is asked: whoever is known here may invoke them all.
#[derive(Debug, Clone)]
pub enum Signers {
    /// Whoever signed for `execute-api`, as the verifier says.
    Verified(Verifier),
    /// Each request is this principal's, signed or not: for tests of what comes after.
    Assumed(Principal),
}

impl Signers {
    /// Whose request it is.
    pub(super) fn identify(
        &self,
        request: &Parts,
        body: &[u8],
        now_ms: i64,
    ) -> Result<Principal, Refusal> {
        match self {
            Self::Verified(verifier) => {
                verifier.verify(request, body, now_ms).map_err(Refusal::Signature)
            }
            Self::Assumed(principal) => Ok(principal.clone()),
        }
    }
}

/// Whose request it is.
#[derive(Debug)]
pub(super) enum Caller {
    /// Nobody asked.
    Anyone,
    Authorized(Arc<Verdict>),
    Signed(Principal),
}

impl Caller {
    /// What format 1.0 has under `identity`, beside the client.
    ///
    /// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html>.
    pub(super) fn identity_v1(&self) -> Map<String, Value> {
        let iam = match self {
            Self::Signed(principal) => Some(principal),
            Self::Anyone | Self::Authorized(_) => None,
        };
        let identity = json!({
            "accessKey": iam.map(|iam| &iam.access_key_id),
            "accountId": iam.map(|iam| &iam.account),
            "apiKey": null,
            "apiKeyId": null,
            "caller": iam.map(|iam| &iam.user_id),
            "cognitoAuthenticationProvider": null,
            "cognitoAuthenticationType": null,
            "cognitoIdentityId": null,
            "cognitoIdentityPoolId": null,
            "principalOrgId": null,
            "user": iam.map(|iam| &iam.user_id),
            "userArn": iam.map(|iam| &iam.arn),
        });
        match identity {
            Value::Object(identity) => identity,
            _ => Map::new(),
        }
    }

    /// What format 1.0 has under `authorizer`: the context with each value as a string.
    pub(super) fn authorizer_v1(&self) -> Option<Value> {
        let Self::Authorized(verdict) = self else { return None };
        let mut authorizer = Map::new();
        for (name, value) in &verdict.context {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            authorizer.insert(name.clone(), Value::String(text));
        }
        if let Some(principal) = &verdict.principal_id {
            authorizer.insert("principalId".to_owned(), Value::String(principal.clone()));
        }
        authorizer.insert("integrationLatency".to_owned(), json!(0));
        Some(Value::Object(authorizer))
    }

    /// What format 2.0 has under `authorizer`.
    ///
    /// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>.
    pub(super) fn authorizer_v2(&self) -> Option<Value> {
        match self {
            Self::Anyone => None,
            Self::Authorized(verdict) => {
                let context = (!verdict.context.is_empty()).then_some(&verdict.context);
                Some(json!({ "lambda": context }))
            }
            Self::Signed(iam) => Some(json!({"iam": {
                "accessKey": iam.access_key_id,
                "accountId": iam.account,
                "callerId": iam.user_id,
                "cognitoIdentity": null,
                "principalOrgId": null,
                "userArn": iam.arn,
                "userId": iam.user_id,
            }})),
        }
    }
}
