//! Tests the kustomizations, which `make check-kustomize` renders into the folder `MANIFESTS`.

use crate::policy::{ClusterAdmissionPolicy, Mode};
use crate::system::accept_a_pod_without_a_role;
use crate::{names, policy, read, rendered};

fn built(name: &str) -> Vec<ClusterAdmissionPolicy> {
    ClusterAdmissionPolicy::all(&read(&rendered(name)))
}

#[test]
#[ignore = "needs kubectl: make check-kustomize"]
fn base_has_the_policies_of_policy_yaml() {
    assert_eq!(names(&built("base")), names(&crate::manifest()));
}

#[test]
#[ignore = "needs kubectl: make check-kustomize"]
fn audit_only_has_one_policy_that_only_reports() {
    let policies = built("audit-only");
    let [checks] = policies.as_slice() else { panic!("{:?}", names(&policies)) };
    assert_eq!(checks.name(), "irsa-policy-checks");
    assert_eq!(checks.spec.mode, Some(Mode::Monitor));
    assert_eq!(checks.spec.background_audit, Some(true));
    assert!(checks.spec.match_conditions.is_empty(), "no policy injects, so pods without the volume must be checked");
    let actions = checks.spec.settings["actions"].as_object().unwrap();
    assert!(actions.values().all(|action| action == "Reject"), "the audit scanner counts a warning as a pass");
}

#[test]
#[ignore = "needs kubectl: make check-kustomize"]
fn eks_guard_rejects_pods_that_the_webhook_missed() {
    let policies = built("eks-guard");
    let [guard] = policies.as_slice() else { panic!("{:?}", names(&policies)) };
    assert_eq!(guard.name(), "irsa-policy-checks");
    assert_eq!(guard.spec.settings["actions"]["notInjected"], "Reject");
    assert!(
        guard.spec.match_conditions.is_empty(),
        "no policy of this project injects, so pods without the token's volume must be checked"
    );
}

#[test]
#[ignore = "needs kubectl: make check-kustomize"]
fn strict_restricts_all_namespaces_except_kube_system() {
    let policies = built("strict");
    assert_eq!(names(&policies), names(&crate::manifest()));
    let [injects, checks] = ["irsa-policy", "irsa-policy-checks"].map(|name| policy(&policies, name));
    for key in ["allowedRoles", "allowedAudiences"] {
        assert!(!injects.spec.settings[key].is_null());
        assert_eq!(injects.spec.settings[key], checks.spec.settings[key], "both policies have the same `{key}`");
    }
    for finding in ["missingRole", "optedOut"] {
        assert_eq!(injects.spec.settings["actions"][finding], "Reject");
    }
    assert_eq!(checks.spec.settings["actions"]["notInjected"], "Reject");
    assert!(checks.spec.match_conditions.is_empty(), "every pod is checked");
    let unchanged = crate::manifest();
    for name in ["irsa-policy-system", "irsa-policy-system-audit"] {
        assert_eq!(policy(&policies, name).spec.settings, policy(&unchanged, name).spec.settings, "{name}");
    }
}

#[test]
#[ignore = "needs kubectl: make check-kustomize"]
fn every_kustomization_accepts_a_pod_of_kube_system_without_a_role() {
    for name in ["base", "audit-only", "eks-guard", "strict"] {
        println!("{name}");
        accept_a_pod_without_a_role(&built(name));
    }
}
