//! Reads one value of the settings into its type, or adds an error with the value's path.
//!
//! A function that reads a [`Setting`] returns either its value or [`Reported`]. Only [`Setting::report`] makes a
//! [`Reported`], and it adds an error. So no value is dropped without one.

use std::borrow::Cow;
use std::fmt::{self, Display};

use super::errors::Path;
use super::{SettingsError, SettingsErrors};
use crate::finding::{LINE_LIMIT, printable};
use crate::json::{RawStr, Reader};
use crate::nearest::nearest;
use crate::token_lifetime::TokenLifetime;

/// How much of a wrong value an error shows, in characters.
const SHOWN: usize = 64;

/// What messages expect of a boolean.
pub(super) const BOOLEAN: &str = "`true` or `false`";
/// What messages expect of an object.
pub(super) const OBJECT: &str = "an object";
/// What messages expect of a token's lifetime: [`TokenLifetime::MIN`] to [`TokenLifetime::MAX`].
pub(super) const LIFETIME: &str = "a number of seconds from 600 to 4294967296";

/// Says that an error was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reported(());

pub(super) type Result<T> = std::result::Result<T, Reported>;

/// A value that is not read yet.
pub(super) struct Setting<'r, 'j> {
    path: Path<'r>,
    /// The value as JSON. `None` if a required key is missing.
    json: Option<&'j str>,
    errors: &'r mut SettingsErrors,
}

/// The members of an object that are not read yet.
pub(super) struct Members<'r, 'j> {
    path: Path<'r>,
    /// All keys that the object may have.
    keys: &'static [&'static str],
    /// The keys that it has, each with its value as JSON.
    values: Vec<(&'static str, &'j str)>,
    errors: &'r mut SettingsErrors,
}

impl<'r, 'j> Setting<'r, 'j> {
    /// The settings as a whole.
    ///
    /// `json` must be valid JSON without white space around it.
    pub(super) fn root(json: &'j str, errors: &'r mut SettingsErrors) -> Self {
        Self { path: Path::Root, json: Some(json), errors }
    }

    /// Reads a string, and parses it into its type. `expected` is for messages about a value that is not a string.
    fn string<T, E: Display>(
        self,
        expected: &'static str,
        parse: impl FnOnce(Cow<'j, str>) -> std::result::Result<T, E>,
    ) -> Result<T> {
        match self.decoded() {
            Some(text) => parse(text).map_err(|error| self.reject(&error)),
            None => Err(self.mismatch(expected)),
        }
    }

    /// Reads an object that has only these keys, and has none twice.
    pub(super) fn members(self, keys: &'static [&'static str]) -> Result<Members<'r, 'j>> {
        let Some(json) = self.json.filter(|json| json.starts_with('{')) else { return Err(self.mismatch(OBJECT)) };
        let Self { path, errors, .. } = self;
        let mut values: Vec<(&'static str, &'j str)> = Vec::with_capacity(keys.len());
        let read = Reader::new(json).object(|reader, key| {
            let (value, _) = reader.raw()?;
            match keys.iter().find(|known| **known == key) {
                None => report_unknown(&path, key, keys, errors),
                Some(known) if values.iter().any(|(other, _)| other == known) => {
                    add(Path::Key(&path, key), format_args!("expected the key once, but got it twice"), errors);
                }
                Some(known) => values.push((known, value)),
            }
            Ok(())
        });
        match read {
            Ok(_) => Ok(Members { path, keys, values, errors }),
            Err(unreadable) => Err(add(path, format_args!("{unreadable}"), errors)),
        }
    }

    /// Reads an array. `element` reads one element of it.
    fn elements(
        self,
        expected: &'static str,
        may_be_empty: bool,
        element: &mut dyn FnMut(Setting<'_, 'j>) -> Result<()>,
    ) -> Result<()> {
        let Some(json) = self.json.filter(|json| json.starts_with('[')) else { return Err(self.mismatch(expected)) };
        let Self { path, errors, .. } = self;
        let mut outcome = Ok(());
        let read = Reader::new(json).list(|reader, index| {
            let (json, _) = reader.raw()?;
            outcome = element(Setting { path: Path::Index(&path, index), json: Some(json), errors }).and(outcome);
            Ok(())
        });
        match read {
            Ok(brackets) if brackets.is_empty && !may_be_empty => {
                Err(Setting { path, json: Some(json), errors }.mismatch(expected))
            }
            Ok(_) => outcome,
            Err(unreadable) => Err(add(path, format_args!("{unreadable}"), errors)),
        }
    }

    /// The value of a string. `None` if this is not a string.
    fn decoded(&self) -> Option<Cow<'j, str>> {
        let json = self.json.filter(|json| json.starts_with('"'))?;
        Reader::new(json).string().ok().map(RawStr::decode)
    }

    /// Reports a value of another type than expected, as JSON, or a missing one.
    #[cold]
    #[inline(never)]
    fn mismatch(self, expected: &str) -> Reported {
        match self.json {
            Some(json) => self.report(format_args!("expected {expected}, but got `{}`", Beginning(json))),
            None => self.report(format_args!("expected {expected}, but got none")),
        }
    }

    /// Reports a string that is not a value of its type. The error says what is wrong; the string follows.
    #[cold]
    #[inline(never)]
    fn reject(self, error: &dyn Display) -> Reported {
        match self.decoded() {
            Some(text) if !text.is_empty() => self.report(format_args!("{error}: `{}`", Beginning(&text))),
            _ => self.report(format_args!("{error}")),
        }
    }

    /// Adds an error about this value.
    fn report(self, problem: fmt::Arguments<'_>) -> Reported {
        add(self.path, problem, self.errors)
    }
}

