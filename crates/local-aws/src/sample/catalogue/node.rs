//! What node_exporter tells about a machine.

use crate::sample::row::{Kind, Row, counter, fixed, gauge, info, never, seconds, single, states};
use crate::sample::shape::Shape;

/// The modes of a processor, with the seconds spent in each per second, and by how much the
/// incident multiplies it.
pub(super) const CPU_MODES: [(&str, f64, f64); 8] = [
    ("idle", 0.80, 0.25),
    ("iowait", 0.012, 2.0),
    ("irq", 0.0, 1.0),
    ("nice", 0.001, 1.0),
    ("softirq", 0.007, 2.0),
    ("steal", 0.001, 1.0),
    ("system", 0.049, 2.5),
    ("user", 0.13, 4.7),
];

pub(super) const CPUS: [&str; 2] = ["0", "1"];
pub(super) const DISKS: [&str; 2] = ["nvme0n1", "nvme1n1"];
pub(super) const NETWORKS: [&str; 2] = ["eth0", "lo"];
/// Device, mount point, size in bytes, and the part in use.
pub(super) const MOUNTS: [(&str, &str, f64, f64); 3] = [
    ("/dev/nvme0n1p1", "/", 107_374_182_400.0, 0.41),
    ("/dev/nvme0n1p2", "/boot", 1_073_741_824.0, 0.22),
    ("/dev/nvme1n1", "/var/lib/data", 536_870_912_000.0, 0.68),
];
pub(super) const COLLECTORS: [&str; 6] =
    ["cpu", "diskstats", "filesystem", "meminfo", "netdev", "vmstat"];

const BOOTED: Shape = Shape::Started;

