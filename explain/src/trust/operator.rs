//! Evaluates condition operators.
//!
//! Sources: the IAM User Guide, "IAM JSON policy elements: Condition operators"
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>) and "Set
//! operators for multivalued context keys" (`reference_policies_condition-single-vs-multi-valued-context-keys.html`);
//! the Service Authorization Reference, "The condition keys table" (the quote about the types).
//! `conditions/operators.yaml` tests each rule against a sentence of these pages.

use std::cmp::Ordering;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::condition::Clause;
use super::pattern::{self, Value};
use super::request::{Known, Request};
use super::ternary::Ternary;

/// An operator of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operator {
    /// The set operator before the operator's name.
    set: Option<Set>,
    /// The comparison.
    pub test: Test,
    /// Whether the operator's name ends with `IfExists`.
    if_exists: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    All,
    Any,
}

/// What an operator tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Test {
    /// Whether the key is absent.
    Null,
    /// Whether a value in the request matches a value in the policy. If the operator is negated, whether the value
    /// matches none of the values in the policy.
    Compare {
        /// How two values are compared.
        comparison: Comparison,
        /// Whether the operator is negated (`StringNotEquals`).
        is_negated: bool,
    },
}

/// How a value of a request is compared with a value of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// As strings.
    Text {
        /// Whether `*` and `?` are wildcards.
        is_pattern: bool,
        /// Whether letter case is ignored.
        ignores_case: bool,
    },
    /// As numbers: the request's value has this order to the policy's value.
    Number(Order),
    /// As ARNs, part by part, with wildcards.
    Arn,
    /// As `true` and `false`.
    Bool,
    /// As dates.
    Date,
    /// As IP addresses.
    Address,
    /// As bytes: the policy's value is base64.
    Binary,
}

/// The order of two numbers that an operator requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    fn is(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

const fn text(is_pattern: bool, ignores_case: bool) -> Comparison {
    Comparison::Text { is_pattern, ignores_case }
}

/// The operators that compare: their name, their comparison, and whether they are negated.
const COMPARISONS: [(&str, Comparison, bool); 26] = [
    ("StringEquals", text(false, false), false),
    ("StringNotEquals", text(false, false), true),
    ("StringEqualsIgnoreCase", text(false, true), false),
    ("StringNotEqualsIgnoreCase", text(false, true), true),
    ("StringLike", text(true, false), false),
    ("StringNotLike", text(true, false), true),
    ("NumericEquals", Comparison::Number(Order::Equal), false),
    ("NumericNotEquals", Comparison::Number(Order::Equal), true),
    ("NumericLessThan", Comparison::Number(Order::Less), false),
    ("NumericLessThanEquals", Comparison::Number(Order::LessOrEqual), false),
    ("NumericGreaterThan", Comparison::Number(Order::Greater), false),
    ("NumericGreaterThanEquals", Comparison::Number(Order::GreaterOrEqual), false),
    ("DateEquals", Comparison::Date, false),
    ("DateNotEquals", Comparison::Date, true),
    ("DateLessThan", Comparison::Date, false),
    ("DateLessThanEquals", Comparison::Date, false),
    ("DateGreaterThan", Comparison::Date, false),
    ("DateGreaterThanEquals", Comparison::Date, false),
    ("Bool", Comparison::Bool, false),
    ("BinaryEquals", Comparison::Binary, false),
    ("IpAddress", Comparison::Address, false),
    ("NotIpAddress", Comparison::Address, true),
    ("ArnEquals", Comparison::Arn, false),
    ("ArnLike", Comparison::Arn, false),
    ("ArnNotEquals", Comparison::Arn, true),
    ("ArnNotLike", Comparison::Arn, true),
];

