//! Checks the conditions of the role's trust policy.

use serde_json::Value;

use crate::diagnosis::Diagnosis;
use crate::edit::{self, Fix};
use crate::explanation::{Detail, Outcome, Step, StepKind};
use crate::inputs::Input;
use crate::trust::{
    Clause, Effect, Known, Principal, Request, Statement, Ternary, Test, TrustDocument, WebIdentity, has_wildcard,
    is_host_and_path, is_misspelled, is_placeholder, matches, split_key,
};

use super::provider::REJECTS;
use super::repair::is_audience_right;
use super::trust_view::TrustView;
use super::{STS, failed, pod_identity};

const STEP: StepKind = StepKind::Conditions;

/// The start of every service account's subject.
const SUBJECT: &str = "system:serviceaccount:";

/// A subject that no policy names, because its namespace is longer than Kubernetes allows.
const STRANGER: &str =
    "system:serviceaccount:a-namespace-that-is-too-long-to-be-that-of-any-cluster-that-there-is:an-account-of-nobody";

/// An audience that no policy names.
const STRANGE_AUDIENCE: &str = "an-audience-of-nobody";

/// Checks that the conditions of the trust policy are true, and that no statement denies the pod.
pub fn conditions(view: &TrustView<'_, '_>, provider: &Step) -> Step {
    if view.scenario.has_container_credentials() {
        return pod_identity::conditions(view, provider);
    }
    let document = match view.document(STEP) {
        Ok(document) => document,
        Err(step) => return *step,
    };
    if let Some(skipped) = view.skipped(STEP) {
        return skipped;
    }
    if failed(provider)
        && !matches!(provider.mistake, Some(Diagnosis::ProviderMissing | Diagnosis::AudienceNotRegistered))
    {
        return not_about_it();
    }
    let judge = |request: WebIdentity| {
        Judge { view, document, request: Request::WebIdentity(request.clone()), web: request }.step()
    };
    if view.request.provider.is_some() {
        return judge(view.request.clone());
    }
    // The issuer is not known: it may be any issuer that the policy names.
    let mut urls: Vec<&str> = document
        .policy
        .statements
        .iter()
        .flat_map(Statement::providers)
        .filter_map(|(_, it)| it.map(|it| it.url))
        .collect();
    urls.sort_unstable();
    urls.dedup();
    let mut steps =
        urls.iter().map(|url| judge(WebIdentity { provider: Some((*url).to_owned()), ..view.request.clone() }));
    let Some(first) = steps.next() else { return judge(view.request.clone()) };
    if steps.all(|step| step.outcome == first.outcome) {
        return first;
    }
    Step::unknown(STEP, "Whether the conditions are true depends on the issuer, which is not known.")
        .because(format!("the trust policy names several issuers: `{}`", urls.join("`, `")))
}

fn not_about_it() -> Step {
    Step::skipped(STEP, "Not checked: no statement names the provider.")
}

/// Evaluates the conditions for one request.
struct Judge<'v, 'c, 'd> {
    view: &'v TrustView<'c, 'd>,
    document: &'v TrustDocument,
    request: Request,
    web: WebIdentity,
}

/// A statement with the results of evaluating it for a request.
struct Seen<'p> {
    statement: &'p Statement,
    /// Whether the statement's principal and actions match the request.
    is_about: Ternary,
    /// Whether the statement's conditions are true.
    holds: Ternary,
}

impl Seen<'_> {
    /// Whether the statement applies to the request.
    fn applies(&self) -> Ternary {
        self.is_about.and(self.holds)
    }
}

