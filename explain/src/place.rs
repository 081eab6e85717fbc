//! Finds the line and the column of a value in an input.

use irsa::json::Value;

/// Returns the line and the column, from 1, of the value at a JSON pointer. The column is counted in characters.
///
/// `None` if the text is not JSON, is nested deeper than 200 levels, or has no such value.
#[must_use]
pub fn line_and_column(text: &str, pointer: &str) -> Option<(usize, usize)> {
    let root = Value::parse(text).ok()?;
    let mut value = &root;
    for segment in pointer.split('/').skip(1) {
        let segment = segment.replace("~1", "/").replace("~0", "~");
        value = match (value.members(), value.elements()) {
            (Some(members), _) => &members.iter().find(|(key, _)| key.decode() == segment)?.1,
            (_, Some(elements)) => elements.get(segment.parse::<usize>().ok()?)?,
            (None, None) => return None,
        };
    }
    let start = value.text().as_ptr().addr().checked_sub(text.as_ptr().addr())?;
    let before = text.get(..start)?;
    let line = before.matches('\n').count().checked_add(1)?;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count().checked_add(1)?;
    Some((line, column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_value_of_a_pointer() {
        let text = "{\n  \"a/b\": [1,\n    {\"\u{e4}~\": true}]}";
        assert_eq!(line_and_column(text, ""), Some((1, 1)));
        assert_eq!(line_and_column(text, "/a~1b"), Some((2, 10)));
        assert_eq!(line_and_column(text, "/a~1b/0"), Some((2, 11)));
        assert_eq!(line_and_column(text, "/a~1b/1/\u{e4}~0"), Some((3, 12)));
        for pointer in ["/c", "/a~1b/2", "/a~1b/0/x", "/a~1b/x"] {
            assert_eq!(line_and_column(text, pointer), None, "{pointer}");
        }
        assert_eq!(line_and_column("{", ""), None);
    }
}
