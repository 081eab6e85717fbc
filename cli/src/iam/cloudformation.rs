//! Reads CloudFormation templates. A value that contains a function of CloudFormation is unknown.

use serde_json::Value;

use super::files::texts;
use super::{Iam, Provider, Role, RoleId, without_scheme};

/// Adds the roles and providers of a template.
pub fn add(template: &Value, file: &str, iam: &mut Iam) {
    let Some(resources) = template.get("Resources").and_then(Value::as_object) else { return };
    for (id, resource) in resources {
        let properties = resource.get("Properties").unwrap_or(&Value::Null);
        match resource.get("Type").and_then(Value::as_str) {
            Some("AWS::IAM::Role") => {
                let policy = properties.get("AssumeRolePolicyDocument").filter(|policy| !has_function(policy));
                let path = properties.get("Path").map(Value::as_str);
                iam.roles.push(Role {
                    id: match (properties.get("RoleName").and_then(Value::as_str), path) {
                        (Some(name), None) => RoleId::of_path_and_name(None, name),
                        (Some(name), Some(Some(path))) => RoleId::of_path_and_name(Some(path), name),
                        // The name is generated, or a function makes the name or the path.
                        _ => RoleId::Unknown(id.clone()),
                    },
                    trust_policy: policy.cloned(),
                    file: file.to_owned(),
                });
            }
            Some("AWS::IAM::OIDCProvider") => {
                let Some(url) = properties.get("Url").and_then(Value::as_str) else { continue };
                iam.providers.push(Provider {
                    account: None,
                    issuer: without_scheme(url).to_owned(),
                    audiences: texts(properties, "ClientIdList"),
                    file: file.to_owned(),
                });
            }
            _ => {}
        }
    }
}

/// Whether the value contains a function of CloudFormation.
fn has_function(value: &Value) -> bool {
    match value {
        Value::Array(elements) => elements.iter().any(has_function),
        Value::Object(members) => {
            members.iter().any(|(key, member)| key == "Ref" || key.starts_with("Fn::") || has_function(member))
        }
        _ => false,
    }
}
