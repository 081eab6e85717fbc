//! What files show about IAM, held against the service accounts of the input.
//!
//! `files` reads what AWS, Terraform and CloudFormation say, and `fleet` evaluates it: each service account against the
//! trust policy of its role, each role and each identity provider against the clusters. Nothing is guessed: what the
//! files do not show is unknown.

mod cloudformation;
mod files;
mod fleet;
mod terraform;

pub use files::read;
pub use fleet::{Fleet, check};

use std::collections::BTreeSet;

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
    /// The AWS accounts of which every identity provider is in the files.
    pub complete_providers: BTreeSet<String>,
}

/// A role.
#[derive(Debug, Clone)]
pub struct Role {
    /// Its ARN, if the file has it. A plan or a template does not.
    pub arn: Option<String>,
    /// Its name.
    pub name: String,
    /// Its trust policy. `None` if the file does not show it, or only with values that are not known yet.
    pub trust_policy: Option<Value>,
    /// The file.
    pub file: String,
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

impl Role {
    /// Whether it is the role of this ARN. A role without an ARN is compared by its name.
    pub fn is(&self, arn: &str) -> bool {
        match &self.arn {
            Some(own) => own == arn,
            None => role_name(arn) == Some(self.name.as_str()),
        }
    }

    /// How messages call it.
    pub fn title(&self) -> &str {
        self.arn.as_deref().unwrap_or(&self.name)
    }
}

/// The AWS account in an ARN.
pub fn account_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| account.len() == 12)
}

/// The name of a role in its ARN, without the path.
pub fn role_name(arn: &str) -> Option<&str> {
    let (_, path) = arn.split_once(":role/")?;
    path.rsplit('/').next()
}

/// An issuer's URL without its scheme and without a slash at the end, as ARNs of providers have it.
pub fn without_scheme(url: &str) -> &str {
    url.strip_prefix("https://").unwrap_or(url).trim_end_matches('/')
}
