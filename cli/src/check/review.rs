//! Runs the policy on an object, and converts the policy's findings to findings of this command.

use irsa::json::Reader;
use irsa::{Action, FindingKind, Owner, Request, Review, Settings};
use irsa_explain::{finding_fix, finding_place};
use serde_json::{Value, json};

use super::index::{Entry, Index, Location, Lookup};
use super::names;
use crate::documents::InputObject;
use crate::report::{Fix, Level, ObjectName};

/// A finding whose line is not known yet.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its name.
    pub name: &'static str,
    /// Its level.
    pub level: Level,
    /// The message: what is wrong.
    pub message: String,
    /// The fix, if one is known.
    pub fix: Option<Fix>,
    /// The place of the finding.
    pub location: Location,
    /// The object that was checked.
    pub object: ObjectName,
    /// Whether the finding is in the service account that the checked object uses.
    pub is_in_account: bool,
}

/// Checks objects, with the index and the settings that all checks share.
pub struct Checker<'c> {
    /// The service accounts and `ConfigMap`s of the input.
    pub index: &'c Index,
    /// The settings for new objects.
    pub settings: &'c Settings<'c>,
    /// The settings for running pods, with mode `Validate`.
    pub settings_of_live: &'c Settings<'c>,
    /// The namespace for objects that specify no namespace.
    pub namespace: &'c str,
    /// Whether the input is complete: a service account that is not in the input does not exist.
    pub is_strict: bool,
}

/// Returns what identifies an object in the report.
pub fn object_name(object: &InputObject, default_namespace: &str) -> ObjectName {
    let head = &object.head;
    let is_namespaced = !manifest_reader::is_cluster_scoped(&head.kind);
    ObjectName {
        api_version: head.api_version.clone(),
        kind: head.kind.clone(),
        namespace: is_namespaced.then(|| head.namespace(default_namespace).to_owned()),
        name: irsa::escaped_line(&head.name(), 253),
    }
}

/// Returns the admission request, as JSON, that would create an object.
pub fn request(object: &InputObject, namespace: &str) -> String {
    let (group, version) = object.head.group_version();
    let kind = json!({"group": group, "version": version, "kind": object.head.kind});
    let namespace = if manifest_reader::is_cluster_scoped(&object.head.kind) { "" } else { namespace };
    let namespace = Value::from(namespace);
    let object = &object.json;
    format!(r#"{{"uid":"check","kind":{kind},"namespace":{namespace},"operation":"CREATE","object":{object}}}"#)
}

impl Checker<'_> {
    /// Returns what the policy finds in an object, as if the object were created now.
    pub fn check(&self, file: usize, object: &InputObject) -> Vec<Found> {
        let namespace = object.head.namespace(self.namespace);
        let request = request(object, namespace);
        let is_live_pod = object.head.is_live() && object.head.kind == "Pod";
        let settings = if is_live_pod { self.settings_of_live } else { self.settings };
        let mut lookup = Lookup::new(self.index, file);
        let review = match Request::read(&mut Reader::new(&request)) {
            Ok(request) => Review::new(&request, settings, &mut lookup),
            Err(unreadable) => Review::unreadable(&unreadable),
        };
        if review.findings.is_empty() && review.rejection.is_none() {
            return Vec::new();
        }
        let context = Context {
            value: serde_json::from_str(&object.json).unwrap_or_default(),
            name: object_name(object, self.namespace),
            location: Location { file, document: object.document, pointer: object.pointer.clone() },
            lookup,
            is_live_pod,
            is_strict: self.is_strict,
        };
        let mut found: Vec<Found> = review.findings.iter().map(|finding| context.found(finding)).collect();
        let lines: Vec<String> = review.findings.iter().map(irsa::Finding::line).collect();
        let reasons = review.rejection.iter().flat_map(|rejection| rejection.message.lines());
        found
            .extend(reasons.filter(|reason| !lines.iter().any(|line| line == reason)).map(|it| context.unreadable(it)));
        found
    }
}

/// A checked object, and the lookups of its check.
struct Context<'i> {
    value: Value,
    name: ObjectName,
    location: Location,
    lookup: Lookup<'i>,
    is_live_pod: bool,
    is_strict: bool,
}

