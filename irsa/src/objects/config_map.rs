//! Reads kOps's `ConfigMap`: the value of its key `config`.

use crate::json::{RawStr, Reader, Result};

/// The key that contains the role mappings.
pub(crate) const CONFIG_KEY: &str = "config";

/// Reads the `data` of the `ConfigMap`. Returns the role mappings, or `None` if the key is missing.
pub(crate) fn read_mappings<'j>(reader: &mut Reader<'j>) -> Result<Option<RawStr<'j>>> {
    let mut mappings = None;
    reader.string_map(|key, value, _| {
        if key == CONFIG_KEY {
            mappings = Some(value);
        }
    })?;
    Ok(mappings)
}
