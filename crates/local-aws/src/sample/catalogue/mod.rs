//! Which series there are: the tables, applied to the fleet.

mod container;
mod kernel;
mod kube;
mod node;
mod process;
mod prometheus;
mod shop;

use super::build::Builder;
use super::clockwork::seed;
use super::fleet::{
    Entity, KUBE_STATE, NAMESPACE, NODES, Node, PODS, PROMETHEUS, Pod, SERVICES, Service,
};
use super::row::{Kind, Row};
use super::shape::{Fate, Shape};

/// All series.
pub(super) fn build() -> Builder {
    let mut builder = Builder::default();
    for machine in NODES {
        node_exporter(&mut builder, machine);
    }
    for pod in PODS {
        service(&mut builder, pod);
        cadvisor(&mut builder, pod);
    }
    kube_state(&mut builder);
    prometheus(&mut builder);
    builder
}

fn node_exporter(builder: &mut Builder, machine: Node) {
    let target = Entity::target("node", machine.address)
        .with([("node", machine.name)])
        .meets(machine.fate());
    scraped(builder, &target);
    builder.rows(process::PROCESS, &target);
    for rows in [node::MACHINE, kernel::MEMORY, kernel::VMSTAT, kernel::NETSTAT] {
        builder.rows(rows, &target);
    }
    for cpu in node::CPUS {
        let cpu = target.with([("cpu", cpu)]);
        builder.rows(node::CPU, &cpu);
        processor_time(builder, &cpu);
    }
    for device in node::DISKS {
        builder.rows(node::DISK, &target.with([("device", device)]));
    }
    for device in node::NETWORKS {
        builder.rows(node::NETWORK, &target.with([("device", device)]));
    }
    for collector in node::COLLECTORS {
        builder.rows(node::COLLECTOR, &target.with([("collector", collector)]));
    }
    for (device, mountpoint, size, used) in node::MOUNTS {
        let mount =
            target.with([("device", device), ("mountpoint", mountpoint), ("fstype", "ext4")]);
        builder.rows(node::FILESYSTEM, &mount);
        let size = |share: f64| Shape::Fixed((size * share).floor());
        // Free space shrinks and grows with the day.
        let free = |share: f64| match size(share) {
            Shape::Fixed(base) => Shape::Gauge { base, during: 1.0, whole: true },
            other => other,
        };
        for (name, help, shape) in [
            ("node_filesystem_size_bytes", "Size.", size(1.0)),
            ("node_filesystem_free_bytes", "Free space.", free((1.0 - used) * 0.8)),
            ("node_filesystem_avail_bytes", "Free space for users.", free((1.0 - used) * 0.76)),
        ] {
            let seed = seed([machine.name, device]);
            builder.series(name, Kind::Gauge, help, &mount, &[], shape, seed);
        }
    }
}

/// Seconds of each mode: together about one a second.
fn processor_time(builder: &mut Builder, cpu: &Entity) {
    for (mode, rate, during) in node::CPU_MODES {
        let swing = if mode == "idle" { -0.1 } else { 0.4 };
        let shape = Shape::Counter { rate, during: rate * during, swing, whole: false };
        let help = "Seconds the processor spent in each mode.";
        let name = "node_cpu_seconds_total";
        let seed = cpu.seed(mode);
        builder.series(name, Kind::Counter, help, cpu, &[("mode", mode)], shape, seed);
    }
}

fn service(builder: &mut Builder, pod: Pod) {
    let target = Entity::target(pod.service, pod.address)
        .with([("namespace", NAMESPACE), ("pod", pod.name)])
        .meets(pod.fate());
    scraped(builder, &target);
    for rows in [process::PROCESS, process::GO, process::PROMHTTP, shop::SERVICE] {
        builder.rows(rows, &target);
    }
    let own: &[Row] = match pod.service {
        "checkout" => shop::CHECKOUT,
        "payments" => shop::PAYMENTS,
        "cart" => shop::CART,
        _ => &[],
    };
    builder.rows(own, &target);
    for service in SERVICES.iter().filter(|service| service.name == pod.service) {
        requests(builder, &target, service);
    }
}

