//! Redacts tokens. A user may paste a token into any input, but no output contains the token.
//!
//! Two things are replaced: every part of the token in the input `token`, and everything that looks like the header or
//! the claims of a JWT, with the signature after it. The inputs are redacted before they are read: a message about an
//! input may contain only a part of a token, and such a part can't always be recognized.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::explanation::Explanation;
use crate::inputs::Inputs;
use crate::jwt;

/// The text that replaces a token, or a part of a token.
const MARK: &str = "<token>";

/// The minimum length, in bytes. A shorter part of the given token is not redacted, because it could occur in other
/// text by chance. A shorter segment does not count as a part of a JWT.
const SHORTEST: usize = 16;

/// The maximum length of a segment that is decoded, in bytes.
const LONGEST: usize = 2048;

/// The starts of a header and of claims, in base64url. Their JSON begins with `{"`, with `{ `, or with `{` before a
/// line end or a tab.
const STARTS: [&str; 10] = ["eyJ", "eyI", "eyA", "eyB", "ewo", "ewp", "ewk", "ewl", "ew0", "ew1"];

/// Members of a JWT. Each header and each set of claims has at least one of them.
const MEMBERS: [&str; 12] = [
    "\"alg\"",
    "\"kid\"",
    "\"typ\"",
    "\"iss\"",
    "\"sub\"",
    "\"aud\"",
    "\"exp\"",
    "\"nbf\"",
    "\"iat\"",
    "\"jti\"",
    "\"azp\"",
    "\"kubernetes.io\"",
];

/// Redacts the tokens in a message about user input, such as an error of the command line.
///
/// ```
/// let error = "unknown argument `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl`";
/// assert_eq!(irsa_explain::redact_tokens(error), "unknown argument `<token>`");
/// ```
#[must_use]
pub fn redact_tokens(text: &str) -> String {
    let mut redacted = text.to_owned();
    Redactor::default().text(&mut redacted);
    redacted
}

/// Redacts the tokens in all inputs except the input `token`.
pub fn redact_inputs(inputs: &Inputs, redactor: &Redactor) -> Inputs {
    let mut redacted = inputs.clone();
    for text in redacted.texts_without_token() {
        redactor.input(text);
    }
    redacted
}

/// Replaces tokens in strings.
#[derive(Debug, Default)]
pub struct Redactor {
    secrets: Vec<String>,
}

impl Redactor {
    /// Makes a redactor that also replaces the given token, and each of its parts.
    pub fn new(token: Option<&str>) -> Self {
        let Some(text) = token else { return Self::default() };
        let token = jwt::pasted(text);
        let all = [text.trim(), &*token].into_iter().chain(token.split('.'));
        Self { secrets: all.filter(|secret| secret.len() >= SHORTEST).map(str::to_owned).collect() }
    }

    /// Redacts all strings of an explanation, because a string may be composed of several inputs.
    pub fn explanation(&self, explanation: &mut Explanation) {
        for step in &mut explanation.steps {
            self.text(&mut step.says);
            step.reasons.iter_mut().for_each(|reason| self.text(reason));
            step.fix.iter_mut().for_each(|fix| self.text(fix));
            step.commands.iter_mut().for_each(|command| self.text(command));
            for edit in &mut step.edits {
                self.text(&mut edit.pointer);
                edit.value.iter_mut().for_each(|value| self.value(value));
            }
            for detail in &mut step.details {
                self.text(&mut detail.name);
                self.text(&mut detail.value);
            }
        }
        for step in &mut explanation.steps {
            step.places.iter_mut().for_each(|place| self.text(&mut place.pointer));
        }
        if let Some(fix) = &mut explanation.trust_fix {
            self.text(&mut fix.says);
            self.text(&mut fix.terraform);
            fix.commands.iter_mut().for_each(|command| self.text(command));
            fix.statements.iter_mut().for_each(|statement| self.value(statement));
            self.value(&mut fix.policy);
        }
        explanation.problems.iter_mut().for_each(|problem| self.text(&mut problem.message));
        let Some(review) = &mut explanation.review else { return };
        review.rejection.iter_mut().for_each(|rejection| self.text(&mut rejection.message));
        review.warnings.iter_mut().for_each(|warning| self.text(warning));
        review.audit_annotations.values_mut().for_each(|value| self.text(value));
        review.pod.iter_mut().for_each(|pod| self.value(pod));
    }

    /// Redacts an input. If the input is JSON with escapes, which could hide a token, the decoded strings are redacted
    /// too.
    fn input(&self, text: &mut String) {
        self.text(text);
        if !text.contains('\\') {
            return;
        }
        if let Ok(mut value) = serde_json::from_str::<Value>(text) {
            let before = value.clone();
            self.value(&mut value);
            // If no token is found, the text stays exactly as it was given.
            if value != before {
                *text = value.to_string();
            }
        }
    }

    fn text(&self, text: &mut String) {
        for secret in &self.secrets {
            if text.contains(secret.as_str()) {
                *text = text.replace(secret.as_str(), MARK);
            }
        }
        if let Some(redacted) = without_jwts(text) {
            *text = redacted;
        }
    }

