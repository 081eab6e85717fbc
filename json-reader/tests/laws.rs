//! Property tests: this crate accepts and rejects the same texts as `serde_json`, and reads the same values.

use json_reader::{Value, is_utf8, printable_length, write_string};
use proptest::prelude::*;
use proptest::sample::select;

/// Parts of valid and invalid JSON.
const PIECES: [&str; 44] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\\"",
    "\\n",
    "\\u0041",
    "\\u00e4",
    "\\ud83d\\ude00",
    "\\ud83d",
    "\\ude00",
    "\\u12",
    "\\x",
    "\u{1}",
    "\n",
    " ",
    "\t",
    "\r",
    "\u{b}",
    "\u{7f}",
    "\u{e4}",
    "\u{1f600}",
    "\u{feff}",
    "null",
    "true",
    "false",
    "nul",
    "True",
    "0",
    "00",
    "-",
    "1",
    "12.5",
    "e",
    "E+",
    ".",
    "\"a\"",
    "\"abcdefgh\"",
    "\"a\":1",
    "1,2",
];

/// Parts of valid and invalid UTF-8, with characters of each length.
const UTF8_PIECES: [&[u8]; 12] = [
    b"a",
    b"ten ASCII.",
    &[b'-'; 61],
    &[b'-'; 64],
    "\u{e4}".as_bytes(),
    "\u{20ac}".as_bytes(),
    "\u{1f600}".as_bytes(),
    b"\xe2",
    b"\xe2\x82",
    b"\xf0\x9f\x98",
    b"\x80",
    b"\xff",
];

fn value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_filter("JSON has finite numbers only", |number| number.is_finite()).prop_map(Into::into),
        any::<String>().prop_map(Into::into),
        "[ -~]{0,24}".prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::vec((any::<String>(), inner), 0..6)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A JSON text in which random pieces replace up to 3 parts.
fn broken() -> impl Strategy<Value = String> {
    let edits = prop::collection::vec((any::<prop::sample::Index>(), 0_usize..3, select(&PIECES[..])), 0..4);
    (value(), any::<bool>(), edits).prop_map(|(value, is_pretty, edits)| {
        let text = if is_pretty { format!("{value:#}") } else { value.to_string() };
        let mut characters: Vec<String> = text.chars().map(String::from).collect();
        for (at, length, piece) in edits {
            let at = at.index(characters.len().saturating_add(1));
            let end = at.saturating_add(length).min(characters.len());
            characters.splice(at..end, [piece.to_owned()]);
        }
        characters.concat()
    })
}

fn same_value(ours: &Value<'_>, theirs: &serde_json::Value) -> bool {
    match theirs {
        serde_json::Value::Null => ours.text() == "null",
        serde_json::Value::Bool(boolean) => ours.boolean() == Some(*boolean),
        serde_json::Value::Number(number) => {
            serde_json::from_str(ours.text()).is_ok_and(|ours: serde_json::Number| ours == *number)
        }
        serde_json::Value::String(string) => ours.string().as_deref() == Some(string),
        serde_json::Value::Array(elements) => ours.elements().is_some_and(|ours| {
            ours.len() == elements.len() && ours.iter().zip(elements).all(|(ours, theirs)| same_value(ours, theirs))
        }),
        // `serde_json` keeps the last value of a duplicate key.
        serde_json::Value::Object(members) => ours.members().is_some_and(|ours| {
            ours.iter().all(|(key, _)| members.contains_key(&*key.decode()))
                && members.iter().all(|(key, theirs)| {
                    let mut found = ours.iter().rev().filter(|(other, _)| *other == **key);
                    found.next().is_some_and(|(_, ours)| same_value(ours, theirs))
                })
        }),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn accepts_and_rejects_what_serde_json_does(text in broken()) {
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        let ours = Value::parse(&text);
        prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{:?}: {:?}, {:?}", text, ours, theirs);
        if let (Ok(ours), Ok(theirs)) = (ours, theirs) {
            prop_assert!(same_value(&ours, &theirs), "{}", text);
        }
    }

    #[test]
    fn accepts_and_rejects_any_pieces_as_serde_json_does(pieces in prop::collection::vec(select(&PIECES[..]), 0..12)) {
        let text = pieces.concat();
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        prop_assert_eq!(Value::parse(&text).is_ok(), theirs.is_ok(), "{:?}", text);
    }

    #[test]
    fn accepts_and_rejects_utf8_as_the_standard_library_does(
        pieces in prop::collection::vec(select(&UTF8_PIECES[..]), 0..12)
    ) {
        let bytes = pieces.concat();
        prop_assert_eq!(is_utf8(&bytes), std::str::from_utf8(&bytes).is_ok());
    }

    #[test]
    fn counts_printable_characters(bytes in prop::collection::vec(b'\x1e'..=b'\x80', 0..100)) {
        let expected = bytes.iter().take_while(|byte| matches!(byte, b' '..=b'~')).count();
        prop_assert_eq!(printable_length(&bytes), expected);
    }

    #[test]
    fn writes_strings_as_serde_json_does(text in any::<String>()) {
        let mut out = String::new();
        write_string(&text, &mut out);
        prop_assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
    }
}
