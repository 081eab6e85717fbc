//! Writes JSON strings.

use alloc::string::String;

use crate::bytes::{Special, length_before};
use crate::invariant;

/// Writes a JSON string with its quotes.
#[inline(never)]
pub fn write_string(value: &str, out: &mut String) {
    out.push('"');
    let mut rest = value;
    loop {
        let length = length_before::<Special>(rest.as_bytes());
        // INVARIANT: the length ends before an ASCII character or at the end. Both are character boundaries.
        let Some((plain, special)) = rest.split_at_checked(length) else { invariant::broken() };
        out.push_str(plain);
        let mut special = special.chars();
        let Some(character) = special.next() else { break };
        write_escape(character, out);
        rest = special.as_str();
    }
    out.push('"');
}

#[cold]
fn write_escape(character: char, out: &mut String) {
    let short = match character {
        '"' | '\\' => character,
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        _ => {
            // INVARIANT: a control character is below 0x20, and 4 bits are one hexadecimal digit.
            let Some(digit) = char::from_digit(u32::from(character) & 0xf, 16) else { invariant::broken() };
            out.push_str(if character < '\u{10}' { "\\u000" } else { "\\u001" });
            out.push(digit);
            return;
        }
    };
    out.push('\\');
    out.push(short);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_strings_that_read_as_the_same_value() {
        let every: String = ('\0'..='\u{ff}').chain(['\u{2028}', '\u{fffd}', '\u{1f600}']).collect();
        for text in ["", "plain", "\"", "a\\b", "long enough for a word \n and \u{1f}", &every] {
            let mut out = String::new();
            write_string(text, &mut out);
            assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
        }
    }

    #[test]
    fn writes_the_shortest_escapes() {
        let mut out = String::new();
        write_string("\"\\\n\r\t\u{1}\u{1f}/\u{7f}", &mut out);
        assert_eq!(out, "\"\\\"\\\\\\n\\r\\t\\u0001\\u001f/\u{7f}\"");
    }
}
