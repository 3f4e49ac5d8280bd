//! What the services of the shop tell about their work.

use crate::sample::row::{Row, counter, fixed, gauge, histogram, never, seconds};

/// How an answer ends: status code, its part of the calm answers, and of those that the incident
/// touches.
pub(super) const CODES: [(&str, f64, f64); 5] = [
    ("200", 0.985, 0.71),
    ("400", 0.008, 0.008),
    ("404", 0.005, 0.005),
    ("500", 0.0015, 0.085),
    ("503", 0.0005, 0.192),
];

/// By how much the incident multiplies the median latency of what it touches.
pub(super) const SLOWER: f64 = 14.0;

/// Of any service.
pub(super) const SERVICE: &[Row] = &[
    gauge("http_requests_in_flight", 3.0, "Requests in progress.").during(12.0),
    gauge("http_open_connections", 26.0, "Connections open.").during(3.0),
    counter("http_connections_accepted_total", 1.7, "Connections accepted.").during(2.5),
    counter("http_request_timeouts_total", 0.002, "Requests that timed out.").during(400.0),
    counter("http_client_requests_total", 6.1, "Requests to other services."),
    counter("http_client_retries_total", 0.03, "Requests sent again.").during(45.0),
    counter("http_client_errors_total", 0.01, "Requests that failed.").during(120.0),
    histogram("http_client_request_duration_seconds", 0.024, 6.1, "Time of calls to others.")
        .during(10.0),
    fixed("db_pool_connections_max", 20.0, "Database connections at most."),
    gauge("db_pool_connections_in_use", 4.6, "Database connections in use.").during(4.1),
    gauge("db_pool_connections_idle", 9.2, "Database connections idle.").during(0.04),
    counter("db_pool_acquire_total", 9.1, "Connections asked for."),
    counter("db_pool_acquire_timeouts_total", 0.001, "Connections not got in time.").during(900.0),
    seconds("db_pool_wait_seconds_total", 0.012, "Time waited for a connection.").during(160.0),
    histogram("db_query_duration_seconds", 0.006, 9.0, "Time of database queries.").during(9.0),
    counter("cache_hits_total", 14.0, "Values found in the cache."),
    counter("cache_misses_total", 1.6, "Values not found in the cache."),
    gauge("cache_entries", 4_300.0, "Values in the cache."),
    counter("cache_evictions_total", 0.2, "Values pushed out of the cache."),
    counter("log_messages_total", 4.0, "Messages logged.").with(&[("level", "info")]),
    counter("log_messages_total", 0.05, "Messages logged.").with(&[("level", "warn")]).during(40.0),
    counter("log_messages_total", 0.01, "Messages logged.")
        .with(&[("level", "error")])
        .during(180.0),
    never("feature_flag_errors_total", "Feature flags that could not be read."),
];

/// Of the `checkout` service alone.
pub(super) const CHECKOUT: &[Row] = &[
    counter("orders_placed_total", 0.9, "Orders placed.").during(0.55),
    counter("orders_failed_total", 0.004, "Orders that failed.").during(90.0),
    counter("order_value_euros_total", 41.0, "Value of the orders placed.").during(0.55),
    gauge("order_queue_length", 2.0, "Orders waiting.").during(60.0),
    histogram("order_processing_seconds", 0.21, 0.9, "Time to place an order.").during(8.0),
];

/// Of the `payments` service alone.
pub(super) const PAYMENTS: &[Row] = &[
    counter("payments_total", 2.6, "Payments.").with(&[("outcome", "accepted")]),
    counter("payments_total", 0.09, "Payments.").with(&[("outcome", "declined")]),
    counter("payments_total", 0.004, "Payments.").with(&[("outcome", "error")]),
    fixed("payment_provider_up", 1.0, "Whether the provider answers."),
];

/// Of the `cart` service alone.
pub(super) const CART: &[Row] = &[
    gauge("carts_open", 380.0, "Carts with something in them."),
    counter("cart_items_added_total", 2.2, "Items added."),
    counter("cart_items_removed_total", 0.6, "Items removed."),
];
