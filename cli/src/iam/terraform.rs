//! Reads the output of `terraform show -json`: a plan or a state.
//!
//! Source: Terraform's "JSON Output Format". A plan does not contain values that are known only after it is applied.

use serde_json::Value;

use super::files::texts;
use super::{Iam, Provider, Role, RoleId, account_of, without_scheme};

/// Adds the roles and providers of a plan or a state.
pub fn add(value: &Value, file: &str, iam: &mut Iam) {
    let root = value.pointer("/planned_values/root_module").or_else(|| value.pointer("/values/root_module"));
    if let Some(module) = root {
        add_module(module, file, iam);
    }
}

fn add_module(module: &Value, file: &str, iam: &mut Iam) {
    let members = |key: &str| module.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for resource in members("resources") {
        let values = resource.get("values").unwrap_or(&Value::Null);
        let text = |key: &str| values.get(key).and_then(Value::as_str);
        match resource.get("type").and_then(Value::as_str) {
            Some("aws_iam_role") => {
                let address = resource.get("address").and_then(Value::as_str).unwrap_or("aws_iam_role");
                iam.roles.push(Role {
                    id: match (text("arn"), text("name")) {
                        (Some(arn), _) => RoleId::Arn(arn.to_owned()),
                        (None, Some(name)) => RoleId::of_path_and_name(text("path"), name),
                        (None, None) => RoleId::Unknown(address.to_owned()),
                    },
                    trust_policy: text("assume_role_policy").and_then(|policy| serde_json::from_str(policy).ok()),
                    file: file.to_owned(),
                });
            }
            Some("aws_iam_openid_connect_provider") => {
                let Some(url) = text("url") else { continue };
                iam.providers.push(Provider {
                    account: text("arn").and_then(account_of).map(str::to_owned),
                    issuer: without_scheme(url).to_owned(),
                    audiences: texts(values, "client_id_list"),
                    file: file.to_owned(),
                });
            }
            _ => {}
        }
    }
    for child in members("child_modules") {
        add_module(child, file, iam);
    }
}
