//! The case of a pod that runs, read of its cluster: the pod, its account, the ConfigMap of roles, the issuer's
//! documents and, only where that is asked for, a token. The token is handed on in memory, and never written anywhere.

use anyhow::{Context, Result};
use axum::http::Request;
use irsa_explain::inputs::Input;
use irsa_explain::{Inputs, service_account_of, token_audience};
use kube::Client;
use serde_json::{Value, json};

/// How long a token is asked for, in seconds: the least that the API server gives.
const TOKEN_LIFETIME: u32 = 600;

/// Which pod.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// Reads the case of a pod. What was given already is kept. What the cluster does not have is noted as that; that and what it
/// does not let be read are returned as warnings.
///
/// # Errors
/// Where the pod itself can't be read.
pub async fn read(client: &Client, target: &Target, with_token: bool, inputs: &mut Inputs) -> Result<Vec<String>> {
    let Target { namespace, name } = target;
    let path = format!("/api/v1/namespaces/{namespace}/pods/{name}");
    let pod = get(client, &path).await.with_context(|| format!("cannot read the pod `{namespace}/{name}`"))?;
    let account = service_account_of(&serde_json::from_str(&pod).unwrap_or_default()).to_owned();
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
            None => warnings.push("no token is requested, for the audience is not known".to_owned()),
        }
    }
    Ok(warnings)
}

async fn get(client: &Client, path: &str) -> Result<String> {
    Ok(client.request_text(Request::get(path).body(Vec::new())?).await?)
}

/// A token for the account, bound to nothing. The error is the API server's, which has no token in it.
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
    let token = answer["status"]["token"].as_str().context("the answer has no token")?;
    Ok(token.to_owned())
}

/// Where the ConfigMap is that the settings name.
fn config_map_path(settings: &str) -> Option<String> {
    let settings: Value = serde_json::from_str(settings).ok()?;
    let config_map = settings.get("rolesConfigMap")?;
    let (namespace, name) = (config_map.get("namespace")?.as_str()?, config_map.get("name")?.as_str()?);
    Some(format!("/api/v1/namespaces/{namespace}/configmaps/{name}"))
}
