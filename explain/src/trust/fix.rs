//! Changes a trust policy so that it accepts one service account.
//!
//! The rules: the change gives access to exactly one service account and one audience. A statement that may give access
//! to others stays unchanged. A condition that can't be checked here, such as a condition on `aws:SourceIp`, is kept.

use serde_json::{Map, Value, json};

use super::condition::Clause;
use super::document::TrustDocument;
use super::pattern::has_wildcard;
use super::policy::{Effect, Policy, Principal, Provider, Statement};
use super::request::{Request, TAG_SESSION, WEB_IDENTITY_ACTION, WebIdentity, is_host_and_path, split_key};
use super::ternary::Ternary;

/// A changed trust policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Repair {
    /// The changes, in the order of the statements.
    pub changes: Vec<Change>,
    /// The whole policy, with the changes.
    pub policy: Value,
    /// Whether the new policy accepts the request. Unknown if a condition depends on a value that only AWS knows.
    pub accepts: Ternary,
}

/// A change of one statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The position of the statement to replace. `None` if the new statements are added.
    pub replaces: Option<usize>,
    /// The new statements.
    pub statements: Vec<Value>,
    /// The kind of change.
    pub kind: ChangeKind,
}

/// How a statement changes, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// A new statement is added.
    Add,
    /// The old statement, which accepts no token, is corrected.
    Correct,
    /// The old statement, which requires the keys of several providers at once, is split into one statement for each
    /// provider.
    Split,
    /// The old statement, which denies the request, gets an exception for the service account.
    Except,
}

/// The identity to which the new statement gives access. All parts are known.
struct Target<'r> {
    arn: String,
    url: &'r str,
    audience: &'r str,
    subject: &'r str,
}

impl<'r> Target<'r> {
    /// Makes the target of a request. `None` if a part is not known, or can't be right.
    fn of(request: &'r WebIdentity) -> Option<Self> {
        let url = request.provider.as_deref().filter(|url| is_host_and_path(url))?;
        let [audience] = request.audiences.as_deref()? else { return None };
        let (account, partition) = (request.account.as_deref()?, request.partition.as_deref()?);
        let subject = request.subject.as_deref().filter(|subject| is_service_account(subject))?;
        let is_plain = |text: &str| !text.is_empty() && !has_wildcard(text) && !text.contains("${");
        (is_plain(audience) && is_plain(subject)).then(|| Self {
            arn: format!("arn:{partition}:iam::{account}:oidc-provider/{url}"),
            url,
            audience,
            subject,
        })
    }

    /// Makes the statement for exactly this service account, with the conditions that are kept.
    fn statement(&self, kept: &[&Clause]) -> Value {
        let mut condition = condition(kept);
        let equals = condition.entry("StringEquals").or_insert_with(|| Map::new().into());
        if let Some(equals) = equals.as_object_mut() {
            equals.insert(format!("{}:aud", self.url), self.audience.into());
            equals.insert(format!("{}:sub", self.url), self.subject.into());
        }
        allow(&self.arn, &condition)
    }
}

fn allow(arn: &str, condition: &Map<String, Value>) -> Value {
    json!({
        "Effect": "Allow",
        "Principal": {"Federated": arn},
        "Action": WEB_IDENTITY_ACTION,
        "Condition": condition,
    })
}

fn condition(clauses: &[&Clause]) -> Map<String, Value> {
    let mut condition = Map::new();
    for clause in clauses {
        let keys = condition.entry(clause.operator.clone()).or_insert_with(|| Map::new().into());
        let values = match clause.values.as_slice() {
            [value] => value.as_str().into(),
            values => Value::from(values.to_vec()),
        };
        if let Some(keys) = keys.as_object_mut() {
            keys.insert(clause.key.clone(), values);
        }
    }
    condition
}

/// Changes the policy so that it accepts the request. `None` if too little is known about the request, or if no change
/// makes the policy accept the request.
#[must_use]
pub fn repair(document: &TrustDocument, request: &WebIdentity) -> Option<Repair> {
    let target = Target::of(request)?;
    let whole = Request::WebIdentity(request.clone());
    let policy = &document.policy;
    let truth = |statement: &Statement| statement.is_about(&whole).and(statement.conditions_hold(&whole));
    let mut changes: Vec<Change> = Vec::new();
    let old = document.value.get("Statement")?.as_array()?;
    for statement in policy.statements.iter().filter(|it| it.effect == Effect::Deny) {
        if truth(statement) == Ternary::True {
            let excepted = except(old.get(statement.index)?, &target)?;
            changes.push(Change {
                replaces: Some(statement.index),
                statements: vec![excepted],
                kind: ChangeKind::Except,
            });
        }
    }
    if !policy.allows().any(|statement| truth(statement) == Ternary::True) {
        changes.push(admit(policy, old, &whole, &target));
    }
    let new = apply(&document.value, &changes)?;
    let accepts = Policy::read(&new).map_or(Ternary::False, |policy| accepts(&policy, &whole));
    (accepts != Ternary::False).then_some(Repair { changes, policy: new, accepts })
}

