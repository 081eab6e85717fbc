//! A host for the policy: what a Kubewarden policy server does with `policy.wasm`, without a cluster.
//!
//! A request's way through it:
//!
//! 1. [`admission`] makes requests of a file: an admission request as it is, or a Kubernetes object as an API
//!    server would wrap it;
//! 2. [`settings`] reads the policy's settings;
//! 3. [`policy`] calls the module with both, in a fresh instance, and passes what it asks of its host to [`host`];
//! 4. [`host`] refuses what the policy may not ask, and has the rest answered by a backend: a [`cluster`] of
//!    objects, or the recording of one ([`session`]);
//! 5. [`response`] makes the admission response of the policy's answer, as kwctl prints it, and [`present`] shows it
//!    to people.
//!
//! [`fuel`] makes the same call where its cost is counted, and [`bench`] holds that cost against the least that there could be.
//!
//! `policy-host explain` needs no module: [`objects`] finds the pod and its account in files, and the crate `irsa_explain` says the rest. With the
//! feature `serve`, `live_case` reads them of a cluster.
//!
//! With the feature `serve`, `server` takes requests from an API server instead of a file, and `live` is the backend
//! that asks that API server; `certificate` is what the server shows it.
//!
//! Where kwctl or the policy server do the same, this host does it their way, down to the texts of the errors, for
//! the policy has nothing else to tell failures apart by. The sources followed are those of the
//! `kubewarden-controller` repository (`crates/policy-evaluator`, `crates/kwctl`) as of May 2026.

pub mod admission;
pub mod bench;
pub mod capabilities;
#[cfg(feature = "serve")]
pub mod certificate;
pub mod cluster;
pub mod fuel;
pub mod host;
#[cfg(feature = "serve")]
pub mod live;
#[cfg(feature = "serve")]
pub mod live_case;
pub mod metadata;
pub mod objects;
pub mod patch;
pub mod policy;
pub mod present;
pub mod response;
#[cfg(feature = "serve")]
pub mod server;
pub mod session;
pub mod settings;
pub mod yaml;
