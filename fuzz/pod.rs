//! Makes pods, accounts and settings with values that matter to the policy, so that fuzzing wastes no time on
//! unreadable objects.

use arbitrary::{Arbitrary, Result, Unstructured};
use serde_json::{Map, Value, json};

/// A pod, its service account and the settings: the input of one review.
#[derive(Debug)]
pub struct Scene {
    /// The pod.
    pub pod: Value,
    /// The annotations of the pod's service account.
    pub account: Value,
    /// The policy's settings, in mode `Mutate`.
    pub settings: Value,
}

const ARN: &str = "arn:aws:iam::111122223333:role/app";
const NAMES: [&str; 13] = [
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_STS_REGIONAL_ENDPOINTS",
    "AWS_ROLE_SESSION_NAME",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "aws_role_arn",
    "OTHER",
];
const VOLUMES: [&str; 4] = ["aws-iam-token", "eks-pod-identity-token", "data", ""];
const MOUNT_PATHS: [&str; 6] = [
    "/var/run/secrets/eks.amazonaws.com/serviceaccount",
    "/var/run/secrets//eks.amazonaws.com/./serviceaccount/",
    "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount",
    "/var/run",
    "/token",
    "data",
];
const ANNOTATIONS: [&str; 8] = [
    "eks.amazonaws.com/role-arn",
    "eks.amazonaws.com/audience",
    "eks.amazonaws.com/sts-regional-endpoints",
    "eks.amazonaws.com/token-expiration",
    "eks.amazonaws.com/skip-containers",
    "eks.amazonaws.com/role_arn",
    "example.com/role-arn",
    "other",
];
const ANNOTATION_VALUES: [&str; 12] =
    [ARN, "app", "sts.amazonaws.com", "", "true", "false", "600", "86400", "app,side", "\"app\", init", "\"", "*"];

impl<'a> Arbitrary<'a> for Scene {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self { settings: settings(u)?, account: annotations(u)?, pod: pod(u)? })
    }
}

/// Returns one of the strings in `usual`, or sometimes any string.
fn text(u: &mut Unstructured<'_>, usual: &[&str]) -> Result<String> {
    Ok(if u.ratio(1, 16)? { u.arbitrary()? } else { (*u.choose(usual)?).to_owned() })
}

