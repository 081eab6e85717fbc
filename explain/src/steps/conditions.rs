//! The conditions of the role's trust policy.

use crate::diagnosis::Diagnosis;
use crate::explanation::{Detail, Outcome, Step, StepKind};
use crate::scenario::Scenario;
use crate::trust::{
    Clause, Context, Effect, Known, Policy, Statement, Ternary, Test, has_wildcard, matches, split_key,
};

use super::provider::{self, Wanted};

const STEP: StepKind = StepKind::Conditions;

/// What begins the subject of each service account.
const SUBJECT: &str = "system:serviceaccount:";

/// The subject of an account that no policy means: its namespace and its name are longer than Kubernetes has them.
const STRANGER: &str =
    "system:serviceaccount:a-namespace-that-is-too-long-to-be-that-of-any-cluster-that-there-is:an-account-of-nobody";

/// An audience that no policy means.
const STRANGE_AUDIENCE: &str = "an-audience-of-nobody";

/// The conditions of the trust policy hold, and nothing in it denies.
pub fn conditions(scenario: &Scenario<'_>, provider: &Step) -> Step {
    let policy = match provider::policy(scenario, STEP) {
        Ok(policy) => policy,
        Err(step) => return step,
    };
    if super::failed(provider) {
        return not_about_it();
    }
    let wanted = Wanted::of(scenario);
    if wanted.url.is_some() {
        return judge(scenario, policy, &wanted);
    }
    // Where the issuer is not known, it may be any that the policy names.
    let mut urls: Vec<&str> =
        policy.statements.iter().flat_map(Statement::providers).filter_map(|(_, it)| it.map(|it| it.url)).collect();
    urls.sort_unstable();
    urls.dedup();
    let judged = |url: &str| judge(scenario, policy, &Wanted { url: Some(url.to_owned()), ..wanted.clone() });
    let mut steps = urls.iter().map(|url| judged(url));
    let Some(first) = steps.next() else { return judge(scenario, policy, &wanted) };
    if steps.all(|step| step.outcome == first.outcome) {
        return first;
    }
    Step::unknown(STEP, "Whether the conditions hold depends on the issuer, which is not known.")
        .because(format!("the policy is about several: `{}`", urls.join("`, `")))
}

fn not_about_it() -> Step {
    Step::skipped(STEP, "No statement is about the provider, so no condition counts.")
}

fn judge(scenario: &Scenario<'_>, policy: &Policy, wanted: &Wanted) -> Step {
    let considered = consider(scenario, policy, wanted);
    if considered.allows.is_empty() {
        return not_about_it();
    }
    if let Some(denial) = considered.denies.iter().find(|it| it.truth == Ternary::True) {
        return Step::failed(
            STEP,
            Diagnosis::Denied,
            format!("A `Deny` of the trust policy wins: {}.", denial.statement.name),
        )
        .because("whatever else allows it, what is denied is denied")
        .fix("Remove the statement, or give it a condition that does not hold for this account.");
    }
    let unsure = considered.denies.iter().find(|it| it.truth == Ternary::Unknown);
    let allowed = considered.allows.iter().find(|it| it.truth == Ternary::True);
    match (allowed, unsure) {
        (Some(allowed), None) => passed(allowed),
        (Some(_), Some(unsure)) => {
            unknown(unsure).because(format!("{} denies, and its conditions are not all known", unsure.statement.name))
        }
        (None, _) => match considered.allows.iter().find(|it| it.truth == Ternary::Unknown) {
            Some(unsure) if unsure.holds() == Ternary::Unknown => unknown(unsure),
            Some(unsure) => perhaps_about_it(scenario, unsure, &considered.allows),
            None => refused(scenario, &considered.allows),
        },
    }
}

/// The conditions of a statement hold, but whether it is about the request is not known. What is wrong with one that surely is
/// about it is likely what is wrong.
fn perhaps_about_it(scenario: &Scenario<'_>, unsure: &Seen<'_>, allows: &[Seen<'_>]) -> Step {
    let step = Step::unknown(STEP, format!("Whether {} allows it is not known.", unsure.statement.name));
    let mut step = step.because("it has `NotAction`, `NotPrincipal` or the principal `*`");
    let surely: Vec<&Seen<'_>> = allows.iter().filter(|it| it.is_about == Ternary::True).collect();
    if let Some(refused) = refusal(scenario, &surely) {
        step.mistake = refused.mistake;
        step.reasons.extend(refused.reasons);
        step.fix = refused.fix;
        step.details = refused.details;
    }
    step
}

/// A statement, seen from a request.
struct Seen<'p> {
    statement: &'p Statement,
    context: Context,
    /// Whether it is about the request.
    is_about: Ternary,
    /// The same, and all of its conditions hold.
    truth: Ternary,
}

impl<'p> Seen<'p> {
    fn new(statement: &'p Statement, context: Context, is_about: Ternary) -> Self {
        let is_about = is_about.and(statement.is_about_web_identity);
        Self { statement, is_about, truth: is_about.and(statement.conditions_hold(&context)), context }
    }

