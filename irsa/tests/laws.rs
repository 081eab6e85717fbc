//! Property tests: properties ("laws") that hold for any pod, service account and settings.

#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

mod additions;

use additions::assert_only_additions;
use irsa::json::Reader;
use irsa::{Cluster, FindingKind, LookupError, Query, Request, Review, Settings};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

/// A cluster with one service account, `team-a/web`. If the annotations are `null`, the cluster is empty.
struct OneAccount(Value);

impl Cluster for OneAccount {
    fn object(&mut self, query: &Query<'_>) -> Result<String, LookupError> {
        let is_there = query.kind == "ServiceAccount" && !self.0.is_null();
        if is_there { Ok(self.0.to_string()) } else { Err(LookupError::NotFound) }
    }
}

/// The results of a review, and the resulting object.
struct Reviewed {
    rejection: Option<String>,
    warnings: Vec<String>,
    pod: Value,
}

fn review(pod: &str, account: &Value, settings: &Value) -> Reviewed {
    let request = format!(
        r#"{{"uid":"u","kind":{{"group":"","version":"v1","kind":"Pod"}},"namespace":"team-a","operation":"CREATE","object":{pod}}}"#
    );
    review_request(&request, account, settings)
}

/// Reviews a Deployment with this pod as its template. `operation` is `CREATE`, or `UPDATE` without a change of the
/// Deployment.
fn review_deployment(pod: &Value, operation: &str, account: &Value, settings: &Value) -> Reviewed {
    let deployment = json!({"metadata": {"name": "web"}, "spec": {"template": pod}});
    let mut request = json!({
        "uid": "u", "kind": {"group": "apps", "version": "v1", "kind": "Deployment"}, "namespace": "team-a",
        "operation": operation, "object": deployment,
    });
    if operation == "UPDATE" {
        request["oldObject"] = deployment;
    }
    review_request(&request.to_string(), account, settings)
}

/// Reviews the request. Returns the review, and the object with the insertions.
fn review_request(request: &str, account: &Value, settings: &Value) -> Reviewed {
    let settings = settings.to_string();
    let settings = Settings::parse(&settings).unwrap();
    let parsed = Request::read(&mut Reader::new(request)).unwrap();
    let review = Review::new(&parsed, &settings, &mut OneAccount(account.clone()));
    let object = match &review.mutated_object {
        Some(mutated) => {
            let text = mutated.to_string();
            assert!(mutated.max_length() >= text.len(), "{} bytes are more than {}", text.len(), mutated.max_length());
            serde_json::from_str(&text).unwrap()
        }
        None => serde_json::from_str::<Value>(request).unwrap()["object"].take(),
    };
    Reviewed { rejection: review.rejection.map(|rejection| rejection.message), warnings: review.warnings, pod: object }
}

const NAMES: [&str; 9] = [
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_STS_REGIONAL_ENDPOINTS",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_SECRET_ACCESS_KEY",
    "OTHER",
];
const MOUNT_PATHS: [&str; 4] = [
    "/var/run/secrets/eks.amazonaws.com/serviceaccount",
    "/var/run/secrets/eks.amazonaws.com/serviceaccount/",
    "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount",
    "/data",
];
const VOLUMES: [&str; 4] = ["aws-iam-token", "eks-pod-identity-token", "my-token", "data"];

