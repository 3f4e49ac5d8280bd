//! Resources: data with a URI of its own, and templates for families of them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::content::{Annotations, Icon};

/// What is known of a resource without reading it.
#[derive(Clone, Debug)]
pub struct ResourceSpec {
    /// Its URI (RFC 3986).
    pub uri: Cow<'static, str>,
    /// A name for programs.
    pub name: Cow<'static, str>,
    /// A name for people.
    pub title: Option<Cow<'static, str>>,
    /// What it holds.
    pub description: Option<Cow<'static, str>>,
    /// Its MIME type.
    pub mime_type: Option<Cow<'static, str>>,
    /// Its size in bytes.
    pub size: Option<u64>,
    /// Hints.
    pub annotations: Option<Annotations>,
    /// Pictures.
    pub icons: Vec<Icon>,
}

impl ResourceSpec {
    /// A URI and a name; nothing else is needed.
    pub fn new(uri: impl Into<Cow<'static, str>>, name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            uri: uri.into(),
            name: name.into(),
            title: None,
            description: None,
            mime_type: None,
            size: None,
            annotations: None,
            icons: Vec::new(),
        }
    }

    /// With a name for people.
    #[must_use]
    pub fn with_title(self, title: impl Into<Cow<'static, str>>) -> Self {
        Self { title: Some(title.into()), ..self }
    }

    /// With a description.
    #[must_use]
    pub fn with_description(self, description: impl Into<Cow<'static, str>>) -> Self {
        Self { description: Some(description.into()), ..self }
    }

    /// With a MIME type.
    #[must_use]
    pub fn with_mime_type(self, mime_type: impl Into<Cow<'static, str>>) -> Self {
        Self { mime_type: Some(mime_type.into()), ..self }
    }
}

/// What is known of a family of resources.
#[derive(Clone, Debug)]
pub struct TemplateSpec {
    /// A URI template of simple expressions, such as `cases://{id}/summary` (RFC 6570, level 1).
    pub uri_template: Cow<'static, str>,
    /// A name for programs.
    pub name: Cow<'static, str>,
    /// A name for people.
    pub title: Option<Cow<'static, str>>,
    /// What its members hold.
    pub description: Option<Cow<'static, str>>,
    /// Their MIME type, where all have the same.
    pub mime_type: Option<Cow<'static, str>>,
    /// Hints.
    pub annotations: Option<Annotations>,
    /// Pictures.
    pub icons: Vec<Icon>,
}

impl TemplateSpec {
    /// A URI template and a name; nothing else is needed.
    pub fn new(
        uri_template: impl Into<Cow<'static, str>>,
        name: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            uri_template: uri_template.into(),
            name: name.into(),
            title: None,
            description: None,
            mime_type: None,
            annotations: None,
            icons: Vec::new(),
        }
    }

    /// With a description.
    #[must_use]
    pub fn with_description(self, description: impl Into<Cow<'static, str>>) -> Self {
        Self { description: Some(description.into()), ..self }
    }

    /// With a MIME type.
    #[must_use]
    pub fn with_mime_type(self, mime_type: impl Into<Cow<'static, str>>) -> Self {
        Self { mime_type: Some(mime_type.into()), ..self }
    }
}

/// The text is not a template of simple expressions.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a URI template of level 1 with a variable of its own in each expression")]
pub struct NotATemplate;

/// A parsed URI template: literals with one variable between each two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UriTemplate {
    head: String,
    /// A variable and the literal after it.
    rest: Vec<(String, String)>,
}

impl UriTemplate {
    pub(crate) fn parse(text: &str) -> Result<Self, NotATemplate> {
        let (head, mut tail) = text.split_once('{').ok_or(NotATemplate)?;
        let mut rest: Vec<(String, String)> = Vec::new();
        loop {
            let (variable, after) = tail.split_once('}').ok_or(NotATemplate)?;
            let named = !variable.is_empty()
                && variable.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.');
            if !named || rest.iter().any(|(other, _)| other == variable) {
                return Err(NotATemplate);
            }
            let (literal, next) = match after.split_once('{') {
                // Two variables in a row could be told apart in more than one way.
                Some(("", _)) => return Err(NotATemplate),
                Some((literal, next)) => (literal, Some(next)),
                None => (after, None),
            };
            rest.push((variable.to_owned(), literal.to_owned()));
            match next {
                Some(next) => tail = next,
                None => {
                    return Ok(Self { head: head.to_owned(), rest });
                }
            }
        }
    }

    /// The variables of `uri`, percent-decoded, if it is of this family. A variable is not empty
    /// and has no `/`, `?` or `#`, which a simple expression would have encoded.
    pub(crate) fn matches(&self, uri: &str) -> Option<BTreeMap<String, String>> {
        let mut left = uri.strip_prefix(self.head.as_str())?;
        let mut variables = BTreeMap::new();
        for (index, (variable, literal)) in self.rest.iter().enumerate() {
            let last = index + 1 == self.rest.len();
            let end = match (last, literal.is_empty()) {
                (true, true) => left.len(),
                (true, false) => left.len().checked_sub(literal.len())?,
                (false, _) => left.find(literal.as_str())?,
            };
            let (value, after) = (left.get(..end)?, left.get(end..)?);
            left = after.strip_prefix(literal.as_str())?;
            if value.is_empty() || value.contains(['/', '?', '#']) {
                return None;
            }
            variables.insert(variable.clone(), percent_decode(value)?);
        }
        left.is_empty().then_some(variables)
    }

    pub(crate) fn has_variable(&self, name: &str) -> bool {
        self.rest.iter().any(|(variable, _)| variable == name)
    }
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' {
            let mut digit =
                || char::from(rest.next()?).to_digit(16).and_then(|d| u8::try_from(d).ok());
            digit()? << 4 | digit()?
        } else {
            byte
        });
    }
    String::from_utf8(bytes).ok()
}

/// Whether the text has a scheme and no character that a URI cannot have (RFC 3986, section 2).
pub(crate) fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let scheme_ok = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    let rest_ok = rest.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b));
    scheme_ok && rest_ok
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_template_takes_the_uris_it_would_have_made() {
        let template = UriTemplate::parse("test://template/{id}/data/{part}").unwrap();
        for (uri, id) in [
            ("test://template/123/data/a", Some("123")),
            ("test://template/a%2Fb/data/a", Some("a/b")),
            ("test://template//data/a", None),
            ("test://template/a/b/data/a", None),
            ("test://template/123/data/", None),
            ("test://template/123/dat", None),
            ("test://template/%zz/data/a", None),
            ("test://template/%ff/data/a", None),
            ("other://template/123/data/a", None),
        ] {
            let got = template.matches(uri).map(|variables| variables["id"].clone());
            assert_eq!(got.as_deref(), id, "{uri}");
        }
    }

    #[test]
    fn only_simple_templates_are_taken() {
        for bad in
            ["test://x", "test://{", "test://{}", "test://{a}{b}", "test://{+a}", "t://{a}/{a}"]
        {
            assert_eq!(UriTemplate::parse(bad), Err(NotATemplate), "{bad}");
        }
    }

    #[test]
    fn a_uri_has_a_scheme_and_no_blank() {
        for (text, ok) in [
            ("test://a", true),
            ("urn:x:y", true),
            ("a b:c", false),
            ("x", false),
            ("test://a b", false),
        ] {
            assert_eq!(is_uri(text), ok, "{text}");
        }
    }

    proptest! {
        #[test]
        fn templates_never_panic(template in ".{0,40}", uri in ".{0,40}") {
            if let Ok(template) = UriTemplate::parse(&template) {
                let _ = template.matches(&uri);
            }
        }
    }
}
