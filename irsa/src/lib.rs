//! What IAM roles for service accounts (IRSA) mean for a pod.
//!
//! Data in, decision out: this crate knows no policy host and does no I/O. Whoever uses it brings a request's text and
//! a way to [ask the cluster](cluster::Cluster) for a service account, and gets a [`Review`].
//!
//! A request's way through it: its text is read once, by a [`json::Reader`], into a [`Request`]; a [`pod::Pod`] is what
//! is read of a pod, with where it stood. The name of its service account is asked for, once
//! ([`service_account`]). What the account's annotations say ([`annotation`]) comes to an [`identity`], or to none. The
//! identity comes to an [`environment`], and that to a [`plan`]: what the pod lacks. All that is wrong on the way is a
//! [`finding`], and what is done about it is up to the [`settings`]. Last, the plan is put into the object's text
//! ([`edit`]), of which nothing else is touched.
//!
//! ```
//! use irsa::cluster::{Cluster, LookupError, Query};
//! use irsa::{Request, Review, Settings, json::Reader};
//!
//! struct Accounts;
//! impl Cluster for Accounts {
//!     fn object(&mut self, query: &Query<'_>) -> Result<String, LookupError> {
//!         let role = r#"{"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/web"}"#;
//!         Ok(format!(r#"{{"metadata": {{"namespace": "{}", "name": "{}", "annotations": {role}}}}}"#, query.namespace, query.name))
//!     }
//! }
//!
//! let request = r#"{"uid": "1", "namespace": "shop", "operation": "CREATE", "kind": {"group": "", "version": "v1", "kind": "Pod"},
//!     "object": {"spec": {"serviceAccountName": "web", "containers": [{"name": "app"}]}}}"#;
//! let settings = Settings::parse(r#"{"region": "us-east-2"}"#)?;
//! let review = Review::new(&Request::read(&mut Reader::new(request))?, &settings, &mut Accounts);
//! let mut pod = String::new();
//! review.edits.write(request, review.object, &mut pod)?;
//! assert!(pod.contains(r#"{"name":"AWS_ROLE_ARN","value":"arn:aws:iam::111122223333:role/web"}"#));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The contract that the rules follow is that of AWS's `amazon-eks-pod-identity-webhook`, v0.6.17: where its result is
//! valid and works, the pod is the same.

pub mod account_pattern;
pub mod allowed;
pub mod annotation;
pub mod by_hand;
pub mod check;
pub mod cluster;
pub mod container;
pub mod edit;
pub mod environment;
pub mod finding;
pub mod findings;
pub mod glob;
pub mod identity;
pub mod lookups;
pub mod metadata;
pub mod mount_path;
pub mod names;
pub mod nearest;
pub mod plan;
pub mod pod;
pub mod region;
pub mod request;
pub mod resolve;
pub mod review;
pub mod role_arn;
pub mod role_mapping;
pub mod service_account;
pub mod settings;
pub mod skip_containers;
pub mod text;
pub mod token_lifetime;
pub mod variable;
pub mod volume;
pub mod workload;

pub use json_reader as json;
pub use request::Request;
pub use review::Review;
pub use settings::Settings;
