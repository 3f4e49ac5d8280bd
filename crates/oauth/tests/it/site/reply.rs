//! What the server answers.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Response};
use serde_json::Value;
use url::form_urlencoded;

use super::{Ask, ISSUER};

#[derive(Clone)]
pub(crate) struct Reply {
    asked: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What was asked, and the whole answer.
impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} was answered {}", self.asked, self.status)?;
        for (name, value) in &self.headers {
            writeln!(f, "{name}: {}", String::from_utf8_lossy(value.as_bytes()))?;
        }
        write!(f, "\n{}", String::from_utf8_lossy(&self.body))
    }
}

impl Reply {
    pub(super) fn new(ask: &Ask, response: Response<Bytes>) -> Self {
        let (head, body) = response.into_parts();
        Self {
            asked: format!("{} {}", ask.method, ask.path),
            status: head.status.as_u16(),
            headers: head.headers,
            body,
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Every header of this name.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
    }

    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// A member of the JSON object that is text.
    #[track_caller]
    pub(crate) fn member(&self, name: &str) -> String {
        let value = self.json()[name].clone();
        value.as_str().unwrap_or_else(|| panic!("no {name}: {self:?}")).to_owned()
    }

    #[track_caller]
    pub(crate) fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// An error for a program.
    #[track_caller]
    pub(crate) fn is_refused(&self, status: u16, code: &str) -> &Self {
        self.is(status);
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        assert_eq!(self.header("cache-control"), Some("no-store"), "{self:?}");
        assert_eq!(self.json()["error"], code, "{self:?}");
        self
    }

    /// An error for a person: a page, and no way on.
    #[track_caller]
    pub(crate) fn is_page(&self, status: u16, title: &str) -> &Self {
        self.is(status).has_title(title);
        assert_eq!(self.header("location"), None, "{self:?}");
        assert_eq!(self.header("set-cookie"), None, "{self:?}");
        self
    }

    #[track_caller]
    pub(crate) fn has_title(&self, title: &str) -> &Self {
        assert_eq!(self.header("content-type"), Some("text/html; charset=utf-8"), "{self:?}");
        assert!(self.text().contains(&format!("<title>{title}</title>")), "{title}: {self:?}");
        self
    }

    #[track_caller]
    pub(crate) fn has_header(&self, name: &str, value: Option<&str>) -> &Self {
        assert_eq!(self.header(name), value, "{name}: {self:?}");
        self
    }

    #[track_caller]
    pub(crate) fn location(&self) -> &str {
        self.is(303).header("location").unwrap_or_else(|| panic!("no location: {self:?}"))
    }

    /// The parameters that the browser carries to `place`, in their order.
    #[track_caller]
    pub(crate) fn carried_to(&self, place: &str) -> Vec<(String, String)> {
        let query = self.location().strip_prefix(place).and_then(|rest| {
            let first = if place.contains('?') { '&' } else { '?' };
            rest.strip_prefix(first)
        });
        let query = query.unwrap_or_else(|| panic!("not to {place}: {self:?}"));
        form_urlencoded::parse(query.as_bytes()).into_owned().collect()
    }

    /// The client is told of an error, at `place`.
    #[track_caller]
    pub(crate) fn is_told(&self, place: &str, code: &str, state: Option<&str>) -> &Self {
        let carried = self.carried_to(place);
        let names: Vec<_> = carried.iter().map(|(name, _)| &**name).collect();
        let expected: &[_] = match state {
            Some(_) => &["error", "error_description", "state", "iss"],
            None => &["error", "error_description", "iss"],
        };
        assert_eq!(names, expected, "{self:?}");
        let value = |name| carried.iter().find(|(own, _)| own == name).map(|(_, value)| &**value);
        assert_eq!(value("error"), Some(code), "{self:?}");
        assert_eq!(value("state"), state, "{self:?}");
        assert_eq!(value("iss"), Some(ISSUER), "{self:?}");
        self
    }

    /// The code that the browser carries to `place`.
    #[track_caller]
    pub(crate) fn code(&self, place: &str) -> String {
        let carried = self.carried_to(place);
        let names: Vec<_> = carried.iter().map(|(name, _)| &**name).collect();
        assert!(matches!(names[..], ["code", "state", "iss"] | ["code", "iss"]), "{self:?}");
        carried.into_iter().next().unwrap().1
    }

    /// Where the form of a page goes, and what is hidden in it.
    #[track_caller]
    pub(crate) fn form(&self) -> (String, Vec<(String, String)>) {
        let html = self.text();
        let (_, form) = html.split_once(r#"<form method="post" action=""#).expect("a form");
        let action = form.split('"').next().unwrap_or_default();
        let hidden = form.split(r#"<input type="hidden" name=""#).skip(1).map(|input| {
            let parts: Vec<_> = input.splitn(4, '"').collect();
            (parts[0].to_owned(), parts[2].to_owned())
        });
        (action.to_owned(), hidden.collect())
    }

    /// What is hidden in the form of a page under this name.
    #[track_caller]
    pub(crate) fn hidden(&self, name: &str) -> String {
        let (_, hidden) = self.form();
        hidden.into_iter().find(|(own, _)| own == name).expect("a hidden field").1
    }
}
