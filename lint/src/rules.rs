//! Reads the terms and their exceptions from `words.txt` and `exceptions.txt`.

/// A term, and the wording to use instead.
#[derive(Debug)]
pub struct Rule {
    /// The term as in the list.
    pub term: String,
    /// The wording to use instead.
    pub replacement: String,
    /// For each word of the term, the words that match it, in lower case.
    pub words: Vec<Vec<String>>,
}

/// All rules.
#[derive(Debug)]
pub struct Rules(pub Vec<Rule>);

impl Rules {
    /// Reads `words.txt`.
    ///
    /// # Errors
    /// Fails if a line is not `term -> replacement`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let rules = lines(text).map(|(number, line)| {
            let (term, replacement) = line
                .split_once(" -> ")
                .ok_or_else(|| format!("lint/words.txt:{number}: expected `term -> replacement`"))?;
            let words = term.split_whitespace().map(|word| word.to_lowercase().split('|').map(str::to_owned).collect());
            Ok(Rule {
                term: term.split_whitespace().collect::<Vec<_>>().join(" "),
                replacement: replacement.trim().to_owned(),
                words: words.collect(),
            })
        });
        rules.collect::<Result<_, String>>().map(Self)
    }
}

/// The places where a term is right.
pub struct Exceptions(Vec<Exception>);

struct Exception {
    line: usize,
    path: String,
    term: String,
    is_used: bool,
}

impl Exceptions {
    /// Reads `exceptions.txt`.
    ///
    /// # Errors
    /// Fails if a line is not `path: term: reason`, or if its term is not in the list.
    pub fn parse(text: &str, rules: &Rules) -> Result<Self, String> {
        let exceptions = lines(text).map(|(line, content)| {
            let mut parts = content.splitn(3, ": ");
            let (Some(path), Some(term), Some(_reason)) = (parts.next(), parts.next(), parts.next()) else {
                return Err(format!("lint/exceptions.txt:{line}: expected `path: term: reason`"));
            };
            if !rules.0.iter().any(|rule| rule.term == term) {
                return Err(format!("lint/exceptions.txt:{line}: `{term}` is not a term of lint/words.txt"));
            }
            Ok(Exception { line, path: path.to_owned(), term: term.to_owned(), is_used: false })
        });
        exceptions.collect::<Result<_, String>>().map(Self)
    }

    /// Whether the file may contain the term. Marks the exception as used.
    pub fn allows(&mut self, path: &str, term: &str) -> bool {
        let found = self.0.iter_mut().find(|exception| exception.path == path && exception.term == term);
        found.is_some_and(|exception| {
            exception.is_used = true;
            true
        })
    }

    /// Returns the line and a message for each exception whose file does not contain the term.
    pub fn unused(&self) -> impl Iterator<Item = (usize, String)> {
        self.0.iter().filter(|exception| !exception.is_used).map(|exception| {
            (exception.line, format!("{} does not contain `{}`: remove the exception", exception.path, exception.term))
        })
    }
}

/// Returns the lines that are neither empty nor comments, with their numbers.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let numbered = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_a_line_without_a_replacement() {
        assert_eq!(
            Rules::parse("# terms\n\nby hand\n").unwrap_err(),
            "lint/words.txt:3: expected `term -> replacement`"
        );
    }

    #[test]
    fn reports_exceptions_that_are_not_needed() {
        let rules = Rules::parse("by hand -> set explicitly").unwrap();
        let mut exceptions = Exceptions::parse("a.md: by hand: a quotation\nb.md: by hand: another", &rules).unwrap();
        assert!(exceptions.allows("a.md", "by hand"));
        assert!(!exceptions.allows("c.md", "by hand"));
        assert_eq!(exceptions.unused().map(|(line, _)| line).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn rejects_an_exception_without_a_reason_or_for_an_unknown_term() {
        let rules = Rules::parse("by hand -> set explicitly").unwrap();
        assert!(Exceptions::parse("a.md: by hand", &rules).is_err());
        assert!(Exceptions::parse("a.md: by foot: a quotation", &rules).is_err());
    }
}
