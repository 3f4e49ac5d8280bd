//! Principals of AWS that API Gateway has verified, from an event's `requestContext`.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::caller::{Caller, CallerKind};
use crate::scope::Scopes;
use crate::tenant::TenantId;

/// What IAM principals may do here. That they may call at all is for IAM policies to say.
#[derive(Clone, Debug, Default)]
pub struct IamAccess {
    /// The scopes of every principal.
    pub scopes: Scopes,
    /// The tenants of principals: by ARN (of a user, or of a role, without its path) or by account
    /// id. An ARN goes before its account.
    pub tenants: BTreeMap<String, TenantId>,
}

impl IamAccess {
    /// The principal that signed the request, by its `requestContext` (payload formats 1.0 and 2.0);
    /// `None` when API Gateway verified none. What an authorizer said is never looked at.
    ///
    /// Source: `identity` in
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html>
    /// and `authorizer.iam` in
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>.
    #[must_use]
    pub fn caller(&self, request_context: &[u8]) -> Option<Caller> {
        let context: Context<'_> = serde_json::from_slice(request_context).ok()?;
        // Format 1.0 has an identity, 2.0 has `http`; what has both is neither.
        let identity = match (context.identity, context.http) {
            (Some(identity), None) => identity,
            (None, Some(_)) => {
                serde_json::from_str::<Authorizer>(context.authorizer?.get()).ok()?.iam?
            }
            _ => return None,
        };
        if identity.cognito_identity.is_some() || identity.cognito_identity_id.is_some() {
            return None; // a visitor with credentials of an identity pool, and no principal of ours
        }
        // API Gateway tells all of these of a request that it verified, and none of any other.
        let (arn, account) = (identity.user_arn?, identity.account_id?);
        let told = [identity.access_key, identity.caller, identity.user];
        if told.iter().any(|member| member.as_deref().is_none_or(str::is_empty)) {
            return None;
        }
        let principal = Arn::parse(&arn).filter(|arn| arn.account == account)?.principal()?;
        let tenant = self.tenants.get(&principal).or_else(|| self.tenants.get(&account));
        Some(Caller {
            kind: CallerKind::Iam,
            subject: arn,
            client_id: None,
            issuer: None,
            tenant: tenant.cloned(),
            scopes: self.scopes.clone(),
            token_id: None,
        })
    }
}

/// Only what is used.
#[derive(Deserialize)]
struct Context<'a> {
    identity: Option<Identity>,
    http: Option<IgnoredAny>,
    // Raw, because in format 1.0 it is whatever an authorizer said.
    #[serde(borrow)]
    authorizer: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Authorizer {
    iam: Option<Identity>,
}

/// `identity` of format 1.0, and `authorizer.iam` of 2.0, which has other names for two.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    user_arn: Option<String>,
    account_id: Option<String>,
    access_key: Option<String>,
    #[serde(alias = "callerId")]
    caller: Option<String>,
    #[serde(alias = "userId")]
    user: Option<String>,
    cognito_identity: Option<IgnoredAny>,
    cognito_identity_id: Option<IgnoredAny>,
}

/// The longest ARN that is looked at.
const MAX_ARN: usize = 1024;

/// The ARN of a principal, taken apart.
struct Arn<'a> {
    partition: &'a str,
    service: &'a str,
    account: &'a str,
    resource: &'a str,
}