    fn value(&self, value: &mut Value) {
        match value {
            Value::String(text) => self.text(text),
            Value::Array(elements) => elements.iter_mut().for_each(|element| self.value(element)),
            Value::Object(members) => {
                for (mut key, mut member) in std::mem::take(members) {
                    self.text(&mut key);
                    self.value(&mut member);
                    members.insert(key, member);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// Replaces what looks like a JWT in the text. `None` if nothing does.
fn without_jwts(text: &str) -> Option<String> {
    // Most strings have no start of a JWT, and need no further search.
    if !STARTS.iter().any(|start| text.contains(start)) {
        return None;
    }
    let mut redacted = String::new();
    let mut is_changed = false;
    let is_of_jwt = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.');
    let mut rest = text;
    while !rest.is_empty() {
        let start = rest.find(is_of_jwt).unwrap_or(rest.len());
        let (before, run_and_more) = rest.split_at_checked(start)?;
        let end = run_and_more.find(|character| !is_of_jwt(character)).unwrap_or(run_and_more.len());
        let (run, more) = run_and_more.split_at_checked(end)?;
        redacted.push_str(before);
        match start_of_jwt(run) {
            Some(kept) => {
                is_changed = true;
                redacted.push_str(kept);
                redacted.push_str(MARK);
            }
            None => redacted.push_str(run),
        }
        rest = more;
    }
    is_changed.then_some(redacted)
}

/// Finds the first header or claims of a JWT in a run: text that consists only of characters of a JWT. Returns the part
/// of the run before the header or the claims. `None` if the run has neither.
///
/// Other characters of the run may precede the header or the claims without a separator: `--eyJ…`, or `key-eyJ…`.
fn start_of_jwt(run: &str) -> Option<&str> {
    let mut at = 0_usize;
    for segment in run.split('.') {
        let starts = STARTS.iter().flat_map(|start| segment.match_indices(start)).map(|(start, _)| start);
        let mut starts: Vec<usize> = starts.collect();
        starts.sort_unstable();
        if let Some(start) = starts.into_iter().find(|start| segment.get(*start..).is_some_and(is_of_jwt)) {
            return run.get(..at.checked_add(start)?);
        }
        at = at.checked_add(segment.len())?.checked_add(1)?;
    }
    None
}

/// Whether a segment begins with base64url of JSON that has a member of a JWT. The end of the JSON may be missing or
/// different.
fn is_of_jwt(segment: &str) -> bool {
    if segment.len() < SHORTEST {
        return false;
    }
    // Only the start of the segment is decoded, so that the time stays linear. Even a long header and long claims have
    // a member in their start.
    let end = segment.len().min(LONGEST);
    let whole = end.checked_rem(4).and_then(|rest| segment.get(..end.checked_sub(rest)?));
    let Some(decoded) = whole.and_then(|whole| URL_SAFE_NO_PAD.decode(whole).ok()) else { return false };
    let text = String::from_utf8_lossy(&decoded);
    MEMBERS.iter().any(|member| text.contains(member))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ";
    const CLAIMS: &str = "eyJpc3MiOiJodHRwczovL2EiLCJzdWIiOiJiIn0";
    const SIGNATURE: &str = "c2lnbmF0dXJlLXNpZ25hdHVyZS1zaWduYXR1cmU";

    #[test]
    fn redacts_a_token_and_each_part_of_a_token() {
        let token = format!("{HEADER}.{CLAIMS}.{SIGNATURE}");
        for (text, expected) in [
            (token.clone(), "<token>"),
            (format!("Bearer {token}!"), "Bearer <token>!"),
            (format!("https://a.example/{CLAIMS}/b"), "https://a.example/<token>/b"),
            (format!("a.example.{token}"), "a.example.<token>"),
            (format!("\"{HEADER}\""), "\"<token>\""),
            (CLAIMS.get(..30).unwrap().to_owned(), "<token>"),
            (format!("{token} and {token}"), "<token> and <token>"),
            (format!("--{token}"), "--<token>"),
            (format!("the-key-{CLAIMS}"), "the-key-<token>"),
            (format!("--x=33m{HEADER}"), "--x=33m<token>"),
            (format!("eyJ{HEADER}"), "eyJ<token>"),
        ] {
            assert_eq!(redact_tokens(&text), expected, "{text}");
        }
    }

    #[test]
    fn keeps_what_is_not_a_token() {
        // The fifth text is base64url of JSON, but not of a JWT.
        for text in [
            "",
            "https://oidc.eks.us-east-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B716D3041E",
            "arn:aws:iam::111122223333:role/eyJ",
            "system:serviceaccount:default:my-sa",
            "eyJjb2xvciI6InJlZCIsImEiOjF9",
            "\u{e9}\u{1f600}",
        ] {
            assert_eq!(redact_tokens(text), text);
        }
    }

    #[test]
    fn redacts_every_part_of_the_given_token() {
        let opaque = "0123456789abcdef.ghijklmnopqrstuv.wxyz0123456789ab";
        let redactor = Redactor::new(Some(opaque));
        for part in opaque.split('.') {
            let mut text = format!("a {part} b");
            redactor.text(&mut text);
            assert_eq!(text, "a <token> b");
        }
    }
}
