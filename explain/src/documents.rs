//! Reads the inputs. An input that can't be read becomes a problem, and its value is then not known.

use serde_json::Value;

use crate::association::Association;
use crate::explanation::Problem;
use crate::inputs::{Input, Inputs};
use crate::issuer_url::PastedIssuer;
use crate::jwt::Jwt;
use crate::trust::{IamProviders, TrustDocument};

/// An input.
#[derive(Debug, Clone)]
pub enum Given<T> {
    /// The input was given and read.
    Present(T),
    /// The input was not given.
    Missing,
    /// The input was given, but can't be read. The reason is in `problems`.
    Unreadable,
    /// The cluster does not have the object.
    NotFound,
}

impl<T> Given<T> {
    /// Returns the value, if the input was given and read.
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Present(value) => Some(value),
            Self::Missing | Self::Unreadable | Self::NotFound => None,
        }
    }

    fn map<U>(self, of: impl FnOnce(T) -> U) -> Given<U> {
        match self {
            Self::Present(value) => Given::Present(of(value)),
            Self::Missing => Given::Missing,
            Self::Unreadable => Given::Unreadable,
            Self::NotFound => Given::NotFound,
        }
    }

    /// Replaces `Missing` by `NotFound` if the cluster was searched for the input.
    fn or_not_found(self, input: Input, inputs: &Inputs) -> Self {
        match self {
            Self::Missing if inputs.not_found.contains(&input) => Self::NotFound,
            given => given,
        }
    }

    /// Whether the input was not given.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }

    /// Returns why the value is not known, as the end of a sentence.
    pub fn lack(&self, input: Input) -> String {
        match self {
            Self::Unreadable => format!("the {} that was given can't be read", input.words()),
            Self::NotFound => format!("the cluster does not have the {}", input.words()),
            Self::Missing | Self::Present(_) => format!("no {} was given", input.words()),
        }
    }
}

/// The role that a trust policy belongs to. Used only if the trust policy's input does not contain the role's ARN.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum PolicyOwner {
    /// The pod's role.
    #[default]
    Pod,
    /// The role of other pods, with this ARN.
    Other(String),
    /// One of the pods' roles. It is not known which one.
    Unknown,
}

