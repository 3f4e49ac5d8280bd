//! Who may call what: the scopes that an operation needs, held against those its caller has.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::caller::Caller;
use crate::jsonrpc::ErrorObject;
use crate::registry::ToolEntry;
use crate::server::{Parts, Server};

impl Server {
    /// The scopes that a call of `method` needs, all of them: those of the tool, where it calls one
    /// (`name`) that has some of its own, else those that every request needs.
    pub fn required_scopes<'s>(
        &'s self,
        method: &str,
        name: Option<&str>,
    ) -> impl Iterator<Item = &'s str> + use<'s> {
        let tool =
            name.filter(|_| method == "tools/call").and_then(|name| self.0.registry.tool(name));
        let scopes = tool.map_or(&*self.0.scopes, |tool| self.0.tool_scopes(tool));
        scopes.iter().map(AsRef::as_ref)
    }

    /// Whether `caller` may call `method`, and the tool `name` by it. To be asked before anything
    /// runs; [`Server::dispatch`] asks once more.
    ///
    /// # Errors
    /// As [`crate::Granted::permit`].
    pub fn authorize(
        &self,
        method: &str,
        name: Option<&str>,
        caller: &Caller,
    ) -> Result<(), ErrorObject> {
        caller.scopes.permit(self.required_scopes(method, name))
    }

    /// Every scope that some tool needs, or, of a server without tools, every request: what a
    /// client would ask for to use all of it. Sorted.
    #[must_use]
    pub fn scopes(&self) -> Vec<&str> {
        let tools = &self.0.registry.tools;
        let of_tools = tools.iter().flat_map(|tool| self.0.tool_scopes(tool));
        let of_all = if tools.is_empty() { &*self.0.scopes } else { &[] };
        let scopes: BTreeSet<_> = of_tools.chain(of_all).map(AsRef::as_ref).collect();
        scopes.into_iter().collect()
    }
}

impl Parts {
    /// The tools that `caller` is shown, in the order they are listed.
    pub(crate) fn shown_to<'s>(
        &'s self,
        caller: &'s Caller,
    ) -> impl Iterator<Item = &'s ToolEntry> {
        self.registry.tools.iter().filter(|tool| self.shows(tool, caller))
    }

    /// Whether `caller` is shown `tool`.
    pub(crate) fn shows(&self, tool: &ToolEntry, caller: &Caller) -> bool {
        !self.list_only_callable
            || self.tool_scopes(tool).iter().all(|scope| caller.scopes.hold(scope))
    }

    pub(crate) fn tool_scopes<'s>(&'s self, tool: &'s ToolEntry) -> &'s [Cow<'static, str>] {
        if tool.spec.scopes.is_empty() { &self.scopes } else { &tool.spec.scopes }
    }
}
