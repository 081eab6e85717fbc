//! Checks the trust policy of a role that a pod gets by EKS Pod Identity.
//!
//! Source: the Amazon EKS User Guide, "EKS Pod Identity role": the role trusts the service `pods.eks.amazonaws.com`
//! with `sts:AssumeRole` and `sts:TagSession`; with a target role, the association's role assumes the target role.

use serde_json::Value;

use crate::container::Container;
use crate::diagnosis::Diagnosis;
use crate::edit::Fix;
use crate::explanation::{Edit, Outcome, Step, StepKind};
use crate::inputs::Input;
use crate::scenario::{Origin, Scenario};
use crate::trust::{
    Chained, Effect, Known, PODS_EKS, PodIdentity, Request, Statement, Ternary, TrustDocument, accepts,
};

use super::failed;
use super::trust_view::TrustView;

/// Returns the step of the injection if EKS adds the variables, and not the policy. Otherwise `None`.
pub fn injected(scenario: &Scenario<'_>, role: &Step) -> Option<Step> {
    const STEP: StepKind = StepKind::Injected;
    let is_of_policy = scenario.of_account().is_some_and(|it| it.source.as_deref() == Some("container-credentials"));
    let has_variables = scenario.has_pod().is_none_or(|subject| {
        subject.origin == Origin::Stored || subject.containers.iter().any(Container::has_container_credentials)
    });
    if failed(role)
        || scenario.association.is_none()
        || is_of_policy
        || has_variables
        || !scenario.has_container_credentials()
    {
        return None;
    }
    Some(Step::passed(STEP, "EKS adds the variables of EKS Pod Identity when it creates the pod."))
}

/// Returns the request that the trust policy has to accept.
fn request(view: &TrustView<'_, '_>) -> Request {
    let scenario = view.scenario;
    let association = scenario.association;
    if let Some(association) = association
        && let (Some(source), Some(target)) = (&association.role, &association.target_role)
        && scenario.policy_role() == Some(target.as_str())
    {
        return Request::Chained(Chained {
            role: source.clone(),
            external_id: association.external_id.clone(),
            disables_tags: association.disables_tags,
        });
    }
    let cluster_arn = association.and_then(|it| it.cluster_arn.clone());
    Request::PodIdentity(PodIdentity {
        account: cluster_arn.as_deref().and_then(|arn| arn.split(':').nth(4)).map(str::to_owned),
        cluster_arn,
        namespace: scenario.namespace.clone(),
        service_account: scenario.account.clone(),
        disables_tags: association.is_some_and(|it| it.disables_tags),
    })
}

/// Returns the skipped step if the trust policy that was given belongs to neither role of the association.
fn of_another_role(view: &TrustView<'_, '_>, step: StepKind) -> Option<Step> {
    let association = view.scenario.association?;
    let role = view.scenario.policy_role()?;
    let is_one = [&association.role, &association.target_role].into_iter().flatten().any(|it| it == role);
    let is_known = association.role.is_some();
    (is_known && !is_one).then(|| {
        Step::skipped(step, "Not checked: the trust policy belongs to another role than the association's.")
            .because(format!("the trust policy belongs to the role `{role}`"))
    })
}

/// Returns the trust policy. If it is missing, returns the skipped step as an error.
fn document<'v>(view: &TrustView<'v, '_>, step: StepKind) -> Result<&'v TrustDocument, Box<Step>> {
    view.document(step).map_err(|lacking| Box::new(Step { outcome: Outcome::Skipped, ..*lacking }))
}

