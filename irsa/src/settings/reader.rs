//! Reads a value of the settings into its type, or adds an error with the value's path.
//!
//! A function that reads a [`Setting`] returns its value or [`Reported`]. Only [`add`] makes a [`Reported`], and
//! [`add`] always adds an error. So no value is dropped without an error.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::{self, Display};

use super::errors::{ERROR_LIMIT, Path};
use super::{Entries, SettingsError, SettingsErrors};
use crate::findings::{LINE_LIMIT, escaped_line};
use crate::json::{self, RawStr, Reader, write_string};
use crate::types::token_lifetime::TokenLifetime;
use crate::util::edit_distance::nearest;

/// The maximum length of a wrong value in an error, in characters.
const SHOWN: usize = 64;

/// The expected value in messages about a boolean.
pub(super) const BOOLEAN: &str = "`true` or `false`";
/// The expected value in messages about an object.
pub(super) const OBJECT: &str = "an object";
/// The expected value in messages about a token's lifetime: [`TokenLifetime::MIN`] to [`TokenLifetime::MAX`].
pub(super) const LIFETIME: &str = "a number of seconds from 600 to 4294967296";

/// Proof that an error was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reported(());

pub(super) type Result<T> = core::result::Result<T, Reported>;

/// A value that was not read yet.
pub(super) struct Setting<'r, 'j> {
    path: Path<'r>,
    value: Unread<'r, 'j>,
    errors: &'r mut SettingsErrors,
}

/// The source of a value that was not read yet.
enum Unread<'r, 'j> {
    /// The object lacks the key.
    Missing,
    /// A string.
    String(RawStr<'j>),
    /// Any other value, as JSON.
    Json(&'j str),
    /// An object, which is the next value of the reader. The object must be read exactly once.
    Object(&'r mut Reader<'j>),
}

/// The members of an object that were not read yet.
pub(super) struct Members<'r, 'j> {
    path: Path<'r>,
    /// All keys that the object may have.
    keys: &'static [&'static str],
    values: Vec<Member<'j>>,
    /// The index of the next key. Keys are read in the order of `keys`, so no search is needed.
    next: usize,
    errors: &'r mut SettingsErrors,
}

/// A member of an object.
struct Member<'j> {
    /// The index of the member's key.
    key: usize,
    value: Scanned<'j>,
}

/// A value that was scanned but not parsed.
#[derive(Clone, Copy)]
enum Scanned<'j> {
    String(RawStr<'j>),
    /// Any other value, as JSON.
    Json(&'j str),
}

impl<'j> Scanned<'j> {
    fn read(reader: &mut Reader<'j>) -> json::Result<Self> {
        if reader.is_string() {
            reader.string().map(Self::String)
        } else {
            reader.raw().map(|(json, _)| Self::Json(json))
        }
    }

    fn unread<'r>(self) -> Unread<'r, 'j> {
        match self {
            Self::String(string) => Unread::String(string),
            Self::Json(json) => Unread::Json(json),
        }
    }
}

/// Starts to read the settings: returns the members of the reader's next value.
///
/// The outer error means that the text is not JSON. The inner error means that the value is not an object. This was
/// already reported.
pub(super) fn root<'r, 'j>(
    reader: &mut Reader<'j>,
    keys: &'static [&'static str],
    errors: &'r mut SettingsErrors,
) -> json::Result<Result<Members<'r, 'j>>> {
    if reader.is_object() {
        let values = scan(reader, &Path::Root, keys, errors)?;
        return Ok(Ok(Members { path: Path::Root, keys, values, next: 0, errors }));
    }
    let value = Scanned::read(reader)?.unread();
    Ok(Err(Setting { path: Path::Root, value, errors }.mismatch(OBJECT)))
}

