//! Tests `extras/token-requests.yaml`: the API server reports requests for tokens that STS accepts.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::api::{Answer, Api};
use crate::control_plane::{CLUSTER_ROLE_BINDINGS, wait_until};
use crate::scene::{account, control_plane, pod};

const ADMISSION: &str = "/apis/admissionregistration.k8s.io/v1";
const NAMESPACE: &str = "token-requests";
const EXEMPT: &str = "system:serviceaccount:external-secrets:external-secrets";

/// Reads `extras/token-requests.yaml`.
fn manifest() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../extras/token-requests.yaml")).unwrap()
}

/// Replaces the policy and its binding in the cluster with the policy and the binding of a manifest.
fn apply(api: &Api, manifest: &str) {
    remove(api);
    for object in policy_host::yaml::values(manifest).unwrap() {
        let resource = match object["kind"].as_str().unwrap() {
            "ValidatingAdmissionPolicy" => "validatingadmissionpolicies",
            _ => "validatingadmissionpolicybindings",
        };
        api.created(&format!("{ADMISSION}/{resource}"), &object);
    }
}

/// Deletes the objects of the manifest.
fn remove(api: &Api) {
    api.delete(&format!("{ADMISSION}/validatingadmissionpolicybindings/irsa-token-requests"));
    api.delete(&format!("{ADMISSION}/validatingadmissionpolicies/irsa-token-requests"));
}

/// Requests a token of the service account `web` for these audiences.
fn request(api: &Api, audiences: &Value) -> Answer {
    api.create(&token_path(), &json!({"spec": {"audiences": audiences}}))
}

fn token_path() -> String {
    format!("/api/v1/namespaces/{NAMESPACE}/serviceaccounts/web/token")
}

fn is_reported(answer: &Answer) -> bool {
    answer.warnings.iter().any(|warning| warning.contains("irsa-token-requests"))
}

#[test]
fn reports_requests_for_tokens_that_sts_accepts() {
    let guard = control_plane();
    let control_plane = guard.as_ref().unwrap();
    let api = control_plane.admin();
    api.created("/api/v1/namespaces", &json!({"metadata": {"name": NAMESPACE}}));
    api.created(&format!("/api/v1/namespaces/{NAMESPACE}/serviceaccounts"), &account("web", None));
    apply(&api, &manifest());
    wait_until("the API server evaluates the policy", || is_reported(&request(&api, &json!(["sts.amazonaws.com"]))));

    for audience in [
        "STS.amazonaws.com",
        "https://sts.amazonaws.com",
        "https://sts.amazonaws.com:443/",
        "amazonaws.com",
        "sts.us-east-1.amazonaws.com",
        "sts-fips.us-east-1.amazonaws.com",
        "sts.us-east-1.api.aws",
        "sts.amazonaws.com.cn",
        "sts.cn-north-1.amazonaws.com.cn",
        "sts.cn-north-1.api.amazonwebservices.com.cn",
        "sts.us-gov-west-1.amazonaws.com",
        "sts.eusc-de-east-1.amazonaws.eu",
        "sts.us-iso-east-1.c2s.ic.gov",
        "sts.us-isob-east-1.sc2s.sgov.gov",
        "sts.eu-isoe-west-1.cloud.adc-e.uk",
        "sts.us-isof-south-1.csp.hci.ic.gov",
    ] {
        let answer = request(&api, &json!(["vault", audience]));
        assert_eq!(answer.status, 201, "{answer:?}");
        assert!(is_reported(&answer), "{audience}: {answer:?}");
    }
    for audiences in [
        json!(null),
        json!([]),
        json!(["https://kubernetes.default.svc"]),
        json!(["vault"]),
        json!(["sts.amazonaws.com.example.com", "xsts.amazonaws.com", "stsxamazonaws.com", "s3.amazonaws.com"]),
        json!(["pods.eks.amazonaws.com"]),
    ] {
        let answer = request(&api, &audiences);
        assert_eq!(answer.status, 201, "{answer:?}");
        assert_eq!(answer.warnings, [] as [String; 0], "{audiences}");
    }

    // A kubelet requests tokens for pods on its node. Kubernetes requires that a volume of the pod has the audience.
    let volume = json!({"name": "token", "projected": {"sources": [
        {"serviceAccountToken": {"path": "token", "audience": "sts.amazonaws.com"}},
    ]}});
    let mut pod = pod("web", "web");
    pod["spec"]["nodeName"] = json!("node-1");
    pod["spec"]["volumes"] = json!([volume]);
    let pod = api.created(&format!("/api/v1/namespaces/{NAMESPACE}/pods"), &pod);
    api.created(CLUSTER_ROLE_BINDINGS, &administrators("system:nodes"));
    let bound = json!({"spec": {"audiences": ["sts.amazonaws.com"], "boundObjectRef": {
        "apiVersion": "v1", "kind": "Pod", "name": "web", "uid": pod["metadata"]["uid"],
    }}});
    let kubelet = control_plane.acting_as("system:node:node-1", "system:nodes");
    let answer = kubelet.create(&token_path(), &bound);
    assert_eq!((answer.status, answer.warnings), (201, vec![]));
    api.delete(&format!("{CLUSTER_ROLE_BINDINGS}/token-requests"));
    // A user with a node's name, but without the group `system:nodes`, is not a kubelet.
    let user = control_plane.acting_as("system:node:node-1", "system:masters");
    assert!(is_reported(&request(&user, &json!(["sts.amazonaws.com"]))));

    // The entries that are commented out in the manifest are valid, and exempt the requesters that they name.
    let exempt = control_plane.acting_as(EXEMPT, "system:masters");
    assert!(is_reported(&request(&exempt, &json!(["sts.amazonaws.com"]))));
    let with_entries = manifest().replace("// 'system:", "'system:").replace("[Warn, Audit]", "[Deny, Audit]");
    apply(&api, &with_entries);
    wait_until("the API server refuses other requesters", || {
        request(&api, &json!(["sts.amazonaws.com"])).status == 403
    });
    let answer = request(&exempt, &json!(["sts.amazonaws.com"]));
    assert_eq!((answer.status, answer.warnings), (201, vec![]));
    assert_eq!(request(&api, &json!(["vault"])).status, 201);
    remove(&api);
}

/// Binds the role of administrators to a group.
fn administrators(group: &str) -> Value {
    let api_group = "rbac.authorization.k8s.io";
    json!({
        "metadata": {"name": "token-requests"},
        "roleRef": {"apiGroup": api_group, "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"apiGroup": api_group, "kind": "Group", "name": group}],
    })
}
