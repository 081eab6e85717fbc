//! Why does my pod have the wrong role?
//!
//! Between a pod and its role stand ten [steps](explanation::StepKind), each kept by somebody else: whoever wrote the
//! pod, the service account, the policy's settings, the cluster's issuer, the role's trust policy. STS says only that
//! it did not work. This crate goes the whole way with what is known of it, and says of each step whether it is right,
//! wrong or not known, why, and what to do.
//!
//! ```
//! use irsa_explain::{Inputs, Outcome, explain, tree};
//!
//! let inputs = Inputs {
//!     pod: Some(r#"{"metadata": {"name": "web", "namespace": "shop"}, "spec": {"serviceAccountName": "web", "containers": [{"name": "app"}]}}"#.into()),
//!     service_account: Some(r#"{"metadata": {"name": "web", "namespace": "shop"}}"#.into()),
//!     ..Inputs::default()
//! };
//! let explanation = explain(&inputs);
//! assert_eq!(explanation.outcome, Outcome::Failed);
//! assert_eq!(tree(&explanation, false)[0].to_string(), "cause: Service account `shop/web` has no role [missingRole]");
//! ```
//!
//! The way through it: the [inputs](Inputs) are read, and what cannot be read is a [problem](Explanation::problems).
//! The pod is sent through `irsa`, the policy's own code, so that the first half says exactly what the policy says. The
//! containers that come out are held against the orders in which the AWS [SDKs](sdk) look for credentials, the token
//! against what it should say, the issuer against its documents and keys, and the trust policy is evaluated as IAM does
//! (`trust`).
//!
//! Data in, data out: no I/O, no clock, and it builds for a browser. What cannot be known is
//! [unknown](Outcome::Unknown), and never guessed. Nothing that comes out holds the token, its signature, or the value
//! of a variable that could be a secret; but [`explanation::Reviewed::pod`] is the pod as it was given, and what was
//! added to it.

pub mod container;
pub mod diagnosis;
pub mod explanation;
pub mod inputs;
pub mod sdk;
pub mod selection;
pub mod sts;

mod association;
mod chain;
mod documents;
mod fix;
mod issuer_url;
mod jwks;
mod jwt;
mod place;
mod pointer;
mod policies;
mod policy_answer;
mod redact;
mod scenario;
mod steps;
mod tree;
mod trust;

pub use chain::{explain, token_audience};
pub use explanation::{Explanation, Outcome};
pub use fix::{TrustFix, quoted as shell_word};
pub use inputs::Inputs;
pub use place::line_and_column;
pub use redact::redact_tokens;
pub use scenario::{makes_pods, pod_templates, service_account_of};
pub use tree::{Line, Mark, tree, tree_with_places};
