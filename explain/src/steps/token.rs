//! Checks the token: its audience, its subject, its lifetime, and whether AWS accepts its format.
//!
//! Sources: the AWS STS API Reference, `AssumeRoleWithWebIdentity` (a token has 4 to 20,000 characters; signatures are
//! RS256, RS384, RS512, ES256, ES384 or ES512); the IAM User Guide, "Available keys for AWS OIDC federation" (`azp`);
//! RFC 7515, section 4.1.11 (`crit`); RFC 7519.

use std::borrow::Cow;

use irsa::FindingKind;

use crate::container::{Container, TokenFile, containers, only_reader_of_tokens};
use crate::diagnosis::Diagnosis;
use crate::documents::Given;
use crate::edit::{self, Fix};
use crate::explanation::{Detail, Outcome, Step, StepKind};
use crate::inputs::Input;
use crate::jwks::Algorithm;
use crate::jwt::{Claims, Jwt};
use crate::scenario::{Scenario, Subject};

use super::account::annotated;
use super::{PAIR, STS};

const STEP: StepKind = StepKind::Token;

/// The issuer of legacy tokens, which older clusters keep in Secrets.
pub const LEGACY_ISSUER: &str = "kubernetes/serviceaccount";

/// The longest token that STS accepts, in characters.
const LONGEST: usize = 20_000;

/// Returns the fix for an `AWS_WEB_IDENTITY_TOKEN_FILE` that does not lead to a token.
fn remove_pair(scenario: &Scenario<'_>) -> Fix {
    let has_role = scenario.of_account().is_some_and(|policy_answer| policy_answer.role.is_some());
    let and = if has_role { "" } else { ", and annotate the service account with the role" };
    let fix = Fix::new(format!(
        "Remove `AWS_ROLE_ARN` and `AWS_WEB_IDENTITY_TOKEN_FILE` from the container's `env`{and}: the policy then sets both, and mounts the token."
    ));
    let Some(subject) = scenario.has_pod() else { return fix };
    let is_wrong = |container: &&Container| {
        let file = container.token_file(&subject.pod);
        matches!(file, Some(TokenFile::ApiServer | TokenFile::NotMounted | TokenFile::NotInVolume))
    };
    let wrong: Vec<&Container> = subject.containers.iter().filter(|it| it.has_role()).filter(is_wrong).collect();
    let fix = fix.edit(edit::without_variables(scenario, |name, variable| {
        PAIR.contains(&variable) && wrong.iter().any(|container| container.name == name)
    }));
    // If the service account has no role, and all these containers set the same role, the fix annotates the service
    // account: with the expected role, else with that role.
    let mut roles = wrong.iter().filter_map(|container| container.role());
    match roles.next().filter(|first| !has_role && roles.all(|other| other == *first)) {
        Some(role) => annotated(scenario, fix, scenario.expected_role.as_deref().unwrap_or(role)),
        None => fix,
    }
}

/// Checks that the token is for STS and for this service account, and that it has not expired.
pub fn token(scenario: &Scenario<'_>) -> Step {
    if scenario.has_container_credentials() {
        return Step::skipped(
            STEP,
            "Not checked: the pod does not use STS. The agent on the node exchanges the token.",
        );
    }
    let lifetimes = scenario.subject.as_ref();
    let lifetimes = lifetimes.map(|it| it.policy_answer.lines(&[FindingKind::InvalidTokenExpiration]));
    let step = match &scenario.documents.token {
        Given::Present(jwt) => check(scenario, jwt),
        Given::Unreadable => Step::unknown(
            STEP,
            format!("What the token contains is not known: {}.", scenario.documents.token.lack(Input::Token)),
        ),
        Given::Missing | Given::NotFound => planned(scenario),
    };
    step.because_all(lifetimes.unwrap_or_default())
}

