//! Reads trust policies.
//!
//! Sources: the IAM User Guide, "Grammar of the IAM JSON policy language", "IAM JSON policy elements: Principal" and "…
//! Action".

use serde_json::{Map, Value};

use super::condition::{self, Clause, clauses, strings};
use super::pattern;
use super::request::Request;
use super::ternary::Ternary;

/// A trust policy.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The statements, in order.
    pub statements: Vec<Statement>,
    /// Whether the version supports policy variables: it is `2012-10-17`.
    pub has_variables: bool,
}

/// A statement of a trust policy.
#[derive(Debug, Clone)]
pub struct Statement {
    /// The statement's position, from 0.
    pub index: usize,
    /// The statement's name in messages: its `Sid`, or its position from 1.
    pub name: String,
    /// Whether the statement allows or denies.
    pub effect: Effect,
    /// The principals that the statement is about.
    pub principal: Principal,
    /// The actions that the statement is about.
    pub actions: Actions,
    /// The statement's conditions.
    pub clauses: Vec<Clause>,
}

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The statement allows.
    Allow,
    /// The statement denies.
    Deny,
}

/// The principals that a statement is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// The principals that the statement names.
    Named(Named),
    /// Everybody: `*`, or `{"AWS": "*"}`, which IAM documents as equivalent.
    Everybody,
    /// `NotPrincipal`. Its result is unknown, because IAM's documentation contradicts itself about `NotPrincipal` in
    /// trust policies.
    Except,
}

/// The principals of a statement, by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// Identity providers.
    pub federated: Vec<String>,
    /// Accounts, users and roles.
    pub aws: Vec<String>,
    /// AWS services.
    pub services: Vec<String>,
}

/// The actions of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actions {
    /// `Action`: the listed actions.
    Only(Vec<String>),
    /// `NotAction`: all actions except the listed ones.
    Except(Vec<String>),
}

impl Actions {
    /// Whether the actions include an action. `*` and `?` are wildcards, and letter case is ignored.
    #[must_use]
    pub fn include(&self, action: &str) -> bool {
        let is_any = |patterns: &[String]| {
            let action = action.to_ascii_lowercase();
            patterns.iter().any(|pattern| pattern::matches(&pattern.to_ascii_lowercase(), &action))
        };
        match self {
            Self::Only(patterns) => is_any(patterns),
            Self::Except(patterns) => !is_any(patterns),
        }
    }

    /// Returns the actions in the statement, as written.
    #[must_use]
    pub fn names(&self) -> &[String] {
        match self {
            Self::Only(names) | Self::Except(names) => names,
        }
    }
}

/// The ARN of an OIDC identity provider: `arn:aws:iam::111122223333:oidc-provider/oidc.example/id/A`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Provider<'a> {
    /// The AWS partition.
    pub partition: &'a str,
    /// The AWS account.
    pub account: &'a str,
    /// The issuer's URL, as written in the ARN. A correct ARN has the URL without `https://`.
    pub url: &'a str,
}

/// Why an ARN can't be the ARN of an OIDC provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArnFault {
    /// The ARN contains `https://`.
    Scheme,
    /// The ARN contains `*` or `?`.
    Wildcard,
    /// The ARN contains a template's placeholder that nothing has replaced.
    Placeholder,
}

impl<'a> Provider<'a> {
    /// Reads the ARN of an OIDC provider. `None` if the ARN has another form.
    #[must_use]
    pub fn of_arn(arn: &'a str) -> Option<Self> {
        let (partition, rest) = arn.strip_prefix("arn:")?.split_once(":iam::")?;
        let (account, url) = rest.split_once(":oidc-provider/")?;
        Some(Self { partition, account, url })
    }