/// Checks that the trust policy names EKS Pod Identity or, for a target role, the association's role.
pub fn provider(view: &TrustView<'_, '_>) -> Step {
    const STEP: StepKind = StepKind::Provider;
    let document = match document(view, STEP) {
        Ok(document) => document,
        Err(step) => return (*step).because(format!("the role has to trust `{PODS_EKS}`")),
    };
    if let Some(step) = of_another_role(view, STEP) {
        return step;
    }
    let request = request(view);
    let allows = || document.policy.allows();
    let whom = match &request {
        Request::Chained(chained) => format!("the association's role `{}`", chained.role),
        _ => format!("EKS Pod Identity (`{PODS_EKS}`)"),
    };
    let by = Ternary::any(allows().map(|it| request.is_by(it)));
    if by == Ternary::Unknown {
        return Step::unknown(STEP, format!("Whether the role trusts {whom} is not known."))
            .because("a statement has `NotPrincipal`, which IAM does not document for trust policies");
    }
    if by == Ternary::False {
        let (diagnosis, principal) = match &request {
            Request::Chained(chained) => (Diagnosis::SourceRoleNotTrusted, format!("\"AWS\": \"{}\"", chained.role)),
            _ => (Diagnosis::PodIdentityNotTrusted, format!("\"Service\": \"{PODS_EKS}\"")),
        };
        // Neither the association nor the trust policy's role was given: the trust policy may belong to another role.
        if view.scenario.association.is_none() && view.scenario.policy_role().is_none() {
            return Step::unknown(STEP, format!("The trust policy that was given does not trust {whom}; whether it belongs to the association's role is not known."))
                .because_at(format!("no `Allow` names {whom} as a principal"), Input::TrustPolicy, document.whole_pointer())
                .warn(diagnosis)
                .fix("Add the association to the inputs: `aws eks describe-pod-identity-association`.");
        }
        let says = format!("The role's trust policy rejects this pod: the role does not trust {whom}.");
        return Step::failed(STEP, diagnosis, says)
            .because_at(format!("no `Allow` names {whom} as a principal"), Input::TrustPolicy, document.whole_pointer())
            .fix(added(document, &statement(&request, &principal)));
    }
    let lacking = request
        .actions()
        .iter()
        .find(|action| !allows().any(|it| request.is_by(it) == Ternary::True && it.actions.include(action)));
    match lacking {
        Some(action) => Step::failed(
            STEP,
            Diagnosis::OtherAction,
            format!("The role's trust policy rejects this pod: it does not allow {whom} the action `{action}`."),
        )
        .because_at(
            format!("EKS Pod Identity needs `{}`", request.actions().join("` and `")),
            Input::TrustPolicy,
            allows()
                .find(|it| request.is_by(it) == Ternary::True)
                .map_or_else(|| document.whole_pointer(), |statement| document.pointer(statement.index, &["Action"])),
        )
        .fix(format!("Add `{action}` to the `Action` of the statement that names {whom}.")),
        None => Step::passed(STEP, format!("The role trusts {whom}.")),
    }
}

/// Returns the fix that adds a statement (JSON) to the trust policy.
fn added(document: &TrustDocument, statement: &str) -> Fix {
    let fix = Fix::new(format!("Add this statement to the role's trust policy, and keep the others: `{statement}`."));
    let mut policy = document.value.clone();
    let statements = policy.get_mut("Statement").and_then(Value::as_array_mut);
    let (Some(statements), Ok(statement)) = (statements, serde_json::from_str(statement)) else { return fix };
    statements.push(statement);
    fix.edit([Edit { input: Input::TrustPolicy, pointer: document.whole_pointer(), value: Some(policy) }])
}

/// Returns the statement that the role's trust policy needs.
fn statement(request: &Request, principal: &str) -> String {
    let actions: Vec<String> = request.actions().iter().map(|action| format!("\"{action}\"")).collect();
    let condition = match request {
        Request::PodIdentity(PodIdentity {
            namespace, service_account: Some(account), disables_tags: false, ..
        }) => format!(
            ", \"Condition\": {{\"StringEquals\": {{\"aws:RequestTag/kubernetes-namespace\": \"{namespace}\", \"aws:RequestTag/kubernetes-service-account\": \"{account}\"}}}}"
        ),
        Request::PodIdentity(PodIdentity { cluster_arn: Some(arn), .. }) => {
            format!(", \"Condition\": {{\"ArnEquals\": {{\"aws:SourceArn\": \"{arn}\"}}}}")
        }
        Request::Chained(Chained { external_id: Some(id), .. }) => {
            format!(", \"Condition\": {{\"StringEquals\": {{\"sts:ExternalId\": {}}}}}", Value::from(id.as_str()))
        }
        _ => String::new(),
    };
    format!(
        "{{\"Effect\": \"Allow\", \"Principal\": {{{principal}}}, \"Action\": [{}]{condition}}}",
        actions.join(", ")
    )
}

