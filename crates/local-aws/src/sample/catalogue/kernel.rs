//! What node_exporter reads from the kernel: memory, virtual memory, and protocol statistics.

use crate::sample::row::{Row, counter, fixed, gauge, never};

/// `/proc/meminfo`, bytes.
pub(super) const MEMORY: &[Row] = &[
    fixed(
        "node_memory_MemTotal_bytes",
        16_374_562_816.0,
        "Memory of the machine.",
    ),
    gauge(
        "node_memory_MemFree_bytes",
        2_210_000_000.0,
        "Memory not used at all.",
    )
    .during(0.7),
    gauge(
        "node_memory_MemAvailable_bytes",
        9_100_000_000.0,
        "Memory to be had.",
    )
    .during(0.8),
    gauge(
        "node_memory_Buffers_bytes",
        412_000_000.0,
        "Memory in buffers.",
    ),
    gauge(
        "node_memory_Cached_bytes",
        6_300_000_000.0,
        "Memory in the page cache.",
    ),
    gauge(
        "node_memory_Active_bytes",
        7_900_000_000.0,
        "Memory used lately.",
    )
    .during(1.1),
    gauge(
        "node_memory_Active_anon_bytes",
        4_100_000_000.0,
        "Anonymous memory used lately.",
    ),
    gauge(
        "node_memory_Active_file_bytes",
        3_800_000_000.0,
        "File memory used lately.",
    ),
    gauge(
        "node_memory_Inactive_bytes",
        4_200_000_000.0,
        "Memory not used lately.",
    ),
    gauge(
        "node_memory_Inactive_anon_bytes",
        610_000_000.0,
        "Anonymous memory not used lately.",
    ),
    gauge(
        "node_memory_Inactive_file_bytes",
        3_590_000_000.0,
        "File memory not used lately.",
    ),
    gauge(
        "node_memory_AnonPages_bytes",
        4_600_000_000.0,
        "Anonymous pages mapped.",
    ),
    fixed(
        "node_memory_AnonHugePages_bytes",
        0.0,
        "Anonymous huge pages.",
    ),
    fixed("node_memory_Bounce_bytes", 0.0, "Memory in bounce buffers."),
    fixed(
        "node_memory_CommitLimit_bytes",
        8_187_281_408.0,
        "Memory that may be committed.",
    ),
    gauge(
        "node_memory_Committed_AS_bytes",
        9_900_000_000.0,
        "Memory committed.",
    ),
    gauge(
        "node_memory_DirectMap1G_bytes",
        13_958_643_712.0,
        "Memory mapped in 1 GiB pages.",
    ),
    fixed(
        "node_memory_DirectMap2M_bytes",
        3_221_225_472.0,
        "Memory mapped in 2 MiB pages.",
    ),
    fixed(
        "node_memory_DirectMap4k_bytes",
        218_103_808.0,
        "Memory mapped in 4 KiB pages.",
    ),
    gauge(
        "node_memory_Dirty_bytes",
        3_100_000.0,
        "Memory to be written back.",
    ),
    fixed(
        "node_memory_FileHugePages_bytes",
        0.0,
        "File memory in huge pages.",
    ),
    fixed(
        "node_memory_FilePmdMapped_bytes",
        0.0,
        "File memory mapped by huge pages.",
    ),
    fixed(
        "node_memory_HardwareCorrupted_bytes",
        0.0,
        "Memory found broken.",
    ),
    fixed("node_memory_HugePages_Free", 0.0, "Huge pages free."),
    fixed("node_memory_HugePages_Rsvd", 0.0, "Huge pages reserved."),
    fixed("node_memory_HugePages_Surp", 0.0, "Huge pages in surplus."),
    fixed("node_memory_HugePages_Total", 0.0, "Huge pages."),
    fixed(
        "node_memory_Hugepagesize_bytes",
        2_097_152.0,
        "Size of a huge page.",
    ),
    fixed("node_memory_Hugetlb_bytes", 0.0, "Memory in huge pages."),
    gauge(
        "node_memory_KReclaimable_bytes",
        520_000_000.0,
        "Kernel memory to be had back.",
    ),
    gauge(
        "node_memory_KernelStack_bytes",
        11_600_000.0,
        "Kernel stacks.",
    ),
    gauge("node_memory_Mapped_bytes", 910_000_000.0, "Files mapped."),
    fixed("node_memory_Mlocked_bytes", 0.0, "Memory locked."),
    fixed(
        "node_memory_NFS_Unstable_bytes",
        0.0,
        "NFS pages not yet stored.",
    ),
    gauge("node_memory_PageTables_bytes", 41_000_000.0, "Page tables."),
    gauge(
        "node_memory_Percpu_bytes",
        6_400_000.0,
        "Memory for each processor.",
    ),
    gauge(
        "node_memory_SReclaimable_bytes",
        520_000_000.0,
        "Slab memory to be had back.",
    ),
    gauge(
        "node_memory_SUnreclaim_bytes",
        160_000_000.0,
        "Slab memory that stays.",
    ),
    gauge("node_memory_Shmem_bytes", 38_000_000.0, "Shared memory."),
    fixed(
        "node_memory_ShmemHugePages_bytes",
        0.0,
        "Shared memory in huge pages.",
    ),
    fixed(
        "node_memory_ShmemPmdMapped_bytes",
        0.0,
        "Shared memory mapped by huge pages.",
    ),
    gauge("node_memory_Slab_bytes", 680_000_000.0, "Slab memory."),
    fixed("node_memory_SwapCached_bytes", 0.0, "Swap in the cache."),
    fixed("node_memory_SwapFree_bytes", 0.0, "Swap free."),
    fixed("node_memory_SwapTotal_bytes", 0.0, "Swap."),
    fixed(
        "node_memory_Unevictable_bytes",
        31_000_000.0,
        "Memory that cannot be evicted.",
    ),
    gauge(
        "node_memory_VmallocChunk_bytes",
        1_000_000.0,
        "Largest free block of vmalloc.",
    ),
    fixed(
        "node_memory_VmallocTotal_bytes",
        35_184_372_087_808.0,
        "Size of vmalloc.",
    ),
    gauge(
        "node_memory_VmallocUsed_bytes",
        48_000_000.0,
        "Used part of vmalloc.",
    ),
    fixed(
        "node_memory_WritebackTmp_bytes",
        0.0,
        "Buffers for write-back.",
    ),
    fixed(
        "node_memory_Writeback_bytes",
        0.0,
        "Memory being written back.",
    ),
];

