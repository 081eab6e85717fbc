//! Writes fixes to paste: JSON, Terraform, and commands of the AWS CLI.

use serde::Serialize;
use serde_json::Value;

use crate::explanation::Edit;
use crate::inputs::Input;
use crate::trust::{ChangeKind, Repair, Statement, Ternary, TrustDocument};

/// A change of the role's trust policy that makes it accept the pod.
///
/// The change gives access to exactly this service account and this audience. A statement that may give access to
/// others stays unchanged.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrustFix {
    /// What to do with the statements, as one sentence.
    pub says: String,
    /// The new statements, in IAM's JSON.
    pub statements: Vec<Value>,
    /// The statements as blocks of Terraform's `aws_iam_policy_document`. Empty if these blocks can't express the
    /// statements.
    pub terraform: String,
    /// The whole trust policy with the change.
    pub policy: Value,
    /// The commands that apply the whole policy. They read the policy from the file `trust-policy.json`.
    pub commands: Vec<String>,
    /// Another way to give the pod a role, as one sentence.
    pub alternative: Option<String>,
}

/// The values for the commands.
#[derive(Debug, Clone, Default)]
pub struct CommandTarget<'a> {
    /// The role's ARN.
    pub role: Option<&'a str>,
    /// The issuer's URL without `https://`, if IAM may lack the issuer's provider.
    pub missing_provider: Option<&'a str>,
    /// Whether IAM is known to lack the provider.
    pub is_missing_for_sure: bool,
    /// The token's audience.
    pub audience: Option<&'a str>,
}

impl TrustFix {
    /// Makes the fix from the repaired policy.
    pub fn new(repair: &Repair, document: &TrustDocument, target: &CommandTarget<'_>) -> Self {
        let name = |index: usize| {
            let statement = document.policy.statements.get(index);
            statement.map_or_else(String::new, |statement: &Statement| statement.name.clone())
        };
        let sentences: Vec<String> = repair
            .changes
            .iter()
            .map(|change| {
                let old = change.replaces.map(name).unwrap_or_default();
                match change.kind {
                    ChangeKind::Add => "add this statement to the role's trust policy, and keep the others".to_owned(),
                    ChangeKind::Correct => format!("in the role's trust policy, replace {old}, which accepts nobody, with this statement"),
                    ChangeKind::Split => {
                        format!("replace {old} of the role's trust policy with one statement for each provider")
                    }
                    ChangeKind::Except => format!(
                        "if this service account is meant to have the role, replace {old}, which denies the account the role, with this statement: the same `Deny` with an exception for this account"
                    ),
                }
            })
            .collect();
        let mut says = sentences.join("; then ");
        if repair.accepts == Ternary::Unknown {
            says.push_str("; conditions that cannot be checked here stay as they are");
        }
        let statements: Vec<Value> = repair.changes.iter().flat_map(|change| change.statements.clone()).collect();
        let blocks: Option<Vec<String>> = statements.iter().map(terraform).collect();
        Self {
            says: sentence(&says),
            terraform: blocks.map(|blocks| blocks.join("\n")).unwrap_or_default(),
            statements,
            policy: repair.policy.clone(),
            commands: target.commands(),
            alternative: None,
        }
    }

    /// Returns the edit that replaces the trust policy in the input with the changed policy.
    pub(crate) fn edit(&self, document: &TrustDocument) -> Edit {
        Edit { input: Input::TrustPolicy, pointer: document.whole_pointer(), value: Some(self.policy.clone()) }
    }
}

/// Turns the text into a sentence: with a capital at the start, and a full stop at the end.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first: String = characters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", characters.as_str())
}

impl CommandTarget<'_> {
    fn commands(&self) -> Vec<String> {
        let create = self.missing_provider.zip(self.audience).map(|(url, audience)| create_provider(url, audience));
        let condition = if self.is_missing_for_sure { "" } else { "only if " };
        let note = create
            .as_ref()
            .map(|_| format!("# {condition}the role's account has no identity provider for this issuer"));
        let name = self.role.and_then(|role| role.rsplit('/').next()).unwrap_or("ROLE_NAME");
        let update = format!(
            "aws iam update-assume-role-policy --role-name {} --policy-document file://trust-policy.json",
            quoted(name)
        );
        note.into_iter().chain(create).chain([update]).collect()
    }
}

