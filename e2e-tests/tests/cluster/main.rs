//! Tests the policy on a real control plane, on loopback: a kube-apiserver with its etcd, which calls `policy-host
//! serve`.
//!
//! `make test-cluster` runs these tests, because they need Go and the feature `cluster`. The tests run sequentially
//! (`--test-threads=1`), so that no test affects the timing of another test. They check the objects that the API server
//! *stores*.

mod api;
mod aws_webhook;
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
mod measure;
mod memory;
mod mutating_admission_policy;
mod pod_cost;
mod race;
mod removal;
mod rights;
mod scene;
mod sdk_rules;
mod sdks;
mod server;
mod soak;
mod token;
mod token_requests;
mod walk_through;
mod webhooks;
mod workloads;