/// The values of all inputs.
#[derive(Debug)]
pub struct Documents<'i> {
    /// The pod: its text, and its value.
    pub pod: Given<(&'i str, Value)>,
    /// The workload: its text, and its value.
    pub workload: Given<(&'i str, Value)>,
    /// Which of the workload's pod templates to explain: its position, from 0.
    pub template: usize,
    /// The name of the one container to explain.
    pub container: Option<&'i str>,
    /// The service account.
    pub service_account: Given<Value>,
    /// The settings.
    pub settings: Given<irsa::Settings<'i>>,
    /// The objects of the policy's own manifest.
    pub policies: Given<Vec<Value>>,
    /// The ConfigMap.
    pub config_map: Given<Value>,
    /// The trust policy.
    pub trust_policy: Given<TrustDocument>,
    /// IAM's identity provider.
    pub provider: Given<IamProviders>,
    /// The EKS Pod Identity associations.
    pub associations: Given<Vec<Association>>,
    /// Other service accounts from the files of the service account.
    pub other_service_accounts: Vec<Value>,
    /// The issuer.
    pub issuer: Option<PastedIssuer>,
    /// The discovery document.
    pub discovery: Given<Value>,
    /// The keys.
    pub jwks: Given<Value>,
    /// The token.
    pub token: Given<Jwt<'i>>,
    /// The namespace.
    pub namespace: Option<&'i str>,
    /// The role.
    pub role: Option<&'i str>,
    /// The time, in seconds since 1970.
    pub now: Option<u64>,
    /// The input contains the trust policies of several roles, and the pod's role is not known yet. So no trust policy
    /// was read.
    pub has_several_roles: bool,
    /// Whether the pod is one of several pods that are explained with the same inputs.
    pub is_one_of_several: bool,
    /// The role that the trust policy belongs to. Used only if the trust policy's input does not contain the role's
    /// ARN.
    pub policy_owner: PolicyOwner,
    /// The inputs that could not be read.
    pub problems: Vec<Problem>,
}

impl<'i> Documents<'i> {
    /// Reads the inputs.
    #[must_use]
    pub fn read(inputs: &'i Inputs) -> Self {
        Self::read_with(inputs, plain(inputs.role.as_ref()))
    }

    /// Reads the inputs. If the trust policies of several roles were given, reads the trust policy of `role`.
    #[must_use]
    pub fn read_for_role(inputs: &'i Inputs, role: &str) -> Self {
        Self::read_with(inputs, Some(role))
    }

    fn read_with(inputs: &'i Inputs, wanted: Option<&str>) -> Self {
        let mut problems = Vec::new();
        let mut has_several_roles = false;
        let pod = object(Input::Pod, inputs.pod.as_ref(), &mut problems);
        let workload = object(Input::Workload, inputs.workload.as_ref(), &mut problems);
        let mut other = |input: Input, text: Option<&String>, is_it: &dyn Fn(&Value) -> Result<(), String>| {
            let given = object(input, text, &mut problems).map(|(_, value)| value);
            match given.get().map(is_it) {
                Some(Err(message)) => {
                    problems.push(problem(input, message));
                    Given::Unreadable
                }
                _ => given.or_not_found(input, inputs),
            }
        };
        let service_account =
            other(Input::ServiceAccount, inputs.service_account.as_ref(), &|it| is_kind("ServiceAccount", it));
        let config_map = other(Input::ConfigMap, inputs.config_map.as_ref(), &|it| is_kind("ConfigMap", it));
        let discovery = other(Input::Discovery, inputs.discovery.as_ref(), &|it| has_any(it, &["issuer", "jwks_uri"]));
        let jwks = other(Input::Jwks, inputs.jwks.as_ref(), &|it| has_any(it, &["keys"]));
        let trust_policy = match plain(inputs.trust_policy.as_ref()).map(|text| TrustDocument::read(text, wanted)) {
            None => Given::Missing,
            Some(Ok(document)) => Given::Present(document),
            Some(Err(error)) => {
                let (line, column) = error.place.unzip();
                has_several_roles = error.has_several_roles && inputs.role.is_none();
                problems.push(Problem { input: Input::TrustPolicy, message: error.message, line, column });
                Given::Unreadable
            }
        };
        let provider = value(Input::Provider, inputs.provider.as_ref(), &mut problems, IamProviders::read);
        let provider = provider.or_not_found(Input::Provider, inputs);
        let associations = value(Input::Association, inputs.association.as_ref(), &mut problems, Association::read_all);
        let accounts = inputs.other_service_accounts.iter().filter_map(|text| serde_json::from_str(text).ok());
        let policies = policies(inputs, &mut problems);
        let issuer = plain(inputs.issuer.as_ref()).and_then(|text| {
            PastedIssuer::read(text).map_err(|message| problems.push(problem(Input::Issuer, message.to_owned()))).ok()
        });
        // If the token's file is empty, that is an error, and not a missing token.
        let token = match inputs.token.as_deref() {
            None => Given::Missing,
            Some(text) => match Jwt::decode(text) {
                Ok(jwt) => Given::Present(jwt),
                Err(message) => {
                    problems.push(problem(Input::Token, message.to_owned()));
                    Given::Unreadable
                }
            },
        };
        let settings = match plain(inputs.settings.as_ref()) {
            None => Given::Missing,
            Some(text) => match irsa::Settings::parse(text) {
                Ok(settings) => Given::Present(settings),
                Err(errors) => {
                    match syntax(Input::Settings, text) {
                        Some(syntax) => problems.push(syntax),
                        None => problems
                            .extend(errors.to_string().lines().map(|line| problem(Input::Settings, line.to_owned()))),
                    }
                    Given::Unreadable
                }
            },
        };
        Self {
            pod,
            workload,
            template: inputs.template.unwrap_or_default(),
            container: plain(inputs.container.as_ref()),
            service_account,
            settings,
            policies,
            config_map,
            trust_policy,
            provider,
            associations,
            other_service_accounts: accounts.collect(),
            issuer,
            discovery,
            jwks,
            token,
            namespace: plain(inputs.namespace.as_ref()),
            role: plain(inputs.role.as_ref()),
            now: inputs.now,
            has_several_roles,
            is_one_of_several: inputs.is_one_of_several,
            policy_owner: PolicyOwner::default(),
            problems,
        }
    }
}

/// Makes a problem without a line and a column.
#[must_use]
pub fn problem(input: Input, message: String) -> Problem {
    Problem { input, message, line: None, column: None }
}

/// Trims an input. `None` if the input is empty, so that it counts as not given.
fn plain(text: Option<&String>) -> Option<&str> {
    text.map(|text| text.trim()).filter(|text| !text.is_empty())
}

fn object<'i>(input: Input, text: Option<&'i String>, problems: &mut Vec<Problem>) -> Given<(&'i str, Value)> {
    let Some(text) = plain(text) else { return Given::Missing };
    match serde_json::from_str::<Value>(text) {
        Ok(value) if value.is_object() => return Given::Present((text, value)),
        Ok(_) => problems.push(problem(input, "expected a JSON object".to_owned())),
        Err(error) => problems.push(unreadable(input, &error)),
    }
    Given::Unreadable
}