/// `/proc/vmstat`.
pub(super) const VMSTAT: &[Row] = &[
    never(
        "node_vmstat_oom_kill",
        "Processes killed for lack of memory.",
    ),
    counter("node_vmstat_pgfault", 4_100.0, "Page faults.").during(2.0),
    counter(
        "node_vmstat_pgmajfault",
        0.06,
        "Page faults that read a disk.",
    ),
    counter("node_vmstat_pgpgin", 177.0, "Kilobytes paged in."),
    counter("node_vmstat_pgpgout", 393.0, "Kilobytes paged out."),
    never("node_vmstat_pswpin", "Pages swapped in."),
    never("node_vmstat_pswpout", "Pages swapped out."),
];

/// `/proc/net/netstat` and `/proc/net/snmp`.
pub(super) const NETSTAT: &[Row] = &[
    counter(
        "node_netstat_Icmp_InErrors",
        0.001,
        "ICMP messages with errors.",
    ),
    counter("node_netstat_Icmp_InMsgs", 0.4, "ICMP messages received."),
    counter("node_netstat_Icmp_OutMsgs", 0.4, "ICMP messages sent."),
    never(
        "node_netstat_Icmp6_InErrors",
        "ICMPv6 messages with errors.",
    ),
    counter(
        "node_netstat_Icmp6_InMsgs",
        0.02,
        "ICMPv6 messages received.",
    ),
    counter("node_netstat_Icmp6_OutMsgs", 0.03, "ICMPv6 messages sent."),
    counter(
        "node_netstat_Ip_Forwarding",
        1.0,
        "Whether packets are forwarded.",
    ),
    never("node_netstat_Ip6_InOctets", "Bytes received over IPv6."),
    never("node_netstat_Ip6_OutOctets", "Bytes sent over IPv6."),
    counter(
        "node_netstat_IpExt_InOctets",
        790_000.0,
        "Bytes received over IP.",
    ),
    counter(
        "node_netstat_IpExt_OutOctets",
        740_000.0,
        "Bytes sent over IP.",
    ),
    counter("node_netstat_Tcp_ActiveOpens", 4.2, "Connections opened.").during(3.0),
    gauge(
        "node_netstat_Tcp_CurrEstab",
        58.0,
        "Connections established.",
    )
    .during(2.4),
    counter(
        "node_netstat_Tcp_InErrs",
        0.002,
        "TCP segments with errors.",
    ),
    counter("node_netstat_Tcp_InSegs", 910.0, "TCP segments received.").during(1.8),
    counter("node_netstat_Tcp_OutRsts", 0.9, "TCP resets sent.").during(9.0),
    counter("node_netstat_Tcp_OutSegs", 960.0, "TCP segments sent.").during(1.8),
    counter(
        "node_netstat_Tcp_PassiveOpens",
        5.1,
        "Connections accepted.",
    )
    .during(2.0),
    counter(
        "node_netstat_Tcp_RetransSegs",
        0.21,
        "TCP segments sent again.",
    )
    .during(8.0),
    counter(
        "node_netstat_TcpExt_ListenDrops",
        0.001,
        "Connections dropped.",
    )
    .during(200.0),
    counter(
        "node_netstat_TcpExt_ListenOverflows",
        0.001,
        "Queues overflowed.",
    )
    .during(200.0),
    never("node_netstat_TcpExt_SyncookiesFailed", "Cookies refused."),
    never("node_netstat_TcpExt_SyncookiesRecv", "Cookies received."),
    never("node_netstat_TcpExt_SyncookiesSent", "Cookies sent."),
    counter(
        "node_netstat_TcpExt_TCPOFOQueue",
        0.3,
        "TCP segments out of order.",
    ),
    counter(
        "node_netstat_TcpExt_TCPRcvQDrop",
        0.001,
        "TCP segments dropped.",
    ),
    counter("node_netstat_TcpExt_TCPSynRetrans", 0.03, "SYN sent again.").during(6.0),
    counter("node_netstat_TcpExt_TCPTimeouts", 0.08, "TCP timeouts.").during(8.0),
    counter(
        "node_netstat_Udp_InDatagrams",
        7.1,
        "UDP datagrams received.",
    ),
    never("node_netstat_Udp_InErrors", "UDP datagrams with errors."),
    counter(
        "node_netstat_Udp_NoPorts",
        0.01,
        "UDP datagrams nobody wanted.",
    ),
    counter("node_netstat_Udp_OutDatagrams", 7.3, "UDP datagrams sent."),
    never("node_netstat_Udp_RcvbufErrors", "UDP receive buffers full."),
    never("node_netstat_Udp_SndbufErrors", "UDP send buffers full."),
    counter(
        "node_netstat_Udp6_InDatagrams",
        0.1,
        "UDP datagrams received over IPv6.",
    ),
    never(
        "node_netstat_Udp6_InErrors",
        "UDP datagrams over IPv6 with errors.",
    ),
    never(
        "node_netstat_Udp6_NoPorts",
        "UDP datagrams over IPv6 nobody wanted.",
    ),
    counter(
        "node_netstat_Udp6_OutDatagrams",
        0.1,
        "UDP datagrams sent over IPv6.",
    ),
    never(
        "node_netstat_UdpLite_InErrors",
        "UDP-Lite datagrams with errors.",
    ),
    never(
        "node_netstat_UdpLite6_InErrors",
        "UDP-Lite datagrams over IPv6 with errors.",
    ),
];
