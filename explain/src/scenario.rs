//! Makes the scenario: the setup that the inputs describe. All steps read the scenario.

use std::borrow::Cow;

use irsa::FindingKind;
use irsa::GroupVersionKind;
use irsa::RoleArn;
use irsa::SKIP_LABEL;
use irsa::Settings;
use irsa::Workload;
use irsa::internals::Mode;
use irsa::json::{RawStr, path_text};
use serde_json::Value;

use crate::association::Association;
use crate::container::{Container, containers, ephemeral_containers};
use crate::documents::{Documents, Given, PolicyOwner, problem};
use crate::explanation::Problem;
use crate::inputs::Input;
use crate::pointer::child;
use crate::policies::{Coverage, coverage};
use crate::policy_answer::{Objects, PolicyAnswer, metadata, pod_of_template};
use crate::sdk::CONTAINER_URI;

/// The setup that the inputs describe: the pod, its service account, the settings and the policy's answer.
#[derive(Debug)]
pub struct Scenario<'d> {
    /// The inputs.
    pub documents: &'d Documents<'d>,
    /// The namespace.
    pub namespace: String,
    /// The name of the service account, if it is known.
    pub account: Option<String>,
    /// The pod: the given pod, or a pod made from the workload or the service account.
    pub subject: Option<Subject>,
    /// The policy's answer.
    pub review: Option<crate::explanation::Reviewed>,
    /// The settings. The defaults, if no settings were given or the settings can't be read.
    pub settings: Settings<'d>,
    /// The ARN of the role that the pod should have: the input `role`.
    pub expected_role: Option<String>,
    /// The EKS Pod Identity association of the service account.
    pub association: Option<&'d Association>,
    /// Whether the policy is asked about the pod.
    pub coverage: Coverage,
}

/// The pod, and the policy's answer about it.
#[derive(Debug)]
pub struct Subject {
    /// The origin of the pod.
    pub origin: Origin,
    /// The policy's answer.
    pub policy_answer: PolicyAnswer,
    /// The policy's answer for the same pod without its opt-out label. Only set if the pod opts out.
    pub account_policy_answer: Option<PolicyAnswer>,
    /// The pod as it runs, or would run. A stored pod, and a pod about which the policy is not asked, stay as given.
    /// Any other pod has what the policy would add.
    pub pod: Value,
    /// The pod with everything that the policy would add now in mode `Mutate`, even if the settings choose another
    /// mode.
    pub expected: Value,
    /// Whether the policy would add something now in mode `Mutate`.
    pub would_add: bool,
    /// The containers to explain: all except ephemeral containers, or only the chosen container.
    pub containers: Vec<Container>,
    /// The names of the pod's ephemeral containers to explain.
    pub ephemeral: Vec<String>,
}

/// Where a pod comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The pod is not created yet.
    New,
    /// The pod was read from the cluster, so it is the pod after all webhooks.
    Stored,
    /// A workload creates the pod from a template.
    Template {
        /// The path of the template, for messages.
        path: String,
        /// The JSON pointer of the template in the workload.
        pointer: String,
        /// How many templates the workload has.
        count: usize,
    },
    /// Only a service account was given: the pod stands for any pod of that account.
    Account,
}

impl<'d> Scenario<'d> {
    /// Whether the role's AWS account has an identity provider for the issuer with this URL, without `https://`. `None`
    /// if the inputs do not show it.
    pub fn has_provider(&self, url: &str, account: Option<&str>) -> Option<bool> {
        match &self.documents.provider {
            Given::Present(providers) => providers.has(url, account),
            Given::NotFound => Some(false),
            Given::Missing | Given::Unreadable => None,
        }
    }

