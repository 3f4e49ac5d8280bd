//! What kube-state-metrics tells about a cluster.

use crate::sample::row::{Kind, Row, counter, fixed, gauge, info, never, single, states};
use crate::sample::shape::Shape;

const CREATED: Shape = Shape::Fixed(1_767_225_600.0);
const READY: Shape = Shape::Serving(1.0);
const PAIR: Shape = Shape::Serving(2.0);
const WAITING: &[&str] =
    &["none", "ContainerCreating", "CrashLoopBackOff", "ErrImagePull", "ImagePullBackOff"];

/// Once a pod, with the node it runs on.
pub(super) const POD_INFO: &[Row] =
    &[info("kube_pod_info", &[("host_network", "false")], "The pod, and where it runs.")];

/// Once a pod.
pub(super) const POD: &[Row] = &[
    info("kube_pod_labels", &[("label_team", "shop")], "Labels of the pod."),
    info("kube_pod_annotations", &[], "Annotations of the pod."),
    info("kube_pod_owner", &[("owner_kind", "ReplicaSet")], "Who owns the pod."),
    info("kube_pod_ips", &[("ip_family", "4")], "Addresses of the pod."),
    info("kube_pod_restart_policy", &[("type", "Always")], "What happens when it ends."),
    info("kube_pod_service_account", &[("service_account", "default")], "Service account."),
    info("kube_pod_scheduler", &[("name", "default-scheduler")], "Scheduler of the pod."),
    info("kube_pod_tolerations", &[("operator", "Exists")], "Tolerations of the pod."),
    single("kube_pod_created", "Creation, Unix time.", Kind::Gauge, CREATED),
    single("kube_pod_start_time", "Start, Unix time.", Kind::Gauge, CREATED),
    single("kube_pod_status_scheduled_time", "When it was placed.", Kind::Gauge, CREATED),
    single("kube_pod_status_initialized_time", "When it was set up.", Kind::Gauge, CREATED),
    single("kube_pod_status_container_ready_time", "When it was ready.", Kind::Gauge, CREATED),
    single("kube_pod_status_ready_time", "When it was ready.", Kind::Gauge, CREATED),
    states(
        "kube_pod_status_phase",
        "phase",
        &["Running", "Pending", "Succeeded", "Failed", "Unknown"],
        "Phase of the pod.",
    ),
    states("kube_pod_status_scheduled", "condition", CONDITIONS, "Whether it has a node."),
    states(
        "kube_pod_status_qos_class",
        "qos_class",
        &["Burstable", "BestEffort", "Guaranteed"],
        "Quality of service.",
    ),
    states(
        "kube_pod_status_reason",
        "reason",
        &["none", "Evicted", "NodeAffinity", "NodeLost", "Shutdown"],
        "Why it is in this state.",
    ),
    fixed("kube_pod_status_unschedulable", 0.0, "Whether no node takes it."),
    fixed("kube_pod_deletion_timestamp", 0.0, "When it is to be deleted."),
    fixed("kube_pod_spec_volumes_persistentvolumeclaims_info", 1.0, "Volume claims."),
    fixed("kube_pod_spec_volumes_persistentvolumeclaims_readonly", 0.0, "Read-only claims."),
];

const CONDITIONS: &[&str] = &["true", "false", "unknown"];

/// Once a container of a pod.
pub(super) const CONTAINER: &[Row] = &[
    info("kube_pod_container_info", &[("image", "registry.example/shop:1.42.0")], "Container."),
    fixed("kube_pod_container_status_running", 1.0, "Whether it runs."),
    fixed("kube_pod_container_status_terminated", 0.0, "Whether it has ended."),
    fixed("kube_pod_container_status_waiting", 0.0, "Whether it waits."),
    states("kube_pod_container_status_waiting_reason", "reason", WAITING, "Why it waits."),
    states(
        "kube_pod_container_status_last_terminated_reason",
        "reason",
        &["Error", "Completed", "OOMKilled", "ContainerCannotRun"],
        "Why it ended last.",
    ),
    fixed("kube_pod_container_status_last_terminated_exitcode", 137.0, "Its last exit code."),
    fixed("kube_pod_container_resource_requests", 0.25, "Resources asked for.")
        .with(&[("resource", "cpu"), ("unit", "core")]),
    fixed("kube_pod_container_resource_requests", 268_435_456.0, "Resources asked for.")
        .with(&[("resource", "memory"), ("unit", "byte")]),
    fixed("kube_pod_container_resource_limits", 0.5, "Resources at most.")
        .with(&[("resource", "cpu"), ("unit", "core")]),
    fixed("kube_pod_container_resource_limits", 536_870_912.0, "Resources at most.")
        .with(&[("resource", "memory"), ("unit", "byte")]),
    fixed("kube_pod_init_container_status_ready", 1.0, "Whether it is ready."),
    never("kube_pod_init_container_status_restarts_total", "Restarts of it."),
    fixed("kube_pod_init_container_status_terminated", 1.0, "Whether it has ended."),
];

