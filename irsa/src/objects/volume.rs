//! A volume: the service account tokens that it projects.

use crate::json::{Field, RawStr, Reader, Result};

/// A volume of a pod.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Volume<'j> {
    /// Its name.
    pub(crate) name: RawStr<'j>,
    /// The service account tokens among its projected sources.
    pub(crate) tokens: Vec<TokenSource<'j>>,
    /// The number of its projected sources. 0 for another kind of volume.
    pub(crate) sources: usize,
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
        reader.object(|reader, key| match key {
            "name" => name.read(reader, Reader::string),
            "projected" => projected.read(reader, read_projected),
            _ => reader.skip(),
        })?;
        let (sources, tokens) = projected.into_value();
        all.push(Self { name: name.into_value(), tokens, sources });
        Ok(())
    }
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
