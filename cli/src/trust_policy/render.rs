//! Prints trust policies in the formats of the tools that create roles.
//!
//! Sources of the objects' fields: the CRDs of ACK's IAM and EKS controllers, and of Crossplane's AWS providers.

use std::collections::BTreeSet;
use std::fmt::Write;

use irsa_explain::shell_word;
use serde_json::{Map, Value, json};

use super::Format;
use super::build::{Account, Role};

/// The EKS cluster of the associations of EKS Pod Identity.
#[derive(Debug, Clone, Copy)]
pub struct EksCluster<'c> {
    /// Its name.
    pub name: &'c str,
    /// Its region. Only Crossplane requires a region.
    pub region: Option<&'c str>,
}

/// Formats the roles. If `cluster` is set, also formats the associations of EKS Pod Identity.
pub fn render(format: Format, roles: &[Role], cluster: Option<EksCluster<'_>>) -> String {
    match format {
        Format::Json => json_text(roles),
        Format::Terraform => terraform(roles, cluster),
        Format::Cloudformation => cloudformation(roles, cluster),
        Format::Ack => objects(roles, &|role, names| ack(role, cluster, names)),
        Format::Crossplane => objects(roles, &|role, names| crossplane(role, cluster, names)),
        Format::Aws => aws(roles, cluster),
    }
}

/// Makes the names in one output unique.
#[derive(Debug, Default)]
struct Names(BTreeSet<String>);

impl Names {
    /// Returns the name, or the name with a number if the name is already in use.
    fn unique(&mut self, name: &str, separator: &str) -> String {
        let mut unique = name.to_owned();
        let mut number = 1_usize;
        while !self.0.insert(unique.clone()) {
            number = number.saturating_add(1);
            unique = format!("{name}{separator}{number}");
        }
        unique
    }
}

/// Returns the path of a role, with slashes around it, and the role's name.
fn path_and_name(arn: &str) -> (String, String) {
    let full = arn.split_once(":role/").map_or(arn, |(_, full)| full);
    match full.rsplit_once('/') {
        Some((path, name)) => (format!("/{path}/"), name.to_owned()),
        None => ("/".to_owned(), full.to_owned()),
    }
}

