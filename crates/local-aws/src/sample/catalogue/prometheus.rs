//! What Prometheus tells about itself.

use crate::sample::row::{Row, counter, fixed, gauge, histogram, info, never, seconds, summary};

/// Everything that is not about its storage.
pub(super) const SERVER: &[Row] = &[
    info(
        "prometheus_build_info",
        &[("version", "2.53.3"), ("branch", "HEAD")],
        "The version.",
    ),
    fixed(
        "prometheus_config_last_reload_successful",
        1.0,
        "Whether the last reload worked.",
    ),
    fixed(
        "prometheus_config_last_reload_success_timestamp_seconds",
        1_767_225_601.0,
        "When.",
    ),
    fixed("prometheus_ready", 1.0, "Whether it is ready."),
    fixed(
        "prometheus_api_remote_read_queries",
        0.0,
        "Remote reads in progress.",
    ),
    fixed(
        "prometheus_web_federation_errors_total",
        0.0,
        "Errors of federation.",
    ),
    never(
        "prometheus_web_federation_warnings_total",
        "Warnings of federation.",
    ),
    gauge("prometheus_engine_queries", 1.0, "Queries in progress."),
    fixed(
        "prometheus_engine_queries_concurrent_max",
        20.0,
        "Queries at once, at most.",
    ),
    fixed(
        "prometheus_engine_query_log_enabled",
        0.0,
        "Whether queries are logged.",
    ),
    never(
        "prometheus_engine_query_log_failures_total",
        "Queries that could not be logged.",
    ),
    counter(
        "prometheus_engine_query_samples_total",
        48_000.0,
        "Samples read by queries.",
    ),
    summary(
        "prometheus_engine_query_duration_seconds",
        0.004,
        3.2,
        "Time of queries.",
    ),
    histogram(
        "prometheus_http_request_duration_seconds",
        0.009,
        3.9,
        "Time of requests.",
    )
    .with(&[("handler", "/api/v1/query")]),
    histogram(
        "prometheus_http_request_duration_seconds",
        0.031,
        0.8,
        "Time of requests.",
    )
    .with(&[("handler", "/api/v1/query_range")]),
    counter("prometheus_http_requests_total", 3.9, "Requests.")
        .with(&[("handler", "/api/v1/query"), ("code", "200")]),
    counter("prometheus_http_requests_total", 0.02, "Requests.")
        .with(&[("handler", "/api/v1/query"), ("code", "400")]),
    counter("prometheus_http_requests_total", 0.8, "Requests.")
        .with(&[("handler", "/api/v1/query_range"), ("code", "200")]),
    histogram(
        "prometheus_http_response_size_bytes",
        2_100.0,
        4.7,
        "Size of answers.",
    ),
    summary(
        "prometheus_rule_evaluation_duration_seconds",
        0.002,
        1.4,
        "Time of a rule.",
    ),
    counter("prometheus_rule_evaluations_total", 1.4, "Rules evaluated."),
    never(
        "prometheus_rule_evaluation_failures_total",
        "Rules that failed.",
    ),
    summary(
        "prometheus_rule_group_duration_seconds",
        0.021,
        0.1,
        "Time of a rule group.",
    ),
    fixed(
        "prometheus_rule_group_interval_seconds",
        30.0,
        "Interval of the rule group.",
    ),
    counter(
        "prometheus_rule_group_iterations_total",
        0.033,
        "Rule groups evaluated.",
    ),
    never(
        "prometheus_rule_group_iterations_missed_total",
        "Rule groups missed.",
    ),
    gauge(
        "prometheus_rule_group_last_duration_seconds",
        0.022,
        "Last time of the group.",
    ),
    gauge(
        "prometheus_rule_group_last_evaluation_samples",
        140.0,
        "Samples of the group.",
    ),
    fixed("prometheus_rule_group_rules", 42.0, "Rules of the group."),
    counter("prometheus_notifications_sent_total", 0.003, "Alerts sent."),
    never("prometheus_notifications_dropped_total", "Alerts dropped."),
    never(
        "prometheus_notifications_errors_total",
        "Alerts that failed.",
    ),
    fixed(
        "prometheus_notifications_alertmanagers_discovered",
        1.0,
        "Alertmanagers known.",
    ),
    summary(
        "prometheus_notifications_latency_seconds",
        0.006,
        0.003,
        "Time to send alerts.",
    ),
    fixed(
        "prometheus_notifications_queue_capacity",
        10_000.0,
        "Alerts that can wait.",
    ),
    fixed(
        "prometheus_notifications_queue_length",
        0.0,
        "Alerts that wait.",
    ),
    fixed(
        "prometheus_sd_discovered_targets",
        16.0,
        "Targets discovered.",
    ),
    never("prometheus_sd_failed_configs", "Discoveries that failed."),
    counter(
        "prometheus_sd_received_updates_total",
        0.2,
        "Updates received.",
    ),
    counter("prometheus_sd_updates_total", 0.1, "Updates sent."),
    counter(
        "prometheus_sd_file_scan_attempts_total",
        0.01,
        "Files looked at.",
    ),
    never("prometheus_sd_file_read_errors_total", "Files not read."),
    summary(
        "prometheus_sd_file_scan_duration_seconds",
        0.001,
        0.01,
        "Time to look at files.",
    ),
    counter(
        "prometheus_sd_kubernetes_events_total",
        0.4,
        "Events of Kubernetes.",
    ),
    never(
        "prometheus_sd_kubernetes_failures_total",
        "Failures of Kubernetes.",
    ),
    never("prometheus_sd_dns_lookups_total", "DNS lookups."),
    never(
        "prometheus_sd_dns_lookup_failures_total",
        "DNS lookups that failed.",
    ),
    never(
        "prometheus_sd_http_failures_total",
        "HTTP discoveries that failed.",
    ),
    fixed(
        "prometheus_target_metadata_cache_bytes",
        61_440.0,
        "Size of the metadata.",
    ),
    fixed(
        "prometheus_target_metadata_cache_entries",
        752.0,
        "Entries of the metadata.",
    ),
    fixed(
        "prometheus_target_scrape_pool_targets",
        16.0,
        "Targets of the pool.",
    ),
    fixed(
        "prometheus_target_scrape_pool_target_limit",
        0.0,
        "Targets of the pool at most.",
    ),
    counter(
        "prometheus_target_scrape_pool_sync_total",
        0.2,
        "Times the pool was set.",
    ),
    fixed("prometheus_target_scrape_pools_total", 5.0, "Pools tried."),
    never(
        "prometheus_target_scrape_pools_failed_total",
        "Pools that failed.",
    ),
    never(
        "prometheus_target_scrape_pool_reloads_total",
        "Pools reloaded.",
    ),
    never(
        "prometheus_target_scrape_pool_reloads_failed_total",
        "Pools not reloaded.",
    ),
    never(
        "prometheus_target_scrape_pool_exceeded_target_limit_total",
        "Pools too large.",
    ),
    never(
        "prometheus_target_scrapes_cache_flush_forced_total",
        "Caches flushed.",
    ),
    never(
        "prometheus_target_scrapes_exceeded_body_size_limit_total",
        "Pages too large.",
    ),
    never(
        "prometheus_target_scrapes_exceeded_sample_limit_total",
        "Pages with too much.",
    ),
    never(
        "prometheus_target_scrapes_sample_duplicate_timestamp_total",
        "Samples told twice.",
    ),
    never(
        "prometheus_target_scrapes_sample_out_of_bounds_total",
        "Samples out of bounds.",
    ),
    never(
        "prometheus_target_scrapes_sample_out_of_order_total",
        "Samples out of order.",
    ),
    summary(
        "prometheus_target_interval_length_seconds",
        30.0,
        0.53,
        "Time between scrapes.",
    ),
    summary(
        "prometheus_target_sync_length_seconds",
        0.001,
        0.2,
        "Time to set targets.",
    ),
    never("prometheus_target_sync_failed_total", "Targets not set."),
    fixed(
        "prometheus_template_text_expansions_total",
        0.0,
        "Templates expanded.",
    ),
    never(
        "prometheus_template_text_expansion_failures_total",
        "Templates that failed.",
    ),
    fixed(
        "prometheus_treecache_watcher_goroutines",
        0.0,
        "Watchers of ZooKeeper.",
    ),
    never(
        "prometheus_treecache_zookeeper_failures_total",
        "Failures of ZooKeeper.",
    ),
    counter(
        "net_conntrack_dialer_conn_attempted_total",
        0.04,
        "Connections tried.",
    ),
    counter(
        "net_conntrack_dialer_conn_closed_total",
        0.03,
        "Connections closed.",
    ),
    counter(
        "net_conntrack_dialer_conn_established_total",
        0.04,
        "Connections made.",
    ),
    never(
        "net_conntrack_dialer_conn_failed_total",
        "Connections that failed.",
    ),
    counter(
        "net_conntrack_listener_conn_accepted_total",
        0.02,
        "Connections accepted.",
    ),
    counter(
        "net_conntrack_listener_conn_closed_total",
        0.02,
        "Connections closed by us.",
    ),
];

