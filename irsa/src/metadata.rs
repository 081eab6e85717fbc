//! What is read of an object's `metadata`.

use crate::json::{Brackets, Field, RawStr, Reader, Result, Span};

/// The label by which a pod opts out, whatever the prefix of the annotations: the key that the webhook's
/// `objectSelector` names.
pub const SKIP_LABEL: &str = "eks.amazonaws.com/skip-pod-identity-webhook";

/// The label that marks a pod with container credentials.
pub const POD_IDENTITY_LABEL: &str = "eks.amazonaws.com/pod-identity";

/// The value of [`POD_IDENTITY_LABEL`].
pub const POD_IDENTITY_ENABLED: &str = "enabled";

const MIRROR_POD_ANNOTATION: &str = "kubernetes.io/config.mirror";

/// What is read of an object's `metadata`.
#[derive(Debug, Clone, Default)]
pub struct Metadata<'j> {
    /// Where it stands.
    pub brackets: Brackets,
    /// The object's name. Empty where the API server will generate one.
    pub name: RawStr<'j>,
    /// Its namespace. Empty where it has none.
    pub namespace: RawStr<'j>,
    /// Its annotations.
    pub annotations: Annotations<'j>,
    /// Its labels.
    pub labels: Field<Labels<'j>>,
    /// It is being deleted, and waits for its finalizers.
    pub is_terminating: bool,
}

impl<'j> Metadata<'j> {
    /// Reads an object's `metadata`.
    ///
    /// # Errors
    /// Fails where something that is read has another type than Kubernetes gives it.
    pub fn read(reader: &mut Reader<'j>) -> Result<Self> {
        let mut name = Field::Missing;
        let mut namespace = Field::Missing;
        let mut annotations = Field::Missing;
        let mut labels = Field::Missing;
        let mut deletion_timestamp = Field::Missing;
        let brackets = reader.object(|reader, key| match key {
            "name" => name.read(reader, Reader::string),
            "namespace" => namespace.read(reader, Reader::string),
            "annotations" => annotations.read(reader, Annotations::read),
            "labels" => labels.read(reader, Labels::read),
            "deletionTimestamp" => deletion_timestamp.read(reader, Reader::skip),
            _ => reader.skip(),
        })?;
        Ok(Self {
            brackets,
            name: name.into_value(),
            namespace: namespace.into_value(),
            annotations: annotations.into_value(),
            labels,
            is_terminating: deletion_timestamp.get().is_some(),
        })
    }

    /// Whether the pod opts out of being given a role.
    #[must_use]
    pub fn opts_out(&self) -> bool {
        self.labels.get().is_some_and(|labels| labels.skip)
    }

    /// Whether this is the API server's image of a static pod, which may not use a service account.
    #[must_use]
    pub fn is_mirror_pod(&self) -> bool {
        self.annotations.contains(MIRROR_POD_ANNOTATION)
    }
}

/// An object's annotations, in the order in which they stand.
#[derive(Debug, Clone, Default)]
pub struct Annotations<'j>(Vec<(RawStr<'j>, RawStr<'j>)>);

impl<'j> Annotations<'j> {
    fn read(reader: &mut Reader<'j>) -> Result<Self> {
        let mut annotations = Vec::new();
        reader.string_map(|key, value, _| annotations.push((key, value)))?;
        Ok(Self(annotations))
    }

    /// The value of the annotation `prefix/key`. Where a key stands twice, the last counts, as for the API server.
    #[must_use]
    pub fn under(&self, prefix: &str, key: &str) -> Option<RawStr<'j>> {
        self.last(|name| is_under(&name.decode(), prefix, key))
    }

    /// Whether those that `is_relevant` are the same.
    #[must_use]
    pub fn agree_on(&self, other: &Self, is_relevant: impl Fn(&str) -> bool) -> bool {
        let has_all = |one: &Self, other: &Self| {
            let mut relevant = one.keys().filter(|key| is_relevant(&key.decode()));
            relevant.all(|key| one.last(|other| other == key) == other.last(|other| other == key))
        };
        has_all(self, other) && has_all(other, self)
    }

    fn last(&self, is_it: impl Fn(RawStr<'j>) -> bool) -> Option<RawStr<'j>> {
        self.0.iter().rev().find(|(key, _)| is_it(*key)).map(|(_, value)| *value)
    }

    /// Whether there is an annotation of this key.
    #[must_use]
    pub fn contains(&self, key: &str) -> bool {
        self.keys().any(|other| other == key)
    }

    /// The keys, in the order in which they stand.
    pub fn keys(&self) -> impl Iterator<Item = RawStr<'j>> {
        self.0.iter().map(|(key, _)| *key)
    }
}

fn is_under(name: &str, prefix: &str, key: &str) -> bool {
    name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('/')) == Some(key)
}

/// What is read of an object's labels.
#[derive(Debug, Clone)]
pub struct Labels<'j> {
    /// Where they stand.
    pub brackets: Brackets,
    /// Whether the [skip label](SKIP_LABEL) is there, whatever its value.
    pub skip: bool,
    /// The value of the [pod identity label](POD_IDENTITY_LABEL), and where it stands.
    pub pod_identity: Option<(RawStr<'j>, Span)>,
}

impl<'j> Labels<'j> {
    fn read(reader: &mut Reader<'j>) -> Result<Self> {
        let mut skip = false;
        let mut pod_identity = None;
        let brackets = reader.string_map(|key, value, span| match &*key.decode() {
            SKIP_LABEL => skip = true,
            POD_IDENTITY_LABEL => pod_identity = Some((value, span)),
            _ => {}
        })?;
        Ok(Self { brackets, skip, pod_identity })
    }
}
