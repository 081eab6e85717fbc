//! Reads a service account: its name, and the annotations under the prefix.

use alloc::string::String;

use super::annotation_keys::{
    ACCOUNT_KEYS, AUDIENCE, ECR_ROLE_ARN, INCLUDE_CONTAINERS, MisspelledKeys, REGION, ROLE_ARN, SKIP_CONTAINERS,
    STS_REGIONAL_ENDPOINTS, TOKEN_EXPIRATION, name_under,
};
use super::metadata::{Annotations, SKIP_LABEL};
use crate::types::object_name::AccountName;

/// A service account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServiceAccount {
    pub(crate) name: AccountName,
    /// The annotations under the prefix.
    pub(crate) annotations: AccountAnnotations,
}

/// The annotations of a service account, as written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AccountAnnotations {
    pub(crate) role_arn: Option<String>,
    pub(crate) audience: Option<String>,
    pub(crate) sts_regional_endpoints: Option<String>,
    pub(crate) token_expiration: Option<String>,
    pub(crate) skip_containers: Option<String>,
    pub(crate) include_containers: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) ecr_role_arn: Option<String>,
    /// Whether the skip label is set as an annotation, where it has no effect.
    pub(crate) has_skip_label: bool,
    /// The annotations with misspelled keys.
    pub(crate) misspelled: MisspelledKeys,
}

impl AccountAnnotations {
    /// Reads the annotations under a prefix, in one pass. If a key occurs twice, the last value wins, as in the API
    /// server.
    pub(crate) fn new(annotations: &Annotations<'_>, prefix: &str) -> Self {
        let mut read = Self { misspelled: MisspelledKeys::new(annotations, prefix, &ACCOUNT_KEYS), ..Self::default() };
        for (key, value) in annotations.iter() {
            let key = key.decode();
            read.has_skip_label |= key == SKIP_LABEL;
            let field = match name_under(&key, prefix) {
                Some(ROLE_ARN) => &mut read.role_arn,
                Some(AUDIENCE) => &mut read.audience,
                Some(STS_REGIONAL_ENDPOINTS) => &mut read.sts_regional_endpoints,
                Some(TOKEN_EXPIRATION) => &mut read.token_expiration,
                Some(SKIP_CONTAINERS) => &mut read.skip_containers,
                Some(INCLUDE_CONTAINERS) => &mut read.include_containers,
                Some(REGION) => &mut read.region,
                Some(ECR_ROLE_ARN) => &mut read.ecr_role_arn,
                _ => continue,
            };
            *field = Some(value.decode().into_owned());
        }
        read
    }

    /// The role as written. `None` if it is empty.
    pub(crate) fn role(&self) -> Option<&str> {
        self.role_arn.as_deref().filter(|role| !role.is_empty())
    }
}
