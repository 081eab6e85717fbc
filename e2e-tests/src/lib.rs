//! A host for the policy: what a Kubewarden policy server does with `policy.wasm`, without a cluster.
//!
//! The stages of a request:
//!
//! 1. [`admission`] reads requests from a file: admission requests, or Kubernetes objects, which it wraps as an API
//!    server does;
//! 2. [`settings`] reads the policy's settings;
//! 3. [`policy`] calls the module with both, in a fresh instance, and passes the module's host calls to [`host`];
//! 4. [`host`] refuses calls that the policy has no permission for. A backend answers the others: a [`cluster`] of
//!    objects, or a recording ([`session`]);
//! 5. [`response`] turns the policy's answer into an admission response, as kwctl prints it, and [`present`] shows it
//!    to people.
//!
//! [`fuel`] makes the same call and counts its cost, and [`bench`] compares that cost with the least possible one.
//!
//! With the feature `serve`, `server` takes requests from an API server instead of a file, `live` is the backend that
//! asks that API server, and `certificate` makes the server's certificate.
//!
//! Where kwctl or the policy server do the same, this host does it their way, down to the error texts, because the
//! policy can tell failures apart only by them. The sources are those of the `kubewarden-controller` repository
//! (`crates/policy-evaluator`, `crates/kwctl`) as of May 2026.

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
pub mod metadata;
pub mod patch;
pub mod policy;
pub mod present;
pub mod response;
#[cfg(feature = "serve")]
pub mod server;
pub mod session;
pub mod settings;
pub mod yaml;
