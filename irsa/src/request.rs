//! An admission request, as the API server makes it.
//!
//! Source: Kubernetes' `admission.k8s.io/v1` `AdmissionRequest`.

use std::borrow::Cow;

use crate::json::{self, Attempt, Field, RawStr, Reader, Span, Unreadable};
use crate::pod::Pod;

/// What is read of an admission request.
#[derive(Debug, Clone)]
pub struct Request<'j> {
    /// The request's uid: the API server makes one for each call.
    pub uid: RawStr<'j>,
    /// The namespace of the object.
    pub namespace: RawStr<'j>,
    /// What is done.
    pub operation: Operation,
    /// Only a part of the object is asked for, such as its status.
    pub is_subresource: bool,
    /// What kind of object.
    pub kind: GroupVersionKind<'j>,
    /// The object after the operation. Missing where it is deleted.
    pub object: Field<Document<'j>>,
    /// The object before the operation. Missing where it is created.
    pub old_object: Field<Document<'j>>,
}

/// What is done to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// It is created.
    Create,
    /// It is changed.
    Update,
    /// It is deleted.
    Delete,
    /// It is connected to.
    Connect,
}

/// A kind of object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupVersionKind<'j> {
    /// The API group. Empty for the core one.
    pub group: RawStr<'j>,
    /// The version within the group.
    pub version: RawStr<'j>,
    /// The kind's name.
    pub kind: RawStr<'j>,
}

/// The text of an object, and the pod that it was read as.
#[derive(Debug, Clone)]
pub struct Document<'j> {
    /// The object's text.
    pub text: &'j str,
    /// Where that stands in the text of the request.
    pub span: Span,
    /// The object, where it is a pod that has been read already.
    pod: Option<json::Result<Pod<'j>>>,
}

impl<'j> Document<'j> {
    /// The object as a pod.
    ///
    /// # Errors
    /// Fails where it cannot be read as one.
    pub fn pod(&self) -> json::Result<Cow<'_, Pod<'j>>> {
        match &self.pod {
            Some(Ok(pod)) => Ok(Cow::Borrowed(pod)),
            Some(Err(unreadable)) => Err(unreadable.clone()),
            None => Pod::read(&mut Reader::within(self.text, self.span.start)).map(Cow::Owned),
        }
    }

    /// Reads the object in passing where it is known to be a pod; else only its text is taken.
    fn read(reader: &mut Reader<'j>, kind: Option<&GroupVersionKind<'_>>) -> json::Result<Self> {
        if !kind.is_some_and(GroupVersionKind::is_pod) {
            let (text, span) = reader.raw()?;
            return Ok(Self { text, span, pod: None });
        }
        let Attempt { outcome, text, span } = reader.attempt(Pod::read)?;
        Ok(Self { text, span, pod: Some(outcome) })
    }
}

impl<'j> Request<'j> {
    /// Reads a request.
    ///
    /// # Errors
    /// Fails where something that is read has another type than Kubernetes gives it, or says nothing that is known.
    pub fn read(reader: &mut Reader<'j>) -> json::Result<Self> {
        let mut uid = Field::Missing;
        let mut namespace = Field::Missing;
        let mut operation = Field::Missing;
        let mut sub_resource = Field::Missing;
        let mut kind = Field::Missing;
        let mut object = Field::Missing;
        let mut old_object = Field::Missing;
        reader.object(|reader, key| match key {
            "uid" => uid.read(reader, Reader::string),
            "namespace" => namespace.read(reader, Reader::string),
            "operation" => operation.read(reader, Operation::read),
            "subResource" => sub_resource.read(reader, Reader::string),
            "kind" => kind.read(reader, GroupVersionKind::read),
            "object" => object.read(reader, |reader| Document::read(reader, kind.get())),
            "oldObject" => old_object.read(reader, |reader| Document::read(reader, None)),
            _ => reader.skip(),
        })?;
        Ok(Self {
            uid: uid.into_value(),
            namespace: namespace.into_value(),
            operation: operation
                .into_option()
                .ok_or_else(|| Unreadable::missing("an operation").within("operation"))?,
            is_subresource: !sub_resource.into_value().is_empty(),
            kind: kind.into_option().ok_or_else(|| Unreadable::missing("a kind").within("kind"))?,
            object,
            old_object,
        })
    }
}

impl Operation {
    fn read(reader: &mut Reader<'_>) -> json::Result<Self> {
        match &*reader.string()?.decode() {
            "CREATE" => Ok(Self::Create),
            "UPDATE" => Ok(Self::Update),
            "DELETE" => Ok(Self::Delete),
            "CONNECT" => Ok(Self::Connect),
            _ => Err(Unreadable::value("`CREATE`, `UPDATE`, `DELETE` or `CONNECT`")),
        }
    }
}

impl<'j> GroupVersionKind<'j> {
    /// Whether it is this kind.
    #[must_use]
    pub fn is(&self, group: &str, version: &str, kind: &str) -> bool {
        self.kind == *kind && self.group == *group && self.version == *version
    }

    /// Whether it is that of pods.
    #[must_use]
    pub fn is_pod(&self) -> bool {
        self.is("", "v1", "Pod")
    }

    fn read(reader: &mut Reader<'j>) -> json::Result<Self> {
        let mut group = Field::Missing;
        let mut version = Field::Missing;
        let mut kind = Field::Missing;
        reader.object(|reader, key| match key {
            "group" => group.read(reader, Reader::string),
            "version" => version.read(reader, Reader::string),
            "kind" => kind.read(reader, Reader::string),
            _ => reader.skip(),
        })?;
        Ok(Self {
            group: group.into_value(),
            version: version.into_value(),
            kind: kind.into_option().ok_or_else(|| Unreadable::missing("a kind").within("kind"))?,
        })
    }
}
