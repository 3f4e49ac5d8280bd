//! Tenants: what one may ask, and that nothing of another is asked, told or remembered.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;

use super::server::{Reply, Server};
use super::workspaces::{amp, chosen};
use super::{UP, aws, default_target, soon};
use crate::{CredentialsOf, Error, Prometheus, Selection, Settings, Tenants, WorkspaceId};

/// Two workspaces of two tenants, and one of nobody.
const THREE: &[(&str, &str, &str)] =
    &[("ws-a", "of a", "ACTIVE"), ("ws-b", "of b", "ACTIVE"), ("ws-c", "", "ACTIVE")];

fn workspaces() -> Option<BTreeMap<String, WorkspaceId>> {
    let pair = |tenant: &str, id: &str| (tenant.to_owned(), id.parse().unwrap());
    Some(BTreeMap::from([pair("a", "ws-a"), pair("b", "ws-b")]))
}

/// Credentials whose key is the tenant's name; who was asked for is written down.
fn credentials(asked: &Arc<Mutex<Vec<String>>>) -> Option<CredentialsOf> {
    let asked = Arc::clone(asked);
    Some(Arc::new(move |tenant: &str| {
        asked.lock().unwrap().push(tenant.to_owned());
        let credentials = Credentials::new(format!("KEYOF-{tenant}"), "s", None, None, "tests");
        SharedCredentialsProvider::new(credentials)
    }))
}

fn of_tenants(server: &Server, tenants: Tenants) -> Prometheus {
    aws(Settings::default(), &server.url).0.with_tenants(tenants)
}

fn elsewhere() -> Selection {
    Selection { workspace_id: None, region: Some("eu-west-1".parse().unwrap()) }
}

/// What the failures say, a line each.
async fn told(prometheus: &Prometheus, selections: &[Selection]) -> String {
    let mut told = String::new();
    for selection in selections {
        let err = prometheus.resolve(selection, soon()).await.unwrap_err();
        told += &format!("{}: {err}\n", err.kind());
    }
    told
}

#[tokio::test]
async fn a_tenant_asks_its_own_workspace_by_default_and_by_name() {
    let server = amp(THREE).await;
    let all = of_tenants(&server, Tenants { workspaces: workspaces(), credentials: None });
    for (tenant, own) in [("a", "ws-a"), ("b", "ws-b"), ("a", "ws-a")] {
        let prometheus = all.for_tenant(Some(tenant)).unwrap();
        let home = Selection { workspace_id: None, region: "us-east-1".parse().ok() };
        for selection in [Selection::default(), chosen(own), home] {
            let target = prometheus.resolve(&selection, soon()).await.unwrap();
            assert_eq!(target.workspace.as_ref().map(WorkspaceId::as_str), Some(own));
            prometheus.query(&target, &UP, soon()).await.unwrap();
        }
        let listed = prometheus.workspaces(None, soon()).await.unwrap().workspaces;
        let listed: Vec<_> = listed.iter().map(ToString::to_string).collect();
        assert_eq!(listed, [format!("{own} (of {tenant}, ACTIVE)")]);
    }
    assert!(server.lines().iter().all(|line| !line.starts_with("GET /workspaces?")));
}

