//! Reads a volume: its kind, and its service account tokens.

use alloc::vec::Vec;

use crate::json::{Attempt, Element, Field, RawStr, Read, Reader, Result};

/// A volume of a pod.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Volume<'j> {
    pub(crate) name: RawStr<'j>,
    /// The service account tokens among its projected sources.
    pub(crate) tokens: Vec<TokenSource<'j>>,
    /// The number of its projected sources. 0 if it is not a projected volume.
    pub(crate) sources: usize,
    /// The JSON of `projected`. `projected_file` searches this JSON. `None` if it is not a projected volume.
    projected: Option<&'j str>,
    /// Whether the kubelet mounts the volume read-only. True for a Secret, `ConfigMap`, downward API or projected
    /// volume.
    pub(crate) is_read_only: bool,
}

/// The content of a projected volume at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProjectedFile {
    /// No source of the volume has a file at the path.
    Missing,
    /// A service account token without an audience, which is a token for the API server.
    ApiServerToken,
    /// Another file, or unknown.
    Other,
}

/// A projected service account token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TokenSource<'j> {
    /// The token's audience. Empty for the API server.
    pub(crate) audience: RawStr<'j>,
    /// The file's path within the volume.
    pub(crate) path: RawStr<'j>,
}

impl<'j> Element<'j> for Volume<'j> {
    fn read_element(reader: &mut Reader<'j>, all: &mut Vec<Self>) -> Result<()> {
        let mut name = Field::Missing;
        let mut projected = Field::<Projected<'j>>::Missing;
        let mut is_read_only = false;
        reader.object(|reader, key| match key {
            "name" => name.read(reader, Reader::string),
            "projected" => projected.read(reader, Projected::read),
            "secret" | "configMap" | "downwardAPI" => {
                is_read_only |= !reader.is_null();
                reader.skip()
            }
            _ => reader.skip(),
        })?;
        let name = name.into_value();
        all.push(match projected.into_option() {
            Some(Projected { text, sources, tokens }) => {
                Self { name, tokens, sources, projected: Some(text), is_read_only: true }
            }
            None => Self { name, is_read_only, ..Self::default() },
        });
        Ok(())
    }
}

impl Volume<'_> {
    /// The content of a projected volume at a path. [`ProjectedFile::Other`] if it is not a projected volume.
    pub(crate) fn projected_file(&self, path: &str) -> ProjectedFile {
        let Some(text) = self.projected else { return ProjectedFile::Other };
        if let Some(token) = self.tokens.iter().find(|token| token.path == *path) {
            return if token.audience.is_empty() { ProjectedFile::ApiServerToken } else { ProjectedFile::Other };
        }
        let mut may_have = false;
        // Reading can't fail, because the JSON was read before. If reading failed, the file would be treated as
        // unknown.
        let read = Reader::new(text).object(|reader, key| match key {
            "sources" if reader.is_array() => {
                reader.array(|reader, _| read_source_files(reader, path, &mut may_have)).map(drop)
            }
            _ => reader.skip(),
        });
        if may_have || read.is_err() { ProjectedFile::Other } else { ProjectedFile::Missing }
    }
}

/// Sets `may_have` if a projected source has, or may have, a file at `path`. The files of a Secret or `ConfigMap`
/// without `items` are unknown. The files of a source type that this version does not know are also unknown.
fn read_source_files(reader: &mut Reader<'_>, path: &str, may_have: &mut bool) -> Result<()> {
    reader
        .object(|reader, key| match key {
            "serviceAccountToken" => reader.skip(),
            "secret" | "configMap" | "downwardAPI" if reader.is_object() => {
                let mut has_items = false;
                reader.object(|reader, key| match key {
                    "items" if reader.is_array() => {
                        has_items = true;
                        reader.array(|reader, _| read_item(reader, path, may_have)).map(drop)
                    }
                    _ => reader.skip(),
                })?;
                *may_have |= !has_items;
                Ok(())
            }
            _ => {
                *may_have |= !reader.is_null();
                reader.skip()
            }
        })
        .map(drop)
}

fn read_item(reader: &mut Reader<'_>, path: &str, may_have: &mut bool) -> Result<()> {
    *may_have |= reader.only_member("path", Reader::string)?.into_value() == *path;
    Ok(())
}

/// `projected`.
struct Projected<'j> {
    text: &'j str,
    /// The number of sources.
    sources: usize,
    /// The service account tokens among the sources.
    tokens: Vec<TokenSource<'j>>,
}

impl<'j> Read<'j> for Projected<'j> {
    fn read(reader: &mut Reader<'j>) -> Result<Self> {
        let Attempt { outcome, text, .. } = reader.attempt(|reader| reader.only_member("sources", read_sources))?;
        let (sources, tokens) = outcome?.into_value();
        Ok(Self { text, sources, tokens })
    }
}

fn read_sources<'j>(reader: &mut Reader<'j>) -> Result<(usize, Vec<TokenSource<'j>>)> {
    let mut count = 0_usize;
    let mut tokens = Vec::new();
    reader.array(|reader, index| {
        count = index.saturating_add(1);
        tokens.extend(reader.only_member("serviceAccountToken", TokenSource::read)?.into_option());
        Ok(())
    })?;
    Ok((count, tokens))
}

impl<'j> Read<'j> for TokenSource<'j> {
    fn read(reader: &mut Reader<'j>) -> Result<Self> {
        let mut audience = Field::Missing;
        let mut path = Field::Missing;
        reader.members(&mut [("audience", &mut audience), ("path", &mut path)])?;
        Ok(Self { audience: audience.into_value(), path: path.into_value() })
    }
}
