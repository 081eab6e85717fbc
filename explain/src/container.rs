//! Reads a pod's containers: their environment, and the token that each can read.
//!
//! The values of variables may be secrets. They are compared, but only the role, the region, the choice of an STS
//! endpoint and the token's path are ever shown.

use std::borrow::Cow;
use std::collections::BTreeMap;

use irsa::{RoleArn, refers_to_another};
use serde_json::Value;

use crate::sdk::CONTAINER_URI;

/// A container of a pod.
#[derive(Debug, Clone)]
pub struct Container {
    /// The container's name.
    pub name: String,
    env: BTreeMap<String, Variable>,
    /// The prefixes of `envFrom`: any variable whose name begins with one of them may be set.
    env_from_prefixes: Vec<String>,
    mounts: Vec<Mount>,
    /// The container's `securityContext.runAsUser`. If this is not set, the pod's `securityContext.runAsUser`.
    run_as_user: Option<i64>,
}

/// An entry of `env`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Variable {
    /// A value in the pod.
    Literal(String),
    /// `valueFrom`: the value is not in the pod. With `optional: true`, the variable is possibly not set.
    Reference { is_optional: bool },
}

#[derive(Debug, Clone)]
struct Mount {
    volume: String,
    path: String,
    /// `subPath`: the part of the volume that is mounted. Empty if the whole volume is mounted.
    sub_path: String,
    is_read_only: bool,
}

/// A token that a container can read, with the values that the token's volume defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenSource {
    /// The audience. Empty if the token is for the API server.
    pub audience: String,
    /// How long the token is valid, in seconds.
    pub lifetime: Option<u64>,
}

/// What is at the path that `AWS_WEB_IDENTITY_TOKEN_FILE` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenFile {
    /// A token from a projected volume of the pod.
    Projected(TokenSource),
    /// The service account token for the API server, which the API server mounts into most pods.
    ApiServer,
    /// A projected volume is mounted at the path, but the volume has no token there.
    NotInVolume,
    /// No volume is mounted at the path.
    NotMounted,
    /// A volume of another kind is mounted at the path, so the content is not known.
    Unseen,
}

/// The folder of the API server's token, mounted by the API server's `ServiceAccount` admission plugin.
const API_SERVER_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Returns the containers of a pod: the init containers, then the containers. Ephemeral containers are not included.
#[must_use]
pub fn containers(pod: &Value) -> Vec<Container> {
    list(pod, "initContainers").iter().chain(list(pod, "containers")).map(|it| Container::read(it, pod)).collect()
}

/// Returns the names of a pod's ephemeral containers (`kubectl debug`). They are added to a running pod, so no webhook
/// for the creation of pods changes them.
#[must_use]
pub fn ephemeral_containers(pod: &Value) -> Vec<String> {
    list(pod, "ephemeralContainers").iter().map(|container| string(container, "name")).collect()
}

/// Returns the only user who can read the tokens of a pod's projected volumes. `None` if every user in the pod can read
/// them.
///
/// kubelet gives the files to the pod's `fsGroup`, with mode 0640. Without an `fsGroup`, if all containers run as the
/// same user, kubelet gives the files to that user, with mode 0600. Otherwise every user in the pod can read them.
/// (Kubernetes, `FsUserFrom` in `pkg/volume/util/util.go` and `SetupAt` in `pkg/volume/projected/projected.go`.)
#[must_use]
pub fn only_reader_of_tokens(pod: &Value, containers: &[Container]) -> Option<i64> {
    let group = pod.pointer("/spec/securityContext/fsGroup");
    let user = containers.first()?.run_as_user?;
    let is_only = group.is_none_or(Value::is_null) && containers.iter().all(|it| it.run_as_user == Some(user));
    is_only.then_some(user)
}

fn list<'v>(pod: &'v Value, key: &str) -> &'v [Value] {
    pod.get("spec").map(|spec| elements(spec, key)).unwrap_or_default()
}