/// Once a machine.
pub(super) const MACHINE: &[Row] = &[
    single("node_boot_time_seconds", "Unix time of the last boot.", Kind::Gauge, BOOTED),
    single("node_time_seconds", "Unix time of the system.", Kind::Gauge, Shape::Now),
    gauge("node_load1", 0.62, "Load average over 1 minute.").during(5.5),
    gauge("node_load5", 0.58, "Load average over 5 minutes.").during(4.5),
    gauge("node_load15", 0.55, "Load average over 15 minutes.").during(3.0),
    counter("node_context_switches_total", 5200.0, "Context switches.").during(3.0),
    counter("node_forks_total", 3.1, "Processes forked."),
    counter("node_intr_total", 3100.0, "Interrupts serviced.").during(2.0),
    gauge("node_procs_running", 2.0, "Processes that can run.").during(4.0),
    fixed("node_procs_blocked", 0.0, "Processes blocked on input or output."),
    gauge("node_entropy_available_bits", 256.0, "Bits of entropy at hand."),
    fixed("node_entropy_pool_size_bits", 256.0, "Bits the entropy pool can hold."),
    gauge("node_filefd_allocated", 2912.0, "File descriptors in use."),
    fixed("node_filefd_maximum", 1_620_000.0, "File descriptors at most."),
    gauge("node_arp_entries", 21.0, "ARP entries."),
    gauge("node_nf_conntrack_entries", 840.0, "Connections tracked."),
    fixed("node_nf_conntrack_entries_limit", 262_144.0, "Connections tracked at most."),
    fixed("node_textfile_scrape_error", 0.0, "Whether a text file could not be read."),
    gauge("node_processes_threads", 640.0, "Threads allocated."),
    fixed("node_processes_max_processes", 32_768.0, "Process ids at most."),
    fixed("node_processes_max_threads", 126_000.0, "Threads at most."),
    gauge("node_processes_pids", 190.0, "Process ids in use."),
    gauge("node_sockstat_sockets_used", 310.0, "Sockets in use."),
    gauge("node_sockstat_TCP_alloc", 96.0, "TCP sockets allocated.").during(2.0),
    gauge("node_sockstat_TCP_inuse", 64.0, "TCP sockets in use.").during(2.5),
    gauge("node_sockstat_TCP_mem", 28.0, "Pages of memory for TCP."),
    gauge("node_sockstat_TCP_mem_bytes", 114_688.0, "Memory for TCP sockets."),
    fixed("node_sockstat_TCP_orphan", 0.0, "TCP sockets without a process."),
    gauge("node_sockstat_TCP_tw", 120.0, "TCP sockets in TIME_WAIT.").during(3.0),
    gauge("node_sockstat_UDP_inuse", 6.0, "UDP sockets in use."),
    gauge("node_sockstat_UDP_mem", 3.0, "Pages of memory for UDP."),
    gauge("node_sockstat_UDP_mem_bytes", 12_288.0, "Memory for UDP sockets."),
    fixed("node_sockstat_UDPLITE_inuse", 0.0, "UDP-Lite sockets in use."),
    fixed("node_sockstat_RAW_inuse", 0.0, "Raw sockets in use."),
    fixed("node_sockstat_FRAG_inuse", 0.0, "Fragment queues in use."),
    fixed("node_sockstat_FRAG_memory", 0.0, "Memory for fragments."),
    gauge("node_sockstat_TCP6_inuse", 14.0, "TCP over IPv6 sockets in use."),
    gauge("node_sockstat_UDP6_inuse", 3.0, "UDP over IPv6 sockets in use."),
    fixed("node_sockstat_UDPLITE6_inuse", 0.0, "UDP-Lite over IPv6 sockets in use."),
    fixed("node_sockstat_RAW6_inuse", 1.0, "Raw IPv6 sockets in use."),
    fixed("node_sockstat_FRAG6_inuse", 0.0, "IPv6 fragment queues in use."),
    fixed("node_sockstat_FRAG6_memory", 0.0, "Memory for IPv6 fragments."),
    fixed("node_timex_estimated_error_seconds", 0.0, "Estimated clock error."),
    fixed("node_timex_frequency_adjustment_ratio", 1.0, "Adjustment of the clock frequency."),
    fixed("node_timex_loop_time_constant", 7.0, "Time constant of the clock loop."),
    gauge("node_timex_maxerror_seconds", 0.021, "Largest clock error."),
    gauge("node_timex_offset_seconds", 0.004, "Offset to the reference clock."),
    never("node_timex_pps_calibration_total", "Calibration intervals by pulse."),
    never("node_timex_pps_error_total", "Calibration errors by pulse."),
    fixed("node_timex_pps_frequency_hertz", 0.0, "Pulse frequency."),
    fixed("node_timex_pps_jitter_seconds", 0.0, "Pulse jitter."),
    never("node_timex_pps_jitter_total", "Times the pulse jitter was too high."),
    fixed("node_timex_pps_shift_seconds", 0.0, "Pulse interval."),
    fixed("node_timex_pps_stability_hertz", 0.0, "Pulse stability."),
    never("node_timex_pps_stability_exceeded_total", "Times the pulse was not stable."),
    fixed("node_timex_status", 24_577.0, "Clock status bits."),
    fixed("node_timex_sync_status", 1.0, "Whether the clock is synchronised."),
    fixed("node_timex_tai_offset_seconds", 37.0, "Offset to International Atomic Time."),
    fixed("node_timex_tick_seconds", 0.01, "Seconds between clock ticks."),
    fixed("node_time_zone_offset_seconds", 0.0, "Offset of the time zone."),
    seconds("node_pressure_cpu_waiting_seconds_total", 0.011, "Time waited for CPU.").during(22.0),
    seconds("node_pressure_io_stalled_seconds_total", 0.002, "Time all were waiting for disks."),
    seconds("node_pressure_io_waiting_seconds_total", 0.004, "Time some were waiting for disks."),
    never("node_pressure_memory_stalled_seconds_total", "Time all were waiting for memory."),
    never("node_pressure_memory_waiting_seconds_total", "Time some were waiting for memory."),
    info(
        "node_uname_info",
        &[("sysname", "Linux"), ("machine", "x86_64"), ("release", "6.1.0-28-amd64")],
        "The operating system.",
    ),
    info(
        "node_os_info",
        &[("id", "debian"), ("version_id", "12"), ("pretty_name", "Debian GNU/Linux 12")],
        "The distribution.",
    ),
    fixed("node_os_version", 12.0, "Version of the distribution."),
    info("node_exporter_build_info", &[("version", "1.8.2")], "The version of node_exporter."),
    info("node_dmi_info", &[("system_vendor", "Amazon EC2")], "The hardware."),
    info("node_selinux_enabled", &[], "Whether SELinux is on."),
    states("node_systemd_system_running", "state", &["running", "degraded"], "State of systemd."),
    gauge("node_systemd_units", 214.0, "Units of systemd.").with(&[("state", "active")]),
    gauge("node_systemd_units", 96.0, "Units of systemd.").with(&[("state", "inactive")]),
    fixed("node_systemd_units", 0.0, "Units of systemd.").with(&[("state", "failed")]),
    info("node_systemd_version", &[("version", "252")], "Version of systemd."),
    counter("node_softnet_processed_total", 910.0, "Packets processed.").during(1.8),
    never("node_softnet_dropped_total", "Packets dropped for a full backlog."),
    counter("node_softnet_times_squeezed_total", 0.02, "Times a packet budget ran out."),
    never("node_softnet_cpu_collision_total", "Collisions while sending."),
    never("node_softnet_flow_limit_count_total", "Times a flow limit was reached."),
    never("node_softnet_received_rps_total", "Wake-ups by another processor."),
    fixed("node_softnet_backlog_len", 0.0, "Packets in the backlog."),
    never("node_edac_correctable_errors_total", "Memory errors corrected."),
    never("node_edac_uncorrectable_errors_total", "Memory errors not corrected."),
    fixed("node_cooling_device_cur_state", 0.0, "State of the cooling device."),
    fixed("node_cooling_device_max_state", 3.0, "Highest state of the cooling device."),
    gauge("node_hwmon_temp_celsius", 44.5, "Temperature.").during(1.35),
    fixed("node_hwmon_temp_crit_celsius", 95.0, "Temperature that is critical."),
    fixed("node_hwmon_temp_max_celsius", 85.0, "Temperature that is high."),
    gauge("node_thermal_zone_temp", 43.2, "Temperature of the zone.").during(1.35),
];

