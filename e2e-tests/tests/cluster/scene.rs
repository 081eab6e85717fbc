//! Sets up the namespace of a test, with two service accounts and the policies.

use std::sync::{Mutex, MutexGuard, PoisonError};

use policy_host::admission::{self, Overrides, Request};
use policy_host::cluster::Cluster;
use policy_host::host::Host;
use policy_host::policy::{CompilationCache, Policy};
use policy_host::settings::Settings;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::api::{Answer, Api};
use crate::control_plane::{ControlPlane, wait_until};
use crate::server::{Server, policy_path};
use crate::webhooks;

/// The role of the service account `web`.
pub const ROLE: &str = "arn:aws:iam::111122223333:role/web";

static CONTROL_PLANE: Mutex<Option<ControlPlane>> = Mutex::new(None);

/// The control plane that most tests share. After one of these tests has failed, the others can still use the control
/// plane.
pub fn control_plane() -> MutexGuard<'static, Option<ControlPlane>> {
    let mut guard = CONTROL_PLANE.lock().unwrap_or_else(PoisonError::into_inner);
    guard.get_or_insert_with(|| ControlPlane::start("control-plane"));
    guard
}

/// A namespace, a client for its objects, and the admission servers of its policies.
pub struct Scene {
    /// An administrator's client.
    pub api: Api,
    /// The namespace.
    pub namespace: String,
    /// The admission server of the policy that injects.
    pub server: Server,
    /// The admission server of the policy that checks.
    pub checks: Server,
    settings: Value,
}

impl Scene {
    /// Creates a namespace with two service accounts: `default` without a role, and `web` with [`ROLE`]. From now on,
    /// the API server calls the policies for this namespace, with these settings and the rights of `policy.yaml`.
    pub fn new(namespace: &str, settings: Value) -> Self {
        Self::with_identity(namespace, settings, "policy-server")
    }

    /// Like [`Scene::new`], but the admission servers use the rights of this service account of the namespace
    /// `kubewarden`.
    pub fn with_identity(namespace: &str, settings: Value, identity: &str) -> Self {
        let guard = control_plane();
        let control_plane = guard.as_ref().unwrap();
        Self::on(control_plane, namespace, settings, identity)
    }

    /// Like [`Scene::with_identity`], on this control plane instead of the shared one.
    pub fn on(control_plane: &ControlPlane, namespace: &str, settings: Value, identity: &str) -> Self {
        let kubeconfig = control_plane.kubeconfig_of(identity);
        let [injects, checks] = webhooks::policies();
        let scene = Self {
            api: control_plane.admin(),
            namespace: namespace.to_owned(),
            server: Server::start(&with_settings(&injects, &settings), &kubeconfig),
            checks: Server::start(&with_settings(&checks, &settings), &kubeconfig),
            settings,
        };
        if namespace != "default" {
            scene.api.created("/api/v1/namespaces", &json!({"metadata": {"name": namespace}}));
        }
        scene.create_account("default", None);
        scene.create_account("web", Some(ROLE));
        scene.check();
        scene.register();
        scene
    }

    /// Configures the API server to call the policy that checks. Returns when the API server calls the policy.
    fn check(&self) {
        webhooks::register(&self.api, &self.namespace, &webhooks::policies()[1], &self.checks);
        wait_until("the API server calls the checks", || self.status_of_an_invalid_account() == 403);
    }

    /// Runs a step while the API server does not call the checks.
    pub fn unchecked(&self, act: impl FnOnce(&Self)) {
        webhooks::unregister(&self.api, &self.namespace, &webhooks::policies()[1]);
        wait_until("the API server does not call the checks", || self.status_of_an_invalid_account() == 201);
        act(self);
        self.check();
    }

    fn status_of_an_invalid_account(&self) -> u16 {
        let invalid = account("probe", Some("no"));
        self.api.create(&format!("{}?dryRun=All", self.path("serviceaccounts")), &invalid).status
    }

    /// Configures the API server to call the policy that injects. Returns when the API server calls the policy.
    pub fn register(&self) {
        webhooks::register(&self.api, &self.namespace, &webhooks::policies()[0], &self.server);
        wait_until("the API server calls the policy that injects", || {
            let pod = self.dry_run(&pod("probe", "web"));
            pod.status != 201 || role_of(&pod.body).is_some()
        });
    }

    /// Configures the API server to stop calling the policy that injects. Returns when the API server no longer calls
    /// the policy.
    pub fn unregister(&self) {
        webhooks::unregister(&self.api, &self.namespace, &webhooks::policies()[0]);
        wait_until("the API server does not call the policy that injects", || {
            let pod = self.dry_run(&pod("probe", "web"));
            pod.status == 201 && role_of(&pod.body).is_none()
        });
    }

    /// The path of the namespace's objects of a kind in the core group.
    pub fn path(&self, resource: &str) -> String {
        format!("/api/v1/namespaces/{}/{resource}", self.namespace)
    }

