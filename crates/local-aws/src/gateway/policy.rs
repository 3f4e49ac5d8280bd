//! IAM policies, as far as an authorizer returns them.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-authorization-flow.html>
//! and <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>.

use serde::Deserialize;

/// A policy document. Conditions, `NotAction` and `NotResource` are not played: a document with
/// one is refused as malformed rather than misread.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Policy {
    #[serde(rename = "Version")]
    _version: Option<String>,
    #[serde(rename = "Id")]
    _id: Option<String>,
    statement: OneOrMany<Statement>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    #[serde(rename = "Sid")]
    _sid: Option<String>,
    effect: Effect,
    action: OneOrMany<String>,
    resource: OneOrMany<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Effect {
    Allow,
    Deny,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    fn as_slice(&self) -> &[T] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// What a policy says of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    Allowed,
    /// A statement denies it.
    ExplicitlyDenied,
    /// No statement allows it.
    ImplicitlyDenied,
}

impl Policy {
    /// Whether `arn` may be invoked: one denial outweighs any allowance.
    pub(super) fn judge(&self, arn: &str) -> Judgement {
        let mut judgement = Judgement::ImplicitlyDenied;
        for statement in self.statement.as_slice() {
            let invokes =
                |action: &String| matches(&action.to_ascii_lowercase(), "execute-api:invoke");
            if !statement.action.as_slice().iter().any(invokes)
                || !statement.resource.as_slice().iter().any(|pattern| matches(pattern, arn))
            {
                continue;
            }
            match statement.effect {
                Effect::Deny => return Judgement::ExplicitlyDenied,
                Effect::Allow => judgement = Judgement::Allowed,
            }
        }
        judgement
    }
}

/// `*` is any text, `?` any one character, across slashes and colons.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<_>, Vec<_>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where to go on when what follows the last star does not fit.
    let mut star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&c) if c == '?' || c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, t) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use Judgement::{Allowed, ExplicitlyDenied, ImplicitlyDenied};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    const API: &str = "arn:aws:execute-api:us-east-1:123456789012:abc123defg/prod";

    fn statement(effect: &str, resource: Value) -> Value {
        json!({"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource})
    }

    fn policy(statement: Value) -> Result<Policy, serde_json::Error> {
        serde_json::from_value(json!({"Version": "2012-10-17", "Statement": statement}))
    }

    #[test]
    fn a_denial_outweighs_and_no_match_is_a_denial() {
        let mcp = format!("{API}/POST/mcp");
        let allow = |resource| statement("Allow", resource);
        let deny = |resource| statement("Deny", resource);
        for (statements, judgement) in [
            (json!([allow(json!(mcp))]), Allowed),
            (allow(json!(mcp)), Allowed),
            (json!([allow(json!([format!("{API}/GET/tools"), mcp]))]), Allowed),
            (json!([allow(json!(format!("{API}/*")))]), Allowed),
            (json!([allow(json!(format!("{API}/PO?T/m*p")))]), Allowed),
            (json!([allow(json!("*"))]), Allowed),
            (json!([allow(json!(format!("{API}/GET/mcp")))]), ImplicitlyDenied),
            (json!([allow(json!(format!("{API}/POST/mc")))]), ImplicitlyDenied),
            (json!([allow(json!(format!("{API}/POST/mcp?")))]), ImplicitlyDenied),
            (json!([allow(json!(mcp.to_uppercase()))]), ImplicitlyDenied),
            (json!([]), ImplicitlyDenied),
            (json!([allow(json!("*")), deny(json!(mcp))]), ExplicitlyDenied),
            (json!([deny(json!(mcp)), allow(json!("*"))]), ExplicitlyDenied),
            (json!([deny(json!(format!("{API}/GET/*"))), allow(json!("*"))]), Allowed),
        ] {
            assert_eq!(policy(statements.clone()).unwrap().judge(&mcp), judgement, "{statements}");
        }
    }

    #[test]
    fn only_invoking_is_looked_at() {
        for (action, judgement) in [
            (json!("execute-api:Invoke"), Allowed),
            (json!("execute-api:invoke"), Allowed),
            (json!("execute-api:*"), Allowed),
            (json!("*"), Allowed),
            (json!(["s3:GetObject", "execute-api:Invoke"]), Allowed),
            (json!("execute-api:InvalidateCache"), ImplicitlyDenied),
        ] {
            let one = json!({"Effect": "Allow", "Action": action, "Resource": "*"});
            assert_eq!(policy(one).unwrap().judge(API), judgement, "{action}");
        }
    }

    #[test]
    fn what_is_no_policy_is_malformed() {
        for none in [
            json!(null),
            json!("Allow"),
            json!([{"Effect": "allow", "Action": "*", "Resource": "*"}]),
            json!([{"Effect": "Allow", "Resource": "*"}]),
            json!([{"Effect": "Allow", "Action": "*"}]),
            json!([{"Effect": "Allow", "Action": "*", "Resource": [1]}]),
            json!([{"Effect": "Allow", "Action": "*", "NotResource": "*"}]),
            json!([{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {}}]),
        ] {
            assert!(policy(none.clone()).is_err(), "{none}");
        }
    }

    proptest! {
        #[test]
        fn a_text_matches_itself_and_a_pattern_made_of_it(text in "[a-z/:]{0,12}", cut in 0..13usize) {
            prop_assert!(matches(&text, &text));
            let cut = cut.min(text.len());
            let starred = format!("{}*{}", &text[..cut], &text[cut..]);
            prop_assert!(matches(&starred, &text));
            let longer = format!("{}-{}", &text[..cut], &text[cut..]);
            prop_assert!(matches(&starred, &longer));
            prop_assert!(!matches(&text, &longer));
        }

        #[test]
        fn matching_agrees_with_a_regular_expression(pattern in "[ab*?]{0,8}", text in "[ab]{0,8}") {
            let regex = pattern.replace('*', ".*").replace('?', ".");
            let oracle = regex::Regex::new(&format!("^{regex}$")).unwrap();
            prop_assert_eq!(matches(&pattern, &text), oracle.is_match(&text));
        }
    }
}
