//! The names of service accounts and of the `ConfigMap`. Messages show them as `namespace/name`.

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;

/// The name of a service account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AccountName {
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// The name of the `ConfigMap` in the setting `rolesConfigMap`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigMapName<'a> {
    /// The namespace: a DNS label.
    pub namespace: Cow<'a, str>,
    /// The name: a DNS subdomain.
    pub name: Cow<'a, str>,
}

impl fmt::Display for ConfigMapName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}