impl<'v> Judge<'v, '_, '_> {
    fn step(&self) -> Step {
        let seen = |effect: Effect| -> Vec<Seen<'v>> {
            let statements = self.document.policy.statements.iter().filter(|it| it.effect == effect);
            let seen = statements.map(|statement| Seen {
                statement,
                is_about: statement.is_about(&self.request),
                holds: statement.conditions_hold(&self.request),
            });
            seen.collect()
        };
        let denies = seen(Effect::Deny);
        let mut allows = seen(Effect::Allow);
        allows.retain(|it| it.is_about != Ternary::False);
        if allows.is_empty() {
            return not_about_it();
        }
        if let Some(denial) = denies.iter().find(|it| it.applies() == Ternary::True) {
            return self.denied(denial.statement);
        }
        let unsure = denies.iter().find(|it| it.applies() == Ternary::Unknown);
        let first = |truth: Ternary| allows.iter().find(|it| it.applies() == truth);
        match (first(Ternary::True), unsure) {
            (Some(allowed), None) => self.passed(allowed.statement),
            (Some(_), Some(unsure)) => self.unknown(unsure.statement).because(format!(
                "{} is a `Deny`, and whether it applies to this pod is not known",
                unsure.statement.name
            )),
            (None, _) => match first(Ternary::Unknown) {
                Some(unsure) if unsure.holds == Ternary::Unknown => self.unknown(unsure.statement),
                Some(unsure) => self.perhaps_about_it(unsure.statement, &allows),
                None => self.refused(&allows),
            },
        }
    }

    fn pointer(&self, statement: &Statement, clause: &Clause) -> String {
        self.document.pointer(statement.index, &["Condition", &clause.operator, &clause.key])
    }

    fn details(&self, statement: &Statement) -> Vec<Detail> {
        let details = statement.clauses.iter().map(|clause| {
            let outcome = match clause.holds(&self.request) {
                Ternary::True => Outcome::Passed,
                Ternary::False => Outcome::Failed,
                Ternary::Unknown => Outcome::Unknown,
            };
            Detail { name: format!("{} {}", clause.operator, clause.key), value: clause.values.join(", "), outcome }
        });
        details.collect()
    }

    fn denied(&self, statement: &Statement) -> Step {
        let name = &statement.name;
        Step {
            details: self.details(statement),
            ..Step::failed(STEP, Diagnosis::Denied, format!("{REJECTS}: {name} denies it."))
        }
        .because_at(
            format!("{name} is a `Deny` that applies to this pod, and a `Deny` wins over every `Allow`"),
            Input::TrustPolicy,
            self.document.pointer(statement.index, &[]),
        )
        .fix(format!(
            "Check why {name} denies the pod. Exclude this service account from the `Deny` only if the pod should have the role."
        ))
    }

    fn passed(&self, statement: &Statement) -> Step {
        let name = &statement.name;
        // A condition that is also true for a stranger does not limit access.
        let lets_in =
            |stranger: WebIdentity| statement.conditions_hold(&Request::WebIdentity(stranger)) == Ternary::True;
        let mut step = Step::passed(STEP, format!("The conditions of {name} are true for this pod."));
        step.details = self.details(statement);
        let pointer = || self.document.pointer(statement.index, &["Condition"]);
        let stranger = WebIdentity { subject: Some(STRANGER.to_owned()), ..self.web.clone() };
        let mut missing = Vec::new();
        let url = self.web.provider.as_deref().unwrap_or("ISSUER");
        if lets_in(WebIdentity { audiences: Some(vec![STRANGE_AUDIENCE.to_owned()]), ..self.web.clone() }) {
            let reason = format!(
                "{name} has no condition on `aud` that limits access, so a token for any audience that IAM's provider lists can assume the role"
            );
            step = step.because_at(reason, Input::TrustPolicy, pointer());
            step.mistake = Some(Diagnosis::NoAudienceCondition);
            let audiences = self.web.audiences.as_deref();
            let audience = audiences.and_then(|all| all.first()).map_or(STS, String::as_str);
            missing.push(format!("`{url}:aud` with `{audience}`"));
        }
        // The missing condition on `sub` is the greater risk, so it comes last and sets the step's diagnosis.
        if lets_in(stranger) {
            let reason = format!(
                "{name} has no condition on `sub` that limits access, so every service account of the cluster can assume the role"
            );
            step = step.because_at(reason, Input::TrustPolicy, pointer());
            step.mistake = Some(Diagnosis::NoSubjectCondition);
            let subject = self.web.subject.as_deref().unwrap_or("system:serviceaccount:NAMESPACE:NAME");
            missing.push(format!("`{url}:sub` with the service accounts that need the role, such as `{subject}`"));
        }
        if missing.is_empty() {
            return step;
        }
        step.fix(format!("Add to the `StringEquals` of {name}: {}.", missing.join(", and ")))
    }

    fn unknown(&self, statement: &Statement) -> Step {
        let mut step =
            Step::unknown(STEP, format!("Whether the conditions of {} are true is not known.", statement.name));
        for clause in &statement.clauses {
            if clause.holds(&self.request) == Ternary::Unknown {
                step = step.because_at(self.why_unknown(clause), Input::TrustPolicy, self.pointer(statement, clause));
            }
        }
        if step.reasons.is_empty() {
            step = step.because(match statement.is_about(&self.request) {
                Ternary::Unknown => why_unsure(statement),
                // The result of each condition is known, but two conditions on the same key have different results.
                Ternary::True | Ternary::False => format!(
                    "{} has a key twice, in different letter case, and IAM does not document which one counts",
                    statement.name
                ),
            });
        }
        step.details = self.details(statement);
        step
    }

    fn why_unknown(&self, clause: &Clause) -> String {
        let Clause { operator, key, .. } = clause;
        if clause.known.is_none() {
            return format!("`{operator}` is not a condition operator of IAM");
        }
        match self.request.known(key) {
            Known::Unknown => format!("only AWS knows `{key}` of the request"),
            Known::Present => format!("the value of `{key}` is not known"),
            _ if clause.has_variables && clause.values.iter().any(|value| value.contains("${")) => {
                format!("the values of `{key}` have variables that only AWS knows")
            }
            Known::Values(values) if values.len() > 1 => {
                format!(
                    "the token has several values for `{key}`, and IAM does not document which one `{operator}` compares"
                )
            }
            _ => format!("IAM does not document how `{operator}` compares `{key}`"),
        }
    }

    /// Returns an unknown step for a statement whose conditions are true, but whose principal may not match the
    /// request. If the principals of other statements do match, the likely cause is a false condition in one of those
    /// statements. The step then also reports that condition.
    fn perhaps_about_it(&self, statement: &Statement, allows: &[Seen<'v>]) -> Step {
        let step = Step::unknown(STEP, format!("Whether {} allows this pod is not known.", statement.name));
        let mut step = step.because(why_unsure(statement));
        if allows.iter().any(|it| it.is_about == Ternary::True) {
            let refused = self.refused(allows);
            step.mistake = refused.mistake;
            step.reasons.extend(refused.reasons);
            (step.fix, step.edits, step.commands) = (refused.fix, refused.edits, refused.commands);
            step.details = refused.details;
        }
        step
    }

    /// Explains why no statement allows the pod, with the statement that has the fewest false conditions.
    fn refused(&self, allows: &[Seen<'v>]) -> Step {
        let failing = |seen: &&Seen<'v>| {
            seen.statement.clauses.iter().filter(|it| it.holds(&self.request) == Ternary::False).count()
        };
        let sure = allows.iter().filter(|it| it.is_about == Ternary::True);
        let Some(nearest) = sure.min_by_key(failing).or_else(|| allows.iter().min_by_key(failing)) else {
            return not_about_it();
        };
        let statement = nearest.statement;
        let failing = statement.clauses.iter().filter(|clause| clause.holds(&self.request) == Ternary::False);
        let faults: Vec<(&Clause, Fault)> = failing.map(|clause| (clause, self.fault(statement, clause))).collect();
        let Some((_, worst)) = faults.iter().find(|(_, fault)| fault.mistake.is_some()).or(faults.first()) else {
            return Step::new(
                STEP,
                Outcome::Failed,
                format!("{REJECTS}: the conditions of {} are false.", statement.name),
            );
        };
        let mut step = Step::new(STEP, Outcome::Failed, format!("{REJECTS}: {}.", worst.reason));
        step.mistake = worst.mistake;
        let mut fixes: Vec<&Fix> = faults.iter().map(|(_, fault)| &fault.fix).collect();
        fixes.dedup();
        let says: Vec<&str> = fixes.iter().map(|fix| fix.says.as_str()).collect();
        step = step.fix(
            Fix::new(says.join(" "))
                .edit(fixes.iter().flat_map(|fix| fix.edits.clone()))
                .run(fixes.iter().flat_map(|fix| fix.commands.clone())),
        );
        for (clause, fault) in &faults {
            step = step.because_at(fault.reason.clone(), Input::TrustPolicy, self.pointer(statement, clause));
        }
        step.details = self.details(statement);
        step
    }

    /// Returns the diagnosis, the reason and the fix for a clause that is false.
    fn fault(&self, statement: &Statement, clause: &Clause) -> Fault {
        let Clause { operator, key, values, .. } = clause;
        let name = &statement.name;
        let known = self.request.known(key);
        let url = self.web.provider.as_deref().unwrap_or_default();
        let claim = split_key(key).map_or(key.as_str(), |(_, claim)| claim);
        let right_key = format!("{url}:{}", claim.to_ascii_lowercase());
        let other = |reason| Fault { mistake: None, reason, fix: "Change the condition, or remove it.".into() };
        let got = match &known {
            Known::Values(values) => values.join("`, `"),
            _ => String::new(),
        };
        match clause.known.map(|operator| operator.test) {
            Some(Test::Null) => {
                let has = if known == Known::Absent { "no" } else { "a" };
                return other(format!(
                    "{name} requires `Null` of `{key}` to be `{}`, but the request has {has} value for it",
                    shown(values)
                ));
            }
            Some(Test::Compare { is_negated: true, .. }) => {
                return other(format!("`{operator}` on `{key}` in {name} excludes `{got}`, which the token has"));
            }
            _ => {}
        }
        if known == Known::Absent {
            return self.absent(statement, key);
        }
        if !clause.has_variables && values.iter().any(|value| value.contains("${")) {
            return Fault {
                mistake: Some(Diagnosis::MissingVersion),
                reason: format!(
                    "`{operator}` on `{key}` in {name} has a variable, but the policy has no `Version` `2012-10-17`, so `${{` is plain text"
                ),
                fix: "Set `Version` to `2012-10-17`.".into(),
            };
        }
        let reason =
            format!("`{operator}` on `{claim}` in {name} expects `{}`, but the token has `{got}`", shown(values));
        if claim.eq_ignore_ascii_case("aud") {
            let reason = if is_audience_right(self.view) {
                format!("{reason}; IAM's identity provider has to list the audience, too")
            } else {
                reason
            };
            let fix = if is_audience_right(self.view) {
                format!("Set the value of `{right_key}` to `{got}`.").into()
            } else {
                self.audience_fix(&got)
            };
            return Fault { mistake: Some(Diagnosis::WrongAudience), reason, fix };
        }
        if !claim.eq_ignore_ascii_case("sub") {
            return other(reason);
        }
        let is_spaced =
            |value: &String| value.chars().any(char::is_whitespace) && value.replace(char::is_whitespace, "") == got;
        let reason = if values.iter().any(is_spaced) {
            format!("{reason}; remove the space from the condition's value")
        } else {
            reason
        };
        let is_exact = clause.known.is_some_and(crate::trust::Operator::is_exact);
        if is_exact && values.iter().any(|value| has_wildcard(value) && matches(value, &got)) {
            let reason = format!("{reason}; `{operator}` has no wildcards, so `*` and `?` match only themselves");
            let fix = format!(
                "Replace the value with `{got}`. Or change the operator to `StringLike`, if every service account that matches the pattern should have the role."
            );
            return Fault { mistake: Some(Diagnosis::WildcardInStringEquals), reason, fix: fix.into() };
        }
        let fix = format!("If this service account should have the role, allow `{got}` for `{right_key}`.");
        Fault { mistake: Some(wrong_subject(&self.view.scenario.namespace, values)), reason, fix: fix.into() }
    }

    /// Returns the fix for a token with the wrong audience `got`.
    fn audience_fix(&self, got: &str) -> Fix {
        let scenario = self.view.scenario;
        let key = format!("{}/{}", scenario.settings.annotation_prefix, irsa::internals::AUDIENCE);
        let annotations =
            scenario.documents.service_account.get().and_then(|it| it.get("metadata")?.get("annotations"));
        let annotated = annotations.and_then(|annotations| annotations.get(&key));
        let now = annotated.map_or(Some(&*scenario.settings.token_audience), Value::as_str);
        if now != Some(got) {
            return Fix::new(format!(
                "Request the audience `{STS}`. If the pod's template defines the token's volume, set the audience there. If not, the account or the settings changed after the pod was created: recreate the pod."
            ));
        }
        if annotated.is_some() {
            let change = edit::annotation(scenario, irsa::internals::AUDIENCE, Some(STS));
            return Fix::new(format!("Set the service account's annotation `{key}` to `{STS}`, and recreate the pod."))
                .edit(change.edits)
                .run([change.command])
                .run(edit::recreate(scenario));
        }
        Fix::new(format!("Set the setting `tokenAudience` to `{STS}`, and recreate the pod."))
            .edit([edit::setting("tokenAudience", STS)])
    }

    /// Returns the diagnosis, the reason and the fix for a condition key that the request does not have.
    fn absent(&self, statement: &Statement, key: &str) -> Fault {
        let url = self.web.provider.as_deref().unwrap_or_default();
        let name = &statement.name;
        let (named, claim) = split_key(key).unwrap_or(("", key));
        let right = match claim.to_ascii_lowercase().as_str() {
            "aud" | "audience" | "audiences" => Some("aud"),
            "sub" | "subject" => Some("sub"),
            _ => None,
        };
        let of = |mistake, reason: String| {
            let fix = match right {
                Some(claim) => format!("Write the key as `{url}:{claim}`."),
                None => format!("Remove the condition: a web identity token has `{url}:aud` and `{url}:sub` only."),
            };
            Fault { mistake: Some(mistake), reason, fix: fix.into() }
        };
        let never = |why: &str| format!("{name} requires the key `{key}`, {why}");
        if is_placeholder(named) {
            return of(Diagnosis::Placeholder, never("which contains a placeholder that nothing has replaced"));
        }
        if named.starts_with("arn:") {
            return of(
                Diagnosis::KeyNeverSet,
                never("which begins with the provider's ARN: it has to begin with the issuer's host and path"),
            );
        }
        if key.contains(char::is_whitespace) {
            return of(Diagnosis::KeyNeverSet, never("which contains a space"));
        }
        if named.is_empty() {
            return of(Diagnosis::KeyNeverSet, never("which does not begin with the issuer's host and path"));
        }
        if named.eq_ignore_ascii_case(url) {
            return of(
                Diagnosis::KeyNeverSet,
                never("which STS does not set: a token of Kubernetes has `aud` and `sub` only"),
            );
        }
        if named.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("http")) && named.contains("://") {
            return of(Diagnosis::IssuerWithScheme, never("which contains `https://`"));
        }
        if named.trim_end_matches('/').eq_ignore_ascii_case(url.trim_end_matches('/')) {
            return of(Diagnosis::TrailingSlash, never("which differs from the issuer by a trailing slash"));
        }
        if !is_host_and_path(named) {
            let why = match key.to_ascii_lowercase().as_str() {
                "sts:externalid" => "which only `AssumeRole` has: `AssumeRoleWithWebIdentity` has no external ID",
                "aws:sourcearn" | "aws:sourceaccount" => "which only requests by AWS services have",
                "aws:multifactorauthpresent" | "aws:multifactorauthage" | "aws:tokenissuetime" => {
                    "which only requests with temporary credentials have: `AssumeRoleWithWebIdentity` has a token instead"
                }
                _ => "which `AssumeRoleWithWebIdentity` never sets",
            };
            return of(Diagnosis::KeyNeverSet, never(why));
        }
        let is_in_statement = matches!(&statement.principal, Principal::Named(_))
            && statement.providers().any(|(_, provider)| provider.is_some_and(|it| it.url.eq_ignore_ascii_case(named)));
        if is_in_statement {
            return Fault {
                mistake: Some(Diagnosis::SeveralProviders),
                reason: never(
                    "which only tokens of the statement's other issuer have: all conditions have to be true, but a token has only the keys of its own issuer",
                ),
                fix: "Write one statement for each provider, each with the keys of its own provider.".into(),
            };
        }
        if is_misspelled(named, url) {
            return of(Diagnosis::MisspelledProvider, never("which misspells the host of the cluster's issuer"));
        }
        of(Diagnosis::OtherProvider, format!("{name} requires the key `{key}`, but the cluster's issuer is `{url}`"))
    }
}