/// Checks that the conditions are true for the pod, and that no statement denies the pod.
pub fn conditions(view: &TrustView<'_, '_>, provider: &Step) -> Step {
    const STEP: StepKind = StepKind::Conditions;
    let document = match document(view, STEP) {
        Ok(document) => document,
        Err(step) => return *step,
    };
    if failed(provider) || provider.mistake.is_some() {
        return Step::skipped(STEP, "Not checked: no statement names the principal with its actions.");
    }
    if let Some(step) = of_another_role(view, STEP) {
        return step;
    }
    let request = request(view);
    let (mut denied, mut is_unsure) = (None, false);
    // Different statements may allow the actions.
    let allowed = Ternary::all(request.actions().iter().map(|action| {
        Ternary::any(
            document
                .policy
                .allows()
                .filter(|it| it.actions.include(action))
                .map(|it| request.is_by(it).and(it.conditions_hold(&request))),
        )
    }));
    for statement in document.policy.statements.iter().filter(|it| it.effect == Effect::Deny) {
        match statement.is_about(&request).and(statement.conditions_hold(&request)) {
            Ternary::True => denied = Some(statement),
            Ternary::Unknown => is_unsure = true,
            Ternary::False => {}
        }
    }
    if let Some(statement) = denied {
        let name = &statement.name;
        return Step::failed(
            STEP,
            Diagnosis::Denied,
            format!("The role's trust policy rejects this pod: {name} denies it."),
        )
        .because_at("a `Deny` wins over every `Allow`", Input::TrustPolicy, document.pointer(statement.index, &[]))
        .fix(format!(
            "Check why {name} denies the pod. Exclude the pod from the `Deny` only if the pod should have the role."
        ));
    }
    debug_assert!(accepts(&document.policy, &request) != Ternary::True || allowed == Ternary::True);
    match allowed {
        Ternary::True if !is_unsure => Step::passed(STEP, "The conditions of the trust policy are true for this pod."),
        Ternary::False => refused(document, &request),
        _ => Step::unknown(STEP, "Whether the conditions of the trust policy are true is not known.")
            .because("a condition depends on a key whose value is not known"),
    }
}

fn refused(document: &TrustDocument, request: &Request) -> Step {
    const STEP: StepKind = StepKind::Conditions;
    let about: Vec<&Statement> =
        document.policy.allows().filter(|statement| request.is_by(statement) == Ternary::True).collect();
    let failing = about.iter().flat_map(|statement| {
        let clauses = statement.clauses.iter().filter(|clause| clause.holds(request) == Ternary::False);
        clauses.map(|clause| (*statement, clause))
    });
    let mut reasons = failing.map(|(statement, clause)| {
        let got = match request.known(&clause.key) {
            Known::Values(values) => format!("but the request has `{}`", values.join("`, `")),
            Known::Absent => "but the request does not have this key".to_owned(),
            Known::Present | Known::Unknown => "which is false".to_owned(),
        };
        let reason = format!(
            "`{}` on `{}` in {} has `{}`, {got}",
            clause.operator,
            clause.key,
            statement.name,
            clause.values.join("` or `")
        );
        (reason, document.pointer(statement.index, &["Condition", &clause.operator, &clause.key]))
    });
    let Some((first, pointer)) = reasons.next() else {
        return Step::unknown(STEP, "Whether the conditions of the trust policy are true is not known.");
    };
    let step = Step::new(STEP, Outcome::Failed, format!("The role's trust policy rejects this pod: {first}."));
    let step = reasons.fold(step.because_at(first, Input::TrustPolicy, pointer), |step, (reason, pointer)| {
        step.because_at(reason, Input::TrustPolicy, pointer)
    });
    step.fix("Correct the condition, if the pod should have the role.")
}