    /// Whether its conditions hold.
    fn holds(&self) -> Ternary {
        self.statement.conditions_hold(&self.context)
    }

    fn details(&self) -> Vec<Detail> {
        let details = self.statement.clauses.iter().map(|clause| {
            let outcome = match clause.holds(&self.context) {
                Ternary::True => Outcome::Passed,
                Ternary::False => Outcome::Failed,
                Ternary::Unknown => Outcome::Unknown,
            };
            let value = clause.values.join(", ");
            Detail { name: format!("{} {}", clause.operator, clause.key), value, outcome }
        });
        details.collect()
    }
}

struct Considered<'p> {
    /// The statements that allow, of which only the conditions are open.
    allows: Vec<Seen<'p>>,
    denies: Vec<Seen<'p>>,
}

fn consider<'p>(scenario: &Scenario<'_>, policy: &'p Policy, wanted: &Wanted) -> Considered<'p> {
    let mut considered = Considered { allows: Vec::new(), denies: Vec::new() };
    for statement in &policy.statements {
        let is_about = wanted.is_met_by(statement);
        let seen = Seen::new(statement, context(scenario, wanted.url.clone()), is_about);
        match statement.effect {
            Effect::Deny => considered.denies.push(seen),
            Effect::Allow if seen.is_about != Ternary::False => considered.allows.push(seen),
            Effect::Allow => {}
        }
    }
    considered
}

/// What the token says, or would say.
fn context(scenario: &Scenario<'_>, provider: Option<String>) -> Context {
    match scenario.documents.token.get() {
        Some(jwt) => Context {
            provider,
            // IAM takes `azp` for the audience, where there is one.
            audiences: (!jwt.claims.has_authorized_party).then(|| jwt.claims.audiences.clone()),
            subject: jwt.claims.subject.clone(),
        },
        None => Context {
            provider,
            audiences: scenario.audience().map(|audience| vec![audience]),
            subject: scenario.subject_claim(),
        },
    }
}

fn passed(allowed: &Seen<'_>) -> Step {
    let Seen { statement, context, .. } = allowed;
    // A condition of which nobody is kept out is none.
    let keeps_out = |stranger: &Context| statement.conditions_hold(stranger) != Ternary::True;
    let mut step = Step::passed(STEP, format!("The conditions of {} hold.", statement.name));
    step.details = allowed.details();
    if !keeps_out(&Context { subject: Some(STRANGER.to_owned()), ..context.clone() }) {
        step = step
            .because("no condition on `sub` keeps out other accounts, so every service account of the cluster may assume the role")
            .warn(Diagnosis::NoSubjectCondition);
    }
    if !keeps_out(&Context { audiences: Some(vec![STRANGE_AUDIENCE.to_owned()]), ..context.clone() }) {
        step = step
            .because("no condition on `aud` keeps out other tokens, so one for whomever may assume the role, if IAM's provider lists its audience")
            .warn(Diagnosis::NoAudienceCondition);
    }
    if step.mistake.is_some() {
        let provider = context.provider.as_deref().unwrap_or("ISSUER");
        step = step.fix(format!("Add conditions on `{provider}:sub` and `{provider}:aud` by `StringEquals`."));
    }
    step
}

fn unknown(unsure: &Seen<'_>) -> Step {
    let mut step =
        Step::unknown(STEP, format!("Whether the conditions of {} hold is not known.", unsure.statement.name));
    for clause in &unsure.statement.clauses {
        if clause.holds(&unsure.context) == Ternary::Unknown {
            step.reasons.push(why_unknown(clause, &unsure.context));
        }
    }
    step.details = unsure.details();
    step
}

fn why_unknown(clause: &Clause, context: &Context) -> String {
    let Clause { operator, key, .. } = clause;
    if clause.known.is_none() {
        return format!("`{operator}` is no operator that is known here");
    }
    match context.known(key) {
        Known::Unknown => format!("what `{key}` is in the request is not known"),
        _ if clause.has_variables && clause.values.iter().any(|value| value.contains("${")) => {
            format!("what the variables in the values of `{key}` are is not known")
        }
        Known::Values(values) if values.len() > 1 => format!("`{key}` has several values, and `{operator}` is for one"),
        _ => format!("what `{operator}` makes of `{key}` is not known here"),
    }
}

/// Why no statement allows it: by the one of which the fewest conditions fail.
fn refused(scenario: &Scenario<'_>, allows: &[Seen<'_>]) -> Step {
    let allows: Vec<&Seen<'_>> = allows.iter().collect();
    refusal(scenario, &allows).unwrap_or_else(not_about_it)
}

