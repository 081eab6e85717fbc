//! A model of the policy: derives the policy's pod from the webhook's pod and the documented differences.
//!
//! The model shares no code with the policy. It covers only what the golden cases need.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Case, Configuration};

/// A documented difference from the webhook, which at least one golden case shows. `golden/README.md` describes each
/// difference, and the golden files contain its number.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(try_from = "u8")]
pub enum Difference {
    /// A malformed role ARN is rejected.
    MalformedRole = 2,
    /// An empty audience is rejected.
    EmptyAudience = 3,
    /// Another volume at the mount path is rejected, unless this volume contains the token.
    TakenMountPath = 4,
    /// Another volume with the token volume's name is rejected.
    TakenVolumeName = 5,
    /// The mount is added although the container already mounts the volume at another path.
    AdditionalMount = 6,
    /// Names in `skip-containers` are trimmed, and an invalid record produces a warning.
    SkipContainers = 7,
    /// No volume is added if no container gets the mount.
    NoUnusedVolume = 8,
    /// A pod with `spec.os.name: windows` is treated as a Windows pod.
    WindowsByOs = 11,
}

impl Difference {
    /// All differences that this model covers.
    pub const ALL: [Self; 8] = [
        Self::MalformedRole,
        Self::EmptyAudience,
        Self::TakenMountPath,
        Self::TakenVolumeName,
        Self::AdditionalMount,
        Self::SkipContainers,
        Self::NoUnusedVolume,
        Self::WindowsByOs,
    ];
}

impl TryFrom<u8> for Difference {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|difference| *difference as u8 == number);
        known.ok_or_else(|| format!("expected the number of a difference in golden/README.md, but got {number}"))
    }
}

/// The expected result of a case.
pub struct Expectation {
    /// The decision.
    pub outcome: Outcome,
    /// Findings that must be among the warnings.
    pub warnings: Vec<&'static str>,
    /// The differences from the webhook that the case shows.
    pub reasons: BTreeSet<Difference>,
}

/// A decision.
pub enum Outcome {
    /// Rejected for at least these findings.
    Rejected(Vec<&'static str>),
    /// Accepted. The result is this pod.
    Pod(Value),
}

/// Derives the expected result of a case.
pub fn expectation(configuration: &Configuration, case: &Case) -> Result<Expectation> {
    let request: Value = serde_json::from_str(case.request.get())?;
    let before = &request["object"];
    let mut model = Model {
        before,
        pod: case.webhook.as_ref().unwrap_or(before).clone(),
        rejections: Vec::new(),
        warnings: Vec::new(),
        reasons: BTreeSet::new(),
    };
    if let Some(injection) = Injection::of(configuration, &request)?
        && before.pointer("/metadata/labels/eks.amazonaws.com~1skip-pod-identity-webhook").is_none()
    {
        model.check_role_and_audience(&injection);
        // Without an audience, nothing is injected, so the pod's volumes and mounts can't conflict.
        if !injection.audience.is_empty() {
            model.check_volume(&injection);
            let skipped = model.skipped(&configuration.prefix());
            model.restore(&skipped);
            model.correct_mounts(&injection, &skipped);
            model.correct_volumes(&injection);
            model.correct_paths(&injection);
        }
    }
    Ok(Expectation {
        outcome: if model.rejections.is_empty() {
            Outcome::Pod(model.pod)
        } else {
            Outcome::Rejected(model.rejections)
        },
        warnings: model.warnings,
        reasons: model.reasons,
    })
}

/// The values that the webhook injects for a pod's service account.
pub struct Injection {
    /// The role. `None` for container credentials, which use no role.
    pub role: Option<String>,
    /// The token's audience.
    pub audience: String,
    /// The name of the token's volume.
    pub volume: &'static str,
    mount_path: String,
    /// The name of the token's file in the mount path.
    pub file: &'static str,
    /// The two credential variables. If the container sets either, the policy sets neither.
    pub pair: [&'static str; 2],
    /// The token's lifetime in seconds, if the pod does not set it.
    pub lifetime: i64,
    /// Whether `AWS_STS_REGIONAL_ENDPOINTS=regional` is set.
    pub regional_sts: bool,
}

/// The values from an annotated account or from an entry of the ConfigMap.
struct Source {
    role: Option<String>,
    audience: Option<String>,
    lifetime: i64,
    regional_sts: bool,
}

impl Injection {
    /// Returns the values to inject for the service account of the request's pod. `None` if the account has no role.
    pub fn of(configuration: &Configuration, request: &Value) -> Result<Option<Self>> {
        let settings = &configuration.settings;
        let namespace = request["namespace"].as_str().context("there is no namespace")?;
        let name = request["object"]["spec"]["serviceAccountName"].as_str().unwrap_or("default");
        let account = format!("{namespace}/{name}");
        let annotated = configuration.annotated(namespace, name)?;
        let listed = settings.pointer("/containerCredentials/serviceAccounts").and_then(Value::as_array);
        if listed.is_some_and(|listed| listed.iter().any(|listed| *listed == account.as_str())) {
            return Ok(Some(Self {
                role: None,
                audience: "pods.eks.amazonaws.com".to_owned(),
                volume: "eks-pod-identity-token",
                mount_path: "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount".to_owned(),
                file: "eks-pod-identity-token",
                pair: ["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"],
                lifetime: annotated.lifetime,
                regional_sts: annotated.regional_sts,
            }));
        }
        let source = if annotated.role.is_some() { Some(annotated) } else { configuration.mapped(namespace, name)? };
        let Some(Source { role: Some(role), audience, lifetime, regional_sts }) = source else { return Ok(None) };
        let setting = |key, default| settings[key].as_str().unwrap_or(default).to_owned();
        Ok(Some(Self {
            role: Some(configuration.whole_role(role)),
            audience: audience.unwrap_or_else(|| setting("tokenAudience", "sts.amazonaws.com")),
            volume: "aws-iam-token",
            mount_path: setting("tokenMountPath", "/var/run/secrets/eks.amazonaws.com/serviceaccount"),
            file: "token",
            pair: ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"],
            lifetime,
            regional_sts,
        }))
    }

