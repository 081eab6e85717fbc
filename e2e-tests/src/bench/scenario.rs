//! Makes the requests whose cost is measured. Like the requests of an API server, they contain no white space.

use anyhow::Result;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::admission::{Overrides, Request};
use crate::cluster::Cluster;
use crate::settings::Settings;

/// A pod as created by a `ReplicaSet`: 4.2 KB, with a sidecar and an init container.
pub const TYPICAL_POD: &str = include_str!("../../requests/typical-pod.json");

const POD_OF_THE_WALK_THROUGH: &str = include_str!("../../requests/pod-with-role.json");

const ROLE: &str = "eks.amazonaws.com/role-arn";

/// A request, and the settings and objects that the policy uses.
pub struct Scenario {
    /// The name of the scenario.
    pub name: &'static str,
    /// The request.
    pub request: Request,
    /// The policy's settings.
    pub settings: Settings,
    /// The objects in the cluster.
    pub cluster: Cluster,
}

/// Makes all scenarios.
///
/// # Errors
/// Fails if a scenario's request is not valid.
pub fn all() -> Result<Vec<Scenario>> {
    let review = |text| -> Result<Value> { Ok(serde_json::from_str::<Value>(text)?["request"].take()) };
    let typical = review(TYPICAL_POD)?;
    let mut without_role = typical.clone();
    without_role["object"]["spec"]["serviceAccountName"] = json!("default");
    without_role["object"]["spec"]["serviceAccount"] = json!("default");
    let mut managed = typical.clone();
    managed["object"]["metadata"]["managedFields"] = managed_fields();
    Ok(vec![
        scenario("the pod of the walk-through", &review(POD_OF_THE_WALK_THROUGH)?)?,
        scenario("a typical pod", &typical)?,
        scenario("the same, without a role", &without_role)?,
        scenario("with `managedFields`", &managed)?,
        scenario("with 30 containers", &with_containers(&typical, 30, 44))?,
        scenario("with 100 containers", &with_containers(&typical, 100, 144))?,
        Scenario { cluster: Cluster::new(accounts(10_000)), ..scenario("among 10,000 service accounts", &typical)? },
        Scenario { settings: large_settings()?, ..scenario("with 500 `roles`, 100 `allowedRoles`", &typical)? },
        wrapped("a Deployment", &deployment(&typical["object"]))?,
        wrapped("a service account", &accounts(1)[0])?,
    ])
}

/// Makes scenarios for the chart, with pods from 4 KB to 1 MB.
///
/// # Errors
/// Fails if a scenario's request is not valid.
pub fn growing() -> Result<Vec<Scenario>> {
    let typical = serde_json::from_str::<Value>(TYPICAL_POD)?["request"].take();
    [0, 1, 4, 8, 16, 32, 64, 128, 156]
        .into_iter()
        .map(|count| scenario("", &with_containers(&typical, count, 90)))
        .collect()
}

fn scenario(name: &'static str, request: &Value) -> Result<Scenario> {
    let request = Request::from_json(raw(request)?)?;
    Ok(Scenario { name, request, settings: Settings::from_json("{}")?, cluster: Cluster::new(accounts(1)) })
}

fn wrapped(name: &'static str, object: &Value) -> Result<Scenario> {
    let overrides = Overrides { namespace: Some("team-a".to_owned()), ..Overrides::default() };
    let request = Request::wrapping(raw(object)?, overrides)?;
    scenario(name, &serde_json::from_str(request.as_json())?)
}

fn raw(value: &Value) -> Result<Box<RawValue>> {
    Ok(RawValue::from_string(value.to_string())?)
}

/// Adds `count` copies of the pod's first container. Each copy has `variables` additional variables.
fn with_containers(request: &Value, count: usize, variables: usize) -> Value {
    let mut request = request.clone();
    let containers = request["object"]["spec"]["containers"].as_array_mut().into_iter();
    for containers in containers {
        for index in 0..count {
            let mut container = containers[0].clone();
            container["name"] = json!(format!("web-{index}"));
            let more =
                (0..variables).map(|number| json!({"name": format!("SETTING_{number}"), "value": "x".repeat(24)}));
            container["env"].as_array_mut().into_iter().for_each(|env| env.extend(more.clone()));
            containers.push(container);
        }
    }
    request
}

/// Makes the service accounts `web` and `default`, and `count - 1` more. All except `default` have a role.
fn accounts(count: usize) -> Vec<Value> {
    let account = |name: &str, annotations: Value| {
        json!({
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {
                "name": name,
                "namespace": "team-a",
                "uid": "4e2c2b4e-6a1f-4a53-9a8e-0f5b6a0c3b1d",
                "resourceVersion": "48213",
                "creationTimestamp": "2026-11-01T09:12:44Z",
                "labels": {"app.kubernetes.io/name": "web"},
                "annotations": annotations,
            },
        })
    };
    let mut all =
        vec![account("web", json!({ROLE: "arn:aws:iam::111122223333:role/web"})), account("default", json!({}))];
    all.extend(
        (1..count).map(|index| account(&format!("web-{index}"), json!({ROLE: "arn:aws:iam::111122223333:role/web"}))),
    );
    all
}

fn large_settings() -> Result<Settings> {
    let role = |index| {
        json!({
            "serviceAccount": format!("team-{index}/web-*"),
            "roleArn": format!("arn:aws:iam::111122223333:role/team-{index}"),
        })
    };
    let allowed = |index| {
        json!({
            "namespaces": [format!("team-{index}"), format!("team-{index}-*")],
            "roles": [format!("arn:aws:iam::111122223333:role/team-{index}*")],
        })
    };
    let mut allowed_roles: Vec<Value> = (1..100).map(allowed).collect();
    allowed_roles.push(json!({"namespaces": ["*"], "roles": ["arn:aws:iam::111122223333:role/**"]}));
    let settings = json!({"roles": (0..500).map(role).collect::<Vec<_>>(), "allowedRoles": allowed_roles});
    Settings::from_json(&settings.to_string())
}

fn deployment(pod: &Value) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "team-a", "labels": pod["metadata"]["labels"]},
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": {"app.kubernetes.io/name": "web"}},
            "template": {"metadata": {"labels": pod["metadata"]["labels"]}, "spec": pod["spec"]},
        },
    })
}

fn managed_fields() -> Value {
    let fields: serde_json::Map<String, Value> = ["image", "imagePullPolicy", "name", "ports", "resources", "env"]
        .into_iter()
        .map(|field| (format!("f:{field}"), json!({".": {}, "f:value": {}})))
        .collect();
    let entry = |manager: &str| {
        json!({
            "manager": manager,
            "operation": "Update",
            "apiVersion": "v1",
            "time": "2026-11-01T09:12:44Z",
            "fieldsType": "FieldsV1",
            "fieldsV1": {
                "f:metadata": {"f:labels": {".": {}, "f:app.kubernetes.io/name": {}, "f:pod-template-hash": {}}},
                "f:spec": {"f:containers": {"k:{\"name\":\"web\"}": fields, "k:{\"name\":\"log-shipper\"}": fields}},
            },
        })
    };
    json!(["kube-controller-manager", "kubelet", "argocd-controller"].map(entry))
}
