//! Who calls, and what it was granted.

use std::collections::BTreeSet;

use serde_json::json;

use crate::jsonrpc::{ErrorCode, ErrorObject};

/// Who calls, as far as the host has made sure of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// What identifies the caller, among those of its issuer; `None` when the server lets anyone in.
    pub subject: Option<String>,
    /// What kind of caller it is, in the host's words, such as `person` or `client`.
    pub kind: Option<&'static str>,
    /// Who says so: the claim `iss` of its token, or the name of another system that vouches for it.
    pub issuer: Option<String>,
    /// The OAuth client it calls with.
    pub client: Option<String>,
    /// The tenant the caller belongs to.
    pub tenant: Option<String>,
    /// The name of its token, such as the claim `jti`; never the token.
    pub token_id: Option<String>,
    /// What it may do; everything by default, for a host that asks nobody who they are.
    pub scopes: Granted,
}

impl Caller {
    /// The name that tells callers apart, for what is kept for one of them: tenant, issuer and
    /// subject, since a subject is unique within its issuer only (OpenID Connect Core, section 2).
    /// It stays the same when a token is renewed, whatever else changes with it; empty for anyone.
    #[must_use]
    pub fn principal(&self) -> String {
        let Self { tenant, issuer, subject, .. } = self;
        if (tenant, issuer, subject) == (&None, &None, &None) {
            return String::new();
        }
        let [tenant, issuer, subject] =
            [tenant, issuer, subject].map(|part| part.as_deref().unwrap_or_default());
        // With their lengths, so that no text can be another's part.
        format!("{} {tenant}{} {issuer}{subject}", tenant.len(), issuer.len())
    }
}

/// The scopes a caller was granted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Granted {
    /// Whatever there is.
    #[default]
    All,
    /// These, by their exact names. Those that others imply are among them: the host knows what
    /// implies what.
    Only(BTreeSet<String>),
}

impl Granted {
    /// Whether `scope` is among them.
    #[must_use]
    pub fn hold(&self, scope: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(scopes) => scopes.contains(scope),
        }
    }

    /// Lets an operation pass that needs all of `required`.
    ///
    /// # Errors
    /// [`ErrorCode::InsufficientScope`], which names the missing ones to the model and, for a
    /// program, everything required ([`ErrorObject::required_scopes`]).
    pub fn permit<'a>(
        &self,
        required: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), ErrorObject> {
        if *self == Self::All {
            return Ok(());
        }
        let required: BTreeSet<&str> = required.into_iter().collect();
        let missing: Vec<_> = required.iter().copied().filter(|scope| !self.hold(scope)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let text = format!(
            "not permitted: this needs a scope that the caller was not granted: {}; ask the user \
             to authorize this client for it, then try again",
            missing.join(", ")
        );
        Err(ErrorObject::new(ErrorCode::InsufficientScope, text)
            .with_data(json!({"requiredScopes": required})))
    }
}

/// The longest scope there is, in bytes.
const MAX_SCOPE: usize = 256;

/// Whether the text is a scope: visible ASCII but `"` and `\` (RFC 6749, section 3.3), of a length
/// that any token could have.
pub(crate) fn is_scope(text: &str) -> bool {
    (1..=MAX_SCOPE).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(scopes: &[&str]) -> Granted {
        Granted::Only(scopes.iter().map(|&scope| scope.to_owned()).collect())
    }

    #[test]
    fn what_needs_several_scopes_needs_them_all() {
        for (granted, required, missing) in [
            (Granted::All, &["a", "b"][..], None),
            (only(&["a", "b", "c"]), &["a", "b"], None),
            (only(&[]), &[], None),
            (only(&["a"]), &["b", "a"], Some("b")),
            (only(&[]), &["b", "a"], Some("a, b")),
        ] {
            let refused = granted.permit(required.iter().copied()).err();
            let told = refused.as_ref().map(|error| error.message.contains(missing.unwrap()));
            assert_eq!(told, missing.map(|_| true), "{granted:?} {required:?}");
            if let Some(error) = refused {
                assert_eq!(error.code, ErrorCode::InsufficientScope);
                assert_eq!(error.required_scopes(), ["a", "b"], "all, not only the missing");
            }
        }
    }

    #[test]
    fn j22_a_scope_is_its_exact_name() {
        let granted = only(&["p/readonly", "xp/read", "P/read", "p/rea"]);
        assert!(granted.permit(["p/read"]).is_err());
        assert!(only(&["p/read"]).permit(["p/read"]).is_ok());
    }

    #[test]
    fn a_scope_is_up_to_256_of_visible_ascii_without_quotes_and_backslashes() {
        let (longest, longer) = ("a".repeat(256), "a".repeat(257));
        for (text, ok) in [
            ("mcp/invoke", true),
            (&longest, true),
            (&longer, false),
            ("https://example.com/api:read!~", true),
            ("", false),
            ("a b", false),
            ("a\"", false),
            ("a\\b", false),
            ("a\n", false),
            ("ä", false),
        ] {
            assert_eq!(is_scope(text), ok, "{text:?}");
        }
    }

    /// What is kept for a caller must outlive its token, and never be found by another.
    #[test]
    fn a_principal_is_who_calls_and_not_what_with() {
        let name =
            |tenant: Option<&str>, issuer: Option<&str>, subject: Option<&str>, token: &str| {
                Caller {
                    subject: subject.map(str::to_owned),
                    kind: None,
                    issuer: issuer.map(str::to_owned),
                    tenant: tenant.map(str::to_owned),
                    token_id: Some(token.to_owned()),
                    client: Some(token.to_owned()),
                    scopes: only(&[token]),
                }
                .principal()
            };
        let ann = |token| name(Some("t"), Some("i"), Some("ann"), token);
        assert_eq!(ann("1"), ann("2"));
        let apart = [
            name(None, None, None, "1"),
            name(None, None, Some("ann"), "1"),
            name(None, Some("ann"), None, "1"),
            name(Some("ann"), None, None, "1"),
            name(Some("t"), None, Some("ann"), "1"),
            ann("1"),
            name(Some("t"), Some("i"), Some("bob"), "1"),
            name(Some("t"), Some("j"), Some("ann"), "1"),
            name(Some("u"), Some("i"), Some("ann"), "1"),
            // What joins the parts may be in them.
            name(Some("t"), Some("i\nann"), None, "1"),
            name(Some("t"), None, Some("1 iann"), "1"),
            name(Some("t1 i"), None, Some("ann"), "1"),
            name(Some(""), Some("i0 "), Some("ann"), "1"),
        ];
        assert_eq!(apart.iter().collect::<BTreeSet<_>>().len(), apart.len());
    }
}
