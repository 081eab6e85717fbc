//! Finds the trust policy in the formats that users have.
//!
//! The formats: the policy itself; one statement, or an array of statements; a JSON string; URL-encoded, as the IAM API
//! returns it; the output of `aws iam get-role` or `list-roles`; and Terraform's state or plan as JSON.

use std::collections::BTreeSet;

use irsa::json;
use serde_json::{Value, json};

use super::policy::Policy;
use crate::pointer::{child, visit_objects};

/// The members that contain a role's trust policy: in the output of the AWS CLI, and in objects of Terraform,
/// Crossplane and ACK.
const MEMBERS: [&str; 4] =
    ["AssumeRolePolicyDocument", "assume_role_policy", "assumeRolePolicy", "assumeRolePolicyDocument"];

/// A trust policy, and its place in the input.
#[derive(Debug, Clone)]
pub struct TrustDocument {
    /// The policy, as IAM reads it.
    pub policy: Policy,
    /// The policy, as JSON. `Statement` is an array.
    pub value: Value,
    /// The ARN of the policy's role, if the input contains the ARN.
    pub role: Option<String>,
    /// The JSON pointers of the statements in the input. Empty if the policy is a string in the input.
    statements: Vec<String>,
    /// The JSON pointer of the policy, or of the string that contains the policy.
    pointer: String,
}

/// Why no trust policy can be read from an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentError {
    /// The message.
    pub message: String,
    /// The line and the column, from 1, if they are known.
    pub place: Option<(usize, usize)>,
    /// Whether the reason is that the input contains several roles.
    pub has_several_roles: bool,
}

impl From<String> for DocumentError {
    fn from(message: String) -> Self {
        Self { message, place: None, has_several_roles: false }
    }
}

impl From<&serde_json::Error> for DocumentError {
    fn from(error: &serde_json::Error) -> Self {
        let text = error.to_string();
        let message = text.split(" at line ").next().unwrap_or_default();
        Self {
            message: format!("expected JSON, but {message}"),
            place: Some((error.line(), error.column())),
            has_several_roles: false,
        }
    }
}

/// A role in the input, with its trust policy.
struct Found {
    /// The policy, a string or JSON.
    value: Value,
    pointer: String,
    arn: Option<String>,
    name: Option<String>,
}

impl TrustDocument {
    /// Reads the trust policy of a role. If the input contains several roles, `role` is the ARN of the role whose trust
    /// policy to read.
    ///
    /// # Errors
    /// Fails if there is no trust policy, if there are several and `role` matches none, or if IAM would refuse the
    /// policy.
    pub fn read(text: &str, role: Option<&str>) -> Result<Self, DocumentError> {
        let (value, has_places) = parse(text)?;
        if let Some(message) = duplicate(text) {
            return Err(message.into());
        }
        let found = find(&value, role)?;
        let (value, has_places) = match &found.value {
            Value::String(inner) => (parse(inner)?.0, false),
            other => (other.clone(), has_places),
        };
        // The string may contain another JSON string: `aws … --query Role.AssumeRolePolicyDocument` prints an encoded
        // document in this form.
        let value = match &value {
            Value::String(inner) => parse(inner)?.0,
            _ => value,
        };
        let (value, statements) = whole(value)?;
        let policy = Policy::read(&value)?;
        let statements = if has_places {
            statements.iter().map(|statement| format!("{}{statement}", found.pointer)).collect()
        } else {
            Vec::new()
        };
        Ok(Self { policy, value, role: found.arn, statements, pointer: found.pointer })
    }

    /// Returns the JSON pointer of a statement in the input, or of a member below the statement.
    #[must_use]
    pub fn pointer(&self, statement: usize, below: &[&str]) -> String {
        let Some(start) = self.statements.get(statement) else { return self.pointer.clone() };
        below.iter().fold(start.clone(), |pointer, segment| child(&pointer, segment))
    }

    /// Returns the JSON pointer of the whole policy in the input.
    #[must_use]
    pub fn whole_pointer(&self) -> String {
        self.pointer.clone()
    }
}

/// Parses the input, which may be URL-encoded. The `bool` is `true` if the input is not URL-encoded, so that a place in
/// the JSON is also a place in the input.
fn parse(text: &str) -> Result<(Value, bool), DocumentError> {
    let text = text.trim();
    if text.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("%7b") || start.eq_ignore_ascii_case("%5b")) {
        let decoded =
            decode(text).ok_or_else(|| "expected a URL-encoded policy, but an escape is malformed".to_owned())?;
        return Ok((
            serde_json::from_str(&decoded).map_err(|error| DocumentError { place: None, ..(&error).into() })?,
            false,
        ));
    }
    Ok((serde_json::from_str(text).map_err(|error| DocumentError::from(&error))?, true))
}

