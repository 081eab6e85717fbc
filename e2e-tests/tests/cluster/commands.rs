//! Tests the commands in the docs, as written, with Kubewarden's own CRDs: `make test-manifests KUBEWARDEN_CRDS=…`.
//!
//! The API server validates the applied objects with the schemas and rules of the CRDs. The test acts as Kubewarden's
//! controller: it sets the status of each policy to reachable.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::api::Api;
use crate::control_plane::ControlPlane;
use crate::scene::{ROLE, account};
use crate::server::Server;
use crate::webhooks::{policy, register_as_written};

const POLICIES: &str = "/apis/policies.kubewarden.io/v1/clusteradmissionpolicies";
const WAIT: &str = "kubectl wait --for=condition=PolicyUniquelyReachable --timeout=5m clusteradmissionpolicies \
                    -l app.kubernetes.io/part-of=irsa-policy";
const DELETE_POLICIES: &str = "kubectl delete clusteradmissionpolicies -l app.kubernetes.io/part-of=irsa-policy";
const DELETE_REST: &str = "kubectl delete --ignore-not-found -f policy.yaml";
/// Deletes the objects that `DELETE_REST` does not delete: the Role for kOps's ConfigMap, and the Role's binding.
const DELETE_ROLE: &str = "kubectl delete --ignore-not-found rolebinding,role irsa-policy -n kube-system";
const CHECK: &str = r#"kubectl run check -n team-a --image=busybox --overrides='{"spec":{"serviceAccountName":"web"}}' --dry-run=server -o yaml"#;

/// The commands that install the policies, each with the names of the policies that the command creates.
const INSTALLATIONS: [(&str, &[&str]); 5] = [
    ("kubectl apply -f policy.yaml", &ALL),
    ("kubectl apply -k kustomize/eks-guard", &["irsa-policy-checks"]),
    ("kubectl apply -k kustomize/audit-only", &["irsa-policy-checks"]),
    ("kubectl apply -k kustomize/strict", &ALL),
    ("kubectl apply -k kustomize/kops", &[ALL[0], ALL[1], "irsa-policy-role-mappings", ALL[2], ALL[3]]),
];
const ALL: [&str; 4] = ["irsa-policy", "irsa-policy-checks", "irsa-policy-system", "irsa-policy-system-audit"];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

fn variable(name: &str) -> OsString {
    let value = std::env::var_os(name).filter(|value| !value.is_empty());
    value.unwrap_or_else(|| panic!("`{name}` is not set: run `make test-manifests`"))
}

/// A shell in the repository, with an administrator's kubeconfig.
struct Shell {
    api: Api,
    kubeconfig: PathBuf,
    docs: String,
}

impl Shell {
    fn new(control_plane: &ControlPlane) -> Self {
        let docs =
            ["docs/install.md", "docs/operating.md"].map(|file| fs::read_to_string(repository().join(file)).unwrap());
        Self { api: control_plane.admin(), kubeconfig: control_plane.kubeconfig(), docs: docs.concat() }
    }

    fn run(&self, command: &str) -> Output {
        let helm = PathBuf::from(variable("HELM"));
        let path = format!("{}:{}", helm.parent().unwrap().display(), std::env::var("PATH").unwrap());
        println!("$ {command}");
        Command::new("bash")
            .args(["-o", "pipefail", "-c", command])
            .current_dir(repository())
            .env("KUBECONFIG", &self.kubeconfig)
            .env("PATH", path)
            .output()
            .unwrap()
    }

    /// Runs a command that must succeed without a warning. Returns its output.
    fn succeed(&self, command: &str) -> String {
        let output = self.run(command);
        let (out, error) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert!(output.status.success() && !error.contains("Warning"), "{command}: {out}{error}");
        out
    }

    /// Runs a command that the docs must contain. Returns its output.
    fn documented(&self, command: &str) -> String {
        assert!(self.docs.contains(command), "docs/install.md and docs/operating.md do not contain `{command}`");
        self.succeed(command)
    }

    /// Returns the names of the policies in the cluster.
    fn policies(&self) -> Vec<String> {
        let list = self.api.get(POLICIES).body;
        let names = list["items"].as_array().unwrap().iter().map(|policy| policy["metadata"]["name"].as_str().unwrap());
        names.map(str::to_owned).collect()
    }

    /// Writes the status that Kubewarden's controller writes when the policy server has loaded the policies: `active`,
    /// with the condition `PolicyUniquelyReachable`.
    fn reconcile(&self) {
        let condition = json!({"type": "PolicyUniquelyReachable", "status": "True", "reason": "Tested", "message": "",
            "lastTransitionTime": "2026-01-01T00:00:00Z"});
        for name in self.policies() {
            let status = json!({"status": {"policyStatus": "active", "conditions": [condition]}});
            let answer = self.api.merge(&format!("{POLICIES}/{name}/status"), &status);
            assert_eq!(answer.status, 200, "{answer:?}");
        }
    }

    fn exists(&self, kind: &str) -> bool {
        self.run(&format!("kubectl get {kind}")).status.success()
    }
}

