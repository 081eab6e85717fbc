//! What a review asks of the cluster: service accounts, and the ConfigMap of role mappings. Nothing is asked twice.

use crate::cluster::{Cluster, LookupError, Query};
use crate::json::{self, Field, RawStr};
use crate::service_account::{AccountAnnotations, ServiceAccount};
use crate::settings::{ConfigMapName, Settings};

/// Where in the ConfigMap the mappings are.
const CONFIG_KEY: &str = "config";

/// Looks objects up for the pods of one namespace.
pub struct Lookups<'a> {
    cluster: &'a mut dyn Cluster,
    settings: &'a Settings<'a>,
    namespace: &'a str,
    accounts: Vec<(String, Result<ServiceAccount, LookupError>)>,
    role_mappings: Option<Result<Option<String>, LookupError>>,
}

impl<'a> Lookups<'a> {
    /// Looks up for the pods of this namespace, which must be a DNS label.
    pub fn new(cluster: &'a mut dyn Cluster, settings: &'a Settings<'a>, namespace: &'a str) -> Self {
        Self { cluster, settings, namespace, accounts: Vec::new(), role_mappings: None }
    }

    /// The namespace of the pods.
    #[must_use]
    pub fn namespace(&self) -> &'a str {
        self.namespace
    }

    /// The service account of this name, which must be a DNS subdomain.
    ///
    /// # Errors
    /// Fails where there is no such account, and where it cannot be known.
    pub fn service_account(&mut self, name: &str) -> Result<ServiceAccount, LookupError> {
        if let Some((_, lookup)) = self.accounts.iter().find(|(found, _)| found == name) {
            return lookup.clone();
        }
        let lookup = self.look_up_account(name);
        self.accounts.push((name.to_owned(), lookup.clone()));
        lookup
    }

    /// The text of the role mappings in kOps's ConfigMap. `None` where the ConfigMap has none.
    ///
    /// # Errors
    /// Fails where there is no such ConfigMap, and where it cannot be known.
    pub fn role_mappings(&mut self, config_map: &ConfigMapName<'_>) -> Result<Option<String>, LookupError> {
        if let Some(lookup) = &self.role_mappings {
            return lookup.clone();
        }
        let lookup = self.look_up_role_mappings(config_map);
        self.role_mappings.insert(lookup).clone()
    }

    /// A cached answer is trusted only where it has a role: one without may be older than the role. That there is no
    /// such account is never cached, nor is a failure.
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
            namespace: query.namespace.to_owned(),
            name: query.name.to_owned(),
            annotations: AccountAnnotations::new(&metadata.annotations, &self.settings.annotation_prefix),
        }))
    }

    fn look_up_role_mappings(&mut self, config_map: &ConfigMapName<'_>) -> Result<Option<String>, LookupError> {
        let query = Query {
            api_version: "v1",
            kind: "ConfigMap",
            namespace: &config_map.namespace,
            name: &config_map.name,
            // It is asked for where there is no role otherwise, and then a mapping that was just made must count.
            may_be_cached: false,
        };
        let answer = self.cluster.object(&query)?;
        let mut data = Field::Missing;
        let read = query.read(&answer, |reader, key| match key {
            "data" => data.read(reader, |reader| {
                let mut config: Option<RawStr<'_>> = None;
                reader.string_map(|key, value, _| {
                    if key == CONFIG_KEY {
                        config = Some(value);
                    }
                })?;
                Ok(config)
            }),
            _ => reader.skip(),
        });
        read.map_err(LookupError::mismatch)?;
        Ok(data.into_value().map(|config| config.decode().into_owned()))
    }
}