    /// Makes the scenario from the inputs.
    pub fn new(documents: &'d Documents<'d>, problems: &mut Vec<Problem>) -> Self {
        let settings = documents.settings.get().cloned().unwrap_or_default();
        let account = documents.service_account.get();
        let made = pod(documents, &settings, problems);
        let namespace = documents.namespace.map(str::to_owned).or_else(|| {
            let objects = [made.as_ref().map(|(_, _, pod)| pod), documents.workload.get().map(|(_, it)| it), account];
            objects.into_iter().flatten().find_map(|object| metadata(object, "namespace")).map(str::to_owned)
        });
        let namespace = namespace.unwrap_or_else(|| "default".to_owned());
        if !irsa::internals::is_dns_label(&namespace) {
            problems.push(problem(Input::Namespace, "expected the name of a namespace".to_owned()));
        }
        let objects = Objects::new(&documents.service_account, &documents.config_map);
        let made = made.or_else(|| pod_of_account(account?));
        let policies = documents.policies.get().map(Vec::as_slice);
        let coverage = match (&made, &documents.policies) {
            (_, Given::Unreadable) => Coverage::Unknown(documents.policies.lack(Input::Policies)),
            (_, Given::Missing) if settings.mode == Mode::Validate => Coverage::ByOther(
                "the setting `mode` is `Validate`, so the policy only checks pods; another webhook has to inject the role, such as AWS's webhook on EKS",
            ),
            (Some((_, _, pod)), _) => coverage(policies, &namespace, pod),
            (None, _) => coverage(policies, &namespace, &Value::Null),
        };
        let subject = made.map(|(origin, text, pod)| {
            let text = text.map_or_else(|| pod.to_string(), str::to_owned);
            // A policy that only checks does not inject. So for a pod that is not created yet, the other webhook is
            // assumed to inject what the policy would inject.
            let mut settings = settings.clone();
            if origin != Origin::Stored {
                settings.mode = Mode::Mutate;
            }
            let policy_answer = PolicyAnswer::of_pod(&text, &pod, &namespace, &settings, &objects);
            let account_policy_answer = policy_answer.first(&[FindingKind::OptedOut]).map(|_| {
                let pod = without_skip_label(&pod);
                PolicyAnswer::of_pod(&pod.to_string(), &pod, &namespace, &settings, &objects)
            });
            if let Some(unreadable) = &policy_answer.unreadable {
                let input = if matches!(origin, Origin::Template { .. }) { Input::Workload } else { Input::Pod };
                problems.push(problem(input, unreadable.clone()));
            }
            let mutating = (settings.mode == Mode::Validate && origin == Origin::Stored).then(|| {
                let mut settings = settings.clone();
                settings.mode = Mode::Mutate;
                PolicyAnswer::of_pod(&text, &pod, &namespace, &settings, &objects)
            });
            let mutating = mutating.as_ref().unwrap_or(&policy_answer);
            let (expected, would_add) = (mutating.pod.clone(), mutating.adds);
            let is_as_given = origin == Origin::Stored || matches!(coverage, Coverage::NotAsked(_));
            let pod = if is_as_given { pod } else { expected.clone() };
            let (containers, ephemeral) = (containers(&pod), ephemeral_containers(&pod));
            let mut subject = Subject {
                origin,
                policy_answer,
                account_policy_answer,
                pod,
                expected,
                would_add,
                containers,
                ephemeral,
            };
            if let Some(name) = documents.container {
                subject.choose(name, problems);
            }
            subject
        });
        let review = match (&subject, account) {
            (Some(Subject { origin: Origin::Account, .. }) | None, Some(account)) => {
                Some(PolicyAnswer::of_account(account, &namespace, &settings))
            }
            (Some(subject), _) => subject.policy_answer.answer.clone(),
            (None, None) => None,
        };
        let account = match &subject {
            Some(Subject { origin: Origin::Account, .. }) | None => account.and_then(|it| metadata(it, "name")),
            Some(subject) => Some(service_account_of(&subject.pod)),
        };
        let association = account.and_then(|account| {
            let mut all = documents.associations.get().into_iter().flatten();
            all.find(|it| it.namespace == namespace && it.service_account == account)
        });
        let expected_role = expected_role(documents, problems);
        let account = account.map(str::to_owned);
        Self { documents, namespace, account, subject, review, settings, expected_role, association, coverage }
    }

    /// Returns the `sub` of the account's tokens. `None` if the account is not known.
    pub fn subject_claim(&self) -> Option<String> {
        let account = self.account.as_ref()?;
        Some(format!("system:serviceaccount:{}:{account}", self.namespace))
    }

    /// Returns the policy's answer about the account and its role, even if the pod opts out.
    pub fn of_account(&self) -> Option<&PolicyAnswer> {
        let subject = self.subject.as_ref()?;
        Some(subject.account_policy_answer.as_ref().unwrap_or(&subject.policy_answer))
    }

