//! A host for the policy: runs `policy.wasm` as a Kubewarden policy server does, without a cluster.
//!
//! The stages of a request:
//!
//! 1. [`admission`] reads requests from a file: admission requests, or Kubernetes objects, which it wraps as an API
//!    server does;
//! 2. [`settings`] reads the policy's settings;
//! 3. [`policy`] calls the module with both, in a fresh instance, and passes the module's host calls to [`host`];
//! 4. [`host`] rejects calls that the policy has no permission for. A backend answers the permitted calls: a
//!    simulated [`cluster`], or a recording ([`session`]);
//! 5. [`response`] converts the policy's answer to an admission response, as kwctl prints it, and [`present`] formats
//!    it for people.
//!
//! [`fuel`] measures the cost of a call to the module. [`bench`] compares the cost with the cost of the floor, a policy
//! that returns every object unchanged.
//!
//! With the feature `serve`, `server` accepts requests from an API server instead of a file, `live` is the backend that
//! looks up objects in that API server, and `certificate` makes the server's certificate.
//!
//! This host behaves as kwctl and the policy server do. It also uses their error texts, because the policy recognizes a
//! failure only by its text. The sources of kwctl and the policy server are in the repository `kubewarden-controller`
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
