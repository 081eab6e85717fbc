//! Tests the policy on a real control plane: a kube-apiserver and its etcd on loopback, which calls `policy-host
//! serve`.
//!
//! `make test-cluster` runs these tests, because they need Go and the feature `cluster`. They run sequentially
//! (`--test-threads=1`), so that no test affects the timing of another. They check the objects that the API server
//! *stores*.

mod api;
mod check;
mod clients;
mod commands;
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
mod mutating_admission_policy;
mod pod_cost;
mod race;
mod removal;
mod rights;
mod scene;
mod sdks;
mod server;
mod token;
mod token_requests;
mod walk_through;
mod webhooks;
mod workloads;
