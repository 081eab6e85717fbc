//! Tests that the JSON reader accepts the same JSON as `serde_json`, and that a string is unchanged after it is written
//! and read again.
#![no_main]

use json_reader::{Value, write_string};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let ours = Value::parse(text);
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(_) => assert!(ours.is_ok(), "{ours:?}"),
        // `serde_json` rejects JSON that is nested deeper than 128 levels.
        Err(error) => assert!(ours.is_err() || error.to_string().starts_with("recursion limit"), "{error}"),
    }
    let mut written = String::new();
    write_string(text, &mut written);
    assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
    assert_eq!(Value::parse(&written).unwrap().string().as_deref(), Some(text));
});