/// Once a processor.
pub(super) const CPU: &[Row] = &[
    seconds("node_cpu_guest_seconds_total", 0.0, "Seconds spent in guests.").with(USER),
    never("node_cpu_core_throttles_total", "Times a core was throttled."),
    never("node_cpu_package_throttles_total", "Times a package was throttled."),
    fixed("node_cpu_online", 1.0, "Whether the processor is online."),
    gauge("node_cpu_scaling_frequency_hertz", 2_900_000_000.0, "Frequency now."),
    fixed("node_cpu_scaling_frequency_max_hertz", 3_500_000_000.0, "Highest frequency."),
    fixed("node_cpu_scaling_frequency_min_hertz", 1_200_000_000.0, "Lowest frequency."),
    fixed("node_cpu_frequency_max_hertz", 3_500_000_000.0, "Highest frequency of the part."),
    fixed("node_cpu_frequency_min_hertz", 1_200_000_000.0, "Lowest frequency of the part."),
    seconds("node_schedstat_running_seconds_total", 0.19, "Time spent running.").during(3.6),
    seconds("node_schedstat_waiting_seconds_total", 0.01, "Time spent waiting.").during(20.0),
    counter("node_schedstat_timeslices_total", 2_600.0, "Time slices run.").during(2.5),
];
const USER: &[(&str, &str)] = &[("mode", "user")];

/// Once a disk.
pub(super) const DISK: &[Row] = &[
    counter("node_disk_reads_completed_total", 6.2, "Reads completed."),
    counter("node_disk_reads_merged_total", 0.4, "Reads merged."),
    counter("node_disk_read_bytes_total", 181_000.0, "Bytes read."),
    seconds("node_disk_read_time_seconds_total", 0.004, "Time spent reading."),
    counter("node_disk_writes_completed_total", 21.0, "Writes completed.").during(1.5),
    counter("node_disk_writes_merged_total", 7.5, "Writes merged."),
    counter("node_disk_written_bytes_total", 402_000.0, "Bytes written.").during(1.5),
    seconds("node_disk_write_time_seconds_total", 0.021, "Time spent writing."),
    seconds("node_disk_io_time_seconds_total", 0.031, "Time spent on I/O.").during(1.6),
    seconds("node_disk_io_time_weighted_seconds_total", 0.046, "Time spent on I/O, weighted."),
    fixed("node_disk_io_now", 0.0, "I/O in progress."),
    counter("node_disk_discards_completed_total", 0.02, "Discards completed."),
    never("node_disk_discards_merged_total", "Discards merged."),
    counter("node_disk_discarded_sectors_total", 81.0, "Sectors discarded."),
    seconds("node_disk_discard_time_seconds_total", 0.001, "Time spent discarding."),
    counter("node_disk_flush_requests_total", 1.4, "Flushes completed."),
    seconds("node_disk_flush_requests_time_seconds_total", 0.002, "Time spent flushing."),
    info("node_disk_info", &[("model", "Amazon Elastic Block Store")], "The disk."),
    fixed("node_disk_filesystem_info", 1.0, "The file system on the disk."),
];

