//! Tests that every kind of workload gets a warning about a missing service account, and that a service account with a
//! malformed role is rejected.

use serde_json::{Value, json};

use crate::scene::Scene;

/// Makes the parts of an object of every kind: the API group's path, the resource, the key of the member with the pod
/// template, and the value of that member.
fn workloads(template: &Value) -> Vec<(&'static str, &'static str, &'static str, Value)> {
    let selected = json!({"selector": {"matchLabels": {"app": "web"}}, "template": template});
    let job = json!({"template": template});
    let cron_job = json!({"schedule": "0 0 * * *", "jobTemplate": {"spec": job}});
    let controller = json!({"selector": {"app": "web"}, "template": template});
    vec![
        ("/apis/apps/v1", "deployments", "spec", selected.clone()),
        ("/apis/apps/v1", "statefulsets", "spec", selected.clone()),
        ("/apis/apps/v1", "daemonsets", "spec", selected.clone()),
        ("/apis/apps/v1", "replicasets", "spec", selected),
        ("/api/v1", "replicationcontrollers", "spec", controller),
        ("/apis/batch/v1", "jobs", "spec", job),
        ("/apis/batch/v1", "cronjobs", "spec", cron_job),
        ("/api/v1", "podtemplates", "template", template.clone()),
    ]
}

fn template(service_account: &str) -> Value {
    json!({
        "metadata": {"labels": {"app": "web"}},
        "spec": {
            "serviceAccountName": service_account,
            "restartPolicy": "Always",
            "containers": [{"name": "app", "image": "app"}],
        },
    })
}

#[test]
fn warns_about_a_missing_service_account_in_every_kind_of_workload() {
    let scene = Scene::new("workloads", json!({}));
    for (account, expected) in [("missing", 1), ("web", 0)] {
        for (group, resource, key, mut content) in workloads(&template(account)) {
            for path in ["/template/spec/restartPolicy", "/jobTemplate/spec/template/spec/restartPolicy"] {
                if resource.ends_with("jobs") && content.pointer(path).is_some() {
                    *content.pointer_mut(path).unwrap() = json!("Never");
                }
            }
            let object = json!({"metadata": {"name": format!("uses-{account}")}, key: content});
            let path = format!("{group}/namespaces/{}/{resource}", scene.namespace);

            let answer = scene.api.create(&path, &object);

            assert_eq!(answer.status, 201, "{resource}: {answer:?}");
            assert_eq!(answer.warnings.len(), expected, "{resource}: {:?}", answer.warnings);
            for warning in &answer.warnings {
                assert!(warning.ends_with("[missingServiceAccount]"), "{resource}: {warning}");
            }
            // The policy never mutates a workload, so the workload is stored without the variable.
            assert!(!answer.body.to_string().contains("AWS_ROLE_ARN"), "{resource}");
        }
    }
}

#[test]
fn rejects_a_service_account_with_a_malformed_role() {
    let scene = Scene::new("accounts", json!({}));
    let accounts = scene.path("serviceaccounts");
    let annotations = json!({"eks.amazonaws.com/role-arn": "not-an-arn"});

    let created = scene.api.create(&accounts, &json!({"metadata": {"name": "api", "annotations": annotations}}));
    let updated = scene.api.merge(&format!("{accounts}/web"), &json!({"metadata": {"annotations": annotations}}));

    for answer in [created, updated] {
        assert_eq!(answer.status, 403, "{answer:?}");
        assert!(answer.message().ends_with("[invalidRoleArn]"), "{answer:?}");
    }
}
