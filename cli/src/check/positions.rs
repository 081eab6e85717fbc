//! Finds the lines and columns of findings.

use std::collections::BTreeMap;

use irsa_explain::check::Location;
use manifest_reader::{Position, documents};

use super::review::Found;
use crate::documents::Source;

/// The lines and columns of locations.
pub struct Positions(BTreeMap<(usize, usize, String), Position>);

impl Positions {
    /// Finds the positions of the findings. Reads the files that contain findings again, with positions.
    pub fn find(sources: &[Source], founds: &[Found]) -> Self {
        let mut files: BTreeMap<usize, Vec<&Location>> = BTreeMap::new();
        for found in founds {
            files.entry(found.location.file).or_default().push(&found.location);
        }
        let mut positions = BTreeMap::new();
        for (file, locations) in files {
            let Some(Ok(text)) = sources.get(file).map(Source::text) else { continue };
            let documents = documents(&text);
            for location in locations {
                let Some(Ok(document)) = documents.get(location.document) else { continue };
                let at = document.place(&location.pointer).map_or(document.start(), |place| place.key);
                positions.insert((file, location.document, location.pointer.clone()), at);
            }
        }
        Self(positions)
    }

    /// Returns the position of a location. `None` if the file could not be read again.
    pub fn get(&self, location: &Location) -> Option<Position> {
        self.0.get(&(location.file, location.document, location.pointer.clone())).copied()
    }
}