    /// Returns the pod, if a pod or a workload was given. `None` if only a service account was given.
    pub fn has_pod(&self) -> Option<&Subject> {
        self.subject.as_ref().filter(|subject| subject.origin != Origin::Account)
    }

    /// Returns why the environment of the pod's containers is not known. `None` if it is known.
    pub fn why_unknown(&self) -> Option<String> {
        let documents = self.documents;
        let Some(subject) = self.has_pod() else {
            return Some(match (&documents.pod, &documents.workload) {
                (Given::Missing, Given::Unreadable | Given::Present(_)) => {
                    Given::<()>::Unreadable.lack(Input::Workload)
                }
                (pod, _) => pod.lack(Input::Pod),
            });
        };
        match (&documents.settings, subject.policy_answer.lacking) {
            _ if subject.origin == Origin::Stored => None,
            (Given::Unreadable, _) => Some(documents.settings.lack(Input::Settings)),
            (_, Some(Input::ConfigMap)) => Some(documents.config_map.lack(Input::ConfigMap)),
            (_, Some(_)) => Some(documents.service_account.lack(Input::ServiceAccount)),
            (_, None) => None,
        }
    }

    /// Whether the pod gets its role by EKS Pod Identity, and not by web identity (IRSA).
    pub fn has_container_credentials(&self) -> bool {
        let of_account = self.of_account();
        of_account.is_some_and(|policy_answer| policy_answer.source.as_deref() == Some("container-credentials"))
            || of_account.is_none_or(|policy_answer| policy_answer.role.is_none())
                && (self.has_own_container_credentials() || self.association.is_some() && !self.has_web_identity())
    }

    /// Whether a container has the variables of web identity.
    pub fn has_web_identity(&self) -> bool {
        self.has_pod().is_some_and(|subject| subject.containers.iter().any(Container::has_role))
    }

    /// Whether a container has the variable of container credentials that EKS's own webhook sets, and no container has
    /// a role.
    fn has_own_container_credentials(&self) -> bool {
        self.has_pod().filter(|_| self.why_unknown().is_none()).is_some_and(|subject| {
            subject.containers.iter().any(|container| container.sets(CONTAINER_URI))
                && !subject.containers.iter().any(Container::has_role)
        })
    }

    /// Returns the role that the containers request: the role in their environment, else the account's role, else the
    /// expected role, else the role of the trust policy.
    pub fn role(&self) -> Option<String> {
        self.own_role().or_else(|| self.named_role())
    }

    /// Returns the role that the pod probably should have: the expected role, else the role of the trust policy. If
    /// several pods are explained, the role of the trust policy is not used, because it may be the role of another pod.
    pub fn named_role(&self) -> Option<String> {
        let of_policy = || self.trust_role().filter(|_| !self.documents.is_one_of_several);
        self.expected_role.as_deref().or_else(of_policy).map(str::to_owned)
    }

    /// Returns the ARN of the role whose trust policy was given, if the input contains the ARN or the trust policy
    /// belongs to the role of other pods. The user may have given the trust policy of a role that the pod should not
    /// have.
    pub fn trust_role(&self) -> Option<&str> {
        let of_other_pods = match &self.documents.policy_owner {
            PolicyOwner::Other(role) => Some(role.as_str()),
            PolicyOwner::Pod | PolicyOwner::Unknown => None,
        };
        self.documents.trust_policy.get()?.role.as_deref().or(of_other_pods)
    }

    /// Returns the role to which the trust policy belongs: the ARN in the input, else the expected role.
    pub fn policy_role(&self) -> Option<&str> {
        self.trust_role().or(self.expected_role.as_deref())
    }

    /// Returns the role that the containers request: the role in their environment, else the account's role. `None` if
    /// the role is not known or does not exist.
    pub fn own_role(&self) -> Option<String> {
        let of_containers = self.has_pod().and_then(|subject| {
            let mut with_role = subject.containers.iter().filter(|container| container.has_role());
            with_role.find_map(Container::role)
        });
        let of_account = || self.of_account().and_then(|policy_answer| policy_answer.role.as_deref());
        of_containers.or_else(of_account).map(str::to_owned)
    }