/// Decodes percent-encoding (`%7B`). `None` if an escape is malformed, or the result is not UTF-8.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next()?, rest.next()?];
        bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
    }
    String::from_utf8(bytes).ok()
}

/// Finds a key that an object has twice. Such input is refused, because JSON parsers differ in which value they use.
fn duplicate(text: &str) -> Option<String> {
    fn within(value: &json::Value<'_>) -> Option<String> {
        let members = value.members().unwrap_or_default();
        let mut seen = BTreeSet::new();
        for (key, member) in members {
            let key = key.decode();
            if let Some(inner) = within(member) {
                return Some(inner);
            }
            if !seen.insert(key.clone()) {
                return Some(key.into_owned());
            }
        }
        value.elements().unwrap_or_default().iter().find_map(within)
    }
    let text = decode(text.trim()).unwrap_or_else(|| text.to_owned());
    let value = json::Value::parse(&text).ok()?;
    within(&value).map(|key| format!("an object has the key `{key}` twice: remove one"))
}

/// Wraps the policy into an object whose `Statement` is an array. Also returns the JSON pointer of each statement in
/// the `value` that was passed in.
fn whole(value: Value) -> Result<(Value, Vec<String>), DocumentError> {
    let is_statement = |value: &Value| value.get("Effect").is_some();
    let listed = |start: &str, count: usize| (0..count).map(|index| format!("{start}/{index}")).collect();
    let version = "2012-10-17";
    match value {
        Value::Array(statements) if !statements.is_empty() && statements.iter().all(is_statement) => {
            let pointers = listed("", statements.len());
            Ok((json!({"Version": version, "Statement": statements}), pointers))
        }
        value if value.get("Statement").is_none() && is_statement(&value) => {
            Ok((json!({"Version": version, "Statement": [value]}), vec![String::new()]))
        }
        Value::Object(mut members) => {
            let pointers = match members.get_mut("Statement") {
                Some(Value::Array(statements)) => listed("/Statement", statements.len()),
                Some(statement @ Value::Object(_)) => {
                    *statement = Value::Array(vec![statement.take()]);
                    vec!["/Statement".to_owned()]
                }
                _ => Vec::new(),
            };
            Ok((Value::Object(members), pointers))
        }
        _ => Err("expected a trust policy, or a role with a trust policy".to_owned().into()),
    }
}

/// Finds the trust policy of the role.
fn find(value: &Value, role: Option<&str>) -> Result<Found, DocumentError> {
    let mut found = Vec::new();
    // A plan also contains the previous state, and each policy twice, so only the planned values are read.
    let (start, pointer) = match value.get("planned_values") {
        Some(planned) => (planned, "/planned_values"),
        None => (value, ""),
    };
    collect(start, pointer, &mut found);
    if found.is_empty() {
        return Ok(Found { value: value.clone(), pointer: String::new(), arn: None, name: None });
    }
    let is_it = |found: &Found| {
        let name = role.and_then(|role| role.rsplit('/').next());
        found.arn.as_deref().map_or_else(|| name.is_some() && found.name.as_deref() == name, |arn| Some(arn) == role)
    };
    if found.len() > 1 && found.iter().any(is_it) {
        found.retain(is_it);
    }
    let names: Vec<String> =
        found.iter().filter_map(|found| found.arn.clone().or_else(|| found.name.clone())).collect();
    let mut found = found.into_iter();
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only),
        _ => Err(DocumentError { message: several(&names, role), place: None, has_several_roles: true }),
    }
}

/// Returns the message for an input with the trust policies of several roles, if `role` is not one of these roles, or
/// is not known.
fn several(names: &[String], role: Option<&str>) -> String {
    const SHOWN: usize = 8;
    let listed = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join("`, `");
    let more = match names.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    match role {
        Some(role) => {
            format!("expected the trust policy of role `{role}`, but got the trust policies of `{listed}`{more}")
        }
        None => format!(
            "expected the trust policy of one role, but got several, and the pod's role is not known: choose one with `--role ARN`: `{listed}`{more}"
        ),
    }
}