fn pretty(value: &Value) -> String {
    // Writing a value of `serde_json` can't fail, so the default is never used.
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn json_text(roles: &[Role]) -> String {
    let value = match roles {
        [role] => role.policy.clone(),
        _ => roles.iter().map(|role| (role.arn.clone(), role.policy.clone())).collect::<Map<_, _>>().into(),
    };
    format!("{}\n", pretty(&value))
}

/// Converts a name to an identifier of letters and digits. Replaces other characters by `separator`.
fn identifier(name: &str, separator: &str) -> String {
    let words = name.split(|char: char| !char.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let identifier = words.collect::<Vec<_>>().join(separator);
    let starts_well = identifier.starts_with(|char: char| char.is_ascii_alphabetic());
    if starts_well { identifier } else { format!("role{separator}{identifier}") }
}

/// Returns the accounts of a role, each with a unique name for its association.
fn associations<'r>(role: &'r Role, separator: &str, names: &mut Names) -> Vec<(String, &'r Account)> {
    let name = |account: &Account| identifier(&format!("{}-{}", account.namespace, account.name), separator);
    role.accounts.iter().map(|account| (names.unique(&name(account), separator), account)).collect()
}

fn terraform(roles: &[Role], cluster: Option<EksCluster<'_>>) -> String {
    let mut text = String::new();
    let (mut ids, mut association_ids) = (Names::default(), Names::default());
    for role in roles {
        let (path, name) = path_and_name(&role.arn);
        let id = ids.unique(&identifier(&name, "_"), "_");
        if !text.is_empty() {
            text.push('\n');
        }
        // JSON is also a valid Terraform expression, but Terraform replaces `${` and `%{` in strings. So they are
        // escaped.
        let policy = pretty(&role.policy).replace("${", "$${").replace("%{", "%%{").replace('\n', "\n  ");
        let _ = write!(
            text,
            "resource \"aws_iam_role\" \"{id}\" {{\n  name               = {}\n  path               = {}\n  assume_role_policy = jsonencode({policy})\n}}\n",
            Value::from(name),
            Value::from(path),
        );
        let Some(cluster) = cluster else { continue };
        for (association, Account { namespace, name, .. }) in associations(role, "_", &mut association_ids) {
            let _ = write!(
                text,
                "\nresource \"aws_eks_pod_identity_association\" \"{association}\" {{\n  cluster_name    = {}\n  namespace       = {}\n  service_account = {}\n  role_arn        = aws_iam_role.{id}.arn\n}}\n",
                Value::from(cluster.name),
                Value::from(namespace.as_str()),
                Value::from(name.as_str()),
            );
        }
    }
    text
}

fn cloudformation(roles: &[Role], cluster: Option<EksCluster<'_>>) -> String {
    let mut resources = Map::new();
    let mut ids = Names::default();
    for role in roles {
        let (path, name) = path_and_name(&role.arn);
        let id = ids.unique(&format!("Role{}", identifier(&name, "")), "n");
        let properties = json!({"RoleName": name, "Path": path, "AssumeRolePolicyDocument": role.policy});
        resources.insert(id.clone(), json!({"Type": "AWS::IAM::Role", "Properties": properties}));
        let Some(cluster) = cluster else { continue };
        for Account { namespace, name, .. } in &role.accounts {
            let properties = json!({
                "ClusterName": cluster.name,
                "Namespace": namespace,
                "ServiceAccount": name,
                "RoleArn": {"Fn::GetAtt": [id, "Arn"]},
            });
            let association = ids.unique(&identifier(&format!("Association{namespace}-{name}"), ""), "n");
            resources
                .insert(association, json!({"Type": "AWS::EKS::PodIdentityAssociation", "Properties": properties}));
        }
    }
    format!("{}\n", pretty(&json!({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources})))
}

/// Formats Kubernetes objects as YAML documents. Each document is JSON, which is valid YAML.
fn objects(roles: &[Role], of_role: &dyn Fn(&Role, &mut Names) -> Vec<Value>) -> String {
    let mut names = Names::default();
    let documents: Vec<String> =
        roles.iter().flat_map(|role| of_role(role, &mut names)).map(|it| pretty(&it)).collect();
    format!("{}\n", documents.join("\n---\n"))
}

/// Returns a unique name for the Kubernetes object of a role.
fn object_name(role: &str, names: &mut Names) -> String {
    names.unique(&identifier(role, "-").to_ascii_lowercase(), "-")
}

fn ack(role: &Role, cluster: Option<EksCluster<'_>>, names: &mut Names) -> Vec<Value> {
    let (path, name) = path_and_name(&role.arn);
    let mut objects = vec![json!({
        "apiVersion": "iam.services.k8s.aws/v1alpha1",
        "kind": "Role",
        "metadata": {"name": object_name(&name, names)},
        "spec": {"name": name, "path": path, "assumeRolePolicyDocument": role.policy.to_string()},
    })];
    let Some(cluster) = cluster else { return objects };
    for (association, Account { namespace, name, .. }) in associations(role, "-", names) {
        objects.push(json!({
            "apiVersion": "eks.services.k8s.aws/v1alpha1",
            "kind": "PodIdentityAssociation",
            "metadata": {"name": association},
            "spec": {
                "clusterName": cluster.name,
                "namespace": namespace,
                "serviceAccount": name,
                "roleARN": role.arn,
            },
        }));
    }
    objects
}

fn crossplane(role: &Role, cluster: Option<EksCluster<'_>>, names: &mut Names) -> Vec<Value> {
    let (path, name) = path_and_name(&role.arn);
    let mut objects = vec![json!({
        "apiVersion": "iam.aws.upbound.io/v1beta1",
        "kind": "Role",
        "metadata": {"name": object_name(&name, names), "annotations": {"crossplane.io/external-name": name}},
        "spec": {"forProvider": {"path": path, "assumeRolePolicy": role.policy.to_string()}},
    })];
    let Some(cluster) = cluster else { return objects };
    for (association, Account { namespace, name, .. }) in associations(role, "-", names) {
        objects.push(json!({
            "apiVersion": "eks.aws.upbound.io/v1beta1",
            "kind": "PodIdentityAssociation",
            "metadata": {"name": association},
            "spec": {"forProvider": {
                "region": cluster.region,
                "clusterName": cluster.name,
                "namespace": namespace,
                "serviceAccount": name,
                "roleArn": role.arn,
            }},
        }));
    }
    objects
}

fn aws(roles: &[Role], cluster: Option<EksCluster<'_>>) -> String {
    let mut text = String::new();
    for role in roles {
        let (_, name) = path_and_name(&role.arn);
        let policy = shell_word(&role.policy.to_string());
        let name = shell_word(&name);
        let _ = write!(
            text,
            "# The second command replaces the whole trust policy of the role. Look at the current policy first:\n\
             aws iam get-role --role-name {name} --query Role.AssumeRolePolicyDocument\n\
             aws iam update-assume-role-policy --role-name {name} --policy-document {policy}\n"
        );
        let Some(cluster) = cluster else { continue };
        for Account { namespace, name, .. } in &role.accounts {
            let _ = writeln!(
                text,
                "aws eks create-pod-identity-association --cluster-name {} --namespace {} --service-account {} --role-arn {}",
                shell_word(cluster.name),
                shell_word(namespace),
                shell_word(name),
                shell_word(&role.arn)
            );
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_each_role_differently() {
        let role = |arn: &str| Role { arn: arn.to_owned(), policy: json!({}), accounts: Vec::new() };
        let roles = [role("arn:aws:iam::111122223333:role/a-b"), role("arn:aws:iam::111122223333:role/a.b")];
        assert!(render(Format::Terraform, &roles, None).contains("\"a_b_2\""));
        let template: Value = serde_json::from_str(&render(Format::Cloudformation, &roles, None)).unwrap();
        assert_eq!(template["Resources"].as_object().unwrap().len(), 2);
        assert!(render(Format::Ack, &roles, None).contains("\"a-b-2\""));
    }

    #[test]
    fn makes_identifiers() {
        assert_eq!(identifier("a-b+c", "_"), "a_b_c");
        assert_eq!(identifier("1", "_"), "role_1");
        assert_eq!(path_and_name("arn:aws:iam::111122223333:role/x/y/z"), ("/x/y/".to_owned(), "z".to_owned()));
    }
}
