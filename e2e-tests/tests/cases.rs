//! Runs the cases in `cases/`. `cases/README.md` describes the format.

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use irsa::FindingKind;
use policy_host::admission::{self, Overrides, Request};
use policy_host::cluster::{Answer, Cluster};
use policy_host::host::KubernetesGetResource;
use policy_host::policy::PolicyResponse;
use policy_host::settings::Settings;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};
use serde_json_path::JsonPath;

use support::{Report, Subject, case_files, strict};

#[test]
fn answers_every_request_as_its_case_expects() {
    let mut report = Report::default();
    let subjects = support::subjects();
    for path in case_files::paths().iter().filter(|path| !is_about_settings(path)) {
        for subject in &subjects {
            let differences = case_files::read::<RequestCase>(path)
                .and_then(|case| case.differences(subject.as_ref()))
                .unwrap_or_else(|error| vec![format!("{error:#}")]);
            report.add(&title(path, subject.as_ref()), &differences);
        }
    }
    report.finish();
}

#[test]
fn validates_settings_as_their_case_expects() {
    let mut report = Report::default();
    let subjects = support::subjects();
    for path in case_files::paths().iter().filter(|path| is_about_settings(path)) {
        for subject in &subjects {
            let differences = case_files::read::<SettingsCase>(path)
                .and_then(|case| case.differences(subject.as_ref()))
                .unwrap_or_else(|error| vec![format!("{error:#}")]);
            report.add(&title(path, subject.as_ref()), &differences);
        }
    }
    report.finish();
}

/// Sets the environment variables in every case to a secret. No answer may contain the secret.
#[test]
fn never_repeats_the_value_of_a_variable() {
    const SECRET: &str = "pl4nted-s3cret";
    let mut report = Report::default();
    let subjects = support::subjects();
    for path in case_files::paths().iter().filter(|path| !is_about_settings(path)) {
        for subject in &subjects {
            let answer = case_files::read::<RequestCase>(path)
                .and_then(|case| case.answer_with_secret(subject.as_ref(), SECRET));
            let leaks = match answer {
                Ok(answer) => answer.lines().filter(|line| line.contains(SECRET)).map(str::to_owned).collect(),
                Err(error) => vec![format!("{error:#}")],
            };
            report.add(&title(path, subject.as_ref()), &leaks);
        }
    }
    report.finish();
}

/// Sets every variable in every `env` array to a secret, and adds a variable with the secret to each array.
fn plant(value: &mut Value, secret: &str) {
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(|element| plant(element, secret)),
        Value::Object(members) => {
            for (key, member) in members {
                if let (true, Value::Array(variables)) = (key == "env", &mut *member) {
                    for variable in variables.iter_mut().filter_map(Value::as_object_mut) {
                        variable.remove("valueFrom");
                        variable.insert("value".to_owned(), secret.into());
                    }
                    variables.push(serde_json::json!({"name": "PASSWORD", "value": secret}));
                }
                plant(member, secret);
            }
        }
        _ => {}
    }
}

fn is_about_settings(path: &Path) -> bool {
    path.parent().is_some_and(|folder| folder.ends_with("cases/settings"))
}

