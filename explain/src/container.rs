//! A pod's containers, after the injection: their environment, and the token that is mounted in them.
//!
//! The values of variables may be secrets. They are compared, and of those of AWS's own variables only the role and the
//! region are shown.

use std::borrow::Cow;
use std::collections::BTreeMap;

use irsa::RoleArn;
use serde_json::Value;

/// A container.
#[derive(Debug, Clone)]
pub struct Container {
    /// Its name.
    pub name: String,
    env: BTreeMap<String, Option<String>>,
    /// `envFrom` may set more variables.
    pub has_env_from: bool,
    mounts: Vec<(String, String)>,
}

/// The token that a container has, by its volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenSource {
    /// Whom it is for. Empty for the API server.
    pub audience: String,
    /// How long it is good for, in seconds.
    pub lifetime: Option<u64>,
}

/// The containers of a pod: the init containers, then the others.
#[must_use]
pub fn containers(pod: &Value) -> Vec<Container> {
    let spec = pod.get("spec");
    let list =
        |key| spec.and_then(|spec| spec.get(key)).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    list("initContainers").iter().chain(list("containers")).map(Container::read).collect()
}

impl Container {
    fn read(container: &Value) -> Self {
        let list = |key| container.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let text = |value: &Value, key| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        // Of variables that are set twice, the last counts.
        let env = list("env").iter().map(|variable| {
            let is_reference = variable.get("valueFrom").is_some_and(|reference| !reference.is_null());
            (text(variable, "name"), (!is_reference).then(|| text(variable, "value")))
        });
        Self {
            name: text(container, "name"),
            env: env.collect(),
            has_env_from: !list("envFrom").is_empty(),
            mounts: list("volumeMounts").iter().map(|mount| (text(mount, "name"), text(mount, "mountPath"))).collect(),
        }
    }

    /// Whether a variable is set, and not to an empty text: SDKs take that for unset.
    #[must_use]
    pub fn sets(&self, variable: &str) -> bool {
        self.env.get(variable).is_some_and(|value| value.as_deref() != Some(""))
    }

    /// The value of a variable, where it stands in the pod.
    #[must_use]
    pub fn literal(&self, variable: &str) -> Option<&str> {
        self.env.get(variable)?.as_deref().filter(|value| !value.is_empty())
    }

    /// The role that it asks for, where that stands in the pod and can be one.
    #[must_use]
    pub fn role(&self) -> Option<&str> {
        self.literal("AWS_ROLE_ARN").filter(|role| RoleArn::new(Cow::Borrowed(role)).is_some())
    }

    /// Whether a volume is mounted where SDKs look for their files, whosever home it is.
    #[must_use]
    pub fn mounts_aws_files(&self) -> bool {
        self.mounts.iter().any(|(_, path)| path.split('/').any(|segment| segment == ".aws"))
    }

    /// Whether SDKs find the role's variables.
    #[must_use]
    pub fn has_role(&self) -> bool {
        self.sets("AWS_ROLE_ARN") && self.sets("AWS_WEB_IDENTITY_TOKEN_FILE")
    }

    /// Whether SDKs find the variables of container credentials.
    #[must_use]
    pub fn has_container_credentials(&self) -> bool {
        self.sets("AWS_CONTAINER_CREDENTIALS_FULL_URI") || self.sets("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
    }

    /// The token in the file that `AWS_WEB_IDENTITY_TOKEN_FILE` names, where the pod projects it there.
    #[must_use]
    pub fn token(&self, pod: &Value) -> Option<TokenSource> {
        let file = self.literal("AWS_WEB_IDENTITY_TOKEN_FILE")?;
        // On Windows the variable has a drive and backslashes, and the mount's path has not.
        let file = file.strip_prefix("C:").unwrap_or(file).replace('\\', "/");
        let volumes = pod.get("spec")?.get("volumes")?.as_array()?;
        self.mounts.iter().find_map(|(name, mount)| {
            let path = file.strip_prefix(mount.trim_end_matches('/'))?.strip_prefix('/')?;
            let volume = volumes.iter().find(|volume| volume.get("name").and_then(Value::as_str) == Some(name))?;
            let sources = volume.get("projected")?.get("sources")?.as_array()?;
            let mut tokens = sources.iter().filter_map(|source| source.get("serviceAccountToken"));
            let token = tokens.find(|token| token.get("path").and_then(Value::as_str) == Some(path))?;
            Some(TokenSource {
                audience: token.get("audience").and_then(Value::as_str).unwrap_or_default().to_owned(),
                // What the API server makes of a source without it.
                lifetime: token.get("expirationSeconds").map_or(Some(3600), Value::as_u64),
            })
        })
    }
}