/// Makes an array of up to `limit` elements, or sometimes `null`.
fn list(
    u: &mut Unstructured<'_>,
    limit: usize,
    mut one: impl FnMut(&mut Unstructured<'_>, usize) -> Result<Value>,
) -> Result<Value> {
    if u.ratio(1, 16)? {
        return Ok(Value::Null);
    }
    let count = u.int_in_range(0..=limit)?;
    (0..count).map(|index| one(u, index)).collect::<Result<Vec<_>>>().map(Value::from)
}

fn annotations(u: &mut Unstructured<'_>) -> Result<Value> {
    if u.ratio(1, 16)? {
        return Ok(Value::Null);
    }
    let mut annotations = Map::new();
    for _ in 0..u.int_in_range(0..=4)? {
        annotations.insert(text(u, &ANNOTATIONS)?, text(u, &ANNOTATION_VALUES)?.into());
    }
    Ok(annotations.into())
}

fn variable(u: &mut Unstructured<'_>) -> Result<Value> {
    let name = text(u, &NAMES)?;
    Ok(match u.int_in_range(0..=3)? {
        0 => json!({"name": name}),
        1 => json!({"name": name, "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}),
        _ => json!({"value": text(u, &[ARN, MOUNT_PATHS[0], "", "$(OTHER)", "true", "us-east-2"])?, "name": name}),
    })
}

fn mount(u: &mut Unstructured<'_>) -> Result<Value> {
    let mut mount = json!({"name": text(u, &VOLUMES)?, "mountPath": text(u, &MOUNT_PATHS)?});
    if u.ratio(1, 4)? {
        mount["subPath"] = text(u, &["token", ""])?.into();
    }
    if u.ratio(1, 4)? {
        mount["readOnly"] = u.arbitrary::<bool>()?.into();
    }
    Ok(mount)
}

fn container(u: &mut Unstructured<'_>, name: &str) -> Result<Value> {
    let mut container = json!({"name": text(u, &[name])?});
    if u.arbitrary()? {
        container["env"] = list(u, 5, |u, _| variable(u))?;
    }
    if u.arbitrary()? {
        container["volumeMounts"] = list(u, 3, |u, _| mount(u))?;
    }
    if u.ratio(1, 8)? {
        container["envFrom"] = json!([{"configMapRef": {"name": "env"}}]);
    }
    if u.ratio(1, 8)? {
        container["newerThanWe"] = json!({"a": [1.5e300, null, text(u, &["\u{1f600}", "\\"])?]});
    }
    Ok(container)
}

fn volume(u: &mut Unstructured<'_>) -> Result<Value> {
    let audience = text(u, &["sts.amazonaws.com", "pods.eks.amazonaws.com", ""])?;
    let token =
        json!({"serviceAccountToken": {"audience": audience, "path": text(u, &["token", "eks-pod-identity-token"])?}});
    let mut volume = match u.int_in_range(0..=3)? {
        0 => json!({"emptyDir": {}}),
        1 => json!({"projected": {"sources": [token, {"configMap": {"name": "c"}}]}}),
        2 => json!({"projected": {"sources": null}}),
        _ => json!({"projected": {"sources": [token]}}),
    };
    volume["name"] = text(u, &VOLUMES)?.into();
    Ok(volume)
}

fn pod(u: &mut Unstructured<'_>) -> Result<Value> {
    let mut metadata = json!({"name": text(u, &["web-0", "w"])?, "annotations": annotations(u)?});
    if u.ratio(1, 4)? {
        let label = text(u, &["eks.amazonaws.com/skip-pod-identity-webhook", "eks.amazonaws.com/pod-identity"])?;
        metadata["labels"] = json!({label: text(u, &["", "true", "disabled", "enabled"])?});
    }
    let names = ["app", "side", "init"];
    let mut spec = json!({
        "containers": list(u, 3, |u, index| container(u, names[index]))?,
        "volumes": list(u, 3, |u, _| volume(u))?,
    });
    if u.arbitrary()? {
        spec["serviceAccountName"] = text(u, &["web", "web", "default", ""])?.into();
    }
    if u.arbitrary()? {
        spec["initContainers"] = list(u, 2, |u, _| container(u, "init"))?;
    }
    if u.ratio(1, 8)? {
        spec["ephemeralContainers"] = list(u, 2, |u, _| container(u, "debug"))?;
    }
    if u.ratio(1, 8)? {
        spec["os"] = json!({"name": text(u, &["windows", "linux"])?});
    }
    Ok(json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}))
}

fn settings(u: &mut Unstructured<'_>) -> Result<Value> {
    let mut settings = json!({});
    if u.arbitrary()? {
        settings["region"] = "us-east-2".into();
    }
    if u.ratio(1, 4)? {
        settings["regionalStsEndpoints"] = true.into();
    }
    if u.ratio(1, 4)? {
        settings["sessionName"] = "PodName".into();
    }
    if u.ratio(1, 4)? {
        settings["disableInstanceMetadata"] = true.into();
    }
    if u.ratio(1, 4)? {
        settings["containerCredentials"] = json!({"serviceAccounts": [u.choose(&["team-a/*", "team-*/web"])?]});
    }
    if u.ratio(1, 4)? {
        settings["roles"] = json!([{"serviceAccount": "*/web", "roleArn": ARN}]);
    }
    if u.ratio(1, 4)? {
        settings["composeRoleArn"] = json!({"accountId": "111122223333", "partition": "aws"});
    }
    if u.ratio(1, 4)? {
        settings["annotationPrefix"] = "example.com".into();
    }
    if u.ratio(1, 4)? {
        settings["tokenMountPath"] = "/token".into();
    }
    if u.ratio(1, 4)? {
        settings["allowedRoles"] = json!([{"namespaces": ["team-*"], "roles": [ARN]}]);
    }
    let mut actions = Map::new();
    for finding in
        ["invalidRoleArn", "invalidAudience", "conflictingVolume", "conflictingMount", "missingRole", "optedOut"]
    {
        if u.arbitrary()? {
            actions.insert(finding.to_owned(), (*u.choose(&["Ignore", "Warn", "Reject"])?).into());
        }
    }
    settings["actions"] = actions.into();
    Ok(settings)
}