fn title(path: &Path, subject: &dyn Subject) -> String {
    let path: PathBuf = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(path).to_path_buf();
    format!("{} ({})", path.display(), subject.name())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RequestCase {
    #[serde(rename = "description")]
    _description: String,
    #[serde(default)]
    settings: Value,
    #[serde(default)]
    cluster: Vec<Value>,
    cache: Option<Vec<Value>>,
    host: Option<HostAnswer>,
    object: Option<Value>,
    object_json: Option<String>,
    operation: Option<String>,
    namespace: Option<String>,
    old_object: Option<Value>,
    uid: Option<String>,
    sub_resource: Option<String>,
    request: Option<Value>,
    #[serde(default)]
    unknown_fields: bool,
    expect: Expectation,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct HostAnswer {
    failure: Option<String>,
    answer: Option<String>,
    kind: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Expectation {
    allowed: bool,
    code: Option<u16>,
    message: Option<String>,
    #[serde(default)]
    message_contains: Vec<String>,
    #[serde(default)]
    message_lacks: Vec<String>,
    #[serde(default)]
    warnings: Vec<String>,
    #[serde(default)]
    audit_annotations: BTreeMap<String, Option<String>>,
    #[serde(default)]
    unchanged: bool,
    #[serde(default)]
    object: BTreeMap<String, Value>,
    #[serde(default)]
    text_contains: Vec<String>,
    lookups: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SettingsCase {
    #[serde(rename = "description")]
    _description: String,
    settings: Value,
    expect: SettingsExpectation,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SettingsExpectation {
    valid: bool,
    message: Option<String>,
    #[serde(default)]
    message_contains: Vec<String>,
    #[serde(default)]
    message_lacks: Vec<String>,
}

impl RequestCase {
    fn differences(self, subject: &dyn Subject) -> Result<Vec<String>> {
        let settings = Settings::from_json(&self.settings.to_string())?;
        let judged = subject.validate_settings(settings.as_json())?;
        ensure!(judged.valid, "the settings are not valid: {}", judged.message.unwrap_or_default());
        let cluster = self.cluster()?;
        let request = self.request()?;
        let payload = admission::payload(&request, &settings);
        let response = subject.validate(&payload, &cluster)?;

        let mut differences = self.expect.differences(&request, &response, &cluster.lookups())?;
        if let Some(object) = &response.mutated_object {
            let is_pod = serde_json::from_str::<Value>(object.get())?["kind"] == "Pod";
            if is_pod && !self.unknown_fields {
                differences.extend(strict::faults(object.get()));
            }
        }
        Ok(differences)
    }

    /// Plants a secret in the request. Returns all texts of the policy's answer, except the mutated object.
    fn answer_with_secret(&self, subject: &dyn Subject, secret: &str) -> Result<String> {
        let settings = Settings::from_json(&self.settings.to_string())?;
        let mut request: Value = serde_json::from_str(&admission::payload(&self.request()?, &settings))?;
        plant(&mut request["request"], secret);
        let response = subject.validate(&request.to_string(), &self.cluster()?)?;
        let warnings = response.warnings.unwrap_or_default().join("\n");
        let annotations = response.audit_annotations.unwrap_or_default();
        let annotations: Vec<_> = annotations.into_iter().map(|(key, value)| format!("{key}: {value}")).collect();
        Ok(format!("{}\n{warnings}\n{}", response.message.unwrap_or_default(), annotations.join("\n")))
    }

    fn cluster(&self) -> Result<Cluster> {
        let objects = self.cluster.clone();
        Ok(match (&self.host, &self.cache) {
            (None, None) => Cluster::new(objects),
            (None, Some(cache)) => Cluster::with_cache(objects, cache.clone()),
            (Some(HostAnswer { failure: Some(text), answer: None, kind: None }), None) => {
                Cluster::answering(Answer::Failure(text.clone()))
            }
            (Some(HostAnswer { failure: Some(text), answer: None, kind: Some(kind) }), None) => {
                Cluster::failing_for(objects, kind.clone(), text.clone())
            }
            (Some(HostAnswer { failure: None, answer: Some(text), kind: None }), None) => {
                Cluster::answering(Answer::Verbatim(text.clone()))
            }
            _ => bail!("expected one of `host.failure`, `host.answer` and `cache`"),
        })
    }

    fn request(&self) -> Result<Request> {
        let overrides = Overrides {
            operation: self.operation.clone(),
            namespace: self.namespace.clone(),
            old_object: self.old_object.clone(),
            uid: self.uid.clone(),
            sub_resource: self.sub_resource.clone(),
        };
        match (&self.request, &self.object, &self.object_json) {
            (Some(request), None, None) => Request::from_json(to_raw_value(request)?),
            (None, Some(object), None) => Request::wrapping(to_raw_value(object)?, overrides),
            (None, None, Some(text)) => Request::wrapping(RawValue::from_string(text.trim().to_owned())?, overrides),
            _ => bail!("expected one of `request`, `object` and `objectJson`"),
        }
    }
}

impl Expectation {
    fn differences(
        &self,
        request: &Request,
        response: &PolicyResponse,
        lookups: &[KubernetesGetResource],
    ) -> Result<Vec<String>> {
        let mut differences = Differences::default();
        differences.compare("allowed", &self.allowed, &response.accepted);
        differences.compare("code", &self.code, &response.code);
        differences.message(
            response.message.as_deref(),
            self.message.as_deref(),
            &self.message_contains,
            &self.message_lacks,
        );
        differences.compare("warnings", &self.warnings, &response.warnings.clone().unwrap_or_default());
        differences.form(response);
        let annotations = response.audit_annotations.clone().unwrap_or_default();
        for (key, expected) in &self.audit_annotations {
            let actual = annotations.get(key).cloned();
            differences.compare(&format!("audit annotation `{key}`"), expected, &actual);
        }
        let mutated = response.mutated_object.as_deref().map(RawValue::get);
        if self.unchanged {
            differences.compare("mutated object", &None, &mutated);
        }
        let text = mutated.or(request.object().map(RawValue::get)).unwrap_or("null");
        for fragment in &self.text_contains {
            differences.check(text.contains(fragment), || {
                format!("the resulting object lacks the text `{fragment}`:\n{text}")
            });
        }
        let object: Value = serde_json::from_str(text)?;
        for (path, expected) in &self.object {
            let found: Vec<&Value> =
                JsonPath::parse(path).with_context(|| format!("cannot read the path `{path}`"))?.query(&object).all();
            let same = match expected {
                Value::Array(expected) => found == expected.iter().collect::<Vec<_>>(),
                expected => found == [expected],
            };
            differences.check(same, || {
                let found: Vec<_> = found.iter().map(ToString::to_string).collect();
                format!("`{path}` finds\n[{}], but expected\n{expected}", found.join(","))
            });
        }
        if let Some(expected) = &self.lookups {
            let made: Vec<_> = lookups.iter().map(describe).collect();
            let same = match expected {
                Value::Number(count) => count.as_u64() == Some(made.len() as u64),
                list => *list == Value::from(made.clone()),
            };
            differences.check(same, || format!("the lookups are {made:?}, but expected {expected}"));
        }
        Ok(differences.0)
    }
}

impl SettingsCase {
    fn differences(self, subject: &dyn Subject) -> Result<Vec<String>> {
        let Self { settings, expect, .. } = self;
        let response = subject.validate_settings(&settings.to_string())?;
        let mut differences = Differences::default();
        differences.compare("valid", &expect.valid, &response.valid);
        differences.message(
            response.message.as_deref(),
            expect.message.as_deref(),
            &expect.message_contains,
            &expect.message_lacks,
        );
        for line in response.message.iter().flat_map(|message| message.split('\n')) {
            differences.printable(line);
        }
        Ok(differences.0)
    }
}

fn describe(lookup: &KubernetesGetResource) -> String {
    let KubernetesGetResource { api_version, kind, name, namespace, disable_cache, .. } = lookup;
    let namespace = namespace.as_deref().unwrap_or_default();
    let cached = if *disable_cache { "" } else { " cached" };
    format!("{api_version}/{kind} {namespace}/{name}{cached}")
}

#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    fn check(&mut self, holds: bool, difference: impl FnOnce() -> String) {
        if !holds {
            self.0.push(difference());
        }
    }

    fn compare<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, expected: &T, actual: &T) {
        self.check(expected == actual, || format!("{what}: expected {expected:?}, but got {actual:?}"));
    }

    /// Checks the rules for every answer. A warning has at most 256 bytes, because an API server may truncate a longer
    /// warning. The only control characters are the line breaks between the lines of a message. Each line of a message
    /// is a finding, or reports a value that can't be read.
    fn form(&mut self, response: &PolicyResponse) {
        for warning in response.warnings.iter().flatten() {
            self.check(warning.len() <= 256, || format!("a warning has {} bytes: {warning}", warning.len()));
            self.printable(warning);
        }
        let is_finding = |line: &str| FindingKind::NAMES.iter().any(|name| line.ends_with(&format!(" [{name}]")));
        for line in response.message.iter().flat_map(|message| message.split('\n')) {
            self.printable(line);
            let is_unreadable = response.code == Some(400) && line.contains("expected ");
            self.check(is_finding(line) || is_unreadable, || format!("the line is not a finding: {line}"));
        }
    }

    fn printable(&mut self, line: &str) {
        self.check(!line.contains(char::is_control), || format!("a control character in {line:?}"));
    }

    fn message(&mut self, actual: Option<&str>, exact: Option<&str>, contains: &[String], lacks: &[String]) {
        let text = actual.unwrap_or_default();
        if exact.is_some() {
            self.check(exact == actual, || {
                format!("message: expected\n{}\nbut got\n{text}", exact.unwrap_or_default())
            });
        }
        for part in contains {
            self.check(text.contains(part), || format!("the message lacks `{part}`:\n{text}"));
        }
        for part in lacks {
            self.check(!text.contains(part), || format!("the message contains `{part}`:\n{text}"));
        }
    }
}
