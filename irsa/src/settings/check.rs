//! Checking settings against their shape: everything that is wrong with them is found at once.

use super::errors::Path;
use super::shape::{Member, Shape, lifetime};
use super::{SettingsError, SettingsErrors};
use crate::findings::{LINE_LIMIT, escaped_line};
use crate::json::Value;
use crate::util::edit_distance::nearest;

/// How much of a wrong value is shown, in characters.
const SHOWN: usize = 64;

/// Adds what is wrong with a value to the errors: keys that are unknown, there twice or missing, and values that
/// cannot work.
pub(super) fn check(value: &Value<'_>, shape: &Shape, at: Path<'_>, errors: &mut SettingsErrors) {
    let is_right = match shape {
        Shape::Boolean => value.boolean().is_some(),
        Shape::Lifetime => lifetime(value).is_some(),
        Shape::Word(words) => value.string().is_some_and(|word| words.contains(&&*word)),
        Shape::Text { is_right, .. } => value.string().is_some_and(|text| is_right(&text)),
        Shape::List { of, may_be_empty, .. } => check_list(value, of, *may_be_empty, at, errors),
        Shape::Object(members) => check_object(value, members, at, errors),
        Shape::Map { keys, of } => {
            let member = |key: &&'static str| Member { key, is_needed: false, shape: **of };
            check_object(value, &keys.iter().map(member).collect::<Vec<_>>(), at, errors)
        }
    };
    if !is_right {
        let got = value.text();
        let shown = got.char_indices().nth(SHOWN).and_then(|(end, _)| got.get(..end));
        let (shown, mark) = shown.map_or((got, ""), |shown| (shown, "\u{2026}"));
        report(at, format!("expected {}, but got `{shown}{mark}`", shape.expected()), errors);
    }
}

/// `false` where it is no list, or an empty one that may not be.
fn check_list(value: &Value<'_>, of: &Shape, may_be_empty: bool, at: Path<'_>, errors: &mut SettingsErrors) -> bool {
    let Some(elements) = value.elements() else { return false };
    for (index, element) in elements.iter().enumerate() {
        check(element, of, Path::Index(&at, index), errors);
    }
    may_be_empty || !elements.is_empty()
}

/// `false` where it is no object.
fn check_object(value: &Value<'_>, known: &[Member], at: Path<'_>, errors: &mut SettingsErrors) -> bool {
    let Some(members) = value.members() else { return false };
    for (index, (raw_key, value)) in members.iter().enumerate() {
        let key = raw_key.decode();
        let at = Path::Key(&at, &key);
        match known.iter().find(|known| known.key == key) {
            None => {
                let nearest = nearest(&key, known.iter().map(|known| known.key)).unwrap_or_default();
                report(at, format!("unknown key, did you mean `{nearest}`?"), errors);
            }
            Some(_) if members.iter().take(index).any(|(other, _)| other == raw_key) => {
                report(at, "expected the key once, but got it twice".to_owned(), errors);
            }
            Some(known) => check(value, &known.shape, at, errors),
        }
    }
    for Member { key, is_needed, shape } in known {
        if *is_needed && members.iter().all(|(other, _)| *other != **key) {
            report(Path::Key(&at, key), format!("expected {}, but got none", shape.expected()), errors);
        }
    }
    true
}

/// Adds an error. Keys and values are the user's, and stay on one line.
pub(super) fn report(at: Path<'_>, problem: String, errors: &mut SettingsErrors) {
    let [path, problem] = [at.to_string(), problem].map(|text| escaped_line(&text, LINE_LIMIT));
    errors.0.push(SettingsError { path, problem });
}
