//! Tests that no pod is rejected while the two removal commands run. The test acts as Kubewarden's controller.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::api::Api;
use crate::control_plane::{CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ControlPlane, operators_objects, wait_until};
use crate::scene::{ROLE, account, pod, role_of};
use crate::server::Server;
use crate::webhooks::{register_as_written, unregister_as_written};

const POLICIES: &str = "/apis/policies.kubewarden.io/v1/clusteradmissionpolicies";
const PODS: &str = "/api/v1/namespaces/removal/pods?dryRun=All";
const FINALIZER: &str = "kubewarden.io/finalizer";
const LABEL: &str = "labelSelector=app.kubernetes.io/part-of%3Dirsa-policy";

/// Creates a CRD with the name of Kubewarden's `ClusterAdmissionPolicy`, but without its schema.
fn create_definition(api: &Api) {
    let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    let names = json!({"plural": "clusteradmissionpolicies", "singular": "clusteradmissionpolicy",
        "kind": "ClusterAdmissionPolicy", "listKind": "ClusterAdmissionPolicyList"});
    api.created(
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
        &json!({"metadata": {"name": "clusteradmissionpolicies.policies.kubewarden.io"}, "spec": {
            "group": "policies.kubewarden.io", "scope": "Cluster", "names": names,
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": schema}],
        }}),
    );
    wait_until("the API server serves policies", || api.get(POLICIES).status == 200);
}

/// The policies of policy.yaml in the cluster, each with the controller's finalizer, a webhook and a server.
struct Installation {
    api: Api,
    policies: Vec<Value>,
    _servers: Vec<Server>,
}

impl Installation {
    fn new(control_plane: &ControlPlane) -> Self {
        let api = control_plane.admin();
        let kubeconfig = control_plane.kubeconfig_of("policy-server");
        let mut policies = operators_objects();
        policies.retain(|object| object["kind"] == "ClusterAdmissionPolicy");
        let servers: Vec<Server> = policies
            .iter_mut()
            .map(|policy| {
                policy["metadata"]["finalizers"] = json!([FINALIZER]);
                api.created(POLICIES, policy);
                let server = Server::start(&policy["spec"]["settings"], &kubeconfig);
                register_as_written(&api, policy, &server);
                server
            })
            .collect();
        let installation = Self { api, policies, _servers: servers };
        wait_until("pods are injected", || {
            let answer = installation.api.create(PODS, &pod("probe", "web"));
            role_of(&answer.body) == Some(ROLE)
        });
        installation
    }

    /// Removes the webhook and then the finalizer of each deleted policy, as the controller does. Waits a second before
    /// each policy.
    ///
    /// Source: `reconcilePolicyDeletion` in kubewarden-controller's `policy_subreconciler.go`.
    fn reconcile(&self) {
        let is_deleted = |policy: &Value| {
            let name = policy["metadata"]["name"].as_str().unwrap();
            !self.api.get(&format!("{POLICIES}/{name}")).body["metadata"]["deletionTimestamp"].is_null()
        };
        wait_until("the policies are deleted", || self.policies.iter().all(is_deleted));
        for policy in &self.policies {
            thread::sleep(Duration::from_secs(1));
            unregister_as_written(&self.api, policy);
            let name = policy["metadata"]["name"].as_str().unwrap();
            self.api.merge(&format!("{POLICIES}/{name}"), &json!({"metadata": {"finalizers": null}}));
        }
    }

    /// Deletes the policies as `kubectl delete clusteradmissionpolicies -l app.kubernetes.io/part-of=irsa-policy` does:
    /// waits until their finalizers are removed.
    fn delete_policies(&self) {
        self.api.delete(&format!("{POLICIES}?{LABEL}"));
        wait_until("the policies are gone", || self.api.get(POLICIES).body["items"] == json!([]));
    }

    fn delete_rights(&self) {
        self.api.delete(&format!("{CLUSTER_ROLE_BINDINGS}/irsa-policy"));
        self.api.delete(&format!("{CLUSTER_ROLES}/irsa-policy"));
    }

    /// Creates pods while the steps run and the controller reacts. Returns the number of created pods, and the
    /// rejections.
    fn pods_during(&self, steps: impl FnOnce() + Send) -> (usize, Vec<String>) {
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            let client = scope.spawn(|| {
                let (mut created, mut refusals) = (0, Vec::new());
                while !is_over.load(Ordering::Relaxed) {
                    let answer = self.api.create(PODS, &pod("web", "web"));
                    match answer.status {
                        201 => created += 1,
                        _ => refusals.push(answer.message().to_owned()),
                    }
                }
                (created, refusals)
            });
            thread::sleep(Duration::from_millis(500));
            let controller = scope.spawn(|| self.reconcile());
            steps();
            controller.join().unwrap();
            thread::sleep(Duration::from_secs(1));
            is_over.store(true, Ordering::Relaxed);
            client.join().unwrap()
        })
    }

    fn restore_rights(&self) {
        for object in operators_objects() {
            match object["kind"].as_str().unwrap() {
                "ClusterRole" => self.api.created(CLUSTER_ROLES, &object),
                "ClusterRoleBinding" => self.api.created(CLUSTER_ROLE_BINDINGS, &object),
                _ => continue,
            };
        }
    }
}

#[test]
fn no_pod_is_rejected_while_two_commands_remove_all_objects() {
    let control_plane = ControlPlane::start("removal");
    let api = control_plane.admin();
    create_definition(&api);
    api.created("/api/v1/namespaces", &json!({"metadata": {"name": "removal"}}));
    api.created("/api/v1/namespaces/removal/serviceaccounts", &account("web", Some(ROLE)));

    let installation = Installation::new(&control_plane);
    let (created, refusals) = installation.pods_during(|| {
        installation.delete_policies();
        installation.delete_rights();
    });
    println!("two commands: {created} pods were created, {} refused", refusals.len());
    assert!(created > 100, "{created} pods were created");
    assert_eq!(refusals, Vec::<String>::new());
    installation.restore_rights();

    // Deletes the rights before the policies, so that pods are rejected. This shows that `pods_during` detects
    // rejections.
    let installation = Installation::new(&control_plane);
    let (created, refusals) = installation.pods_during(|| {
        installation.delete_rights();
        installation.delete_policies();
    });
    println!("rights first: {created} pods were created, {} refused", refusals.len());
    assert!(refusals.iter().any(|refusal| refusal.contains("[lookupFailed]")), "{refusals:?}");
}