impl<'r, 'j> Setting<'r, 'j> {
    /// Reads a string and parses it into its type. `expected` is for messages about a value that is not a string.
    fn string<T, E: Display>(
        self,
        expected: &'static str,
        parse: impl FnOnce(Cow<'j, str>) -> core::result::Result<T, E>,
    ) -> Result<T> {
        match self.value {
            Unread::String(string) => parse(string.decode()).map_err(|error| self.reject(&error)),
            _ => Err(self.mismatch(expected)),
        }
    }

    /// Reads an object. Reports each key that is not in `keys`, and each duplicate key.
    pub(super) fn members(self, keys: &'static [&'static str]) -> Result<Members<'r, 'j>> {
        let Self { path, value, errors } = self;
        let mut reader;
        let reader = match value {
            Unread::Object(reader) => reader,
            Unread::Json(json) if json.starts_with('{') => {
                reader = Reader::new(json);
                &mut reader
            }
            value => return Err(Setting { path, value, errors }.mismatch(OBJECT)),
        };
        match scan(reader, &path, keys, errors) {
            Ok(values) => Ok(Members { path, keys, values, next: 0, errors }),
            // INVARIANT: the text is part of valid JSON.
            Err(unreadable) => Err(add(path, format_args!("{unreadable}"), errors)),
        }
    }

    /// Reads an array. `element` reads each element.
    fn elements(
        self,
        expected: &'static str,
        may_be_empty: bool,
        element: &mut dyn FnMut(Setting<'_, 'j>) -> Result<()>,
    ) -> Result<()> {
        let json = match self.value {
            Unread::Json(json) if json.starts_with('[') => json,
            _ => return Err(self.mismatch(expected)),
        };
        let Self { path, errors, .. } = self;
        let mut outcome = Ok(());
        let read = Reader::new(json).array(|reader, index| {
            let value = if reader.is_object() { Unread::Object(reader) } else { Scanned::read(reader)?.unread() };
            outcome = element(Setting { path: Path::Index(&path, index), value, errors }).and(outcome);
            Ok(())
        });
        match read {
            Ok(brackets) if brackets.is_empty && !may_be_empty => {
                Err(Setting { path, value: Unread::Json(json), errors }.mismatch(expected))
            }
            Ok(_) => outcome,
            Err(unreadable) => Err(add(path, format_args!("{unreadable}"), errors)),
        }
    }

    /// Reports a missing value, or a value of another type than expected.
    #[cold]
    #[inline(never)]
    fn mismatch(self, expected: &str) -> Reported {
        let Self { path, value, errors } = self;
        let mut quoted = String::new();
        let json = match value {
            Unread::Missing => return add(path, format_args!("expected {expected}, but the key is missing"), errors),
            Unread::Json(json) => json,
            Unread::Object(reader) => match reader.raw() {
                Ok((json, _)) => json,
                Err(unreadable) => return add(path, format_args!("{unreadable}"), errors),
            },
            Unread::String(string) => {
                write_string(&string.decode(), &mut quoted);
                &quoted
            }
        };
        add(path, format_args!("expected {expected}, but got `{}`", Beginning(json)), errors)
    }

    /// Reports a string that its type rejects. The message is the error, followed by the string.
    #[cold]
    #[inline(never)]
    fn reject(self, error: &dyn Display) -> Reported {
        match self.value {
            Unread::String(string) if !string.is_empty() => {
                self.report(format_args!("{error}: `{}`", Beginning(&string.decode())))
            }
            _ => self.report(format_args!("{error}")),
        }
    }

    /// Adds an error about this value.
    fn report(self, problem: fmt::Arguments<'_>) -> Reported {
        add(self.path, problem, self.errors)
    }
}

