//! The lookups of one review: service accounts, and the ConfigMap of role mappings. Each result is remembered.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Cluster, LookupError, Query};
use crate::json::{self, Field, Reader};
use crate::objects::config_map::Data;
use crate::objects::service_account::{AccountAnnotations, ServiceAccount};
use crate::settings::Settings;
use crate::types::object_name::{AccountName, ConfigMapName};

/// The maximum number of service accounts to look up per request. A custom workload can refer to thousands of accounts,
/// and each lookup is a request to the API server.
const ACCOUNT_LIMIT: usize = 50;

/// The maximum length of the reason of a failed lookup, in bytes.
const REASON_LIMIT: usize = 1024;

/// Looks up objects for the pods of one namespace.
pub(crate) struct Lookups<'a> {
    cluster: &'a mut dyn Cluster,
    settings: &'a Settings<'a>,
    namespace: &'a str,
    /// The accounts that were looked up, at most [`ACCOUNT_LIMIT`].
    accounts: Vec<(String, Result<Rc<ServiceAccount>, LookupError>)>,
    role_mappings: Option<Result<Option<Rc<str>>, LookupError>>,
}

impl<'a> Lookups<'a> {
    /// Creates lookups without results. `namespace` must be a DNS label.
    pub(crate) fn new(cluster: &'a mut dyn Cluster, settings: &'a Settings<'a>, namespace: &'a str) -> Self {
        Self { cluster, settings, namespace, accounts: Vec::new(), role_mappings: None }
    }

    /// Looks up the service account of this name, which must be a DNS subdomain.
    ///
    /// # Errors
    /// Fails if the account does not exist, if the lookup fails, or if [`ACCOUNT_LIMIT`] other accounts were looked up.
    pub(crate) fn service_account(&mut self, name: &str) -> Result<Rc<ServiceAccount>, LookupError> {
        if let Some((_, lookup)) = self.accounts.iter().find(|(found, _)| found == name) {
            return lookup.clone();
        }
        if self.accounts.len() >= ACCOUNT_LIMIT {
            let reason = format!("at most {ACCOUNT_LIMIT} service accounts are looked up for one request");
            return Err(LookupError::Failed(reason));
        }
        let lookup = self.look_up_account(name).map(Rc::new).map_err(shortened);
        self.accounts.push((name.to_owned(), lookup.clone()));
        lookup
    }

    /// Looks up the role mappings in kOps's ConfigMap. `None` if the ConfigMap lacks the key.
    ///
    /// # Errors
    /// Fails if the ConfigMap does not exist, or if the lookup fails.
    pub(crate) fn role_mappings(&mut self, config_map: &ConfigMapName<'_>) -> Result<Option<Rc<str>>, LookupError> {
        if let Some(lookup) = &self.role_mappings {
            return lookup.clone();
        }
        let lookup = self.look_up_role_mappings(config_map).map(|text| text.map(Rc::from)).map_err(shortened);
        self.role_mappings.insert(lookup).clone()
    }

    /// Uses a cached account only if it has a role. A cached account without a role may be outdated, so the account is
    /// looked up again without the cache. The host never caches *not found* or a failure.
    fn look_up_account(&mut self, name: &str) -> Result<ServiceAccount, LookupError> {
        let query = Query {
            api_version: "v1",
            kind: "ServiceAccount",
            namespace: self.namespace,
            name,
            may_be_cached: self.settings.cache_lookups,
        };
        let account = self.read_account(&query)?;
        if query.may_be_cached && !account.as_ref().is_ok_and(|account| account.annotations.role().is_some()) {
            return self.read_account(&Query { may_be_cached: false, ..query })?.map_err(LookupError::mismatch);
        }
        account.map_err(LookupError::mismatch)
    }

    fn read_account(&mut self, query: &Query<'_>) -> Result<json::Result<ServiceAccount>, LookupError> {
        let answer = self.cluster.object(query)?;
        let metadata = query.read(&answer, &mut Reader::skip);
        Ok(metadata.map(|metadata| ServiceAccount {
            name: AccountName { namespace: query.namespace.to_owned(), name: query.name.to_owned() },
            annotations: AccountAnnotations::new(&metadata.annotations, &self.settings.annotation_prefix),
        }))
    }

    fn look_up_role_mappings(&mut self, config_map: &ConfigMapName<'_>) -> Result<Option<String>, LookupError> {
        let query = Query {
            api_version: "v1",
            kind: "ConfigMap",
            namespace: &config_map.namespace,
            name: &config_map.name,
            // Never cached, so that a new mapping takes effect at once. This causes few requests: most accounts have a
            // role in an annotation, so their pods need no lookup of the ConfigMap.
            may_be_cached: false,
        };
        let answer = self.cluster.object(&query)?;
        let mut data = Field::<Data<'_>>::Missing;
        query.read(&answer, &mut data).map_err(LookupError::mismatch)?;
        Ok(data.into_value().mappings.map(|config| config.decode().into_owned()))
    }
}

/// Cuts the reason to [`REASON_LIMIT`], because every pod template of the request keeps a copy of the reason.
fn shortened(mut error: LookupError) -> LookupError {
    if let LookupError::Failed(reason) = &mut error {
        reason.truncate(reason.floor_char_boundary(REASON_LIMIT));
    }
    error
}