#[test]
#[ignore = "needs Kubewarden's CRDs, kubectl and helm: `make test-manifests`"]
fn the_commands_of_the_docs_install_and_remove_every_variant() {
    let control_plane = ControlPlane::start("commands");
    let shell = Shell::new(&control_plane);
    let definitions = PathBuf::from(variable("KUBEWARDEN_CRDS"));
    shell.succeed(&format!("kubectl create -f '{}'", definitions.display()));
    shell.succeed("kubectl wait --for=condition=Established --timeout=1m crd --all");
    // `ControlPlane::start` has already created these two objects.
    shell.succeed("kubectl delete clusterrolebinding,clusterrole irsa-policy");

    for (install, expected) in INSTALLATIONS {
        shell.documented(install);
        assert_eq!(shell.policies(), expected, "{install}");
        shell.reconcile();
        shell.documented(WAIT);
        shell.documented(DELETE_POLICIES);
        assert_eq!(shell.policies(), Vec::<String>::new(), "{install}");
        assert!(shell.exists("clusterrole/irsa-policy"), "the command that deletes the policies must keep the rights");
        shell.documented(DELETE_REST);
        assert!(!shell.exists("clusterrole/irsa-policy") && !shell.exists("clusterrolebinding/irsa-policy"));
        let role = "role/irsa-policy -n kube-system";
        assert_eq!(shell.exists(role), install.ends_with("kops"), "only the variant for kOps has a Role");
        if shell.exists(role) {
            shell.documented(DELETE_ROLE);
            assert!(!shell.exists(role) && !shell.exists("rolebinding/irsa-policy -n kube-system"));
        }
    }

    // These commands are for a policy that was created with Rancher's form.
    shell.documented("kubectl create clusterrole irsa-policy --verb=get --resource=serviceaccounts");
    shell.documented(
        "kubectl create clusterrolebinding irsa-policy --clusterrole=irsa-policy \
         --serviceaccount=cattle-kubewarden-system:policy-server",
    );
    shell.succeed("kubectl delete clusterrolebinding,clusterrole irsa-policy");

    the_chart_installs_and_keeps_the_rights(&shell);
    the_rendered_chart_fits_the_definitions(&shell);
    the_check_shows_an_injected_pod(&control_plane, &shell);
}

fn the_chart_installs_and_keeps_the_rights(shell: &Shell) {
    shell.documented("helm install irsa-policy chart --namespace kubewarden");
    assert_eq!(shell.policies(), ALL);
    shell.succeed("helm upgrade irsa-policy chart --namespace kubewarden --set settings.region=us-east-2");
    let guard =
        shell.succeed("helm upgrade irsa-policy chart --namespace kubewarden --set mode=guard --dry-run=server");
    assert!(guard.contains("\nNot guarded: kube-system, kube-public, kube-node-lease, kubewarden.\n"), "{guard}");
    let notes = shell.succeed("helm get notes irsa-policy --namespace kubewarden");
    let removal: Vec<&str> =
        notes.lines().map(str::trim).filter(|line| line.contains(" uninstall ") || line.contains(" delete ")).collect();
    assert_eq!(removal.len(), 3, "{notes}");
    for command in removal {
        assert!(shell.exists("clusterrole/irsa-policy"), "only the last command may remove the rights: {command}");
        shell.documented(command);
        assert_eq!(shell.policies(), Vec::<String>::new(), "{command}");
    }
    assert!(!shell.exists("clusterrole/irsa-policy"));
}

/// Applies all objects that the chart can make, except the alerts, which need the CRDs of the Prometheus operator.
fn the_rendered_chart_fits_the_definitions(shell: &Shell) {
    let folder = PathBuf::from(variable("MANIFESTS"));
    // As with `helm install`, an object without a namespace gets this namespace. Some objects have their own namespace,
    // `kube-system`.
    let set_namespace = |name: &str| shell.succeed(&format!("kubectl config set-context --current --namespace={name}"));
    set_namespace("kubewarden");
    for name in ["inject", "guard", "auditOnly", "strict", "everything"] {
        let rendered = fs::read_to_string(folder.join(format!("chart-{name}.yaml"))).unwrap();
        let mut objects: Vec<Value> = policy_host::yaml::values(&rendered).unwrap();
        objects.retain(|object| object["kind"] != "PrometheusRule");
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string()).unwrap();
        let applied = shell.succeed(&format!("kubectl apply -f '{}'", file.path().display()));
        assert_eq!(applied.lines().count(), objects.len(), "{name}: {applied}");
        shell.succeed(&format!("kubectl delete -f '{}'", file.path().display()));
    }
    set_namespace("default");
}

fn the_check_shows_an_injected_pod(control_plane: &ControlPlane, shell: &Shell) {
    shell.documented("kubectl apply -f policy.yaml");
    let injects = policy("irsa-policy");
    let server = Server::start(&injects["spec"]["settings"], &control_plane.kubeconfig_of("policy-server"));
    register_as_written(&shell.api, &injects, &server);
    shell.api.created("/api/v1/namespaces", &json!({"metadata": {"name": "team-a"}}));
    shell.api.created("/api/v1/namespaces/team-a/serviceaccounts", &account("web", Some(ROLE)));
    crate::control_plane::wait_until("the pod is injected", || {
        let pod = shell.documented(CHECK);
        let expected = ["AWS_ROLE_ARN", ROLE, "/var/run/secrets/eks.amazonaws.com/serviceaccount", "sts.amazonaws.com"];
        expected.iter().all(|text| pod.contains(text))
    });
}