/// Its storage.
pub(super) const STORAGE: &[Row] = &[
    counter("prometheus_tsdb_blocks_loaded", 0.0, "Blocks loaded."),
    counter(
        "prometheus_tsdb_checkpoint_creations_total",
        0.000_14,
        "Checkpoints made.",
    ),
    never(
        "prometheus_tsdb_checkpoint_creations_failed_total",
        "Checkpoints that failed.",
    ),
    counter(
        "prometheus_tsdb_checkpoint_deletions_total",
        0.000_14,
        "Checkpoints deleted.",
    ),
    never(
        "prometheus_tsdb_checkpoint_deletions_failed_total",
        "Checkpoints not deleted.",
    ),
    fixed(
        "prometheus_tsdb_clean_start",
        1.0,
        "Whether it was shut down cleanly.",
    ),
    histogram(
        "prometheus_tsdb_compaction_chunk_range_seconds",
        1_800.0,
        0.9,
        "Chunk ranges.",
    ),
    histogram(
        "prometheus_tsdb_compaction_chunk_samples",
        118.0,
        0.9,
        "Samples of chunks.",
    ),
    histogram(
        "prometheus_tsdb_compaction_chunk_size_bytes",
        210.0,
        0.9,
        "Size of chunks.",
    ),
    histogram(
        "prometheus_tsdb_compaction_duration_seconds",
        1.1,
        0.000_14,
        "Compactions.",
    ),
    fixed(
        "prometheus_tsdb_compaction_populating_block",
        0.0,
        "Blocks being filled.",
    ),
    counter("prometheus_tsdb_compactions_total", 0.000_2, "Compactions."),
    never(
        "prometheus_tsdb_compactions_failed_total",
        "Compactions that failed.",
    ),
    never(
        "prometheus_tsdb_compactions_skipped_total",
        "Compactions skipped.",
    ),
    counter(
        "prometheus_tsdb_compactions_triggered_total",
        0.017,
        "Compactions triggered.",
    ),
    fixed(
        "prometheus_tsdb_data_replay_duration_seconds",
        1.42,
        "Time of the replay.",
    ),
    gauge(
        "prometheus_tsdb_exemplar_exemplars_in_storage",
        0.0,
        "Exemplars kept.",
    ),
    never(
        "prometheus_tsdb_exemplar_exemplars_appended_total",
        "Exemplars added.",
    ),
    fixed(
        "prometheus_tsdb_exemplar_max_exemplars",
        100_000.0,
        "Exemplars at most.",
    ),
    never(
        "prometheus_tsdb_exemplar_out_of_order_exemplars_total",
        "Exemplars refused.",
    ),
    fixed(
        "prometheus_tsdb_exemplar_series_with_exemplars_in_storage",
        0.0,
        "Series with.",
    ),
    gauge(
        "prometheus_tsdb_head_active_appenders",
        0.0,
        "Appenders at work.",
    ),
    gauge("prometheus_tsdb_head_chunks", 14_200.0, "Chunks in memory."),
    counter(
        "prometheus_tsdb_head_chunks_created_total",
        1.1,
        "Chunks made.",
    ),
    counter(
        "prometheus_tsdb_head_chunks_removed_total",
        1.1,
        "Chunks removed.",
    ),
    gauge(
        "prometheus_tsdb_head_chunks_storage_size_bytes",
        41_000_000.0,
        "Size of chunks.",
    ),
    summary(
        "prometheus_tsdb_head_gc_duration_seconds",
        0.051,
        0.000_14,
        "Cleaning up.",
    ),
    counter(
        "prometheus_tsdb_head_samples_appended_total",
        141.0,
        "Samples stored.",
    ),
    gauge("prometheus_tsdb_head_series", 4_300.0, "Series in memory."),
    counter(
        "prometheus_tsdb_head_series_created_total",
        0.01,
        "Series made.",
    ),
    counter(
        "prometheus_tsdb_head_series_removed_total",
        0.01,
        "Series removed.",
    ),
    never(
        "prometheus_tsdb_head_series_not_found_total",
        "Series not found.",
    ),
    counter(
        "prometheus_tsdb_head_truncations_total",
        0.000_14,
        "Head cut.",
    ),
    never(
        "prometheus_tsdb_head_truncations_failed_total",
        "Head not cut.",
    ),
    never(
        "prometheus_tsdb_head_out_of_order_samples_appended_total",
        "Late samples kept.",
    ),
    fixed(
        "prometheus_tsdb_isolation_high_watermark",
        5_120_000.0,
        "Highest append id.",
    ),
    fixed(
        "prometheus_tsdb_isolation_low_watermark",
        5_120_000.0,
        "Lowest append id.",
    ),
    never(
        "prometheus_tsdb_mmap_chunk_corruptions_total",
        "Chunks found broken.",
    ),
    counter("prometheus_tsdb_mmap_chunks_total", 1.1, "Chunks mapped."),
    never(
        "prometheus_tsdb_out_of_bound_samples_total",
        "Samples out of bounds.",
    ),
    never(
        "prometheus_tsdb_out_of_order_samples_total",
        "Samples out of order.",
    ),
    counter("prometheus_tsdb_reloads_total", 0.017, "Reloads."),
    never(
        "prometheus_tsdb_reloads_failures_total",
        "Reloads that failed.",
    ),
    fixed("prometheus_tsdb_retention_limit_bytes", 0.0, "Size limit."),
    fixed(
        "prometheus_tsdb_retention_limit_seconds",
        1_296_000.0,
        "Age limit.",
    ),
    never(
        "prometheus_tsdb_size_retentions_total",
        "Blocks deleted for size.",
    ),
    fixed(
        "prometheus_tsdb_snapshot_replay_error_total",
        0.0,
        "Snapshots not read.",
    ),
    gauge(
        "prometheus_tsdb_storage_blocks_bytes",
        812_000_000.0,
        "Size of all blocks.",
    ),
    gauge(
        "prometheus_tsdb_symbol_table_size_bytes",
        61_000.0,
        "Size of the symbols.",
    ),
    counter(
        "prometheus_tsdb_time_retentions_total",
        0.000_1,
        "Blocks deleted for age.",
    ),
    histogram(
        "prometheus_tsdb_tombstone_cleanup_seconds",
        0.004,
        0.000_1,
        "Tombstones.",
    ),
    never("prometheus_tsdb_too_old_samples_total", "Samples too old."),
    counter(
        "prometheus_tsdb_vertical_compactions_total",
        0.0,
        "Vertical compactions.",
    ),
    counter(
        "prometheus_tsdb_wal_completed_pages_total",
        0.06,
        "Log pages completed.",
    ),
    never("prometheus_tsdb_wal_corruptions_total", "Log found broken."),
    summary(
        "prometheus_tsdb_wal_fsync_duration_seconds",
        0.011,
        0.000_2,
        "Log written out.",
    ),
    counter(
        "prometheus_tsdb_wal_page_flushes_total",
        1.9,
        "Log pages flushed.",
    ),
    gauge(
        "prometheus_tsdb_wal_segment_current",
        188.0,
        "Segment of the log.",
    ),
    gauge(
        "prometheus_tsdb_wal_storage_size_bytes",
        61_000_000.0,
        "Size of the log.",
    ),
    summary(
        "prometheus_tsdb_wal_truncate_duration_seconds",
        0.21,
        0.000_14,
        "Log cut.",
    ),
    counter(
        "prometheus_tsdb_wal_truncations_total",
        0.000_14,
        "Times the log was cut.",
    ),
    never(
        "prometheus_tsdb_wal_truncations_failed_total",
        "Times it was not.",
    ),
    never(
        "prometheus_tsdb_wal_writes_failed_total",
        "Log writes that failed.",
    ),
    gauge(
        "prometheus_remote_storage_highest_timestamp_in_seconds",
        0.0,
        "Newest sample.",
    ),
    counter(
        "prometheus_remote_storage_samples_in_total",
        141.0,
        "Samples to send.",
    ),
    counter(
        "prometheus_remote_storage_samples_total",
        141.0,
        "Samples sent.",
    ),
    counter(
        "prometheus_remote_storage_bytes_total",
        2_600.0,
        "Bytes sent.",
    ),
    never(
        "prometheus_remote_storage_samples_dropped_total",
        "Samples dropped.",
    ),
    never(
        "prometheus_remote_storage_samples_failed_total",
        "Samples that failed.",
    ),
    counter(
        "prometheus_remote_storage_samples_retried_total",
        0.01,
        "Samples sent again.",
    ),
    gauge(
        "prometheus_remote_storage_samples_pending",
        40.0,
        "Samples that wait.",
    ),
    fixed("prometheus_remote_storage_shards", 1.0, "Shards that send."),
    fixed(
        "prometheus_remote_storage_shards_desired",
        1.0,
        "Shards wanted.",
    ),
    fixed(
        "prometheus_remote_storage_shards_max",
        50.0,
        "Shards at most.",
    ),
    fixed(
        "prometheus_remote_storage_shards_min",
        1.0,
        "Shards at least.",
    ),
    fixed(
        "prometheus_remote_storage_shard_capacity",
        10_000.0,
        "What a shard can hold.",
    ),
    fixed(
        "prometheus_remote_storage_max_samples_per_send",
        2_000.0,
        "Samples at a time.",
    ),
    seconds(
        "prometheus_remote_storage_queue_wait_seconds_total",
        0.001,
        "Time waited.",
    ),
    histogram(
        "prometheus_remote_storage_sent_batch_duration_seconds",
        0.034,
        0.4,
        "Sending.",
    ),
];
