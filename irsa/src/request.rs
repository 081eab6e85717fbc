//! Reads the admission request, and parses its object if the kind is already known.
//!
//! Source: Kubernetes' `admission.k8s.io/v1` `AdmissionRequest`.

use alloc::borrow::Cow;
use alloc::boxed::Box;

use crate::json::{self, Attempt, Field, RawStr, Read as _, Reader, Span, Unreadable};
use crate::objects::kind::GroupVersionKind;
use crate::objects::metadata::Metadata;
use crate::objects::pod::Pod;
use crate::objects::target::Targets;
use crate::objects::workload::{Workload, WorkloadObject};
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

/// The object of a request, before or after the operation, and what was already parsed from it.
#[derive(Debug, Clone)]
pub struct Document<'j> {
    /// The object's text.
    pub text: &'j str,
    /// The position of that text in the request.
    pub span: Span,
    reading: Reading<'j>,
}

/// What was parsed from an object while the request was read.
#[derive(Debug, Clone)]
enum Reading<'j> {
    /// Nothing was parsed.
    Text,
    /// A pod.
    Pod(Box<json::Result<Pod<'j>>>),
    /// The object of a built-in kind of workload.
    Workload(Box<WorkloadObject<'j>>),
    /// The metadata of another object.
    Metadata(Box<json::Result<Metadata<'j>>>),
}

impl<'j> Document<'j> {
    /// Returns the object as a pod.
    ///
    /// # Errors
    /// Fails if the object is not a valid pod.
    pub(crate) fn pod(&self) -> json::Result<Cow<'_, Pod<'j>>> {
        match &self.reading {
            Reading::Pod(read) => (**read).as_ref().map(Cow::Borrowed).map_err(Clone::clone),
            _ => Pod::read(&mut Reader::within(self.text, self.span.start)).map(Cow::Owned),
        }
    }

    /// Returns the metadata of an object of any kind.
    ///
    /// # Errors
    /// Fails if the metadata can't be read.
    pub(crate) fn metadata(&self) -> json::Result<Cow<'_, Metadata<'j>>> {
        let metadata = match &self.reading {
            Reading::Workload(read) => Ok(Cow::Borrowed(&read.metadata)),
            Reading::Metadata(read) => (**read).as_ref().map(Cow::Borrowed).map_err(Clone::clone),
            Reading::Text | Reading::Pod(_) => read_metadata(&mut Reader::new(self.text)).map(Cow::Owned),
        };
        metadata.map_err(|error| error.within("object"))
    }

    /// The targets in the object. The object must be of the workload's kind.
    ///
    /// # Errors
    /// Fails as [`Workload::targets`] does.
    pub(crate) fn targets(&self, workload: &Workload<'_>) -> json::Result<Cow<'_, Targets<'j>>> {
        match &self.reading {
            Reading::Workload(read) => Ok(Cow::Borrowed(&read.targets)),
            _ => workload.targets(self.text).map(Cow::Owned),
        }
    }

    /// Reads an object. If `kind` is given, also parses the object: as a pod, as a workload of a built-in kind, or else
    /// only its metadata. If `kind` is `None`, keeps only the text. This is the case for `oldObject`, and for an object
    /// that precedes its kind in the request.
    fn read(reader: &mut Reader<'j>, kind: Option<&GroupVersionKind<'_>>) -> json::Result<Self> {
        let Some(kind) = kind else {
            let (text, span) = reader.raw()?;
            return Ok(Self { text, span, reading: Reading::Text });
        };
        if kind.is_pod() {
            let Attempt { outcome, text, span } = reader.attempt(Pod::read)?;
            return Ok(Self { text, span, reading: Reading::Pod(Box::new(outcome)) });
        }
        if let Some(workload) = Workload::built_in(kind) {
            let Attempt { outcome, text, span } = reader.attempt(|reader| workload.read(reader))?;
            // After an error, the review reads the metadata and the targets again, one after the other, and returns the
            // first error.
            let reading = outcome.map_or(Reading::Text, |read| Reading::Workload(Box::new(read)));
            return Ok(Self { text, span, reading });
        }
        let Attempt { outcome, text, span } = reader.attempt(read_metadata)?;
        Ok(Self { text, span, reading: Reading::Metadata(Box::new(outcome)) })
    }
}

/// Reads only the metadata of an object.
fn read_metadata<'j>(reader: &mut Reader<'j>) -> json::Result<Metadata<'j>> {
    Ok(reader.only_member("metadata", Metadata::read)?.into_value())
}

impl<'j> Request<'j> {
    /// Reads a request.
    ///
    /// # Errors
    /// Fails if a field does not have its Kubernetes type, or if the operation is unknown.
    pub fn read(reader: &mut Reader<'j>) -> json::Result<Self> {
        let mut uid = Field::Missing;
        let mut namespace = Field::Missing;
        let mut operation = Field::Missing;
        let mut sub_resource = Field::<RawStr<'j>>::Missing;
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
    /// Returns the object of the request. Fails if it is missing.
    pub(crate) fn required_object(&self) -> json::Result<&Document<'j>> {
        self.object.get().ok_or_else(|| Unreadable::missing("an object").within("object"))
    }

    /// Returns the namespace of the request, in which service accounts are looked up. Fails if it is not a DNS label.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn request(kind: &str, object: &str) -> String {
        format!(r#"{{"kind":{kind},"operation":"CREATE","object":{object}}}"#)
    }

    /// An object is parsed while the request is read. Parsing it again would double the cost of a request.
    #[test]
    fn parses_an_object_only_once() {
        let pod = request(
            r#"{"group":"","version":"v1","kind":"Pod"}"#,
            r#"{"metadata":{"name":"web"},"spec":{"containers":[]}}"#,
        );
        let read = Request::read(&mut Reader::new(&pod)).unwrap();
        assert!(matches!(read.required_object().unwrap().pod(), Ok(Cow::Borrowed(_))));

        // The metadata of the template is not the metadata of the object.
        let kind = r#"{"group":"batch","version":"v1","kind":"CronJob"}"#;
        let template = r#"{"metadata":{"labels":{}},"spec":{"containers":[]}}"#;
        let cron_job = request(
            kind,
            &format!(
                r#"{{"metadata":{{"name":"web"}},"spec":{{"jobTemplate":{{"metadata":{{}},"spec":{{"template":{template}}}}}}}}}"#
            ),
        );
        let read = Request::read(&mut Reader::new(&cron_job)).unwrap();
        let document = read.required_object().unwrap();
        let workload = Workload::built_in(&read.kind).unwrap();
        let Ok(Cow::Borrowed(targets)) = document.targets(&workload) else { panic!("the targets are read again") };
        assert_eq!(targets.all.len(), 1);
        let Ok(Cow::Borrowed(metadata)) = document.metadata() else { panic!("the metadata is read again") };
        assert_eq!(metadata.name, *"web");

        let account =
            request(r#"{"group":"","version":"v1","kind":"ServiceAccount"}"#, r#"{"metadata":{"name":"web"}}"#);
        let read = Request::read(&mut Reader::new(&account)).unwrap();
        assert!(matches!(read.required_object().unwrap().metadata(), Ok(Cow::Borrowed(_))));
    }
}
