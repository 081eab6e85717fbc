//! kOps's `ConfigMap`: the one value that the policy reads of it.

use crate::json::{RawStr, Reader, Result};

/// The key of the role mappings.
pub(crate) const CONFIG_KEY: &str = "config";

/// Reads `data` of the `ConfigMap`: the role mappings. `None` if it lacks the key.
pub(crate) fn read_mappings<'j>(reader: &mut Reader<'j>) -> Result<Option<RawStr<'j>>> {
    let mut mappings = None;
    reader.string_map(|key, value, _| {
        if key == CONFIG_KEY {
            mappings = Some(value);
        }
    })?;
    Ok(mappings)
}
