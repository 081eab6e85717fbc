//! Reads and evaluates the conditions of a statement.
//!
//! Source: the IAM User Guide, "Conditions with multiple context keys or values": all operators and all keys have to
//! match. At least one value of a key has to match, and for a negated operator, no value may match.

use std::collections::BTreeMap;

use serde_json::Value;

use super::operator::Operator;
use super::request::Request;
use super::ternary::Ternary;

/// One key of one operator of a condition.
#[derive(Debug, Clone)]
pub struct Clause {
    /// The operator's name, as written.
    pub operator: String,
    /// The operator. `None` if IAM has no operator of this name.
    pub known: Option<Operator>,
    /// The key, as written.
    pub key: String,
    /// The values, as strings. Numbers and booleans are as written.
    pub values: Vec<String>,
    /// Whether the policy's version supports policy variables (`${…}`).
    pub has_variables: bool,
}

impl Clause {
    /// Whether the clause is true for a request.
    #[must_use]
    pub fn holds(&self, request: &Request) -> Ternary {
        match self.known {
            Some(operator) => operator.holds(&request.known(&self.key), self, request),
            None => Ternary::Unknown,
        }
    }
}

/// Whether all clauses are true for a request. IAM does not document which key it uses if two keys differ only in
/// letter case, so the result of such clauses is unknown unless they agree.
pub fn all_hold(clauses: &[Clause], request: &Request) -> Ternary {
    let mut by_key: BTreeMap<(String, String), Vec<Ternary>> = BTreeMap::new();
    for clause in clauses {
        let key = (clause.operator.to_ascii_lowercase(), clause.key.to_ascii_lowercase());
        by_key.entry(key).or_default().push(clause.holds(request));
    }
    Ternary::all(by_key.into_values().map(Ternary::agreed))
}

/// Reads the clauses of a `Condition`.
///
/// # Errors
/// Fails if the `Condition` is not an object of operators with keys and values.
pub fn clauses(condition: Option<&Value>, has_variables: bool) -> Result<Vec<Clause>, String> {
    let Some(condition) = condition else { return Ok(Vec::new()) };
    let operators = condition.as_object().ok_or("`Condition`: expected an object of operators")?;
    let mut clauses = Vec::new();
    for (operator, keys) in operators {
        let keys = keys.as_object().ok_or_else(|| format!("`Condition.{operator}`: expected an object of keys"))?;
        for (key, values) in keys {
            let values = strings(values).ok_or_else(|| {
                format!("`Condition.{operator}`: expected a string or an array of strings for each key")
            })?;
            let known = Operator::named(operator);
            clauses.push(Clause { operator: operator.clone(), known, key: key.clone(), values, has_variables });
        }
    }
    Ok(clauses)
}

/// Reads a string or an array of strings. Numbers and booleans count as strings.
pub(super) fn strings(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Array(elements) => elements.iter().map(string).collect(),
        other => string(other).map(|text| vec![text]),
    }
}

fn string(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    }
}