impl Operator {
    /// Returns the operator of this name. `None` if IAM has no such operator.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let (set, name) = match name.split_once(':') {
            None => (None, name),
            Some(("ForAllValues", name)) => (Some(Set::All), name),
            Some(("ForAnyValue", name)) => (Some(Set::Any), name),
            Some(_) => return None,
        };
        let (name, if_exists) = match name.strip_suffix("IfExists") {
            Some(name) => (name, true),
            None => (name, false),
        };
        // `Null` takes neither a set operator nor `IfExists`.
        if name == "Null" {
            return (set.is_none() && !if_exists).then_some(Self { set, test: Test::Null, if_exists });
        }
        let (_, comparison, is_negated) = *COMPARISONS.iter().find(|(other, ..)| *other == name)?;
        Some(Self { set, test: Test::Compare { comparison, is_negated }, if_exists })
    }

    /// Whether the operator compares strings without wildcards, and is not negated.
    #[must_use]
    pub fn is_exact(self) -> bool {
        let exact = Comparison::Text { is_pattern: false, ignores_case: false };
        let exact_without_case = Comparison::Text { is_pattern: false, ignores_case: true };
        matches!(self.test, Test::Compare { comparison, is_negated: false }
            if comparison == exact || comparison == exact_without_case)
    }

    /// Whether the operator is negated.
    #[must_use]
    pub fn is_negated(self) -> bool {
        matches!(self.test, Test::Compare { is_negated: true, .. })
    }

    /// Whether the clause is true for a request. `key` is what is known about the clause's key in this request.
    #[must_use]
    pub fn holds(self, key: &Known, clause: &Clause, request: &Request) -> Ternary {
        if clause.values.is_empty() {
            return Ternary::Unknown;
        }
        let Test::Compare { comparison, is_negated } = self.test else { return null(key, &clause.values) };
        let is_satisfied = |value: &str| {
            let any = Ternary::any(
                clause
                    .values
                    .iter()
                    .map(|expected| comparison.matches(value, expected, clause.has_variables.then_some(request))),
            );
            match any {
                // If the key has another type than the operator, "the match always fails and the policy statement never
                // applies". For a negated operator, the two halves of this sentence lead to different results, so the
                // result is `Unknown`.
                _ if is_negated && comparison.is_mistyped(value) => Ternary::Unknown,
                any if is_negated => any.negated(),
                // IAM does not document whether a value that is not an ARN can match as an ARN, so the result stays
                // `Unknown` for ARNs.
                Ternary::Unknown if comparison != Comparison::Arn && comparison.is_mistyped(value) => Ternary::False,
                any => any,
            }
        };
        match (key, self.set) {
            (Known::Unknown, _) | (Known::Present, Some(_)) => Ternary::Unknown,
            (Known::Present, None) => {
                let variables = clause.has_variables.then_some(request);
                let any =
                    Ternary::any(clause.values.iter().map(|expected| comparison.matches_any(expected, variables)));
                if is_negated { any.negated() } else { any }
            }
            (Known::Absent, None) => (is_negated || self.if_exists).into(),
            (Known::Absent, Some(Set::All)) => Ternary::True,
            // IAM does not document what `IfExists` does here.
            (Known::Absent, Some(Set::Any)) if self.if_exists => Ternary::Unknown,
            (Known::Absent, Some(Set::Any)) => Ternary::False,
            // "An empty string" is "a null data set", for which `ForAllValues` is true.
            (Known::Values(all), Some(Set::All)) => {
                Ternary::all(all.iter().filter(|value| !value.is_empty()).map(|value| is_satisfied(value)))
            }
            (Known::Values(all), Some(Set::Any)) => Ternary::any(all.iter().map(|value| is_satisfied(value))),
            // Without a set operator, IAM documents only the comparison of one value. With several values, the result
            // is known only if all agree.
            (Known::Values(all), None) => Ternary::agreed(all.iter().map(|value| is_satisfied(value))),
        }
    }
}

impl Comparison {
    /// Whether a value of the request is not of the operator's type.
    fn is_mistyped(self, value: &str) -> bool {
        match self {
            Self::Number(_) => value.parse::<f64>().is_err(),
            Self::Bool => boolean(value).is_none(),
            Self::Date => !value.starts_with(|first: char| first.is_ascii_digit()),
            Self::Address => value.parse::<IpAddr>().is_err(),
            Self::Arn => arn_parts(value).is_none(),
            Self::Text { .. } | Self::Binary => false,
        }
    }

