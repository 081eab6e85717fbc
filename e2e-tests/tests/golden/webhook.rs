//! A model of AWS's webhook: makes the pod that the webhook would make. It is used for pods that the webhook itself has
//! not processed.
//!
//! Source: `pkg/handler/handler.go` and `pkg/cache/cache.go` of `amazon-eks-pod-identity-webhook` v0.6.17. Every golden
//! case checks the model.

use anyhow::Result;
use serde_json::{Value, json};

use super::Configuration;
use super::ours::Injection;

/// The range from which the webhook chooses a lifetime at random.
const RANDOM: &str = "79200..86400";

/// The pod that the webhook makes from the request's pod.
pub fn pod(configuration: &Configuration, request: &Value) -> Result<Value> {
    let mut pod = request["object"].clone();
    // In a cluster, the API server does not call the webhook for such a pod, because of the webhook's `objectSelector`.
    let opted_out = pod.pointer("/metadata/labels/eks.amazonaws.com~1skip-pod-identity-webhook").is_some();
    let Some(injection) = Injection::of(configuration, request)?.filter(|_| !opted_out) else { return Ok(pod) };
    let prefix = configuration.prefix();
    let annotation = |object: &Value, key: &str| -> Option<String> {
        object["metadata"]["annotations"][format!("{prefix}/{key}")].as_str().map(str::to_owned)
    };
    let skipped = skipped(annotation(&pod, "skip-containers").as_deref());
    let lifetime = annotation(&pod, "token-expiration").and_then(|text| text.parse::<i64>().ok());
    let lifetime = lifetime.map_or(injection.lifetime, |seconds| seconds.max(600));
    let file = injection.file_path(is_windows(&pod));

    for list in ["initContainers", "containers"] {
        for container in pod["spec"].get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            if !skipped.iter().any(|name| container["name"] == name.as_str()) {
                add_to_container(container, &injection, configuration.settings["region"].as_str(), &file);
            }
        }
    }
    let is_credentials = injection.role.is_none();
    if is_credentials {
        pod["metadata"]["labels"]["eks.amazonaws.com/pod-identity"] = json!("enabled");
    }
    let volumes = pod["spec"]["volumes"].as_array().cloned().unwrap_or_default();
    if !volumes.iter().any(|volume| volume["name"] == injection.volume) {
        let lifetime = if is_credentials && lifetime == 86_400 { json!(RANDOM) } else { json!(lifetime) };
        let mut token = json!({"expirationSeconds": lifetime, "path": injection.file});
        // Go omits an empty audience from the JSON.
        if !injection.audience.is_empty() {
            token["audience"] = json!(injection.audience);
        }
        let volume = json!({"name": injection.volume, "projected": {"sources": [{"serviceAccountToken": token}]}});
        pod["spec"]["volumes"] = Value::from([vec![volume], volumes].concat());
    }
    Ok(pod)
}

/// Imitates the webhook's `addEnvToContainer`.
fn add_to_container(container: &mut Value, injection: &Injection, region: Option<&str>, file: &str) {
    let own = container["env"].as_array().cloned().unwrap_or_default();
    let has_one_of = |names: &[&str]| own.iter().any(|variable| names.iter().any(|name| variable["name"] == *name));
    let has_pair = has_one_of(&injection.pair);
    let has_region = has_one_of(&["AWS_REGION", "AWS_DEFAULT_REGION"]);
    let has_sts = has_one_of(&["AWS_STS_REGIONAL_ENDPOINTS"]);
    if has_pair && has_region && has_sts {
        return;
    }
    let mut added = Vec::new();
    let mut add = |name: &str, value: &str| added.push(json!({"name": name, "value": value}));
    if !has_sts && injection.regional_sts {
        add("AWS_STS_REGIONAL_ENDPOINTS", "regional");
    }
    if let Some(region) = region.filter(|_| !has_region) {
        add("AWS_DEFAULT_REGION", region);
        add("AWS_REGION", region);
    }
    if !has_pair {
        add(injection.pair[0], injection.role.as_deref().unwrap_or("http://169.254.170.23/v1/credentials"));
        add(injection.pair[1], file);
    }
    if !added.is_empty() {
        container["env"] = Value::from([own, added].concat());
    }
    let mounts = container["volumeMounts"].as_array().cloned().unwrap_or_default();
    if !mounts.iter().any(|mount| mount["name"] == injection.volume) {
        container["volumeMounts"] = Value::from([mounts, vec![injection.mount()]].concat());
    }
}

/// Reads the names in the first CSV record, as Go's `encoding/csv` does. Covers only what the golden cases need.
fn skipped(record: Option<&str>) -> Vec<String> {
    let line = record.and_then(|record| record.lines().next()).unwrap_or_default();
    let names = line.split(',').map(|field| {
        let name = field.strip_prefix('"').and_then(|field| field.strip_suffix('"')).unwrap_or(field);
        (!name.contains('"')).then(|| name.to_owned())
    });
    // An invalid record skips no container.
    names.collect::<Option<_>>().unwrap_or_default()
}

fn is_windows(pod: &Value) -> bool {
    let selector = &pod["spec"]["nodeSelector"];
    ["kubernetes.io/os", "beta.kubernetes.io/os"].into_iter().any(|key| selector[key] == "windows")
}