impl<'j> Members<'_, 'j> {
    /// Reads the value of an optional key.
    pub(super) fn optional<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(Setting<'_, 'j>) -> Result<T>,
    ) -> Result<Option<T>> {
        match self.value(key) {
            Unread::Missing => Ok(None),
            value => read(self.setting(key, value)).map(Some),
        }
    }

    /// Sets `target` to the value of an optional key. If the value is wrong, adds an error. If the key is missing or
    /// the value is wrong, leaves `target` unchanged.
    pub(super) fn set<T>(
        &mut self,
        target: &mut T,
        key: &'static str,
        read: impl FnOnce(Setting<'_, 'j>) -> Result<T>,
    ) {
        if let Ok(Some(value)) = self.optional(key, read) {
            *target = value;
        }
    }

    /// Reads the value of a required key.
    pub(super) fn required<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(Setting<'_, 'j>) -> Result<T>,
    ) -> Result<T> {
        let value = self.value(key);
        read(self.setting(key, value))
    }

    /// Adds an error about the value of a key.
    pub(super) fn report(&mut self, key: &'static str, problem: fmt::Arguments<'_>) -> Reported {
        self.setting(key, Unread::Missing).report(problem)
    }

    /// Adds an error about the object as a whole.
    pub(super) fn report_all(&mut self, problem: fmt::Arguments<'_>) -> Reported {
        add(self.path, problem, self.errors)
    }

    fn value<'s>(&mut self, key: &'static str) -> Unread<'s, 'j> {
        // INVARIANT: every key is read once, in the order of the table. Each test that reads settings checks this.
        debug_assert_eq!(self.keys.get(self.next), Some(&key), "keys must be read in the order of their definitions");
        let index = self.next;
        self.next = index.saturating_add(1);
        let member = self.values.iter().find(|member| member.key == index);
        member.map_or(Unread::Missing, |member| member.value.unread())
    }

    fn setting<'s>(&'s mut self, key: &'static str, value: Unread<'s, 'j>) -> Setting<'s, 'j> {
        Setting { path: Path::Key(&self.path, key), value, errors: self.errors }
    }
}

/// Scans the members of the reader's next value, which is an object. Reports unknown and duplicate keys.
fn scan<'j>(
    reader: &mut Reader<'j>,
    path: &Path<'_>,
    keys: &'static [&'static str],
    errors: &mut SettingsErrors,
) -> json::Result<Vec<Member<'j>>> {
    let mut members: Vec<Member<'j>> = Vec::with_capacity(keys.len());
    reader.object(|reader, key| {
        let value = Scanned::read(reader)?;
        match keys.iter().position(|known| *known == key) {
            None => report_unknown(path, key, keys, errors),
            Some(known) if members.iter().any(|member| member.key == known) => {
                add(Path::Key(path, key), format_args!("expected the key once, but got it twice"), errors);
            }
            Some(known) => members.push(Member { key: known, value }),
        }
        Ok(())
    })?;
    Ok(members)
}

/// Reads `true` or `false`.
pub(super) fn boolean(setting: Setting<'_, '_>) -> Result<bool> {
    match setting.value {
        Unread::Json("true") => Ok(true),
        Unread::Json("false") => Ok(false),
        _ => Err(setting.mismatch(BOOLEAN)),
    }
}

/// Reads a token's lifetime in seconds.
pub(super) fn lifetime(setting: Setting<'_, '_>) -> Result<TokenLifetime> {
    let seconds = match setting.value {
        Unread::Json(json) => json.parse().ok(),
        _ => None,
    };
    seconds.and_then(|seconds| TokenLifetime::new(seconds).ok()).ok_or_else(|| setting.mismatch(LIFETIME))
}

/// Reads a string with the constructor of its type. `expected` is for messages about a missing value or a value of
/// another type.
pub(super) fn string<'j, T, E: Display>(
    expected: &'static str,
    parse: impl FnOnce(Cow<'j, str>) -> core::result::Result<T, E>,
) -> impl FnOnce(Setting<'_, 'j>) -> Result<T> {
    move |setting| setting.string(expected, parse)
}

/// Reads a string without converting it to another type. `check` returns an error if the string is invalid.
pub(super) fn checked<'j, E: Display>(
    expected: &'static str,
    check: impl FnOnce(&str) -> core::result::Result<(), E>,
) -> impl FnOnce(Setting<'_, 'j>) -> Result<Cow<'j, str>> {
    move |setting| setting.string(expected, |text| check(&text).map(|()| text))
}