fn refusal(scenario: &Scenario<'_>, allows: &[&Seen<'_>]) -> Option<Step> {
    let failing = |seen: &&&Seen<'_>| {
        seen.statement.clauses.iter().filter(|it| it.holds(&seen.context) == Ternary::False).count()
    };
    let nearest = allows.iter().min_by_key(failing)?;
    let failing = nearest.statement.clauses.iter().filter(|clause| clause.holds(&nearest.context) == Ternary::False);
    let faults: Vec<Fault> = failing.map(|clause| fault(scenario, clause, &nearest.context)).collect();
    let says = format!("A condition of {} does not hold.", nearest.statement.name);
    let mut step = Step::new(STEP, Outcome::Failed, says);
    if let Some(worst) = faults.iter().find(|fault| fault.mistake.is_some()).or(faults.first()) {
        step.mistake = worst.mistake;
        step.fix = Some(worst.fix.clone());
    }
    step.reasons.extend(faults.into_iter().map(|fault| fault.reason));
    step.details = nearest.details();
    Some(step)
}

struct Fault {
    mistake: Option<Diagnosis>,
    reason: String,
    fix: String,
}

/// What is wrong with a clause that does not hold.
fn fault(scenario: &Scenario<'_>, clause: &Clause, context: &Context) -> Fault {
    let Clause { operator, key, values, .. } = clause;
    let provider = context.provider.as_deref().unwrap_or_default();
    let (named, claim) = split_key(key).unwrap_or(("", key));
    let right_key = format!("{provider}:{claim}");
    let of_key =
        |mistake, reason| Fault { mistake: Some(mistake), reason, fix: format!("Write the key as `{right_key}`.") };
    let other = |reason| Fault { mistake: None, reason, fix: "Change the condition, or remove it.".to_owned() };
    let got = match context.known(key) {
        Known::Values(values) => values.join("`, `"),
        Known::Absent | Known::Unknown => String::new(),
    };
    match clause.known.map(|operator| operator.test) {
        Some(Test::Null) => {
            let has = if context.known(key) == Known::Absent { "no" } else { "a" };
            return other(format!(
                "`{operator}` on `{key}` is `{}`, but the token has {has} value for it",
                values.join("`, `")
            ));
        }
        Some(Test::Text { is_negated: true, .. } | Test::Other { is_negated: true }) => {
            return other(format!("`{operator}` on `{key}` excludes `{got}`, which the token has"));
        }
        _ => {}
    }
    if matches!(context.known(key), Known::Absent) {
        if named.eq_ignore_ascii_case(provider) {
            return other(format!("a token of Kubernetes has no `{claim}`, so `{operator}` on `{key}` never holds"));
        }
        if named.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("http")) && named.contains("://") {
            return of_key(
                Diagnosis::IssuerWithScheme,
                format!("the key `{key}` has `https://` in it, so no request has it"),
            );
        }
        if named.trim_end_matches('/').eq_ignore_ascii_case(provider.trim_end_matches('/')) {
            return of_key(
                Diagnosis::TrailingSlash,
                format!("the key `{key}` and the issuer `{provider}` differ by a trailing slash"),
            );
        }
        return of_key(
            Diagnosis::OtherProvider,
            format!("the key `{key}` is that of another issuer than `{provider}`"),
        );
    }
    let reason = format!("`{operator}` on `{key}`: expected `{}`, but the token has `{got}`", values.join("` or `"));
    if claim.eq_ignore_ascii_case("aud") {
        let fix = format!(
            "Set the value of `{right_key}` to `{got}`, or have the token made for the audience that the policy names (annotation `audience`)."
        );
        return Fault { mistake: Some(Diagnosis::WrongAudience), reason, fix };
    }
    if !claim.eq_ignore_ascii_case("sub") {
        return other(reason);
    }
    let is_exact = clause.known.is_some_and(crate::trust::Operator::is_exact);
    if is_exact && values.iter().any(|value| has_wildcard(value) && matches(value, &got)) {
        let reason = format!("{reason}; `{operator}` takes `*` and `?` for the characters themselves");
        let fix = format!("Use `StringLike` for `{right_key}`, or write `{got}`.");
        return Fault { mistake: Some(Diagnosis::WildcardInStringEquals), reason, fix };
    }
    let fix = format!("Set the value of `{right_key}` to `{got}`, if this account is to have the role.");
    Fault { mistake: Some(wrong_subject(scenario, values)), reason, fix }
}

/// Which part of the subject is wrong, in the value that comes nearest.
fn wrong_subject(scenario: &Scenario<'_>, values: &[String]) -> Diagnosis {
    let parts = |value: &str| -> Option<(String, String)> {
        let (namespace, name) = value.strip_prefix(SUBJECT)?.split_once(':')?;
        Some((namespace.to_owned(), name.to_owned()))
    };
    let parts: Vec<_> = values.iter().filter_map(|value| parts(value)).collect();
    if parts.iter().any(|(namespace, _)| matches(namespace, &scenario.namespace)) {
        Diagnosis::WrongServiceAccount
    } else if parts.is_empty() {
        Diagnosis::WrongSubject
    } else {
        Diagnosis::WrongNamespace
    }
}
