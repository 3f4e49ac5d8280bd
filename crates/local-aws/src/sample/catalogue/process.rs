//! What every process tells: the client library's `process_*`, `go_*` and `promhttp_*`.

use crate::sample::row::{Kind, Row, counter, fixed, gauge, histogram, info, never, seconds};
use crate::sample::row::{single, summary};
use crate::sample::shape::Shape;

/// Of a scrape, as Prometheus itself adds it.
pub(super) const SCRAPE: &[Row] = &[
    gauge("scrape_duration_seconds", 0.018, "How long the scrape took.").during(3.0),
    gauge("scrape_samples_post_metric_relabeling", 540.0, "Samples that were kept."),
    gauge("scrape_samples_scraped", 540.0, "Samples that the target exposed."),
    fixed("scrape_series_added", 0.0, "Series that were new."),
];

/// Whether the target was reached.
pub(super) const UP: &[Row] =
    &[single("up", "Whether the target was reached.", Kind::Gauge, Shape::Serving(1.0))];

/// Of any process.
pub(super) const PROCESS: &[Row] = &[
    seconds("process_cpu_seconds_total", 0.072, "User and system CPU time.").during(5.5),
    fixed("process_max_fds", 1_048_576.0, "File descriptors at most."),
    counter("process_network_receive_bytes_total", 51_000.0, "Bytes received."),
    counter("process_network_transmit_bytes_total", 64_000.0, "Bytes sent."),
    gauge("process_open_fds", 24.0, "File descriptors in use.").during(2.5),
    gauge("process_resident_memory_bytes", 71_000_000.0, "Resident memory.").during(1.7),
    single("process_start_time_seconds", "Start, Unix time.", Kind::Gauge, Shape::Started),
    gauge("process_virtual_memory_bytes", 1_310_000_000.0, "Virtual memory."),
    fixed("process_virtual_memory_max_bytes", 1.844_674_407_370_955_2e19, "Virtual memory limit."),
];

/// Of any Go process.
pub(super) const GO: &[Row] = &[
    summary("go_gc_duration_seconds", 0.000_09, 0.03, "Pauses of garbage collection."),
    fixed("go_gc_gogc_percent", 100.0, "Heap growth that starts a collection."),
    fixed("go_gc_gomemlimit_bytes", 9.223_372_036_854_775e18, "Memory limit of the runtime."),
    gauge("go_goroutines", 46.0, "Goroutines.").during(4.0),
    info("go_info", &[("version", "go1.23.4")], "The version of Go."),
    gauge("go_memstats_alloc_bytes", 14_200_000.0, "Heap in use.").during(1.8),
    counter("go_memstats_alloc_bytes_total", 910_000.0, "Bytes allocated.").during(2.0),
    fixed("go_memstats_buck_hash_sys_bytes", 1_460_000.0, "Profiling table."),
    counter("go_memstats_frees_total", 9_400.0, "Objects freed.").during(2.0),
    gauge("go_memstats_gc_sys_bytes", 4_100_000.0, "Memory of the collector."),
    gauge("go_memstats_heap_alloc_bytes", 14_200_000.0, "Heap in use.").during(1.8),
    gauge("go_memstats_heap_idle_bytes", 11_900_000.0, "Heap waiting to be used."),
    gauge("go_memstats_heap_inuse_bytes", 19_400_000.0, "Heap spans in use.").during(1.8),
    gauge("go_memstats_heap_objects", 81_000.0, "Objects on the heap.").during(1.8),
    gauge("go_memstats_heap_released_bytes", 7_200_000.0, "Heap given back."),
    gauge("go_memstats_heap_sys_bytes", 31_300_000.0, "Heap from the system."),
    single("go_memstats_last_gc_time_seconds", "Last collection.", Kind::Gauge, Shape::Now),
    counter("go_memstats_mallocs_total", 9_450.0, "Objects allocated.").during(2.0),
    fixed("go_memstats_mcache_inuse_bytes", 2_400.0, "Cache structures in use."),
    fixed("go_memstats_mcache_sys_bytes", 15_600.0, "Cache structures from the system."),
    gauge("go_memstats_mspan_inuse_bytes", 310_000.0, "Span structures in use."),
    gauge("go_memstats_mspan_sys_bytes", 391_000.0, "Span structures from the system."),
    gauge("go_memstats_next_gc_bytes", 24_800_000.0, "Heap size of the next collection."),
    gauge("go_memstats_other_sys_bytes", 1_020_000.0, "Other memory."),
    gauge("go_memstats_stack_inuse_bytes", 1_240_000.0, "Stacks in use.").during(2.5),
    gauge("go_memstats_stack_sys_bytes", 1_240_000.0, "Stacks from the system."),
    gauge("go_memstats_sys_bytes", 41_000_000.0, "Memory from the system."),
    fixed("go_sched_gomaxprocs_threads", 2.0, "Threads that run Go code at once."),
    gauge("go_threads", 9.0, "Threads of the system."),
];

