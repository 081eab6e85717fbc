//! Reads an object's `metadata`: name, annotations, labels and owners.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::json::{Brackets, Field, RawStr, Read, Reader, Result, Span};
use crate::util::names::{Entry, sort};

/// The label that opts a pod out of injection. Its value and the setting `annotationPrefix` do not matter. AWS's
/// webhook has this key in its `objectSelector`.
pub const SKIP_LABEL: &str = "eks.amazonaws.com/skip-pod-identity-webhook";

/// The label for pods with container credentials.
pub(crate) const POD_IDENTITY_LABEL: &str = "eks.amazonaws.com/pod-identity";

/// The value of [`POD_IDENTITY_LABEL`].
pub(crate) const POD_IDENTITY_ENABLED: &str = "enabled";

/// The annotation of mirror pods.
const MIRROR_POD_ANNOTATION: &str = "kubernetes.io/config.mirror";

/// An object's `metadata`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Metadata<'j> {
    /// The position of `metadata`.
    pub(crate) brackets: Brackets,
    /// The object's name. Empty if the API server will generate one.
    pub(crate) name: RawStr<'j>,
    /// The object's namespace. Empty if it has none.
    pub(crate) namespace: RawStr<'j>,
    /// Its annotations.
    pub(crate) annotations: Annotations<'j>,
    /// Its labels.
    pub(crate) labels: Field<Labels<'j>>,
    /// Whether the object has a controller. For example, a Deployment is the controller of its `ReplicaSet`s.
    pub(crate) is_controlled: bool,
    /// Whether it has a `deletionTimestamp`: the object then only waits for its finalizers.
    pub(crate) is_terminating: bool,
}

impl Metadata<'_> {
    /// Whether the pod opts out of injection.
    pub(crate) fn opts_out(&self) -> bool {
        self.labels.get().is_some_and(|labels| labels.skip)
    }

    /// Whether it is the mirror pod of a static pod. The API server forbids service accounts on mirror pods.
    pub(crate) fn is_mirror_pod(&self) -> bool {
        self.annotations.contains(MIRROR_POD_ANNOTATION)
    }
}

impl<'j> Read<'j> for Metadata<'j> {
    fn read(reader: &mut Reader<'j>) -> Result<Self> {
        let mut name = Field::Missing;
        let mut namespace = Field::Missing;
        let mut annotations = Field::Missing;
        let mut labels = Field::Missing;
        let mut owners = Field::<Owners>::Missing;
        let mut deletion_timestamp = Field::<()>::Missing;
        let brackets = reader.members(&mut [
            ("name", &mut name),
            ("namespace", &mut namespace),
            ("annotations", &mut annotations),
            ("labels", &mut labels),
            ("ownerReferences", &mut owners),
            ("deletionTimestamp", &mut deletion_timestamp),
        ])?;
        Ok(Self {
            brackets,
            name: name.into_value(),
            namespace: namespace.into_value(),
            annotations: annotations.into_value(),
            labels,
            is_controlled: owners.get().is_some_and(|owners| owners.have_controller),
            is_terminating: deletion_timestamp.get().is_some(),
        })
    }
}

/// `ownerReferences`.
struct Owners {
    /// Whether an owner is the controller.
    have_controller: bool,
}

impl<'j> Read<'j> for Owners {
    fn read(reader: &mut Reader<'j>) -> Result<Self> {
        let mut have_controller = false;
        reader.array(|reader, _| {
            have_controller |= reader.only_member("controller", Reader::boolean)?.into_value();
            Ok(())
        })?;
        Ok(Self { have_controller })
    }
}

/// An object's annotations, in the order of the JSON.
#[derive(Debug, Clone, Default)]
pub(crate) struct Annotations<'j>(Vec<(RawStr<'j>, RawStr<'j>)>);