    /// The path of the token's file in a container.
    #[must_use]
    pub fn file_path(&self, is_windows: bool) -> String {
        let path = format!("{}/{}", self.mount_path, self.file);
        if is_windows { format!("C:{}", path.replace('/', "\\")) } else { path }
    }

    fn is_token(&self, volume: &Value) -> bool {
        let sources = volume.pointer("/projected/sources").and_then(Value::as_array);
        let Some([source]) = sources.map(Vec::as_slice) else { return false };
        let token = &source["serviceAccountToken"];
        token["path"] == self.file && token["audience"] == self.audience.as_str()
    }

    /// The mount of the token's volume.
    #[must_use]
    pub fn mount(&self) -> Value {
        json!({"name": self.volume, "readOnly": true, "mountPath": self.mount_path})
    }
}

impl Configuration {
    /// The prefix of the annotation keys.
    #[must_use]
    pub fn prefix(&self) -> String {
        self.settings["annotationPrefix"].as_str().unwrap_or("eks.amazonaws.com").to_owned()
    }

    /// Reads the annotations of a service account.
    fn annotated(&self, namespace: &str, name: &str) -> Result<Source> {
        let account = self
            .service_accounts
            .iter()
            .find(|account| account["metadata"]["namespace"] == namespace && account["metadata"]["name"] == name);
        let account = account.context("the service account does not exist")?;
        let annotation = |key: &str| {
            let value = account["metadata"]["annotations"][format!("{}/{key}", self.prefix())].as_str();
            value.map(str::to_owned)
        };
        let regional_sts = match annotation("sts-regional-endpoints").as_deref() {
            Some("1" | "t" | "T" | "true" | "TRUE" | "True") => true,
            Some("0" | "f" | "F" | "false" | "FALSE" | "False") => false,
            _ => self.settings["regionalStsEndpoints"] == true,
        };
        let lifetime = annotation("token-expiration").and_then(|text| text.parse::<i64>().ok());
        Ok(Source {
            role: annotation("role-arn").filter(|role| !role.is_empty()),
            audience: annotation("audience"),
            lifetime: lifetime.map_or(self.lifetime(), |seconds| seconds.max(600)),
            regional_sts,
        })
    }

