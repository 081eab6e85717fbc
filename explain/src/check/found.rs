//! Converts the policy's findings about an object: adds the place and the fix, and replaces a finding by a note if it
//! only follows from what the input lacks.

use irsa::{Action, Finding, FindingKind, Owner, Review};
use serde::Serialize;
use serde_json::Value;

use super::index::Entry;
use super::lookup::Lookup;
use super::names::{
    MISSPELLED_SERVICE_ACCOUNT, OwnFinding, PLACEHOLDER, UNKNOWN_CONFIG_MAP, UNKNOWN_SERVICE_ACCOUNT, UNREADABLE_OBJECT,
};
use super::object::{Location, Object};
use crate::finding_fix;
use crate::finding_place;

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Level {
    /// Does not affect admission: a hint, or something that the check does not know.
    Note,
    /// Admission accepts the object with a warning.
    Warn,
    /// Admission refuses the object.
    Reject,
}

impl Level {
    /// Returns the level's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warn => "warn",
            Self::Reject => "reject",
        }
    }
}

/// What was found in an object, or in an object that it uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The name of the finding.
    pub name: &'static str,
    /// Its level.
    pub level: Level,
    /// The message: what is wrong.
    pub message: String,
    /// The fix, in one sentence.
    pub fix: String,
    /// The place.
    pub location: Location,
    /// Whether the place is in the service account that the object uses.
    pub is_in_account: bool,
}

impl Found {
    /// Makes it a finding with this name and level.
    fn named(self, own: OwnFinding, message: String, fix: impl Into<String>) -> Self {
        Self { name: own.name, level: own.level, message, fix: fix.into(), ..self }
    }
}

/// Returns what the policy found in an object.
pub fn of_review(
    review: &Review<'_>,
    object: &Object<'_>,
    lookup: &Lookup<'_, '_>,
    allows_placeholders: bool,
) -> Vec<Found> {
    if review.findings.is_empty() && review.rejection.is_none() {
        return Vec::new();
    }
    let value = serde_json::from_str(object.json).unwrap_or_default();
    let context = Context { value, object, lookup, allows_placeholders };
    let mut found: Vec<Found> = review.findings.iter().map(|finding| context.found(finding)).collect();
    let lines: Vec<String> = review.findings.iter().map(Finding::line).collect();
    let reasons = review.rejection.iter().flat_map(|rejection| rejection.message.lines());
    found.extend(reasons.filter(|reason| !lines.iter().any(|line| line == reason)).map(|it| context.unreadable(it)));
    found
}

/// A checked object, and the lookups of its check.
struct Context<'c, 'l, 'i> {
    value: Value,
    object: &'c Object<'c>,
    lookup: &'c Lookup<'l, 'i>,
    allows_placeholders: bool,
}

