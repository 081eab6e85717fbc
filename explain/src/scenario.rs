//! The scenario: what follows from the inputs for all steps.

use std::borrow::Cow;

use irsa::FindingKind;
use irsa::GroupVersionKind;
use irsa::RoleArn;
use irsa::SKIP_LABEL;
use irsa::Settings;
use irsa::Workload;
use irsa::json::path_text;
use serde_json::Value;

use crate::association::Association;
use crate::container::{Container, containers};
use crate::documents::{Documents, Given, problem};
use crate::explanation::Problem;
use crate::inputs::Input;
use crate::policy_answer::{Objects, PolicyAnswer, metadata, pod_of_template};

/// A scenario.
#[derive(Debug)]
pub struct Scenario<'d> {
    /// The inputs.
    pub documents: &'d Documents<'d>,
    /// The namespace.
    pub namespace: String,
    /// The name of the service account, where it is known.
    pub account: Option<String>,
    /// The pod, where one was given or made of a workload or an account.
    pub subject: Option<Subject>,
    /// What the policy answers.
    pub review: Option<crate::explanation::Reviewed>,
    /// The settings, or the defaults.
    pub settings: Settings<'d>,
    /// The ARN of the role that the pod should have, if the user gave it, or that of the trust policy.
    pub expected_role: Option<String>,
    /// The EKS Pod Identity association of the service account.
    pub association: Option<&'d Association>,
}

/// The pod, and what the policy makes of it.
#[derive(Debug)]
pub struct Subject {
    /// Where it comes from.
    pub origin: Origin,
    /// What the policy makes of it.
    pub policy_answer: PolicyAnswer,
    /// What it would make of it, did it not opt out. Else the same.
    pub account_policy_answer: Option<PolicyAnswer>,
    /// The pod that runs: with what is injected, where it is yet to be created.
    pub pod: Value,
    /// Its containers.
    pub containers: Vec<Container>,
}

/// Where a pod comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// It is yet to be created.
    New,
    /// The cluster stores it: it is as it runs.
    Stored,
    /// A workload makes it, by the template at this path, of so many.
    Template(String, usize),
    /// There is only a service account: any pod of it.
    Account,
}