    /// Returns why no provider can have this ARN. `None` if the ARN is valid.
    #[must_use]
    pub fn fault(self) -> Option<ArnFault> {
        let parts = [self.partition, self.account, self.url];
        let is_account = self.account.len() == 12 && self.account.bytes().all(|byte| byte.is_ascii_digit());
        if parts.iter().any(|part| is_placeholder(part)) {
            Some(ArnFault::Placeholder)
        } else if parts.iter().any(|part| pattern::has_wildcard(part)) {
            Some(ArnFault::Wildcard)
        } else if !is_account {
            Some(ArnFault::Placeholder)
        } else if self.url.contains("://") {
            Some(ArnFault::Scheme)
        } else {
            None
        }
    }
}

/// Whether the string contains a placeholder of a template.
#[must_use]
pub fn is_placeholder(text: &str) -> bool {
    ["${", "{{", "<", ">", "$("].iter().any(|mark| text.contains(mark)) || text.starts_with('$')
}

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    /// Fails with the reason if IAM would refuse the policy.
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
            _ => return Err("`Statement`: expected a statement, or an array of statements".to_owned()),
        };
        let statements: Result<_, String> = statements
            .into_iter()
            .enumerate()
            .map(|(index, statement)| {
                Statement::read(statement, index, has_variables)
                    .map_err(|error| format!("`Statement[{index}]`: {error}"))
            })
            .collect();
        Ok(Self { statements: statements?, has_variables })
    }

    /// Returns the statements with the effect `Allow`.
    pub fn allows(&self) -> impl Iterator<Item = &Statement> {
        self.statements.iter().filter(|statement| statement.effect == Effect::Allow)
    }
}

impl Statement {
    /// Whether all conditions are true for a request.
    #[must_use]
    pub fn conditions_hold(&self, request: &Request) -> Ternary {
        condition::all_hold(&self.clauses, request)
    }

    /// Whether the statement's principal and actions match the request.
    ///
    /// An `Allow` has to include all actions of the request. A `Deny` has to include at least one.
    #[must_use]
    pub fn is_about(&self, request: &Request) -> Ternary {
        let mut actions = request.actions().iter().map(|action| self.actions.include(action));
        let has_actions = match self.effect {
            Effect::Allow => actions.all(|is_included| is_included),
            Effect::Deny => actions.any(|is_included| is_included),
        };
        request.is_by(self).and(has_actions.into())
    }

    /// Returns the ARNs of the statement's identity providers. If an ARN is the ARN of an OIDC provider, the parsed ARN
    /// is returned too.
    pub fn providers(&self) -> impl Iterator<Item = (&str, Option<Provider<'_>>)> {
        let arns = match &self.principal {
            Principal::Named(named) => named.federated.as_slice(),
            Principal::Everybody | Principal::Except => &[],
        };
        arns.iter().map(|arn| (arn.as_str(), Provider::of_arn(arn)))
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
            index,
            name,
            effect,
            principal: principal(statement)?,
            actions: actions(statement)?,
            clauses: clauses(statement.get("Condition"), has_variables)?,
        })
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
        (None, Some(_)) => return Ok(Principal::Except),
        _ => return Err("expected a `Principal`".to_owned()),
    };
    let kinds = match principal {
        Value::String(text) if text == "*" => return Ok(Principal::Everybody),
        Value::Object(kinds) => kinds,
        _ => return Err(error.to_owned()),
    };
    let mut named = Named::default();
    for (kind, names) in kinds {
        let listed = strings(names).ok_or(error)?;
        match kind.as_str() {
            "Federated" => named.federated.extend(listed),
            "AWS" if listed.iter().any(|name| name == "*") => return Ok(Principal::Everybody),
            "AWS" => named.aws.extend(listed),
            "Service" => named.services.extend(listed),
            "CanonicalUser" => {}
            _ => return Err(error.to_owned()),
        }
    }
    Ok(Principal::Named(named))
}

fn actions(statement: &Map<String, Value>) -> Result<Actions, String> {
    let read = |actions: &Value| strings(actions).ok_or("`Action`: expected a string or an array of strings");
    match (statement.get("Action"), statement.get("NotAction")) {
        (Some(actions), None) => Ok(Actions::Only(read(actions)?)),
        (None, Some(actions)) => Ok(Actions::Except(read(actions)?)),
        _ => Err("expected an `Action`".to_owned()),
    }
}