/// Checks the token that kubelet requests for the pod.
fn planned(scenario: &Scenario<'_>) -> Step {
    let subject = match (scenario.has_pod(), scenario.why_unknown()) {
        (Some(subject), None) => subject,
        (_, lack) => {
            let lack = lack.unwrap_or_default();
            return Step::unknown(
                STEP,
                format!("What the token contains is not known: no token was given, and {lack}."),
            );
        }
    };
    let with_role: Vec<_> = subject.containers.iter().filter(|container| container.has_role()).collect();
    // Make a step for each container, and return the step with the worst outcome.
    let steps = with_role.iter().map(|container| {
        let step = of_file(scenario, container.token_file(&subject.pod));
        if with_role.len() > 1 && step.outcome != Outcome::Passed {
            step.because(format!("container `{}`", container.name))
        } else {
            step
        }
    });
    let rank = |step: &Step| match step.outcome {
        Outcome::Failed => 0,
        Outcome::Unknown => 1,
        Outcome::Passed | Outcome::Skipped => 2,
    };
    match steps.min_by_key(rank) {
        Some(step) => of_reader(subject, step),
        None => Step::skipped(STEP, "No container has a token for a role."),
    }
}

/// Returns the step for the file at the path in `AWS_WEB_IDENTITY_TOKEN_FILE`.
fn of_file(scenario: &Scenario<'_>, file: Option<TokenFile>) -> Step {
    let for_api_server = "The token is for the API server, not for STS.";
    match file {
        Some(TokenFile::Projected(token)) if token.audience.is_empty() => {
            Step::failed(STEP, Diagnosis::OtherAudience, for_api_server)
                .because("the token's volume has no `audience`")
                .fix(
                    Fix::new(format!("Set `audience: {STS}` in the volume's `serviceAccountToken`."))
                        .edit(edit::audience_of_volume(scenario, STS)),
                )
        }
        Some(TokenFile::Projected(token)) => {
            let lifetime = token.lifetime.map_or_else(|| "unknown".to_owned(), |lifetime| format!("{lifetime} s"));
            Step::passed(STEP, "kubelet requests a token for this audience and this account, and renews it in time.")
                .detail("aud", token.audience, Outcome::Skipped)
                .detail("sub", scenario.subject_claim().unwrap_or_default(), Outcome::Skipped)
                .detail("lifetime", lifetime, Outcome::Skipped)
        }
        Some(TokenFile::ApiServer) => Step::failed(STEP, Diagnosis::OtherAudience, for_api_server)
            .because(
                "`AWS_WEB_IDENTITY_TOKEN_FILE` is set to a file below `/var/run/secrets/kubernetes.io/serviceaccount`",
            )
            .fix(remove_pair(scenario)),
        Some(TokenFile::NotMounted) => Step::failed(
            STEP,
            Diagnosis::TokenNotMounted,
            "No token is mounted at the path in `AWS_WEB_IDENTITY_TOKEN_FILE`.",
        )
        .because("no volume is mounted at that path: the file exists only if the container's own program creates it")
        .fix(remove_pair(scenario)),
        Some(TokenFile::NotInVolume) => Step::failed(
            STEP,
            Diagnosis::TokenNotMounted,
            "No token is mounted at the path in `AWS_WEB_IDENTITY_TOKEN_FILE`.",
        )
        .because("the projected volume that is mounted there has no `serviceAccountToken` with that path")
        .fix(remove_pair(scenario)),
        Some(TokenFile::Unseen) => {
            Step::unknown(STEP, "What the token contains is not known: its volume's content is not in the pod.")
        }
        None => Step::unknown(
            STEP,
            "What the token contains is not known: the path in `AWS_WEB_IDENTITY_TOKEN_FILE` is not in the pod.",
        ),
    }
}

/// Checks who can read the token's file. If the step passed, and only user 0 can read the file, changes the step's
/// outcome to `Unknown`.
fn of_reader(subject: &Subject, step: Step) -> Step {
    if step.outcome != Outcome::Passed {
        return step;
    }
    match only_reader_of_tokens(&subject.pod, &containers(&subject.pod)) {
        Some(0) => Step {
            outcome: Outcome::Unknown,
            says: "Only user 0 (root) can read the token's file. It is not known whether the program runs as user 0.".to_owned(),
            ..step
        }
        .because("every container has `runAsUser: 0` and the pod has no `fsGroup`, so a program that changes its user (`su`, `gosu`) gets `permission denied`")
        .fix("If the program changes its user, set `securityContext.fsGroup` in the pod's `spec`."),
        Some(user) => step.detail("only reader", format!("user {user}"), Outcome::Skipped),
        None => step,
    }
}

