//! Read access to the cluster, implemented by the host: objects by name, and nothing else.

pub(crate) mod lookups;

use alloc::format;
use alloc::string::String;

use crate::json::{self, Field, Reader, Unreadable};
use crate::objects::metadata::Metadata;

/// A query for one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query<'a> {
    /// The API version of the object.
    pub api_version: &'static str,
    /// The kind of the object.
    pub kind: &'static str,
    /// The object's namespace: a DNS label.
    pub namespace: &'a str,
    /// The object's name: a DNS subdomain.
    pub name: &'a str,
    /// Whether the host may answer from its cache, which holds objects for 5 seconds.
    pub may_be_cached: bool,
}

impl Query<'_> {
    /// Reads the metadata of an answer, which must be the object of the query. `member` reads or skips each other
    /// member of the object.
    ///
    /// # Errors
    /// Fails if the answer is another object, or is not JSON.
    pub(crate) fn read<'j>(
        &self,
        answer: &'j str,
        mut member: impl FnMut(&mut Reader<'j>, &str) -> json::Result<()>,
    ) -> json::Result<Metadata<'j>> {
        let mut kind = Field::Missing;
        let mut metadata = Field::Missing;
        let mut reader = Reader::new(answer);
        reader.object(|reader, key| match key {
            "kind" => kind.read(reader, Reader::string),
            "metadata" => metadata.read(reader, Metadata::read),
            _ => member(reader, key),
        })?;
        reader.finish()?;
        let metadata: Metadata<'j> = metadata.into_value();
        let other = |key| Err(Unreadable::value("the one that was looked up").within(key));
        if kind.get().is_some_and(|kind| kind != self.kind) {
            return other("kind");
        }
        if metadata.name != self.name {
            return other("name").map_err(|error| error.within("metadata"));
        }
        if metadata.namespace != self.namespace {
            return other("namespace").map_err(|error| error.within("metadata"));
        }
        Ok(metadata)
    }
}

/// Read access to the cluster, implemented by the host.
pub trait Cluster {
    /// The JSON of an object.
    ///
    /// # Errors
    /// Fails if there is no such object, and if the lookup fails. The two must never be mistaken for each other.
    fn object(&mut self, query: &Query<'_>) -> Result<String, LookupError>;
}

/// Why a lookup has no object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookupError {
    /// The cluster has no object of this name.
    NotFound,
    /// The lookup failed, so the object may exist. The text is the reason as part of one line: without a final period,
    /// and with user input in backticks.
    Failed(String),
}

impl LookupError {
    /// The answer is not the object of the query.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "the argument of `map_err`")]
    pub(crate) fn mismatch(error: Unreadable) -> Self {
        Self::Failed(match error.syntax_error() {
            Some(byte) => format!("the policy server's answer is not JSON (byte {byte})"),
            None => format!("the policy server's answer is not this object: {error}"),
        })
    }
}
