//! Reads files about IAM. This module reads the output of the AWS CLI. `terraform` reads the output of Terraform, and
//! `cloudformation` reads templates.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use manifest_reader::{Node, documents};
use serde_json::{Map, Value};

use super::{Iam, Provider, Role, RoleId, account_of, cloudformation, terraform, without_scheme};
use crate::files::read as read_text;

/// Reads all files about IAM.
///
/// # Errors
/// Fails if a file can't be read, or if its kind is unknown.
pub fn read(paths: &[PathBuf]) -> Result<Iam> {
    let mut iam = Iam::default();
    for path in paths {
        read_file(path, &mut iam).with_context(|| format!("cannot read `{}` as a file about IAM", path.display()))?;
    }
    Ok(iam)
}

fn read_file(path: &Path, iam: &mut Iam) -> Result<()> {
    let text = read_text(path)?;
    let name = path.to_string_lossy().into_owned();
    for document in documents(&text) {
        let document = document?;
        let Some(root) = document.root() else {
            bail!("expected at most 255 levels of nesting, and no character U+007F")
        };
        add(&value(root), &name, iam)?;
    }
    Ok(())
}

/// Converts a value to JSON. A short function of CloudFormation (`!Ref x`) becomes an object (`{"Fn::Ref": "x"}`).
fn value(node: &Node<'_>) -> Value {
    use manifest_reader::Value as Yaml;
    let plain = match &node.value {
        Yaml::Null => Value::Null,
        Yaml::Bool(bool) => Value::Bool(*bool),
        Yaml::Number(number) => serde_json::from_str(number).unwrap_or_default(),
        Yaml::String(text) => Value::String(text.to_string()),
        Yaml::Array(elements) => elements.iter().map(value).collect(),
        Yaml::Object(members) => {
            members.iter().map(|member| (member.key.to_string(), value(&member.node))).collect::<Map<_, _>>().into()
        }
    };
    match &node.tag {
        Some(tag) => Value::Object(Map::from_iter([(format!("Fn::{}", tag.trim_start_matches('!')), plain)])),
        None => plain,
    }
}

fn add(value: &Value, file: &str, iam: &mut Iam) -> Result<()> {
    let has = |key: &str| value.get(key).is_some();
    if has("RoleDetailList") {
        account_details(value, file, iam);
    } else if let Some(role) = value.get("Role") {
        iam.roles.extend(aws_role(role, file));
    } else if let Some(Value::Array(roles)) = value.get("Roles") {
        iam.roles.extend(roles.iter().filter_map(|role| aws_role(role, file)));
    } else if let Some(Value::Array(providers)) = value.get("OpenIDConnectProviderList") {
        provider_list(providers, file, iam);
    } else if has("ClientIDList") && has("Url") {
        let url = value.get("Url").and_then(Value::as_str).unwrap_or_default();
        let issuer = without_scheme(url).to_owned();
        iam.providers.push(Provider {
            account: None,
            issuer,
            audiences: texts(value, "ClientIDList"),
            file: file.to_owned(),
        });
    } else if has("planned_values") || (has("format_version") && has("values")) {
        terraform::add(value, file, iam);
    } else if has("Resources") {
        cloudformation::add(value, file, iam);
    } else if is_trust_policy(value) {
        bail!(
            "this is a trust policy without its role: give the output of `aws iam get-role`, or use \
             `irsa explain --trust-policy`"
        );
    } else {
        bail!(
            "expected the output of `aws iam get-account-authorization-details`, `get-role`, `list-roles`, \
             `list-open-id-connect-providers` or `get-open-id-connect-provider`, of `terraform show -json`, or a \
             CloudFormation template"
        );
    }
    Ok(())
}

/// Returns a description of a document about IAM. `None` if the document is not about IAM, or if this is not certain.
pub fn title(value: &Value) -> Option<&'static str> {
    let has = |key: &str| value.get(key).is_some();
    let is_role = |role: &Value| role.get("RoleName").is_some();
    let array = |key: &str| value.get(key).and_then(Value::as_array);
    let is_of_aws =
        |resource: &Value| resource.get("Type").and_then(Value::as_str).is_some_and(|kind| kind.starts_with("AWS::"));
    Some(if array("RoleDetailList").is_some() {
        "the output of `aws iam get-account-authorization-details`"
    } else if value.get("Role").is_some_and(is_role) {
        "the output of `aws iam get-role`"
    } else if array("Roles").and_then(|roles| roles.first()).is_some_and(is_role) {
        "the output of `aws iam list-roles`"
    } else if array("OpenIDConnectProviderList").is_some() {
        "the output of `aws iam list-open-id-connect-providers`"
    } else if has("ClientIDList") && has("Url") {
        "the output of `aws iam get-open-id-connect-provider`"
    } else if has("planned_values") || (has("format_version") && has("terraform_version") && has("values")) {
        "the output of `terraform show -json`"
    } else if value.get("Resources").and_then(Value::as_object).is_some_and(|all| all.values().any(is_of_aws)) {
        "a CloudFormation template"
    } else {
        return None;
    })
}