/// Whether a policy accepts a request: at least one statement allows the request, and no statement denies it.
#[must_use]
pub fn accepts(policy: &Policy, request: &Request) -> Ternary {
    let any = |effect| {
        let statements = policy.statements.iter().filter(|statement| statement.effect == effect);
        Ternary::any(statements.map(|it| it.is_about(request).and(it.conditions_hold(request))))
    };
    any(Effect::Allow).and(any(Effect::Deny).negated())
}

/// Returns the change that allows the request.
fn admit(policy: &Policy, old: &[Value], request: &Request, target: &Target<'_>) -> Change {
    let about: Vec<&Statement> = policy.allows().filter(|it| it.is_about(request) == Ternary::True).collect();
    if let Some((index, statements)) = about.iter().find_map(|it| Some((it.index, split(it, request, target)?))) {
        return Change { replaces: Some(index), statements, kind: ChangeKind::Split };
    }
    let failing = |statement: &Statement| {
        statement.clauses.iter().filter(|clause| clause.holds(request) == Ternary::False).count()
    };
    let useless = policy.allows().filter(|statement| accepts_nobody(statement, target));
    if let Some(statement) = useless.min_by_key(|statement| failing(statement)) {
        let mut fixed = target.statement(&kept(statement, request));
        let sid = old.get(statement.index).and_then(|old| old.get("Sid"));
        if let (Some(sid), Some(members)) = (sid, fixed.as_object_mut()) {
            members.shift_insert(0, "Sid".to_owned(), sid.clone());
        }
        return Change { replaces: Some(statement.index), statements: vec![fixed], kind: ChangeKind::Correct };
    }
    let nearest = about.into_iter().min_by_key(|statement| failing(statement));
    let kept = nearest.map(|statement| kept(statement, request)).unwrap_or_default();
    Change { replaces: None, statements: vec![target.statement(&kept)], kind: ChangeKind::Add }
}

/// Returns the conditions that depend on values that only AWS knows. They may limit access, so they are kept.
fn kept<'s>(statement: &'s Statement, request: &Request) -> Vec<&'s Clause> {
    let is_of_aws = |key: &str| {
        let prefix = key.split(':').next().unwrap_or_default().to_ascii_lowercase();
        matches!(prefix.as_str(), "aws" | "sts" | "iam")
    };
    statement.clauses.iter().filter(|it| is_of_aws(&it.key) && it.holds(request) != Ternary::False).collect()
}

/// Returns `true` if an `Allow` accepts no token of any service account. Then it is safe to replace the statement.
fn accepts_nobody(statement: &Statement, target: &Target<'_>) -> bool {
    let Principal::Named(named) = &statement.principal else { return false };
    if named.federated.is_empty() || !named.aws.is_empty() || !named.services.is_empty() {
        return false;
    }
    // A statement that only allows session tags belongs to another statement, so it is not replaced.
    let has_action = statement.actions.include(WEB_IDENTITY_ACTION);
    if !has_action && statement.actions.include(TAG_SESSION) {
        return false;
    }
    named.federated.iter().all(|arn| {
        let Some(provider) = Provider::of_arn(arn) else { return false };
        if provider.fault().is_some() || is_misspelled(provider.url, target.url) {
            return true;
        }
        // The claims of other providers' tokens are not known, so the statement may accept such a token.
        if provider.url != target.url {
            return false;
        }
        let is_elsewhere = *arn != target.arn;
        is_elsewhere || !has_action || statement.clauses.iter().any(|clause| is_never_true(clause, provider))
    })
}

/// Returns `true` if no token of a cluster satisfies the clause.
fn is_never_true(clause: &Clause, provider: Provider<'_>) -> bool {
    let any = Request::WebIdentity(WebIdentity {
        provider: Some(provider.url.to_owned()),
        account: Some(provider.account.to_owned()),
        partition: Some(provider.partition.to_owned()),
        ..WebIdentity::default()
    });
    let is_subject = split_key(&clause.key)
        .is_some_and(|(key, claim)| key.eq_ignore_ascii_case(provider.url) && claim.eq_ignore_ascii_case("sub"));
    let is_exact = clause.known.is_some_and(super::operator::Operator::is_exact);
    clause.holds(&any) == Ternary::False
        || is_subject
            && is_exact
            && clause.values.iter().all(|value| !is_service_account(value) && !value.contains("${"))
}

/// Whether the string is the subject of a service account with a valid namespace and name.
fn is_service_account(subject: &str) -> bool {
    let parts = subject.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':'));
    parts.is_some_and(|(namespace, name)| {
        irsa::internals::is_dns_label(namespace) && irsa::internals::is_dns_subdomain(name)
    })
}

