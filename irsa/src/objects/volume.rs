//! A volume: its kind, and the service account tokens that it projects.

use alloc::vec::Vec;

use crate::json::{Attempt, Field, RawStr, Reader, Result};

/// A volume of a pod.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Volume<'j> {
    /// Its name.
    pub(crate) name: RawStr<'j>,
    /// The service account tokens among its projected sources.
    pub(crate) tokens: Vec<TokenSource<'j>>,
    /// The number of its projected sources. 0 for another kind of volume.
    pub(crate) sources: usize,
    /// The text of `projected`, to find files in. `None` for another kind of volume.
    projected: Option<&'j str>,
    /// Whether the kubelet mounts it read-only: a Secret, `ConfigMap`, downward API or projected volume.
    pub(crate) is_read_only: bool,
}

/// What a projected volume has at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProjectedFile {
    /// No file, and no source that could add one.
    Missing,
    /// A service account token without an audience: it is for the API server.
    ApiServerToken,
    /// Another file, or unknown.
    Other,
}

/// A projected service account token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TokenSource<'j> {
    /// The token's audience. Empty means the API server's.
    pub(crate) audience: RawStr<'j>,
    /// The file's path within the volume.
    pub(crate) path: RawStr<'j>,
}

impl<'j> Volume<'j> {
    /// Reads an element of `volumes`.
    pub(crate) fn read(reader: &mut Reader<'j>, all: &mut Vec<Self>) -> Result<()> {
        let mut name = Field::Missing;
        let mut projected = Field::Missing;
        let mut is_read_only = false;
        reader.object(|reader, key| match key {
            "name" => name.read(reader, Reader::string),
            "projected" => projected.read(reader, |reader| {
                let Attempt { outcome, text, .. } = reader.attempt(read_projected)?;
                outcome.map(|(sources, tokens)| (text, sources, tokens))
            }),
            "secret" | "configMap" | "downwardAPI" => {
                is_read_only |= !reader.is_null();
                reader.skip()
            }
            _ => reader.skip(),
        })?;
        let name = name.into_value();
        all.push(match projected.into_option() {
            Some((text, sources, tokens)) => Self { name, tokens, sources, projected: Some(text), is_read_only: true },
            None => Self { name, is_read_only, ..Self::default() },
        });
        Ok(())
    }

    /// What a projected volume has at a path. [`ProjectedFile::Other`] for another kind of volume.
    pub(crate) fn projected_file(&self, path: &str) -> ProjectedFile {
        let Some(text) = self.projected else { return ProjectedFile::Other };
        if let Some(token) = self.tokens.iter().find(|token| token.path == *path) {
            return if token.audience.is_empty() { ProjectedFile::ApiServerToken } else { ProjectedFile::Other };
        }
        let mut may_have = false;
        // The text was read before, so this reading does not fail; if it did, the file would be unknown.
        let read = Reader::new(text).object(|reader, key| match key {
            "sources" if reader.is_array() => {
                reader.array(|reader, _| read_source_files(reader, path, &mut may_have)).map(drop)
            }
            _ => reader.skip(),
        });
        if may_have || read.is_err() { ProjectedFile::Other } else { ProjectedFile::Missing }
    }
}

/// Whether a projected source has a file at `path`, or could have: the files of a whole Secret or `ConfigMap`, and of
/// sources newer than this version, are unknown.
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
    let mut item = Field::Missing;
    reader.object(|reader, key| match key {
        "path" => item.read(reader, Reader::string),
        _ => reader.skip(),
    })?;
    *may_have |= item.into_value() == *path;
    Ok(())
}

fn read_projected<'j>(reader: &mut Reader<'j>) -> Result<(usize, Vec<TokenSource<'j>>)> {
    let mut sources = Field::Missing;
    reader.object(|reader, key| match key {
        "sources" => sources.read(reader, read_sources),
        _ => reader.skip(),
    })?;
    Ok(sources.into_value())
}

fn read_sources<'j>(reader: &mut Reader<'j>) -> Result<(usize, Vec<TokenSource<'j>>)> {
    let mut count = 0_usize;
    let mut tokens = Vec::new();
    reader.array(|reader, index| {
        count = index.saturating_add(1);
        let mut token = Field::Missing;
        reader.object(|reader, key| match key {
            "serviceAccountToken" => token.read(reader, TokenSource::read),
            _ => reader.skip(),
        })?;
        tokens.extend(token.into_option());
        Ok(())
    })?;
    Ok((count, tokens))
}

impl<'j> TokenSource<'j> {
    fn read(reader: &mut Reader<'j>) -> Result<Self> {
        let mut audience = Field::Missing;
        let mut path = Field::Missing;
        reader.object(|reader, key| match key {
            "audience" => audience.read(reader, Reader::string),
            "path" => path.read(reader, Reader::string),
            _ => reader.skip(),
        })?;
        Ok(Self { audience: audience.into_value(), path: path.into_value() })
    }
}
