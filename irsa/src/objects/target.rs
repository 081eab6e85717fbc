//! Targets: the values in a workload that describe the pods it creates. A target is a pod template, a pod's spec, or
//! the name of a service account.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::pod::Pod;
use crate::findings::TargetKind;
use crate::json::{self, Field, Read as _, Reader, Segment, Unreadable};
use crate::settings::Step;
use crate::util::substring::contains;

/// The position of a path in `customWorkloads`: the index of the entry, and the index of the path in its array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SettingPath {
    pub(crate) entry: usize,
    pub(crate) path: usize,
}

/// A path in an object, and the kind of target that it leads to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Route<'a> {
    /// The steps, starting at the object itself.
    pub(super) steps: &'a [Step<'a>],
    /// The kind of target that the path leads to.
    pub(super) kind: TargetKind,
    /// The setting that contains the path. `None` for a built-in kind.
    pub(super) setting: Option<SettingPath>,
}

/// A value that describes the pods of a workload.
#[derive(Debug, Clone)]
pub(crate) struct Target<'j> {
    pub(crate) kind: TargetKind,
    /// The JSON of the target. Never `null`.
    pub(crate) text: &'j str,
    /// The setting whose path leads to the target. `None` for a built-in kind.
    pub(super) setting: Option<SettingPath>,
    /// The index of its place in [`Targets::places`].
    pub(super) place: usize,
    /// The template, if it was parsed during the walk.
    pub(super) read: Option<Box<json::Result<Pod<'j>>>>,
}

/// The part of a target that the policy checks.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "only one value exists at a time, and it is usually a pod")]
pub(crate) enum Content<'c, 'j> {
    /// The pod that a template describes.
    Pod(Cow<'c, Pod<'j>>),
    /// The name of a service account.
    Account(Cow<'j, str>),
    /// Nothing to check: the template has no `spec`, or the name is missing, empty or a placeholder.
    Nothing,
}

/// The targets in an object, in the order of their paths.
///
/// The targets share the places of their paths. A copy of the path for each target would take too much memory, because
/// a key can be as long as the object.
#[derive(Debug, Clone, Default)]
pub(crate) struct Targets<'j> {
    /// The targets.
    pub(crate) all: Vec<Target<'j>>,
    /// Every value on a path to a target. A parent precedes its children.
    pub(super) places: Vec<Place>,
}

/// The place of a value in an object.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// The index of the parent's place, and the step from the parent. `None` for the object itself.
    pub(super) parent: Option<(usize, Segment)>,
    /// The number of steps from the object itself.
    pub(super) depth: usize,
}

impl<'j> Target<'j> {
    /// Reads the part of the target that the policy checks.
    ///
    /// # Errors
    /// Fails if a value has a wrong type. If the target itself has a wrong type, the error names the setting whose path
    /// leads to the target.
    pub(crate) fn read(&self) -> json::Result<Content<'_, 'j>> {
        if self.has_wrong_type() {
            return Err(self.wrong_type());
        }
        match self.kind {
            TargetKind::Template => self.read_template(),
            TargetKind::Spec => read_account(self.text).map(account),
            TargetKind::AccountName => Ok(account(Reader::new(self.text).string()?.decode())),
        }
    }

    fn read_template(&self) -> json::Result<Content<'_, 'j>> {
        let read = match self.read.as_deref() {
            Some(Ok(pod)) => return Ok(Content::Pod(Cow::Borrowed(pod))),
            Some(Err(error)) => Err(error.clone()),
            None => Pod::read(&mut Reader::new(self.text)),
        };
        match read {
            Ok(pod) => Ok(Content::Pod(Cow::Owned(pod))),
            // A template of a custom kind may lack a `spec`: controllers such as Elastic's add the `spec`, or ignore
            // the template.
            Err(_) if self.setting.is_some() && !self.has_spec()? => Ok(Content::Nothing),
            Err(error) => Err(error),
        }
    }

    /// Whether a template has a `spec` other than `null`. Fails if the template is not an object.
    pub(super) fn has_spec(&self) -> json::Result<bool> {
        let mut has_spec = false;
        Reader::new(self.text).object(|reader, key| {
            has_spec |= key == "spec" && !reader.is_null();
            reader.skip()
        })?;
        Ok(has_spec)
    }

    /// Whether a target of a custom kind has another type than its setting expects.
    pub(super) fn has_wrong_type(&self) -> bool {
        self.setting.is_some() && !self.text.starts_with(if self.kind == TargetKind::AccountName { '"' } else { '{' })
    }

    /// Makes the error for a setting that leads to a value of a wrong type.
    pub(super) fn wrong_type(&self) -> Unreadable {
        let mut reader = Reader::new(self.text);
        let read = match self.kind {
            TargetKind::AccountName => reader.string().map(drop),
            TargetKind::Template | TargetKind::Spec => reader.object(|reader, _| reader.skip()).map(drop),
        };
        let error = read.err().unwrap_or_else(|| Unreadable::value("another type"));
        match self.setting {
            Some(SettingPath { entry, path }) => {
                error.about(format!("setting `customWorkloads[{entry}].{}[{path}]`", setting(self.kind)))
            }
            None => error,
        }
    }