fn variables() -> impl Strategy<Value = Value> {
    let value = prop_oneof![
        Just(json!({"value": "x \u{e9}\n\"\\"})),
        Just(json!({"valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}})),
        Just(json!({})),
    ];
    let variable = (select(&NAMES[..]), value).prop_map(|(name, mut value)| {
        value["name"] = json!(name);
        value
    });
    prop_oneof![Just(Value::Null), prop::collection::vec(variable, 0..4).prop_map(Value::from)]
}

fn mounts() -> impl Strategy<Value = Value> {
    let mount = (select(&VOLUMES[..]), select(&MOUNT_PATHS[..]), any::<bool>()).prop_map(|(name, path, partial)| {
        let mut mount = json!({"name": name, "mountPath": path});
        if partial {
            mount["subPath"] = json!("token");
        }
        mount
    });
    prop_oneof![4 => Just(json!([])), 1 => Just(Value::Null), 4 => prop::collection::vec(mount, 0..3).prop_map(Value::from)]
}

fn containers(names: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let container = (prop::option::of(variables()), prop::option::of(mounts()), any::<bool>());
    (subsequence(names, 0..=names.len()), prop::collection::vec(container, names.len())).prop_map(|(names, made)| {
        let containers = names.into_iter().zip(made).map(|(name, (env, mounts, unknown))| {
            let mut container = json!({"name": name});
            if let Some(env) = env {
                container["env"] = env;
            }
            if let Some(mounts) = mounts {
                container["volumeMounts"] = mounts;
            }
            if unknown {
                container["unknownField"] = json!({"a": [1.5e300, null, "\u{1f600}"]});
            }
            container
        });
        Value::from(containers.collect::<Vec<_>>())
    })
}

fn volumes() -> impl Strategy<Value = Value> {
    let kind = select(vec![
        json!({"emptyDir": {}}),
        json!({"projected": {"sources": [{"serviceAccountToken": {"audience": "sts.amazonaws.com", "path": "token"}}]}}),
        json!({"projected": {"sources": [{"serviceAccountToken": {"path": "token"}}, {"configMap": {"name": "c"}}]}}),
        json!({"projected": {"sources": [{"serviceAccountToken": {
            "audience": "pods.eks.amazonaws.com", "path": "eks-pod-identity-token"}}]}}),
    ]);
    let volumes = (subsequence(&VOLUMES[..], 0..=2), prop::collection::vec(kind, 2)).prop_map(|(names, kinds)| {
        let volumes = names.into_iter().zip(kinds).map(|(name, mut volume)| {
            volume["name"] = json!(name);
            volume
        });
        Value::from(volumes.collect::<Vec<_>>())
    });
    prop_oneof![1 => Just(Value::Null), 5 => volumes]
}

fn pods() -> impl Strategy<Value = Value> {
    let labels = select(vec![
        json!(null),
        json!({}),
        json!({"a": "b"}),
        json!({"eks.amazonaws.com/pod-identity": "disabled"}),
        json!({"eks.amazonaws.com/skip-pod-identity-webhook": "true"}),
    ]);
    let annotations = select(vec![
        json!(null),
        json!({"eks.amazonaws.com/skip-containers": "app, side"}),
        json!({"eks.amazonaws.com/skip-containers": "\"", "eks.amazonaws.com/token-expiration": "900"}),
        json!({"eks.amazonaws.com/token_expiration": "1"}),
    ]);
    (
        labels,
        annotations,
        containers(&["app", "side"]),
        containers(&["init"]),
        prop::option::of(volumes()),
        any::<bool>(),
    )
        .prop_map(|(labels, annotations, containers, init, volumes, windows)| {
            let mut spec = json!({"serviceAccountName": "web", "containers": containers, "initContainers": init});
            if let Some(volumes) = volumes {
                spec["volumes"] = volumes;
            }
            if windows {
                spec["os"] = json!({"name": "windows"});
            }
            json!({"metadata": {"name": "p", "labels": labels, "annotations": annotations}, "spec": spec})
        })
}

fn accounts() -> impl Strategy<Value = Value> {
    select(vec![
        json!({}),
        json!({"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/app"}),
        json!({"eks.amazonaws.com/role-arn": "no-role", "eks.amazonaws.com/sts-regional-endpoints": "true"}),
        json!({"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/app", "eks.amazonaws.com/audience": ""}),
    ])
    .prop_map(|annotations| {
        json!({"kind": "ServiceAccount", "metadata": {"name": "web", "namespace": "team-a", "annotations": annotations}})
    })
}

fn settings() -> impl Strategy<Value = Value> {
    let milder = json!({"invalidRoleArn": "Warn", "invalidAudience": "Warn", "conflictingVolume": "Warn", "conflictingMount": "Warn"});
    select(vec![
        json!({}),
        json!({"region": "us-east-2", "regionalStsEndpoints": true, "sessionName": "PodName"}),
        json!({"region": "us-east-2", "disableInstanceMetadata": true, "actions": milder}),
        json!({"containerCredentials": {"serviceAccounts": ["team-a/*"]}, "actions": milder}),
        json!({"roles": [{"serviceAccount": "*/web", "roleArn": "arn:aws:iam::111122223333:role/mapped"}], "actions": milder}),
    ])
}

/// The JSON of an object, with the keys of every object in reverse order.
fn reversed(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members: Vec<String> =
                members.iter().rev().map(|(key, value)| format!("{}:{}", json!(key), reversed(value))).collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(elements) => format!("[{}]", elements.iter().map(reversed).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn injection_only_adds(pod in pods(), account in accounts(), settings in settings()) {
        let reviewed = review(&pod.to_string(), &account, &settings);
        assert_only_additions(&pod, &reviewed.pod);
        if reviewed.rejection.is_some() {
            prop_assert_eq!(reviewed.pod, pod, "a rejected pod is unchanged");
        }
    }

    #[test]
    fn injection_is_idempotent(pod in pods(), account in accounts(), settings in settings()) {
        let once = review(&pod.to_string(), &account, &settings);
        let twice = review(&once.pod.to_string(), &account, &settings);
        prop_assert_eq!(&twice.pod, &once.pod);
        prop_assert_eq!(&twice.rejection, &once.rejection);
    }

    #[test]
    fn nothing_is_reported_missing_after_injection(pod in pods(), account in accounts(), settings in settings()) {
        let mutated = review(&pod.to_string(), &account, &settings);
        prop_assume!(mutated.rejection.is_none());
        let mut validate = settings;
        validate["mode"] = json!("Validate");
        let validated = review(&mutated.pod.to_string(), &account, &validate);
        let missing: Vec<_> = validated.warnings.iter().filter(|warning| warning.ends_with("[notInjected]")).collect();
        prop_assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn validate_reports_what_mutate_would_add(pod in pods(), account in accounts(), settings in settings()) {
        // Containers with container credentials are an exception: `Validate` does not report what they lack.
        prop_assume!(!pod.to_string().contains("AWS_CONTAINER_CREDENTIALS_FULL_URI"));
        let mutated = review(&pod.to_string(), &account, &settings);
        prop_assume!(mutated.rejection.is_none());
        let mut validate = settings;
        validate["mode"] = json!("Validate");
        let validated = review(&pod.to_string(), &account, &validate);
        let is_reported = validated.warnings.iter().any(|warning| warning.ends_with("[notInjected]"));
        prop_assert_eq!(is_reported, mutated.pod != pod);
        prop_assert_eq!(validated.pod, pod, "mode `Validate` adds nothing");
    }

    #[test]
    fn the_order_of_keys_does_not_matter(pod in pods(), account in accounts(), settings in settings()) {
        let one = review(&pod.to_string(), &account, &settings);
        let other = review(&reversed(&pod), &account, &settings);
        prop_assert_eq!(one.rejection, other.rejection);
        prop_assert_eq!(one.warnings, other.warnings);
        prop_assert_eq!(one.pod, other.pod);
    }
    #[test]
    fn a_workload_has_the_findings_of_its_pods(
        pod in pods(), account in prop_oneof![7 => accounts(), 1 => Just(Value::Null)], mut settings in settings()
    ) {
        settings["actions"] = FindingKind::NAMES.iter().map(|name| ((*name).to_owned(), json!("Reject"))).collect();
        let of_pod = review(&pod.to_string(), &account, &settings).rejection.map(|message| lines(&message, "pod: "));
        let created = review_deployment(&pod, "CREATE", &account, &settings);
        let of_template = created.rejection.map(|message| lines(&message, "pod template `spec.template`: "));
        prop_assert_eq!(&of_template, &of_pod);
        prop_assert_eq!(&created.pod["spec"]["template"], &pod, "a template is never changed");

        let updated = review_deployment(&pod, "UPDATE", &account, &settings);
        prop_assert_eq!(updated.rejection, None, "an update without changes is accepted");
        prop_assert_eq!(updated.warnings.len(), of_pod.map_or(0, |lines| lines.len()));
    }
}

/// Returns the lines of a message. Removes `about`, the name of the pod or template, from the start of each line.
fn lines(message: &str, about: &str) -> Vec<String> {
    message.lines().map(|line| line.strip_prefix(about).unwrap_or(line).to_owned()).collect()
}
