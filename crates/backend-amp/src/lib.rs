//! Prometheus' HTTP API, on Amazon Managed Prometheus (SigV4) or any compatible server.
