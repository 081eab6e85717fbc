//! Tests the kustomizations, which `make check-kustomize` renders into the folder `MANIFESTS`.

use std::fs;
use std::process::Command;

use crate::policy::{ClusterAdmissionPolicy, Mode};
use crate::support::{in_repository, subjects};
use crate::system::accept_a_pod_without_a_role;
use crate::{names, policy, read, rendered};

/// The placeholder in kustomize/kops, which the operator replaces.
const PLACEHOLDER: &str = "region: REGION";

fn built(name: &str) -> Vec<ClusterAdmissionPolicy> {
    ClusterAdmissionPolicy::all(&read(&rendered(name)).replace(PLACEHOLDER, "region: us-east-2"))
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
fn kops_gives_all_policies_the_settings_of_kops_and_the_config_map() {
    let policies = built("kops");
    let unchanged = crate::manifest();
    let mut expected = names(&unchanged);
    expected.insert(2, "irsa-policy-role-mappings");
    assert_eq!(names(&policies), expected);
    for built in &policies {
        let settings = &built.spec.settings;
        assert_eq!(settings["region"], "us-east-2", "{}", built.name());
        assert_eq!(settings["tokenAudience"], "amazonaws.com", "{}", built.name());
        assert_eq!(settings["regionalStsEndpoints"], true, "{}", built.name());
        assert_eq!(settings["rolesConfigMap"]["name"], "pod-identity-webhook", "{}", built.name());
    }
    check_settings(&policies);
    for before in &unchanged {
        let after = policy(&policies, before.name());
        assert_eq!(after.spec.settings["mode"], before.spec.settings["mode"], "{}", before.name());
        assert_eq!(after.spec.settings["actions"], before.spec.settings["actions"], "{}", before.name());
        let kinds: Vec<_> = after.spec.context_aware_resources.iter().map(|resource| &resource.kind).collect();
        assert_eq!(kinds, ["ServiceAccount", "ConfigMap"], "{}", before.name());
    }
}

/// An operator who forgets the placeholder gets an error, and not pods with a wrong region.
#[test]
#[ignore = "needs kubectl: make check-kustomize"]
fn the_placeholder_of_kops_is_an_invalid_setting() {
    let documents = policy_host::yaml::values(&read(&rendered("kops"))).unwrap();
    let policies: Vec<_> = documents.iter().filter(|document| document["kind"] == "ClusterAdmissionPolicy").collect();
    assert_eq!(policies.len(), 5);
    for (policy, subject) in policies.iter().flat_map(|policy| subjects().into_iter().map(move |it| (policy, it))) {
        let answer = subject.validate_settings(&policy["spec"]["settings"].to_string()).unwrap();
        assert!(!answer.valid && answer.message.unwrap().contains("`region`"));
    }
}

#[test]
#[ignore = "needs kubectl: make check-kustomize"]
fn every_kustomization_accepts_a_pod_of_kube_system_without_a_role() {
    for name in ["base", "audit-only", "eks-guard", "strict", "kops"] {
        println!("{name}");
        accept_a_pod_without_a_role(&built(name));
    }
}

/// Returns the file `FOLDER/kustomization.yaml` that a page tells the reader to write.
fn documented_file(page: &str, folder: &str) -> String {
    let page = read(&in_repository(page));
    let (_, rest) = page.split_once(&format!("`{folder}/kustomization.yaml`")).unwrap();
    let (_, block) = rest.split_once("```yaml\n").unwrap();
    let indent = block.len() - block.trim_start_matches(' ').len();
    let lines = block.lines().take_while(|line| line.trim() != "```");
    lines.flat_map(|line| [line.get(indent..).unwrap(), "\n"]).collect()
}

/// Renders a kustomization in a folder beside a copy of kustomize/, as in a clone.
fn build_beside_ours(file: &str) -> Vec<ClusterAdmissionPolicy> {
    let clone = tempfile::tempdir().unwrap();
    let copied = Command::new("cp").arg("-r").arg(in_repository("kustomize")).arg(clone.path()).status().unwrap();
    assert!(copied.success());
    let folder = clone.path().join("reader");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("kustomization.yaml"), file).unwrap();
    let output = Command::new("kubectl").arg("kustomize").arg(&folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let policies = ClusterAdmissionPolicy::all(&String::from_utf8(output.stdout).unwrap());
    for policy in &policies {
        assert_eq!(policy.spec.module, "registry://REGISTRY/irsa-policy:TAG", "{}", policy.name());
    }
    check_settings(&policies);
    policies
}

/// Checks that the policy accepts the settings of each of these policies.
fn check_settings(policies: &[ClusterAdmissionPolicy]) {
    for subject in subjects() {
        for policy in policies {
            let answer = subject.validate_settings(&policy.spec.settings.to_string()).unwrap();
            assert!(answer.valid, "{}: {answer:?}", policy.name());
        }
    }
}

#[test]
#[ignore = "needs kubectl: make check-kustomize"]
fn the_kustomizations_in_the_docs_are_valid() {
    let file = documented_file("docs/install.md", "guard");
    let policies = build_beside_ours(&file);
    let [audit] = policies.as_slice() else { panic!("{:?}", names(&policies)) };
    assert!(audit.spec.mode == Some(Mode::Monitor) && !audit.selects("karpenter"));

    let guard = file.replace("../kustomize/audit-only", "../kustomize/eks-guard");
    let patch = "  - target: {kind: ClusterAdmissionPolicy}\n    patch: |\n      \
                 - {op: add, path: /spec/settings/actions/optedOut, value: Reject}\n";
    assert!(read(&in_repository("docs/install.md")).contains(patch));
    let policies = build_beside_ours(&format!("{guard}{patch}"));
    let [guard] = policies.as_slice() else { panic!("{:?}", names(&policies)) };
    assert!(guard.spec.mode.is_none() && !guard.selects("karpenter"));
    assert_eq!(guard.spec.settings["actions"]["optedOut"], "Reject");
    assert_eq!(guard.spec.settings["actions"]["notInjected"], "Reject");

    assert_eq!(build_beside_ours(&documented_file("docs/install.md", "kops")).len(), 5);

    let policies = build_beside_ours(&documented_file("docs/migrating.md", "audit"));
    let [audit] = policies.as_slice() else { panic!("{:?}", names(&policies)) };
    assert_eq!(audit.spec.mode, Some(Mode::Monitor));
    assert_eq!(audit.spec.context_aware_resources.len(), 2);
    assert_eq!(audit.spec.settings["rolesConfigMap"]["name"], "pod-identity-webhook");

    let policies = build_beside_ours(&documented_file("kustomize/README.md", "my-policy"));
    assert!(policies.iter().all(|policy| !policy.selects("karpenter")));
}