/// Once a file system, beside size and free space.
pub(super) const FILESYSTEM: &[Row] = &[
    fixed("node_filesystem_device_error", 0.0, "Whether it could not be asked."),
    fixed("node_filesystem_readonly", 0.0, "Whether it is read-only."),
    fixed("node_filesystem_files", 6_553_600.0, "File nodes."),
    gauge("node_filesystem_files_free", 6_100_000.0, "File nodes free."),
    fixed("node_filesystem_mount_info", 1.0, "The mount."),
];

/// Once a network device.
pub(super) const NETWORK: &[Row] = &[
    counter("node_network_receive_bytes_total", 412_000.0, "Bytes received.").during(1.8),
    counter("node_network_receive_packets_total", 620.0, "Packets received.").during(1.8),
    never("node_network_receive_compressed_total", "Compressed packets received."),
    never("node_network_receive_drop_total", "Received packets dropped."),
    never("node_network_receive_errs_total", "Errors while receiving."),
    never("node_network_receive_fifo_total", "Receive queue overruns."),
    never("node_network_receive_frame_total", "Framing errors."),
    never("node_network_receive_multicast_total", "Multicast packets received."),
    never("node_network_receive_nohandler_total", "Packets nobody wanted."),
    counter("node_network_transmit_bytes_total", 377_000.0, "Bytes sent.").during(1.6),
    counter("node_network_transmit_packets_total", 540.0, "Packets sent.").during(1.6),
    never("node_network_transmit_carrier_total", "Carrier losses."),
    never("node_network_transmit_colls_total", "Collisions."),
    never("node_network_transmit_compressed_total", "Compressed packets sent."),
    never("node_network_transmit_drop_total", "Packets dropped while sending."),
    never("node_network_transmit_errs_total", "Errors while sending."),
    never("node_network_transmit_fifo_total", "Send queue overruns."),
    fixed("node_network_address_assign_type", 0.0, "How the address was assigned."),
    fixed("node_network_carrier", 1.0, "Whether there is a carrier."),
    never("node_network_carrier_changes_total", "Carrier changes."),
    never("node_network_carrier_down_changes_total", "Times the carrier was lost."),
    never("node_network_carrier_up_changes_total", "Times the carrier came back."),
    fixed("node_network_device_id", 0.0, "Device id."),
    fixed("node_network_dormant", 0.0, "Whether it is dormant."),
    fixed("node_network_flags", 4_099.0, "Flags."),
    fixed("node_network_iface_id", 2.0, "Interface id."),
    fixed("node_network_iface_link", 2.0, "Interface link."),
    fixed("node_network_iface_link_mode", 0.0, "Interface link mode."),
    info("node_network_info", &[("operstate", "up")], "The device."),
    fixed("node_network_mtu_bytes", 9_001.0, "Largest transmission unit."),
    fixed("node_network_name_assign_type", 4.0, "How the name was assigned."),
    fixed("node_network_net_dev_group", 0.0, "Device group."),
    fixed("node_network_protocol_type", 1.0, "Protocol type."),
    fixed("node_network_speed_bytes", 1_250_000_000.0, "Speed in bytes a second."),
    fixed("node_network_transmit_queue_length", 1_000.0, "Length of the send queue."),
    fixed("node_network_up", 1.0, "Whether it is up."),
];

/// Once a collector of the exporter.
pub(super) const COLLECTOR: &[Row] = &[
    gauge("node_scrape_collector_duration_seconds", 0.004, "How long the collector took."),
    fixed("node_scrape_collector_success", 1.0, "Whether the collector succeeded."),
];