    /// Reads the entry of kOps's ConfigMap for a service account. `None` if there is no entry.
    fn mapped(&self, namespace: &str, name: &str) -> Result<Option<Source>> {
        let Some(config) = self.config_maps.first().and_then(|map| map["data"]["config"].as_str()) else {
            return Ok(None);
        };
        let entries: BTreeMap<String, Value> = serde_json::from_str(config)?;
        let entry = entries.get(&format!("{namespace}/{name}")).or_else(|| entries.get(&format!("*/{name}")));
        Ok(entry.map(|entry| Source {
            role: entry["RoleARN"].as_str().map(str::to_owned),
            audience: entry["Audience"].as_str().map(str::to_owned),
            lifetime: entry["TokenExpiration"].as_i64().unwrap_or(self.lifetime()),
            regional_sts: entry["UseRegionalSTS"] == true,
        }))
    }

    fn lifetime(&self) -> i64 {
        self.settings["tokenExpirationSeconds"].as_i64().unwrap_or(86_400)
    }

    fn whole_role(&self, role: String) -> String {
        let compose = &self.settings["composeRoleArn"];
        match (compose["partition"].as_str(), compose["accountId"].as_str()) {
            (Some(partition), Some(account)) if !role.starts_with("arn:") => {
                format!("arn:{partition}:iam::{account}:role/{role}")
            }
            _ => role,
        }
    }
}

struct Model<'a> {
    /// The pod in the request.
    before: &'a Value,
    /// The webhook's pod. Each step changes it toward the policy's pod.
    pod: Value,
    rejections: Vec<&'static str>,
    warnings: Vec<&'static str>,
    reasons: BTreeSet<Difference>,
}

impl Model<'_> {
    fn reject(&mut self, difference: Difference, finding: &'static str) {
        self.reasons.insert(difference);
        if !self.rejections.contains(&finding) {
            self.rejections.push(finding);
        }
    }

    fn check_role_and_audience(&mut self, injection: &Injection) {
        if injection.role.as_deref().is_some_and(|role| !is_role_arn(role)) {
            self.reject(Difference::MalformedRole, "invalidRoleArn");
        }
        if injection.audience.is_empty() {
            self.reject(Difference::EmptyAudience, "invalidAudience");
        }
    }

    fn check_volume(&mut self, injection: &Injection) {
        let volumes = items(self.before, "volumes");
        if volumes.iter().any(|volume| volume["name"] == injection.volume && !injection.is_token(volume)) {
            self.reject(Difference::TakenVolumeName, "conflictingVolume");
        }
    }

    /// The names in the pod's `skip-containers`: the fields of the first CSV record, trimmed.
    fn skipped(&mut self, prefix: &str) -> Vec<String> {
        let annotation = &self.before["metadata"]["annotations"][format!("{prefix}/skip-containers")];
        let Some(record) = annotation.as_str().and_then(|text| text.lines().next()) else {
            return Vec::new();
        };
        let names: Option<Vec<String>> = record
            .split(',')
            .map(|field| {
                let quoted = field.strip_prefix('"').and_then(|field| field.strip_suffix('"'));
                let name = quoted.unwrap_or(field);
                (!name.contains('"')).then(|| name.trim().to_owned())
            })
            .collect();
        if names.is_none() {
            self.reasons.insert(Difference::SkipContainers);
            self.warnings.push("invalidSkipContainers");
        }
        names.unwrap_or_default()
    }

    /// Reverts the webhook's changes to skipped containers.
    fn restore(&mut self, skipped: &[String]) {
        for (list, index, before) in containers(self.before) {
            let container = &mut self.pod["spec"][list][index];
            if skipped.iter().any(|name| before["name"] == name.as_str()) && container != before {
                *container = before.clone();
                self.reasons.insert(Difference::SkipContainers);
            }
        }
    }

    fn correct_mounts(&mut self, injection: &Injection, skipped: &[String]) {
        for (list, index, before) in containers(self.before) {
            let is_skipped = skipped.iter().any(|name| before["name"] == name.as_str());
            if is_skipped || is_left_alone(before, injection) {
                continue;
            }
            let container = &mut self.pod["spec"][list][index];
            let own: Vec<&Value> = before["volumeMounts"].as_array().into_iter().flatten().collect();
            let is_ours = |mount: &Value| *mount == injection.mount();
            match own.iter().find(|mount| is_at(mount, &injection.mount_path)) {
                None => {
                    if !container["volumeMounts"].as_array().is_some_and(|mounts| mounts.iter().any(is_ours)) {
                        append(container, "volumeMounts", injection.mount());
                        self.reasons.insert(Difference::AdditionalMount);
                    }
                }
                Some(mount) if mount["name"] == injection.volume => {}
                Some(mount) => {
                    if let Some(mounts) = container["volumeMounts"].as_array_mut() {
                        mounts.retain(|mount| !is_ours(mount));
                    }
                    self.reasons.insert(Difference::TakenMountPath);
                    let volumes = items(self.before, "volumes");
                    let volume = volumes.iter().find(|volume| volume["name"] == mount["name"]);
                    if !volume.is_some_and(|volume| injection.is_token(volume)) {
                        self.reject(Difference::TakenMountPath, "conflictingMount");
                    }
                }
            }
        }
    }