/// Of a Go process that exports all of `runtime/metrics`.
pub(super) const GO_RUNTIME: &[Row] = &[
    counter("go_cgo_go_to_c_calls_calls_total", 0.01, "Calls from Go to C."),
    seconds("go_cpu_classes_gc_mark_assist_cpu_seconds_total", 0.001, "Marking by others."),
    seconds("go_cpu_classes_gc_mark_dedicated_cpu_seconds_total", 0.002, "Marking."),
    seconds("go_cpu_classes_gc_mark_idle_cpu_seconds_total", 0.001, "Marking while idle."),
    seconds("go_cpu_classes_gc_pause_cpu_seconds_total", 0.001, "Pauses."),
    seconds("go_cpu_classes_gc_total_cpu_seconds_total", 0.005, "Garbage collection."),
    seconds("go_cpu_classes_idle_cpu_seconds_total", 1.86, "Idle time."),
    seconds("go_cpu_classes_scavenge_assist_cpu_seconds_total", 0.001, "Giving back at once."),
    seconds("go_cpu_classes_scavenge_background_cpu_seconds_total", 0.001, "Giving back."),
    seconds("go_cpu_classes_scavenge_total_cpu_seconds_total", 0.002, "Giving back, in all."),
    seconds("go_cpu_classes_total_cpu_seconds_total", 2.0, "CPU time to be had."),
    seconds("go_cpu_classes_user_cpu_seconds_total", 0.13, "User code."),
    counter("go_gc_cycles_automatic_gc_cycles_total", 0.02, "Collections by the runtime."),
    never("go_gc_cycles_forced_gc_cycles_total", "Collections asked for."),
    counter("go_gc_cycles_total_gc_cycles_total", 0.02, "Collections."),
    counter("go_gc_heap_allocs_bytes_total", 2_100_000.0, "Bytes allocated on the heap."),
    counter("go_gc_heap_allocs_objects_total", 17_000.0, "Objects allocated on the heap."),
    counter("go_gc_heap_frees_bytes_total", 2_090_000.0, "Bytes freed."),
    counter("go_gc_heap_frees_objects_total", 16_900.0, "Objects freed."),
    gauge("go_gc_heap_goal_bytes", 96_000_000.0, "Heap size to reach."),
    gauge("go_gc_heap_live_bytes", 47_000_000.0, "Heap that is live."),
    gauge("go_gc_heap_objects_objects", 410_000.0, "Objects on the heap."),
    counter("go_gc_heap_tiny_allocs_objects_total", 2_400.0, "Tiny objects allocated."),
    never("go_gc_limiter_last_enabled_gc_cycle", "Last cycle of the limiter."),
    histogram("go_gc_pauses_seconds", 0.000_06, 0.04, "Pauses of garbage collection."),
    gauge("go_gc_scan_globals_bytes", 520_000.0, "Globals to scan."),
    gauge("go_gc_scan_heap_bytes", 38_000_000.0, "Heap to scan."),
    gauge("go_gc_scan_stack_bytes", 210_000.0, "Stacks to scan."),
    gauge("go_gc_scan_total_bytes", 38_700_000.0, "Memory to scan."),
    gauge("go_memory_classes_heap_free_bytes", 8_100_000.0, "Heap free."),
    gauge("go_memory_classes_heap_objects_bytes", 61_000_000.0, "Heap in objects."),
    gauge("go_memory_classes_heap_released_bytes", 14_000_000.0, "Heap given back."),
    gauge("go_memory_classes_heap_stacks_bytes", 1_900_000.0, "Stacks."),
    gauge("go_memory_classes_heap_unused_bytes", 4_200_000.0, "Heap reserved."),
    gauge("go_memory_classes_os_stacks_bytes", 64_000.0, "Stacks of the system."),
    gauge("go_memory_classes_other_bytes", 2_100_000.0, "Other memory."),
    gauge("go_memory_classes_total_bytes", 98_000_000.0, "Memory in all."),
    gauge("go_sched_goroutines_goroutines", 61.0, "Goroutines."),
    histogram("go_sched_latencies_seconds", 0.000_03, 240.0, "Time until a goroutine runs."),
    seconds("go_sync_mutex_wait_total_seconds_total", 0.002, "Time waited for mutexes."),
];

/// Of the metrics page of a Go process.
pub(super) const PROMHTTP: &[Row] = &[
    fixed("promhttp_metric_handler_requests_in_flight", 1.0, "Scrapes in progress."),
    never("promhttp_metric_handler_errors_total", "Errors of the page.")
        .with(&[("cause", "encoding")]),
    never("promhttp_metric_handler_errors_total", "Errors of the page.")
        .with(&[("cause", "gathering")]),
    counter("promhttp_metric_handler_requests_total", 0.033, "Scrapes.").with(&[("code", "200")]),
    never("promhttp_metric_handler_requests_total", "Scrapes.").with(&[("code", "500")]),
    never("promhttp_metric_handler_requests_total", "Scrapes.").with(&[("code", "503")]),
];
