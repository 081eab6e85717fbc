//! Why does my pod have the wrong role?
//!
//! Between a pod and its role are eleven [steps](explanation::StepKind), each configured in another place: the pod, the
//! service account, the policy's settings, the cluster's issuer, the role's trust policy. STS only reports that access
//! is denied. This crate checks every step with the given inputs, and returns whether the step is right, wrong or
//! unknown, why, and what to do.
//!
//! ```
//! use irsa_explain::{Inputs, Outcome, explain, tree};
//!
//! let inputs = Inputs {
//!     pod: Some(
//!         r#"{"metadata": {"name": "web", "namespace": "shop"},
//!             "spec": {"serviceAccountName": "web", "containers": [{"name": "app"}]}}"#.into(),
//!     ),
//!     service_account: Some(r#"{"metadata": {"name": "web", "namespace": "shop"}}"#.into()),
//!     ..Inputs::default()
//! };
//! let explanation = explain(&inputs);
//! assert_eq!(explanation.outcome, Outcome::Failed);
//! assert_eq!(tree(&explanation, false)[0].to_string(), "cause: Service account `shop/web` has no role [missingRole]");
//! ```
//!
//! How it works: the [inputs](Inputs) are read. An input that cannot be read is a [problem](Explanation::problems).
//! `irsa`, the policy's own code, reviews the pod, so the first steps agree with the policy. The containers of the
//! resulting pod are compared with the order in which each AWS [SDK](sdk) looks for credentials. The token's claims are
//! compared with the claims that STS requires, and the issuer with its documents and keys. The trust policy is
//! evaluated as IAM evaluates it (`trust`).
//!
//! The crate does no I/O, reads no clock, and builds for a browser. A step that the inputs do not decide is
//! [unknown](Outcome::Unknown): nothing is guessed. No output contains the token, its signature, or the value of a
//! variable that could be a secret. One exception: [`explanation::Reviewed::pod`] is the whole pod that was given, with
//! everything that the policy adds.

pub mod check;
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
mod edit;
mod finding_fix;
mod finding_place;
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
mod several;
mod steps;
mod tree;
mod trust;

pub use chain::{explain, role_of, token_audience, trust_policy};
pub use explanation::{Explanation, Outcome};
pub use fix::{TrustFix, quoted as shell_word};
pub use inputs::Inputs;
pub use issuer_url::PastedIssuer;
pub use place::line_and_column;
pub use redact::redact_tokens;
pub use scenario::{makes_pods, pod_templates, service_account_of};
pub use several::explain_all;
pub use tree::{Line, Mark, missing_inputs, tree, tree_with_places};
