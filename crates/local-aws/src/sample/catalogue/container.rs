//! What cAdvisor tells about a container.

use crate::sample::row::{Kind, Row, counter, fixed, gauge, never, seconds, single, states};
use crate::sample::shape::Shape;

/// Once a container.
pub(super) const CONTAINER: &[Row] = &[
    seconds("container_cpu_usage_seconds_total", 0.081, "CPU time.").during(6.0),
    seconds(
        "container_cpu_user_seconds_total",
        0.062,
        "CPU time of the user.",
    )
    .during(6.0),
    seconds(
        "container_cpu_system_seconds_total",
        0.019,
        "CPU time of the system.",
    )
    .during(5.0),
    counter(
        "container_cpu_cfs_periods_total",
        9.6,
        "Enforcement periods.",
    ),
    counter(
        "container_cpu_cfs_throttled_periods_total",
        0.02,
        "Periods throttled.",
    )
    .during(260.0),
    seconds(
        "container_cpu_cfs_throttled_seconds_total",
        0.001,
        "Time throttled.",
    )
    .during(300.0),
    gauge(
        "container_cpu_load_average_10s",
        0.2,
        "Load average over 10 seconds.",
    )
    .during(5.0),
    seconds(
        "container_cpu_schedstat_run_seconds_total",
        0.08,
        "Time on a processor.",
    )
    .during(6.0),
    counter(
        "container_cpu_schedstat_run_periods_total",
        220.0,
        "Runs on a processor.",
    ),
    seconds(
        "container_cpu_schedstat_runqueue_seconds_total",
        0.004,
        "Time waiting to run.",
    ),
    gauge(
        "container_memory_usage_bytes",
        148_000_000.0,
        "Memory in use.",
    )
    .during(1.8),
    gauge(
        "container_memory_working_set_bytes",
        121_000_000.0,
        "Memory that stays.",
    )
    .during(2.1),
    gauge("container_memory_rss", 92_000_000.0, "Resident memory.").during(2.1),
    gauge("container_memory_cache", 41_000_000.0, "Page cache."),
    gauge("container_memory_mapped_file", 8_200_000.0, "Files mapped."),
    fixed("container_memory_swap", 0.0, "Swap in use."),
    gauge(
        "container_memory_kernel_usage",
        5_100_000.0,
        "Kernel memory.",
    ),
    gauge(
        "container_memory_total_active_file_bytes",
        22_000_000.0,
        "File memory used lately.",
    ),
    gauge(
        "container_memory_total_inactive_file_bytes",
        19_000_000.0,
        "File memory not used.",
    ),
    fixed(
        "container_memory_max_usage_bytes",
        402_653_184.0,
        "Highest use of memory.",
    ),
    never(
        "container_memory_failcnt",
        "Times the memory limit was hit.",
    ),
    counter("container_memory_failures_total", 110.0, "Page faults.")
        .with(&[("failure_type", "pgfault"), ("scope", "container")]),
    counter("container_memory_failures_total", 0.01, "Page faults.")
        .with(&[("failure_type", "pgmajfault"), ("scope", "container")]),
    gauge(
        "container_memory_migrate",
        0.0,
        "Memory pressure migrations.",
    ),
    counter(
        "container_network_receive_bytes_total",
        58_000.0,
        "Bytes received.",
    )
    .during(1.5),
    counter(
        "container_network_receive_packets_total",
        92.0,
        "Packets received.",
    )
    .during(1.5),
    never(
        "container_network_receive_errors_total",
        "Errors while receiving.",
    ),
    never(
        "container_network_receive_packets_dropped_total",
        "Received packets dropped.",
    ),
    counter(
        "container_network_transmit_bytes_total",
        74_000.0,
        "Bytes sent.",
    )
    .during(1.3),
    counter(
        "container_network_transmit_packets_total",
        88.0,
        "Packets sent.",
    )
    .during(1.3),
    never(
        "container_network_transmit_errors_total",
        "Errors while sending.",
    ),
    never(
        "container_network_transmit_packets_dropped_total",
        "Packets dropped while sending.",
    ),
    gauge(
        "container_network_tcp_usage_total",
        26.0,
        "TCP connections.",
    )
    .during(3.0),
    fixed("container_network_udp_usage_total", 0.0, "UDP connections."),
    gauge(
        "container_fs_usage_bytes",
        24_000_000.0,
        "Bytes used on the file system.",
    ),
    fixed(
        "container_fs_limit_bytes",
        107_374_182_400.0,
        "Bytes that may be used.",
    ),
    counter("container_fs_reads_total", 0.3, "Reads."),
    counter("container_fs_reads_bytes_total", 1_900.0, "Bytes read."),
    never("container_fs_reads_merged_total", "Reads merged."),
    seconds(
        "container_fs_read_seconds_total",
        0.001,
        "Time spent reading.",
    ),
    counter("container_fs_writes_total", 0.9, "Writes."),
    counter("container_fs_writes_bytes_total", 6_100.0, "Bytes written.").during(4.0),
    never("container_fs_writes_merged_total", "Writes merged."),
    seconds(
        "container_fs_write_seconds_total",
        0.001,
        "Time spent writing.",
    ),
    fixed("container_fs_inodes_total", 6_553_600.0, "File nodes."),
    gauge("container_fs_inodes_free", 6_100_000.0, "File nodes free."),
    fixed("container_fs_io_current", 0.0, "I/O in progress."),
    seconds(
        "container_fs_io_time_seconds_total",
        0.001,
        "Time spent on I/O.",
    ),
    gauge(
        "container_file_descriptors",
        24.0,
        "File descriptors in use.",
    )
    .during(2.5),
    gauge("container_processes", 2.0, "Processes."),
    gauge("container_threads", 11.0, "Threads.").during(1.5),
    fixed("container_threads_max", 15_000.0, "Threads at most."),
    gauge("container_sockets", 31.0, "Sockets in use.").during(2.5),
    states(
        "container_tasks_state",
        "state",
        &["sleeping", "running"],
        "Tasks in a state.",
    ),
    never("container_oom_events_total", "Times memory ran out."),
    single(
        "container_last_seen",
        "When it was last seen.",
        Kind::Gauge,
        Shape::Now,
    ),
    single(
        "container_start_time_seconds",
        "Start, Unix time.",
        Kind::Gauge,
        Shape::Started,
    ),
    fixed("container_spec_cpu_period", 100_000.0, "CPU period."),
    fixed("container_spec_cpu_quota", 50_000.0, "CPU quota."),
    fixed("container_spec_cpu_shares", 256.0, "CPU shares."),
    fixed(
        "container_spec_memory_limit_bytes",
        536_870_912.0,
        "Memory limit.",
    ),
    fixed(
        "container_spec_memory_reservation_limit_bytes",
        0.0,
        "Memory reservation.",
    ),
    fixed("container_spec_memory_swap_limit_bytes", 0.0, "Swap limit."),
    fixed(
        "container_ulimits_soft",
        1_048_576.0,
        "Limit of open files.",
    ),
];