/// Once a container that may be killed, as kube-state-metrics sees it.
pub(super) const KILLED: &[Row] = &[
    single("kube_pod_container_status_restarts_total", "Restarts.", Kind::Counter, Shape::Kills),
    single("kube_pod_container_status_ready", "Whether it is ready.", Kind::Gauge, READY),
    single("kube_pod_status_ready", "Whether all are ready.", Kind::Gauge, READY),
    single("kube_pod_container_state_started", "Start, Unix time.", Kind::Gauge, Shape::Started),
];

/// Once a deployment.
pub(super) const DEPLOYMENT: &[Row] = &[
    single("kube_deployment_created", "Creation, Unix time.", Kind::Gauge, CREATED),
    info("kube_deployment_labels", &[("label_team", "shop")], "Labels of the deployment."),
    info("kube_deployment_annotations", &[], "Annotations of the deployment."),
    fixed("kube_deployment_metadata_generation", 7.0, "Generation that is wanted."),
    fixed("kube_deployment_status_observed_generation", 7.0, "Generation that is seen."),
    fixed("kube_deployment_spec_paused", 0.0, "Whether it is paused."),
    fixed("kube_deployment_spec_replicas", 2.0, "Pods wanted."),
    fixed("kube_deployment_spec_strategy_rollingupdate_max_surge", 1.0, "Extra pods at most."),
    fixed("kube_deployment_spec_strategy_rollingupdate_max_unavailable", 1.0, "Pods missed."),
    fixed("kube_deployment_status_replicas", 2.0, "Pods there are."),
    fixed("kube_deployment_status_replicas_updated", 2.0, "Pods that are up to date."),
    states("kube_deployment_status_condition", "status", CONDITIONS, "Whether it is available.")
        .with(&[("condition", "Available")]),
    states("kube_deployment_status_condition", "status", CONDITIONS, "Whether it goes on.")
        .with(&[("condition", "Progressing")]),
    single("kube_replicaset_created", "Creation, Unix time.", Kind::Gauge, CREATED),
    info("kube_replicaset_labels", &[("label_team", "shop")], "Labels of the replica set."),
    info("kube_replicaset_annotations", &[], "Annotations of the replica set."),
    info("kube_replicaset_owner", &[("owner_kind", "Deployment")], "Who owns the replica set."),
    fixed("kube_replicaset_metadata_generation", 3.0, "Generation that is wanted."),
    fixed("kube_replicaset_spec_replicas", 2.0, "Pods wanted."),
    fixed("kube_replicaset_status_fully_labeled_replicas", 2.0, "Pods with all labels."),
    fixed("kube_replicaset_status_observed_generation", 3.0, "Generation that is seen."),
    fixed("kube_replicaset_status_replicas", 2.0, "Pods there are."),
    info("kube_horizontalpodautoscaler_info", &[], "The autoscaler."),
    info("kube_horizontalpodautoscaler_labels", &[], "Labels of the autoscaler."),
    fixed("kube_horizontalpodautoscaler_metadata_generation", 2.0, "Generation wanted."),
    fixed("kube_horizontalpodautoscaler_spec_max_replicas", 6.0, "Pods at most."),
    fixed("kube_horizontalpodautoscaler_spec_min_replicas", 2.0, "Pods at least."),
    fixed("kube_horizontalpodautoscaler_spec_target_metric", 80.0, "Use that is aimed at."),
    fixed("kube_horizontalpodautoscaler_status_current_replicas", 2.0, "Pods there are."),
    fixed("kube_horizontalpodautoscaler_status_desired_replicas", 2.0, "Pods it wants."),
    gauge("kube_horizontalpodautoscaler_status_target_metric", 31.0, "Use now.").during(2.8),
    single("kube_service_created", "Creation, Unix time.", Kind::Gauge, CREATED),
    info("kube_service_info", &[("external_name", "")], "The service."),
    info("kube_service_labels", &[("label_team", "shop")], "Labels of the service."),
    info("kube_service_annotations", &[], "Annotations of the service."),
    info("kube_service_spec_type", &[("type", "ClusterIP")], "Kind of the service."),
    single("kube_endpoint_created", "Creation, Unix time.", Kind::Gauge, CREATED),
    info("kube_endpoint_info", &[], "The endpoint."),
    info("kube_endpoint_labels", &[], "Labels of the endpoint."),
    info("kube_endpoint_annotations", &[], "Annotations of the endpoint."),
    fixed("kube_endpoint_address", 2.0, "Addresses of the endpoint."),
    fixed("kube_endpoint_ports", 1.0, "Ports of the endpoint."),
    single("kube_configmap_created", "Creation, Unix time.", Kind::Gauge, CREATED),
    info("kube_configmap_info", &[], "The configuration."),
    info("kube_configmap_labels", &[], "Labels of the configuration."),
    info("kube_configmap_annotations", &[], "Annotations of the configuration."),
    fixed("kube_configmap_metadata_resource_version", 88_123.0, "Its version."),
    single("kube_secret_created", "Creation, Unix time.", Kind::Gauge, CREATED),
    info("kube_secret_info", &[], "The secret."),
    info("kube_secret_labels", &[], "Labels of the secret."),
    info("kube_secret_annotations", &[], "Annotations of the secret."),
    info("kube_secret_owner", &[], "Who owns the secret."),
    info("kube_secret_type", &[("type", "Opaque")], "Kind of the secret."),
    fixed("kube_secret_metadata_resource_version", 88_124.0, "Its version."),
    single("kube_poddisruptionbudget_created", "Creation, Unix time.", Kind::Gauge, CREATED),
    fixed("kube_poddisruptionbudget_status_desired_healthy", 1.0, "Pods it wants healthy."),
    fixed("kube_poddisruptionbudget_status_expected_pods", 2.0, "Pods it counts."),
    fixed("kube_poddisruptionbudget_status_observed_generation", 1.0, "Generation seen."),
    single("kube_ingress_created", "Creation, Unix time.", Kind::Gauge, CREATED),
    info("kube_ingress_info", &[("ingressclass", "nginx")], "The ingress."),
    info("kube_ingress_labels", &[], "Labels of the ingress."),
    info("kube_ingress_path", &[("path", "/")], "A path of the ingress."),
    fixed("kube_ingress_metadata_resource_version", 88_125.0, "Its version."),
];