fn elements<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn string(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

impl Variable {
    fn read(variable: &Value) -> Self {
        let reference = variable.get("valueFrom").filter(|reference| !reference.is_null());
        let Some(reference) = reference else { return Self::Literal(string(variable, "value")) };
        let is_optional = ["secretKeyRef", "configMapKeyRef"]
            .iter()
            .filter_map(|key| reference.get(key)?.get("optional")?.as_bool())
            .any(|optional| optional);
        Self::Reference { is_optional }
    }
}

impl Container {
    fn read(container: &Value, pod: &Value) -> Self {
        let own = container.pointer("/securityContext/runAsUser").filter(|user| !user.is_null());
        let user = own.or_else(|| pod.pointer("/spec/securityContext/runAsUser"));
        Self {
            name: string(container, "name"),
            // If a variable is set twice, the last entry is used, as in Kubernetes.
            env: elements(container, "env").iter().map(|it| (string(it, "name"), Variable::read(it))).collect(),
            env_from_prefixes: elements(container, "envFrom").iter().map(|it| string(it, "prefix")).collect(),
            mounts: elements(container, "volumeMounts").iter().map(Mount::read).collect(),
            run_as_user: user.and_then(Value::as_i64),
        }
    }

    /// Whether a variable is set to something other than an empty string. `false` for an optional reference: see
    /// [`may_set`](Self::may_set).
    #[must_use]
    pub fn sets(&self, variable: &str) -> bool {
        match self.env.get(variable) {
            Some(Variable::Literal(value)) => !value.is_empty(),
            Some(Variable::Reference { is_optional }) => !is_optional,
            None => false,
        }
    }

    /// Whether a variable comes from a Secret or a ConfigMap that is `optional`, so it may or may not be set.
    #[must_use]
    pub fn may_set(&self, variable: &str) -> bool {
        matches!(self.env.get(variable), Some(Variable::Reference { is_optional: true }))
    }

    /// Whether a variable is set to an empty string.
    #[must_use]
    pub fn sets_empty(&self, variable: &str) -> bool {
        matches!(self.env.get(variable), Some(Variable::Literal(value)) if value.is_empty())
    }

    /// Whether `env` has an entry for a variable, whatever its value. Then neither the policy nor `envFrom` sets it.
    #[must_use]
    pub fn names(&self, variable: &str) -> bool {
        self.env.contains_key(variable)
    }

    /// Whether `envFrom` may set a variable: the variable's name begins with the prefix of an entry, and `env` does not
    /// set the variable.
    #[must_use]
    pub fn env_from_may_set(&self, variable: &str) -> bool {
        !self.names(variable) && self.env_from_prefixes.iter().any(|prefix| variable.starts_with(prefix.as_str()))
    }

    /// Returns the value of a variable, if the value is in the pod and not empty.
    #[must_use]
    pub fn literal(&self, variable: &str) -> Option<&str> {
        match self.env.get(variable)? {
            Variable::Literal(value) => Some(value.as_str()).filter(|value| !value.is_empty()),
            Variable::Reference { .. } => None,
        }
    }

    /// Returns the value of `AWS_ROLE_ARN`, if the pod contains the value and the value is a valid role ARN.
    #[must_use]
    pub fn role(&self) -> Option<&str> {
        self.literal("AWS_ROLE_ARN").filter(|role| RoleArn::new(Cow::Borrowed(role)).is_ok())
    }

    /// Whether a volume is mounted in a folder `.aws`, where SDKs look for the shared files.
    #[must_use]
    pub fn mounts_aws_files(&self) -> bool {
        self.mounts.iter().any(|mount| mount.path.split('/').any(|segment| segment == ".aws"))
    }

    /// Whether both variables of the role are set.
    #[must_use]
    pub fn has_role(&self) -> bool {
        self.sets("AWS_ROLE_ARN") && self.sets("AWS_WEB_IDENTITY_TOKEN_FILE")
    }

    /// Whether a variable of container credentials is set.
    #[must_use]
    pub fn has_container_credentials(&self) -> bool {
        self.sets(CONTAINER_URI) || self.sets("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
    }

    /// Returns the token at the path that `AWS_WEB_IDENTITY_TOKEN_FILE` names, if it is from a projected volume of the
    /// pod.
    #[must_use]
    pub fn token(&self, pod: &Value) -> Option<TokenSource> {
        match self.token_file(pod)? {
            TokenFile::Projected(token) => Some(token),
            _ => None,
        }
    }

    /// Finds what is at the path that `AWS_WEB_IDENTITY_TOKEN_FILE` names. `None` if the variable is not set, or its
    /// value is not in the pod.
    #[must_use]
    pub fn token_file(&self, pod: &Value) -> Option<TokenFile> {
        let file = self.literal("AWS_WEB_IDENTITY_TOKEN_FILE").filter(|file| !refers_to_another(file))?;
        let file = unix_path(file);
        // If mounts are nested, the file is in the innermost mount.
        let covering = self.mounts.iter().filter_map(|mount| Some((mount, below(&file, &mount.path)?)));
        let Some((mount, rest)) = covering.max_by_key(|(mount, _)| mount.path.trim_end_matches('/').len()) else {
            let is_for_api_server = below(&file, API_SERVER_TOKEN).is_some();
            return Some(if is_for_api_server { TokenFile::ApiServer } else { TokenFile::NotMounted });
        };
        let of_name = |volume: &&Value| volume.get("name").and_then(Value::as_str) == Some(mount.volume.as_str());
        let Some(volume) = list(pod, "volumes").iter().find(of_name) else { return Some(TokenFile::Unseen) };
        let Some(projected) = volume.get("projected") else { return Some(TokenFile::Unseen) };
        // With a `subPath`, only a file or a folder of the volume is mounted.
        let path = match (mount.sub_path.trim_matches('/'), rest) {
            ("", rest) => rest.to_owned(),
            (sub_path, "") => sub_path.to_owned(),
            (sub_path, rest) => format!("{sub_path}/{rest}"),
        };
        let mut tokens = elements(projected, "sources").iter().filter_map(|it| it.get("serviceAccountToken"));
        let Some(token) = tokens.find(|token| token.get("path").and_then(Value::as_str) == Some(path.as_str())) else {
            return Some(TokenFile::NotInVolume);
        };
        let audience = string(token, "audience");
        if audience.is_empty() && below(&file, API_SERVER_TOKEN).is_some() {
            return Some(TokenFile::ApiServer);
        }
        Some(TokenFile::Projected(TokenSource {
            audience,
            // The API server's default (`serviceAccountToken.expirationSeconds`).
            lifetime: token.get("expirationSeconds").map_or(Some(3600), Value::as_u64),
        }))
    }

    /// Returns the path of a read-only mount above the token's own mount, if there is one. The container may then not
    /// start, because its runtime can't create the folder of the inner mount (kubernetes/kubernetes#65835).
    #[must_use]
    pub fn read_only_mount_above_token(&self, pod: &Value) -> Option<&str> {
        let file = self.literal("AWS_WEB_IDENTITY_TOKEN_FILE").map(unix_path)?;
        let paths = self.mounts.iter().filter(|mount| below(&file, &mount.path).is_some());
        let innermost = paths.clone().map(|mount| mount.path.trim_end_matches('/').len()).max()?;
        let mut above = paths.filter(|mount| mount.path.trim_end_matches('/').len() < innermost);
        above.find(|mount| mount.is_read_only || is_read_only_volume(pod, &mount.volume)).map(|it| it.path.as_str())
    }
}

impl Mount {
    fn read(mount: &Value) -> Self {
        Self {
            volume: string(mount, "name"),
            path: string(mount, "mountPath"),
            sub_path: string(mount, "subPath"),
            is_read_only: mount.get("readOnly").and_then(Value::as_bool).unwrap_or_default(),
        }
    }
}

/// Whether the pod has a volume of this name, and kubelet mounts volumes of its kind read-only.
fn is_read_only_volume(pod: &Value, name: &str) -> bool {
    let volume = list(pod, "volumes").iter().find(|volume| volume.get("name").and_then(Value::as_str) == Some(name));
    let kinds = ["secret", "configMap", "downwardAPI", "projected"];
    volume.is_some_and(|volume| kinds.iter().any(|kind| volume.get(kind).is_some()))
}

/// Converts the value of `AWS_WEB_IDENTITY_TOKEN_FILE` to the form of a `mountPath`: on Windows, the variable has a
/// drive and backslashes, but the injected `mountPath` has neither.
fn unix_path(path: &str) -> String {
    let path = path.strip_prefix("C:").or_else(|| path.strip_prefix("c:")).unwrap_or(path);
    path.replace('\\', "/")
}

/// Returns the part of a path below a folder. Empty if the path is the folder itself. `None` if the path is not in the
/// folder.
fn below<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
    let folder = folder.trim_end_matches('/');
    let rest = path.strip_prefix(folder).filter(|_| !folder.is_empty())?;
    if rest.is_empty() { Some("") } else { rest.strip_prefix('/') }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const FILE: &str = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token";

    /// Returns what [`Container::token_file`] finds for a pod with one container, these mounts and volumes, and this
    /// file as `AWS_WEB_IDENTITY_TOKEN_FILE`.
    fn token_file(file: &str, mounts: &Value, volumes: &Value) -> Option<TokenFile> {
        let env = json!([{"name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": file}]);
        let pod =
            json!({"spec": {"containers": [{"name": "a", "env": env, "volumeMounts": mounts}], "volumes": volumes}});
        containers(&pod).remove(0).token_file(&pod)
    }

    fn projected(name: &str, audience: &str) -> Value {
        json!({"name": name, "projected": {"sources": [{"serviceAccountToken": {"path": "token", "audience": audience}}]}})
    }

    fn sts() -> TokenFile {
        TokenFile::Projected(TokenSource { audience: "sts.amazonaws.com".into(), lifetime: Some(3600) })
    }

    #[test]
    fn finds_the_token_by_its_mount() {
        let folder = FILE.trim_end_matches("/token");
        let volumes = json!([projected("t", "sts.amazonaws.com"), {"name": "e", "emptyDir": {}}]);
        let find = |file: &str, mounts: Value| token_file(file, &mounts, &volumes);
        assert_eq!(find(FILE, json!([{"name": "t", "mountPath": folder}])), Some(sts()));
        assert_eq!(find(FILE, json!([{"name": "t", "mountPath": format!("{folder}/")}])), Some(sts()));
        assert_eq!(find(FILE, json!([{"name": "t", "mountPath": FILE, "subPath": "token"}])), Some(sts()));
        let windows = format!("C:{}", FILE.replace('/', "\\"));
        assert_eq!(find(&windows, json!([{"name": "t", "mountPath": folder}])), Some(sts()));
        let nested = json!([{"name": "t", "mountPath": folder}, {"name": "e", "mountPath": "/var/run/secrets"}]);
        assert_eq!(find(FILE, nested), Some(sts()));
        assert_eq!(find(FILE, json!([{"name": "e", "mountPath": folder}])), Some(TokenFile::Unseen));
        assert_eq!(find(FILE, json!([])), Some(TokenFile::NotMounted));
        assert_eq!(find(FILE, json!([{"name": "t", "mountPath": format!("{folder}x")}])), Some(TokenFile::NotMounted));
        assert_eq!(find("/a/other", json!([{"name": "t", "mountPath": "/a"}])), Some(TokenFile::NotInVolume));
        assert_eq!(find("$(FILE)", json!([])), None);
    }

    #[test]
    fn knows_the_token_for_the_api_server() {
        let file = format!("{API_SERVER_TOKEN}/token");
        assert_eq!(token_file(&file, &json!([]), &json!([])), Some(TokenFile::ApiServer));
        let mounts = json!([{"name": "t", "mountPath": API_SERVER_TOKEN}]);
        assert_eq!(token_file(&file, &mounts, &json!([projected("t", "")])), Some(TokenFile::ApiServer));
        assert_eq!(token_file(&file, &mounts, &json!([projected("t", "sts.amazonaws.com")])), Some(sts()));
    }

    #[test]
    fn distinguishes_set_empty_and_optional_variables() {
        let env = json!([
            {"name": "SET", "value": "x"},
            {"name": "EMPTY", "value": ""},
            {"name": "NONE"},
            {"name": "SECRET", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
            {"name": "OPTIONAL", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": true}}},
        ]);
        let container = containers(&json!({"spec": {"containers": [{"env": env}]}})).remove(0);
        let of = |name: &str| (container.sets(name), container.sets_empty(name), container.may_set(name));
        assert_eq!(of("SET"), (true, false, false));
        assert_eq!(of("EMPTY"), (false, true, false));
        assert_eq!(of("NONE"), (false, true, false));
        assert_eq!(of("SECRET"), (true, false, false));
        assert_eq!(of("OPTIONAL"), (false, false, true));
        assert_eq!(of("OTHER"), (false, false, false));
    }

    #[test]
    fn env_from_may_set_variables_that_begin_with_its_prefix() {
        let may_set = |env_from: Value, variable: &str| {
            let env = json!([{"name": "AWS_REGION", "value": "us-east-2"}]);
            let pod = json!({"spec": {"containers": [{"env": env, "envFrom": env_from}]}});
            containers(&pod).remove(0).env_from_may_set(variable)
        };
        let secret = json!({"name": "s"});
        assert!(may_set(json!([{"secretRef": secret}]), "AWS_ACCESS_KEY_ID"));
        assert!(may_set(json!([{"secretRef": secret, "prefix": "AWS_"}]), "AWS_ACCESS_KEY_ID"));
        assert!(!may_set(json!([{"secretRef": secret, "prefix": "APP_"}]), "AWS_ACCESS_KEY_ID"));
        assert!(!may_set(json!([{"secretRef": secret}]), "AWS_REGION"), "`env` overrides `envFrom`");
        assert!(!may_set(json!([]), "AWS_ACCESS_KEY_ID"));
    }

    #[test]
    fn finds_the_only_user_who_can_read_the_token() {
        let reader = |spec: Value| {
            let pod = json!({"spec": spec});
            only_reader_of_tokens(&pod, &containers(&pod))
        };
        let root = json!({"securityContext": {"runAsUser": 0}});
        assert_eq!(reader(json!({"containers": [root]})), Some(0));
        assert_eq!(reader(json!({"containers": [{}], "securityContext": {"runAsUser": 1000}})), Some(1000));
        assert_eq!(reader(json!({"containers": [root, {}]})), None);
        assert_eq!(reader(json!({"containers": [root], "securityContext": {"fsGroup": 1}})), None);
        assert_eq!(reader(json!({"containers": [root], "securityContext": {"runAsUser": 1}})), Some(0));
    }

    #[test]
    fn finds_a_read_only_mount_above_the_token() {
        let above = |mount: Value, volume: Value| {
            let token = json!({"name": "t", "mountPath": FILE.trim_end_matches("/token")});
            let env = json!([{"name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": FILE}]);
            let container = json!({"env": env, "volumeMounts": [mount, token]});
            let pod = json!({"spec": {"containers": [container], "volumes": [volume]}});
            containers(&pod).remove(0).read_only_mount_above_token(&pod).map(str::to_owned)
        };
        let secret = json!({"name": "s", "secret": {}});
        let empty = json!({"name": "s", "emptyDir": {}});
        let mount = json!({"name": "s", "mountPath": "/var/run/secrets"});
        assert_eq!(above(mount.clone(), secret.clone()).as_deref(), Some("/var/run/secrets"));
        assert_eq!(above(mount, empty.clone()), None);
        let read_only = json!({"name": "s", "mountPath": "/var/run/secrets", "readOnly": true});
        assert!(above(read_only, empty).is_some());
        assert_eq!(above(json!({"name": "s", "mountPath": "/etc/tls"}), secret), None);
    }
}
