//! Reads EKS Pod Identity associations.
//!
//! Sources: the Amazon EKS API Reference, `PodIdentityAssociation` (of `DescribePodIdentityAssociation`); the resources
//! of ACK, Crossplane and Terraform have the same fields in their own letter case.

use serde_json::{Map, Value};

use crate::pointer::visit_objects;

/// An association of a service account with a role.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Association {
    /// The namespace.
    pub namespace: String,
    /// The service account.
    pub service_account: String,
    /// The ARN of the role.
    pub role: Option<String>,
    /// The ARN of the target role, which the association's role assumes.
    pub target_role: Option<String>,
    /// The external ID with which the association's role assumes the target role.
    pub external_id: Option<String>,
    /// Whether session tags are turned off.
    pub disables_tags: bool,
    /// The cluster's ARN.
    pub cluster_arn: Option<String>,
    /// The JSON pointer of the association in the input.
    pub pointer: String,
}

impl Association {
    /// Reads all associations of the input: the output of `aws eks describe-pod-identity-association`, an object of ACK
    /// or Crossplane, or Terraform's state or plan as JSON.
    ///
    /// # Errors
    /// Fails if the value contains no association.
    pub fn read_all(value: &Value) -> Result<Vec<Self>, String> {
        let mut found = Vec::new();
        let start = value.get("planned_values").unwrap_or(value);
        let pointer = if value.get("planned_values").is_some() { "/planned_values" } else { "" };
        collect(start, pointer, &mut found);
        if found.is_empty() {
            return Err("expected an EKS Pod Identity association, with a namespace and a service account".to_owned());
        }
        // ACK and Crossplane keep the ARN and the external ID in the status.
        if let ([only], Some(status)) = (found.as_mut_slice(), value.get("status")) {
            let status = Fields::below(status);
            only.external_id = only.external_id.take().or_else(|| status.text("externalid"));
            only.cluster_arn = only.cluster_arn.take().or_else(|| {
                let arn = status.text("associationarn").or_else(|| status.text("arn"))?;
                cluster_arn(&arn)
            });
        }
        Ok(found)
    }
}

/// The members of an object. Their names are in lower case and without `_`, so that the spelling of every tool matches.
struct Fields(Map<String, Value>);

impl Fields {
    fn of(members: &Map<String, Value>) -> Self {
        Self(members.iter().map(|(key, value)| (key.replace('_', "").to_lowercase(), value.clone())).collect())
    }

    /// Collects the members of a value and of all objects in it.
    fn below(value: &Value) -> Self {
        let mut all = Map::new();
        let mut open = vec![value];
        while let Some(value) = open.pop() {
            let Some(members) = value.as_object() else { continue };
            open.extend(members.values());
            all.extend(Self::of(members).0);
        }
        Self(all)
    }

    fn text(&self, name: &str) -> Option<String> {
        self.0.get(name)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
    }
}

/// Derives the cluster's ARN from the association's ARN,
/// `arn:aws:eks:REGION:ACCOUNT:podidentityassociation/CLUSTER/ID`. `None` if the ARN has another form.
fn cluster_arn(association: &str) -> Option<String> {
    let (start, rest) = association.split_once(":podidentityassociation/")?;
    let (cluster, _) = rest.split_once('/')?;
    Some(format!("{start}:cluster/{cluster}"))
}

fn collect(value: &Value, pointer: &str, found: &mut Vec<Association>) {
    visit_objects(value, pointer, &mut |members, pointer| {
        let fields = Fields::of(members);
        let (Some(namespace), Some(service_account)) = (fields.text("namespace"), fields.text("serviceaccount")) else {
            return false;
        };
        found.push(Association {
            namespace,
            service_account,
            role: fields.text("rolearn"),
            target_role: fields.text("targetrolearn"),
            external_id: fields.text("externalid"),
            disables_tags: fields.0.get("disablesessiontags").and_then(Value::as_bool).unwrap_or_default(),
            cluster_arn: fields.text("associationarn").and_then(|arn| cluster_arn(&arn)),
            pointer: pointer.to_owned(),
        });
        true
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_the_format_of_every_tool() {
        let role = "arn:aws:iam::111122223333:role/app";
        let arn = "arn:aws:eks:us-east-2:111122223333:podidentityassociation/prod/a-1";
        let expected = Association {
            namespace: "shop".into(),
            service_account: "web".into(),
            role: Some(role.into()),
            cluster_arn: Some("arn:aws:eks:us-east-2:111122223333:cluster/prod".into()),
            ..Association::default()
        };
        for value in [
            json!({"association": {"clusterName": "prod", "namespace": "shop", "serviceAccount": "web", "roleArn": role, "associationArn": arn}}),
            json!({"apiVersion": "eks.services.k8s.aws/v1alpha1", "kind": "PodIdentityAssociation", "metadata": {"namespace": "ack"},
                "spec": {"clusterName": "prod", "namespace": "shop", "serviceAccount": "web", "roleARN": role},
                "status": {"ackResourceMetadata": {"arn": arn}}}),
            json!({"apiVersion": "eks.aws.upbound.io/v1beta1", "kind": "PodIdentityAssociation",
                "spec": {"forProvider": {"clusterName": "prod", "namespace": "shop", "serviceAccount": "web", "roleArn": role}},
                "status": {"atProvider": {"associationArn": arn}}}),
            json!({"resources": [{"type": "aws_eks_pod_identity_association", "instances": [{"attributes": {
                "cluster_name": "prod", "namespace": "shop", "service_account": "web", "role_arn": role, "association_arn": arn}}]}]}),
        ] {
            let found = Association::read_all(&value).unwrap();
            let found: Vec<_> = found.into_iter().map(|it| Association { pointer: String::new(), ..it }).collect();
            assert_eq!(found, std::slice::from_ref(&expected), "{value}");
        }
        assert!(Association::read_all(&json!({"metadata": {"namespace": "a"}})).is_err());
    }
}