/// Fails if an object has another kind. Accepts an object without a kind.
fn is_kind(expected: &str, object: &Value) -> Result<(), String> {
    match object.get("kind").and_then(Value::as_str) {
        Some(kind) if kind != expected => Err(format!("expected a `{expected}`, but got a `{kind}`")),
        _ => Ok(()),
    }
}

/// Fails if an object does not have any of the members, so it is probably another file.
fn has_any(object: &Value, members: &[&str]) -> Result<(), String> {
    if members.iter().any(|member| object.get(member).is_some()) {
        Ok(())
    } else {
        Err(format!("expected an object with `{}`", members.join("` and `")))
    }
}

/// Reads the objects of the policy's manifest: one object, a `List`, or an array.
fn policies(inputs: &Inputs, problems: &mut Vec<Problem>) -> Given<Vec<Value>> {
    let Some(text) = plain(inputs.policies.as_ref()) else { return Given::Missing };
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Array(objects)) => return Given::Present(objects),
        Ok(mut object) if object.is_object() => {
            return Given::Present(match object.get_mut("items").map(Value::take) {
                Some(Value::Array(items)) => items,
                _ => vec![object],
            });
        }
        Ok(_) => problems.push(problem(Input::Policies, "expected a JSON object, or an array of objects".to_owned())),
        Err(error) => problems.push(unreadable(Input::Policies, &error)),
    }
    Given::Unreadable
}

/// Parses an input as JSON, and converts it with `read`. An error is added to `problems`.
fn value<T>(
    input: Input,
    text: Option<&String>,
    problems: &mut Vec<Problem>,
    read: impl FnOnce(&Value) -> Result<T, String>,
) -> Given<T> {
    let Some(text) = plain(text) else { return Given::Missing };
    match serde_json::from_str::<Value>(text) {
        Ok(value) => match read(&value) {
            Ok(value) => return Given::Present(value),
            Err(message) => problems.push(problem(input, message)),
        },
        Err(error) => problems.push(unreadable(input, &error)),
    }
    Given::Unreadable
}

fn syntax(input: Input, text: &str) -> Option<Problem> {
    serde_json::from_str::<serde::de::IgnoredAny>(text).err().map(|error| unreadable(input, &error))
}

fn unreadable(input: Input, error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    // The error's text ends with the line and the column. They are removed, because `Problem` has fields for them.
    let message = text.split(" at line ").next().unwrap_or_default();
    Problem {
        input,
        message: format!("expected JSON, but {message}"),
        line: Some(error.line()),
        column: Some(error.column()),
    }
}
