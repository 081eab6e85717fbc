//! Tests realistic pods. The policy only adds to a pod, injection is idempotent, and mode `Validate` finds nothing
//! missing in a pod after injection. A workload gets the same result as its pods, and an unchanged update is never
//! rejected.
#![no_main]

use irsa::{Cluster, LookupError, Query};
use laws::additions::assert_only_additions;
use laws::pod::Scene;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

/// A cluster in which every account has these annotations.
struct OneAccount(Value);

impl Cluster for OneAccount {
    fn object(&mut self, query: &Query<'_>) -> Result<String, LookupError> {
        let Query { kind, namespace, name, .. } = query;
        if *kind != "ServiceAccount" {
            return Err(LookupError::NotFound);
        }
        Ok(json!({"kind": kind, "metadata": {"name": name, "namespace": namespace, "annotations": self.0}}).to_string())
    }
}

/// Reviews a new pod. Returns whether the pod is accepted, the warnings, and the resulting pod.
fn review(pod: &Value, settings: &Value, cluster: &mut OneAccount) -> (bool, Vec<String>, Value) {
    let request = json!({"uid": "u", "kind": {"group": "", "version": "v1", "kind": "Pod"}, "namespace": "team-a",
        "operation": "CREATE", "object": pod});
    let answer = laws::review(json!({"request": request, "settings": settings}).to_string().as_bytes(), cluster);
    let answer = laws::read(&answer);
    let pod = answer.mutated_object.map_or_else(|| pod.clone(), |text| serde_json::from_str(text.get()).unwrap());
    (answer.accepted, answer.warnings.unwrap_or_default(), pod)
}

/// Checks a Deployment with the pod as its template. The creation of the Deployment must have the same code and
/// findings as the creation of the pod. An update that changes nothing must be accepted.
fn check_workload(pod: &Value, settings: &Value, cluster: &mut OneAccount) {
    let deployment = json!({"metadata": {"name": "web"}, "spec": {"template": pod}});
    let mut judge = |group: &str, kind: &str, operation: &str, object: &Value, old: &Value| {
        let request = json!({"uid": "u", "kind": {"group": group, "version": "v1", "kind": kind}, "namespace": "team-a",
            "operation": operation, "object": object, "oldObject": old});
        let answer = laws::review(json!({"request": request, "settings": settings}).to_string().as_bytes(), cluster);
        let mut answer = laws::read(&answer);
        (answer.code, answer.audit_annotations.remove("findings"))
    };
    let of_pod = judge("", "Pod", "CREATE", pod, &Value::Null);
    let created = judge("apps", "Deployment", "CREATE", &deployment, &Value::Null);
    assert_eq!(created, of_pod, "a workload and its pod get different results: {pod}");
    let (code, _) = judge("apps", "Deployment", "UPDATE", &deployment, &deployment);
    assert_eq!(code, None, "an unchanged update is rejected: {pod}");
}

fuzz_target!(|scene: Scene| {
    let Scene { pod, account, mut settings } = scene;
    let mut cluster = OneAccount(account);
    assert_eq!(
        irsa_policy::check_settings(settings.to_string().as_bytes()),
        Ok(()),
        "the generated settings are invalid"
    );
    check_workload(&pod, &settings, &mut cluster);
    let (accepted, warnings, once) = review(&pod, &settings, &mut cluster);
    assert_only_additions(&pod, &once);
    if !accepted {
        return;
    }
    let (accepted, _, twice) = review(&once, &settings, &mut cluster);
    assert!(accepted && twice == once, "injection is not idempotent: {pod}\n{once}\n{twice}");

    settings["mode"] = "Validate".into();
    settings["actions"]["notInjected"] = "Warn".into();
    let (accepted, after, unchanged) = review(&once, &settings, &mut cluster);
    assert!(
        accepted && unchanged == once,
        "`Validate` rejects or changes a pod that was accepted with {warnings:?}: {once}"
    );
    assert!(!after.iter().any(|warning| warning.ends_with("[notInjected]")), "{after:?}\n{once}");
});