impl<'j> Members<'_, 'j> {
    /// Reads the value of a key that may be missing.
    pub(super) fn optional<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(Setting<'_, 'j>) -> Result<T>,
    ) -> Result<Option<T>> {
        let json = self.value(key);
        if json.is_none() { Ok(None) } else { read(self.setting(key, json)).map(Some) }
    }

    /// Reads the value of a key that must be there.
    pub(super) fn required<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(Setting<'_, 'j>) -> Result<T>,
    ) -> Result<T> {
        let json = self.value(key);
        read(self.setting(key, json))
    }

    /// Adds an error about the value of a key.
    pub(super) fn report(&mut self, key: &'static str, problem: fmt::Arguments<'_>) -> Reported {
        self.setting(key, None).report(problem)
    }

    fn value(&self, key: &'static str) -> Option<&'j str> {
        debug_assert!(self.keys.contains(&key), "`{key}` is read, but has no definition");
        self.values.iter().find(|(known, _)| *known == key).map(|(_, json)| *json)
    }

    fn setting(&mut self, key: &'static str, json: Option<&'j str>) -> Setting<'_, 'j> {
        Setting { path: Path::Key(&self.path, key), json, errors: self.errors }
    }
}

/// Reads `true` or `false`.
pub(super) fn boolean(setting: Setting<'_, '_>) -> Result<bool> {
    match setting.json {
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        _ => Err(setting.mismatch(BOOLEAN)),
    }
}

/// Reads a token's lifetime in seconds.
pub(super) fn lifetime(setting: Setting<'_, '_>) -> Result<TokenLifetime> {
    let seconds = setting.json.and_then(|json| json.parse().ok());
    seconds.and_then(|seconds| TokenLifetime::new(seconds).ok()).ok_or_else(|| setting.mismatch(LIFETIME))
}

/// Reads a string into its type by the type's constructor. Messages about another value or none start with `expected`.
pub(super) fn string<'j, T, E: Display>(
    expected: &'static str,
    parse: impl FnOnce(Cow<'j, str>) -> std::result::Result<T, E>,
) -> impl FnOnce(Setting<'_, 'j>) -> Result<T> {
    move |setting| setting.string(expected, parse)
}

/// Reads a string that keeps its type, by a function that checks it.
pub(super) fn checked<'j, E: Display>(
    expected: &'static str,
    check: impl FnOnce(&str) -> std::result::Result<(), E>,
) -> impl FnOnce(Setting<'_, 'j>) -> Result<Cow<'j, str>> {
    move |setting| setting.string(expected, |text| check(&text).map(|()| text))
}

/// Reads one of these words.
pub(super) fn one_of<T: Copy>(words: &'static [(&'static str, T)]) -> impl FnOnce(Setting<'_, '_>) -> Result<T> {
    move |setting| {
        let word = setting.decoded();
        let found = words.iter().find(|(name, _)| word.as_deref() == Some(*name));
        found.map(|(_, value)| *value).ok_or_else(|| {
            let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
            let expected = one_of_text(&names);
            match &word {
                Some(word) => setting.report(format_args!("expected {expected}, but got `{}`", Beginning(word))),
                None => setting.mismatch(&expected),
            }
        })
    }
}

/// Reads an array of any length. `element` reads one element.
pub(super) fn array<'j, T>(
    expected: &'static str,
    element: impl Fn(Setting<'_, 'j>) -> Result<T>,
) -> impl FnOnce(Setting<'_, 'j>) -> Result<Vec<T>> {
    elements(expected, true, element)
}

/// Reads an array of one element or more. `element` reads one element.
pub(super) fn non_empty_array<'j, T>(
    expected: &'static str,
    element: impl Fn(Setting<'_, 'j>) -> Result<T>,
) -> impl FnOnce(Setting<'_, 'j>) -> Result<Vec<T>> {
    elements(expected, false, element)
}

fn elements<'j, T>(
    expected: &'static str,
    may_be_empty: bool,
    element: impl Fn(Setting<'_, 'j>) -> Result<T>,
) -> impl FnOnce(Setting<'_, 'j>) -> Result<Vec<T>> {
    move |setting| {
        let mut elements = Vec::new();
        let mut read = |setting: Setting<'_, 'j>| element(setting).map(|element| elements.push(element));
        setting.elements(expected, may_be_empty, &mut read)?;
        Ok(elements)
    }
}

/// What messages expect of one of these words: "`A` or `B`".
pub(super) fn one_of_text(words: &[&str]) -> String {
    format!("`{}`", words.join("` or `"))
}

#[cold]
#[inline(never)]
fn report_unknown(path: &Path<'_>, key: &str, keys: &'static [&'static str], errors: &mut SettingsErrors) {
    let nearest = nearest(key, keys.iter().copied()).unwrap_or_default();
    add(Path::Key(path, key), format_args!("unknown key, did you mean `{nearest}`?"), errors);
}

/// Adds an error. The path and the problem contain user input, which stays on one line.
#[cold]
#[inline(never)]
fn add(path: Path<'_>, problem: fmt::Arguments<'_>, errors: &mut SettingsErrors) -> Reported {
    let [path, problem] = [path.to_string(), problem.to_string()].map(|text| printable(&text, LINE_LIMIT));
    errors.0.push(SettingsError { path, problem });
    Reported(())
}

/// The beginning of a wrong value.
struct Beginning<'t>(&'t str);

impl Display for Beginning<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(SHOWN).and_then(|(end, _)| self.0.get(..end)) {
            Some(beginning) => write!(f, "{beginning}\u{2026}"),
            None => f.write_str(self.0),
        }
    }
}