/// Once a deployment: one pod less while one is killed.
pub(super) const REPLICAS: &[Row] = &[
    single("kube_deployment_status_replicas_available", "Pods available.", Kind::Gauge, PAIR),
    single("kube_deployment_status_replicas_ready", "Pods ready.", Kind::Gauge, PAIR),
    single(
        "kube_deployment_status_replicas_unavailable",
        "Pods that are not available.",
        Kind::Gauge,
        Shape::Missing,
    ),
    single("kube_replicaset_status_ready_replicas", "Pods ready.", Kind::Gauge, PAIR),
    single("kube_poddisruptionbudget_status_current_healthy", "Healthy.", Kind::Gauge, PAIR),
    single("kube_endpoint_address_available", "Addresses that answer.", Kind::Gauge, PAIR),
];

/// Once a machine.
pub(super) const NODE: &[Row] = &[
    single("kube_node_created", "Creation, Unix time.", Kind::Gauge, CREATED),
    info("kube_node_info", &[("kubelet_version", "v1.31.4"), ("os_image", "Debian 12")], "Node."),
    info("kube_node_labels", &[("label_pool", "general")], "Labels of the node."),
    info("kube_node_annotations", &[], "Annotations of the node."),
    info("kube_node_role", &[("role", "worker")], "Role of the node."),
    info("kube_node_status_addresses", &[("type", "InternalIP")], "Addresses of the node."),
    fixed("kube_node_spec_unschedulable", 0.0, "Whether it takes no pods."),
    fixed("kube_node_deletion_timestamp", 0.0, "When it is to be deleted."),
    states("kube_node_status_condition", "status", CONDITIONS, "Condition of the node.")
        .with(&[("condition", "Ready")]),
    states("kube_node_status_condition", "status", NOT, "Condition of the node.")
        .with(&[("condition", "MemoryPressure")]),
    states("kube_node_status_condition", "status", NOT, "Condition of the node.")
        .with(&[("condition", "DiskPressure")]),
    states("kube_node_status_condition", "status", NOT, "Condition of the node.")
        .with(&[("condition", "PIDPressure")]),
    fixed("kube_node_status_capacity", 2.0, "What the node has.")
        .with(&[("resource", "cpu"), ("unit", "core")]),
    fixed("kube_node_status_capacity", 16_374_562_816.0, "What the node has.")
        .with(&[("resource", "memory"), ("unit", "byte")]),
    fixed("kube_node_status_capacity", 110.0, "What the node has.")
        .with(&[("resource", "pods"), ("unit", "integer")]),
    fixed("kube_node_status_allocatable", 1.93, "What pods can have of the node.")
        .with(&[("resource", "cpu"), ("unit", "core")]),
    fixed("kube_node_status_allocatable", 15_300_820_992.0, "What pods can have of the node.")
        .with(&[("resource", "memory"), ("unit", "byte")]),
    fixed("kube_node_status_allocatable", 110.0, "What pods can have of the node.")
        .with(&[("resource", "pods"), ("unit", "integer")]),
    gauge("kubelet_running_pods", 5.0, "Pods that run."),
    gauge("kubelet_running_containers", 6.0, "Containers that run."),
    fixed("kubelet_node_name", 1.0, "Name of the node."),
    counter("kubelet_http_requests_total", 1.1, "Requests to the kubelet."),
    never("kubelet_evictions", "Pods evicted."),
    fixed("kubelet_volume_stats_capacity_bytes", 536_870_912_000.0, "Size of the volume."),
    gauge("kubelet_volume_stats_available_bytes", 171_000_000_000.0, "Free on the volume."),
    gauge("kubelet_volume_stats_used_bytes", 365_000_000_000.0, "Used on the volume."),
    fixed("kubelet_volume_stats_inodes", 32_768_000.0, "File nodes of the volume."),
    gauge("kubelet_volume_stats_inodes_free", 32_000_000.0, "File nodes free."),
    gauge("kubelet_volume_stats_inodes_used", 768_000.0, "File nodes used."),
];
const NOT: &[&str] = &["false", "true", "unknown"];

