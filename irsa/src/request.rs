//! The admission request.
//!
//! Source: Kubernetes' `admission.k8s.io/v1` `AdmissionRequest`.

use alloc::borrow::Cow;

use crate::json::{self, Attempt, Field, RawStr, Reader, Span, Unreadable};
use crate::objects::kind::GroupVersionKind;
use crate::objects::metadata::Metadata;
use crate::objects::pod::Pod;
use crate::types::dns::is_dns_label;

/// An admission request.
#[derive(Debug, Clone)]
pub struct Request<'j> {
    /// The request's uid. The API server makes one for each call.
    pub uid: RawStr<'j>,
    /// The namespace of the object.
    pub namespace: RawStr<'j>,
    /// The operation.
    pub operation: Operation,
    /// Whether the request is for a subresource, such as `status`.
    pub is_subresource: bool,
    /// The kind of the object.
    pub kind: GroupVersionKind<'j>,
    /// The object after the operation. Missing on `DELETE`.
    pub object: Field<Document<'j>>,
    /// The object before the operation. Missing on `CREATE`.
    pub old_object: Field<Document<'j>>,
}

/// The operation on an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// `CREATE`.
    Create,
    /// `UPDATE`.
    Update,
    /// `DELETE`.
    Delete,
    /// `CONNECT`.
    Connect,
}

/// The text of an object, and the pod if it is one.
#[derive(Debug, Clone)]
pub struct Document<'j> {
    /// The object's text.
    pub text: &'j str,
    /// The position of that text in the text of the request.
    pub span: Span,
    /// The pod, if it was read while the request was.
    pod: Option<json::Result<Pod<'j>>>,
}

impl<'j> Document<'j> {
    /// The object as a pod.
    ///
    /// # Errors
    /// Fails if it cannot be read as a pod.
    pub(crate) fn pod(&self) -> json::Result<Cow<'_, Pod<'j>>> {
        match &self.pod {
            Some(Ok(pod)) => Ok(Cow::Borrowed(pod)),
            Some(Err(unreadable)) => Err(unreadable.clone()),
            None => Pod::read(&mut Reader::within(self.text, self.span.start)).map(Cow::Owned),
        }
    }

    /// The object's metadata, whatever its kind.
    pub(crate) fn metadata(&self) -> json::Result<Metadata<'j>> {
        let mut metadata = Field::Missing;
        let read = Reader::new(self.text).object(|reader, key| match key {
            "metadata" => metadata.read(reader, Metadata::read),
            _ => reader.skip(),
        });
        read.map_err(|error| error.within("object"))?;
        Ok(metadata.into_value())
    }

    /// Reads the object as a pod if the kind before it says so; otherwise only takes its text.
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
    /// Fails if a field has another type than in Kubernetes, or an unknown operation.
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

impl<'j> Request<'j> {
    /// The object of the request.
    pub(crate) fn required_object(&self) -> json::Result<&Document<'j>> {
        self.object.get().ok_or_else(|| Unreadable::missing("an object").within("object"))
    }

    /// The namespace of the request. The policy looks up accounts there and nowhere else.
    pub(crate) fn required_namespace(&self) -> json::Result<Cow<'j, str>> {
        let namespace = self.namespace.decode();
        if is_dns_label(&namespace) {
            return Ok(namespace);
        }
        let expected = "the name of a namespace";
        let error = match &*namespace {
            "" => Unreadable::missing(expected),
            other => Unreadable::name(expected, other),
        };
        Err(error.within("namespace"))
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