/// Returns the command that creates the identity provider in IAM.
#[must_use]
pub fn create_provider(url: &str, audience: &str) -> String {
    format!(
        "aws iam create-open-id-connect-provider --url {} --client-id-list {}",
        quoted(&format!("https://{url}")),
        quoted(audience)
    )
}

/// Quotes the string, if needed, so that a shell reads it as one word.
#[must_use]
pub fn quoted(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=@+,".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Writes a statement as a block of Terraform's `aws_iam_policy_document`. `None` if the statement has a member that
/// such a block can't have.
fn terraform(statement: &Value) -> Option<String> {
    const KNOWN: [&str; 6] = ["Sid", "Effect", "Action", "NotAction", "Principal", "Condition"];
    let mut lines = vec!["statement {".to_owned()];
    let members = statement.as_object()?;
    if members.keys().any(|key| !KNOWN.contains(&key.as_str())) {
        return None;
    }
    let width = if members.contains_key("NotAction") { 11 } else { 7 };
    for key in KNOWN {
        let Some(value) = members.get(key) else { continue };
        match key {
            "Sid" => lines.push(format!("  {:width$} = {}", "sid", hcl(value.as_str()?))),
            "Effect" => lines.push(format!("  {:width$} = {}", "effect", hcl(value.as_str()?))),
            "Action" => lines.push(format!("  {:width$} = {}", "actions", list(value)?)),
            "NotAction" => lines.push(format!("  {:width$} = {}", "not_actions", list(value)?)),
            "Principal" => lines.extend(principals(value)?),
            "Condition" => {
                for (test, keys) in value.as_object()? {
                    for (variable, values) in keys.as_object()? {
                        lines.extend([
                            "  condition {".to_owned(),
                            format!("    test     = {}", hcl(test)),
                            format!("    variable = {}", hcl(variable)),
                            format!("    values   = {}", list(values)?),
                            "  }".to_owned(),
                        ]);
                    }
                }
            }
            _ => return None,
        }
    }
    lines.push("}".to_owned());
    Some(lines.join("\n"))
}

fn principals(principal: &Value) -> Option<Vec<String>> {
    let everybody = serde_json::json!({"*": "*"});
    let kinds = if principal.as_str() == Some("*") { &everybody } else { principal };
    let mut lines = Vec::new();
    for (kind, names) in kinds.as_object()? {
        lines.extend([
            "  principals {".to_owned(),
            format!("    type        = {}", hcl(kind)),
            format!("    identifiers = {}", list(names)?),
            "  }".to_owned(),
        ]);
    }
    Some(lines)
}

fn list(value: &Value) -> Option<String> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(hcl(text)),
        Value::Bool(_) | Value::Number(_) => Some(hcl(&value.to_string())),
        _ => None,
    };
    let values: Option<Vec<String>> = match value {
        Value::Array(values) => values.iter().map(text).collect(),
        other => Some(vec![text(other)?]),
    };
    Some(format!("[{}]", values?.join(", ")))
}

/// Writes a string in HCL. IAM's variables `${…}` become `&{…}`, which `aws_iam_policy_document` turns back into
/// `${…}`.
fn hcl(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.replace("${", "&{").replace("%{", "%%{").chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            character => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn writes_terraform() {
        let statement = json!({
            "Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/idp.example/A"},
            "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {"idp.example/A:sub": ["a\"${b}", "c"]}},
        });
        let expected = r#"statement {
  effect  = "Allow"
  actions = ["sts:AssumeRoleWithWebIdentity"]
  principals {
    type        = "Federated"
    identifiers = ["arn:aws:iam::111122223333:oidc-provider/idp.example/A"]
  }
  condition {
    test     = "StringEquals"
    variable = "idp.example/A:sub"
    values   = ["a\"&{b}", "c"]
  }
}"#;
        assert_eq!(terraform(&statement).unwrap(), expected);
        assert_eq!(terraform(&json!({"NotPrincipal": "*"})), None);
    }

    #[test]
    fn quotes_characters_that_a_shell_would_interpret() {
        assert_eq!(quoted("https://idp.example/A"), "https://idp.example/A");
        assert_eq!(quoted("a'; rm -r b"), r"'a'\''; rm -r b'");
        assert_eq!(quoted(""), "''");
    }
}