/// Checks the token that was given.
fn check(scenario: &Scenario<'_>, jwt: &Jwt<'_>) -> Step {
    let claims = &jwt.claims;
    let checks = [
        lifetime(scenario, claims),
        audience(scenario, claims),
        subject(scenario, claims),
        issuer(claims),
        algorithm(jwt),
        length(jwt),
        critical(jwt),
    ];
    let first = |outcome| checks.iter().find(|check| check.outcome == outcome);
    let mut step = match (first(Outcome::Failed), first(Outcome::Unknown)) {
        (Some(failed), _) => Step {
            fix: failed.fix.map(str::to_owned),
            mistake: failed.diagnosis,
            ..Step::new(STEP, Outcome::Failed, &*failed.says)
        },
        (None, Some(unknown)) => Step::unknown(STEP, &*unknown.says),
        (None, None) => {
            Step::passed(STEP, "The token has the expected audience and service account, and it is valid now.")
        }
    };
    for check in checks {
        step.details.push(Detail { name: check.name.to_owned(), value: check.value, outcome: check.outcome });
        step.reasons.extend(check.reason);
    }
    if claims.has_authorized_party {
        let party = claims.authorized_party.clone().unwrap_or_else(|| "not a string".to_owned());
        step = step
            .because("the token has the claim `azp`: the value of IAM's condition key `…:aud` is then `azp`, not `aud`. Kubernetes never sets `azp`, so something else issued the token")
            .detail("azp", party, Outcome::Unknown);
    }
    step
}

/// The result of checking one property of the token.
struct Check {
    name: &'static str,
    value: String,
    outcome: Outcome,
    says: Cow<'static, str>,
    reason: Option<String>,
    diagnosis: Option<Diagnosis>,
    fix: Option<&'static str>,
}

impl Check {
    fn new(name: &'static str, value: String, outcome: Outcome) -> Self {
        Self { name, value, outcome, says: "".into(), reason: None, diagnosis: None, fix: None }
    }

    fn because(self, outcome: Outcome, says: impl Into<Cow<'static, str>>, reason: impl Into<String>) -> Self {
        Self { outcome, says: says.into(), reason: Some(reason.into()), ..self }
    }

    fn by(self, diagnosis: Diagnosis, fix: &'static str) -> Self {
        Self { diagnosis: Some(diagnosis), fix: Some(fix), ..self }
    }
}

/// The fix for a token that kubelet did not issue.
const USE_PROJECTED: &str =
    "Use the token that is projected into the pod: let the policy set `AWS_WEB_IDENTITY_TOKEN_FILE`.";

fn lifetime(scenario: &Scenario<'_>, claims: &Claims) -> Check {
    const RENEW: &str = "Read the token's file for each request, as current SDKs do: kubelet renews it. Also compare the clock of the node with the clock of the machine that runs this check.";
    let Some(expires) = claims.expires else {
        if claims.has_expires {
            let check = Check::new("exp", "not a time".to_owned(), Outcome::Failed).because(
                Outcome::Failed,
                "AWS rejects the token: its `exp` is not a time.",
                "expected a number of seconds since 1970 as `exp`",
            );
            return Check { fix: Some(USE_PROJECTED), ..check };
        }
        let check = Check::new("exp", "none".to_owned(), Outcome::Failed);
        return if claims.issuer.as_deref() == Some(LEGACY_ISSUER) {
            check
                .because(
                    Outcome::Failed,
                    "The token is a legacy token: AWS rejects it, because it has no audience.",
                    "the token comes from a Secret, has no audience and never expires",
                )
                .by(Diagnosis::LegacyToken, USE_PROJECTED)
        } else {
            let check =
                check.because(Outcome::Failed, "AWS rejects the token: it never expires.", "the token has no `exp`");
            Check { fix: Some(USE_PROJECTED), ..check }
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
            "the time was not given",
        );
    };
    if let Some(over) = now.checked_sub(expires) {
        let reason = format!("the token expired {over} s ago");
        return check.because(Outcome::Failed, "The token has expired.", reason).by(Diagnosis::TokenExpired, RENEW);
    }
    match claims.not_before.and_then(|from| from.checked_sub(now)).filter(|early| *early > 0) {
        Some(early) => {
            let reason = format!("the token becomes valid in {early} s");
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
            "Which audience the token should have is not known.",
            match scenario.documents.settings {
                Given::Unreadable => scenario.documents.settings.lack(Input::Settings),
                _ => "neither a pod nor a service account was given".to_owned(),
            },
        );
    };
    if claims.audiences.contains(&wanted) {
        return check;
    }
    let (says, reason) = if claims.audiences.is_empty() {
        let says = format!("The token has no audience: it should be for `{wanted}`.");
        (says, format!("expected the audience `{wanted}`, but the token has none"))
    } else {
        let own = claims.audiences.join("`, `");
        let says = format!("The token is for the audience `{own}`, not for `{wanted}`.");
        (says, format!("expected the audience `{wanted}`, but the token's is `{own}`"))
    };
    check.because(Outcome::Failed, says, reason).by(
        Diagnosis::OtherAudience,
        "Use the token in the file that `AWS_WEB_IDENTITY_TOKEN_FILE` names, not the token below `/var/run/secrets/kubernetes.io`.",
    )
}

