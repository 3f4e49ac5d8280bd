//! The pages that people see: login, consent, and what went wrong. They work without JavaScript and
//! load nothing but their stylesheet.

mod words;

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{Response, StatusCode};
use maud::{DOCTYPE, Markup, html};

use crate::authorize::{AuthorizationRequest, redirect_of};
use crate::client::{Client, ClientOrigin};
use crate::paths;
use crate::redirect::{RedirectClass, RedirectUri};
use crate::refusal::Refusal;
use crate::transaction::Session;

use words::{display_name, of_refusal, of_scope};

/// For every page. There is no `form-action`: Chromium holds it against the redirect to the client
/// too, and then the button does nothing.
const HEADERS: [(HeaderName, &str); 7] = [
    (CONTENT_TYPE, "text/html; charset=utf-8"),
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-store"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// The login page of the development login.
#[derive(Clone, Copy)]
pub struct LoginPage<'a> {
    /// The client that asks.
    pub client: &'a Client,
    /// The secret of the transaction's step, that only this page has.
    pub state: &'a str,
    /// The name to begin with, when the one before was wrong, or its password.
    pub wrong: Option<&'a str>,
}

impl LoginPage<'_> {
    /// The page.
    #[must_use]
    pub fn respond(self) -> Response<Bytes> {
        let wrong = self.wrong.is_some();
        let status = if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        let described = wrong.then_some("wrong");
        let content = html! {
            h1 { "Log in" }
            p { "to answer " strong { bdi { (name_of(self.client)) } } ", which asks for access." }
            @if wrong {
                p #wrong .warning role="alert" { "The name or the password is wrong." }
            }
            form method="post" action=(paths::LOGIN) {
                input type="hidden" name="state" value=(self.state);
                label for="user" { "Name" }
                input #user name="user" autocomplete="username" autocapitalize="none"
                    spellcheck="false" required autofocus[!wrong] aria-describedby=[described]
                    value=[self.wrong];
                label for="password" { "Password" }
                input #password name="password" type="password" autocomplete="current-password"
                    required autofocus[wrong] aria-describedby=[described];
                div .actions { button type="submit" { "Log in" } }
            }
            p .note {
                "This is the development login of a server on this machine. Its names and passwords "
                "are where the server was started."
            }
        };
        respond(status, "Log in", &content)
    }
}

/// The consent page.
#[derive(Clone, Copy)]
pub struct ConsentPage<'a> {
    /// The client that asks.
    pub client: &'a Client,
    /// What it asks for.
    pub request: &'a AuthorizationRequest,
    /// The session of who is asked.
    pub session: &'a Session,
    /// From [`csrf_token`](crate::csrf_token).
    pub csrf: &'a str,
}

impl ConsentPage<'_> {
    /// The page.
    ///
    /// # Errors
    /// An error page instead, when the client is no longer what it was when it asked.
    pub fn respond(self) -> Result<Response<Bytes>, Refusal> {
        let Self { client, request, session, csrf } = self;
        let redirect = redirect_of(client, &request.redirect_uri).ok_or(Refusal::RedirectUri)?;
        let name = name_of(client);
        let person = display_name(session.name.as_deref().unwrap_or(&session.subject));
        let person = person.unwrap_or_else(|| "somebody without a name".to_owned());
        let place = place(redirect, &request.redirect_uri);
        let content = html! {
            h1 { "Allow " bdi { (name) } " to use this server?" }
            p { "You are logged in as " strong { bdi { (person) } } "." }
            dl {
                dt { "Application" }
                dd { bdi { (name) } br; (origin(client)) }
                dt { "Your answer goes to" }
                dd { code { (place) } }
                dt { "Server" }
                dd { code { (request.resource) } }
            }
            h2 { "It will be able to" }
            ul { @for scope in request.scopes.iter() { li { (of_scope(scope.as_str())) } } }
            (warning(client, redirect, place))
            form method="post" action=(paths::CONSENT) {
                input type="hidden" name="csrf" value=(csrf);
                div .actions {
                    button .quiet type="submit" name="decision" value="deny" { "Cancel" }
                    button type="submit" name="decision" value="approve" { "Allow" }
                }
            }
        };
        Ok(respond(StatusCode::OK, "Allow access?", &content))
    }
}

/// A page that says what went wrong and what to do; nothing of the request is in it.
#[must_use]
pub fn error_page(refusal: Refusal) -> Response<Bytes> {
    let (title, text) = of_refusal(refusal);
    let content = html! { h1 { (title) } p { (text) } };
    respond(refusal.status(), title, &content)
}

/// The stylesheet of all pages, for `/oauth/style.css`.
#[must_use]
pub fn stylesheet() -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(include_bytes!("page/style.css")));
    for (name, value) in [
        (CONTENT_TYPE, "text/css; charset=utf-8"),
        (CACHE_CONTROL, "public, max-age=300"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn respond(status: StatusCode, title: &str, content: &Markup) -> Response<Bytes> {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                link rel="stylesheet" href=(paths::STYLE);
            }
            body { main { (content) } }
        }
    };
    let mut response = Response::new(Bytes::from(page.into_string()));
    *response.status_mut() = status;
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// What a client calls itself.
fn name_of(client: &Client) -> String {
    let name = client.name.as_deref().and_then(display_name);
    name.unwrap_or_else(|| "an application without a name".to_owned())
}

/// Who vouches for a client.
fn origin(client: &Client) -> Markup {
    html! {
        @match client.origin {
            ClientOrigin::Configured => "registered by the operator of this server",
            ClientOrigin::MetadataDocument => {
                "verified domain: " code { (authority(client.id.as_str())) }
            }
            ClientOrigin::Registered => {
                strong { "unverified application" } ": it chose its name itself"
            }
        }
    }
}

/// Where the answer goes, in full: the host and port, or the scheme of an app.
fn place<'a>(redirect: &RedirectUri, presented: &'a str) -> &'a str {
    match redirect.class() {
        RedirectClass::Web | RedirectClass::Loopback => authority(presented),
        RedirectClass::App => presented.find(['?']).map_or(presented, |end| &presented[..end]),
    }
}

/// The host and port of a URL.
fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or(rest)
}

/// What to beware of.
fn warning(client: &Client, redirect: &RedirectUri, place: &str) -> Markup {
    html! {
        @match redirect.class() {
            RedirectClass::Loopback => p .warning {
                strong { "A program on this device will get access." }
                " Allow this only if you are connecting such a program just now; if a link or a "
                "message brought you here, cancel."
            },
            RedirectClass::App => p .warning {
                strong { "An app on this device will get access" }
                ", whichever has claimed this address. Allow this only if you are connecting it just "
                "now; if a link or a message brought you here, cancel."
            },
            RedirectClass::Web => @if client.origin == ClientOrigin::Registered {
                p .warning {
                    strong { "Whoever runs " (place) " will get access." }
                    " Allow this only if you know them and are connecting just now; if a link or a "
                    "message brought you here, cancel."
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
