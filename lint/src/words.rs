//! Finds terms in text.

use std::path::Path;

use crate::rules::{Rule, Rules};

/// A word of a text.
struct Word {
    text: String,
    line: usize,
    /// Whether only blanks and comment markers separate this word from the previous word.
    follows: bool,
}

/// Returns the terms that a file contains, with their lines. A term is reported once for each line. The names of
/// the file and of its Rust functions are checked too.
pub fn matches<'r>(path: &str, text: &str, rules: &'r Rules) -> Vec<(usize, &'r Rule)> {
    let mut found = in_words(&words(text, 1), rules, &|_| true);
    // Names are in lower case, so they can't contain `ConfigMap`. The rule for `config map` does not apply to them.
    let is_no_kind = |rule: &Rule| rule.replacement != "ConfigMap";
    for (name, line) in names(path, text) {
        found.extend(in_words(&words(&name, line), rules, &is_no_kind));
    }
    found.sort_by(|one, other| (one.0, &one.1.term).cmp(&(other.0, &other.1.term)));
    found.dedup_by(|one, other| one.0 == other.0 && one.1.term == other.1.term);
    found
}

fn in_words<'r>(words: &[Word], rules: &'r Rules, applies: &dyn Fn(&Rule) -> bool) -> Vec<(usize, &'r Rule)> {
    let mut found = Vec::new();
    for (start, first) in words.iter().enumerate() {
        for rule in rules.0.iter().filter(|rule| applies(rule)) {
            let candidates = &words[start..];
            let is_match = candidates.len() >= rule.words.len()
                && rule
                    .words
                    .iter()
                    .zip(candidates)
                    .enumerate()
                    .all(|(index, (accepted, word))| (index == 0 || word.follows) && accepted.contains(&word.text));
            if is_match {
                found.push((first.line, rule));
            }
        }
    }
    found
}

/// Returns the words of a text in lower case. A word consists of letters, digits, `'`, `-` and `_`.
fn words(text: &str, first_line: usize) -> Vec<Word> {
    let mut words = Vec::new();
    let mut line = first_line;
    let mut follows = true;
    let mut current = String::new();
    for character in text.chars().chain(['\n']) {
        if character.is_alphanumeric() || matches!(character, '\'' | '’' | '-' | '_') {
            current.extend(if character == '’' { '\'' } else { character }.to_lowercase());
            continue;
        }
        if !current.is_empty() {
            words.push(Word { text: std::mem::take(&mut current), line, follows });
            follows = true;
        }
        // Blanks, comment markers, and the backslash that continues a string.
        follows &= character.is_whitespace() || matches!(character, '/' | '!' | '#' | '*' | '\\');
        line += usize::from(character == '\n');
    }
    words
}

/// Returns the names of functions, and the name of the file, as words.
fn names(path: &str, text: &str) -> Vec<(String, usize)> {
    let stem = path.rsplit('/').next().unwrap_or(path);
    let mut names = vec![(stem.replace(['-', '_', '.'], " "), 1)];
    if Path::new(path).extension().is_some_and(|extension| extension == "rs") {
        for (index, line) in text.lines().enumerate() {
            let name = line.split_once("fn ").and_then(|(_, rest)| rest.split(['(', '<']).next());
            names.extend(name.map(|name| (name.replace('_', " "), index + 1)));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<(usize, String)> {
        let rules = "by hand -> set explicitly\nis|are none -> is invalid\nconfig map -> ConfigMap";
        let rules = Rules::parse(rules).unwrap();
        matches(path, text, &rules).into_iter().map(|(line, rule)| (line, rule.term.clone())).collect()
    }

    #[test]
    fn finds_a_term_in_any_letter_case() {
        assert_eq!(found("a.md", "First.\nBy hand, it works."), [(2, "by hand".to_owned())]);
    }

    #[test]
    fn finds_a_term_across_comment_lines_and_continued_strings() {
        assert_eq!(found("a.rs", "    /// Set by\n    /// hand.\n"), [(1, "by hand".to_owned())]);
        assert_eq!(found("a.yaml", "# There are\n# none\n"), [(1, "is|are none".to_owned())]);
        assert_eq!(found("a.rs", "\"set by \\\n    hand\""), [(1, "by hand".to_owned())]);
    }

    #[test]
    fn does_not_match_across_punctuation() {
        assert_eq!(found("a.md", "It is. None of it. By the hand. Stand by, hand."), []);
        assert_eq!(found("a.rs", "roles_config_map by_hand is_none()"), []);
    }

    #[test]
    fn finds_a_term_in_names_of_functions_and_files() {
        assert_eq!(found("a.rs", "fn takes_a_role_by_hand() {}"), [(1, "by hand".to_owned())]);
        assert_eq!(found("cases/rejects-a-role-by-hand.yaml", ""), [(1, "by hand".to_owned())]);
        assert_eq!(found("a.rs", "fn reads_the_config_map() {}"), []);
    }

    #[test]
    fn reports_a_term_once_for_each_line() {
        assert_eq!(found("a.md", "by hand and by hand").len(), 1);
    }
}