    /// Whether all values that the policy reads are equal in two targets with the same path. Annotations are compared
    /// only if `is_relevant` returns true for their key.
    fn is_equivalent(&self, other: &Self, is_relevant: &dyn Fn(&str) -> bool) -> bool {
        if self.kind != other.kind {
            return false;
        }
        if self.text == other.text {
            return true;
        }
        match (self.read(), other.read()) {
            (Ok(Content::Pod(one)), Ok(Content::Pod(other))) => one.is_equivalent(&other, is_relevant),
            (Ok(Content::Account(one)), Ok(Content::Account(other))) => one == other,
            (Ok(Content::Nothing), Ok(Content::Nothing)) => true,
            // An unreadable target is equivalent only to a target with the same JSON.
            _ => false,
        }
    }
}

/// The key in `customWorkloads` for this kind of target.
fn setting(kind: TargetKind) -> &'static str {
    match kind {
        TargetKind::Template => "podTemplates",
        TargetKind::Spec => "podSpecs",
        TargetKind::AccountName => "serviceAccountNames",
    }
}

impl<'j> Targets<'j> {
    /// The path of a target.
    pub(crate) fn path(&self, target: &Target<'_>) -> Vec<Segment> {
        let mut path: Vec<Segment> = self.upward(target.place).cloned().collect();
        path.reverse();
        path
    }

    /// Whether two objects have targets with the same paths, and all values that the policy reads are equal in these
    /// targets. Annotations are compared only if `is_relevant` returns true for their key.
    pub(crate) fn are_equivalent(&self, other: &Self, is_relevant: &dyn Fn(&str) -> bool) -> bool {
        self.all.len() == other.all.len()
            && self.all.iter().zip(&other.all).all(|(one, two)| {
                self.upward(one.place).eq(other.upward(two.place)) && one.is_equivalent(two, is_relevant)
            })
    }

    /// The steps from a place up to the object itself.
    fn upward(&self, place: usize) -> impl Iterator<Item = &Segment> {
        let parent = |place: usize| self.places.get(place).and_then(|place| place.parent.as_ref());
        core::iter::successors(parent(place), move |(place, _)| parent(*place)).map(|(_, segment)| segment)
    }

    /// Inserts a target in the order of the paths. Usually the new target becomes the last one.
    pub(super) fn insert(&mut self, target: Target<'j>) {
        let Self { all, places } = self;
        let is_before = |other: &Target<'_>| {
            let order = compare(places, other.place, target.place);
            order.then_with(|| other.kind.cmp(&target.kind)).is_le()
        };
        let at = if all.last().is_none_or(is_before) { all.len() } else { all.partition_point(is_before) };
        all.insert(at, target);
    }
}

/// Compares the paths of two places. Parents precede their children. Array elements are sorted by index, members by
/// key.
fn compare(places: &[Place], one: usize, other: usize) -> Ordering {
    let depth = |place: usize| places.get(place).map_or(0, |place| place.depth);
    let parent = |place: usize| places.get(place).and_then(|place| place.parent.as_ref());
    let (mut left, mut right) = (one, other);
    // Go up to the same depth.
    while let (true, Some((up, _))) = (depth(left) > depth(right), parent(left)) {
        left = *up;
    }
    while let (true, Some((up, _))) = (depth(right) > depth(left), parent(right)) {
        right = *up;
    }
    if left == right {
        return depth(one).cmp(&depth(other));
    }
    // Go up to children of the same parent.
    while let (Some((left_up, left_step)), Some((right_up, right_step))) = (parent(left), parent(right)) {
        if left_up == right_up {
            return left_step.cmp(right_step);
        }
        (left, right) = (*left_up, *right_up);
    }
    Ordering::Equal
}

/// Reads the name of the service account in a pod's spec, and skips everything else.
fn read_account(text: &str) -> json::Result<Cow<'_, str>> {
    let mut name = Field::Missing;
    let mut deprecated = Field::Missing;
    Reader::new(text).object(|reader, key| match key {
        "serviceAccountName" => name.read(reader, Reader::string),
        "serviceAccount" => deprecated.read(reader, Reader::string),
        _ => reader.skip(),
    })?;
    let mut names = [name, deprecated].into_iter().filter_map(Field::into_option);
    Ok(names.find(|name| !name.is_empty()).map_or(Cow::Borrowed("default"), json::RawStr::decode))
}

/// Returns the account of this name. [`Content::Nothing`] if the name is empty, or a placeholder that the controller
/// replaces, such as Argo's `{{workflow.name}}` or Tekton's `$(params.name)`. The policy then checks the pods when they
/// are created.
fn account<'c>(name: Cow<'_, str>) -> Content<'c, '_> {
    let is_placeholder = contains(&name, "{{") || contains(&name, "$(");
    if name.is_empty() || is_placeholder { Content::Nothing } else { Content::Account(name) }
}
