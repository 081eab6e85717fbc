//! The core of the policy: decides about an admission request. No I/O, and no dependency on Kubewarden.
//!
//! The caller passes an admission request and a way to read the [`Cluster`], and gets a [`Review`].
//!
//! The modules, from the top layer down. A module imports only modules below it in this table. `tests/layers.rs` checks
//! the imports.
//!
//! | module | task |
//! |---|---|
//! | `review` | chooses the review for a kind of object, runs its steps, makes the answer |
//! | `checks` | reports problems in the objects and in the plan |
//! | `injection` | plans what a pod lacks, and inserts it into the pod's JSON |
//! | `identity` | reads annotations, and resolves the identity of a service account |
//! | `context` | the state of a review |
//! | `cluster` | looks up service accounts and the `ConfigMap` |
//! | `request` | reads the admission request |
//! | `objects` | reads Kubernetes objects |
//! | `settings` | reads the settings |
//! | `findings` | the table of findings, their messages, the report |
//! | `types` | values that are valid by construction: ARNs, regions, paths, globs |
//! | `util` | algorithms on strings |
//!
//! ```
//! use irsa::{Cluster, LookupError, Query, Request, Review, Settings, json::Reader};
//!
//! struct Accounts;
//! impl Cluster for Accounts {
//!     fn object(&mut self, query: &Query<'_>) -> Result<String, LookupError> {
//!         let role = r#"{"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/web"}"#;
//!         let (namespace, name) = (query.namespace, query.name);
//!         Ok(format!(r#"{{"metadata": {{"namespace": "{namespace}", "name": "{name}", "annotations": {role}}}}}"#))
//!     }
//! }
//!
//! let request = r#"{"uid": "1", "namespace": "shop", "operation": "CREATE",
//!     "kind": {"group": "", "version": "v1", "kind": "Pod"},
//!     "object": {"spec": {"serviceAccountName": "web", "containers": [{"name": "app"}]}}}"#;
//! let settings = Settings::parse(r#"{"region": "us-east-2"}"#)?;
//! let review = Review::new(&Request::read(&mut Reader::new(request))?, &settings, &mut Accounts);
//! let pod = review.mutated_object.expect("the account has a role").to_string();
//! assert!(pod.contains(r#"{"name":"AWS_ROLE_ARN","value":"arn:aws:iam::111122223333:role/web"}"#));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Wherever AWS's `amazon-eks-pod-identity-webhook` (v0.6.17) makes a working pod, this crate makes the same pod.

#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod checks;
mod cluster;
mod context;
mod findings;
mod identity;
mod injection;
mod objects;
mod request;
mod review;
mod settings;
mod types;
mod util;

pub use cluster::{Cluster, LookupError, Query};
pub use findings::{Action, Finding, FindingKind, ItemKind, Owner, Place, TargetKind, escaped_line};
pub use json_reader as json;
pub use objects::env_var::refers_to_another;
pub use objects::kind::GroupVersionKind;
pub use objects::metadata::SKIP_LABEL;
pub use objects::workload::{Template, Workload};
pub use request::Request;
pub use review::answer::{Decision, MutatedObject, Rejection, Review};
pub use settings::{Settings, SettingsError, SettingsErrors};
pub use types::region::Region;
pub use types::role_arn::RoleArn;

/// Items that only the crates, tests and fuzz targets of this repository use. Not part of the public API.
#[doc(hidden)]
pub mod internals {
    pub use crate::objects::annotation_keys::AUDIENCE;
    pub use crate::settings::{Definition, Mode, OBJECTS, ObjectPath, ObjectPathError, ValueType};
    pub use crate::types::account_pattern::{AccountPattern, AccountPatternError};
    pub use crate::types::character::Shown;
    pub use crate::types::dns::{is_dns_label, is_dns_subdomain};
    pub use crate::types::glob::{Glob, GlobError};
    pub use crate::types::mount_path::{MountPath, MountPathError};
    pub use crate::types::region::{Region, RegionError};
    pub use crate::types::role_arn::{RoleArn, RoleArnError, check_account_id, check_partition};
    pub use crate::types::skip_containers;
    pub use crate::types::sts_audience::DNS_SUFFIXES;
    pub use crate::types::token_lifetime::{Reading, TokenLifetime, TokenLifetimeError};
    pub use crate::util::edit_distance::edits;
    pub use crate::util::substring::contains;
}
