//! The machines, services and pods that the sample metrics are about: a small web shop.

use super::clockwork::seed;
use super::shape::Fate;

/// Something that is scraped, or that an exporter reports on: its labels and its fate.
#[derive(Debug, Clone)]
pub(super) struct Entity {
    pub(super) labels: Vec<(&'static str, String)>,
    pub(super) fate: Fate,
    /// Seconds into each scrape interval at which its samples are taken.
    pub(super) offset: i64,
}

impl Entity {
    /// The target `job` at `instance`.
    pub(super) fn target(job: &str, instance: &str) -> Self {
        Self {
            labels: vec![("job", job.to_owned()), ("instance", instance.to_owned())],
            fate: Fate::Calm,
            offset: (seed([instance]) % 30).cast_signed(),
        }
    }

    /// The same with more labels.
    pub(super) fn with<V: Into<String>>(
        &self,
        labels: impl IntoIterator<Item = (&'static str, V)>,
    ) -> Self {
        let mut entity = self.clone();
        let labels = labels.into_iter().map(|(name, value)| (name, value.into()));
        entity.labels.extend(labels);
        entity
    }

    /// The same with another fate.
    pub(super) fn meets(mut self, fate: Fate) -> Self {
        self.fate = fate;
        self
    }

    /// The seed of what it tells about `subject`.
    pub(super) fn seed(&self, subject: &str) -> u64 {
        seed(self.labels.iter().map(|(_, value)| value.as_str()).chain([subject]))
    }
}

/// A machine of the cluster.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    pub(super) name: &'static str,
    pub(super) address: &'static str,
}

/// The machines.
pub(super) const NODES: [Node; 3] = [
    Node { name: "node-1", address: "10.0.1.11:9100" },
    Node { name: "node-2", address: "10.0.1.12:9100" },
    Node { name: "node-3", address: "10.0.1.13:9100" },
];

impl Node {
    pub(super) fn fate(self) -> Fate {
        let touched = PODS.iter().any(|pod| pod.node == self.name && pod.fate() != Fate::Calm);
        if touched { Fate::Touched } else { Fate::Calm }
    }
}

/// A service of the shop, and what it is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Service {
    pub(super) name: &'static str,
    /// Method, path, requests a second and pod, and median seconds of an answer.
    pub(super) handlers: &'static [(&'static str, &'static str, f64, f64)],
}

/// The services.
pub(super) const SERVICES: [Service; 5] = [
    Service {
        name: "frontend",
        handlers: &[
            ("GET", "/", 14.0, 0.021),
            ("GET", "/product", 9.0, 0.034),
            ("POST", "/cart", 2.5, 0.028),
        ],
    },
    Service {
        name: "catalog",
        handlers: &[("GET", "/api/products", 11.0, 0.012), ("GET", "/api/search", 4.0, 0.055)],
    },
    Service {
        name: "cart",
        handlers: &[("GET", "/api/cart", 5.0, 0.007), ("POST", "/api/cart", 2.5, 0.011)],
    },
    Service {
        name: "checkout",
        handlers: &[("POST", "/api/checkout", 3.0, 0.062), ("GET", "/api/order", 1.5, 0.018)],
    },
    Service { name: "payments", handlers: &[("POST", "/api/charge", 2.8, 0.110)] },
];

/// A running copy of a service.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pod {
    pub(super) service: &'static str,
    pub(super) replica_set: &'static str,
    pub(super) name: &'static str,
    pub(super) address: &'static str,
    pub(super) node: &'static str,
}

const fn pod(
    service: &'static str,
    replica_set: &'static str,
    name: &'static str,
    address: &'static str,
    node: &'static str,
) -> Pod {
    Pod { service, replica_set, name, address, node }
}

/// All pods; the first one of `checkout` is killed each day.
pub(super) const PODS: [Pod; 10] = [
    pod("frontend", "frontend-5b7c9d8f64", "frontend-5b7c9d8f64-4kx2p", "10.0.2.11:8080", "node-1"),
    pod("frontend", "frontend-5b7c9d8f64", "frontend-5b7c9d8f64-q9m7t", "10.0.2.12:8080", "node-3"),
    pod("catalog", "catalog-66f4b5c7dd", "catalog-66f4b5c7dd-8zr5w", "10.0.2.21:8080", "node-1"),
    pod("catalog", "catalog-66f4b5c7dd", "catalog-66f4b5c7dd-n2v6j", "10.0.2.22:8080", "node-3"),
    pod("cart", "cart-79d8c6b54f", "cart-79d8c6b54f-h6b9s", "10.0.2.31:8080", "node-1"),
    pod("cart", "cart-79d8c6b54f", "cart-79d8c6b54f-w4t8c", "10.0.2.32:8080", "node-3"),
    pod("checkout", "checkout-7d9f6c5b8d", "checkout-7d9f6c5b8d-x2x7k", "10.0.2.41:8080", "node-2"),
    pod("checkout", "checkout-7d9f6c5b8d", "checkout-7d9f6c5b8d-m5g3d", "10.0.2.42:8080", "node-2"),
    pod("payments", "payments-58c7f9d6b9", "payments-58c7f9d6b9-r7p4v", "10.0.2.51:8080", "node-1"),
    pod("payments", "payments-58c7f9d6b9", "payments-58c7f9d6b9-t3l8f", "10.0.2.52:8080", "node-3"),
];

/// The namespace of the pods.
pub(super) const NAMESPACE: &str = "shop";
/// The address of kube-state-metrics.
pub(super) const KUBE_STATE: &str = "10.0.3.5:8080";
/// The address of the Prometheus that scraped all this.
pub(super) const PROMETHEUS: &str = "localhost:9090";

impl Pod {
    pub(super) fn fate(self) -> Fate {
        match (self.service, self.address) {
            ("checkout", "10.0.2.41:8080") => Fate::Killed,
            ("checkout", _) => Fate::Touched,
            _ => Fate::Calm,
        }
    }

    /// The fate of what another process says about this pod: that one is not away.
    pub(super) fn reported_fate(self) -> Fate {
        match self.fate() {
            Fate::Calm => Fate::Calm,
            Fate::Touched | Fate::Killed => Fate::Touched,
        }
    }
}
