//! Prints trust policies in the formats of the tools that create roles.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::Format;
use super::build::{Account, Role};

/// The roles in a format. For EKS Pod Identity, `cluster` is the cluster of the associations.
pub fn render(format: Format, roles: &[Role], cluster: Option<&str>) -> String {
    match format {
        Format::Json => json_text(roles),
        Format::Terraform => terraform(roles, cluster),
        Format::Cloudformation => cloudformation(roles, cluster),
        Format::Ack => objects(roles, &ack),
        Format::Crossplane => objects(roles, &crossplane),
        Format::Aws => aws(roles, cluster),
    }
}

/// The path of a role, with slashes around it, and its name.
fn path_and_name(arn: &str) -> (String, String) {
    let full = arn.split_once(":role/").map_or(arn, |(_, full)| full);
    match full.rsplit_once('/') {
        Some((path, name)) => (format!("/{path}/"), name.to_owned()),
        None => ("/".to_owned(), full.to_owned()),
    }
}

fn pretty(value: &Value) -> String {
    // A value of `serde_json` can always be written.
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn json_text(roles: &[Role]) -> String {
    let value = match roles {
        [role] => role.policy.clone(),
        _ => roles.iter().map(|role| (role.arn.clone(), role.policy.clone())).collect::<Map<_, _>>().into(),
    };
    format!("{}\n", pretty(&value))
}

/// A name as an identifier: letters and digits, the rest replaced.
fn identifier(name: &str, separator: &str) -> String {
    let words = name.split(|char: char| !char.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let identifier = words.collect::<Vec<_>>().join(separator);
    let starts_well = identifier.starts_with(|char: char| char.is_ascii_alphabetic());
    if starts_well { identifier } else { format!("role{separator}{identifier}") }
}

fn terraform(roles: &[Role], cluster: Option<&str>) -> String {
    let mut text = String::new();
    for role in roles {
        let (path, name) = path_and_name(&role.arn);
        let id = identifier(&name, "_");
        // JSON is an expression of Terraform, but for `${` and `%{` within strings.
        let policy = pretty(&role.policy).replace("${", "$${").replace("%{", "%%{").replace('\n', "\n  ");
        let _ = write!(
            text,
            "resource \"aws_iam_role\" \"{id}\" {{\n  name = {}\n  path = {}\n  assume_role_policy = jsonencode({policy})\n}}\n",
            Value::from(name),
            Value::from(path),
        );
        for Account { namespace, name, .. } in role.accounts.iter().filter(|_| cluster.is_some()) {
            let _ = write!(
                text,
                "\nresource \"aws_eks_pod_identity_association\" \"{}\" {{\n  cluster_name    = {}\n  namespace       = {}\n  service_account = {}\n  role_arn        = aws_iam_role.{id}.arn\n}}\n",
                identifier(&format!("{namespace}_{name}"), "_"),
                Value::from(cluster),
                Value::from(namespace.as_str()),
                Value::from(name.as_str()),
            );
        }
    }
    text
}

fn cloudformation(roles: &[Role], cluster: Option<&str>) -> String {
    let mut resources = Map::new();
    for role in roles {
        let (path, name) = path_and_name(&role.arn);
        let id = format!("Role{}", identifier(&name, ""));
        let properties = json!({"RoleName": name, "Path": path, "AssumeRolePolicyDocument": role.policy});
        resources.insert(id.clone(), json!({"Type": "AWS::IAM::Role", "Properties": properties}));
        for Account { namespace, name, .. } in role.accounts.iter().filter(|_| cluster.is_some()) {
            let properties = json!({
                "ClusterName": cluster,
                "Namespace": namespace,
                "ServiceAccount": name,
                "RoleArn": {"Fn::GetAtt": [id, "Arn"]},
            });
            let association = identifier(&format!("Association{namespace}-{name}"), "");
            resources
                .insert(association, json!({"Type": "AWS::EKS::PodIdentityAssociation", "Properties": properties}));
        }
    }
    format!("{}\n", pretty(&json!({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources})))
}

/// Kubernetes objects as YAML. JSON is YAML, so each document is JSON.
fn objects(roles: &[Role], object: &dyn Fn(&Role) -> Value) -> String {
    let documents: Vec<String> = roles.iter().map(|role| pretty(&object(role))).collect();
    format!("{}\n", documents.join("\n---\n"))
}

/// A name for a Kubernetes object.
fn object_name(name: &str) -> String {
    identifier(name, "-").to_ascii_lowercase()
}

fn ack(role: &Role) -> Value {
    let (path, name) = path_and_name(&role.arn);
    json!({
        "apiVersion": "iam.services.k8s.aws/v1alpha1",
        "kind": "Role",
        "metadata": {"name": object_name(&name)},
        "spec": {"name": name, "path": path, "assumeRolePolicyDocument": role.policy.to_string()},
    })
}

fn crossplane(role: &Role) -> Value {
    let (path, name) = path_and_name(&role.arn);
    json!({
        "apiVersion": "iam.aws.upbound.io/v1beta1",
        "kind": "Role",
        "metadata": {"name": object_name(&name), "annotations": {"crossplane.io/external-name": name}},
        "spec": {"forProvider": {"path": path, "assumeRolePolicy": role.policy.to_string()}},
    })
}

fn aws(roles: &[Role], cluster: Option<&str>) -> String {
    let mut text = String::new();
    for role in roles {
        let (_, name) = path_and_name(&role.arn);
        let policy = quoted(&role.policy.to_string());
        let name = quoted(&name);
        let _ = write!(
            text,
            "# This replaces the whole trust policy of the role. Look at the one that it has now first:\n\
             aws iam get-role --role-name {name} --query Role.AssumeRolePolicyDocument\n\
             aws iam update-assume-role-policy --role-name {name} --policy-document {policy}\n"
        );
        let Some(cluster) = cluster else { continue };
        for Account { namespace, name, .. } in &role.accounts {
            let _ = writeln!(
                text,
                "aws eks create-pod-identity-association --cluster-name {} --namespace {} --service-account {} --role-arn {}",
                quoted(cluster),
                quoted(namespace),
                quoted(name),
                quoted(&role.arn)
            );
        }
    }
    text
}

/// Quotes a string as one word of a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_for_the_shell() {
        assert_eq!(quoted("a'b"), r"'a'\''b'");
    }

    #[test]
    fn makes_identifiers() {
        assert_eq!(identifier("a-b+c", "_"), "a_b_c");
        assert_eq!(identifier("1", "_"), "role_1");
        assert_eq!(path_and_name("arn:aws:iam::111122223333:role/x/y/z"), ("/x/y/".to_owned(), "z".to_owned()));
    }
}
