//! Read access to the cluster: reads single objects by name. The host implements it.

pub(crate) mod lookups;

use alloc::format;
use alloc::string::String;

use crate::json::{self, Field, Member, RawStr, Reader, Unreadable};
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
    /// Reads the answer, and returns its metadata. The answer must be the object of the query. The argument `data`
    /// reads the member `data` of the object.
    ///
    /// # Errors
    /// Fails if the answer is another object or not JSON.
    pub(crate) fn read<'j>(&self, answer: &'j str, data: &mut dyn Member<'j>) -> json::Result<Metadata<'j>> {
        let mut kind = Field::<RawStr<'j>>::Missing;
        let mut metadata = Field::<Metadata<'j>>::Missing;
        let mut reader = Reader::new(answer);
        reader.members(&mut [("kind", &mut kind), ("metadata", &mut metadata), ("data", data)])?;
        reader.finish()?;
        let metadata = metadata.into_value();
        let other = |key| Err(Unreadable::value("the value that was looked up").within(key));
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

/// Read access to the cluster. The host implements it.
pub trait Cluster {
    /// Returns the object of the query, as JSON.
    ///
    /// # Errors
    /// Fails with `NotFound` if the object does not exist, and with `Failed` if the lookup fails.
    fn object(&mut self, query: &Query<'_>) -> Result<String, LookupError>;
}

/// Why a lookup returns no object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookupError {
    /// The object does not exist.
    NotFound,
    /// The lookup failed, so the object may exist. The string is the reason, which ends a message. It is one line
    /// without a final period, with user input in backticks.
    Failed(String),
}

impl LookupError {
    /// Makes the error for an answer that is not the object of the query.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "the argument of `map_err`")]
    pub(crate) fn mismatch(error: Unreadable) -> Self {
        Self::Failed(match error.syntax_error() {
            Some(byte) => format!("the policy server's answer is not JSON (byte {byte})"),
            None => format!("the policy server's answer is not this object: {error}"),
        })
    }
}
