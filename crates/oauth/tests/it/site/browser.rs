//! A browser: it keeps cookies, follows redirects and sends forms.

use std::collections::BTreeMap;

use super::{ADA, App, Ask, Reply, Site};

#[derive(Clone)]
pub(crate) struct Browser {
    site: Site,
    pub(crate) cookies: BTreeMap<String, String>,
}

impl Browser {
    pub(crate) fn new(site: &Site) -> Self {
        Self { site: site.clone(), cookies: BTreeMap::new() }
    }

    /// One in which `who` is logged in.
    pub(crate) async fn of(site: &Site, who: (&str, &str)) -> Self {
        let mut browser = Self::new(site);
        let page = browser.ask(&App::configured(site, "editor"), &[]).await;
        browser.log_in(&page, who).await;
        browser
    }

    /// Sends a request with the cookies, and keeps those that come back.
    pub(crate) async fn send(&mut self, ask: Ask) -> Reply {
        let reply = self.site.send(self.with_cookies(ask)).await;
        for line in reply.all("set-cookie") {
            let (pair, attributes) = line.split_once("; ").unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0;") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        reply
    }

    pub(crate) fn with_cookies(&self, ask: Ask) -> Ask {
        let pairs: Vec<_> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if pairs.is_empty() { ask } else { ask.header("cookie", pairs.join("; ")) }
    }

    /// Follows redirects as long as they stay here.
    pub(crate) async fn open(&mut self, ask: Ask) -> Reply {
        let mut reply = self.send(ask).await;
        while reply.status == 303 && reply.location().starts_with('/') {
            let path = reply.location().to_owned();
            reply = self.send(Ask::get(&path)).await;
        }
        reply
    }

    /// Follows the link of a client.
    pub(crate) async fn ask(&mut self, app: &App, changes: &[(&str, &str)]) -> Reply {
        self.open(Ask::get(&app.link(changes))).await
    }

    /// The form of a page, filled in.
    pub(crate) fn filled(page: &Reply, fields: &[(&str, &str)]) -> Ask {
        let (action, hidden) = page.form();
        let hidden = hidden.iter().map(|(name, value)| (&**name, &**value));
        let all: Vec<_> = hidden.chain(fields.iter().copied()).collect();
        Ask::form(&action, &all).own_page()
    }

    pub(crate) async fn submit(&mut self, page: &Reply, fields: &[(&str, &str)]) -> Reply {
        self.open(Self::filled(page, fields)).await
    }

    pub(crate) async fn log_in(&mut self, page: &Reply, (name, password): (&str, &str)) -> Reply {
        page.is(200).has_title("Log in");
        self.submit(page, &[("user", name), ("password", password)]).await
    }

    pub(crate) async fn allow(&mut self, page: &Reply) -> Reply {
        page.is(200).has_title("Allow access?");
        self.submit(page, &[("decision", "approve")]).await
    }

    /// All the way to where the client gets its answer, as Ada.
    pub(crate) async fn agree(&mut self, app: &App, changes: &[(&str, &str)]) -> Reply {
        let mut reply = self.ask(app, changes).await;
        if reply.status == 200 && reply.text().contains("<title>Log in</title>") {
            reply = self.log_in(&reply, ADA).await;
        }
        if reply.status == 200 {
            reply = self.allow(&reply).await;
        }
        reply
    }
}
