//! What files show about IAM, compared with the service accounts of the input.
//!
//! `files`, `terraform` and `cloudformation` read what the files say. `member` resolves the role of each service
//! account, `trust` evaluates the role's trust policy, `roles` and `providers` check the rest, and `fleet` joins them.
//! What the files do not show is unknown.

mod cloudformation;
mod files;
mod fleet;
mod member;
mod providers;
mod roles;
mod terraform;
mod trust;

pub use files::read;
pub use fleet::{Fleet, check};
pub use member::members;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What the files show.
#[derive(Debug, Default)]
pub struct Iam {
    /// The roles.
    pub roles: Vec<Role>,
    /// The identity providers (OIDC).
    pub providers: Vec<Provider>,
    /// The AWS accounts of which every role is in the files.
    pub complete_accounts: BTreeSet<String>,
    /// The AWS accounts of which every identity provider is in the files, each with the file.
    pub complete_providers: BTreeMap<String, String>,
}

/// A role.
#[derive(Debug, Clone)]
pub struct Role {
    /// What identifies it.
    pub id: RoleId,
    /// Its trust policy. `None` if the file does not show it, or only with values that are not known yet.
    pub trust_policy: Option<Value>,
    /// The file.
    pub file: String,
}

/// What a file shows of a role's identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoleId {
    /// Its ARN.
    Arn(String),
    /// Its path and name, as in an ARN: a plan or a template does not show the AWS account.
    Name(String),
    /// Only what the file calls it: IAM generates the name.
    Unknown(String),
}

/// An identity provider.
#[derive(Debug, Clone)]
pub struct Provider {
    /// The AWS account, if the file has it.
    pub account: Option<String>,
    /// The issuer, without `https://`.
    pub issuer: String,
    /// The audiences that it accepts, if the file has them.
    pub audiences: Option<Vec<String>>,
    /// The file.
    pub file: String,
}

impl RoleId {
    /// A role of a plan or a template, by its path (`/` by default) and its name.
    pub fn of_path_and_name(path: Option<&str>, name: &str) -> Self {
        Self::Name(format!("{}{name}", path.unwrap_or("/").trim_start_matches('/')))
    }
}

impl Role {
    /// Its ARN, if it is known.
    pub fn arn(&self) -> Option<&str> {
        match &self.id {
            RoleId::Arn(arn) => Some(arn),
            RoleId::Name(_) | RoleId::Unknown(_) => None,
        }
    }

    /// Whether it is the role of this ARN. A role whose AWS account is not known is compared by its path and name.
    pub fn is(&self, arn: &str) -> bool {
        match &self.id {
            RoleId::Arn(own) => own == arn,
            RoleId::Name(own) => arn.split_once(":role/").is_some_and(|(_, name)| name == own),
            RoleId::Unknown(_) => false,
        }
    }

    /// Whether the file shows enough to tell which service accounts use it.
    pub fn is_known(&self) -> bool {
        !matches!(self.id, RoleId::Unknown(_))
    }

    /// How messages call it.
    pub fn title(&self) -> &str {
        let (RoleId::Arn(title) | RoleId::Name(title) | RoleId::Unknown(title)) = &self.id;
        title
    }
}

/// The AWS account in an ARN.
pub fn account_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| account.len() == 12)
}

/// An issuer's URL without its scheme and without a slash at the end, as ARNs of providers have it.
pub fn without_scheme(url: &str) -> &str {
    url.strip_prefix("https://").unwrap_or(url).trim_end_matches('/')
}
