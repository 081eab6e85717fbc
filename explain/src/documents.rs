//! The inputs, read. What cannot be read becomes a problem, and counts as not given.

use std::collections::BTreeSet;

use irsa::json;
use serde_json::Value;

use crate::explanation::Problem;
use crate::inputs::{Input, Inputs};
use crate::jwt::Jwt;
use crate::trust::Policy;

/// An input that was read.
#[derive(Debug, Clone)]
pub enum Given<T> {
    /// It is there.
    Present(T),
    /// It was not given.
    Missing,
    /// It was given, and cannot be read. A problem says why.
    Unreadable,
    /// The cluster has none.
    NotFound,
}

impl<T> Given<T> {
    /// It, where it is there.
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Present(value) => Some(value),
            Self::Missing | Self::Unreadable | Self::NotFound => None,
        }
    }

    /// The same of what is made of it.
    fn map<U>(self, of: impl FnOnce(T) -> U) -> Given<U> {
        match self {
            Self::Present(value) => Given::Present(of(value)),
            Self::Missing => Given::Missing,
            Self::Unreadable => Given::Unreadable,
            Self::NotFound => Given::NotFound,
        }
    }

    /// It, or that the cluster has none, where nothing was given.
    fn or_not_found(self, input: Input, inputs: &Inputs) -> Self {
        match self {
            Self::Missing if inputs.not_found.contains(&input) => Self::NotFound,
            given => given,
        }
    }

    /// Why it is not there, as a sentence's end.
    pub fn lack(&self, input: Input) -> String {
        match self {
            Self::Unreadable => format!("the {} that was given can't be read", input.words()),
            Self::NotFound => format!("the cluster does not have the {}", input.words()),
            Self::Missing | Self::Present(_) => format!("no {} was given", input.words()),
        }
    }
}

/// All inputs, read.
#[derive(Debug)]
pub struct Documents<'i> {
    /// The text of the pod, and what it says.
    pub pod: Given<(&'i str, Value)>,
    /// The workload.
    pub workload: Given<(&'i str, Value)>,
    /// The service account.
    pub service_account: Given<Value>,
    /// The settings.
    pub settings: Given<irsa::Settings<'i>>,
    /// The ConfigMap.
    pub config_map: Given<Value>,
    /// The trust policy.
    pub trust_policy: Given<Policy>,
    /// The issuer's URL.
    pub issuer: Option<&'i str>,
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
    /// The time.
    pub now: Option<u64>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

impl<'i> Documents<'i> {
    /// Reads the inputs.
    #[must_use]
    pub fn read(inputs: &'i Inputs) -> Self {
        let mut problems = Vec::new();
        let pod = object(Input::Pod, inputs.pod.as_ref(), &mut problems);
        let workload = object(Input::Workload, inputs.workload.as_ref(), &mut problems);
        let service_account =
            object(Input::ServiceAccount, inputs.service_account.as_ref(), &mut problems).map(|(_, value)| value);
        let service_account = service_account.or_not_found(Input::ServiceAccount, inputs);
        let config_map = object(Input::ConfigMap, inputs.config_map.as_ref(), &mut problems).map(|(_, value)| value);
        let config_map = config_map.or_not_found(Input::ConfigMap, inputs);
        let discovery = object(Input::Discovery, inputs.discovery.as_ref(), &mut problems).map(|(_, value)| value);
        let jwks = object(Input::Jwks, inputs.jwks.as_ref(), &mut problems).map(|(_, value)| value);
        let trust_policy = trust_policy(inputs, &mut problems);
        let token = match plain(inputs.token.as_ref()) {
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
            service_account,
            settings,
            config_map,
            trust_policy,
            issuer: plain(inputs.issuer.as_ref()),
            discovery,
            jwks,
            token,
            namespace: plain(inputs.namespace.as_ref()),
            role: plain(inputs.role.as_ref()),
            now: inputs.now,
            problems,
        }
    }
}

/// A problem without a place.
#[must_use]
pub fn problem(input: Input, message: String) -> Problem {
    Problem { input, message, line: None, column: None }
}

/// A text without the space around it. An empty one is none.
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

fn trust_policy(inputs: &Inputs, problems: &mut Vec<Problem>) -> Given<Policy> {
    let (text, value) = match object(Input::TrustPolicy, inputs.trust_policy.as_ref(), problems) {
        Given::Present(present) => present,
        Given::Missing | Given::NotFound => return Given::Missing,
        Given::Unreadable => return Given::Unreadable,
    };
    // Of two equal keys, readers of JSON differ in which they take.
    let message = match json::Value::parse(text) {
        Ok(parsed) => duplicate(&parsed).map(|key| format!("the key `{key}` is there twice in one object")),
        Err(error) => Some(error.to_string()),
    };
    let message = match (message, Policy::read(&value)) {
        (None, Ok(policy)) => return Given::Present(policy),
        (Some(message), _) | (None, Err(message)) => message,
    };
    problems.push(problem(Input::TrustPolicy, message));
    Given::Unreadable
}

/// A key that stands twice in an object, in any letter case: IAM's names of keys have none.
fn duplicate(value: &json::Value<'_>) -> Option<String> {
    let members = value.members().unwrap_or_default();
    let mut seen = BTreeSet::new();
    for (key, member) in members {
        let key = key.decode();
        if !seen.insert(key.to_lowercase()) {
            return Some(key.into_owned());
        }
        if let Some(inner) = duplicate(member) {
            return Some(inner);
        }
    }
    value.elements().unwrap_or_default().iter().find_map(duplicate)
}

fn syntax(input: Input, text: &str) -> Option<Problem> {
    serde_json::from_str::<serde::de::IgnoredAny>(text).err().map(|error| unreadable(input, &error))
}

fn unreadable(input: Input, error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    // Where it is, is said beside it.
    let message = text.split(" at line ").next().unwrap_or_default();
    Problem {
        input,
        message: format!("expected JSON, but {message}"),
        line: Some(error.line()),
        column: Some(error.column()),
    }
}
