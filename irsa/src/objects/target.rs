//! What a workload says about the pods that it creates: pod templates, specs of pods, and names of service accounts.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::pod::Pod;
use crate::findings::TargetKind;
use crate::json::{self, Field, Reader, Segment, Unreadable};
use crate::settings::Step;
use crate::util::substring::contains;

/// A path in `customWorkloads`: the index of the entry, and the index of the path in its array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SettingPath {
    pub(crate) entry: usize,
    pub(crate) path: usize,
}

/// A path, and what it leads to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Route<'a> {
    /// The steps, starting at the object itself.
    pub(super) steps: &'a [Step<'a>],
    /// What the path leads to.
    pub(super) kind: TargetKind,
    /// The setting that has the path. `None` for a built-in kind.
    pub(super) setting: Option<SettingPath>,
}

/// A value that says which pods a workload creates.
#[derive(Debug, Clone)]
pub(crate) struct Target<'j> {
    /// What it is.
    pub(crate) kind: TargetKind,
    /// Its text: any JSON value but `null`.
    pub(crate) text: &'j str,
    /// The setting that leads to it. `None` for a built-in kind.
    pub(super) setting: Option<SettingPath>,
    /// Its place in [`Targets::places`].
    pub(super) place: usize,
    /// The template, if it was read during the walk.
    pub(super) read: Option<Box<json::Result<Pod<'j>>>>,
}

/// What the policy checks of a target.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "one at a time, and almost always a pod")]
pub(crate) enum Content<'c, 'j> {
    /// The pod that a template describes.
    Pod(Cow<'c, Pod<'j>>),
    /// The name of a service account.
    Account(Cow<'j, str>),
    /// Nothing: the template has no `spec`, or the name is missing, empty or a placeholder.
    Nothing,
}

/// The targets in one object, in the order of their paths.
///
/// They share their paths, which would otherwise take memory for each target: a key can be as long as the object.
#[derive(Debug, Clone)]
pub(crate) struct Targets<'j> {
    /// The targets.
    pub(crate) all: Vec<Target<'j>>,
    /// Every place on a path to a target. A parent precedes its children.
    pub(super) places: Vec<Place>,
}

/// A place in an object.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// The index of the parent, and the step from there. `None` for the object itself.
    pub(super) parent: Option<(usize, Segment)>,
    /// The number of steps from the object itself.
    pub(super) depth: usize,
}

impl<'j> Target<'j> {
    /// Reads what the policy checks of the target.
    ///
    /// # Errors
    /// Fails if a value has a wrong type. If it is the target itself, the error names the setting that leads to it.
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
            // Controllers such as Elastic's complete a template, or use none.
            Err(_) if self.setting.is_some() && !self.has_spec()? => Ok(Content::Nothing),
            Err(error) => Err(error),
        }
    }

    /// Whether a template, which must be an object, has a `spec` that is not `null`.
    pub(super) fn has_spec(&self) -> json::Result<bool> {
        let mut has_spec = false;
        Reader::new(self.text).object(|reader, key| {
            has_spec |= key == "spec" && !reader.is_null();
            reader.skip()
        })?;
        Ok(has_spec)
    }

    /// Whether the target of a custom kind has another type than its setting says.
    pub(super) fn has_wrong_type(&self) -> bool {
        self.setting.is_some() && !self.text.starts_with(if self.kind == TargetKind::AccountName { '"' } else { '{' })
    }

    /// The error that the setting leads to a value with the wrong type.
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

    /// Whether two targets of the same place say the same about pods, as far as the policy reads them. Of annotations
    /// only the relevant ones count.
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
            // An unreadable target can only be compared as text.
            _ => false,
        }
    }
}

/// The key of a custom workload that has paths to this kind.
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

    /// Whether two objects say the same about pods. Of annotations only the relevant ones count.
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

    /// Adds a target in the order of the paths. Most targets are the last one.
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

/// Compares the paths of two places: parents first, array elements by index, members by key.
fn compare(places: &[Place], one: usize, other: usize) -> Ordering {
    let depth = |place: usize| places.get(place).map_or(0, |place| place.depth);
    let parent = |place: usize| places.get(place).and_then(|place| place.parent.as_ref());
    let (mut left, mut right) = (one, other);
    // Up to the same depth.
    while let (true, Some((up, _))) = (depth(left) > depth(right), parent(left)) {
        left = *up;
    }
    while let (true, Some((up, _))) = (depth(right) > depth(left), parent(right)) {
        right = *up;
    }
    if left == right {
        return depth(one).cmp(&depth(other));
    }
    // Up to children of the same parent.
    while let (Some((left_up, left_step)), Some((right_up, right_step))) = (parent(left), parent(right)) {
        if left_up == right_up {
            return left_step.cmp(right_step);
        }
        (left, right) = (*left_up, *right_up);
    }
    Ordering::Equal
}

/// The service account of a pod's spec. Reads nothing else of it.
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

/// The account of this name. Nothing if the controller fills in the name later, as Argo does with `{{workflow.name}}` and
/// Tekton with `$(params.name)`: the policy checks the pods.
fn account<'c>(name: Cow<'_, str>) -> Content<'c, '_> {
    let is_placeholder = contains(&name, "{{") || contains(&name, "$(");
    if name.is_empty() || is_placeholder { Content::Nothing } else { Content::Account(name) }
}