impl<'j> Read<'j> for Annotations<'j> {
    fn read(reader: &mut Reader<'j>) -> Result<Self> {
        let mut annotations = Vec::new();
        reader.string_map(|key, value, _| annotations.push((key, value)))?;
        Ok(Self(annotations))
    }
}

impl<'j> Annotations<'j> {
    /// The value of the annotation `prefix/key`. If a key occurs twice, the last value wins, as in the API server.
    pub(crate) fn under(&self, prefix: &str, key: &str) -> Option<RawStr<'j>> {
        self.last(|name| is_under(&name.decode(), prefix, key))
    }

    /// Whether both objects have the same relevant annotations. If a key occurs twice, the last value wins.
    pub(crate) fn agree_on(&self, other: &Self, is_relevant: impl Fn(&str) -> bool) -> bool {
        let mut one = self.relevant(&is_relevant);
        let mut other = other.relevant(&is_relevant);
        // Most updates keep the order of the annotations.
        one == other || {
            keep_last(&mut one);
            keep_last(&mut other);
            one == other
        }
    }

    fn relevant(&self, is_relevant: &dyn Fn(&str) -> bool) -> Vec<(Cow<'j, str>, RawStr<'j>)> {
        let decoded = self.0.iter().map(|(key, value)| (key.decode(), *value));
        decoded.filter(|(key, _)| is_relevant(key)).collect()
    }

    fn last(&self, is_it: impl Fn(RawStr<'j>) -> bool) -> Option<RawStr<'j>> {
        self.0.iter().rev().find(|(key, _)| is_it(*key)).map(|(_, value)| *value)
    }

    /// Whether there is an annotation with this key.
    pub(crate) fn contains(&self, key: &str) -> bool {
        self.keys().any(|other| other == key)
    }

    /// The keys and values, in the order of the JSON.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (RawStr<'j>, RawStr<'j>)> {
        self.0.iter().copied()
    }

    /// The keys, in the order of the JSON.
    pub(crate) fn keys(&self) -> impl Iterator<Item = RawStr<'j>> {
        self.0.iter().map(|(key, _)| *key)
    }
}

/// Sorts entries by their keys. If a key occurs more than once, keeps only its last entry.
fn keep_last<'j>(entries: &mut Vec<(Cow<'j, str>, RawStr<'j>)>) {
    let mut order: Vec<Entry<'_>> =
        entries.iter().enumerate().map(|(position, (key, _))| (Cow::Borrowed(&**key), position)).collect();
    sort(&mut order);
    let mut kept: Vec<(Cow<'j, str>, RawStr<'j>)> = Vec::with_capacity(order.len());
    for (key, position) in order {
        let Some((_, value)) = entries.get(position) else { continue };
        match kept.last_mut().filter(|(last, _)| *last == key) {
            Some((_, last)) => *last = *value,
            None => kept.push((Cow::Owned(key.into_owned()), *value)),
        }
    }
    *entries = kept;
}

fn is_under(name: &str, prefix: &str, key: &str) -> bool {
    name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('/')) == Some(key)
}

/// An object's labels.
#[derive(Debug, Clone)]
pub(crate) struct Labels<'j> {
    /// The position of `labels`.
    pub(crate) brackets: Brackets,
    /// Whether the [skip label](SKIP_LABEL) is present, whatever its value.
    pub(crate) skip: bool,
    /// The value of the [pod identity label](POD_IDENTITY_LABEL), and its position.
    pub(crate) pod_identity: Option<(RawStr<'j>, Span)>,
}

impl<'j> Read<'j> for Labels<'j> {
    fn read(reader: &mut Reader<'j>) -> Result<Self> {
        let mut skip = false;
        let mut pod_identity = None;
        let brackets = reader.string_map(|key, value, span| {
            if key == SKIP_LABEL {
                skip = true;
            } else if key == POD_IDENTITY_LABEL {
                pod_identity = Some((value, span));
            }
        })?;
        Ok(Self { brackets, skip, pod_identity })
    }
}
