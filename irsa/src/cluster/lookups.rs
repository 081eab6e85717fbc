//! The lookups of one review: service accounts and the ConfigMap of role mappings, each at most once.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Cluster, LookupError, Query};
use crate::json::{self, Field};
use crate::objects::config_map::read_mappings;
use crate::objects::service_account::{AccountAnnotations, ServiceAccount};
use crate::settings::Settings;
use crate::types::object_name::{AccountName, ConfigMapName};

/// The largest number of service accounts that are looked up for one request. A custom workload can name thousands, and
/// each lookup is a read of the API server.
const ACCOUNT_LIMIT: usize = 50;

/// The longest reason of a failed lookup that is kept, in bytes.
const REASON_LIMIT: usize = 1024;

/// Looks up objects for the pods of one namespace.
pub(crate) struct Lookups<'a> {
    cluster: &'a mut dyn Cluster,
    settings: &'a Settings<'a>,
    namespace: &'a str,
    /// The accounts so far, at most [`ACCOUNT_LIMIT`].
    accounts: Vec<(String, Result<Rc<ServiceAccount>, LookupError>)>,
    role_mappings: Option<Result<Option<Rc<str>>, LookupError>>,
}

impl<'a> Lookups<'a> {
    /// Lookups for the pods of this namespace, which must be a DNS label.
    pub(crate) fn new(cluster: &'a mut dyn Cluster, settings: &'a Settings<'a>, namespace: &'a str) -> Self {
        Self { cluster, settings, namespace, accounts: Vec::new(), role_mappings: None }
    }

    /// The service account of this name, which must be a DNS subdomain.
    ///
    /// # Errors
    /// Fails if there is no such account, if the lookup fails, and for each account beyond the limit of 50.
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

    /// The text of the role mappings in kOps's ConfigMap. `None` if the ConfigMap lacks the key.
    ///
    /// # Errors
    /// Fails if there is no such ConfigMap, or if the lookup fails.
    pub(crate) fn role_mappings(&mut self, config_map: &ConfigMapName<'_>) -> Result<Option<Rc<str>>, LookupError> {
        if let Some(lookup) = &self.role_mappings {
            return lookup.clone();
        }
        let lookup = self.look_up_role_mappings(config_map).map(|text| text.map(Rc::from)).map_err(shortened);
        self.role_mappings.insert(lookup).clone()
    }

    /// Trusts a cached answer only if it has a role: an answer without one may be older than the role. The host never
    /// caches *not found* or a failure.
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
        let metadata = query.read(&answer, |reader, _| reader.skip());
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
            // Looked up only if the account has no role otherwise, and then a new mapping must count at once.
            may_be_cached: false,
        };
        let answer = self.cluster.object(&query)?;
        let mut data = Field::Missing;
        let read = query.read(&answer, |reader, key| match key {
            "data" => data.read(reader, read_mappings),
            _ => reader.skip(),
        });
        read.map_err(LookupError::mismatch)?;
        Ok(data.into_value().map(|config| config.decode().into_owned()))
    }
}

/// The error with its reason cut to [`REASON_LIMIT`]: it is kept for every pod template of the request.
fn shortened(mut error: LookupError) -> LookupError {
    if let LookupError::Failed(reason) = &mut error {
        reason.truncate(reason.floor_char_boundary(REASON_LIMIT));
    }
    error
}