    /// Removes a volume that the webhook added but no container mounts.
    fn correct_volumes(&mut self, injection: &Injection) {
        let mount = injection.mount();
        let had = |container: &Value| container["volumeMounts"].as_array().is_some_and(|own| own.contains(&mount));
        let needed =
            containers(self.before).any(|(list, index, before)| had(&self.pod["spec"][list][index]) && !had(before));
        let before = items(self.before, "volumes");
        let added = items(&self.pod, "volumes").len() > before.len();
        if added && !needed {
            self.pod["spec"]["volumes"] = self.before["spec"]["volumes"].clone();
            if before.is_empty() {
                self.pod["spec"].as_object_mut().and_then(|spec| spec.remove("volumes"));
            }
            self.reasons.insert(Difference::NoUnusedVolume);
        }
    }

    /// Replaces the webhook's Unix path of the token file with the Windows path, if `spec.os` says that the pod runs on
    /// Windows.
    fn correct_paths(&mut self, injection: &Injection) {
        if self.before["spec"]["os"]["name"] != "windows" {
            return;
        }
        let unix = injection.file_path(false);
        let windows = injection.file_path(true);
        for (list, index, before) in containers(self.before) {
            let own = before["env"].as_array().map_or(0, Vec::len);
            let variables = self.pod["spec"][list][index].get_mut("env").and_then(Value::as_array_mut);
            for variable in variables.into_iter().flatten().skip(own) {
                if variable["name"] == injection.pair[1] && variable["value"] == unix.as_str() {
                    variable["value"] = Value::from(windows.as_str());
                    self.reasons.insert(Difference::WindowsByOs);
                }
            }
        }
    }
}

/// Every container, with the name of its array and its index. Init containers come first.
fn containers(pod: &Value) -> impl Iterator<Item = (&'static str, usize, &Value)> {
    ["initContainers", "containers"]
        .into_iter()
        .flat_map(|list| items(pod, list).iter().enumerate().map(move |(index, one)| (list, index, one)))
}

fn items<'a>(pod: &'a Value, list: &str) -> &'a [Value] {
    pod["spec"][list].as_array().map_or(&[], Vec::as_slice)
}

/// Appends to an array in a container. Creates the array if it is missing.
fn append(container: &mut Value, list: &str, item: Value) {
    match &mut container[list] {
        Value::Array(items) => items.push(item),
        missing => *missing = Value::Array(vec![item]),
    }
}

fn is_left_alone(container: &Value, injection: &Injection) -> bool {
    let names: Vec<&str> =
        container["env"].as_array().into_iter().flatten().filter_map(|variable| variable["name"].as_str()).collect();
    let has_one_of = |wanted: &[&str]| wanted.iter().any(|name| names.contains(name));
    has_one_of(&injection.pair)
        && has_one_of(&["AWS_REGION", "AWS_DEFAULT_REGION"])
        && has_one_of(&["AWS_STS_REGIONAL_ENDPOINTS"])
}

fn is_at(mount: &Value, path: &str) -> bool {
    mount["mountPath"].as_str().is_some_and(|own| own.trim_end_matches('/') == path)
}

/// `arn:aws…:iam::<12 digits>:role/[path/]name`, according to IAM's rules.
fn is_role_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let ["arn", partition, "iam", "", account, resource] = parts.as_slice() else { return false };
    let Some(name) = resource.strip_prefix("role/") else { return false };
    partition.starts_with("aws")
        && account.len() == 12
        && account.bytes().all(|byte| byte.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@/-".contains(&byte))
        && name.split('/').all(|segment| !segment.is_empty())
        && name.rsplit('/').next().is_some_and(|name| name.len() <= 64)
}
