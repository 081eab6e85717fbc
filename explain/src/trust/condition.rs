//! The conditions of a statement.
//!
//! Source: the IAM User Guide, "Conditions with multiple context keys or values": all operators and all keys have to
//! hold, and of the values of a key any; of those of a negated operator none may match.

use serde_json::Value;

use super::context::Context;
use super::operator::Operator;
use super::ternary::Ternary;

/// One key of one operator of a condition.
#[derive(Debug, Clone)]
pub struct Clause {
    /// The operator's name, as it is written.
    pub operator: String,
    /// The operator, where it is known.
    pub known: Option<Operator>,
    /// The key, as it is written.
    pub key: String,
    /// The values, as texts. Numbers and booleans are as they are written.
    pub values: Vec<String>,
    /// Values with `${` have variables.
    pub has_variables: bool,
}

impl Clause {
    /// Whether it holds.
    #[must_use]
    pub fn holds(&self, context: &Context) -> Ternary {
        match self.known {
            Some(operator) => operator.holds(&context.known(&self.key), &self.values, self.has_variables),
            None => Ternary::Unknown,
        }
    }
}

/// The clauses of a `Condition`.
///
/// # Errors
/// Fails with what is wrong with it.
pub fn clauses(condition: Option<&Value>, has_variables: bool) -> Result<Vec<Clause>, String> {
    let Some(condition) = condition else { return Ok(Vec::new()) };
    let operators = condition.as_object().ok_or("`Condition`: expected an object of operators")?;
    let mut clauses = Vec::new();
    for (operator, keys) in operators {
        let keys = keys.as_object().ok_or_else(|| format!("`Condition.{operator}`: expected an object of keys"))?;
        for (key, values) in keys {
            let values = texts(values)
                .ok_or_else(|| format!("`Condition.{operator}`: expected a text or a list of texts for each key"))?;
            let known = Operator::named(operator);
            clauses.push(Clause { operator: operator.clone(), known, key: key.clone(), values, has_variables });
        }
    }
    Ok(clauses)
}

/// A text, or a list of them.
pub(super) fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Array(elements) => elements.iter().map(text).collect(),
        other => text(other).map(|text| vec![text]),
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    }
}
