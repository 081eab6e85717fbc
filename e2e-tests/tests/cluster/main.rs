//! The policy on a real control plane: a kube-apiserver and an etcd on loopback, which call `policy-host serve`.
//!
//! `make test-cluster` runs these tests, because they need Go and the feature `cluster`. One after the other
//! (`--test-threads=1`), so that no test slows another down. The tests look at what the API server stored.

mod api;
mod clients;
mod conditions;
mod control_plane;
mod decoder;
mod explain;
mod faults;
mod features;
mod kube_system;
mod kubectl;
mod latency;
mod lock_in;
mod pod_cost;
mod race;
mod removal;
mod rights;
mod scene;
mod sdks;
mod server;
mod token;
mod walk_through;
mod webhooks;
mod workloads;
