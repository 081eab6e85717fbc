//! Reads kOps's `ConfigMap`: the value of its key `config`.

use crate::json::{RawStr, Read, Reader, Result};

/// The key that contains the role mappings.
pub(crate) const CONFIG_KEY: &str = "config";

/// The `data` of the `ConfigMap`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Data<'j> {
    /// The role mappings. `None` if the key is missing.
    pub(crate) mappings: Option<RawStr<'j>>,
}

impl<'j> Read<'j> for Data<'j> {
    fn read(reader: &mut Reader<'j>) -> Result<Self> {
        let mut mappings = None;
        reader.string_map(|key, value, _| {
            if key == CONFIG_KEY {
                mappings = Some(value);
            }
        })?;
        Ok(Self { mappings })
    }
}