/// Whether a provider's URL is a misspelling of the issuer's URL: it has the same ID with another host, or differs only
/// in letter case or in a trailing slash.
#[must_use]
pub fn is_misspelled(url: &str, issuer: &str) -> bool {
    let id = |url: &str| {
        let (_, last) = url.trim_end_matches('/').rsplit_once('/')?;
        (last.len() >= 16).then(|| last.to_owned())
    };
    url != issuer
        && (url.trim_end_matches('/').eq_ignore_ascii_case(issuer.trim_end_matches('/'))
            || id(url).is_some_and(|it| id(issuer) == Some(it)))
}

/// Splits a statement that names several providers into one statement for each provider, if the statement fails because
/// it requires keys of another provider. `None` if the statement fails for another reason, or can't be split safely.
fn split(statement: &Statement, request: &Request, target: &Target<'_>) -> Option<Vec<Value>> {
    let providers: Vec<(&str, Provider<'_>)> =
        statement.providers().map(|(arn, provider)| Some((arn, provider?))).collect::<Option<_>>()?;
    let of = |clause: &Clause, url: &str| {
        split_key(&clause.key).is_some_and(|(provider, _)| provider.eq_ignore_ascii_case(url))
    };
    let others: Vec<_> = providers.iter().filter(|(arn, _)| *arn != target.arn).collect();
    // Condition keys contain the provider's URL, so providers with the same URL can't be separated.
    if others.iter().any(|(_, other)| other.fault().is_some() || other.url.eq_ignore_ascii_case(target.url)) {
        return None;
    }
    let failing: Vec<&Clause> =
        statement.clauses.iter().filter(|clause| clause.holds(request) == Ternary::False).collect();
    let is_foreign = |clause: &Clause| others.iter().any(|(_, other)| of(clause, other.url));
    if others.is_empty() || !failing.iter().any(|clause| is_foreign(clause)) {
        return None;
    }
    let kept = kept(statement, request);
    let limits_subject = |clause: &&Clause| {
        let is_positive = clause.known.is_some_and(|it| !it.is_negated()) && !clause.operator.contains("IfExists");
        let is_subject = split_key(&clause.key).is_some_and(|(_, claim)| claim.eq_ignore_ascii_case("sub"));
        let is_open =
            |value: &String| matches!(value.as_str(), "*" | "system:serviceaccount:*" | "system:serviceaccount:*:*");
        is_subject && is_positive && !clause.operator.starts_with("ForAllValues:") && !clause.values.iter().any(is_open)
    };
    let mut statements = Vec::new();
    for (arn, provider) in &providers {
        let mut own: Vec<&Clause> = statement.clauses.iter().filter(|clause| of(clause, provider.url)).collect();
        let is_limited = own.iter().any(limits_subject);
        let is_ours = *arn == target.arn;
        if is_ours && !(is_limited && own.iter().all(|clause| clause.holds(request) == Ternary::True)) {
            statements.push(target.statement(&kept));
            continue;
        }
        // Without its own condition on `sub`, the new statement would give access to every service account of that
        // cluster.
        if !is_limited {
            return None;
        }
        own.extend(&kept);
        let mut condition = condition(&own);
        let has_audience =
            own.iter().any(|it| split_key(&it.key).is_some_and(|(_, claim)| claim.eq_ignore_ascii_case("aud")));
        if !has_audience && is_ours {
            let equals = condition.entry("StringEquals").or_insert_with(|| Map::new().into());
            equals.as_object_mut()?.insert(format!("{}:aud", provider.url), target.audience.into());
        }
        statements.push(allow(arn, &condition));
    }
    Some(statements)
}

/// Adds an exception for the service account to a `Deny`. `None` if the statement is malformed.
fn except(statement: &Value, target: &Target<'_>) -> Option<Value> {
    let mut excepted = statement.clone();
    let members = excepted.as_object_mut()?;
    let condition = members.entry("Condition").or_insert_with(|| Map::new().into()).as_object_mut()?;
    let keys = condition.entry("StringNotEquals").or_insert_with(|| Map::new().into()).as_object_mut()?;
    let key = format!("{}:sub", target.url);
    let key = keys.keys().find(|other| other.eq_ignore_ascii_case(&key)).cloned().unwrap_or(key);
    let values = match keys.get(&key) {
        Some(Value::Array(values)) => [values.clone(), vec![target.subject.into()]].concat(),
        Some(value) => vec![value.clone(), target.subject.into()],
        None => vec![target.subject.into()],
    };
    let value = if let [only] = values.as_slice() { only.clone() } else { values.into() };
    keys.insert(key, value);
    Some(excepted)
}

/// Applies the changes to the policy.
fn apply(policy: &Value, changes: &[Change]) -> Option<Value> {
    let mut policy = policy.clone();
    let old = policy.get_mut("Statement")?.as_array_mut()?;
    let mut new = Vec::new();
    for (index, statement) in old.iter().enumerate() {
        match changes.iter().find(|change| change.replaces == Some(index)) {
            Some(change) => new.extend(change.statements.iter().cloned()),
            None => new.push(statement.clone()),
        }
    }
    new.extend(changes.iter().filter(|change| change.replaces.is_none()).flat_map(|it| it.statements.iter().cloned()));
    *old = new;
    Some(policy)
}