impl Context<'_, '_, '_> {
    fn found(&self, finding: &Finding) -> Found {
        if let Some(placeholder) = self.placeholder(finding) {
            return placeholder;
        }
        let line = finding.line();
        let suffix = format!(" [{}]", finding.kind.name());
        let message = line.strip_suffix(&suffix).unwrap_or(&line).to_owned();
        let own = |location: Location| Found {
            name: finding.kind.name(),
            level: match finding.action {
                Action::Reject => Level::Reject,
                Action::Warn | Action::Ignore => Level::Warn,
            },
            fix: finding_fix::fix(finding.kind).to_owned(),
            message,
            location,
            is_in_account: false,
        };
        match (finding.kind, finding.place.owner) {
            (FindingKind::MissingServiceAccount, _) if !self.lookup.unknown_accounts.is_empty() => {
                let found = own(self.in_object(finding));
                if let Some((account, meant)) = self.misspelled_account() {
                    return misspelled(found, account, &meant);
                }
                let accounts = self.lookup.unknown_accounts.join("`, `");
                let message = format!("service account `{accounts}` is not in the input, so its role is not known");
                found.named(UNKNOWN_SERVICE_ACCOUNT, message, "add its manifest to the input")
            }
            (FindingKind::InvalidRoleMapping, Owner::ConfigMap) if self.lookup.unknown_config_map.is_some() => {
                let name = self.lookup.unknown_config_map.as_deref().unwrap_or_default();
                let message =
                    format!("ConfigMap `{name}`, which the setting `rolesConfigMap` names, is not in the input");
                own(self.in_object(finding)).named(UNKNOWN_CONFIG_MAP, message, "add its manifest to the input")
            }
            (_, Owner::ServiceAccount) => match self.entry(finding) {
                Some(entry) => Found { is_in_account: true, ..own(in_entry(entry, finding)) },
                None => own(self.in_object(finding)),
            },
            (_, Owner::ConfigMap) => match &self.lookup.config_map {
                Some(entry) => own(in_entry(entry, finding)),
                None => own(self.in_object(finding)),
            },
            (_, Owner::Object) => own(self.in_object(finding)),
        }
    }

    /// Returns the service account that the object names but the input lacks, and the account that was probably meant.
    /// `None` for a running pod, because its account existed when the pod was created.
    fn misspelled_account(&self) -> Option<(&str, String)> {
        let account = self.lookup.unknown_accounts.first().filter(|_| !self.object.is_live_pod())?;
        let (namespace, name) = account.split_once('/')?;
        Some((account, format!("{namespace}/{}", self.lookup.objects.meant_account(namespace, name)?)))
    }

    /// Returns a note that replaces the finding, if the finding is about a placeholder, such as `${ROLE}`. `None` for
    /// any other value, and if placeholders are not allowed.
    fn placeholder(&self, finding: &Finding) -> Option<Found> {
        let entry = self.entry(finding).filter(|_| finding.place.owner == Owner::ServiceAccount);
        let (location, value, start) = match entry {
            Some(entry) => {
                let value = serde_json::from_str(&entry.json).unwrap_or_default();
                (in_entry(entry, finding), value, &entry.location.pointer)
            }
            None => (self.in_object(finding), self.value.clone(), &self.object.location.pointer),
        };
        let text = value.pointer(location.pointer.strip_prefix(start.as_str())?)?.as_str()?;
        (self.allows_placeholders && is_placeholder(text)).then(|| not_checked(text, location, entry.is_some()))
    }

    /// Returns the service account that the finding's message names. `None` if the message names no account that was
    /// found.
    fn entry(&self, finding: &Finding) -> Option<&Entry> {
        let line = finding.line();
        self.lookup.accounts.iter().find(|(name, _)| line.contains(name)).map(|(_, entry)| &**entry)
    }

    /// Converts a line of a rejection to a finding. The line is about a field that can't be read, and the policy has no
    /// finding for such a field.
    fn unreadable(&self, reason: &str) -> Found {
        let path = reason.strip_prefix('`').and_then(|rest| rest.split_once('`')).map_or("", |(path, _)| path);
        let path = match path {
            // The `namespace` of the request was read from the object's metadata.
            "namespace" => "metadata.namespace",
            path => path.strip_prefix("object").unwrap_or_default(),
        };
        let pointer = finding_place::existing(&finding_place::path_pointer(path), &self.value);
        let location = self.object.location.child(&pointer);
        let text = self.value.pointer(&pointer).and_then(Value::as_str).unwrap_or_default();
        if self.allows_placeholders && is_placeholder(text) {
            return not_checked(text, location, false);
        }
        let shown = path.trim_start_matches('.');
        let message = match reason.split_once("`: ") {
            Some((_, message)) if !shown.is_empty() => format!("`{shown}`: {message}"),
            _ => reason.to_owned(),
        };
        Found {
            name: UNREADABLE_OBJECT.name,
            level: UNREADABLE_OBJECT.level,
            message,
            fix: "correct the field: Kubernetes refuses the object, too".to_owned(),
            location,
            is_in_account: false,
        }
    }

    fn in_object(&self, finding: &Finding) -> Location {
        let place = match finding.place.owner {
            Owner::Object => finding.place.clone(),
            // The checked object itself is the service account or the ConfigMap.
            Owner::ServiceAccount | Owner::ConfigMap if matches!(self.object.kind, "ServiceAccount" | "ConfigMap") => {
                finding.place.clone()
            }
            Owner::ServiceAccount | Owner::ConfigMap => irsa::Place {
                template: finding.place.template.clone(),
                kind: irsa::ItemKind::ServiceAccountName,
                ..irsa::Place::default()
            },
        };
        self.object.location.child(&finding_place::pointer(&place, &self.value))
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

/// Returns the note about a placeholder.
fn not_checked(text: &str, location: Location, is_in_account: bool) -> Found {
    Found {
        name: PLACEHOLDER.name,
        level: PLACEHOLDER.level,
        message: format!("`{}` is a placeholder, so it is not checked", irsa::escaped_line(text, 100)),
        fix: "check the manifest after the placeholder is replaced".to_owned(),
        location,
        is_in_account,
    }
}

/// Returns the warning about the name of a service account that is probably misspelled.
fn misspelled(found: Found, account: &str, meant: &str) -> Found {
    let message = format!("service account `{account}` is not in the input: did you mean `{meant}`?");
    let fix = format!("correct the name, or add the manifest of `{account}` to the input if this account exists");
    found.named(MISSPELLED_SERVICE_ACCOUNT, message, fix)
}

/// Returns the place of a finding in a service account or ConfigMap of the input.
fn in_entry(entry: &Entry, finding: &Finding) -> Location {
    let value: Value = serde_json::from_str(&entry.json).unwrap_or_default();
    let place = irsa::Place { template: None, container: None, ..finding.place.clone() };
    entry.location.child(&finding_place::pointer(&place, &value))
}