    /// Whether a value of the request matches a value of the policy. `request` is `None` if the policy's version has no
    /// variables.
    fn matches(self, value: &str, expected: &str, request: Option<&Request>) -> Ternary {
        let (has_wildcards, ignores_case) = match self {
            Self::Text { is_pattern, ignores_case } => (is_pattern, ignores_case),
            Self::Arn => return arn_matches(value, expected, request),
            other => return other.typed(value, expected),
        };
        match Value::read(expected, has_wildcards, request) {
            Value::Pattern(pattern) => pattern.matches(value, ignores_case),
            Value::Nothing => Ternary::False,
            Value::Malformed => Ternary::Unknown,
        }
    }

    /// Whether an unknown value matches the policy's value: `True` if every possible value matches, `False` if no value
    /// matches.
    fn matches_any(self, expected: &str, request: Option<&Request>) -> Ternary {
        let Self::Text { is_pattern, .. } = self else { return Ternary::Unknown };
        match Value::read(expected, is_pattern, request) {
            Value::Pattern(pattern) if pattern.matches_everything() => Ternary::True,
            Value::Nothing => Ternary::False,
            Value::Pattern(_) | Value::Malformed => Ternary::Unknown,
        }
    }

    fn typed(self, value: &str, expected: &str) -> Ternary {
        match self {
            Self::Number(order) => match (value.parse::<f64>(), expected.parse::<f64>()) {
                (Ok(value), Ok(expected)) => {
                    value.partial_cmp(&expected).map_or(Ternary::Unknown, |it| order.is(it).into())
                }
                _ => mistyped(value, expected),
            },
            Self::Bool => match (boolean(value), boolean(expected)) {
                (Some(value), Some(expected)) => (value == expected).into(),
                _ => mistyped(value, expected),
            },
            Self::Address if value.parse::<IpAddr>().is_ok() => Ternary::Unknown,
            Self::Date if value.starts_with(|first: char| first.is_ascii_digit()) => Ternary::Unknown,
            Self::Binary if STANDARD.decode(expected).is_ok_and(|bytes| bytes == value.as_bytes()) => Ternary::Unknown,
            _ => mistyped(value, expected),
        }
    }
}

/// Compares two values of which one is not of the operator's type. IAM does not document the result. If the values do
/// not even match as strings, with `*` and `?` as wildcards, the result is `False`. Otherwise it is `Unknown`.
fn mistyped(value: &str, expected: &str) -> Ternary {
    if pattern::matches(expected, value) { Ternary::Unknown } else { Ternary::False }
}

fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// Compares ARNs by their six parts, each with wildcards.
fn arn_matches(value: &str, expected: &str, request: Option<&Request>) -> Ternary {
    let (Some(value_parts), Some(expected_parts)) = (arn_parts(value), arn_parts(expected)) else {
        return match Value::read(expected, true, request) {
            Value::Pattern(pattern) if pattern.matches(value, false) != Ternary::False => Ternary::Unknown,
            Value::Pattern(_) | Value::Nothing => Ternary::False,
            Value::Malformed => Ternary::Unknown,
        };
    };
    Ternary::all(value_parts.into_iter().zip(expected_parts).map(|(value, expected)| {
        match Value::read(expected, true, request) {
            Value::Pattern(pattern) => pattern.matches(value, false),
            Value::Nothing => Ternary::False,
            Value::Malformed => Ternary::Unknown,
        }
    }))
}

/// The six parts of an ARN.
fn arn_parts(text: &str) -> Option<Vec<&str>> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    (parts.len() == 6 && parts.first() == Some(&"arn")).then_some(parts)
}

fn null(key: &Known, values: &[String]) -> Ternary {
    let is_absent = match key {
        Known::Unknown => return Ternary::Unknown,
        Known::Absent => true,
        Known::Present => false,
        Known::Values(values) => values.is_empty(),
    };
    Ternary::any(values.iter().map(|value| match boolean(value) {
        Some(expects_absent) => (expects_absent == is_absent).into(),
        None => Ternary::Unknown,
    }))
}
