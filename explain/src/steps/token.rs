//! The token: whom it is for, whose it is, and how long.

use irsa::FindingKind;

use crate::container::TokenSource;
use crate::diagnosis::Diagnosis;
use crate::documents::Given;
use crate::explanation::{Outcome, Step, StepKind};
use crate::inputs::Input;
use crate::jwt::Claims;
use crate::scenario::Scenario;

const STEP: StepKind = StepKind::Token;

/// The issuer of the tokens that older clusters keep in Secrets.
const LEGACY_ISSUER: &str = "kubernetes/serviceaccount";

/// The token is for STS and for this account, and it has not expired.
pub fn token(scenario: &Scenario<'_>) -> Step {
    if scenario.has_container_credentials() {
        return Step::skipped(STEP, "STS is not asked: the agent on the node trades the token.");
    }
    let lifetimes = scenario.subject.as_ref().map(|it| it.policy_answer.lines(&[FindingKind::InvalidTokenExpiration]));
    let step = match &scenario.documents.token {
        Given::Present(jwt) => check(scenario, &jwt.claims),
        Given::Unreadable => Step::unknown(
            STEP,
            format!("What the token says is not known: {}.", scenario.documents.token.lack(Input::Token)),
        ),
        Given::Missing | Given::NotFound => planned(scenario),
    };
    step.because_all(lifetimes.unwrap_or_default())
}

/// What kubelet would ask for.
fn planned(scenario: &Scenario<'_>) -> Step {
    let subject = match (scenario.has_pod(), scenario.why_unknown()) {
        (Some(subject), None) => subject,
        (_, lack) => {
            let lack = lack.unwrap_or_default();
            return Step::unknown(STEP, format!("What the token says is not known: no token was given, and {lack}."));
        }
    };
    let with_role: Vec<_> = subject.containers.iter().filter(|container| container.has_role()).collect();
    // The worst of the containers' tokens is what counts.
    let tokens = with_role.iter().map(|container| (&container.name, container.token(&subject.pod)));
    let rank = |token: &Option<TokenSource>| match token {
        Some(token) if token.audience.is_empty() => 0,
        None => 1,
        Some(_) => 2,
    };
    let Some((name, worst)) = tokens.min_by_key(|(_, token)| rank(token)) else {
        return Step::skipped(STEP, "No container has a token for a role.");
    };
    let about = |step: Step| if with_role.len() > 1 { step.because(format!("container `{name}`")) } else { step };
    let Some(token) = worst else {
        return about(Step::unknown(
            STEP,
            "The file of `AWS_WEB_IDENTITY_TOKEN_FILE` is none that the pod projects, so its token is not known.",
        ));
    };
    let lifetime = token.lifetime.map_or_else(|| "unknown".to_owned(), |lifetime| format!("{lifetime} s"));
    let step = if token.audience.is_empty() {
        about(Step::failed(STEP, Diagnosis::OtherAudience, "The token is one for the API server."))
            .fix("Give the volume's `serviceAccountToken` the audience `sts.amazonaws.com`.")
    } else {
        Step::passed(STEP, "Kubelet asks for a token for this audience and this account, and renews it in time.")
    };
    step.detail("aud", token.audience, Outcome::Skipped)
        .detail("sub", scenario.subject_claim().unwrap_or_default(), Outcome::Skipped)
        .detail("lifetime", lifetime, Outcome::Skipped)
}

/// What a token says, against what the pod's should.
fn check(scenario: &Scenario<'_>, claims: &Claims) -> Step {
    let checks = [lifetime(scenario, claims), audience(scenario, claims), subject(scenario, claims)];
    let first = |outcome| checks.iter().find(|check| check.outcome == outcome);
    let mut step = match (first(Outcome::Failed), first(Outcome::Unknown)) {
        (Some(failed), _) => Step {
            fix: failed.fix.map(str::to_owned),
            mistake: failed.mistake,
            ..Step::new(STEP, Outcome::Failed, failed.says)
        },
        (None, Some(unknown)) => Step::unknown(STEP, unknown.says),
        (None, None) => Step::passed(STEP, "The token is for this audience and this account, and it is valid now."),
    };
    for check in checks {
        step.details.push(crate::explanation::Detail {
            name: check.name.to_owned(),
            value: check.value,
            outcome: check.outcome,
        });
        step.reasons.extend(check.reason);
    }
    step
}

struct Check {
    name: &'static str,
    value: String,
    outcome: Outcome,
    says: &'static str,
    reason: Option<String>,
    mistake: Option<Diagnosis>,
    fix: Option<&'static str>,
}

