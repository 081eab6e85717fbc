//! No output contains a token, wherever among the inputs it was pasted.
//!
//! Two things are replaced: every part of the token that was given as such, and everything that looks like the header
//! or the claims of a JWT, with the signature after it. The inputs are redacted before anything reads them, because a
//! message about an input may contain a part of a token, which could not be recognized afterwards.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::explanation::Explanation;
use crate::inputs::Inputs;
use crate::jwt;

/// Replaces a token, or a part of one.
const MARK: &str = "<token>";

/// The shortest part of the given token that is searched for, in bytes: a shorter one would be found by chance.
const SHORTEST: usize = 16;

/// How much of a segment is decoded, in bytes.
const LONGEST: usize = 2048;

/// Base64url of `{"`, of `{ `, and of `{` before a line end or a tab: how the JSON of a header and of claims begins.
const STARTS: [&str; 10] = ["eyJ", "eyI", "eyA", "eyB", "ewo", "ewp", "ewk", "ewl", "ew0", "ew1"];

/// Members of a JWT's header or claims, one of which each has.
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

/// The message without the tokens in it: for messages about what a user typed, such as an error of the command line.
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

/// The inputs with all tokens redacted, but for the token itself.
pub fn redact_inputs(inputs: &Inputs, redactor: &Redactor) -> Inputs {
    let mut redacted = inputs.clone();
    for text in redacted.texts_without_token() {
        redactor.input(text);
    }
    redacted
}

/// Replaces tokens in texts.
#[derive(Debug, Default)]
pub struct Redactor {
    secrets: Vec<String>,
}

impl Redactor {
    /// One that also knows the token that was given.
    pub fn new(token: Option<&str>) -> Self {
        let Some(text) = token else { return Self::default() };
        let token = jwt::pasted(text);
        let all = [text.trim(), &*token].into_iter().chain(token.split('.'));
        Self { secrets: all.filter(|secret| secret.len() >= SHORTEST).map(str::to_owned).collect() }
    }

    /// Redacts everything that an explanation says: it may be made from several inputs.
    pub fn explanation(&self, explanation: &mut Explanation) {
        for step in &mut explanation.steps {
            self.text(&mut step.says);
            step.reasons.iter_mut().for_each(|reason| self.text(reason));
            step.fix.iter_mut().for_each(|fix| self.text(fix));
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

    /// Redacts an input. If it is JSON with escapes, which would hide a token, also the strings in it.
    fn input(&self, text: &mut String) {
        self.text(text);
        if !text.contains('\\') {
            return;
        }
        if let Ok(mut value) = serde_json::from_str::<Value>(text) {
            let before = value.clone();
            self.value(&mut value);
            // If nothing is found, the text stays as it is written.
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

/// The text without what looks like a JWT. `None` if there is nothing like that.
fn without_jwts(text: &str) -> Option<String> {
    // Most strings have no such part.
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

/// The part of a run before the header or the claims of a JWT.
///
/// They may follow other characters of the run without a separator: `--eyJ…`, or `key-eyJ…`.
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

/// Whether a segment begins with base64url of JSON with a member of a JWT. Its end may be missing or different.
fn is_of_jwt(segment: &str) -> bool {
    if segment.len() < SHORTEST {
        return false;
    }
    // A header and claims that are longer than this have a member before it. So the time stays linear.
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
    fn redacts_a_token_and_each_part_of_one() {
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
        // The last is base64 of JSON, but of no JWT.
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
