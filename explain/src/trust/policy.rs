//! A trust policy, read.
//!
//! Sources: the IAM User Guide, "Grammar of the IAM JSON policy language", "IAM JSON policy elements: Principal" and "…
//! Action".

use serde_json::{Map, Value};

use super::condition::{Clause, clauses, texts};
use super::context::Context;
use super::pattern;
use super::ternary::Ternary;

/// The action by which a web identity assumes a role.
pub const ACTION: &str = "sts:AssumeRoleWithWebIdentity";

/// A trust policy.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Its statements, in their order.
    pub statements: Vec<Statement>,
}

/// A statement of a trust policy.
#[derive(Debug, Clone)]
pub struct Statement {
    /// How messages call it: its `Sid`, or its place.
    pub name: String,
    /// Whether it allows or denies.
    pub effect: Effect,
    /// Whom.
    pub principal: Principal,
    /// Whether it is about assuming the role by web identity.
    pub is_about_web_identity: Ternary,
    /// Its conditions.
    pub clauses: Vec<Clause>,
}

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It allows.
    Allow,
    /// It denies.
    Deny,
}

/// Whom a statement is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// These, and none else: what `Federated` names. There are none where only other kinds are named.
    Federated(Vec<String>),
    /// Everybody (`*`).
    Everybody,
    /// `NotPrincipal`.
    Unknown,
}

/// The ARN of an OIDC identity provider: `arn:aws:iam::111122223333:oidc-provider/oidc.example/id/A`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Provider<'a> {
    /// The AWS partition.
    pub partition: &'a str,
    /// The AWS account.
    pub account: &'a str,
    /// The issuer's URL, as it stands in the ARN: without `https://`, where it is right.
    pub url: &'a str,
}

impl<'a> Provider<'a> {
    /// The provider of an ARN.
    #[must_use]
    pub fn of_arn(arn: &'a str) -> Option<Self> {
        let (partition, rest) = arn.strip_prefix("arn:")?.split_once(":iam::")?;
        let (account, url) = rest.split_once(":oidc-provider/")?;
        Some(Self { partition, account, url })
    }
}

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    /// Fails with what IAM would refuse.
    pub fn read(value: &Value) -> Result<Self, String> {
        let policy = value.as_object().ok_or("expected an object with a `Statement`")?;
        known_members(policy, &["Version", "Id", "Statement"], "")?;
        let has_variables = match policy.get("Version").map(Value::as_str) {
            None | Some(Some("2008-10-17")) => false,
            Some(Some("2012-10-17")) => true,
            Some(_) => return Err("`Version`: expected `2012-10-17` or `2008-10-17`".to_owned()),
        };
        let statements = match policy.get("Statement") {
            Some(Value::Array(statements)) => statements.iter().collect(),
            Some(statement @ Value::Object(_)) => vec![statement],
            _ => return Err("`Statement`: expected a statement, or a list of them".to_owned()),
        };
        let statements: Result<_, String> = statements
            .into_iter()
            .enumerate()
            .map(|(index, statement)| {
                Statement::read(statement, index, has_variables)
                    .map_err(|error| format!("`Statement[{index}]`: {error}"))
            })
            .collect();
        Ok(Self { statements: statements? })
    }
}

impl Statement {
    /// Whether all of its conditions hold.
    #[must_use]
    pub fn conditions_hold(&self, context: &Context) -> Ternary {
        Ternary::all(self.clauses.iter().map(|clause| clause.holds(context)))
    }

    fn read(value: &Value, index: usize, has_variables: bool) -> Result<Self, String> {
        let statement = value.as_object().ok_or("expected an object")?;
        let known = ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Condition"];
        known_members(statement, &known, "a trust policy's statement has ")?;
        let effect = match statement.get("Effect").and_then(Value::as_str) {
            Some("Allow") => Effect::Allow,
            Some("Deny") => Effect::Deny,
            _ => return Err("`Effect`: expected `Allow` or `Deny`".to_owned()),
        };
        let name = match statement.get("Sid").and_then(Value::as_str) {
            Some(sid) if !sid.is_empty() => format!("statement `{sid}`"),
            _ => format!("statement {}", index.saturating_add(1)),
        };
        Ok(Self {
            name,
            effect,
            principal: principal(statement)?,
            is_about_web_identity: is_about_web_identity(statement)?,
            clauses: clauses(statement.get("Condition"), has_variables)?,
        })
    }

    /// Whether the statement is about a provider, of which the account and the partition may not be known.
    #[must_use]
    pub fn is_about(&self, url: &str, account: Option<&str>, partition: Option<&str>) -> Ternary {
        match (&self.principal, self.effect) {
            (Principal::Federated(arns), _) => Ternary::from(arns.iter().any(|arn| {
                Provider::of_arn(arn).is_some_and(|provider| {
                    provider.url == url
                        && account.is_none_or(|account| account == provider.account)
                        && partition.is_none_or(|partition| partition == provider.partition)
                })
            })),
            (Principal::Everybody, Effect::Deny) => Ternary::True,
            (Principal::Everybody, Effect::Allow) | (Principal::Unknown, _) => Ternary::Unknown,
        }
    }

    /// The providers that it names.
    pub fn providers(&self) -> impl Iterator<Item = (&str, Option<Provider<'_>>)> {
        let arns = match &self.principal {
            Principal::Federated(arns) => arns.as_slice(),
            Principal::Everybody | Principal::Unknown => &[],
        };
        arns.iter().map(|arn| (arn.as_str(), Provider::of_arn(arn)))
    }
}

fn known_members(object: &Map<String, Value>, known: &[&str], whose: &str) -> Result<(), String> {
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(format!("`{key}`: {whose}no such element")),
        None => Ok(()),
    }
}

fn principal(statement: &Map<String, Value>) -> Result<Principal, String> {
    let error = "`Principal`: expected `*`, or an object with `Federated`";
    let principal = match (statement.get("Principal"), statement.get("NotPrincipal")) {
        (Some(principal), None) => principal,
        (None, Some(_)) => return Ok(Principal::Unknown),
        _ => return Err("expected a `Principal`".to_owned()),
    };
    let kinds = match principal {
        Value::String(text) if text == "*" => return Ok(Principal::Everybody),
        Value::Object(kinds) => kinds,
        _ => return Err(error.to_owned()),
    };
    let mut federated = Vec::new();
    for (kind, names) in kinds {
        let names = texts(names).ok_or(error)?;
        match kind.as_str() {
            "Federated" => federated.extend(names),
            "AWS" if names.iter().any(|name| name == "*") => return Ok(Principal::Everybody),
            "AWS" | "Service" | "CanonicalUser" => {}
            _ => return Err(error.to_owned()),
        }
    }
    if federated.iter().any(|name| name == "*") {
        return Ok(Principal::Unknown);
    }
    Ok(Principal::Federated(federated))
}

fn is_about_web_identity(statement: &Map<String, Value>) -> Result<Ternary, String> {
    let actions = match (statement.get("Action"), statement.get("NotAction")) {
        (Some(actions), None) => texts(actions).ok_or("`Action`: expected a text or a list of texts")?,
        (None, Some(_)) => return Ok(Ternary::Unknown),
        _ => return Err("expected an `Action`".to_owned()),
    };
    let wanted = ACTION.to_ascii_lowercase();
    Ok(actions.iter().any(|action| pattern::matches(&action.to_ascii_lowercase(), &wanted)).into())
}
