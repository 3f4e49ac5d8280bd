//! The control plane: which workspace, and where it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;

use super::server::{Reply, Server};
use super::{NOTHING, UP, aws, default_target, plain, soon};
use crate::{Error, Selection, Settings, WorkspaceId};

/// AMP with these workspaces (`id`, `alias`, `status`), one a page.
pub(super) async fn amp(
    workspaces: &'static [(&'static str, &'static str, &'static str)],
) -> Server {
    Server::start(move |request, _| amp_reply(workspaces, request)).await
}

pub(super) fn amp_reply(workspaces: &[(&str, &str, &str)], request: &Request<Bytes>) -> Reply {
    let summary = |(id, alias, status): &(&str, &str, &str)| {
        format!(
            r#""workspaceId":"{id}","alias":"{alias}","arn":"arn:{id}","createdAt":1.5,
               "tags":{{}},"status":{{"statusCode":"{status}"}}"#
        )
    };
    let path = request.uri().path();
    if path.ends_with("/api/v1/query") {
        return Reply::ok(NOTHING);
    }
    let Some(id) = path.strip_prefix("/workspaces/") else {
        let query = request.uri().query().unwrap_or_default();
        let page: usize = query
            .split('&')
            .find_map(|pair| pair.strip_prefix("nextToken=page%2F"))
            .map_or(0, |page| page.parse().unwrap());
        let listed = workspaces.get(page).map(summary);
        let next = match page + 1 < workspaces.len() {
            true => format!(r#","nextToken":"page/{}""#, page + 1),
            false => String::new(),
        };
        let listed = listed.map_or(String::new(), |listed| format!("{{{listed}}}"));
        return Reply::ok(format!(r#"{{"workspaces":[{listed}]{next}}}"#));
    };
    match workspaces.iter().find(|workspace| workspace.0 == id) {
        Some(workspace @ (_, _, "CREATING")) => {
            Reply::ok(format!(r#"{{"workspace":{{{}}}}}"#, summary(workspace)))
        }
        Some(workspace) => {
            let host = request.headers()["host"].to_str().unwrap();
            Reply::ok(format!(
                r#"{{"workspace":{{{},"prometheusEndpoint":"http://{host}/workspaces/{id}/"}}}}"#,
                summary(workspace)
            ))
        }
        None => Reply::with(
            404,
            &[("x-amzn-errortype", "ResourceNotFoundException")],
            format!(r#"{{"message":"no {id}","resourceId":"{id}","resourceType":"workspace"}}"#),
        ),
    }
}

pub(super) fn chosen(id: &str) -> Selection {
    Selection { workspace_id: Some(id.parse().unwrap()), region: None }
}

fn list_line(page: usize) -> String {
    match page {
        0 => "GET /workspaces?maxResults=1000".to_owned(),
        page => format!("GET /workspaces?nextToken=page%2F{page}&maxResults=1000"),
    }
}

#[tokio::test]
async fn a_configured_workspace_url_needs_no_control_plane() {
    let server = amp(&[]).await;
    let url = "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1";
    let settings = Settings { url: Some(url.parse().unwrap()), ..Settings::default() };
    let (prometheus, _) = aws(settings, &server.url);
    for selection in [Selection::default(), chosen("ws-1")] {
        let target = prometheus.resolve(&selection, soon()).await.unwrap();
        assert_eq!(target.url.as_str(), url);
        assert_eq!(target.workspace.as_ref().map(WorkspaceId::as_str), Some("ws-1"));
        assert_eq!(target.signing.unwrap().as_str(), "eu-west-1");
        assert_eq!((target.cache_age, target.stats.http_calls), (None, 0));
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn an_explicit_workspace_wins_over_the_configured_url() {
    let server = amp(&[("ws-2", "two", "ACTIVE")]).await;
    let settings = Settings {
        url: Some("http://127.0.0.1:1/workspaces/ws-1".parse().unwrap()),
        ..Settings::default()
    };
    let (prometheus, _) = aws(settings, &server.url);
    let target = prometheus.resolve(&chosen("ws-2"), soon()).await.unwrap();
    prometheus.query(&target, &UP, soon()).await.unwrap();
    assert_eq!(server.lines(), ["GET /workspaces/ws-2", "POST /workspaces/ws-2/api/v1/query"]);
    // Both planes share the pool, and both sign.
    assert_eq!(server.connections(), 1);
    for request in server.requests() {
        let authorization = request.headers()["authorization"].to_str().unwrap();
        assert!(authorization.contains("/us-east-1/aps/aws4_request"));
    }
}

#[tokio::test]
async fn without_aws_an_explicit_workspace_or_region_is_an_error_not_ignored() {
    let prometheus =
        plain(Settings { url: Some("http://127.0.0.1:1".parse().unwrap()), ..Settings::default() });
    let elsewhere = Selection { workspace_id: None, region: Some("eu-west-1".parse().unwrap()) };
    let mut told = String::new();
    for selection in [chosen("ws-2"), elsewhere] {
        let err = prometheus.resolve(&selection, soon()).await.unwrap_err();
        told += &format!("{}: {err}\n", err.kind());
    }
    let err = prometheus.workspaces(None, soon()).await.unwrap_err();
    told += &format!("{}: {err}\n", err.kind());
    insta::assert_snapshot!(told, @r"
    no_aws: workspace ws-2 needs AWS, and no AWS credentials are configured
    no_aws: finding a workspace in eu-west-1 needs AWS, and no AWS credentials are configured
    no_aws: listing workspaces needs AWS, and no AWS credentials are configured
    ");
}

#[tokio::test]
async fn where_a_workspace_is_is_believed_for_ten_minutes() {
    let server = amp(&[("ws-1", "", "ACTIVE")]).await;
    let (prometheus, clock) = aws(Settings::default(), &server.url);
    for (minutes, age, calls) in [(0, 0, 1), (4, 4, 0), (5, 9, 0), (1, 0, 1), (1, 1, 0)] {
        clock.advance(Duration::from_secs(minutes * 60));
        let target = prometheus.resolve(&chosen("ws-1"), soon()).await.unwrap();
        assert_eq!(target.cache_age, Some(Duration::from_secs(age * 60)));
        assert_eq!(target.stats.http_calls, calls);
    }
}

#[tokio::test]
async fn the_only_active_workspace_is_found_once() {
    let server = amp(&[("ws-1", "old", "DELETING"), ("ws-2", "new", "ACTIVE")]).await;
    let (prometheus, _) = aws(Settings::default(), &server.url);
    for calls in [3, 0] {
        let target = default_target(&prometheus).await.unwrap();
        assert_eq!(target.url.as_str(), format!("{}/workspaces/ws-2", server.url));
        assert_eq!(target.region.unwrap().as_str(), "us-east-1");
        assert_eq!(target.stats.http_calls, calls);
    }
    // A fresh list is a reason to look again.
    prometheus.workspaces(None, soon()).await.unwrap();
    let target = default_target(&prometheus).await;
    assert_eq!(target.unwrap().stats.http_calls, 2);
}

#[tokio::test]
async fn the_user_chooses_among_several_and_is_told_of_none() {
    let several =
        amp(&[("ws-1", "prod", "ACTIVE"), ("ws-2", "", "ACTIVE"), ("ws-3", "new", "CREATING")])
            .await;
    let none = amp(&[]).await;
    let mut told = String::new();
    for server in [&several, &none] {
        let (prometheus, _) = aws(Settings::default(), &server.url);
        let err = default_target(&prometheus).await.unwrap_err();
        told += &format!("{}: {err}\n", err.kind());
        if let Error::WorkspaceUnknown { choices, .. } = err {
            assert_eq!(choices.len(), 3);
        }
    }
    assert_eq!(several.lines(), [list_line(0), list_line(1), list_line(2)]);
    insta::assert_snapshot!(told, @r"
    workspace_unknown: no workspace was chosen, and us-east-1 has ws-1 (prod, ACTIVE), ws-2 (ACTIVE), ws-3 (new, CREATING)
    no_workspaces: there are no workspaces in us-east-1
    ");
}

#[tokio::test]
async fn workspaces_are_listed_to_the_last_page_with_the_urls_of_the_active() {
    let server =
        amp(&[("ws-1", "prod", "ACTIVE"), ("ws-2", "", "CREATING"), ("ws-3", "dev", "ACTIVE")])
            .await;
    let (prometheus, _) = aws(Settings::default(), &server.url);
    let found = prometheus.workspaces(None, soon()).await.unwrap();
    let listed: Vec<String> = found.workspaces.iter().map(ToString::to_string).collect();
    assert_eq!(listed, ["ws-1 (prod, ACTIVE)", "ws-2 (CREATING)", "ws-3 (dev, ACTIVE)"]);
    let urls: Vec<bool> = found.workspaces.iter().map(|w| w.url.is_some()).collect();
    assert_eq!(urls, [true, false, true]);
    assert_eq!(found.stats.http_calls, 5);
    assert_eq!(found.region.as_str(), "us-east-1");
}

#[tokio::test]
async fn a_list_that_goes_round_in_circles_ends() {
    let server = Server::start(|_, _| Reply::ok(r#"{"workspaces":[],"nextToken":"a"}"#)).await;
    let (prometheus, _) = aws(Settings::default(), &server.url);
    let err = prometheus.workspaces(None, soon()).await.unwrap_err();
    assert_eq!(err.kind(), "unexpected_reply");
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_workspace_that_cannot_be_asked_is_said_to_be_so() {
    let server = amp(&[("ws-new", "", "CREATING")]).await;
    let (prometheus, _) = aws(Settings::default(), &server.url);
    let mut told = String::new();
    for id in ["ws-new", "ws-gone"] {
        let err = prometheus.resolve(&chosen(id), soon()).await.unwrap_err();
        told += &format!("{}: {err}\n", err.kind());
    }
    assert_eq!(server.requests().len(), 2);
    insta::assert_snapshot!(told, @r"
    workspace_not_ready: workspace ws-new cannot be queried: it is CREATING
    workspace_not_found: there is no workspace ws-gone in us-east-1
    ");
}

#[tokio::test]
async fn a_workspace_that_is_deleted_later_is_looked_up_again() {
    let gone = Arc::new(AtomicBool::new(false));
    let deleted = gone.clone();
    let server = Server::start(move |request, _| {
        let workspaces: &[_] = match deleted.load(Ordering::Relaxed) {
            true if request.method() == "POST" => {
                let code = [("x-amzn-errortype", "ResourceNotFoundException")];
                return Reply::with(404, &code, r#"{"message":"no such workspace"}"#);
            }
            true => &[],
            false => &[("ws-1", "", "ACTIVE")],
        };
        amp_reply(workspaces, request)
    })
    .await;
    let (prometheus, _) = aws(Settings::default(), &server.url);
    let target = default_target(&prometheus).await.unwrap();
    gone.store(true, Ordering::Relaxed);
    let err = prometheus.query(&target, &UP, soon()).await.unwrap_err();
    assert_eq!(err.kind(), "workspace_not_found");
    let err = default_target(&prometheus).await;
    assert_eq!(err.unwrap_err().kind(), "no_workspaces");
}

#[tokio::test]
async fn the_control_plane_is_retried_and_ends_like_the_data_plane() {
    for (status, code, body, calls) in [
        (500, "InternalServerException", r#"{"message":"oops"}"#, 3),
        (403, "AccessDeniedException", r#"{"message":"not allowed"}"#, 1),
        (403, "ExpiredTokenException", r#"{"message":"old"}"#, 1),
        (400, "ValidationException", r#"{"message":"bad","reason":"OTHER"}"#, 1),
        (429, "ThrottlingException", r#"{"message":"slow down"}"#, 3),
        (200, "", "<html>", 1),
    ] {
        let server = Server::start(move |_, _| {
            let headers = [("x-amzn-errortype", code), ("retry-after", "0")];
            Reply::with(status, &headers, body)
        })
        .await;
        let (prometheus, _) = aws(Settings::default(), &server.url);
        let err = prometheus.resolve(&chosen("ws-1"), soon()).await.unwrap_err();
        assert_eq!(server.requests().len(), calls, "{status} {code}");
        match status {
            500 => assert_eq!(err.to_string(), "the metrics server is unavailable: oops"),
            403 if calls == 1 && code.starts_with('A') => assert_eq!(
                err.to_string(),
                "access denied, aps:DescribeWorkspace is needed: not allowed"
            ),
            403 => assert_eq!(err.kind(), "credentials"),
            400 => assert_eq!(err.to_string(), "ValidationException: bad"),
            429 => assert_eq!(err.to_string(), "throttled: slow down"),
            _ => assert_eq!(err.kind(), "unexpected_reply"),
        }
    }
}

#[tokio::test]
async fn a_control_plane_that_hangs_ends_at_the_deadline() {
    let server = Server::start(|_, _| Reply::Hang).await;
    let (prometheus, _) = aws(Settings::default(), &server.url);
    let deadline = Instant::now() + Duration::from_millis(50);
    let err = prometheus.resolve(&chosen("ws-1"), deadline).await;
    assert_eq!(err.unwrap_err().kind(), "timeout");
}