    /// Creates a service account.
    pub fn create_account(&self, name: &str, role: Option<&str>) {
        let answer = self.api.create(&self.path("serviceaccounts"), &account(name, role));
        assert!([201, 409].contains(&answer.status), "{answer:?}");
    }

    /// Creates a pod.
    pub fn create_pod(&self, pod: &Value) -> Answer {
        self.api.create(&self.path("pods"), pod)
    }

    /// Creates a pod with a dry run. Returns the pod that would be stored.
    pub fn dry_run(&self, pod: &Value) -> Answer {
        self.api.create(&format!("{}?dryRun=All", self.path("pods")), pod)
    }

    /// Creates a pod. Returns two `spec`s, which must be equal: first the `spec` of the stored pod, then the expected
    /// `spec`. For the expected `spec`, the API server adds the defaults (in a dry run without the policy that
    /// injects), and then the policy runs in this process.
    pub fn stored_and_planned(&self, pod: &Value) -> (Value, Value) {
        self.unregister();
        let filled_in = self.dry_run(pod);
        assert_eq!(filled_in.status, 201, "{filled_in:?}");
        self.register();
        let answer = self.create_pod(pod);
        assert_eq!(answer.status, 201, "{answer:?}");
        let name = answer.body["metadata"]["name"].as_str().unwrap();
        let stored = self.api.get(&format!("{}/{name}", self.path("pods"))).body;
        (comparable(&stored), comparable(&self.plan(&filled_in.body)))
    }

    fn plan(&self, pod: &Value) -> Value {
        let raw = |value: &Value| RawValue::from_string(value.to_string()).unwrap();
        let overrides = Overrides { namespace: Some(self.namespace.clone()), ..Overrides::default() };
        let request = Request::wrapping(raw(pod), overrides).unwrap();
        let accounts = self.api.get(&self.path("serviceaccounts")).body["items"].as_array().unwrap().clone();
        let accounts = accounts.into_iter().map(|mut account| {
            account["apiVersion"] = json!("v1");
            account["kind"] = json!("ServiceAccount");
            account
        });
        let host = Host::permissive(std::sync::Arc::new(Cluster::new(accounts.collect())));
        let policy = Policy::from_file(&policy_path(), CompilationCache::On).unwrap();
        let settings = Settings::from_json(&self.settings.to_string()).unwrap();
        let response = policy.validate(&admission::payload(&request, &settings), &std::sync::Arc::new(host)).unwrap();
        assert!(response.accepted, "{response:?}");
        response.mutated_object.map_or_else(|| pod.clone(), |object| serde_json::from_str(object.get()).unwrap())
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        for policy in webhooks::policies() {
            webhooks::unregister(&self.api, &self.namespace, &policy);
        }
    }
}

/// Returns the settings of a policy together with the settings of a test. If both define a key, the test's value wins.
fn with_settings(policy: &Value, settings: &Value) -> Value {
    let mut all = policy["spec"]["settings"].as_object().cloned().unwrap_or_default();
    all.extend(settings.as_object().unwrap().clone());
    Value::Object(all)
}

/// Returns the `spec` in a form that can be compared. Adds the default `defaultMode` to the injected volume, as the API
/// server does. Replaces the random name of the volume that has the token for the API server.
pub fn comparable(pod: &Value) -> Value {
    let mut spec = pod["spec"].clone();
    for volume in spec["volumes"].as_array_mut().into_iter().flatten() {
        if volume["projected"].is_object() && volume["projected"]["defaultMode"].is_null() {
            volume["projected"]["defaultMode"] = json!(420);
        }
    }
    let mut text = spec.to_string();
    while let Some(at) = text.find("kube-api-access-") {
        text.replace_range(at..at + "kube-api-access-".len() + 5, "the-api-server's-token");
    }
    serde_json::from_str(&text).unwrap()
}

/// Makes a service account, with a role if one is given.
pub fn account(name: &str, role: Option<&str>) -> Value {
    let mut account = json!({"metadata": {"name": name}});
    if let Some(role) = role {
        account["metadata"]["annotations"] = json!({"eks.amazonaws.com/role-arn": role});
    }
    account
}

/// Makes a pod with one container.
pub fn pod(name: &str, service_account: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"serviceAccountName": service_account, "containers": [{"name": "app", "image": "app"}]},
    })
}

/// The role of a pod's first container. `None` if the container has no `AWS_ROLE_ARN`.
pub fn role_of(pod: &Value) -> Option<&str> {
    variable(&pod["spec"]["containers"][0], "AWS_ROLE_ARN")
}

/// The value of a container's variable. `None` if the variable is missing, or has no `value`.
pub fn variable<'a>(container: &'a Value, name: &str) -> Option<&'a str> {
    container["env"].as_array()?.iter().find(|one| one["name"] == name)?["value"].as_str()
}