fn collect(value: &Value, pointer: &str, found: &mut Vec<Found>) {
    visit_objects(value, pointer, &mut |members, pointer| {
        let policy = MEMBERS.iter().find_map(|member| {
            let policy = members.get(*member).filter(|policy| policy.is_object() || policy.is_string())?;
            Some((*member, policy))
        });
        let Some((member, policy)) = policy else { return false };
        let text = |keys: &[&str]| keys.iter().find_map(|key| members.get(*key)?.as_str()).map(str::to_owned);
        found.push(Found {
            value: policy.clone(),
            pointer: child(pointer, member),
            arn: text(&["Arn", "arn"]),
            name: text(&["RoleName", "name"]),
        });
        true
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &str = "arn:aws:iam::111122223333:role/app";

    fn policy() -> Value {
        json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/idp.example/A"},
            "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {"idp.example/A:aud": "sts.amazonaws.com"}},
        }]})
    }

    fn encoded(value: &Value) -> String {
        value
            .to_string()
            .bytes()
            .map(
                |byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") },
            )
            .collect()
    }

    #[test]
    fn reads_every_format_of_a_trust_policy() {
        let policy = policy();
        let text = Value::from(policy.to_string());
        let shapes = [
            policy.to_string(),
            encoded(&policy),
            text.to_string(),
            Value::from(encoded(&policy)).to_string(),
            policy["Statement"].to_string(),
            policy["Statement"][0].to_string(),
            json!({"Statement": policy["Statement"][0]}).to_string(),
            json!({"Role": {"Arn": ROLE, "RoleName": "app", "AssumeRolePolicyDocument": policy}}).to_string(),
            json!({"Arn": ROLE, "AssumeRolePolicyDocument": encoded(&policy)}).to_string(),
            json!({"Roles": [{"Arn": ROLE, "AssumeRolePolicyDocument": policy},
                             {"Arn": "arn:aws:iam::111122223333:role/b", "AssumeRolePolicyDocument": {}}]})
            .to_string(),
            json!({"version": 4, "resources": [{"type": "aws_iam_role", "instances": [
                {"attributes": {"arn": ROLE, "name": "app", "assume_role_policy": text}}]}]})
            .to_string(),
            json!({"planned_values": {"root_module": {"child_modules": [{"resources": [
                {"type": "aws_iam_role", "values": {"name": "app", "assume_role_policy": text}}]}]}},
                "resource_changes": [{"change": {"after": {"assume_role_policy": text}}}]})
            .to_string(),
        ];
        for shape in shapes {
            let document = TrustDocument::read(&shape, Some(ROLE)).unwrap_or_else(|error| panic!("{shape}: {error:?}"));
            assert_eq!(document.policy.statements.len(), 1, "{shape}");
            assert_eq!(document.value["Statement"], policy["Statement"], "{shape}");
        }
    }

    #[test]
    fn returns_the_place_of_a_condition() {
        let place = |text: &Value| {
            let document = TrustDocument::read(&text.to_string(), None).unwrap();
            let pointer = document.pointer(0, &["Condition", "StringEquals", "idp.example/A:aud"]);
            (text.pointer(&pointer).cloned(), pointer)
        };
        let policy = policy();
        let expected = Some(Value::from("sts.amazonaws.com"));
        for text in [
            policy.clone(),
            policy["Statement"].clone(),
            policy["Statement"][0].clone(),
            json!({"Statement": policy["Statement"][0]}),
            json!({"Role": {"AssumeRolePolicyDocument": policy}}),
        ] {
            assert_eq!(place(&text).0, expected, "{text}");
        }
        let text = json!({"Role": {"AssumeRolePolicyDocument": policy.to_string()}});
        assert_eq!(
            place(&text).1,
            "/Role/AssumeRolePolicyDocument",
            "a policy in a string has no places of its own: the place is the whole string"
        );
    }

    #[test]
    fn refuses_ambiguous_or_malformed_input() {
        let two = json!({"Roles": [{"Arn": ROLE, "AssumeRolePolicyDocument": policy()},
                                   {"Arn": "arn:aws:iam::111122223333:role/b", "AssumeRolePolicyDocument": policy()}]});
        let error = TrustDocument::read(&two.to_string(), None).unwrap_err();
        assert!(error.message.contains("choose one"), "{error:?}");
        for text in
            ["{\"Version\": \"2012-10-17\", \"Version\": \"2012-10-17\", \"Statement\": []}", "1", "[]", "{}", "%7B%7"]
        {
            assert!(TrustDocument::read(text, None).is_err(), "{text}");
        }
    }
}
