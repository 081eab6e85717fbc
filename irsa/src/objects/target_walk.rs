//! Walks through an object once, and follows all paths of a workload at the same time.
//!
//! Paths are sorted, so paths with the same beginning are neighbors. At each value, the walk keeps slices of the paths
//! that lead to the value. Paths with the same steps so far share a slice, and are followed together. So each value is
//! visited once, however many paths lead to it.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::vec::Vec;

use super::metadata::Metadata;
use super::pod::Pod;
use super::target::{Place, Route, Target, Targets};
use crate::findings::TargetKind;
use crate::json::{self, Attempt, Field, Member as _, Read as _, Reader, Segment, Unreadable};
use crate::settings::Step;

/// Finds the values that the routes lead to. The routes must be sorted.
///
/// If a value on the way has another type than the path expects, the path matches nothing, as in JSONPath. If
/// `is_strict` is true, this is an error.
pub(super) fn walk<'j>(routes: &[Route<'_>], is_strict: bool, text: &'j str) -> json::Result<Targets<'j>> {
    let mut walk = Walk { text, is_strict, ..Walk::default() };
    walk.start(routes, &mut Reader::new(text))?;
    Ok(walk.targets)
}

/// Reads an object of a built-in kind from the reader: finds the targets as [`walk`] does, and reads the metadata too.
pub(super) fn walk_with_metadata<'j>(
    routes: &[Route<'_>],
    reader: &mut Reader<'j>,
) -> json::Result<(Metadata<'j>, Targets<'j>)> {
    let mut walk = Walk { is_strict: true, reads_metadata: true, ..Walk::default() };
    walk.start(routes, reader)?;
    Ok((walk.metadata.into_value(), walk.targets))
}

#[derive(Default)]
struct Walk<'j> {
    /// The JSON of the object. The targets of a custom kind are parts of it.
    text: &'j str,
    is_strict: bool,
    /// Whether to read the metadata of the object too.
    reads_metadata: bool,
    metadata: Field<Metadata<'j>>,
    /// Whether a target with a wrong type was found. Further targets with a wrong type are not kept, because there may
    /// be millions.
    has_wrong_type: bool,
    targets: Targets<'j>,
}

/// A visit of a value.
#[derive(Clone, Copy)]
struct Visit {
    place: usize,
    /// The number of steps from the object itself.
    depth: usize,
    /// Set if the value is a part of an outer target: the kind of target that the value would be on its own. For
    /// example, the `spec` of a template would be a `Spec`. Routes of this kind to the value are ignored, because the
    /// check of the outer target includes the value.
    covered: Option<TargetKind>,
}

/// Whether a value is a pod template, and whether it is a pod's spec.
#[derive(Clone, Copy)]
struct Roles {
    is_template: bool,
    is_spec: bool,
}

impl Roles {
    /// Returns the kind of target of the member `key`: `Spec` for the `spec` of a template, `AccountName` for the name
    /// of a service account in a spec. `None` for any other member.
    fn member(self, key: &str) -> Option<TargetKind> {
        match key {
            "spec" if self.is_template => Some(TargetKind::Spec),
            "serviceAccountName" | "serviceAccount" if self.is_spec => Some(TargetKind::AccountName),
            _ => None,
        }
    }
}

