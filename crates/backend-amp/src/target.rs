//! Which server a question goes to.

use std::time::Duration;

use crate::{CallStats, PrometheusUrl, Region, Settings, Workspace, WorkspaceId};

/// What the caller chose; what is `None` comes from the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Wins over every configured default.
    pub workspace_id: Option<WorkspaceId>,
    /// Where the workspace is.
    pub region: Option<Region>,
}

/// A server to ask, found by [`Prometheus::resolve`](crate::Prometheus::resolve).
#[derive(Debug, Clone)]
pub struct Target {
    /// The base of its API.
    pub url: PrometheusUrl,
    /// The workspace, if it is one.
    pub workspace: Option<WorkspaceId>,
    /// The region of the workspace; `None` for a server outside AWS.
    pub region: Option<Region>,
    /// How long ago the URL was looked up; `None` when it is a configured one.
    pub cache_age: Option<Duration>,
    /// What finding it cost.
    pub stats: CallStats,
    /// Requests are signed for this region.
    pub(crate) signing: Option<Region>,
}

/// The workspaces of a region.
#[derive(Debug, Clone)]
pub struct Workspaces {
    /// Where they are.
    pub region: Region,
    /// All of them, in the API's order, the active ones with their URLs.
    pub workspaces: Vec<Workspace>,
    /// What finding them cost.
    pub stats: CallStats,
}

/// Where to look, before anything is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// The configured URL, as it is.
    Url(PrometheusUrl),
    /// A workspace, whose URL AWS tells.
    Workspace(WorkspaceId, Option<Region>),
    /// The only active workspace of a region.
    OnlyActive(Option<Region>),
}

impl Settings {
    /// The configured workspace: the given id, or the one that the URL names.
    pub fn default_workspace(&self) -> Option<WorkspaceId> {
        let of_url = || self.url.as_ref()?.workspace();
        self.workspace.clone().or_else(of_url)
    }

    /// The configured region. A URL of AMP names its own, which wins: in a Lambda function the
    /// other is where the function runs, not where the metrics are.
    pub fn default_region(&self) -> Option<Region> {
        let of_url = self.url.as_ref().and_then(PrometheusUrl::region);
        of_url.or_else(|| self.region.clone())
    }

    /// Explicit id, then configured default, then the only active workspace. The configured URL
    /// is the place when it is of the chosen workspace, or when nothing else was chosen.
    pub(crate) fn place(&self, selection: &Selection) -> Place {
        let home = self.default_region();
        let elsewhere = selection.region.is_some() && selection.region != home;
        let region = selection.region.clone().or(home);
        let of_url = self.url.as_ref().and_then(PrometheusUrl::workspace);
        // AMP's host alone is no server to ask.
        let url = self.url.clone().filter(|url| !elsewhere && (of_url.is_some() || !url.is_amp()));

        if let Some(id) = selection.workspace_id.clone() {
            return match url {
                Some(url) if of_url.as_ref() == Some(&id) => Place::Url(url),
                _ => Place::Workspace(id, region),
            };
        }
        if elsewhere {
            return Place::OnlyActive(region);
        }
        match (url, self.workspace.clone()) {
            (Some(_), Some(id)) if of_url.as_ref().is_some_and(|of_url| *of_url != id) => {
                Place::Workspace(id, region)
            }
            (Some(url), _) => Place::Url(url),
            (None, Some(id)) => Place::Workspace(id, region),
            (None, None) => Place::OnlyActive(region),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AMP: &str = "https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-url";

    /// (url, workspace, region) configured, (workspace, region) chosen.
    #[track_caller]
    fn check(
        (url, workspace, region): (&str, &str, &str),
        (chosen, chosen_region): (&str, &str),
        expected: &str,
    ) {
        let settings = Settings {
            url: url.parse().ok(),
            workspace: workspace.parse().ok(),
            region: region.parse().ok(),
            ..Settings::default()
        };
        let selection =
            Selection { workspace_id: chosen.parse().ok(), region: chosen_region.parse().ok() };
        let named = |region: Option<Region>| region.map_or("?".to_owned(), |r| r.to_string());
        let place = match settings.place(&selection) {
            Place::Url(url) => format!("url {url}"),
            Place::Workspace(id, region) => format!("{id} in {}", named(region)),
            Place::OnlyActive(region) => format!("only in {}", named(region)),
        };
        assert_eq!(place, expected, "{settings:?} {selection:?}");
    }

    #[test]
    fn the_place_is_the_explicit_id_then_the_default_then_the_only_one() {
        let amp = &format!("url {AMP}");
        let plain = "http://localhost:9090";
        // A URL of a workspace.
        check((AMP, "", ""), ("", ""), amp);
        check((AMP, "", "eu-west-1"), ("", ""), amp);
        check((AMP, "", ""), ("ws-url", ""), amp);
        check((AMP, "", ""), ("", "us-east-1"), amp);
        check((AMP, "", ""), ("ws-2", ""), "ws-2 in us-east-1");
        check((AMP, "", "eu-west-1"), ("ws-2", ""), "ws-2 in us-east-1");
        check((AMP, "", ""), ("ws-url", "eu-west-1"), "ws-url in eu-west-1");
        check((AMP, "", ""), ("", "eu-west-1"), "only in eu-west-1");
        check((AMP, "ws-1", ""), ("", ""), "ws-1 in us-east-1");
        check((AMP, "ws-url", ""), ("", ""), amp);
        // A server outside AWS.
        check((plain, "", ""), ("", ""), "url http://localhost:9090");
        check((plain, "ws-1", ""), ("", ""), "url http://localhost:9090");
        check((plain, "", "us-east-1"), ("", "us-east-1"), "url http://localhost:9090");
        check((plain, "", ""), ("ws-1", ""), "ws-1 in ?");
        check((plain, "", "us-east-1"), ("ws-1", ""), "ws-1 in us-east-1");
        check((plain, "", ""), ("", "us-east-1"), "only in us-east-1");
        // AMP's host alone.
        let host = "https://aps-workspaces.us-east-1.amazonaws.com";
        check((host, "", ""), ("", ""), "only in us-east-1");
        check((host, "ws-1", ""), ("", ""), "ws-1 in us-east-1");
        // No URL.
        check(("", "ws-1", "us-east-1"), ("", ""), "ws-1 in us-east-1");
        check(("", "ws-1", "us-east-1"), ("ws-2", ""), "ws-2 in us-east-1");
        check(("", "ws-1", "us-east-1"), ("", "eu-west-1"), "only in eu-west-1");
        check(("", "", "us-east-1"), ("", ""), "only in us-east-1");
        check(("", "", ""), ("", ""), "only in ?");
    }
}