impl Context<'_> {
    fn found(&self, finding: &irsa::Finding) -> Found {
        let line = finding.line();
        if let Some(placeholder) = self.placeholder(finding) {
            return placeholder;
        }
        let suffix = format!(" [{}]", finding.kind.name());
        let message = line.strip_suffix(&suffix).unwrap_or(&line).to_owned();
        let level = match finding.action {
            Action::Reject => Level::Reject,
            Action::Warn | Action::Ignore => Level::Warn,
        };
        let own = |location: Location| Found {
            name: finding.kind.name(),
            level,
            fix: Some(finding_fix::fix(finding.kind).into()),
            message,
            location,
            object: self.name.clone(),
            is_in_account: false,
        };
        match (finding.kind, finding.place.owner) {
            (FindingKind::MissingServiceAccount, _) if !self.is_strict => {
                if let Some((account, meant)) = self.misspelled_account() {
                    return misspelled(own(self.in_object(finding)), account, &meant);
                }
                let accounts = self.lookup.unknown_accounts.join("`, `");
                let message = format!("service account `{accounts}` is not in the input, so its role is not known");
                let fix = "add its manifest to the input, or use `--strict` if the input is complete";
                Found { message, ..note(own(self.in_object(finding)), names::UNKNOWN_SERVICE_ACCOUNT, fix) }
            }
            (FindingKind::InvalidRoleMapping, Owner::ConfigMap)
                if !self.is_strict && self.lookup.unknown_config_map.is_some() =>
            {
                let name = self.lookup.unknown_config_map.as_deref().unwrap_or_default();
                let message =
                    format!("ConfigMap `{name}`, which the setting `rolesConfigMap` names, is not in the input");
                let fix = "add its manifest to the input, or use `--strict` if the input is complete";
                Found { message, ..note(own(self.in_object(finding)), names::UNKNOWN_CONFIG_MAP, fix) }
            }
            (_, Owner::ServiceAccount) => match self.entry(finding) {
                Some(entry) => Found { is_in_account: true, ..own(in_entry(entry, finding)) },
                None => own(self.in_object(finding)),
            },
            (_, Owner::ConfigMap) => match self.lookup.config_map {
                Some(entry) => own(in_entry(entry, finding)),
                None => own(self.in_object(finding)),
            },
            (_, Owner::Object) => own(self.in_object(finding)),
        }
    }

    /// Returns the service account that is not in the input, and the account whose name it probably misspells. `None`
    /// for a running pod, because its account existed when the pod was created.
    fn misspelled_account(&self) -> Option<(&str, String)> {
        let account = self.lookup.unknown_accounts.first().filter(|_| !self.is_live_pod)?;
        let (namespace, name) = account.split_once('/')?;
        Some((account, format!("{namespace}/{}", self.lookup.index.meant_account(namespace, name)?)))
    }

    /// Returns a note that replaces the finding, if the finding is about a placeholder, such as `${ROLE}`. `None` for
    /// any other value, and with `--strict`.
    fn placeholder(&self, finding: &irsa::Finding) -> Option<Found> {
        let entry = self.entry(finding).filter(|_| finding.place.owner == Owner::ServiceAccount);
        let (location, value, start) = match entry {
            Some(entry) => {
                let value = serde_json::from_str(&entry.json).unwrap_or_default();
                (in_entry(entry, finding), value, &entry.location.pointer)
            }
            None => (self.in_object(finding), self.value.clone(), &self.location.pointer),
        };
        let text = value.pointer(location.pointer.strip_prefix(start.as_str())?)?.as_str()?;
        if self.is_strict || !is_placeholder(text) {
            return None;
        }
        Some(self.not_checked(text, location, entry.is_some()))
    }

    /// Returns the note about a placeholder.
    fn not_checked(&self, text: &str, location: Location, is_in_account: bool) -> Found {
        let fix = "check the manifest after the placeholder is replaced, or use `--strict` if nothing replaces it";
        Found {
            name: names::PLACEHOLDER.name,
            level: names::PLACEHOLDER.level,
            message: format!("`{}` is a placeholder, so it is not checked", irsa::escaped_line(text, 100)),
            fix: Some(fix.into()),
            location,
            object: self.name.clone(),
            is_in_account,
        }
    }

    /// Returns the service account that the finding's message names. `None` if the message names no account that was
    /// found.
    fn entry(&self, finding: &irsa::Finding) -> Option<&Entry> {
        let line = finding.line();
        self.lookup.accounts.iter().find(|(name, _)| line.contains(name)).map(|(_, entry)| *entry)
    }

    /// Converts a line of a rejection that reports a field that can't be read. The policy has no finding for such a
    /// field.
    fn unreadable(&self, reason: &str) -> Found {
        let path = reason.strip_prefix('`').and_then(|rest| rest.split_once('`')).map_or("", |(path, _)| path);
        let path = match path {
            // The `namespace` of the request was read from the object's metadata.
            "namespace" => "metadata.namespace",
            path => path.strip_prefix("object").unwrap_or_default(),
        };
        let pointer = finding_place::existing(&finding_place::path_pointer(path), &self.value);
        let shown = path.trim_start_matches('.');
        let message = match reason.split_once("`: ") {
            Some((_, message)) if !shown.is_empty() => format!("`{shown}`: {message}"),
            _ => reason.to_owned(),
        };
        let mut location = self.location.clone();
        location.pointer.push_str(&pointer);
        let text = self.value.pointer(&pointer).and_then(Value::as_str).unwrap_or_default();
        if !self.is_strict && is_placeholder(text) {
            return self.not_checked(text, location, false);
        }
        Found {
            name: names::UNREADABLE_OBJECT.name,
            level: names::UNREADABLE_OBJECT.level,
            message,
            fix: Some("correct the field: Kubernetes refuses the object, too".into()),
            location,
            object: self.name.clone(),
            is_in_account: false,
        }
    }

    fn in_object(&self, finding: &irsa::Finding) -> Location {
        let mut location = self.location.clone();
        let place = match finding.place.owner {
            Owner::Object => finding.place.clone(),
            // The checked object itself is the service account or the ConfigMap.
            Owner::ServiceAccount | Owner::ConfigMap if matches!(&*self.name.kind, "ServiceAccount" | "ConfigMap") => {
                finding.place.clone()
            }
            Owner::ServiceAccount | Owner::ConfigMap => irsa::Place {
                template: finding.place.template.clone(),
                kind: irsa::ItemKind::ServiceAccountName,
                ..irsa::Place::default()
            },
        };
        location.pointer.push_str(&finding_place::pointer(&place, &self.value));
        location
    }
}

