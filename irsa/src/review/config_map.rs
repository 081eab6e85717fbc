//! Reviews the `ConfigMap` in the setting `rolesConfigMap`: checks the role mappings before a pod uses them.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::answer::{Review, conclude_object};
use crate::cluster::Cluster;
use crate::context::Checker;
use crate::findings::{Action, FindingKind, Message, Subject};
use crate::identity::role_config_map::check_entries;
use crate::json::{self, RawStr, Read as _, Reader};
use crate::objects::config_map::{CONFIG_KEY, Data};
use crate::request::{Document, Operation, Request};
use crate::settings::Settings;
use crate::types::object_name::ConfigMapName;
use crate::util::names::Names;

/// Reviews the creation or update of a `ConfigMap`. Skips every `ConfigMap` except the one in the setting.
///
/// On an update, an unchanged entry never rejects the request, so that an old fault does not block the update.
pub(super) fn review_config_map<'j>(
    request: &Request<'j>,
    settings: &Settings<'_>,
    cluster: &mut dyn Cluster,
) -> json::Result<Review<'j>> {
    let document = request.required_object()?;
    let new = document.metadata()?;
    let Some(name) = settings.roles_config_map.as_ref() else { return Ok(Review::skipped()) };
    let is_named = request.namespace == *name.namespace && new.name == *name.name;
    if !is_named || (request.operation == Operation::Update && new.is_terminating) {
        return Ok(Review::skipped());
    }
    let (namespace, uid) = (request.required_namespace()?, request.uid.decode());
    let mut checker = Checker::new(settings, cluster, &namespace, &uid);
    let old = request.old_object.get().and_then(|old| read_config(old).ok()).flatten();
    if let Some(config) = read_config(document)? {
        check_config(&mut checker, name, &config, old.as_deref());
    } else {
        let text = format_args!("it has no key `{CONFIG_KEY}`");
        let (kind, message) = (FindingKind::InvalidRoleMapping, Message::new(Subject::ConfigMap(name), text));
        checker.findings.add_at_most(kind, Action::Warn, message);
    }
    Ok(conclude_object(&[], checker.findings, &[]))
}

fn check_config(checker: &mut Checker<'_>, name: &ConfigMapName<'_>, config: &str, old: Option<&str>) {
    let old_entries = old.map(entries).unwrap_or_default();
    let is_unchanged = |key: &str, text: &str| old_entries.contains(&entry_text(key, text));
    if let Err(unreadable) = check_entries(checker, name, config, &is_unchanged) {
        let limit = if old == Some(config) { Action::Warn } else { Action::Reject };
        let text = format_args!("its role mappings are not a JSON object: {unreadable}");
        let message = Message::new(Subject::ConfigMap(name), text);
        checker.findings.add_at_most(FindingKind::InvalidRoleMapping, limit, message);
    }
}

/// Makes an index of the entries, by key and value. Empty if `config` is not a JSON object.
fn entries(config: &str) -> Names<'static> {
    let mut entries = Vec::new();
    let read = Reader::new(config).object(|reader, key| {
        entries.push(Cow::Owned(entry_text(key, reader.raw()?.0)));
        Ok(())
    });
    if read.is_ok() { Names::new(entries.into_iter()) } else { Names::default() }
}

/// Returns an entry as one string. Different entries give different strings: the first NUL ends the value, because JSON
/// contains no NUL.
fn entry_text(key: &str, text: &str) -> String {
    [text, "\0", key].concat()
}

/// Reads the role mappings in a `ConfigMap`: the value of the key `config`. `None` if the key is missing.
fn read_config<'j>(document: &Document<'j>) -> json::Result<Option<Cow<'j, str>>> {
    let data = Reader::new(document.text).only_member("data", Data::read);
    Ok(data.map_err(|error| error.within("object"))?.into_value().mappings.map(RawStr::decode))
}