impl<'a> Arn<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        if text.len() > MAX_ARN || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let mut parts = text.splitn(6, ':');
        let mut part = || parts.next();
        let (Some("arn"), partition, service, Some(""), account, resource) =
            (part(), part()?, part()?, part(), part()?, part()?)
        else {
            return None;
        };
        let known = partition == "aws" || partition.starts_with("aws-");
        (known && is_account(account)).then_some(Self { partition, service, account, resource })
    }

    /// Who it is, whatever the session and the path: `arn:aws:iam::123456789012:role/agent`.
    fn principal(&self) -> Option<String> {
        let Self { partition, service, account, resource } = *self;
        let role = |name: &str| format!("arn:{partition}:iam::{account}:role/{name}");
        let same = || format!("arn:{partition}:{service}::{account}:{resource}");
        match (service, resource.split_once('/')) {
            ("sts", Some(("assumed-role", name))) => match name.split_once('/') {
                Some((name, session)) if !name.is_empty() && !session.is_empty() => {
                    Some(role(name))
                }
                _ => None,
            },
            // A session does not tell the role's path, and names are unique without.
            ("iam", Some(("role", name))) => {
                let name = name.rsplit_once('/').map_or(name, |(_, name)| name);
                (!name.is_empty()).then(|| role(name))
            }
            ("iam", Some(("user", name))) | ("sts", Some(("federated-user", name))) => {
                (!name.is_empty()).then(same)
            }
            ("iam", None) if resource == "root" => Some(same()),
            _ => None,
        }
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whom a tenant is configured for: an account, or the ARN of a user or a role.
pub(crate) struct Principal(String);

/// The text is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an account id, or the ARN of a role or a user")]
pub(crate) struct NotAPrincipal;

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Principal {
    type Err = NotAPrincipal;

    fn from_str(text: &str) -> Result<Self, NotAPrincipal> {
        if is_account(text) {
            return Ok(Self(text.to_owned()));
        }
        let arn = Arn::parse(text).ok_or(NotAPrincipal)?;
        // One session of a role cannot be told from its others here.
        if arn.resource.starts_with("assumed-role/") {
            return Err(NotAPrincipal);
        }
        arn.principal().map(Self).ok_or(NotAPrincipal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scope::Registry;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    const ROLE: &str = "arn:aws:sts::123456789012:assumed-role/agent/session-1";

    fn access() -> IamAccess {
        let tenants = [
            ("arn:aws:iam::123456789012:role/agent", "acme"),
            ("arn:aws:iam::123456789012:user/team/ada", "ada"),
            ("123456789012", "blue"),
        ];
        IamAccess {
            scopes: Registry::PROJECT.all(),
            tenants: tenants.map(|(who, what)| (who.to_owned(), what.parse().unwrap())).into(),
        }
    }

    fn caller(context: &Value) -> Option<Caller> {
        access().caller(context.to_string().as_bytes())
    }

    /// As a REST API tells it.
    fn v1(arn: &str) -> Value {
        let account = arn.split(':').nth(4).unwrap_or_default();
        json!({
            "resourceId": "abc123", "apiId": "a1b2c3", "stage": "prod", "httpMethod": "POST",
            "identity": {
                "accessKey": "ASIAEXAMPLE", "accountId": account, "caller": "AROAEXAMPLE:session-1",
                "cognitoAuthenticationProvider": null, "cognitoAuthenticationType": null,
                "cognitoIdentityId": null, "cognitoIdentityPoolId": null,
                "sourceIp": "203.0.113.10", "user": "AROAEXAMPLE:session-1", "userAgent": "curl",
                "userArn": arn
            }
        })
    }

    /// As an HTTP API tells it.
    fn v2(arn: &str) -> Value {
        let account = arn.split(':').nth(4).unwrap_or_default();
        json!({
            "accountId": "999999999999", "apiId": "a1b2c3", "stage": "$default",
            "authorizer": { "iam": {
                "accessKey": "ASIAEXAMPLE", "accountId": account,
                "callerId": "AROAEXAMPLE:session-1", "cognitoIdentity": null,
                "principalOrgId": "aws:PrincipalOrgID", "userArn": arn,
                "userId": "AROAEXAMPLE:session-1"
            } },
            "http": { "method": "POST", "path": "/mcp", "sourceIp": "203.0.113.10" }
        })
    }

    #[test]
    fn a_principal_is_read_in_both_formats() {
        for context in [v1(ROLE), v2(ROLE)] {
            let caller = caller(&context).unwrap();
            assert_eq!((caller.kind, caller.subject.as_str()), (CallerKind::Iam, ROLE));
            assert_eq!((caller.client_id, caller.issuer, caller.token_id), (None, None, None));
            assert_eq!(caller.scopes, Registry::PROJECT.all());
        }
    }

    #[test]
    fn a_session_has_the_tenant_of_its_role_and_else_that_of_its_account() {
        for (arn, tenant) in [
            (ROLE, Some("acme")),
            ("arn:aws:sts::123456789012:assumed-role/agent/session-2", Some("acme")),
            ("arn:aws:sts::123456789012:assumed-role/agents/session", Some("blue")),
            ("arn:aws:iam::123456789012:user/team/ada", Some("ada")),
            ("arn:aws:iam::123456789012:user/ada", Some("blue")),
            ("arn:aws:iam::123456789012:root", Some("blue")),
            ("arn:aws-cn:sts::123456789012:assumed-role/agent/session", Some("blue")),
            ("arn:aws:sts::210987654321:assumed-role/agent/session", None),
        ] {
            let tenant_of = caller(&v1(arn)).unwrap().tenant;
            assert_eq!(tenant_of.as_ref().map(TenantId::as_str), tenant, "{arn}");
        }
    }

    #[test]
    fn a_request_that_nobody_signed_has_no_principal() {
        let mut unsigned = v1(ROLE);
        for member in ["accessKey", "accountId", "caller", "user", "userArn"] {
            unsigned["identity"][member] = Value::Null;
        }
        assert_eq!(caller(&unsigned), None);
        let mut unsigned = v2(ROLE);
        unsigned["authorizer"] = Value::Null;
        assert_eq!(caller(&unsigned), None);
        for context in [json!({}), json!([]), json!(null), json!("identity"), json!({"http": {}})] {
            assert_eq!(caller(&context), None, "{context}");
        }
    }

    #[test]
    fn a_principal_is_told_whole_or_not_at_all() {
        for member in ["accessKey", "accountId", "caller", "user", "userArn"] {
            for value in [Value::Null, json!(""), json!(7), json!([ROLE])] {
                let mut context = v1(ROLE);
                context["identity"][member] = value.clone();
                assert_eq!(caller(&context), None, "{member} {value}");
            }
        }
        for member in ["accessKey", "accountId", "callerId", "userId", "userArn"] {
            let mut context = v2(ROLE);
            context["authorizer"]["iam"].as_object_mut().unwrap().remove(member);
            assert_eq!(caller(&context), None, "{member}");
        }
    }

    #[test]
    fn a_visitor_with_credentials_of_an_identity_pool_is_no_principal() {
        let mut context = v1(ROLE);
        context["identity"]["cognitoIdentityId"] = json!("eu-west-1:6d5e");
        assert_eq!(caller(&context), None);
        let mut context = v2(ROLE);
        context["authorizer"]["iam"]["cognitoIdentity"] = json!({ "identityId": "eu-west-1:6d5e" });
        assert_eq!(caller(&context), None);
    }

    #[test]
    fn j40_what_an_authorizer_said_is_never_believed() {
        // A REST API's authorizer context, with the names of an identity.
        let mut forged = v1(ROLE);
        let identity = forged["identity"].take();
        forged["identity"] = json!({ "sourceIp": "203.0.113.10", "userArn": null });
        forged["authorizer"] = json!({ "principalId": "admin", "userArn": ROLE, "iam": identity });
        assert_eq!(caller(&forged), None);
        forged.as_object_mut().unwrap().remove("identity");
        assert_eq!(caller(&forged), None);
        // An HTTP API's: what a Lambda authorizer or a JWT authorizer says has a name of its own.
        let mut forged = v2(ROLE);
        let iam = forged["authorizer"]["iam"].take();
        forged["authorizer"] = json!({ "lambda": { "iam": iam }, "jwt": { "claims": iam } });
        assert_eq!(caller(&forged), None);
        // Both at once is a thing of neither format.
        let mut forged = v1(ROLE);
        forged["http"] = json!({ "method": "POST" });
        assert_eq!(caller(&forged), None);
    }

    #[test]
    fn only_arns_of_principals_name_one() {
        for arn in [
            "",
            "agent",
            "arn:aws:s3:::bucket",
            "arn:aws:sts::123456789012:assumed-role/agent",
            "arn:aws:sts::123456789012:assumed-role//s",
            "arn:aws:sts:eu-west-1:123456789012:assumed-role/agent/s",
            "arn:evil:iam::123456789012:user/ada",
            "arn:aws:iam::12345678901:user/ada",
            "arn:aws:iam::123456789012:group/all",
            "arn:aws:iam::123456789012:user/",
            "arn:aws:iam::123456789012:user/a da",
            "arn:aws:iam::123456789012:user/ada\n",
        ] {
            assert_eq!(caller(&v1(arn)), None, "{arn:?}");
        }
        // The account is the ARN's.
        let mut context = v1(ROLE);
        context["identity"]["accountId"] = json!("210987654321");
        assert_eq!(caller(&context), None);
    }

    proptest! {
        #[test]
        fn no_context_panics(json in "\\PC{0,60}", arn in "arn:aws:(iam|sts)::[0-9]{12}:[a-z/-]{0,20}|\\PC*") {
            let _ = access().caller(json.as_bytes());
            let _ = caller(&v1(&arn));
            if let Ok(principal) = arn.parse::<Principal>() {
                let again = principal.0.parse::<Principal>().map(|again| again.0);
                prop_assert_eq!(again, Ok(principal.0));
            }
        }
    }
}
