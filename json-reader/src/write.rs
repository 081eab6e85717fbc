//! Writing JSON strings.

use crate::string::plain_length;

/// Writes a JSON string, quotes included.
#[inline(never)]
pub fn write_string(value: &str, out: &mut String) {
    out.push_str("\"");
    let mut rest = value;
    loop {
        let (plain, special) = rest.split_at_checked(plain_length(rest.as_bytes())).unwrap_or((rest, ""));
        out.push_str(plain);
        let mut special = special.chars();
        let Some(character) = special.next() else { break };
        write_escape(character, out);
        rest = special.as_str();
    }
    out.push_str("\"");
}

#[cold]
fn write_escape(character: char, out: &mut String) {
    let short = match character {
        '"' | '\\' => character,
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        _ => {
            out.push_str(if character < '\u{10}' { "\\u000" } else { "\\u001" });
            out.extend(char::from_digit(u32::from(character) & 0xf, 16));
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
    fn writes_what_reads_as_the_same() {
        let every: String = ('\0'..='\u{ff}').chain(['\u{2028}', '\u{fffd}', '\u{1f600}']).collect();
        for text in ["", "plain", "\"", "a\\b", "long enough for a word \n and \u{1f}", &every] {
            let mut out = String::new();
            write_string(text, &mut out);
            assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
        }
    }

    #[test]
    fn writes_escapes_as_short_as_they_can_be() {
        let mut out = String::new();
        write_string("\"\\\n\r\t\u{1}\u{1f}/\u{7f}", &mut out);
        assert_eq!(out, "\"\\\"\\\\\\n\\r\\t\\u0001\\u001f/\u{7f}\"");
    }
}