fn why_unsure(statement: &Statement) -> String {
    format!("IAM does not document what the principal of {} means in a trust policy", statement.name)
}

/// The values for a message: the first three, and how many more there are.
fn shown(values: &[String]) -> String {
    let first: Vec<&str> = values.iter().take(3).map(String::as_str).collect();
    let more = values.len().saturating_sub(first.len());
    let more = if more == 0 { String::new() } else { format!("` or {more} more `") };
    format!("{}{}", first.join("` or `"), more.trim_end_matches(" `"))
}

struct Fault {
    mistake: Option<Diagnosis>,
    reason: String,
    fix: Fix,
}

/// Returns the diagnosis for the values of a condition on `sub`, if no value matches. `WrongServiceAccount` if a value
/// has the right namespace. `WrongSubject` if no value is the subject of a service account. Otherwise `WrongNamespace`.
fn wrong_subject(namespace: &str, values: &[String]) -> Diagnosis {
    let parts = |value: &str| -> Option<(String, String)> {
        let (namespace, name) = value.strip_prefix(SUBJECT)?.split_once(':')?;
        Some((namespace.to_owned(), name.to_owned()))
    };
    let parts: Vec<_> = values.iter().filter_map(|value| parts(value)).collect();
    if parts.iter().any(|(named, _)| matches(named, namespace)) {
        Diagnosis::WrongServiceAccount
    } else if parts.is_empty() {
        Diagnosis::WrongSubject
    } else {
        Diagnosis::WrongNamespace
    }
}
