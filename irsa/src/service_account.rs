//! Service accounts: what their annotations say.

use std::fmt;

use crate::annotation::{
    ACCOUNT_KEYS, AUDIENCE, Misspelled, ROLE_ARN, SKIP_CONTAINERS, STS_REGIONAL_ENDPOINTS, TOKEN_EXPIRATION, misspelled,
};
use crate::metadata::Annotations;

/// A service account: its name, and what its annotations say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceAccount {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Those of its annotations that matter.
    pub annotations: AccountAnnotations,
}

impl fmt::Display for ServiceAccount {
    /// As messages call it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "service account `{}/{}`", self.namespace, self.name)
    }
}

/// The annotations of a service account that matter, as they are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountAnnotations {
    /// `role-arn`.
    pub role_arn: Option<String>,
    /// `audience`.
    pub audience: Option<String>,
    /// `sts-regional-endpoints`.
    pub sts_regional_endpoints: Option<String>,
    /// `token-expiration`.
    pub token_expiration: Option<String>,
    /// `skip-containers`.
    pub skip_containers: Option<String>,
    /// Those that are nearly one of these.
    pub misspelled: Vec<Misspelled>,
}

impl AccountAnnotations {
    /// Takes the annotations under a prefix.
    #[must_use]
    pub fn new(annotations: &Annotations<'_>, prefix: &str) -> Self {
        let value = |key| annotations.under(prefix, key).map(|value| value.decode().into_owned());
        Self {
            role_arn: value(ROLE_ARN),
            audience: value(AUDIENCE),
            sts_regional_endpoints: value(STS_REGIONAL_ENDPOINTS),
            token_expiration: value(TOKEN_EXPIRATION),
            skip_containers: value(SKIP_CONTAINERS),
            misspelled: misspelled(annotations, prefix, &ACCOUNT_KEYS),
        }
    }

    /// The role, as it is written. An empty one is none.
    #[must_use]
    pub fn role(&self) -> Option<&str> {
        self.role_arn.as_deref().filter(|role| !role.is_empty())
    }
}
