//! Writing JSON strings.

/// Writes a JSON string, quotes included.
pub fn write_string(value: &str, out: &mut Vec<u8>) {
    // Writing a string into memory cannot fail.
    let _: Result<(), serde_json::Error> = serde_json::to_writer(out, value);
}