fn subject(scenario: &Scenario<'_>, claims: &Claims) -> Check {
    let check = Check::new("sub", claims.subject.clone().unwrap_or_default(), Outcome::Passed);
    let Some(wanted) = scenario.subject_claim() else {
        return check.because(
            Outcome::Unknown,
            "Which subject the token should have is not known.",
            "neither a pod nor a service account was given",
        );
    };
    if claims.subject.as_deref() == Some(wanted.as_str()) {
        return check;
    }
    let (says, reason) = match claims.subject.as_deref() {
        Some(subject) => (
            format!("The token is for the service account `{subject}`, not for `{wanted}`."),
            format!("expected the subject `{wanted}`, but got `{subject}`"),
        ),
        None => (
            format!("The token has no subject: it should be for `{wanted}`."),
            format!("expected the subject `{wanted}`, but the token has none"),
        ),
    };
    check
        .because(Outcome::Failed, says, reason)
        .by(Diagnosis::OtherSubject, "Use the token of a pod that runs as the expected service account.")
}

fn issuer(claims: &Claims) -> Check {
    match &claims.issuer {
        Some(issuer) => Check::new("iss", issuer.clone(), Outcome::Passed),
        None => Check::new("iss", "none".to_owned(), Outcome::Failed)
            .because(Outcome::Failed, "AWS rejects the token: it has no issuer.", "the token has no `iss`")
            .by(Diagnosis::MissingIssuer, USE_PROJECTED),
    }
}

fn algorithm(jwt: &Jwt<'_>) -> Check {
    let check = Check::new("alg", jwt.algorithm.clone(), Outcome::Passed);
    if Algorithm::named(&jwt.algorithm).is_some() {
        return check;
    }
    let reason = match jwt.algorithm.as_str() {
        "none" => "the token has no signature (`alg` is `none`)".to_owned(),
        other => {
            format!("expected RS256, RS384, RS512, ES256, ES384 or ES512 as `alg`, but got `{other}`")
        }
    };
    check.because(Outcome::Failed, "AWS rejects the token: its signature algorithm (`alg`) is not supported.", reason).by(
        Diagnosis::UnsupportedAlgorithm,
        "Give the API server an RSA or ECDSA key to sign with (`--service-account-signing-key-file`), and use a token that it issues.",
    )
}

fn length(jwt: &Jwt<'_>) -> Check {
    let check = Check::new("length", format!("{} characters", jwt.length), Outcome::Passed);
    if jwt.length <= LONGEST {
        return check;
    }
    let check = check.because(
        Outcome::Failed,
        "AWS rejects the token: it is too long.",
        format!("expected at most {LONGEST} characters, but got {}", jwt.length),
    );
    Check { fix: Some(USE_PROJECTED), ..check }
}

fn critical(jwt: &Jwt<'_>) -> Check {
    if !jwt.has_critical_extensions {
        return Check::new("crit", "none".to_owned(), Outcome::Passed);
    }
    Check::new("crit", "set".to_owned(), Outcome::Unknown).because(
        Outcome::Unknown,
        "Whether AWS accepts the token is not known.",
        "the token's header has `crit`: a recipient that does not know the extensions in `crit` must reject the token. Kubernetes never sets `crit`",
    )
}
