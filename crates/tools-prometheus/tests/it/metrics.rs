//! `ListMetrics`.

use serde_json::{Value, json};

use crate::Upstream;

/// Names as a node exporter, a Go program and a few services have them.
pub(crate) fn names(count: usize) -> Vec<String> {
    let families = [
        "node_memory_{}_bytes",
        "node_netstat_Tcp_{}",
        "node_disk_{}_total",
        "go_memstats_{}_bytes",
        "go_gc_{}_seconds",
        "http_server_{}_total",
        "process_{}_bytes",
        "prometheus_tsdb_{}_total",
        "container_cpu_{}_seconds_total",
        "kube_pod_{}_info",
        "node_cpu_{}_seconds",
        "grpc_{}_handled",
        "payments_{}_total",
        "node_vmstat_{}",
        "prometheus_remote_{}_bytes",
        "cortex_{}_queue",
    ];
    let mut names: Vec<String> = (0..count)
        .map(|i| {
            families[i % families.len()].replace("{}", &format!("kind{:03}", i / families.len()))
        })
        .collect();
    names.sort();
    names
}

async fn upstream(names: &[String]) -> Upstream {
    Upstream::of(json!(names)).await
}

#[tokio::test]
async fn without_arguments_the_list_is_whole_and_sorted() {
    let mut names = names(200);
    names.swap(3, 150);
    let upstream = upstream(&names).await;
    let answer = upstream.tools().call("ListMetrics", json!({})).await;
    names.sort();
    assert_eq!(answer.structured()["metrics"], json!(names));
    assert_eq!(answer.structured()["truncated"], Value::Null);
    assert_eq!(upstream.calls(), ["GET /api/v1/label/__name__/values "]);
    insta::assert_snapshot!(answer.text(), @"
    200 metrics
    container_cpu_* 12, cortex_* 12, go_gc_* 13, go_memstats_* 13, grpc_* 12, http_server_* 13, kube_pod_* 12, node_cpu_* 12, node_disk_* 13, node_memory_* 13, node_netstat_Tcp_* 13, node_vmstat_* 12, payments_* 12, process_* 13, prometheus_remote_* 12, prometheus_tsdb_* 13
    All names are in the structured result; narrow with prefix or match.
    ");
}

#[tokio::test]
async fn a_pattern_and_a_prefix_narrow_it() {
    let upstream = upstream(&names(200)).await;
    let arguments = json!({"prefix": "node_", "match": "memory.*00[12]"});
    let answer = upstream.tools().call("ListMetrics", arguments).await;
    assert_eq!(
        answer.structured()["metrics"],
        json!(["node_memory_kind001_bytes", "node_memory_kind002_bytes"])
    );
    insta::assert_snapshot!(answer.text(), @"
    2 of 200 metrics match
    node_memory_kind001_bytes, node_memory_kind002_bytes
    ");
}

#[tokio::test]
async fn a_limit_pages_through_each_name_once() {
    let names = names(200);
    let upstream = upstream(&names).await;
    let tools = upstream.tools();
    let mut seen: Vec<String> = Vec::new();
    let mut arguments = json!({"limit": 60});
    loop {
        let answer = tools.call("ListMetrics", arguments.clone()).await;
        let page: Vec<String> =
            serde_json::from_value(answer.structured()["metrics"].clone()).unwrap();
        assert!(page.len() <= 60);
        seen.extend(page);
        let truncated = &answer.structured()["truncated"];
        assert_eq!(truncated["total"], 200);
        if truncated["next"].is_null() {
            assert_eq!(truncated["rule"], "181 to 200 by name");
            break;
        }
        arguments["cursor"] = truncated["next"].clone();
    }
    assert_eq!(seen, names);
}

#[tokio::test]
async fn a_limit_of_zero_is_refused() {
    let upstream = upstream(&names(2)).await;
    let answer = upstream.tools().call("ListMetrics", json!({"limit": 0})).await;
    assert!(answer.error().contains("limit"), "{}", answer.error());
    assert_eq!(upstream.calls().len(), 0);
}
