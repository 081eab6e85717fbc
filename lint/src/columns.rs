//! Finds comments that are too wide. rustfmt checks the width of code, but not of comments.

/// The maximum width of a comment, in characters.
pub const LIMIT: usize = 120;

/// Returns the line number and the width of each comment line over the limit. Does not check the width of code.
pub fn wide_comments(text: &str) -> impl Iterator<Item = (usize, usize)> {
    text.lines().enumerate().filter(|(_, line)| is_comment(line)).filter_map(|(index, line)| {
        let width = line.chars().count();
        (width > LIMIT).then_some((index + 1, width))
    })
}

/// Whether a line is a comment of Rust, Go, TypeScript, a shell, YAML, TOML or Make. A Markdown heading matches too,
/// but is never wider than the limit.
fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("//") || line.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_comments_over_120_characters() {
        let text = format!(
            "//! {}\n# {}\ncode {}\n/// {}",
            "x".repeat(117),
            "x".repeat(119),
            "x".repeat(200),
            "é".repeat(116)
        );
        assert_eq!(wide_comments(&text).collect::<Vec<_>>(), [(1, 121), (2, 121)]);
    }
}