/// Once a namespace.
pub(super) const NAMESPACE: &[Row] = &[
    single("kube_namespace_created", "Creation, Unix time.", Kind::Gauge, CREATED),
    info("kube_namespace_labels", &[("label_team", "shop")], "Labels of the namespace."),
    info("kube_namespace_annotations", &[], "Annotations of the namespace."),
    states("kube_namespace_status_phase", "phase", &["Active", "Terminating"], "Its phase."),
    fixed("kube_resourcequota", 20.0, "Quota.").with(&[("resource", "pods"), ("type", "hard")]),
    fixed("kube_resourcequota", 10.0, "Quota.").with(&[("resource", "pods"), ("type", "used")]),
    single("kube_resourcequota_created", "Creation, Unix time.", Kind::Gauge, CREATED),
    fixed("kube_limitrange", 0.5, "Limit.").with(&[("resource", "cpu"), ("type", "Container")]),
    single("kube_limitrange_created", "Creation, Unix time.", Kind::Gauge, CREATED),
];

/// About kube-state-metrics itself.
pub(super) const ITSELF: &[Row] = &[
    info("kube_state_metrics_build_info", &[("version", "v2.14.0")], "The version of it."),
    fixed("kube_state_metrics_shard_ordinal", 0.0, "Which shard it is."),
    fixed("kube_state_metrics_total_shards", 1.0, "Shards there are."),
    counter("kube_state_metrics_list_total", 0.01, "Lists of resources.")
        .with(&[("result", "success")]),
    counter("kube_state_metrics_watch_total", 0.2, "Watches of resources.")
        .with(&[("result", "success")]),
];
