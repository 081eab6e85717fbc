//! What is asked of the cluster: objects by name, and nothing else.

use std::fmt;

use crate::json::{self, Field, Reader, Unreadable};
use crate::metadata::Metadata;

/// A question for one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query<'a> {
    /// Its API version.
    pub api_version: &'static str,
    /// Its kind.
    pub kind: &'static str,
    /// Its namespace: a DNS label.
    pub namespace: &'a str,
    /// Its name: a DNS subdomain.
    pub name: &'a str,
    /// An answer that is some seconds old is good enough.
    pub may_be_cached: bool,
}

impl Query<'_> {
    /// Reads the metadata of an answer, which must be of the object that was asked for. Other members are left to
    /// `member`, which must read or skip each.
    ///
    /// # Errors
    /// Fails where the answer is of something else, or cannot be read.
    pub fn read<'j>(
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
        let other = |key| Err(Unreadable::value("that of the object that was asked for").within(key));
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

/// The cluster, as whoever uses this crate reaches it.
pub trait Cluster {
    /// The object's JSON.
    ///
    /// # Errors
    /// Fails where there is no such object, and where it cannot be known. The two must not be mistaken for each other.
    fn object(&mut self, query: &Query<'_>) -> Result<String, LookupError>;
}

/// Why an object could not be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookupError {
    /// There is none of this name.
    NotFound,
    /// It may exist, but could not be read; the text says why.
    Failed(String),
}

impl LookupError {
    /// The answer is something else than the object that was asked for.
    #[must_use]
    pub fn mismatch(reason: impl fmt::Display) -> Self {
        Self::Failed(format!("the answer is not the object that was asked for: {reason}"))
    }
}
