//! The kind of an object, with its API group and version.

use crate::json::{Field, RawStr, Read, Reader, Result, Unreadable};

/// A kind of object, with its API group and version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupVersionKind<'j> {
    /// The API group. Empty for the core group.
    pub group: RawStr<'j>,
    /// The version within the group.
    pub version: RawStr<'j>,
    /// The kind's name.
    pub kind: RawStr<'j>,
}

impl GroupVersionKind<'_> {
    /// Whether it is the kind with this group, version and name.
    #[must_use]
    pub fn is(&self, group: &str, version: &str, kind: &str) -> bool {
        self.kind == *kind && self.group == *group && self.version == *version
    }

    /// Whether it is `v1/Pod`.
    #[must_use]
    pub fn is_pod(&self) -> bool {
        self.is("", "v1", "Pod")
    }
}

impl<'j> Read<'j> for GroupVersionKind<'j> {
    /// Reads the `kind` of an admission request.
    fn read(reader: &mut Reader<'j>) -> Result<Self> {
        let mut group = Field::Missing;
        let mut version = Field::Missing;
        let mut kind = Field::Missing;
        reader.members(&mut [("group", &mut group), ("version", &mut version), ("kind", &mut kind)])?;
        Ok(Self {
            group: group.into_value(),
            version: version.into_value(),
            kind: kind.into_option().ok_or_else(|| Unreadable::missing("a kind").within("kind"))?,
        })
    }
}