impl<'j> Walk<'j> {
    /// Starts at the object itself.
    fn start(&mut self, routes: &[Route<'_>], reader: &mut Reader<'j>) -> json::Result<()> {
        self.targets.places.push(Place { parent: None, depth: 0 });
        self.visit(reader, Visit { place: 0, depth: 0, covered: None }, &[routes])
    }

    /// Visits a value. Each slice of `active` has the routes that lead to the value by the same steps.
    fn visit(&mut self, reader: &mut Reader<'j>, visit: Visit, active: &[&[Route<'_>]]) -> json::Result<()> {
        if reader.is_null() {
            return reader.skip();
        }
        let mut ending: Vec<&Route<'_>> = Vec::new();
        let mut longer: Vec<&[Route<'_>]> = Vec::new();
        for routes in active {
            // The routes are sorted, so the routes that end at this value come first.
            let split = routes.partition_point(|route| route.steps.len() <= visit.depth);
            let (ended, rest) = routes.split_at_checked(split).unwrap_or((routes, &[]));
            for route in ended.iter().filter(|route| visit.covered != Some(route.kind)) {
                // If several paths lead to the value, the first one in the settings is used.
                match ending.iter_mut().find(|other| other.kind == route.kind) {
                    Some(other) if route.setting < other.setting => *other = route,
                    Some(_) => {}
                    None => ending.push(route),
                }
            }
            if !rest.is_empty() {
                longer.push(rest);
            }
        }
        let is_target = |kind| ending.iter().any(|route| route.kind == kind);
        let is_spec = is_target(TargetKind::Spec) || visit.covered == Some(TargetKind::Spec);
        let roles = Roles { is_template: is_target(TargetKind::Template), is_spec };
        if !self.is_strict {
            let text = if longer.is_empty() { reader.raw()?.0 } else { self.descend(reader, (visit, roles), &longer)? };
            for Route { kind, setting, .. } in ending {
                self.add(Target { kind: *kind, text, setting: *setting, place: visit.place, read: None });
            }
            return Ok(());
        }
        if longer.is_empty() {
            // A built-in kind has only one path. So this value is the only template, and the walk parses it.
            let Attempt { outcome, text, .. } = reader.attempt(Pod::read)?;
            let (kind, read) = (TargetKind::Template, Some(Box::new(outcome)));
            self.targets.all.push(Target { kind, text, setting: None, place: visit.place, read });
            return Ok(());
        }
        self.descend(reader, (visit, roles), &longer).map(drop)
    }

    /// Adds a target of a custom kind, unless there is nothing to check.
    fn add(&mut self, target: Target<'j>) {
        let has_wrong_type = target.has_wrong_type();
        let is_empty = target.kind == TargetKind::AccountName && target.text == "\"\"";
        let is_next_wrong_type = has_wrong_type && self.has_wrong_type;
        if !is_empty && !is_next_wrong_type {
            self.has_wrong_type |= has_wrong_type;
            self.targets.insert(target);
        }
    }

    /// Visits the members or elements of a value that routes lead to. Returns the JSON of the whole value.
    fn descend(
        &mut self,
        reader: &mut Reader<'j>,
        (visit, roles): (Visit, Roles),
        active: &[&[Route<'_>]],
    ) -> json::Result<&'j str> {
        if reader.is_array() {
            let wildcards: Vec<&[Route<'_>]> = active
                .iter()
                .map(|routes| wildcards(routes, visit.depth))
                .filter(|routes| !routes.is_empty())
                .collect();
            if !wildcards.is_empty() {
                let array = reader
                    .array(|reader, index| self.enter(reader, (visit, Segment::Index(index), None), &wildcards))?;
                return Ok(self.text.get(array.span.start..array.span.end).unwrap_or_default());
            }
        }
        if !self.is_strict && !reader.is_object() {
            return Ok(reader.raw()?.0);
        }
        let mut seen = Seen::default();
        let object = reader.object(|reader, key| {
            let mut inner = Vec::new();
            for (index, routes) in active.iter().enumerate() {
                let (start, named) = named(routes, visit.depth, key);
                if !named.is_empty() {
                    seen.insert((index, start))?;
                    inner.push(named);
                }
                let wildcards = wildcards(routes, visit.depth);
                if !wildcards.is_empty() {
                    inner.push(wildcards);
                }
            }
            if inner.is_empty() {
                let is_metadata = self.reads_metadata && visit.depth == 0 && key == "metadata";
                return if is_metadata { self.metadata.read_member(reader) } else { reader.skip() };
            }
            self.enter(reader, (visit, Segment::Key(key.to_owned()), roles.member(key)), &inner)
        })?;
        Ok(self.text.get(object.span.start..object.span.end).unwrap_or_default())
    }

    /// Visits a member or an element of a value.
    fn enter(
        &mut self,
        reader: &mut Reader<'j>,
        (outer, segment, covered): (Visit, Segment, Option<TargetKind>),
        active: &[&[Route<'_>]],
    ) -> json::Result<()> {
        // INVARIANT: a path has at most 200 steps.
        let depth = outer.depth.saturating_add(1);
        let (place, targets) = (self.targets.places.len(), self.targets.all.len());
        self.targets.places.push(Place { parent: Some((outer.place, segment)), depth });
        self.visit(reader, Visit { place, depth, covered }, active)?;
        if self.targets.all.len() == targets {
            // The value contains no target, so its place is not needed.
            self.targets.places.truncate(place);
        }
        Ok(())
    }
}

/// Detects duplicate keys of an object. Checks only keys that are the next step of a route. Each key is stored as a
/// pair of indexes, not as text. The first index is the index of a slice of routes. The second is the index of the
/// first route in that slice whose next step is the key. The same key always gives the same pair.
#[derive(Default)]
struct Seen(Vec<(usize, usize)>);

impl Seen {
    /// Fails if the key was already found, because JSON decoders disagree on which of two duplicate keys to use.
    fn insert(&mut self, name: (usize, usize)) -> json::Result<()> {
        match self.0.binary_search(&name) {
            Ok(_) => Err(Unreadable::duplicate()),
            Err(at) => {
                self.0.insert(at, name);
                Ok(())
            }
        }
    }
}

/// Returns the index of the first route whose next step is `key`, and all routes with this next step. Every route must
/// have a next step.
fn named<'r, 'a>(routes: &'r [Route<'a>], depth: usize, key: &str) -> (usize, &'r [Route<'a>]) {
    let name = |route: &Route<'_>| route.steps.get(depth).and_then(Step::name).map(|name| name.cmp(key));
    let start = routes.partition_point(|route| name(route).is_some_and(core::cmp::Ordering::is_lt));
    let end = routes.partition_point(|route| name(route).is_some_and(core::cmp::Ordering::is_le));
    (start, routes.get(start..end).unwrap_or_default())
}

/// Returns the routes whose next step is a wildcard. These are the last of the sorted routes. Every route must have a
/// next step.
fn wildcards<'r, 'a>(routes: &'r [Route<'a>], depth: usize) -> &'r [Route<'a>] {
    let start = routes.partition_point(|route| route.steps.get(depth) != Some(&Step::Wildcard));
    routes.get(start..).unwrap_or_default()
}
