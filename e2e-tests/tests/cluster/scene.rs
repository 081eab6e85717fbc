//! A namespace with two service accounts and the policy: where a test takes place.

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

/// The control plane that tests share. Where a test fails, the next still finds it.
pub fn control_plane() -> MutexGuard<'static, Option<ControlPlane>> {
    let mut guard = CONTROL_PLANE.lock().unwrap_or_else(PoisonError::into_inner);
    guard.get_or_insert_with(|| ControlPlane::start("control-plane"));
    guard
}

/// The namespace, its objects' API, and the admission server that is called for it.
pub struct Scene {
    /// An administrator's client.
    pub api: Api,
    /// The namespace.
    pub namespace: String,
    /// The admission server of the policy that injects.
    pub server: Server,
    /// The one of the policy that checks.
    pub checks: Server,
    settings: Value,
}

impl Scene {
    /// A namespace of this name, `default` without a role in it, `web` with [`ROLE`], and the policy with these
    /// settings, called by the API server from now on, and with the rights of `policy.yaml`.
    pub fn new(namespace: &str, settings: Value) -> Self {
        Self::with_identity(namespace, settings, "policy-server")
    }

    /// The same, but the admission server is this service account of the namespace `kubewarden`.
    pub fn with_identity(namespace: &str, settings: Value, identity: &str) -> Self {
        let guard = control_plane();
        let control_plane = guard.as_ref().unwrap();
        Self::on(control_plane, namespace, settings, identity)
    }

    /// The same, on a control plane of one's own.
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

    /// Has the API server call the admission server that checks, and returns once it does.
    fn check(&self) {
        webhooks::register(&self.api, &self.namespace, &webhooks::policies()[1], &self.checks);
        wait_until("the API server has service accounts checked", || self.takes_a_broken_account() == 403);
    }

    /// Does something while the API server has nothing checked.
    pub fn unchecked(&self, act: impl FnOnce(&Self)) {
        webhooks::unregister(&self.api, &self.namespace, &webhooks::policies()[1]);
        wait_until("the API server has nothing checked", || self.takes_a_broken_account() == 201);
        act(self);
        self.check();
    }

    fn takes_a_broken_account(&self) -> u16 {
        let broken = account("probe", Some("no"));
        self.api.create(&format!("{}?dryRun=All", self.path("serviceaccounts")), &broken).status
    }

    /// Has the API server call the admission server that injects, and returns once it does.
    pub fn register(&self) {
        webhooks::register(&self.api, &self.namespace, &webhooks::policies()[0], &self.server);
        wait_until("the API server has pods injected into", || {
            let pod = self.dry_run(&pod("probe", "web"));
            pod.status != 201 || role_of(&pod.body).is_some()
        });
    }

    /// Has the API server no longer call it, and returns once that is so.
    pub fn unregister(&self) {
        webhooks::unregister(&self.api, &self.namespace, &webhooks::policies()[0]);
        wait_until("the API server has no pods injected into", || {
            let pod = self.dry_run(&pod("probe", "web"));
            pod.status == 201 && role_of(&pod.body).is_none()
        });
    }

    /// Where the API server has the namespace's objects of a kind of the core group.
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

    /// What would be stored.
    pub fn dry_run(&self, pod: &Value) -> Answer {
        self.api.create(&format!("{}?dryRun=All", self.path("pods")), pod)
    }

    /// Creates a pod, and gives what is stored of it, and what the policy in this process makes of the same pod when
    /// the API server has filled it in. Both `spec`s have to be equal.
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

/// A policy's own settings, and a test's.
fn with_settings(policy: &Value, settings: &Value) -> Value {
    let mut all = policy["spec"]["settings"].as_object().cloned().unwrap_or_default();
    all.extend(settings.as_object().unwrap().clone());
    Value::Object(all)
}

/// The `spec` less what differs from call to call, with the one default that the API server gives what was injected.
fn comparable(pod: &Value) -> Value {
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

/// A service account.
pub fn account(name: &str, role: Option<&str>) -> Value {
    let mut account = json!({"metadata": {"name": name}});
    if let Some(role) = role {
        account["metadata"]["annotations"] = json!({"eks.amazonaws.com/role-arn": role});
    }
    account
}

/// A pod with one container.
pub fn pod(name: &str, service_account: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"serviceAccountName": service_account, "containers": [{"name": "app", "image": "app"}]},
    })
}

/// The role that the first container would get.
pub fn role_of(pod: &Value) -> Option<&str> {
    variable(&pod["spec"]["containers"][0], "AWS_ROLE_ARN")
}

/// The value of a container's variable.
pub fn variable<'a>(container: &'a Value, name: &str) -> Option<&'a str> {
    container["env"].as_array()?.iter().find(|one| one["name"] == name)?["value"].as_str()
}