/// Reads a string that must be one of `words`.
pub(super) fn one_of<T: Copy>(words: &'static [(&'static str, T)]) -> impl FnOnce(Setting<'_, '_>) -> Result<T> {
    move |setting| {
        let Unread::String(string) = setting.value else { return Err(setting.mismatch(&names(words))) };
        let word = string.decode();
        let found = words.iter().find(|(name, _)| word == *name).map(|(_, value)| *value);
        found.ok_or_else(|| setting.report(format_args!("expected {}, but got `{}`", names(words), Beginning(&word))))
    }
}

fn names<T>(words: &[(&str, T)]) -> String {
    let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
    one_of_text(&names)
}

/// Checks an element of an array.
type CheckElement<'c, 'j> = dyn Fn(Setting<'_, 'j>) -> Result<()> + 'c;

/// Reads an array, but not its elements. If `check` is given, it checks each element.
pub(super) fn entries<'j>(
    expected: &'static str,
    may_be_empty: bool,
    check: Option<&CheckElement<'_, 'j>>,
) -> impl FnOnce(Setting<'_, 'j>) -> Result<Entries<'j>> {
    move |setting| {
        let Unread::Json(json) = setting.value else { return Err(setting.mismatch(expected)) };
        if let Some(check) = check {
            setting.elements(expected, may_be_empty, &mut |element| check(element))?;
        } else {
            let content = json.strip_prefix('[').map(str::trim_ascii_start);
            if content.is_none_or(|content| content.starts_with(']') && !may_be_empty) {
                return Err(setting.mismatch(expected));
            }
        }
        Ok(Entries::new(json))
    }
}

/// Reads the entry at `index` of the array under the top-level key `key`. If the entry is wrong, adds errors and
/// returns `None`.
pub(super) fn read_entry<'j, T>(
    (key, index): (&'static str, usize),
    json: &'j str,
    errors: &mut SettingsErrors,
    read: fn(Setting<'_, 'j>) -> Result<T>,
) -> Option<T> {
    let path = Path::Index(&Path::Key(&Path::Root, key), index);
    read(Setting { path, value: Unread::Json(json), errors }).ok()
}

/// Reads an array of any length. `element` reads each element.
pub(super) fn array<'j, T>(
    expected: &'static str,
    element: impl Fn(Setting<'_, 'j>) -> Result<T>,
) -> impl FnOnce(Setting<'_, 'j>) -> Result<Vec<T>> {
    elements(expected, true, element)
}

/// Reads an array of at least one element. `element` reads each element.
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

/// Lists the words for messages: "`A` or `B`".
pub(super) fn one_of_text(words: &[&str]) -> String {
    format!("`{}`", words.join("` or `"))
}

#[cold]
#[inline(never)]
fn report_unknown(path: &Path<'_>, key: &str, keys: &'static [&'static str], errors: &mut SettingsErrors) {
    // No suggestion is needed for an error that is not written out.
    let is_shown = errors.0.len() < ERROR_LIMIT;
    let nearest = if is_shown { nearest(key, keys.iter().copied()).unwrap_or_default() } else { "" };
    add(Path::Key(path, key), format_args!("unknown key, did you mean `{nearest}`?"), errors);
}

/// Adds an error. The path and the problem contain user input, so both are escaped.
#[cold]
#[inline(never)]
fn add(path: Path<'_>, problem: fmt::Arguments<'_>, errors: &mut SettingsErrors) -> Reported {
    if errors.0.len() >= ERROR_LIMIT {
        if errors.0.len() == ERROR_LIMIT {
            let problem = format!("more than {ERROR_LIMIT} errors: fix these first");
            errors.0.push(SettingsError { path: String::new(), problem });
        }
        return Reported(());
    }
    let [path, problem] = [path.to_string(), problem.to_string()].map(|text| escaped_line(&text, LINE_LIMIT));
    errors.0.push(SettingsError { path, problem });
    Reported(())
}

/// Writes the beginning of a wrong value.
struct Beginning<'t>(&'t str);

impl Display for Beginning<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(SHOWN).and_then(|(end, _)| self.0.get(..end)) {
            Some(beginning) => write!(f, "{beginning}\u{2026}"),
            None => f.write_str(self.0),
        }
    }
}
