//! Lists: each item is written once a revision, and so are the pages, but for callers who are shown
//! only what they may call.

use std::sync::OnceLock;

use bytes::Bytes;
use serde_json::Value;

use crate::caller::{Caller, Granted};
use crate::jsonrpc::ErrorObject;
use crate::registry::Registry;
use crate::render;
use crate::revision::{Features, ProtocolVersion};
use crate::server::{CacheScope, Caching, Parts};
use crate::state::Binding;

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    Tools,
    Resources,
    Templates,
    Prompts,
}

impl List {
    const COUNT: usize = 4;

    const fn member(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Resources => "resources",
            Self::Templates => "resourceTemplates",
            Self::Prompts => "prompts",
        }
    }
}

/// What has been written of the lists, a row a revision.
#[derive(Default)]
pub(crate) struct Lists([Written; ProtocolVersion::ALL.len()]);

#[derive(Default)]
struct Written {
    pages: [OnceLock<Vec<Bytes>>; List::COUNT],
    tools: OnceLock<Vec<String>>,
}

impl Parts {
    /// The page of a list that `cursor` leads to.
    pub(crate) fn page(
        &self,
        list: List,
        version: ProtocolVersion,
        cursor: Option<&str>,
        caller: &Caller,
    ) -> Result<Bytes, ErrorObject> {
        let of_callable = list == List::Tools && self.list_only_callable;
        let page = match &caller.scopes {
            Granted::Only(_) if of_callable => self.callable(version, cursor, caller),
            _ => self.whole(list, version, cursor),
        };
        page.ok_or_else(|| {
            ErrorObject::invalid_params("cursor: it was not issued here for this list")
        })
    }

    fn whole(&self, list: List, version: ProtocolVersion, cursor: Option<&str>) -> Option<Bytes> {
        let pages = self.lists.0[version.index()].pages[list as usize]
            .get_or_init(|| self.pages(list, version));
        let start = self.start(list, cursor, "")?;
        pages.get(start / self.page_size).cloned()
    }

    fn pages(&self, list: List, version: ProtocolVersion) -> Vec<Bytes> {
        let features = version.features();
        let Registry { resources, templates, prompts, .. } = &self.registry;
        let text = |item: Value| item.to_string();
        let written: Vec<String>;
        let items = match list {
            List::Tools => self.tools(version),
            List::Resources => {
                let all = resources.iter().map(|entry| render::resource(&entry.spec, features));
                written = all.map(text).collect();
                &written
            }
            List::Templates => {
                let all = templates.iter().map(|entry| render::template(&entry.spec, features));
                written = all.map(text).collect();
                &written
            }
            List::Prompts => {
                let all = prompts.iter().map(|entry| render::prompt(&entry.spec, features));
                written = all.map(text).collect();
                &written
            }
        };
        // An empty list is one empty page.
        let starts = (0..items.len().max(1)).step_by(self.page_size);
        starts
            .map(|start| {
                let end = start.saturating_add(self.page_size);
                let page = items.iter().skip(start).take(self.page_size).map(String::as_str);
                let next = (end < items.len()).then_some(end);
                self.write_page(list, features, &page.collect::<Vec<_>>(), next, "")
            })
            .collect()
    }

    /// The tools that `caller` may call. A cursor is the place in the list of all tools, so that it
    /// stays good when the caller is granted more, or less, between two pages.
    fn callable(
        &self,
        version: ProtocolVersion,
        cursor: Option<&str>,
        caller: &Caller,
    ) -> Option<Bytes> {
        let principal = caller.principal();
        let start = self.start(List::Tools, cursor, &principal)?;
        let all = self.registry.tools.iter().zip(self.tools(version)).enumerate().skip(start);
        let mut callable = all.filter(|(_, (tool, _))| self.shows(tool, caller));
        let page: Vec<_> =
            callable.by_ref().take(self.page_size).map(|(_, (_, text))| text.as_str()).collect();
        let next = callable.next().map(|(place, _)| place);
        Some(self.write_page(List::Tools, version.features(), &page, next, &principal))
    }

    fn tools(&self, version: ProtocolVersion) -> &[String] {
        self.lists.0[version.index()].tools.get_or_init(|| {
            let tools = self.registry.tools.iter();
            tools.map(|tool| render::tool(tool, version.features()).to_string()).collect()
        })
    }

    /// The place in the list that `cursor` leads to; `None` when it is not one of ours.
    fn start(&self, list: List, cursor: Option<&str>, principal: &str) -> Option<usize> {
        let Some(cursor) = cursor else { return Some(0) };
        let place = self.sealer.open(&binding(list, principal), (self.clock)(), cursor).ok()?;
        Some(usize::from_be_bytes(place.try_into().ok()?))
    }

    fn write_page(
        &self,
        list: List,
        features: &Features,
        items: &[&str],
        next: Option<usize>,
        principal: &str,
    ) -> Bytes {
        let member = list.member();
        let mut body = format!(r#"{{"{member}":[{}]"#, items.join(","));
        if let Some(next) = next {
            // A seal is made of letters, digits, `-` and `_`.
            let cursor = self.sealer.seal(&binding(list, principal), None, &next.to_be_bytes());
            body.push_str(&format!(r#","nextCursor":"{cursor}""#));
        }
        body.push('}');
        self.complete(body.into_bytes(), features, Some(self.caching_of(list)))
    }

    /// A list that differs from caller to caller is for nobody else, on every page.
    fn caching_of(&self, list: List) -> Caching {
        if list == List::Tools && self.list_only_callable {
            Caching { scope: CacheScope::Private, ..self.caching }
        } else {
            self.caching
        }
    }
}

fn binding<'a>(list: List, principal: &'a str) -> Binding<'a> {
    Binding { purpose: "cursor", principal, request: list.member().as_bytes() }
}