/// Requests by answer and by time. One seed a handler, so that their sums agree.
fn requests(builder: &mut Builder, target: &Entity, service: &Service) {
    for &(method, path, rate, median) in service.handlers {
        let target = target.with([("handler", path), ("method", method)]);
        let seed = target.seed("http");
        for (code, calm, touched) in shop::CODES {
            let (rate, during) = (rate * calm, rate * touched);
            let shape = Shape::Counter { rate, during, swing: 0.4, whole: true };
            let (name, help) = ("http_requests_total", "Requests answered.");
            builder.series(name, Kind::Counter, help, &target, &[("code", code)], shape, seed);
        }
        builder.histogram(
            ("http_request_duration_seconds", "Time until a request was answered."),
            &target,
            (rate, median, median * shop::SLOWER),
            seed,
        );
        builder.histogram(
            ("http_response_size_bytes", "Size of an answer."),
            &target,
            (rate, median * 40_000.0, median * 30_000.0),
            seed,
        );
    }
}

fn cadvisor(builder: &mut Builder, pod: Pod) {
    let image = format!("registry.example/{}:1.42.0", pod.service);
    let container = Entity::target("cadvisor", pod.node)
        .with([
            ("namespace", NAMESPACE),
            ("pod", pod.name),
            ("container", pod.service),
            ("image", &image),
        ])
        .meets(pod.fate());
    builder.rows(container::CONTAINER, &container);
}

fn kube_state(builder: &mut Builder) {
    let target = Entity::target("kube-state-metrics", KUBE_STATE);
    scraped(builder, &target);
    builder.rows(kube::ITSELF, &target);
    builder.rows(kube::NAMESPACE, &target.with([("namespace", NAMESPACE)]));
    for machine in NODES {
        builder.rows(kube::NODE, &target.with([("node", machine.name)]));
    }
    let target = target.with([("namespace", NAMESPACE)]);
    for pod in PODS {
        let reported = target.with([("pod", pod.name)]).meets(pod.reported_fate());
        builder.rows(kube::POD, &reported);
        let place = [("node", pod.node), ("created_by_name", pod.replica_set)];
        builder.rows(kube::POD_INFO, &reported.with(place));
        let container = reported.with([("container", pod.service)]);
        builder.rows(kube::CONTAINER, &container);
        builder.rows(kube::KILLED, &container.meets(pod.fate()));
    }
    for service in SERVICES {
        deployment(builder, &target, service.name);
    }
}

/// What belongs to a deployment: each object has a label of its kind, as in `kube_service_info`.
fn deployment(builder: &mut Builder, target: &Entity, name: &str) {
    let pods = || PODS.iter().filter(|pod| pod.service == name);
    let killed = pods().any(|pod| pod.fate() == Fate::Killed);
    let fate = if killed { Fate::Touched } else { Fate::Calm };
    let replica_set = pods().next().map_or(name, |pod| pod.replica_set);
    for (rows, fate) in
        [(kube::DEPLOYMENT, fate), (kube::REPLICAS, if killed { Fate::Killed } else { Fate::Calm })]
    {
        for row in rows {
            let kind = row.name.split('_').nth(1).unwrap_or("object");
            let value = if kind == "replicaset" { replica_set } else { name };
            builder.rows(std::slice::from_ref(row), &target.with([(kind, value)]).meets(fate));
        }
    }
}

fn prometheus(builder: &mut Builder) {
    let target = Entity::target("prometheus", PROMETHEUS);
    scraped(builder, &target);
    for rows in [
        process::PROCESS,
        process::GO,
        process::GO_RUNTIME,
        process::PROMHTTP,
        prometheus::SERVER,
        prometheus::STORAGE,
    ] {
        builder.rows(rows, &target);
    }
}

/// What Prometheus adds to each scrape.
fn scraped(builder: &mut Builder, target: &Entity) {
    builder.rows(process::UP, target);
    builder.rows(process::SCRAPE, target);
}
