//! Starts the control plane as a process, and makes clients for its identities.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::api::Api;

/// A kube-apiserver with its etcd. The process stops when this value is dropped, or when the tests end.
pub struct ControlPlane {
    process: Child,
    directory: PathBuf,
}

impl ControlPlane {
    /// Starts a new control plane. All its files are in a folder of this name.
    pub fn start(name: &str) -> Self {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory).unwrap();
        let process = launch(&directory);
        let started = Self { process, directory };
        started.create_policy_server();
        started
    }

    /// Makes a client with an administrator's identity.
    pub fn admin(&self) -> Api {
        Api::connect(&self.kubeconfig())
    }

    /// Makes a client without an identity.
    pub fn anonymous(&self) -> Api {
        Api::connect(&self.kubeconfig_with("anonymous", None))
    }

    /// Makes a kubeconfig for a service account in the namespace `kubewarden`. Creates the account if necessary.
    pub fn kubeconfig_of(&self, service_account: &str) -> PathBuf {
        let api = self.admin();
        let accounts = "/api/v1/namespaces/kubewarden/serviceaccounts";
        let created = api.create(accounts, &json!({"metadata": {"name": service_account}}));
        assert!([201, 409].contains(&created.status), "{created:?}");
        let request = json!({"spec": {"expirationSeconds": 86400}});
        let token = api.created(&format!("{accounts}/{service_account}/token"), &request);
        self.kubeconfig_with(service_account, token["status"]["token"].as_str())
    }

    /// Makes a client with an administrator's identity that impersonates this user and this group.
    pub fn acting_as(&self, user: &str, group: &str) -> Api {
        let mut config: Value = yaml_serde::from_str(&fs::read_to_string(self.kubeconfig()).unwrap()).unwrap();
        config["users"][0]["user"]["as"] = json!(user);
        config["users"][0]["user"]["as-groups"] = json!([group]);
        let path = self.file("acting-as.kubeconfig");
        fs::write(&path, config.to_string()).unwrap();
        Api::connect(&path)
    }

    /// The process ID.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// Pauses the whole process.
    pub fn pause(&self) {
        self.signal("STOP");
    }

    /// Resumes the process.
    pub fn resume(&self) {
        self.signal("CONT");
    }

    /// Stops the process, and starts it again with the stored objects.
    pub fn restart(&mut self) {
        self.signal("TERM");
        self.process.wait().unwrap();
        fs::remove_file(self.kubeconfig()).unwrap();
        self.process = launch(&self.directory);
    }

    /// The kubeconfig of an administrator.
    pub fn kubeconfig(&self) -> PathBuf {
        self.file("kubeconfig")
    }

    /// A file of this name in the control plane's folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn kubeconfig_with(&self, name: &str, token: Option<&str>) -> PathBuf {
        let mut config: Value = yaml_serde::from_str(&fs::read_to_string(self.kubeconfig()).unwrap()).unwrap();
        config["users"][0]["user"] = token.map_or_else(|| json!({}), |token| json!({"token": token}));
        let path = self.file(&format!("{name}.kubeconfig"));
        fs::write(&path, config.to_string()).unwrap();
        path
    }

    /// Creates the namespace `kubewarden`, and gives the policy server the rights in `policy.yaml`.
    fn create_policy_server(&self) {
        let api = self.admin();
        api.created("/api/v1/namespaces", &json!({"metadata": {"name": "kubewarden"}}));
        for object in operators_objects() {
            match object["kind"].as_str().unwrap() {
                "ClusterRole" => api.created(CLUSTER_ROLES, &object),
                "ClusterRoleBinding" => api.created(CLUSTER_ROLE_BINDINGS, &object),
                _ => continue,
            };
        }
    }

    fn signal(&self, signal: &str) {
        let status = Command::new("kill").args(["-s", signal, &self.process.id().to_string()]).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The path of cluster roles.
pub const CLUSTER_ROLES: &str = "/apis/rbac.authorization.k8s.io/v1/clusterroles";

/// The path of cluster role bindings.
pub const CLUSTER_ROLE_BINDINGS: &str = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";

/// The objects of `policy.yaml`.
pub fn operators_objects() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policy.yaml");
    policy_host::yaml::values(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Starts the program that `CONTROL_PLANE` names. Returns when the API server is ready.
fn launch(directory: &Path) -> Child {
    let program =
        std::env::var_os("CONTROL_PLANE").expect("CONTROL_PLANE is not set to a program: run `make test-cluster`");
    let since = Instant::now();
    let mut child = Command::new(program)
        .arg(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(fs::File::options().create(true).append(true).open(directory.join("log")).unwrap())
        .spawn()
        .unwrap();
    let ready = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok).any(|line| line == "ready");
    assert!(ready, "the control plane did not start: see `{}`", directory.join("log").display());
    println!("the control plane was ready after {:.1?}", since.elapsed());
    child
}

/// Repeats a check until it succeeds. Panics after a minute.
pub fn wait_until(what: &str, mut ask: impl FnMut() -> bool) {
    let since = Instant::now();
    while !ask() {
        assert!(since.elapsed() < Duration::from_mins(1), "waited for a minute, without success: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