impl Check {
    fn new(name: &'static str, value: String, outcome: Outcome) -> Self {
        Self { name, value, outcome, says: "", reason: None, mistake: None, fix: None }
    }

    fn because(self, outcome: Outcome, says: &'static str, reason: String) -> Self {
        Self { outcome, says, reason: Some(reason), ..self }
    }

    fn by(self, mistake: Diagnosis, fix: &'static str) -> Self {
        Self { mistake: Some(mistake), fix: Some(fix), ..self }
    }
}

fn lifetime(scenario: &Scenario<'_>, claims: &Claims) -> Check {
    const RENEW: &str = "Read the token's file each time, as current SDKs do; kubelet renews it. Compare the clocks of the node and of the machine that you ask from.";
    let Some(expires) = claims.expires else {
        if claims.has_expires {
            return Check::new("exp", "no number".to_owned(), Outcome::Failed).because(
                Outcome::Failed,
                "When the token expires can't be read, so AWS does not take it.",
                "expected a number of seconds since 1970 as `exp`".to_owned(),
            );
        }
        let check = Check::new("exp", "none".to_owned(), Outcome::Failed);
        return if claims.issuer.as_deref() == Some(LEGACY_ISSUER) {
            check
                .because(
                    Outcome::Failed,
                    "The token is one of the old kind.",
                    "it comes from a Secret, has no audience and never expires".to_owned(),
                )
                .by(
                    Diagnosis::LegacyToken,
                    "Use the token that is projected into the pod: leave `AWS_WEB_IDENTITY_TOKEN_FILE` to the policy.",
                )
        } else {
            check.because(
                Outcome::Failed,
                "The token never expires, so AWS does not take it.",
                "it has no `exp`".to_owned(),
            )
        };
    };
    let length = claims.issued.and_then(|issued| expires.checked_sub(issued));
    let value = match length {
        Some(length) => format!("{expires} ({length} s after it was issued)"),
        None => expires.to_string(),
    };
    let check = Check::new("exp", value, Outcome::Passed);
    let Some(now) = scenario.documents.now else {
        return check.because(
            Outcome::Unknown,
            "Whether the token is still valid is not known.",
            "the time was not given".to_owned(),
        );
    };
    if let Some(over) = now.checked_sub(expires) {
        let reason = format!("it expired {over} s ago");
        return check.because(Outcome::Failed, "The token has expired.", reason).by(Diagnosis::TokenExpired, RENEW);
    }
    match claims.not_before.and_then(|from| from.checked_sub(now)).filter(|early| *early > 0) {
        Some(early) => {
            let reason = format!("it is valid in {early} s");
            check.because(Outcome::Failed, "The token is not valid yet.", reason).by(Diagnosis::TokenNotYetValid, RENEW)
        }
        None => check,
    }
}

fn audience(scenario: &Scenario<'_>, claims: &Claims) -> Check {
    let check = Check::new("aud", claims.audiences.join(", "), Outcome::Passed);
    let Some(wanted) = scenario.audience() else {
        return check.because(
            Outcome::Unknown,
            "Whom the token should be for is not known.",
            match scenario.documents.settings {
                Given::Unreadable => scenario.documents.settings.lack(Input::Settings),
                _ => "neither a pod nor a service account was given".to_owned(),
            },
        );
    };
    if claims.audiences.contains(&wanted) {
        return check;
    }
    let reason = format!("expected `{wanted}`, but the token is for `{}`", claims.audiences.join("`, `"));
    check.because(Outcome::Failed, "The token is for another audience.", reason).by(
        Diagnosis::OtherAudience,
        "Take the token of the file that `AWS_WEB_IDENTITY_TOKEN_FILE` names, not the one of `/var/run/secrets/kubernetes.io`.",
    )
}

fn subject(scenario: &Scenario<'_>, claims: &Claims) -> Check {
    let check = Check::new("sub", claims.subject.clone().unwrap_or_default(), Outcome::Passed);
    let Some(wanted) = scenario.subject_claim() else {
        return check.because(
            Outcome::Unknown,
            "Whose token it should be is not known.",
            "neither a pod nor a service account was given".to_owned(),
        );
    };
    if claims.subject.as_deref() == Some(wanted.as_str()) {
        return check;
    }
    let reason = format!("expected `{wanted}`, but got `{}`", claims.subject.as_deref().unwrap_or_default());
    check
        .because(Outcome::Failed, "The token is that of another account.", reason)
        .by(Diagnosis::OtherSubject, "Take the token of a pod that runs as this account.")
}