#[tokio::test]
async fn a_workspace_of_another_is_refused_before_any_call_whether_there_is_one_or_not() {
    let server = amp(THREE).await;
    let all = of_tenants(&server, Tenants { workspaces: workspaces(), credentials: None });
    let a = all.for_tenant(Some("a")).unwrap();
    let told = told(&a, &[chosen("ws-b"), chosen("ws-nobody"), elsewhere()]).await;
    insta::assert_snapshot!(told, @r"
    not_open: workspace ws-b is not open to the tenant of this caller
    not_open: workspace ws-nobody is not open to the tenant of this caller
    not_open: region eu-west-1 is not open to the tenant of this caller
    ");
    let listed = a.workspaces("eu-west-1".parse().ok().as_ref(), soon()).await;
    assert!(matches!(listed, Err(Error::NotOpen { .. })));
    assert!(server.lines().is_empty());
}

#[tokio::test]
async fn what_one_tenant_found_is_no_target_for_another() {
    let server = amp(THREE).await;
    let all = of_tenants(&server, Tenants { workspaces: workspaces(), credentials: None });
    let (a, b) = (all.for_tenant(Some("a")).unwrap(), all.for_tenant(Some("b")).unwrap());
    let of_b = default_target(&b).await.unwrap();
    for prometheus in [&a, &all] {
        assert!(prometheus.query(&of_b, &UP, soon()).await.is_err());
    }
    b.query(&of_b, &UP, soon()).await.unwrap();
    assert_eq!(server.lines(), ["GET /workspaces/ws-b", "POST /workspaces/ws-b/api/v1/query"]);
}

#[tokio::test]
async fn who_has_no_tenant_or_an_unknown_one_is_refused() {
    let server = amp(THREE).await;
    let asked = Arc::default();
    let by_workspace = Tenants { workspaces: workspaces(), credentials: None };
    let by_role = Tenants { workspaces: None, credentials: credentials(&asked) };
    for tenants in [by_workspace, by_role] {
        let knows_all = tenants.workspaces.is_none();
        let all = of_tenants(&server, tenants);
        assert!(matches!(all.for_tenant(None), Err(Error::NoTenant)));
        assert_eq!(all.for_tenant(Some("c")).is_ok(), knows_all);
        // Nor does a tool that forgets to say for whom it asks get an answer.
        let forgotten = told(&all, &[Selection::default(), chosen("ws-a")]).await;
        let word = "no_tenant: this server is for the callers of tenants, and this caller belongs to none\n";
        assert_eq!(forgotten, word.repeat(2));
        assert!(matches!(all.workspaces(None, soon()).await, Err(Error::NoTenant)));
    }
    assert!(server.lines().is_empty());
}

#[tokio::test]
async fn requests_of_a_tenant_are_signed_by_its_own_credentials_on_both_planes() {
    let server = amp(THREE).await;
    let asked = Arc::default();
    let tenants = Tenants { workspaces: workspaces(), credentials: credentials(&asked) };
    let all = of_tenants(&server, tenants);
    for tenant in ["a", "b", "a"] {
        let prometheus = all.for_tenant(Some(tenant)).unwrap();
        let target = default_target(&prometheus).await.unwrap();
        prometheus.query(&target, &UP, soon()).await.unwrap();
    }
    let signed: Vec<_> = server.requests().iter().map(signer).collect();
    assert_eq!(signed, ["KEYOF-a", "KEYOF-a", "KEYOF-b", "KEYOF-b", "KEYOF-a"]);
    // One handle, and one set of credentials, for each.
    assert_eq!(*asked.lock().unwrap(), ["a", "b"]);
}

#[tokio::test]
async fn what_iam_lets_one_tenant_see_is_not_remembered_for_another() {
    // IAM lets a see ws-a only, and b nothing.
    let server = Server::start(|request, _| match signer(request).as_str() {
        "KEYOF-a" => super::workspaces::amp_reply(&THREE[..1], request),
        _ => {
            let code = [("x-amzn-errortype", "AccessDeniedException")];
            Reply::with(403, &code, r#"{"message":"not authorized"}"#)
        }
    })
    .await;
    let asked = Arc::default();
    let all = of_tenants(&server, Tenants { workspaces: None, credentials: credentials(&asked) });
    let (a, b) = (all.for_tenant(Some("a")).unwrap(), all.for_tenant(Some("b")).unwrap());
    // The endpoint and the only active workspace are known now, to a.
    let target = default_target(&a).await.unwrap();
    a.query(&target, &UP, soon()).await.unwrap();
    for selection in [Selection::default(), chosen("ws-a")] {
        let err = b.resolve(&selection, soon()).await.unwrap_err();
        assert!(matches!(err, Error::Denied { .. }), "{err:?}");
    }
    let err = b.query(&target, &UP, soon()).await.unwrap_err();
    assert!(matches!(err, Error::Denied { .. }), "{err:?}");
}

#[tokio::test]
async fn tenants_are_kept_up_to_a_number_the_busy_ones_longest() {
    let server = amp(THREE).await;
    let asked = Arc::default();
    let all = of_tenants(&server, Tenants { workspaces: None, credentials: credentials(&asked) });
    for number in 0..64 {
        all.for_tenant(Some(&format!("t{number}"))).unwrap();
    }
    for (tenant, made) in [("t0", 64), ("new", 65), ("t0", 65), ("t1", 66), ("t2", 67)] {
        all.for_tenant(Some(tenant)).unwrap();
        assert_eq!(asked.lock().unwrap().len(), made, "{tenant}");
    }
}

#[tokio::test]
async fn without_tenants_a_tenant_is_like_anyone() {
    let server = amp(THREE).await;
    let (prometheus, _) = aws(Settings::default(), &server.url);
    for tenant in [None, Some("a")] {
        let handle = prometheus.for_tenant(tenant).unwrap();
        assert_eq!(handle.workspaces(None, soon()).await.unwrap().workspaces.len(), 3);
    }
}

/// The id of the key that signed.
fn signer(request: &http::Request<bytes::Bytes>) -> String {
    let authorization = request.headers()["authorization"].to_str().unwrap();
    let (_, credential) = authorization.split_once("Credential=").unwrap();
    credential.split('/').next().unwrap().to_owned()
}