/// Whether the value is a trust policy: a policy with a principal and an action of STS. Other resource policies, such
/// as the policy of a bucket, have a principal too.
pub fn is_trust_policy(value: &Value) -> bool {
    let is_of_sts = |action: &Value| action.as_str().is_some_and(|it| it.to_ascii_lowercase().starts_with("sts:"));
    let is_of_trust = |statement: &Value| {
        let actions = statement.get("Action").map(one_or_all).unwrap_or_default();
        statement.get("Principal").is_some() && actions.iter().any(is_of_sts)
    };
    value.get("Statement").map(one_or_all).unwrap_or_default().iter().any(is_of_trust)
}

/// Returns the elements of an array, or else the value itself: IAM accepts one value in place of an array.
fn one_or_all(value: &Value) -> &[Value] {
    value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice)
}

/// Adds the roles of `aws iam get-account-authorization-details`. If the output is not truncated, it contains every
/// role of its AWS account.
fn account_details(value: &Value, file: &str, iam: &mut Iam) {
    let roles = value.get("RoleDetailList").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let is_truncated = value.get("IsTruncated").and_then(Value::as_bool).unwrap_or_default()
        || ["Marker", "NextToken"].iter().any(|key| value.get(*key).is_some_and(|marker| !marker.is_null()));
    for role in roles.iter().filter_map(|role| aws_role(role, file)) {
        let account = role.arn().and_then(account_of);
        if let Some(account) = account.filter(|_| !is_truncated) {
            iam.complete_accounts.insert(account.to_owned());
        }
        iam.roles.push(role);
    }
}

/// Reads a role from the output of the AWS CLI. The trust policy may be URL-encoded, as in the IAM API.
fn aws_role(role: &Value, file: &str) -> Option<Role> {
    let trust_policy = match role.get("AssumeRolePolicyDocument") {
        Some(Value::String(text)) => serde_json::from_str(&url_decoded(text)).ok(),
        other => other.filter(|policy| policy.is_object()).cloned(),
    };
    let text = |key: &str| role.get(key).and_then(Value::as_str);
    Some(Role {
        id: match text("Arn") {
            Some(arn) => RoleId::Arn(arn.to_owned()),
            None => RoleId::of_path_and_name(text("Path"), text("RoleName")?),
        },
        trust_policy,
        file: file.to_owned(),
    })
}

/// Adds the providers of `aws iam list-open-id-connect-providers`. The output has no pages, so it contains every
/// provider of its AWS account.
fn provider_list(providers: &[Value], file: &str, iam: &mut Iam) {
    for arn in providers.iter().filter_map(|provider| provider.get("Arn")?.as_str()) {
        let Some((_, issuer)) = arn.split_once(":oidc-provider/") else { continue };
        let account = account_of(arn).map(str::to_owned);
        if let Some(account) = &account {
            iam.complete_providers.insert(account.clone(), file.to_owned());
        }
        iam.providers.push(Provider { account, issuer: issuer.to_owned(), audiences: None, file: file.to_owned() });
    }
}

/// Returns the strings of the array `key`. `None` if the array is missing, or contains a value that is not a string.
pub fn texts(value: &Value, key: &str) -> Option<Vec<String>> {
    value.get(key)?.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
}

/// Decodes percent-encoding. Keeps everything that is not an escape.
fn url_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escape = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = escape.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|_| *first == b'%');
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_urls() {
        assert_eq!(url_decoded("%7B%22a%22%3A1%7D"), r#"{"a":1}"#);
        assert_eq!(url_decoded("{\"a\": \"100%\"}"), "{\"a\": \"100%\"}");
        assert_eq!(url_decoded("%zz%4"), "%zz%4");
    }
}
