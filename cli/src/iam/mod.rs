//! Compares the service accounts of the input with files about IAM.
//!
//! `files`, `terraform` and `cloudformation` read the files. `fleet` runs the steps of the comparison: `member`
//! resolves the role of each service account, `trust` evaluates the role's trust policy, and `roles` and `providers`
//! check the roles and the identity providers. What the files do not show is unknown.

mod cloudformation;
mod files;
mod fleet;
mod member;
mod providers;
mod roles;
mod terraform;
mod trust;

pub use files::{is_trust_policy, read, title};
pub use fleet::{Fleet, check};
pub use member::members;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// The roles and identity providers in the files.
#[derive(Debug, Default)]
pub struct Iam {
    /// The roles.
    pub roles: Vec<Role>,
    /// The identity providers (OIDC).
    pub providers: Vec<Provider>,
    /// The AWS accounts whose roles are all in the files.
    pub complete_accounts: BTreeSet<String>,
    /// The AWS accounts for which a file lists all identity providers. The value is the name of that file.
    pub complete_providers: BTreeMap<String, String>,
}

/// A role in a file.
#[derive(Debug, Clone)]
pub struct Role {
    /// The identifier of the role.
    pub id: RoleId,
    /// The trust policy. `None` if the file does not show it, or if a part of it is not known yet.
    pub trust_policy: Option<Value>,
    /// The path of the file.
    pub file: String,
}

/// The identifier of a role, as far as the file shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoleId {
    /// Its ARN.
    Arn(String),
    /// Its path and name, as in an ARN: a plan or a template does not show the AWS account.
    Name(String),
    /// Only the identifier in the file: the name or the path of the role is not known yet.
    Unknown(String),
}

/// An identity provider.
#[derive(Debug, Clone)]
pub struct Provider {
    /// The AWS account, if the file contains it.
    pub account: Option<String>,
    /// The issuer, without `https://`.
    pub issuer: String,
    /// The audiences that the provider accepts, if the file contains them.
    pub audiences: Option<Vec<String>>,
    /// The path of the file.
    pub file: String,
}

impl RoleId {
    /// Identifies a role of a plan or a template by its path (`/` by default) and its name.
    pub fn of_path_and_name(path: Option<&str>, name: &str) -> Self {
        Self::Name(format!("{}{name}", path.unwrap_or("/").trim_start_matches('/')))
    }
}

impl Role {
    /// Returns the ARN, if it is known.
    pub fn arn(&self) -> Option<&str> {
        match &self.id {
            RoleId::Arn(arn) => Some(arn),
            RoleId::Name(_) | RoleId::Unknown(_) => None,
        }
    }

    /// Whether this role has the ARN. A role whose AWS account is not known is compared by its path and name.
    pub fn is(&self, arn: &str) -> bool {
        match &self.id {
            RoleId::Arn(own) => own == arn,
            RoleId::Name(own) => arn.split_once(":role/").is_some_and(|(_, name)| name == own),
            RoleId::Unknown(_) => false,
        }
    }

    /// Whether the file shows enough to find the service accounts that use the role.
    pub fn is_known(&self) -> bool {
        !matches!(self.id, RoleId::Unknown(_))
    }

    /// Returns the name of the role in messages.
    pub fn title(&self) -> &str {
        let (RoleId::Arn(title) | RoleId::Name(title) | RoleId::Unknown(title)) = &self.id;
        title
    }
}

/// Returns the AWS account in an ARN.
pub fn account_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| account.len() == 12)
}

/// Removes the scheme and a slash at the end from an issuer's URL, as in the ARN of an identity provider.
pub fn without_scheme(url: &str) -> &str {
    url.strip_prefix("https://").unwrap_or(url).trim_end_matches('/')
}