    /// If the given trust policy belongs to a role that is neither the pod's role nor the expected role, returns the
    /// pod's role, else the expected role. Otherwise `None`.
    pub fn role_of_other_policy(&self) -> Option<String> {
        let own = self.own_role().or_else(|| self.expected_role.clone())?;
        RoleArn::new(Cow::Borrowed(&own)).ok()?;
        let given = self.trust_role()?;
        (given != own && self.expected_role.as_deref() != Some(given)).then_some(own)
    }

    /// Returns the audience that the pod's token has, or would have. The audience may be empty. `None` if the audience
    /// is not known.
    pub fn audience(&self) -> Option<String> {
        let has_settings = !matches!(self.documents.settings, Given::Unreadable);
        let is_stored = self.subject.as_ref().is_some_and(|subject| subject.origin == Origin::Stored);
        if !has_settings && !is_stored {
            return None;
        }
        let of_volume = self.subject.as_ref().and_then(|subject| {
            subject.containers.iter().find_map(|container| container.token(&subject.pod)).map(|token| token.audience)
        });
        of_volume.or_else(|| {
            let account = self.documents.service_account.get().filter(|_| has_settings)?;
            let key = format!("{}/{}", self.settings.annotation_prefix, irsa::internals::AUDIENCE);
            let annotated = account.get("metadata")?.get("annotations").and_then(|annotations| annotations.get(&key));
            Some(annotated.and_then(Value::as_str).unwrap_or(&self.settings.token_audience).to_owned())
        })
    }
}

impl Subject {
    /// Keeps only the container of this name. Removes the findings about other containers.
    fn choose(&mut self, name: &str, problems: &mut Vec<Problem>) {
        let all: Vec<String> = self.containers.iter().map(|container| container.name.clone()).collect();
        let is_known = all.iter().chain(&self.ephemeral).any(|other| other == name);
        if !is_known {
            let message = format!("expected a container of the pod, `{}`, but got `{name}`", all.join("` or `"));
            problems.push(problem(Input::Container, message));
            return;
        }
        self.containers.retain(|container| container.name == name);
        self.ephemeral.retain(|container| container == name);
        for answer in [Some(&mut self.policy_answer), self.account_policy_answer.as_mut()].into_iter().flatten() {
            answer.only_about(name);
        }
    }
}

/// Returns the name of the service account that a pod runs as: `serviceAccountName`, else the deprecated
/// `serviceAccount`, else `default`.
#[must_use]
pub fn service_account_of(pod: &Value) -> &str {
    let name = |key| pod.get("spec")?.get(key)?.as_str().filter(|name| !name.is_empty());
    name("serviceAccountName").or_else(|| name("serviceAccount")).unwrap_or("default")
}

/// Returns the role that the pod should have: the input `role`.
fn expected_role(documents: &Documents<'_>, problems: &mut Vec<Problem>) -> Option<String> {
    let role = documents.role?;
    if RoleArn::new(Cow::Borrowed(role)).is_ok() {
        return Some(role.to_owned());
    }
    let message = "expected the ARN of a role, such as `arn:aws:iam::111122223333:role/NAME`";
    problems.push(problem(Input::Role, message.to_owned()));
    None
}

type Made<'d> = (Origin, Option<&'d str>, Value);

fn pod<'d>(documents: &'d Documents<'d>, settings: &Settings<'_>, problems: &mut Vec<Problem>) -> Option<Made<'d>> {
    if let Some((text, pod)) = documents.pod.get() {
        let origin = if metadata(pod, "uid").is_some() { Origin::Stored } else { Origin::New };
        return Some((origin, Some(text), pod.clone()));
    }
    let (text, workload) = documents.workload.get()?;
    let account = documents.service_account.get();
    let namespace = documents.namespace.or_else(|| metadata(workload, "namespace"));
    let namespace = namespace.or_else(|| metadata(account?, "namespace")).unwrap_or("default");
    match template(text, workload, settings, documents.template) {
        Ok(Template { path, pointer, count, value }) => {
            Some((Origin::Template { path, pointer, count }, None, pod_of_template(&value, namespace)))
        }
        Err(message) => {
            problems.push(problem(Input::Workload, message));
            None
        }
    }
}

