//! Reads the pod from a cluster. Also reads each of these inputs, if no file provides it: the pod's service account,
//! the ConfigMap of role mappings, the issuer's documents and, only on request, a token. The token is not written to a
//! file.

use std::path::Path;

use anyhow::{Context, Result};
use http::Request;
use irsa_explain::inputs::Input;
use irsa_explain::{Inputs, service_account_of, token_audience};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};

use super::objects::roles_config_map;
use crate::output;

/// The lifetime of the requested token, in seconds. This is the minimum that the API server allows.
const TOKEN_LIFETIME: u32 = 600;

/// The pod to read.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// Reads the pod and the missing inputs from the cluster of a kubeconfig. Prints a warning for each missing input that
/// can't be read.
///
/// # Errors
/// Fails if the pod can't be read.
pub fn read_into(inputs: &mut Inputs, kubeconfig: &Path, target: &Target, with_token: bool) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let warnings = runtime.block_on(async {
        let client = client(kubeconfig).await?;
        read(&client, target, with_token, inputs).await
    })?;
    for warning in warnings {
        output::warning(warning);
    }
    Ok(())
}

async fn client(path: &Path) -> Result<Client> {
    let kubeconfig =
        Kubeconfig::read_from(path).with_context(|| format!("cannot read the kubeconfig `{}`", path.display()))?;
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
    Ok(Client::try_from(config)?)
}

/// Reads the pod and the missing inputs. Returns a warning for each input that the cluster does not have, or does not
/// let the user read.
async fn read(client: &Client, target: &Target, with_token: bool, inputs: &mut Inputs) -> Result<Vec<String>> {
    let Target { namespace, name } = target;
    let path = format!("/api/v1/namespaces/{namespace}/pods/{name}");
    let pod = get(client, &path).await.with_context(|| format!("cannot read the pod `{namespace}/{name}`"))?;
    let value: Value = serde_json::from_str(&pod).context("the API server's answer is not JSON")?;
    let account = service_account_of(&value).to_owned();
    inputs.namespace = Some(namespace.clone());
    inputs.pod = Some(pod);

    let mut warnings = Vec::new();
    let accounts = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{account}");
    let config_map = inputs.settings.as_deref().and_then(config_map_path);
    let paths = [
        (Some(accounts.clone()), Input::ServiceAccount, &mut inputs.service_account),
        (config_map, Input::ConfigMap, &mut inputs.config_map),
        (Some("/.well-known/openid-configuration".to_owned()), Input::Discovery, &mut inputs.discovery),
        (Some("/openid/v1/jwks".to_owned()), Input::Jwks, &mut inputs.jwks),
    ];
    for (path, input, given) in paths {
        let (Some(path), None) = (path, &given) else { continue };
        match get(client, &path).await {
            Ok(text) => *given = Some(text),
            Err(error) => {
                if matches!(error.downcast_ref(), Some(kube::Error::Api(status)) if status.code == 404) {
                    inputs.not_found.push(input);
                }
                warnings.push(format!("cannot read `{path}`: {error:#}"));
            }
        }
    }
    if with_token && inputs.token.is_none() {
        match token_audience(inputs) {
            Some(audience) => match request_token(client, &accounts, &audience).await {
                Ok(token) => inputs.token = Some(token),
                Err(error) => warnings.push(format!("cannot request a token for `{audience}`: {error:#}")),
            },
            None => warnings.push("no token is requested, because its audience is unknown".to_owned()),
        }
    }
    Ok(warnings)
}

async fn get(client: &Client, path: &str) -> Result<String> {
    Ok(client.request_text(Request::get(path).body(Vec::new())?).await?)
}

/// Requests a token for the service account. The token is not bound to a pod. The error comes from the API server, and
/// contains no token.
async fn request_token(client: &Client, account: &str, audience: &str) -> Result<String> {
    let body = json!({
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"audiences": [audience], "expirationSeconds": TOKEN_LIFETIME},
    });
    let request = Request::post(format!("{account}/token"))
        .header("content-type", "application/json")
        .body(serde_json::to_vec(&body)?)?;
    let answer: Value = client.request(request).await?;
    let token = answer.pointer("/status/token").and_then(Value::as_str).context("the answer has no token")?;
    Ok(token.to_owned())
}

/// Returns the API path of the ConfigMap that the settings name.
fn config_map_path(settings: &str) -> Option<String> {
    let (namespace, name) = roles_config_map(settings)?;
    Some(format!("/api/v1/namespaces/{namespace}/configmaps/{name}"))
}
