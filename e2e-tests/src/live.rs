//! The backend for a live cluster. It makes the same requests as policy-evaluator (`src/callback_handler/kubernetes.rs`
//! and `kubernetes/client.rs`).
//!
//! If a request allows the cache, its answer is reused for 5 seconds. Failures are never cached, not even *not found*.
//! Requests that allow the cache are answered one at a time (as with `sync_writes` of the crate `cached`).

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use kube::api::{Api, ApiResource, DynamicObject};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, RwLock};

use crate::cluster;
use crate::host::{Backend, KubernetesGetResource};

/// How long a cached answer is used.
const CACHE_LIFETIME: Duration = Duration::from_secs(5);

/// A real cluster: looks up objects at its API server.
pub struct LiveCluster {
    client: Client,
    runtime: Handle,
    kinds: RwLock<HashMap<(String, String), Kind>>,
    cache: Mutex<HashMap<String, (Instant, Value)>>,
}

/// A kind, as the API server describes it.
#[derive(Clone)]
struct Kind {
    resource: ApiResource,
    namespaced: bool,
}

impl LiveCluster {
    /// Uses the cluster of this kubeconfig, or else of `kubectl`'s default kubeconfig. Requests run on this runtime.
    ///
    /// # Errors
    /// Fails if the configuration does not exist. Does not connect to the cluster yet.
    pub async fn connect(kubeconfig: Option<&Path>, runtime: Handle) -> Result<Self> {
        let client = client(kubeconfig).await?;
        Ok(Self { client, runtime, kinds: RwLock::default(), cache: Mutex::default() })
    }

    async fn answer(&self, request: &KubernetesGetResource) -> Result<Value> {
        if request.disable_cache {
            return self.fetch(request).await;
        }
        let KubernetesGetResource { api_version, kind, name, namespace, .. } = request;
        let key = format!("get_resource_cached({api_version},{kind}),{name},{namespace:?}");
        let mut cache = self.cache.lock().await;
        if let Some((since, object)) = cache.get(&key)
            && since.elapsed() < CACHE_LIFETIME
        {
            return Ok(object.clone());
        }
        cache.retain(|_, (since, _)| since.elapsed() < CACHE_LIFETIME);
        let object = self.fetch(request).await?;
        cache.insert(key, (Instant::now(), object.clone()));
        Ok(object)
    }

    async fn fetch(&self, request: &KubernetesGetResource) -> Result<Value> {
        let KubernetesGetResource { api_version, kind, name, namespace, .. } = request;
        let found = self.kind(api_version, kind).await?;
        let api: Api<DynamicObject> = if found.namespaced {
            let namespace = namespace
                .as_deref()
                .ok_or_else(|| anyhow!("Resource {api_version}/{kind} is namespaced, but no namespace was provided"))?;
            Api::namespaced_with(self.client.clone(), namespace, &found.resource)
        } else {
            Api::all_with(self.client.clone(), &found.resource)
        };
        let object = api.get_opt(name).await?.ok_or_else(|| anyhow!(cluster::not_found(request)))?;
        Ok(serde_json::to_value(object)?)
    }

    async fn kind(&self, api_version: &str, kind: &str) -> Result<Kind> {
        let key = (api_version.to_owned(), kind.to_owned());
        if let Some(known) = self.kinds.read().await.get(&key) {
            return Ok(known.clone());
        }
        let resources = match api_version {
            "v1" => self.client.list_core_api_resources(api_version).await?,
            _ => self
                .client
                .list_api_group_resources(api_version)
                .await
                .map_err(|error| anyhow!("error finding resource {api_version} / {kind}: {error}"))?,
        };
        let found = resources
            .resources
            .into_iter()
            .find(|one| one.kind == kind)
            .ok_or_else(|| anyhow!("Cannot find resource {api_version}/{kind}"))?;
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let known = Kind {
            resource: ApiResource {
                group: group.to_owned(),
                version: version.to_owned(),
                api_version: api_version.to_owned(),
                kind: kind.to_owned(),
                plural: found.name,
            },
            namespaced: found.namespaced,
        };
        self.kinds.write().await.insert(key, known.clone());
        Ok(known)
    }
}

/// Makes a client for the cluster of this kubeconfig, or else of `kubectl`'s default kubeconfig.
///
/// # Errors
/// Fails if the configuration does not exist. Does not connect to the cluster yet.
pub async fn client(kubeconfig: Option<&Path>) -> Result<Client> {
    let mut config = match kubeconfig {
        Some(path) => {
            let kubeconfig = Kubeconfig::read_from(path)
                .with_context(|| format!("cannot read the kubeconfig `{}`", path.display()))?;
            Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?
        }
        None => Config::infer().await?,
    };
    // An answer with status 429 is a failure, without a retry, as in the version of `kube` that policy-evaluator uses.
    config.default_retry = false;
    Ok(Client::try_from(config)?)
}

impl Backend for LiveCluster {
    /// Blocks, so it must not be called from a task of the runtime.
    fn get_resource(&self, request: &KubernetesGetResource) -> Result<String, String> {
        let object = self.runtime.block_on(self.answer(request)).map_err(|error| error.to_string())?;
        match &request.field_masks {
            Some(masks) if !masks.is_empty() => Ok(cluster::mask(&object, masks).to_string()),
            _ => Ok(object.to_string()),
        }
    }
}