impl<'d> Scenario<'d> {
    /// The scenario of these inputs.
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
        let subject = made.map(|(origin, text, pod)| {
            let text = text.map_or_else(|| pod.to_string(), str::to_owned);
            let policy_answer = PolicyAnswer::of_pod(&text, &pod, &namespace, &settings, &objects);
            let account_policy_answer = policy_answer.first(&[FindingKind::OptedOut]).map(|_| {
                let pod = without_skip_label(&pod);
                PolicyAnswer::of_pod(&pod.to_string(), &pod, &namespace, &settings, &objects)
            });
            if let Some(unreadable) = &policy_answer.unreadable {
                let input = if matches!(origin, Origin::Template(..)) { Input::Workload } else { Input::Pod };
                problems.push(problem(input, unreadable.clone()));
            }
            let pod = if origin == Origin::Stored { pod } else { policy_answer.pod.clone() };
            Subject { containers: containers(&pod), origin, policy_answer, account_policy_answer, pod }
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
        Self { documents, namespace, account, subject, review, settings, expected_role, association }
    }

    /// The subject of the account's tokens.
    pub fn subject_claim(&self) -> Option<String> {
        let account = self.account.as_ref()?;
        Some(format!("system:serviceaccount:{}:{account}", self.namespace))
    }

    /// What the policy finds of the account and of its role, even where the pod opts out.
    pub fn of_account(&self) -> Option<&PolicyAnswer> {
        let subject = self.subject.as_ref()?;
        Some(subject.account_policy_answer.as_ref().unwrap_or(&subject.policy_answer))
    }

    /// A pod was given, or something that makes one.
    pub fn has_pod(&self) -> Option<&Subject> {
        self.subject.as_ref().filter(|subject| subject.origin != Origin::Account)
    }

    /// Why it is not known what the pod's containers hold, where it is not.
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

    /// Whether the pod gets its role by EKS Pod Identity, and not by web identity.
    pub fn has_container_credentials(&self) -> bool {
        let of_account = self.of_account();
        of_account.is_some_and(|policy_answer| policy_answer.source.as_deref() == Some("container-credentials"))
            || of_account.is_none_or(|policy_answer| policy_answer.role.is_none())
                && (self.brings_container_credentials() || self.association.is_some() && !self.has_web_identity())
    }

    /// Whether a container has the variables of web identity.
    pub fn has_web_identity(&self) -> bool {
        self.has_pod().is_some_and(|subject| subject.containers.iter().any(Container::has_role))
    }

    /// Whether the pod has container credentials of its own, and no role: those of EKS's own webhook.
    fn brings_container_credentials(&self) -> bool {
        self.has_pod().filter(|_| self.why_unknown().is_none()).is_some_and(|subject| {
            subject.containers.iter().any(|container| container.sets("AWS_CONTAINER_CREDENTIALS_FULL_URI"))
                && !subject.containers.iter().any(Container::has_role)
        })
    }

    /// The role that the containers ask for: the one in their environment, else the account's, else the given one.
    pub fn role(&self) -> Option<String> {
        let of_containers = self.has_pod().and_then(|subject| {
            let mut with_role = subject.containers.iter().filter(|container| container.has_role());
            with_role.find_map(Container::role)
        });
        let of_account = || self.of_account().and_then(|policy_answer| policy_answer.role.as_deref());
        let expected = || self.expected_role.as_deref();
        of_containers.or_else(of_account).or_else(expected).map(str::to_owned)
    }

    /// The audience that the pod's token has, or would have.
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

/// The name of the service account that a pod runs as: by `serviceAccountName`, else by the deprecated `serviceAccount`, else
/// `default`.
#[must_use]
pub fn service_account_of(pod: &Value) -> &str {
    let name = |key| pod.get("spec")?.get(key)?.as_str().filter(|name| !name.is_empty());
    name("serviceAccountName").or_else(|| name("serviceAccount")).unwrap_or("default")
}

/// The role that the pod should have: the given one, else the one that comes with the trust policy.
fn expected_role(documents: &Documents<'_>, problems: &mut Vec<Problem>) -> Option<String> {
    let of_policy = documents.trust_policy.get().and_then(|document| document.role.clone());
    let Some(role) = documents.role else { return of_policy };
    if RoleArn::new(Cow::Borrowed(role)).is_some() {
        return Some(role.to_owned());
    }
    let message = "expected the ARN of a role, such as `arn:aws:iam::111122223333:role/NAME`";
    problems.push(problem(Input::Role, message.to_owned()));
    of_policy
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
    match template(text, workload, settings) {
        Ok((path, count, template)) => {
            Some((Origin::Template(path, count), None, pod_of_template(&template, namespace)))
        }
        Err(message) => {
            problems.push(problem(Input::Workload, message));
            None
        }
    }
}

/// Whether the object (JSON) is of a kind that is known to make pods: one of Kubernetes' own, or one that the policy's settings
/// (JSON) name in `customWorkloads`.
#[must_use]
pub fn makes_pods(object: &str, settings: Option<&str>) -> bool {
    let settings = settings.and_then(|settings| Settings::parse(settings).ok()).unwrap_or_default();
    serde_json::from_str(object).is_ok_and(|object: Value| workload_of(&object, &settings).is_ok())
}

/// The first pod template of a workload: its path, of how many it is the first, and the template.
fn template(text: &str, workload: &Value, settings: &Settings<'_>) -> Result<(String, usize, Value), String> {
    let templates = workload_of(workload, settings)?.templates(text).map_err(|error| error.to_string())?;
    let first = templates.first().ok_or("it has no pod template")?;
    let template = first.path.iter().try_fold(workload, |value, segment| match segment {
        irsa::json::Segment::Key(key) => value.get(key),
        irsa::json::Segment::Index(index) => value.get(index),
    });
    Ok((path_text(&first.path), templates.len(), template.cloned().unwrap_or_default()))
}

/// The object's kind as a workload.
fn workload_of<'s>(workload: &Value, settings: &'s Settings<'s>) -> Result<Workload<'s>, String> {
    let api_version = workload.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
    let kind = workload.get("kind").and_then(Value::as_str).unwrap_or_default();
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let none = || format!("`{kind}` of `{api_version}` makes no pods that are known of");
    let plain = |text| irsa::json::RawStr::plain(text).ok_or_else(none);
    let kind = GroupVersionKind { group: plain(group)?, version: plain(version)?, kind: plain(kind)? };
    Workload::of_kind(&kind, settings).ok_or_else(none)
}

/// A pod that runs as the account and says nothing else.
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