/// Whether the object (JSON) is of a kind that creates pods: a built-in kind of Kubernetes, or a kind that the policy's
/// settings (JSON) name in `customWorkloads`.
#[must_use]
pub fn makes_pods(object: &str, settings: Option<&str>) -> bool {
    let settings = settings.and_then(|settings| Settings::parse(settings).ok()).unwrap_or_default();
    serde_json::from_str(object).is_ok_and(|object: Value| workload_of(&object, &settings).is_ok())
}

/// Returns the paths of the pod templates in a workload (JSON). Their positions are the values of
/// [`Inputs::template`](crate::Inputs::template). Empty if the object has no pod template, or is not a workload.
#[must_use]
pub fn pod_templates(workload: &str, settings: Option<&str>) -> Vec<String> {
    let settings = settings.and_then(|settings| Settings::parse(settings).ok()).unwrap_or_default();
    let Ok(object) = serde_json::from_str::<Value>(workload) else { return Vec::new() };
    let templates =
        workload_of(&object, &settings).and_then(|it| it.templates(workload).map_err(|error| error.to_string()));
    templates.map(|templates| templates.iter().map(|template| path_text(&template.path)).collect()).unwrap_or_default()
}

/// Returns the pod template at a position of a workload (JSON). `None` if the workload has no such template.
pub fn template_value(workload: &str, settings: Option<&str>, position: usize) -> Option<Value> {
    let settings = settings.and_then(|settings| Settings::parse(settings).ok()).unwrap_or_default();
    let object = serde_json::from_str(workload).ok()?;
    Some(template(workload, &object, &settings, position).ok()?.value)
}

/// A pod template of a workload.
struct Template {
    path: String,
    /// The JSON pointer of the template.
    pointer: String,
    /// How many templates the workload has.
    count: usize,
    value: Value,
}

/// Returns the pod template at a position. Fails if the object is not a workload or has no such template.
fn template(text: &str, workload: &Value, settings: &Settings<'_>, position: usize) -> Result<Template, String> {
    let templates = workload_of(workload, settings)?.templates(text).map_err(|error| error.to_string())?;
    let count = templates.len();
    let Some(template) = templates.get(position) else {
        return Err(match count {
            0 => "the workload has no pod template".to_owned(),
            count => format!(
                "expected a position below {count}, the number of the workload's pod templates, but got {position}"
            ),
        });
    };
    let value = template.path.iter().try_fold(workload, |value, segment| match segment {
        irsa::json::Segment::Key(key) => value.get(key),
        irsa::json::Segment::Index(index) => value.get(index),
    });
    let pointer = template.path.iter().fold(String::new(), |pointer, segment| match segment {
        irsa::json::Segment::Key(key) => child(&pointer, key),
        irsa::json::Segment::Index(index) => child(&pointer, &index.to_string()),
    });
    Ok(Template { path: path_text(&template.path), pointer, count, value: value.cloned().unwrap_or_default() })
}

/// Finds the kind of workload that the object is. Fails if the object is not a known workload.
fn workload_of<'s>(workload: &Value, settings: &'s Settings<'s>) -> Result<Workload<'s>, String> {
    let api_version = workload.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
    let kind = workload.get("kind").and_then(Value::as_str).unwrap_or_default();
    if kind.ends_with("List") && workload.get("items").is_some() {
        return Err(format!("a {kind} is not a workload: use one of its objects"));
    }
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let none = || {
        format!(
            "`{kind}` of `{api_version}` is not a workload that is known to create pods: name its pod templates in the setting `customWorkloads`, or use one of its pods"
        )
    };
    let kind =
        GroupVersionKind { group: RawStr::Plain(group), version: RawStr::Plain(version), kind: RawStr::Plain(kind) };
    Workload::of_kind(&kind, settings).ok_or_else(none)
}

/// Makes a pod that runs as the account, with one container that sets nothing.
fn pod_of_account<'d>(account: &Value) -> Option<Made<'d>> {
    let name = metadata(account, "name")?;
    let template = serde_json::json!({"spec": {"serviceAccountName": name, "containers": [{"name": "any"}]}});
    let namespace = metadata(account, "namespace").unwrap_or("default");
    Some((Origin::Account, None, pod_of_template(&template, namespace)))
}

fn without_skip_label(pod: &Value) -> Value {
    let mut pod = pod.clone();
    if let Some(labels) = pod.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
        labels.remove(SKIP_LABEL);
    }
    pod
}