/// Whether a value is a placeholder: it contains `${NAME}`, `$(NAME)` or `<name>`, or is an ARN whose AWS account is
/// `xxxxxxxxxxxx` or a word such as `ACCOUNT_ID`.
fn is_placeholder(text: &str) -> bool {
    let has = |open: &str, close: char| {
        text.split_once(open).and_then(|(_, rest)| rest.split_once(close)).is_some_and(|(name, _)| {
            name.starts_with(|char: char| char.is_ascii_alphabetic() || char == '_') && name.len() <= 100
        })
    };
    let account = text.strip_prefix("arn:").and_then(|rest| rest.split(':').nth(3)).unwrap_or_default();
    let is_word = |byte: u8| byte.is_ascii_uppercase() || matches!(byte, b'_' | b'-' | b'x');
    let is_account_to_come = account.len() > 1 && account.bytes().all(is_word);
    has("${", '}') || has("$(", ')') || has("<", '>') || is_account_to_come
}

/// Returns the warning about the name of a service account that is probably misspelled.
fn misspelled(found: Found, account: &str, meant: &str) -> Found {
    let own = names::MISSPELLED_SERVICE_ACCOUNT;
    let message = format!("service account `{account}` is not in the input: did you mean `{meant}`?");
    let fix = format!("correct the name, or add the manifest of `{account}` to the input if this account exists");
    Found { name: own.name, level: own.level, message, fix: Some(fix.into()), ..found }
}

fn note(found: Found, own: names::OwnFinding, fix: &str) -> Found {
    Found { name: own.name, level: own.level, fix: Some(fix.into()), ..found }
}

/// Returns the place of a finding in a service account or ConfigMap of the input.
fn in_entry(entry: &Entry, finding: &irsa::Finding) -> Location {
    let value: Value = serde_json::from_str(&entry.json).unwrap_or_default();
    let place = irsa::Place { template: None, container: None, ..finding.place.clone() };
    let mut location = entry.location.clone();
    location.pointer.push_str(&finding_place::pointer(&place, &value));
    location
}
